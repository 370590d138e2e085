//! `alert rollcall`, `confirm` and `roster`: who has confirmed an alert, and who is expected to.

mod confirm;
mod shown;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use alert_client::{ClientError, Moderator};
use alert_core::room::roll_call::Roster;
use clap::Args;
use serde_json::{Value, json};

use super::host::{Room, print, print_for, usage};
pub(super) use confirm::Confirm;
use shown::{counts, table, words};

pub(super) const EXAMPLES: &str = "\
Examples:
  export ALERT_HOST_KEY=host_...          the key of the room's host
  alert rollcall K7Q-FM2-XD9              who is missing, and who has confirmed
  alert rollcall K7Q-FM2-XD9 --watch      a line whenever that changes
  alert rollcall K7Q-FM2-XD9 k3v8x0mz --csv > roll.csv
  alert confirm K7Q-FM2-XD9 --answer safe in your own name
  alert confirm K7Q-FM2-XD9 --person Bea  for somebody else, as a host
  alert roster K7Q-FM2-XD9 --set class.csv
  alert roster K7Q-FM2-XD9 > class.csv

Without an id it is the latest alert in force that asks to be confirmed; one that has ended needs its id.
A roster is a table whose first column has the names, perhaps under the heading name. Where a room has one,
those on it are expected to confirm; otherwise those who are there when the alert is raised.

Exit codes: 0 done; 1 refused by the server; 2 wrong usage; 3 the server cannot be reached.";

/// Between two looks at a roll call.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct RollCall {
    #[command(flatten)]
    room: Room,
    /// The alert's id, as `alert alerts` shows it
    id: Option<String>,
    /// Go on, and print a line whenever the counts change
    #[arg(long, conflicts_with = "csv")]
    watch: bool,
    /// Print a table
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

#[derive(Debug, Args)]
pub(super) struct Rosters {
    #[command(flatten)]
    room: Room,
    /// The file with the new roster; - for standard input
    #[arg(long, value_name = "FILE")]
    set: Option<PathBuf>,
    /// Take the roster away
    #[arg(long, conflicts_with = "set")]
    clear: bool,
}

impl RollCall {
    /// Prints it.
    pub(super) fn run(self) -> ExitCode {
        let moderator = match self.room.moderator() {
            Ok(moderator) => moderator,
            Err(code) => return code,
        };
        if self.watch {
            return self.watch(&moderator);
        }
        let called = alert_client::block_on(async {
            let id = last_asking(&moderator, self.id.as_deref()).await?;
            moderator.roll_call(&id).await
        });
        // A table has its own line ends.
        print_for(&moderator, "alert", called, self.room.is_json(), if self.csv { table } else { words })
    }

    fn watch(&self, moderator: &Moderator) -> ExitCode {
        let outcome = alert_client::block_on(async {
            let id = last_asking(moderator, self.id.as_deref()).await?;
            let mut last = Value::Null;
            loop {
                let called = moderator.roll_call(&id).await?;
                if called["counts"] != last {
                    last = called["counts"].clone();
                    let code = print(Ok(Ok(called)), self.room.is_json(), counts);
                    if code != ExitCode::SUCCESS {
                        return Ok(code);
                    }
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        match outcome {
            Ok(Ok(code)) => code,
            failed => {
                print_for(moderator, "alert", failed.map(|failed| failed.map(|_| Value::Null)), false, counts)
            }
        }
    }
}

/// The alert that was named, or the latest one that asks to be confirmed.
async fn last_asking(client: &Moderator, named: Option<&str>) -> Result<String, ClientError> {
    if let Some(id) = named {
        return Ok(id.to_owned());
    }
    let listed = client.at("GET", &["alerts"], &json!({}), [("", None); 2]).await?;
    let mut all = listed["alerts"].as_array().into_iter().flatten();
    let last = all.rfind(|alert| alert["confirm"] == true).and_then(|alert| alert["id"].as_str());
    last.map(str::to_owned).ok_or(ClientError::NoneAsks)
}

impl Rosters {
    /// Prints it, or gives the room another one.
    pub(super) fn run(self) -> ExitCode {
        let moderator = match self.room.moderator() {
            Ok(moderator) => moderator,
            Err(code) => return code,
        };
        let roster = match self.next() {
            Ok(roster) => roster,
            Err(code) => return code,
        };
        let is_set = roster.is_some();
        let answer = alert_client::block_on(moderator.roster(roster.as_ref()));
        print_for(&moderator, "alert", answer, self.room.is_json(), |answer| {
            let names: Vec<_> =
                answer["names"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if is_set {
                return format!("{} names are on the roster", names.len());
            }
            let rows = names.into_iter().map(|name| alert_core::csv::row([name]));
            let table: String = std::iter::once(alert_core::csv::row(["name"])).chain(rows).collect();
            table.trim_end().to_owned()
        })
    }

    /// The roster that the room is to have, if it is to have another one.
    fn next(&self) -> Result<Option<Value>, ExitCode> {
        if self.clear {
            return Ok(Some(json!({ "names": [] })));
        }
        let Some(file) = &self.set else { return Ok(None) };
        let text = if file.as_os_str() == "-" {
            std::io::read_to_string(std::io::stdin())
        } else {
            std::fs::read_to_string(file)
        };
        let text = text.map_err(|problem| usage(&format!("{}: {problem}", file.display())))?;
        let roster = Roster::from_csv(&text, usize::MAX);
        let roster = roster.map_err(|problem| usage(&format!("{}: {problem}", file.display())))?;
        Ok(Some(json!({ "names": roster.names() })))
    }
}
