//! What a client hears of alerts, and the words of v1 for it.

use serde::{Deserialize, Serialize};
use socketio_protocol::text::{LossyString, lossy_string};

/// An alert, as the server shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Alert {
    /// By which it is changed and ended.
    pub id: String,
    /// How serious it is, as a word.
    pub level: String,
    /// What it says.
    #[serde(deserialize_with = "lossy_string")]
    pub text: String,
    /// Who raised it.
    #[serde(deserialize_with = "lossy_string")]
    pub by: String,
    /// When.
    pub at: String,
    /// It is an exercise.
    pub drill: bool,
    /// Everybody is asked to confirm it.
    pub confirm: bool,
    /// With one of these, if it names any.
    pub answers: Vec<String>,
    /// What a client of v1 says to confirm it.
    pub word: Option<String>,
    /// To which moment people count.
    pub countdown_to: Option<String>,
    /// The count is paused.
    pub paused: bool,
    /// So many seconds are left of it then.
    pub remaining: Option<serde_json::Number>,
    /// When it ends by itself.
    pub ends_at: Option<String>,
    /// Who is meant.
    pub audience: Option<String>,
}

/// What has become of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AlertNews {
    state: String,
    all_clear: Option<LossyString>,
    #[serde(default)]
    mistake: bool,
    /// As it is now.
    pub alert: Alert,
}

/// An alert that we have not confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Reminder {
    /// Of which one.
    #[serde(default)]
    pub id: String,
    #[serde(deserialize_with = "lossy_string")]
    name: String,
    #[serde(deserialize_with = "lossy_string")]
    msg: String,
}

/// An alert that we have confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Confirmed {
    /// Which one.
    pub id: String,
    person: Person,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Person {
    answer: Option<LossyString>,
    by: Option<LossyString>,
}

impl Alert {
    /// What somebody who comes is told of it.
    #[must_use]
    pub fn in_force(&self) -> String {
        self.told(&format!("In force, from {}: {}", self.by, self.words()))
    }

    /// `WARNING: Ice on the stairs`
    fn words(&self) -> String {
        format!("{}: {}", self.level.to_ascii_uppercase(), self.text)
    }

    fn told(&self, words: &str) -> String {
        if self.drill { format!("DRILL: {words}") } else { words.to_owned() }
    }
}

impl Reminder {
    /// As v1 says it.
    #[must_use]
    pub fn told(&self) -> String {
        let Self { name, msg, .. } = self;
        match msg.strip_prefix("DRILL: ") {
            Some(msg) => format!("DRILL: Reminder, from {name}: {msg}"),
            None => format!("Reminder, from {name}: {msg}"),
        }
    }
}

impl AlertNews {
    /// Whether it is in force no longer.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == "ended"
    }

    /// As v1 says it. What is said of one that is raised or changed comes as a message.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        if !self.is_over() {
            return None;
        }
        let words = match &self.all_clear {
            _ if self.mistake => format!("Raised by mistake: {}", self.alert.words()),
            Some(LossyString(all_clear)) => format!("All clear: {all_clear}"),
            None => format!("Ended: {}", self.alert.words()),
        };
        Some(self.alert.told(&words))
    }
}

impl Confirmed {
    /// What the person is told of it.
    #[must_use]
    pub fn told(&self, alert: &Alert) -> String {
        let who = match &self.person.by {
            Some(LossyString(by)) => format!("{by} has confirmed for you"),
            None => "You have confirmed".to_owned(),
        };
        let answer = self.person.answer.as_ref().map(|LossyString(answer)| format!(" ({answer})"));
        alert.told(&format!("{who}: {}{}", alert.words(), answer.unwrap_or_default()))
    }
}
