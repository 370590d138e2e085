//! What is shown of the room: what was said before, read page by page, and then what is live.

use std::time::Instant;

use super::{Phase, Session, TIME_TO_JOIN};
use crate::chat::line::Line;
use alert_core::position::Gap;
use alert_core::since::Since;
use alert_core::wire::v2::client::{self, Joined, Message};

impl Session {
    pub(super) fn heard(&mut self, message: Message) {
        if let Phase::CatchingUp { misses } = &mut self.phase {
            // The next page has it.
            *misses = true;
            return;
        }
        self.position = Some(message.position);
        self.show(Line::message(&message.name, &message.msg, None));
    }

    pub(super) fn joined(&mut self, joined: Joined, now: Instant) {
        let Joined { members, count, position, history, gap, more, state } = joined;
        // If a number of messages was asked for, those that are left out are older ones.
        let is_number = self.position.is_none() && matches!(self.me.since.parse(), Ok(Since::Last(_)));
        let again = std::mem::replace(&mut self.has_been_in, true);
        self.attempts = 0;
        if again {
            self.show(Line::Back { members, count });
            self.said_before(history, gap);
        } else {
            self.said_before(history, gap);
            self.show(Line::Joined { members, count });
        }
        self.in_force(state);
        let has_rest = more && !is_number;
        if !has_rest {
            self.position = Some(position);
        }
        self.catch_up(has_rest, now);
    }

    pub(super) fn said_before(&mut self, messages: Vec<Message>, gap: Option<Gap>) {
        if let Some(Gap { missed }) = gap {
            self.show(Line::Gap { missed });
        }
        for message in messages {
            let at = message.at();
            self.show(Line::message(&message.name, &message.msg, at));
            self.position = Some(message.position);
        }
    }

    /// Reads on if there is more.
    pub(super) fn catch_up(&mut self, has_rest: bool, now: Instant) {
        self.phase = Phase::In;
        let Some(position) = self.position.clone().filter(|_| has_rest) else { return };
        self.phase = Phase::CatchingUp { misses: false };
        self.step_due = Some(now + TIME_TO_JOIN);
        let id = self.new_id();
        self.step = Some(id);
        self.send(client::history(id, &self.me.room, &position));
    }
}
