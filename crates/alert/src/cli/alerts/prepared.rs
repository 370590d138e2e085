//! `alert prepared`: alerts that hosts keep ready, with blanks, one by one or as a file.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use alert_core::printable::one_line;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::wanted::Wanted;
use crate::cli::host::{Room, print_for, usage};
use crate::cli::send::said;

pub(in crate::cli) const EXAMPLES: &str = "\
Examples:
  export ALERT_HOST_KEY=host_...          the key of the room's host
  alert prepared add K7Q-FM2-XD9 Ice \"Ice in {place}\" --for 2h
  alert prepared list K7Q-FM2-XD9
  alert raise K7Q-FM2-XD9 --prepared Ice --blank place=\"the yard\"
  alert prepared export K7Q-FM2-XD9 >alerts.json
  alert prepared import K7Q-FM2-XD9 alerts.json

A blank is a name in braces, in the text, in --audience or in --all-clear. It is filled when the alert is
raised. Hosts prepare alerts; whoever may raise alerts in the room sees and raises them.

Exit codes: 0 done; 1 refused by the server; 2 wrong usage; 3 the server cannot be reached.";

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Print what is prepared in a room
    List(Room),
    /// Prepare an alert, in place of one of the same name
    Add(Box<Add>),
    /// Take a prepared alert away
    Remove {
        #[command(flatten)]
        room: Room,
        /// What it is called
        name: String,
    },
    /// Print all that is prepared, for a file
    Export(Room),
    /// Prepare what a file has, and nothing else
    Import {
        #[command(flatten)]
        room: Room,
        /// The file; standard input without it, or for -
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    #[command(flatten)]
    room: Room,
    /// What it is called
    name: String,
    /// What it says, with {blanks}, in one word or several; standard input without it, or for -
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    #[command(flatten)]
    wanted: Wanted,
}

impl Command {
    /// Does it, and prints what is prepared then.
    pub(in crate::cli) fn run(self) -> ExitCode {
        let nothing = json!({});
        match self {
            Self::List(room) => ask(&room, "GET", &[], &nothing, words),
            Self::Export(room) => ask(&room, "GET", &[], &nothing, file),
            Self::Remove { room, name } => ask(&room, "DELETE", &[&name], &nothing, words),
            Self::Add(add) => {
                let Add { room, name, text, wanted } = *add;
                let text = match said(&text) {
                    Ok(text) => text,
                    Err(code) => return code,
                };
                let alert = wanted.object(vec![("text", text.into())], ["ends_after", "countdown"]);
                ask(&room, "PUT", &[&name], &alert, words)
            }
            Self::Import { room, file } => match read(file) {
                Ok(all) => ask(&room, "PUT", &[], &all, words),
                Err(code) => code,
            },
        }
    }
}

fn ask(room: &Room, method: &str, place: &[&str], body: &Value, told: fn(&Value) -> String) -> ExitCode {
    let moderator = match room.moderator() {
        Ok(moderator) => moderator,
        Err(code) => return code,
    };
    let place = [&["prepared"], place].concat();
    let answer = alert_client::block_on(moderator.at(method, &place, body, [("", None); 2]));
    let right = if method == "GET" { "alert" } else { "moderate" };
    print_for(&moderator, right, answer, room.is_json(), told)
}

fn read(file: Option<PathBuf>) -> Result<Value, ExitCode> {
    let file = file.filter(|file| file.as_os_str() != "-");
    let text = match &file {
        Some(file) => std::fs::read_to_string(file),
        None => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        }
    };
    let name = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
    let text = text.map_err(|problem| usage(&format!("{name}: {problem}")))?;
    serde_json::from_str(&text)
        .map_err(|problem| usage(&format!("{name}: not what `alert prepared export` prints: {problem}")))
}

/// What a file holds: people read it, and change it.
fn file(answer: &Value) -> String {
    serde_json::to_string_pretty(answer).unwrap_or_default()
}

/// `Ice  DRILL: WARNING: Ice in {place}  (blanks place, ends after 2h, all-clear The ice in {place} is gone)`
fn words(answer: &Value) -> String {
    let lines: Vec<_> = answer["prepared"].as_array().into_iter().flatten().map(line).collect();
    if lines.is_empty() { "nothing is prepared".to_owned() } else { lines.join("\n") }
}

fn line(alert: &Value) -> String {
    let text = |key: &str| alert[key].as_str().map(|text| one_line(text).to_string());
    let told = |word: &str, key: &str| text(key).map(|text| format!("{word} {text}"));
    let list = |key: &str| {
        let all: Vec<_> = alert[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        (!all.is_empty()).then(|| format!("{key} {}", one_line(&all.join(", "))))
    };
    let drill = if alert["drill"] == true { "DRILL: " } else { "" };
    let level = text("level").unwrap_or_default().to_ascii_uppercase();
    let [name, words] = ["name", "text"].map(|key| text(key).unwrap_or_default());
    let more = [
        list("blanks"),
        told("for", "audience"),
        told("countdown", "countdown"),
        told("ends after", "ends_after"),
        (alert["confirm"] == true).then(|| "to be confirmed".to_owned()),
        list("answers"),
        told("word", "word"),
        told("reminded every", "remind"),
        told("passed on after", "escalate_after"),
        told("to", "escalate_to"),
        told("all-clear", "all_clear"),
    ];
    let more = more.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let more = if more.is_empty() { more } else { format!("  ({more})") };
    format!("{name}  {drill}{level}: {words}{more}")
}
