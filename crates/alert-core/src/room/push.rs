//! Web Push: where a device of somebody in a room is told of alerts while its page is closed. Pure: the time is passed in,
//! and nothing is sent here.

mod quiet;
mod stored;
mod subscription;

use std::time::{Duration, SystemTime};

pub use quiet::{NotQuietHours, QuietHours};
pub use stored::NotADevice;
pub use subscription::{DeviceId, NotASubscription, Subscription};

use super::alerts::Level;
use super::policy::{Policy, Visitor};
use crate::access::{Revoked, Subject, TokenId};
use crate::names::UserName;

/// The devices of one person in a room: the one that was renewed longest ago goes.
pub const MOST_OF_PERSON: usize = 5;
/// The devices of all people of a room.
pub const MOST_OF_ROOM: usize = 5_000;
/// A device is told for so long after its page was in the room.
pub const AGE: Duration = Duration::from_secs(60 * 24 * 3600);

/// A device of somebody who was let into a room, and wants to be told of its alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Who they are there.
    pub name: UserName,
    /// Where the device is told.
    pub subscription: Subscription,
    /// When only an emergency disturbs them.
    pub quiet: Option<QuietHours>,
    /// The revision of the room's policy under which they were there last.
    pub entered: u64,
    /// They were a host then.
    pub is_host: bool,
    /// The token that let them in, if it takes one.
    pub token: Option<Shown>,
    /// When they were there last.
    pub renewed: SystemTime,
}

/// What is known of a token, so that it lets nobody be told who is let in no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whose it is.
    pub subject: Subject,
    /// Which one.
    pub id: TokenId,
    /// When it ends.
    pub expires: SystemTime,
}

impl Device {
    /// Whether they may still be told what everybody in the room is told.
    #[must_use]
    pub fn may_hear(&self, policy: &Policy, revoked: &[Revoked], now: SystemTime) -> bool {
        let is_old = self.renewed.checked_add(AGE).is_some_and(|end| end <= now);
        let has_token = |token: &Shown| {
            let is_revoked = revoked.iter().any(|one| match one {
                Revoked::Subject(subject) => *subject == token.subject,
                Revoked::Token(id) => *id == token.id,
            });
            token.expires > now && !is_revoked
        };
        let visitor = Visitor {
            name: Some(&self.name),
            // Whoever has the key now is known only when they are there.
            is_host: self.is_host && policy.closed,
            ..Visitor::default()
        };
        !is_old
            && self.token.as_ref().is_none_or(has_token)
            && policy.may_stay(&visitor, self.entered, now).is_ok()
    }

    /// Whether something of this level disturbs them now.
    #[must_use]
    pub fn is_disturbed_by(&self, level: Level, now: SystemTime) -> bool {
        level == Level::Emergency || !self.quiet.as_ref().is_some_and(|quiet| quiet.holds(now))
    }
}

#[cfg(test)]
mod tests;
