//! The alerts in force that ask to be confirmed: which of them we have confirmed, and how the user learns of them.

use super::Session;
use super::outbox::Confirmation;
use crate::chat::line::{Line, ways_to_confirm};
use alert_core::wire::v2::client::{self, Alert, AlertNews, Confirmed, Reminder};

/// Why `/confirm` confirms nothing.
const NONE: &str = "no alert that asks to be confirmed is in force";

/// Alerts that ask to be confirmed, oldest first. They leave when they end, or ask no longer; a room has few in force.
#[derive(Debug, Default)]
pub(super) struct Asked(Vec<Known>);

#[derive(Debug)]
struct Known {
    alert: Alert,
    is_confirmed: bool,
}

impl Asked {
    /// The one that `/confirm` means: the latest that is not confirmed, or else the latest.
    fn latest(&self) -> Option<&Alert> {
        let missing = self.0.iter().rfind(|known| !known.is_confirmed);
        missing.or(self.0.last()).map(|known| &known.alert)
    }

    /// The id of the alert that is confirmed, or why none is.
    pub(super) fn meant(&self, confirmation: &Confirmation) -> Result<String, String> {
        if let Some(alert) = &confirmation.alert {
            return Ok(alert.clone());
        }
        match self.latest() {
            Some(alert) if confirmation.answer.is_some() || alert.answers.is_empty() => Ok(alert.id.clone()),
            Some(alert) => Err(format!("it asks for an answer: {}", ways_to_confirm(alert))),
            None => Err(NONE.to_owned()),
        }
    }

    fn find(&mut self, id: &str) -> Option<&mut Known> {
        self.0.iter_mut().find(|known| known.alert.id == id)
    }

    /// Takes an alert that is in force. Says whether the user is to be asked: it asks to be confirmed, and did not before.
    fn put(&mut self, alert: &Alert) -> bool {
        if !alert.confirm {
            self.remove(&alert.id);
            return false;
        }
        if let Some(known) = self.find(&alert.id) {
            known.alert.clone_from(alert);
            return false;
        }
        self.0.push(Known { alert: alert.clone(), is_confirmed: false });
        true
    }

    fn remove(&mut self, id: &str) {
        self.0.retain(|known| known.alert.id != id);
    }
}

impl Session {
    /// The user has typed `/confirm`. What they mean is what they have seen, however long it waits to be sent.
    pub(super) fn confirm(&mut self, line: String, answer: Option<String>) {
        let mut confirmation = Confirmation { alert: None, answer };
        if self.has_been_in {
            match self.asked.meant(&confirmation) {
                Ok(alert) => confirmation.alert = Some(alert),
                Err(why) => return self.not_sent(Line::Refused { msg: line, why }),
            }
        }
        self.say(line, Some(confirmation));
    }

    /// What is in force when we come, or come back.
    pub(super) fn in_force(&mut self, state: Vec<Alert>) {
        self.asked.0.retain(|known| state.iter().any(|alert| alert.id == known.alert.id));
        for alert in state {
            let asks = self.asked.put(&alert).then(|| Line::asks(&alert));
            let id = alert.id.clone();
            self.show(Line::in_force(alert));
            if let Some(line) = asks {
                self.ask(line, &id);
            }
        }
    }

    /// An alert is raised, changed or over.
    pub(super) fn alert(&mut self, news: AlertNews) {
        if let Some(msg) = news.told() {
            self.show(Line::Status { msg });
        }
        if news.is_over() {
            self.asked.remove(&news.alert.id);
        } else if self.asked.put(&news.alert) {
            self.ask(Line::asks(&news.alert), &news.alert.id);
        }
    }

    /// One that we confirmed meanwhile is not shown: a reminder may have been on its way.
    pub(super) fn reminded(&mut self, reminder: &Reminder) {
        let known = self.asked.find(&reminder.id);
        if known.as_ref().is_some_and(|known| known.is_confirmed) {
            return;
        }
        let asks = known.map(|known| Line::asks(&known.alert));
        self.show(Line::Reminder { msg: reminder.told() });
        asks.into_iter().for_each(|line| self.show(line));
    }

    /// We have confirmed one, here or on another device, or somebody has for us.
    pub(super) fn confirmed(&mut self, confirmed: &Confirmed) {
        let Some(known) = self.asked.find(&confirmed.id) else { return };
        known.is_confirmed = true;
        let msg = confirmed.told(&known.alert);
        self.show(Line::Confirmed { msg, id: confirmed.id.clone() });
    }

    fn ask(&mut self, line: Line, alert: &str) {
        self.show(line);
        if self.me.reads {
            let id = self.new_id();
            self.send(client::shown(id, &self.me.room, alert));
        }
    }
}
