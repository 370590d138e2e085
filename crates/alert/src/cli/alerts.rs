//! `alert raise`, `change`, `end` and `alerts`: messages that have a state, against a running server.

mod extension;
pub(super) mod prepared;
mod shown;
mod wanted;

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::time::Duration;

use alert_client::{ClientError, ClientFlags};
use alert_core::names::UserName;
use alert_settings::value::whole_seconds;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::host::{Room, print, print_for, usage};
use super::send::said;
use shown::words;
use wanted::{INTERVALS, LONGEST, Level, Wanted, object};

pub(super) const EXAMPLES: &str = "\
Examples:
  export ALERT_HOST_KEY=host_...          the key of the room's host
  alert raise K7Q-FM2-XD9 \"Ice on the stairs\" --for 2h
  alert raise K7Q-FM2-XD9 \"Leave the building\" --level emergency --confirm
  alert raise K7Q-FM2-XD9 Fire drill --drill --countdown 5m
  alert raise K7Q-FM2-XD9 Ice --escalate-after 10m --escalate-to OFFICE
  alert raise K7Q-FM2-XD9 --prepared Ice --blank place=\"the yard\"
  alert alerts K7Q-FM2-XD9                what is in force, with its ids
  alert change K7Q-FM2-XD9 k3v8x0mz --level emergency --for never
  alert change K7Q-FM2-XD9 k3v8x0mz --pause
                                          its countdown; --resume, --extend 5m
  alert end K7Q-FM2-XD9 k3v8x0mz --all-clear \"The ice is gone\"
  alert end K7Q-FM2-XD9 k3v8x0mz --mistake
  alert release K7Q-FM2-XD9 k3v8x0mz --name \"Mr Lind\"

An alert is in force until it ends; whoever comes meanwhile is told of it. It takes the key of the room's
host, or a token with the right alert; to see what is in force takes neither. What is told of a drill
begins with DRILL, and that never changes. In a room with `alert room set --two-person on`, an emergency
waits for 5 minutes until somebody else releases it; ending one that waits withdraws it.

Exit codes: 0 done; 1 refused by the server; 2 wrong usage; 3 the server cannot be reached.";

/// In whose name.
#[derive(Debug, Args)]
struct Name {
    #[arg(long, help = format!("{}, unless a token says that [default: your login]", ClientFlags::NAME))]
    name: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Raise {
    #[command(flatten)]
    room: Room,
    /// What it says, in one word or several; standard input without it, or for -
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// Raise the alert that is prepared under this name, instead of a text
    #[arg(long, value_name = "NAME", conflicts_with = "text")]
    prepared: Option<String>,
    /// Fill a blank of it: place=Gym
    #[arg(long = "blank", value_name = "BLANK=WORDS", value_parser = blank, requires = "prepared")]
    blanks: Vec<(String, String)>,
    #[command(flatten)]
    wanted: Wanted,
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
    /// Remind whoever has not confirmed it, this often; or never
    #[arg(long, value_name = "TIME", value_parser = reminders)]
    remind: Option<Until>,
    /// Show on big screens who has not confirmed it, or no longer
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, default_missing_value = "on")]
    show_missing: Option<Switch>,
    /// Who is meant, in words; empty for everybody
    #[arg(long, value_name = "WHO")]
    audience: Option<String>,
    /// What everybody is told when it ends; empty for nothing
    #[arg(long, value_name = "TEXT")]
    all_clear: Option<String>,
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
    /// What everybody is told; without it what was given with the alert
    #[arg(long, value_name = "TEXT")]
    all_clear: Option<String>,
    /// Tell everybody that it was raised by mistake
    #[arg(long, conflicts_with = "all_clear")]
    mistake: bool,
    #[command(flatten)]
    name: Name,
}

#[derive(Debug, Args)]
pub(super) struct Release {
    #[command(flatten)]
    room: Room,
    /// Its id, as `alert alerts` shows it
    id: String,
    #[command(flatten)]
    name: Name,
}

#[derive(Debug, Args)]
pub(super) struct Alerts {
    #[command(flatten)]
    room: Room,
    /// Show those that wait to be released as well, which takes the host's key, or a token
    #[arg(long)]
    proposed: bool,
}

impl Raise {
    /// Raises it, and prints its id.
    pub(super) fn run(self) -> ExitCode {
        if let Some(switch) = switch_with_value(std::env::args_os()) {
            return usage(&format!("{switch} takes no on or off here: it is off unless you give it"));
        }
        let words = match &self.prepared {
            Some(name) => {
                let blanks = self.blanks.into_iter().map(|(blank, words)| (blank, words.into()));
                let blanks = blanks.collect::<Map<_, _>>();
                vec![("prepared", name.as_str().into()), ("blanks", blanks.into())]
            }
            None => match said(&self.text) {
                Ok(text) => vec![("text", text.into())],
                Err(code) => return code,
            },
        };
        let alert = self.wanted.object(words, ["ends_at", "countdown_to"]);
        ask(&self.room, "POST", &["alerts"], &alert, &self.name, self.key.as_deref())
    }
}

