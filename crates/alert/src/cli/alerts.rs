//! `alert raise`, `change`, `end` and `alerts`: messages that have a state, against a running server.

mod extension;
mod shown;

use std::process::ExitCode;
use std::time::Duration;

use alert_client::ClientError;
use alert_core::names::UserName;
use alert_settings::value::whole_seconds;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::host::{Room, print};
use super::send::said;
use shown::words;

pub(super) const EXAMPLES: &str = "\
Examples:
  export ALERT_HOST_KEY=host_...          the key of the room's host
  alert raise K7Q-FM2-XD9 \"Ice on the stairs\" --for 2h
  alert raise K7Q-FM2-XD9 \"Leave the building\" --level emergency --confirm
  alert raise K7Q-FM2-XD9 Fire drill --drill --countdown 5m
  alert alerts K7Q-FM2-XD9                what is in force, with its ids
  alert change K7Q-FM2-XD9 k3v8x0mz --level emergency --for never
  alert change K7Q-FM2-XD9 k3v8x0mz --pause
                                          its countdown; --resume, --extend 5m
  alert end K7Q-FM2-XD9 k3v8x0mz --all-clear \"The ice is gone\"

An alert is in force until it ends; whoever comes meanwhile is told of it. It takes the key of the room's
host, or a token with the right alert; to see what is in force takes neither. What is told of a drill
begins with DRILL, and that never changes.

Exit codes: 0 done; 1 refused by the server; 2 wrong usage; 3 the server cannot be reached.";

/// The longest that an alert lasts which has an end.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// What is said to whoever shows nothing and is refused.
const NO_RIGHT: &str = "it takes the key of the room's host (--host-key-file, or ALERT_HOST_KEY), or a token with the \
                        right alert (--token, or ALERT_TOKEN)";

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
    /// What it says, in one word or several; standard input without it, or for -
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
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
    /// What people answer with: give it for each answer that they choose from
    #[arg(long = "answer", value_name = "TEXT")]
    answers: Vec<String>,
    /// What a client of v1 says to confirm it
    #[arg(long, value_name = "WORD")]
    word: Option<String>,
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
    /// When it ends by itself, from now; or never, when somebody has to end it
    #[arg(long = "for", value_name = "TIME", value_parser = until)]
    time: Option<Until>,
    /// How long it is from now until something happens; or never, for no countdown
    #[arg(long, value_name = "TIME", value_parser = until)]
    countdown: Option<Until>,
    /// Pause the countdown
    #[arg(long, conflicts_with_all = ["resume", "extend", "countdown"])]
    pause: bool,
    /// Go on with a countdown that is paused
    #[arg(long, conflicts_with_all = ["extend", "countdown"])]
    resume: bool,
    /// Make the countdown longer
    #[arg(long, value_name = "TIME", conflicts_with = "countdown", value_parser = whole_seconds(Duration::from_secs(1)..=LONGEST))]
    extend: Option<Duration>,
    /// Ask everybody to confirm it, or no longer
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, default_missing_value = "on")]
    confirm: Option<Switch>,
    /// Who is meant, in words; empty for everybody
    #[arg(long, value_name = "WHO")]
    audience: Option<String>,
}

/// A moment that can be taken away.
#[derive(Clone, Copy, Debug)]
enum Until {
    In(Duration),
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Switch {
    On,
    Off,
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
        let text = match said(&self.text) {
            Ok(text) => text,
            Err(code) => return code,
        };
        let alert = object([
            ("text", Some(text.into())),
            ("level", Some(word(self.level))),
            ("ends_at", self.time.map(|time| Until::In(time).json())),
            ("countdown_to", self.countdown.map(|time| Until::In(time).json())),
            ("drill", Some(self.drill.into())),
            ("confirm", Some(self.confirm.into())),
            ("answers", (!self.answers.is_empty()).then(|| self.answers.into())),
            ("word", self.word.map(Value::from)),
            ("audience", self.audience.map(Value::from)),
        ]);
        ask(&self.room, "POST", None, &alert, &self.name, self.key.as_deref())
    }
}

