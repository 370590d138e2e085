//! `alert room`: what hosts do, against a running server.

mod shown;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use alert_client::RoomArgument;
use alert_core::names::RoomCode;
use alert_core::printable::one_line;
use alert_settings::value::whole_seconds;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::host::{Room, Way, first_line, print, usage};

pub(super) const EXAMPLES: &str = "\
Examples:
  alert room make                         a new room, and the key of its host
  export ALERT_HOST_KEY=host_...          its key; or --host-key-file FILE
  alert room show K7Q-FM2-XD9             its rules, mutes and bans
  alert room set K7Q-FM2-XD9 --announce on --slow 10s
  alert room set K7Q-FM2-XD9 --password-file pw.txt
  alert room mute K7Q-FM2-XD9 Ada --for 10m
  alert room kick K7Q-FM2-XD9 Ada
  alert room ban K7Q-FM2-XD9 --address 192.0.2.7 --for 7d
  alert room remove K7Q-FM2-XD9 8f3a1c20b7d400000000100000000039
  alert room close K7Q-FM2-XD9
  alert room audit K7Q-FM2-XD9 --json     who did what, the newest first

A host is whoever has the room's key, or a token with the right moderate. The key is read from a file or
the variable, never from a flag, which others on this machine see. URL and token also come from ALERT_URL
and ALERT_TOKEN, or from url and token in ~/.config/alert/client.toml.