impl Change {
    /// Changes it, and prints it.
    pub(super) fn run(self) -> ExitCode {
        let Changes {
            text,
            level,
            time,
            countdown,
            pause,
            resume,
            extend,
            confirm,
            remind,
            show_missing,
            audience,
            all_clear,
        } = self.changes;
        let or_none = |words: String| if words.is_empty() { Value::Null } else { words.into() };
        let mut alert = object([
            ("text", text.map(Value::from)),
            ("level", level.map(Level::json)),
            ("ends_at", time.map(Until::json)),
            ("countdown_to", countdown.map(Until::json)),
            ("paused", (pause || resume).then_some(pause.into())),
            ("confirm", confirm.map(Switch::json)),
            ("remind", remind.map(Until::json)),
            ("show_missing", show_missing.map(Switch::json)),
            ("audience", audience.map(or_none)),
            ("all_clear", all_clear.map(or_none)),
        ]);
        if let Some(by) = extend {
            match extension::extended(&self.room, &self.id, by) {
                Ok(longer) => {
                    longer.into_iter().for_each(|(key, value)| _ = alert.insert(key.to_owned(), value))
                }
                Err(code) => return code,
            }
        }
        let alert = alert.into();
        ask(&self.room, "PATCH", &["alerts", &self.id], &alert, &self.name, None)
    }
}

impl End {
    /// Ends it.
    pub(super) fn run(self) -> ExitCode {
        let end = json!({ "all_clear": self.all_clear, "mistake": self.mistake });
        ask(&self.room, "DELETE", &["alerts", &self.id], &end, &self.name, None)
    }
}

impl Release {
    /// Releases it, and prints it.
    pub(super) fn run(self) -> ExitCode {
        ask(&self.room, "POST", &["alerts", &self.id, "release"], &json!({}), &self.name, None)
    }
}

impl Alerts {
    /// Prints those that are in force. A key is shown only where the room asks for one: it may be that of another room.
    pub(super) fn run(self) -> ExitCode {
        let list = json!({});
        if self.proposed {
            return ask(&self.room, "GET", &["alerts"], &list, &Name { name: None }, None);
        }
        let anybody = match self.room.anybody() {
            Ok(anybody) => anybody,
            Err(code) => return code,
        };
        let listing = async {
            let answer = anybody.at("GET", &["alerts"], &list, [("", None); 2]).await;
            if let Err(ClientError::Refused(_)) = &answer
                && let Ok(key @ Some(_)) = self.room.key()
            {
                return anybody.with_key(key).at("GET", &["alerts"], &list, [("", None); 2]).await;
            }
            answer
        };
        print(alert_client::block_on(listing), self.room.is_json(), words)
    }
}

impl Switch {
    fn json(self) -> Value {
        matches!(self, Self::On).into()
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

/// A switch before on or off, which `alert change` takes. Here they would be said to everybody.
fn switch_with_value(words: impl Iterator<Item = OsString>) -> Option<String> {
    let words = words.map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.take_while(|word| word != "--").collect();
    let is_one = |pair: &&[String]| {
        ["--confirm", "--show-missing", "--drill"].contains(&&*pair[0]) && ["on", "off"].contains(&&*pair[1])
    };
    words.windows(2).find(is_one).map(|pair| pair[0].clone())
}

fn until(text: &str) -> Result<Until, String> {
    or_never(text, Duration::from_secs(1)..=LONGEST)
}

fn reminders(text: &str) -> Result<Until, String> {
    or_never(text, INTERVALS)
}

fn or_never(text: &str, range: RangeInclusive<Duration>) -> Result<Until, String> {
    if text.trim() == "never" {
        return Ok(Until::Never);
    }
    let time = whole_seconds(range)(text);
    time.map(Until::In).map_err(|allowed| format!("never, or {allowed}"))
}

/// A blank, and what is filled in.
fn blank(text: &str) -> Result<(String, String), String> {
    let filled = text.split_once('=').filter(|(blank, _)| !blank.is_empty());
    let filled = filled.map(|(blank, words)| (blank.to_owned(), words.to_owned()));
    filled.ok_or_else(|| "the name of a blank, =, and what is filled in: place=Gym".to_owned())
}

fn ask(
    room: &Room,
    method: &str,
    place: &[&str],
    body: &Value,
    Name { name }: &Name,
    key: Option<&str>,
) -> ExitCode {
    let moderator = match room.moderator() {
        Ok(moderator) => moderator,
        Err(code) => return code,
    };
    let name = match room.person(name.clone()) {
        Ok(name) => name,
        Err(code) => return code,
    };
    let headers = [("alert-name", name.as_ref().map(UserName::as_str)), ("idempotency-key", key)];
    let answer = alert_client::block_on(moderator.at(method, place, body, headers));
    print_for(&moderator, "alert", answer, room.is_json(), words)
}

/// A person's name.
pub(super) fn name(text: &str) -> Result<String, String> {
    UserName::parse(text, 64).map(|name| name.to_string()).map_err(|problem| format!("it {problem}"))
}

fn key(text: &str) -> Result<String, String> {
    let is_key = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_key { Ok(text.to_owned()) } else { Err("it must be 1 to 255 visible ASCII characters".to_owned()) }
}
