//! The webhooks of a room: where programs are told what happens there. They are a part of the room's policy, so every store
//! keeps them; how far each has come is [`crate::delivery`]. Pure: the time is passed in.

mod id;
mod secret;
pub(in crate::room) mod stored;

use std::time::{Duration, SystemTime};

pub use id::{HookId, NotAHookId};
pub use secret::Secret;

use super::policy::NotDone;

/// The most that a room has.
pub const MOST_HOOKS: usize = 8;
/// What a receiver knew before goes on being signed with for so long.
const BEFORE: Duration = Duration::from_secs(24 * 3600);

/// Where a program is told what happens in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Tells it from others of its room.
    pub id: HookId,
    /// Where it is told. What else is in the address than its host may be secret.
    pub url: Box<str>,
    /// What it is told.
    pub tells: Tells,
    /// What is signed with.
    pub secret: Secret,
    /// The secret before that, and until when it is signed with too.
    pub before: Option<(Secret, SystemTime)>,
    /// Who made it.
    pub by: Box<str>,
    /// When.
    pub at: SystemTime,
}

/// What a program is told; never nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// What is said, and what becomes of alerts.
    All,
    /// What is said, the words of alerts with it.
    Messages,
    /// What becomes of alerts.
    Alerts,
}

/// What becomes of webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is one more.
    Add(Box<Hook>),
    /// One is removed.
    Remove(HookId),
    /// One gets another secret; the one before is signed with for a day too.
    Change(HookId, Secret),
}

/// The webhooks of a room, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks(Vec<Hook>);

impl Tells {
    /// Whether what is said.
    #[must_use]
    pub fn messages(self) -> bool {
        self != Self::Alerts
    }

    /// Whether what becomes of alerts.
    #[must_use]
    pub fn alerts(self) -> bool {
        self != Self::Messages
    }
}

impl Hook {
    /// What is signed with at `now`; the newest first.
    pub fn secrets(&self, now: SystemTime) -> impl Iterator<Item = &Secret> {
        let before = self.before.as_ref().filter(move |(_, until)| *until > now).map(|(secret, _)| secret);
        std::iter::once(&self.secret).chain(before)
    }
}

impl Hooks {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Hook] {
        &self.0
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: HookId) -> Option<&Hook> {
        self.0.iter().find(|hook| hook.id == id)
    }

    /// Takes a step, at `now`.
    ///
    /// # Errors
    /// If it cannot be taken.
    pub(super) fn take(&mut self, step: &Step, now: SystemTime) -> Result<(), NotDone> {
        match step {
            // A step that is taken again changes nothing.
            Step::Add(hook) if self.get(hook.id).is_some() => {}
            Step::Add(hook) => {
                if self.0.len() >= MOST_HOOKS {
                    return Err(NotDone::TooManyHooks);
                }
                self.0.push((**hook).clone());
            }
            Step::Remove(id) => {
                self.get(*id).ok_or(NotDone::NoSuchHook)?;
                self.0.retain(|hook| hook.id != *id);
            }
            Step::Change(id, secret) => {
                let hook = self.0.iter_mut().find(|hook| hook.id == *id).ok_or(NotDone::NoSuchHook)?;
                if hook.secret != *secret {
                    let before = std::mem::replace(&mut hook.secret, secret.clone());
                    hook.before = now.checked_add(BEFORE).map(|until| (before, until));
                }
            }
        }
        Ok(())
    }

    /// About how many bytes they take in memory, besides their own.
    pub(super) fn size(&self) -> usize {
        self.0.iter().map(|hook| 2 * size_of::<Hook>() + hook.url.len() + hook.by.len()).sum()
    }
}

#[cfg(test)]
mod tests;
