//! What a store keeps of rooms with a policy: the policy, and who did what there; and the removal of a message.

use super::{OnStored, Stored};
use alert_core::event::{RoomEvent, What};
use alert_core::names::RoomCode;
use alert_core::room::policy::{Audit, Policy};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The most rooms with a policy on a server that orders them itself. Some 1 kB each, with a short one.
pub const MOST_POLICIES: usize = 100_000;
/// What they may take in memory together, as [`Policy::size`] has it. A room that has none yet gets one up to three quarters
/// of that.
pub const MOST_POLICY_BYTES: usize = 256 << 20;
/// A policy of a room that nobody has entered for this time is forgotten.
pub const UNUSED: Duration = Duration::from_secs(90 * 24 * 3600);
/// Lines of a room's audit log. The oldest goes.
pub(super) const MOST_AUDITS: usize = 1000;
/// Lines of all rooms together, except in Redis.
pub(super) const MOST_AUDITS_IN_ALL: usize = 200_000;
/// For how long a line is kept.
pub(super) const AUDIT_AGE: Duration = UNUSED;

/// A room's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPolicy {
    /// What its hosts have decided.
    pub policy: Arc<Policy>,
    /// When it was last of use: to the day.
    pub used: SystemTime,
}

/// Called with lines of an audit log, the newest first; nothing where it cannot be read.
pub type OnAudits = Box<dyn FnOnce(Option<Vec<Audit>>) + Send>;

/// What is left of a message that was removed: its place, so that nobody takes it for lost.
pub(super) fn removed(message: &RoomEvent) -> Option<Arc<RoomEvent>> {
    let What::Said { name, text } = &message.what else { return None };
    // No message is empty as it is said.
    let what = What::Said { name: name.clone(), text: "".into() };
    (!text.is_empty()).then(|| Arc::new(RoomEvent { at: message.at, position: message.position, what }))
}

/// Whether a message has been removed.
pub(super) fn is_removed(message: &RoomEvent) -> bool {
    matches!(&message.what, What::Said { text, .. } if text.is_empty())
}

/// Audit logs in memory.
#[derive(Default)]
pub(super) struct Audits {
    rooms: HashMap<RoomCode, VecDeque<Audit>>,
    /// The rooms in the order in which their lines came.
    order: VecDeque<RoomCode>,
}

impl Audits {
    pub(super) fn add(&mut self, room: RoomCode, audit: Audit) {
        let lines = self.rooms.entry(room.clone()).or_default();
        lines.push_back(audit);
        self.order.push_back(room.clone());
        if lines.len() > MOST_AUDITS {
            lines.pop_front();
            // The rest of its places stand for lines that are there.
            let first = self.order.iter().position(|other| *other == room);
            first.into_iter().for_each(|first| _ = self.order.remove(first));
        }
        if self.order.len() > MOST_AUDITS_IN_ALL {
            self.drop_oldest();
        }
        let horizon = SystemTime::now().checked_sub(AUDIT_AGE).unwrap_or(SystemTime::UNIX_EPOCH);
        while self.oldest().is_some_and(|at| at < horizon) {
            self.drop_oldest();
        }
    }

    /// The newest lines of a room.
    pub(super) fn newest(&self, room: &RoomCode, most: usize) -> Vec<Audit> {
        self.rooms.get(room).map(|lines| lines.iter().rev().take(most).cloned().collect()).unwrap_or_default()
    }

    fn oldest(&self) -> Option<SystemTime> {
        let lines = self.rooms.get(self.order.front()?)?;
        lines.front().map(|line| line.at)
    }

    fn drop_oldest(&mut self) {
        let Some(room) = self.order.pop_front() else { return };
        if let Some(lines) = self.rooms.get_mut(&room) {
            lines.pop_front();
            if lines.is_empty() {
                self.rooms.remove(&room);
            }
        }
    }
}

/// Who waits for something to be stored, and what has become of it: to be called without a lock.
pub type Untold = Option<(OnStored, Stored)>;

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::room::policy::Deed;

    fn line(by: &str, at: SystemTime) -> Audit {
        Audit { at, by: by.into(), deed: Deed::Kick, to: None, detail: None }
    }

    #[test]
    fn an_audit_log_keeps_the_newest_lines_of_each_room_and_none_that_is_too_old() {
        let room = |code: &str| RoomCode::parse(code, 64).unwrap();
        let (mut audits, now) = (Audits::default(), SystemTime::now());
        audits.add(room("old"), line("x", now - AUDIT_AGE - Duration::from_secs(1)));
        assert_eq!(audits.newest(&room("old"), 9), []);
        for number in 0..MOST_AUDITS + 5 {
            audits.add(room("one"), line(&number.to_string(), now));
            audits.add(room("two"), line("y", now));
        }
        let newest = audits.newest(&room("one"), usize::MAX);
        assert_eq!((newest.len(), &*newest[0].by, &*newest[999].by), (1000, "1004", "5"));
        assert_eq!(audits.order.len(), 2 * MOST_AUDITS);
        assert_eq!(audits.newest(&room("one"), 2).len(), 2);
    }
}
