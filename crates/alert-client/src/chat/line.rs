//! What a user sees, as one line: on a terminal, in a pipe, or as JSON.

use anstyle::{AnsiColor, Style};
use jiff::{Timestamp, Zoned};
use serde::Serialize;

use alert_core::printable::{one_line, with_lines};
use alert_core::wire::v2::client::Alert;

#[cfg(test)]
mod tests;

/// How many people of a room are listed by name.
const MOST_NAMES: usize = 20;
/// How many characters of a message that was not sent are repeated.
const MOST_CHARS: usize = 80;
const PLAIN_TIME: &str = "%Y-%m-%d %H:%M:%S";
const SHORT_TIME: &str = "%H:%M";
/// Has a terminal make itself heard.
const BELL: &str = "\u{7}";
/// As wide as the time and the space after it.
const INDENT: &str = "      ";

/// Something that happened in the room or with the connection to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Line {
    /// Somebody spoke.
    Message {
        msg: String,
        /// When, if that was earlier.
        #[serde(skip)]
        at: Option<Timestamp>,
    },
    /// Somebody entered or left.
    Status { msg: String },
    /// We are in, with these.
    Joined { members: Vec<String>, count: usize },
    /// This was in force when we came.
    InForce { msg: String, alert: Box<Alert> },
    /// We have not confirmed this.
    Reminder { msg: String },
    /// Everybody is asked to confirm this, and how that is done here.
    Asks { msg: String, alert: Box<Alert> },
    /// We have confirmed this, here or elsewhere.
    Confirmed { msg: String, id: String },
    /// The connection ended.
    Lost { why: String },
    /// We are in again.
    Back { members: Vec<String>, count: usize },
    /// Messages are missing here: this many, if that is known.
    Gap { missed: Option<u64> },
    /// This will be sent when we are in again.
    Waits { msg: String },
    /// The server refused this.
    Refused { msg: String, why: String },
    /// We left before the server said that it took this.
    Unconfirmed { msg: String },
    /// This was left behind.
    NotSent { msg: String },
    /// The answer to `/help`.
    Help { msg: String },
}

/// Who lines are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A person at a terminal.
    Terminal {
        /// Whether it shows colours, and their owner wants them.
        color: bool,
    },
    /// A file, or a program that reads lines.
    Plain,
    /// A program that reads JSON.
    Json,
}

#[derive(Serialize)]
struct Json<'a> {
    time: String,
    #[serde(flatten)]
    line: &'a Line,
}

impl Line {
    /// Whether it is about what the user wanted to say, and did not say.
    pub(super) fn is_complaint(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Unconfirmed { .. } | Self::NotSent { .. })
    }

    /// A message as people read it.
    pub(super) fn message(name: &str, msg: &str, at: Option<Timestamp>) -> Self {
        Self::Message { msg: format!("{name}: {msg}"), at }
    }

    /// An alert that is in force.
    pub(super) fn in_force(alert: Alert) -> Self {
        Self::InForce { msg: alert.in_force(), alert: Box::new(alert) }
    }

    /// An alert that asks to be confirmed.
    pub(super) fn asks(alert: &Alert) -> Self {
        let ways = ways_to_confirm(alert);
        Self::Asks { msg: format!("To confirm \"{}\": {ways}", alert.text), alert: Box::new(alert.clone()) }
    }

    /// When it happened, if that is not now.
    pub(super) fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Message { at, .. } => *at,
            _ => None,
        }
    }

    /// The line with its end.
    pub(crate) fn render(&self, form: Form, at: &Zoned) -> String {
        match form {
            Form::Terminal { color } => self.for_people(color, at),
            Form::Plain => format!("{} {}\n", at.strftime(PLAIN_TIME), one_line(&self.text())),
            Form::Json => {
                let json = Json { time: format!("{:.3}", at.timestamp()), line: self };
                #[expect(clippy::expect_used, reason = "strings and numbers always serialize")]
                let json = serde_json::to_string(&json).expect("strings and numbers always serialize");
                // What `one_line` escapes can only be in strings, where its escapes mean the same.
                format!("{}\n", one_line(&json))
            }
        }
    }

    fn for_people(&self, color: bool, at: &Zoned) -> String {
        let bell = if matches!(self, Self::Reminder { .. }) { BELL } else { "" };
        let text = with_lines(&self.text(), INDENT);
        let time = at.strftime(SHORT_TIME);
        if !color {
            return format!("{bell}{time} {text}\n");
        }
        let dim = Style::new().dimmed();
        match self.style() {
            Some(style) => format!("{bell}{style}{time} {text}{style:#}\n"),
            None => format!("{dim}{time}{dim:#} {text}\n"),
        }
    }

    fn style(&self) -> Option<Style> {
        match self {
            Self::Message { .. } => None,
            Self::Status { .. } | Self::Joined { .. } | Self::Waits { .. } | Self::Help { .. } => {
                Some(Style::new().dimmed())
            }
            Self::Back { .. } | Self::Confirmed { .. } => Some(AnsiColor::Green.on_default()),
            Self::InForce { .. }
            | Self::Reminder { .. }
            | Self::Asks { .. }
            | Self::Lost { .. }
            | Self::Gap { .. }
            | Self::Refused { .. }
            | Self::Unconfirmed { .. }
            | Self::NotSent { .. } => Some(AnsiColor::Yellow.on_default()),
        }
    }

    /// What it says. A star marks everything that is not a message.
    fn text(&self) -> String {
        match self {
            Self::Message { msg, .. } => msg.clone(),
            Self::Status { msg }
            | Self::InForce { msg, .. }
            | Self::Reminder { msg }
            | Self::Asks { msg, .. }
            | Self::Confirmed { msg, .. }
            | Self::Help { msg } => format!("* {msg}"),
            Self::Joined { members, count } => format!("* {}", people(members, *count)),
            Self::Lost { why } => format!("* Connection lost ({why}). Trying to come back."),
            Self::Back { members, count } => {
                format!("* Back. {}", people(members, *count))
            }
            Self::Gap { missed: Some(1) } => "* 1 message is missing here.".to_owned(),
            Self::Gap { missed: Some(number) } => format!("* {number} messages are missing here."),
            Self::Gap { missed: None } => "* Messages are missing here; nobody knows how many.".to_owned(),
            Self::Waits { msg } => format!("* Waits for the connection: {}", excerpt(msg)),
            Self::Refused { msg, why } => {
                format!("* Not sent ({}): {}", why.trim_end_matches('.'), excerpt(msg))
            }
            Self::Unconfirmed { msg } => {
                format!("* You left before the server took this; it may be lost: {}", excerpt(msg))
            }
            Self::NotSent { msg } => format!("* Not sent: {}", excerpt(msg)),
        }
    }
}

/// What the user types to confirm an alert.
pub(super) fn ways_to_confirm(alert: &Alert) -> String {
    if alert.answers.is_empty() {
        return "/confirm".to_owned();
    }
    alert.answers.iter().map(|answer| format!("/confirm {answer}")).collect::<Vec<_>>().join(" or ")
}

fn people(members: &[String], count: usize) -> String {
    if members.is_empty() {
        return "You are in the room.".to_owned();
    }
    let names = members[..members.len().min(MOST_NAMES)].join(", ");
    match count.saturating_sub(MOST_NAMES.min(members.len())) {
        0 => format!("In the room: {names}."),
        more => format!("In the room: {names} and {more} more."),
    }
}

fn excerpt(msg: &str) -> String {
    match msg.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}...", &msg[..end]),
        None => msg.to_owned(),
    }
}