impl Change {
    /// Changes it, and prints it.
    pub(super) fn run(self) -> ExitCode {
        let Changes { text, level, time, countdown, pause, resume, extend, confirm, audience } = self.changes;
        let mut alert = object([
            ("text", text.map(Value::from)),
            ("level", level.map(word)),
            ("ends_at", time.map(Until::json)),
            ("countdown_to", countdown.map(Until::json)),
            ("paused", (pause || resume).then_some(pause.into())),
            ("confirm", confirm.map(|switch| matches!(switch, Switch::On).into())),
            ("audience", audience.map(|who| if who.is_empty() { Value::Null } else { who.into() })),
        ]);
        if let Some(by) = extend {
            match extension::extended(&self.room, &self.id, by) {
                Ok(longer) => longer.into_iter().for_each(|(key, value)| alert[key] = value),
                Err(code) => return code,
            }
        }
        ask(&self.room, "PATCH", Some(&self.id), &alert, &self.name, None)
    }
}

impl End {
    /// Ends it.
    pub(super) fn run(self) -> ExitCode {
        let end = json!({ "all_clear": self.all_clear });
        ask(&self.room, "DELETE", Some(&self.id), &end, &self.name, None)
    }
}

impl Alerts {
    /// Prints those that are in force. A key is shown only where the room asks for one: it may be that of another room.
    pub(super) fn run(self) -> ExitCode {
        let anybody = match self.room.anybody() {
            Ok(anybody) => anybody,
            Err(code) => return code,
        };
        let list = json!({});
        let listing = async {
            let answer = anybody.alert("GET", None, &list, [("", None); 2]).await;
            if let Err(ClientError::Refused(_)) = &answer
                && let Ok(key @ Some(_)) = self.room.key()
            {
                return anybody.with_key(key).alert("GET", None, &list, [("", None); 2]).await;
            }
            answer
        };
        print(alert_client::block_on(listing), self.room.is_json(), words)
    }
}

impl Until {
    fn json(self) -> Value {
        match self {
            Self::In(time) => time.as_secs().into(),
            Self::Never => Value::Null,
        }
    }
}

fn until(text: &str) -> Result<Until, String> {
    if text.trim() == "never" {
        return Ok(Until::Never);
    }
    let time = whole_seconds(Duration::from_secs(1)..=LONGEST)(text);
    time.map(Until::In).map_err(|allowed| format!("never, or {allowed}"))
}

fn word(level: Level) -> Value {
    level.to_possible_value().map_or(Value::Null, |level| level.get_name().into())
}

/// What is named, and nothing else.
fn object<const N: usize>(all: [(&str, Option<Value>); N]) -> Value {
    let named = all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    named.collect::<Map<_, _>>().into()
}

fn ask(
    room: &Room,
    method: &str,
    id: Option<&str>,
    body: &Value,
    Name { name }: &Name,
    key: Option<&str>,
) -> ExitCode {
    let moderator = match room.moderator() {
        Ok(moderator) => moderator,
        Err(code) => return code,
    };
    let headers = [("alert-name", name.as_deref()), ("idempotency-key", key)];
    let answer = alert_client::block_on(moderator.alert(method, id, body, headers));
    let lacks_right =
        matches!(&answer, Ok(Err(ClientError::Refused(problem))) if [401, 403].contains(&problem.status));
    let code = print(answer, room.is_json(), words);
    if lacks_right && !moderator.shows_key() && !moderator.shows_token() {
        super::complain(NO_RIGHT);
    }
    code
}

fn name(text: &str) -> Result<String, String> {
    UserName::parse(text, 64).map(|name| name.to_string()).map_err(|problem| format!("it {problem}"))
}

fn key(text: &str) -> Result<String, String> {
    let is_key = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_key { Ok(text.to_owned()) } else { Err("it must be 1 to 255 visible ASCII characters".to_owned()) }
}
