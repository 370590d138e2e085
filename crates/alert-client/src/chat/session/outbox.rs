//! What the user said and the server has not acknowledged yet.

use std::collections::VecDeque;

use socketio_protocol::socket::AckId;

/// Lines that may wait to be sent.
const MOST_WAITING: usize = 100;
/// Messages that may be under way together.
const MOST_UNDER_WAY: usize = 16;

/// Something to say, under the key that makes it one message however often it is sent; or an alert to confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) key: u64,
    pub(super) text: String,
    /// What it confirms, if it is no message but that.
    pub(super) confirms: Option<Confirmation>,
}

/// Which alert is confirmed, and with which answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Confirmation {
    /// None where it was typed before we knew what is in force: the latest, then.
    pub(super) alert: Option<String>,
    pub(super) answer: Option<String>,
}

/// Lines that wait, and messages that are under way, both in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Message>,
    under_way: VecDeque<(AckId, Message)>,
    /// How many lines there were.
    lines: u64,
}

impl Outbox {
    /// Whether another line can wait.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < MOST_WAITING
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether nothing is under way.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Puts a line behind those that wait.
    pub(super) fn wait(&mut self, text: String, confirms: Option<Confirmation>) {
        self.lines += 1;
        self.waiting.push_back(Message { key: self.lines, text, confirms });
    }

    /// The next line to send, if another message may be under way.
    pub(super) fn next(&mut self) -> Option<Message> {
        if self.under_way.len() < MOST_UNDER_WAY { self.waiting.pop_front() } else { None }
    }

    /// A line is under way with this id.
    pub(super) fn sent(&mut self, id: AckId, message: Message) {
        self.under_way.push_back((id, message));
    }

    /// The message with this id, which is under way no longer.
    pub(super) fn answered(&mut self, id: u64) -> Option<String> {
        let at = self.under_way.iter().position(|(sent, _)| sent.get() == id)?;
        self.under_way.remove(at).map(|(_, message)| message.text)
    }

    /// The connection has ended: what was under way waits again, ahead of the rest.
    pub(super) fn take_back(&mut self) -> impl Iterator<Item = &str> {
        let count = self.under_way.len();
        while let Some((_, message)) = self.under_way.pop_back() {
            self.waiting.push_front(message);
        }
        self.waiting.iter().take(count).map(|message| &*message.text)
    }

    /// What was under way when the stay ended.
    pub(super) fn lose(&mut self) -> impl Iterator<Item = String> + use<> {
        std::mem::take(&mut self.under_way).into_iter().map(|(_, message)| message.text)
    }

    /// What waited when the user left.
    pub(super) fn leave_behind(&mut self) -> impl Iterator<Item = String> + use<> {
        std::mem::take(&mut self.waiting).into_iter().map(|message| message.text)
    }
}
