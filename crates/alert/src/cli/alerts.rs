//! `alert raise`, `change`, `end` and `alerts`: messages that have a state, against a running server.

mod shown;

use std::process::ExitCode;
use std::time::Duration;

use alert_core::names::UserName;
use alert_settings::value::whole_seconds;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::host::{Room, print};
use shown::words;

pub(super) const EXAMPLES: &str = "\
Examples:
  export ALERT_HOST_KEY=host_...          the key of the room's host
  alert raise K7Q-FM2-XD9 \"Ice on the stairs\" --for 2h
  alert raise K7Q-FM2-XD9 \"Leave the building\" --level emergency --confirm
  alert raise K7Q-FM2-XD9 \"Fire drill\" --drill --countdown 5m
  alert alerts K7Q-FM2-XD9                what is in force, with its ids
  alert change K7Q-FM2-XD9 k3v8x0mz --level emergency
  alert end K7Q-FM2-XD9 k3v8x0mz --all-clear \"The ice is gone\"

An alert is in force until it ends; whoever comes meanwhile is told of it. It takes the key of the room's
host, or a token with the right alert. What is told of a drill begins with DRILL, and that never changes.

Exit codes: 0 done; 1 refused by the server; 2 wrong usage; 3 the server cannot be reached.";

/// The longest that an alert lasts which has an end.
const LONGEST: Duration = Duration::from_hours(24 * 366);

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Info,
    Warning,
    Emergency,
}

/// In whose name.
#[derive(Debug, Args)]
struct Name {
    /// In whose name, unless a token says that
    #[arg(long, value_parser = name)]
    name: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Raise {
    #[command(flatten)]
    room: Room,
    /// What it says
    text: String,
    /// How serious it is
    #[arg(long, default_value = "warning")]
    level: Level,
    /// When it ends by itself: 10m, 2h; without it somebody has to end it
    #[arg(long = "for", value_name = "TIME", value_parser = whole_seconds(Duration::from_secs(1)..=LONGEST))]
    time: Option<Duration>,
    /// Show how long it is until something happens
    #[arg(long, value_name = "TIME", value_parser = whole_seconds(Duration::from_secs(1)..=LONGEST))]
    countdown: Option<Duration>,
    /// It is an exercise, and everything that is told of it says so first
    #[arg(long)]
    drill: bool,
    /// Ask everybody to confirm it
    #[arg(long)]
    confirm: bool,
    /// Who is meant, in words
    #[arg(long, value_name = "WHO")]
    audience: Option<String>,
    /// The same for each attempt to raise this alert
    #[arg(long, value_parser = key)]
    key: Option<String>,
    #[command(flatten)]
    name: Name,
}

#[derive(Debug, Args)]
pub(super) struct Change {
    #[command(flatten)]
    room: Room,
    /// Its id, as `alert alerts` shows it
    id: String,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    name: Name,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// Another text
    #[arg(long)]
    text: Option<String>,
    /// How serious it is
    #[arg(long)]
    level: Option<Level>,
    /// When it ends by itself, from now
    #[arg(long = "for", value_name = "TIME", value_parser = whole_seconds(Duration::from_secs(1)..=LONGEST))]
    time: Option<Duration>,
    /// How long it is from now until something happens
    #[arg(long, value_name = "TIME", value_parser = whole_seconds(Duration::from_secs(1)..=LONGEST))]
    countdown: Option<Duration>,
}

#[derive(Debug, Args)]
pub(super) struct End {
    #[command(flatten)]
    room: Room,
    /// Its id, as `alert alerts` shows it
    id: String,
    /// What everybody is told
    #[arg(long, value_name = "TEXT")]
    all_clear: Option<String>,
    #[command(flatten)]
    name: Name,
}

#[derive(Debug, Args)]
pub(super) struct Alerts {
    #[command(flatten)]
    room: Room,
}

impl Raise {
    /// Raises it, and prints its id.
    pub(super) fn run(self) -> ExitCode {
        let mut alert = body(Some(self.text), Some(self.level), self.time, self.countdown);
        alert.insert("drill".to_owned(), self.drill.into());
        alert.insert("confirm".to_owned(), self.confirm.into());
        if let Some(audience) = self.audience {
            alert.insert("audience".to_owned(), audience.into());
        }
        ask(&self.room, "POST", None, alert.into(), &self.name, self.key.as_deref())
    }
}

impl Change {
    /// Changes it, and prints it.
    pub(super) fn run(self) -> ExitCode {
        let Changes { text, level, time, countdown } = self.changes;
        ask(&self.room, "PATCH", Some(&self.id), body(text, level, time, countdown).into(), &self.name, None)
    }
}

impl End {
    /// Ends it.
    pub(super) fn run(self) -> ExitCode {
        ask(&self.room, "DELETE", Some(&self.id), json!({ "all_clear": self.all_clear }), &self.name, None)
    }
}

impl Alerts {
    /// Prints those that are in force.
    pub(super) fn run(self) -> ExitCode {
        ask(&self.room, "GET", None, json!({}), &Name { name: None }, None)
    }
}

fn body(
    text: Option<String>,
    level: Option<Level>,
    time: Option<Duration>,
    countdown: Option<Duration>,
) -> Map<String, Value> {
    let level = level.and_then(|level| level.to_possible_value().map(|level| level.get_name().to_owned()));
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs().into());
    let all = [
        ("text", text.map(Value::from)),
        ("level", level.map(Value::from)),
        ("ends_at", seconds(time)),
        ("countdown_to", seconds(countdown)),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

fn ask(
    room: &Room,
    method: &str,
    id: Option<&str>,
    body: Value,
    Name { name }: &Name,
    key: Option<&str>,
) -> ExitCode {
    let moderator = match room.moderator() {
        Ok(moderator) => moderator,
        Err(code) => return code,
    };
    let headers = [("alert-name", name.as_deref()), ("idempotency-key", key)];
    let answer = alert_client::block_on(moderator.alert(method, id, &body, headers));
    print(answer, room.is_json(), words)
}

fn name(text: &str) -> Result<String, String> {
    UserName::parse(text, 64).map(|name| name.to_string()).map_err(|problem| format!("it {problem}"))
}

fn key(text: &str) -> Result<String, String> {
    let is_key = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_key { Ok(text.to_owned()) } else { Err("it must be 1 to 255 visible ASCII characters".to_owned()) }
}