Exit codes: 0 done; 1 refused by the server; 2 wrong usage; 3 the server cannot be reached.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a room with a host, and print its code and the host's key
    Make {
        /// Its code; a new one without it. Nobody may be in it, and nothing may have been said there
        #[arg(value_parser = RoomArgument::parse)]
        room: Option<RoomArgument>,
        #[command(flatten)]
        way: Way,
    },
    /// Print a room's rules, who is muted and who is banned
    Show(Room),
    /// Change what holds for everybody; what is not named stays
    Set {
        #[command(flatten)]
        room: Room,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Remove a person, who can come back at once
    Kick(Person),
    /// Ban a person, who has to leave and cannot come back
    Ban {
        #[command(flatten)]
        whom: Whom,
        /// Until when: 10m, 7d; for good without it
        #[arg(long = "for", value_name = "TIME", value_parser = whole_seconds(Duration::from_secs(1)..=Duration::from_hours(24 * 366)))]
        time: Option<Duration>,
        /// Ban the address that the person has now, too; a whole school may be behind it
        #[arg(long, conflicts_with = "address")]
        with_address: bool,
    },
    /// End a ban
    Unban(Whom),
    /// Mute a person: they can read, but not write
    Mute {
        #[command(flatten)]
        person: Person,
        /// Until when: 10m, 7d; for good without it
        #[arg(long = "for", value_name = "TIME", value_parser = whole_seconds(Duration::from_secs(1)..=Duration::from_hours(24 * 366)))]
        time: Option<Duration>,
    },
    /// Let a muted person write again
    Unmute(Person),
    /// Give a person the floor, in a room where only hosts can write
    GiveWord(Person),
    /// Take the floor back from a person
    TakeWord(Person),
    /// Remove a message from the history and from all screens
    Remove {
        #[command(flatten)]
        room: Room,
        /// Its id, or its position
        id: String,
    },
    /// Remove everybody but the hosts, and let nobody else in until `set --closed off`
    Close(Room),
    /// Make another key for the room's hosts; the old one stops working
    NewKey(Room),
    /// Give the room another code, and close it under this one
    NewCode(Room),
    /// Print who did what to a room, the newest first
    Audit {
        #[command(flatten)]
        room: Room,
        /// At most this many lines
        #[arg(long, value_name = "NUMBER", default_value = "50", value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
}

/// What is said where a name was muted or banned that nobody in the room has.
const NOBODY_HERE: &str =
    "done; nobody of that name is in the room now, so it holds for whoever comes in under it";

#[derive(Debug, Args)]
pub(super) struct Person {
    #[command(flatten)]
    room: Room,
    /// Who
    name: String,
}

#[derive(Debug, Args)]
pub(super) struct Whom {
    #[command(flatten)]
    room: Room,
    /// Who
    #[arg(required_unless_present = "address")]
    name: Option<String>,
    /// An address, or a network such as 192.0.2.0/24, instead of a name
    #[arg(long, conflicts_with = "name")]
    address: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Seen {
    All,
    None,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Settings {
    /// A file with the password that everybody has to show; its first line counts
    #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
    password_file: Option<PathBuf>,
    /// Let everybody in without a password
    #[arg(long)]
    no_password: bool,
    /// Only hosts can write, and whoever has the floor
    #[arg(long)]
    announce: Option<Switch>,
    /// Nobody new can come in
    #[arg(long)]
    locked: Option<Switch>,
    /// Only hosts can come in
    #[arg(long)]
    closed: Option<Switch>,
    /// An emergency waits until a second person releases it
    #[arg(long)]
    two_person: Option<Switch>,
    /// The time between two messages of a person, up to an hour; off or 0s is none
    #[arg(long, value_name = "TIME", value_parser = pause)]
    slow: Option<Duration>,
    /// The maximum number of people; 0 is no limit
    #[arg(long, value_name = "NUMBER")]
    most: Option<u32>,
    /// Names that only hosts have, with commas between them; empty for none
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    reserved: Option<Vec<String>>,
    /// Whether latecomers see what was said before
    #[arg(long)]
    history: Option<Seen>,
}

impl Command {
    /// Does it, and reports the outcome.
    pub(super) fn run(self) -> ExitCode {
        let (room, action) = match self {
            Self::Make { room, way } => return make(room, &way),
            Self::Show(room) => (room, json!({ "action": "show" })),
            Self::Set { room, settings } => match settings.json() {
                Ok(settings) => (room, json!({ "action": "set", "settings": settings })),
                Err(code) => return code,
            },
            Self::Kick(person) => person.does("kick"),
            Self::Ban { whom, time, with_address } => {
                let (room, mut action) = whom.does("ban");
                action["with_address"] = with_address.into();
                (room, lasting(action, time))
            }
            Self::Unban(whom) => whom.does("unban"),
            Self::Mute { person, time } => {
                let (room, action) = person.does("mute");
                (room, lasting(action, time))
            }
            Self::Unmute(person) => person.does("unmute"),
            Self::GiveWord(person) => person.does("give_word"),
            Self::TakeWord(person) => person.does("take_word"),
            Self::Remove { room, id } => (room, json!({ "action": "remove", "id": id })),
            Self::Close(room) => (room, json!({ "action": "close" })),
            Self::NewKey(room) => (room, json!({ "action": "new_key" })),
            Self::NewCode(room) => (room, json!({ "action": "new_code" })),
            Self::Audit { room, limit } => (room, json!({ "action": "audit", "limit": limit })),
        };
        let moderator = match room.moderator() {
            Ok(moderator) => moderator,
            Err(code) => return code,
        };
        let is_show = action["action"] == "show";
        report(alert_client::block_on(moderator.act(&action)), room.is_json(), is_show)
    }
}

impl Person {
    fn does(self, action: &str) -> (Room, Value) {
        (self.room, json!({ "action": action, "name": self.name }))
    }
}

impl Whom {
    fn does(self, action: &str) -> (Room, Value) {
        let mut object = json!({ "action": action });
        for (key, value) in [("name", self.name), ("address", self.address)] {
            if let Some(value) = value {
                object[key] = value.into();
            }
        }
        (self.room, object)
    }
}

fn lasting(mut action: Value, time: Option<Duration>) -> Value {
    if let Some(time) = time {
        action["for"] = time.as_secs().into();
    }
    action
}

impl Settings {
    fn json(&self) -> Result<Value, ExitCode> {
        let mut settings = Map::new();
        if let Some(file) = &self.password_file {
            settings.insert("password".to_owned(), first_line(file)?.into());
        }
        if self.no_password {
            settings.insert("password".to_owned(), Value::Null);
        }
        for (key, switch) in [
            ("announce", self.announce),
            ("locked", self.locked),
            ("closed", self.closed),
            ("two_person", self.two_person),
        ] {
            if let Some(switch) = switch {
                settings.insert(key.to_owned(), matches!(switch, Switch::On).into());
            }
        }
        if let Some(slow) = self.slow {
            settings.insert("slow".to_owned(), slow.as_secs().into());
        }
        if let Some(most) = self.most {
            settings.insert("most".to_owned(), if most == 0 { Value::Null } else { most.into() });
        }
        if let Some(names) = &self.reserved {
            let names: Vec<_> =
                names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
            settings.insert("reserved".to_owned(), names.into());
        }
        if let Some(seen) = self.history {
            let seen = if matches!(seen, Seen::All) { "all" } else { "none" };
            settings.insert("history".to_owned(), seen.into());
        }
        Ok(settings.into())
    }
}

fn make(room: Option<RoomArgument>, way: &Way) -> ExitCode {
    let (code, server) = room.map_or((None, None), |room| (Some(room.code), room.server));
    let body = code.as_ref().map_or_else(|| json!({}), |code| json!({ "room": code }));
    // The address of all rooms has no room in it.
    let Ok(any) = code.map_or_else(|| RoomCode::parse("new", 128), Ok) else { return usage("no room") };
    match way.moderator(any, server) {
        Ok(moderator) => report(alert_client::block_on(moderator.make(&body)), way.is_json(), false),
        Err(code) => code,
    }
}

fn pause(text: &str) -> Result<Duration, String> {
    match text.trim() {
        "off" => Ok(Duration::ZERO),
        text => whole_seconds(Duration::ZERO..=Duration::from_hours(1))(text),
    }
}

fn report(
    outcome: std::io::Result<Result<Value, alert_client::ClientError>>,
    as_json: bool,
    shows_policy: bool,
) -> ExitCode {
    print(outcome, as_json, |answer| words(answer, shows_policy))
}

/// The answer for people.
fn words(answer: &Value, shows_policy: bool) -> String {
    let mut lines = Vec::new();
    for (key, word) in [("room", "room"), ("host", "host key")] {
        if let Some(text) = answer[key].as_str() {
            lines.push(format!("{word}  {}", one_line(text)));
        }
    }
    if let Some(audit) = answer["audit"].as_array() {
        lines.extend(shown::audit(audit));
    }
    if shows_policy {
        lines.extend(shown::policy(&answer["policy"]));
        lines.extend(shown::listeners(&answer["listeners"]));
    }
    if answer["here"] == false {
        lines.push(NOBODY_HERE.to_owned());
    }
    if lines.is_empty() { "done".to_owned() } else { lines.join("\n") }
}
