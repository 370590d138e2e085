//! What has become of alerts, as people are told of it.

use super::{Alert, Alerts, Ended, Tally};
use crate::names::UserName;

/// What has become of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It holds from now on.
    Raised,
    /// It has changed; in its words too, if that is true.
    Updated {
        /// The text or the level is another one.
        in_words: bool,
    },
    /// It does not hold any more.
    Ended {
        /// Who ended it; nobody, if that was its time.
        by: Option<UserName>,
        /// What is told then.
        all_clear: Option<Box<str>>,
        /// It was raised by mistake.
        mistake: bool,
    },
    /// It holds, as somebody is told who comes later.
    Stands,
    /// It holds, and at its time people had not confirmed it.
    Escalated(Tally),
    /// It holds, and somebody has not confirmed it: so many times they have been reminded now. That is told to each of them.
    Reminded(u32),
}

/// An alert, and what has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As it is, or was when it ended.
    pub alert: Alert,
    /// What has become of it.
    pub fate: Fate,
}

impl Alerts {
    /// What has become of each alert since `before`.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.moved {
            return changes;
        }
        for was in before.in_force.iter().filter(|was| self.get(was.id).is_none()) {
            let fate = match self.ended(was.id).cloned() {
                Some(Ended { by, all_clear, mistake, .. }) => Fate::Ended { by, all_clear, mistake },
                None => Fate::Ended { by: None, all_clear: None, mistake: false },
            };
            changes.push(Change { alert: was.clone(), fate });
        }
        for alert in &self.in_force {
            let fate = match before.get(alert.id) {
                None => Fate::Raised,
                Some(was) if was == alert => continue,
                Some(was) => match alert.escalated().filter(|_| was.escalated() != alert.escalated()) {
                    Some(tally) if !tally.is_complete() => Fate::Escalated(tally),
                    // That nobody was missing is no news.
                    _ if Alert { escalation: alert.escalation.clone(), ..was.clone() } == *alert => continue,
                    _ => Fate::Updated { in_words: (&was.text, was.level) != (&alert.text, alert.level) },
                },
            };
            changes.push(Change { alert: alert.clone(), fate });
        }
        changes
    }
}

impl Change {
    /// Whether everybody hears the alert's words, as a message of whom.
    #[must_use]
    pub fn speaker(&self) -> Option<&UserName> {
        match &self.fate {
            Fate::Raised | Fate::Escalated(_) => Some(&self.alert.by),
            Fate::Updated { in_words: true } => {
                Some(self.alert.changed.as_ref().map_or(&self.alert.by, |(by, _)| by))
            }
            Fate::Updated { in_words: false } | Fate::Ended { .. } | Fate::Stands | Fate::Reminded(_) => None,
        }
    }
}
