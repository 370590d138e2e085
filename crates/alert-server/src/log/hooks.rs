//! How far the webhooks of rooms have come, which server delivers for each, and their dead letters, as every store keeps
//! them: each passes `log/contract`. The webhooks themselves are in the policies of their rooms.

mod held;

use super::{Backend, Log};
use alert_core::names::RoomCode;
use alert_core::room::hooks::HookId;
pub(super) use held::{Held, InMemory, Row};
use std::time::Duration;
use tokio::sync::oneshot;

/// What is known of a webhook is kept for so long after it has changed last.
pub(super) const AGE: Duration = Duration::from_secs(90 * 24 * 3600);
/// A server that delivers for a webhook does so for as long as this, and says so again meanwhile.
pub const LEASE: Duration = Duration::from_secs(10);
/// The dead letters of a webhook. The oldest goes.
pub const MOST_LETTERS: usize = 20;
/// Those of all, except in Redis: the oldest of the webhook that gets one more goes.
pub(super) const MOST_IN_ALL: usize = 5000;

/// A webhook, and in which room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HookKey {
    /// The room.
    pub room: RoomCode,
    /// Which one of it.
    pub hook: HookId,
}

/// Something that could not be delivered: what it is known by, and what a deliverer knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Tells it from others of its webhook.
    pub id: Box<str>,
    /// The rest, as text.
    pub text: Box<str>,
}

/// Who delivers for a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This server, for [`LEASE`] from now on; and what was kept, if anything was.
    Yours(Option<String>),
    /// Another one.
    Anothers,
}

/// The store cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store cannot be reached at the moment: try again in a few seconds")]
pub struct HookError;

/// Called with who delivers.
pub type OnClaim = Box<dyn FnOnce(Result<Claim, HookError>) + Send>;
/// Called with how far a webhook has come, if that is known.
pub type OnLook = Box<dyn FnOnce(Result<Option<String>, HookError>) + Send>;
/// Called with whether something was kept.
pub type OnHookKept = Box<dyn FnOnce(Result<bool, HookError>) + Send>;
/// Called with dead letters, the oldest first.
pub type OnLetters = Box<dyn FnOnce(Result<Vec<Letter>, HookError>) + Send>;

/// What a store does with webhooks. Nothing here waits.
pub trait HookStore {
    /// Takes a webhook, unless another server has it, or says that this one goes on.
    fn claim(&self, of: &HookKey, done: OnClaim);

    /// Reads how far a webhook has come, whoever delivers.
    fn look(&self, of: &HookKey, done: OnLook);

    /// Keeps how far a webhook has come, and a dead letter, in one step; not if another server has it, or if it was forgotten.
    fn keep(&self, of: &HookKey, state: String, letter: Option<Letter>, done: OnHookKept);

    /// Reads the dead letters of a webhook.
    fn letters(&self, of: &HookKey, done: OnLetters);

    /// Changes a dead letter, or drops it; not if it is not there.
    fn put_letter(&self, of: &HookKey, id: &str, text: Option<Box<str>>, done: OnHookKept);

    /// Forgets all that is kept of a webhook.
    fn forget(&self, of: &HookKey);
}

impl Log {
    /// What is kept of webhooks, where anything is.
    fn hooks(&self) -> Result<&dyn HookStore, HookError> {
        self.backend().map(Backend::hooks).ok_or(HookError)
    }

    /// Takes a webhook for this server; see [`HookStore::claim`].
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn claim_hook(&self, of: &HookKey) -> Result<Claim, HookError> {
        let (tell, told) = oneshot::channel();
        self.hooks()?.claim(of, Box::new(|claim| drop(tell.send(claim))));
        told.await.unwrap_or(Err(HookError))
    }

    /// Reads how far a webhook has come, whoever delivers.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn look_at_hook(&self, of: &HookKey) -> Result<Option<String>, HookError> {
        let (tell, told) = oneshot::channel();
        self.hooks()?.look(of, Box::new(|found| drop(tell.send(found))));
        told.await.unwrap_or(Err(HookError))
    }

    /// Keeps how far a webhook has come; see [`HookStore::keep`].
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn keep_hook(
        &self,
        of: &HookKey,
        state: String,
        letter: Option<Letter>,
    ) -> Result<bool, HookError> {
        let (tell, told) = oneshot::channel();
        self.hooks()?.keep(of, state, letter, Box::new(|kept| _ = tell.send(kept)));
        told.await.unwrap_or(Err(HookError))
    }

    /// Reads the dead letters of a webhook, the oldest first.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn letters(&self, of: &HookKey) -> Result<Vec<Letter>, HookError> {
        let (tell, told) = oneshot::channel();
        self.hooks()?.letters(of, Box::new(|letters| drop(tell.send(letters))));
        told.await.unwrap_or(Err(HookError))
    }

    /// Changes a dead letter, or drops it. Says whether it was there.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn put_letter(
        &self,
        of: &HookKey,
        id: &str,
        text: Option<Box<str>>,
    ) -> Result<bool, HookError> {
        let (tell, told) = oneshot::channel();
        self.hooks()?.put_letter(of, id, text, Box::new(|put| _ = tell.send(put)));
        told.await.unwrap_or(Err(HookError))
    }

    /// Forgets all that is kept of a webhook.
    pub fn forget_hook(&self, of: &HookKey) {
        if let Ok(hooks) = self.hooks() {
            hooks.forget(of);
        }
    }
}
