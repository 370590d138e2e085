//! Tokens that have been taken back, until none of them can count any more.

use super::Log;
use alert_core::access::Revoked;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// Something that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// What.
    pub what: Revoked,
    /// It is forgotten then.
    pub until: SystemTime,
}

/// For how long it is remembered where nothing says when it ends: longer than a token should count.
pub const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

impl Revocation {
    /// Of something that ends by itself at `expires`, for `lasting` if that is said. Zero undoes it.
    pub fn new(
        what: Revoked,
        expires: Option<SystemTime>,
        lasting: Option<Duration>,
        now: SystemTime,
    ) -> Self {
        let until = match lasting {
            Some(Duration::ZERO) => UNIX_EPOCH,
            Some(lasting) => now + lasting,
            None => expires.unwrap_or(now + YEAR),
        };
        Self { what, until }
    }
}

impl Log {
    /// Which tokens have been taken back; nothing where the store failed.
    pub async fn revoked(&self) -> Option<Vec<Revocation>> {
        let Some(backend) = self.backend() else { return Some(Vec::new()) };
        let (tell, told) = oneshot::channel();
        backend.revoked(Box::new(|revoked| drop(tell.send(revoked))));
        told.await.ok().flatten()
    }

    /// Takes tokens back, on every server that shares the store.
    ///
    /// # Errors
    /// If they would count again later.
    pub async fn revoke(&self, new: Revocation) -> Result<(), RevokeError> {
        let backend = self.backend().ok_or(RevokeError::Nowhere)?;
        let (tell, told) = oneshot::channel();
        backend.revoke(new, Box::new(|done| _ = tell.send(done)));
        told.await.unwrap_or(Err(RevokeError::Failed))
    }
}

/// Why nothing was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
    /// The store would forget it with the process.
    #[error(
        "this server keeps nothing on disk (history is memory or off) and would forget this when it restarts: change the \
         key of the tokens (--token-keys) instead"
    )]
    Nowhere,
    /// The store cannot be written.
    #[error("the store of the history cannot be written")]
    Failed,
}

/// Called when something has been taken back, or could not be.
pub type OnPut = Box<dyn FnOnce(Result<(), RevokeError>) + Send>;

/// Called with all that is taken back; nothing where the store failed.
pub type OnRevoked = Box<dyn FnOnce(Option<Vec<Revocation>>) + Send>;

/// More of them than this are not asked for at a time: those that are forgotten last count.
pub(super) const MOST: usize = 100_000;
