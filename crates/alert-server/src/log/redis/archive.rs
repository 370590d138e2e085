//! The history in Redis as a command uses it, beside the servers that share it.

use super::{ConnectError, OpenError, Shared, Unavailable};
use crate::config::{History, HistoryKind};
use crate::log::{Backend, Page, Query, ReadError, Revocation, Start, random_run};
use alert_core::names::RoomCode;
use redis::from_redis_value;
use std::sync::mpsc;

/// The history that several servers share.
pub struct Archive(Shared);

/// Why a command cannot do its work in Redis.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// No Redis is set.
    #[error("it is not said where Redis is: set redis")]
    NoRedis,
    /// It cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It does not answer.
    #[error("Redis does not answer: {0}")]
    Read(#[from] ReadError),
    /// It does not answer either.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl ArchiveError {
    /// Whether there is no way to Redis, or no answer from it.
    pub fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::Open(OpenError::Connect(ConnectError::Away(..) | ConnectError::Tls(..)))
                | Self::Read(_)
                | Self::Unavailable(_)
        )
    }
}

impl Archive {
    /// Connects.
    ///
    /// # Errors
    /// If Redis cannot be used.
    pub fn open(history: &History) -> Result<Self, ArchiveError> {
        let settings = history.redis.clone().ok_or(ArchiveError::NoRedis)?;
        Ok(Self(Shared::open(settings, random_run(), history.retention(HistoryKind::Redis))?))
    }

    /// Reads a page. What is read backwards has as many messages as were asked for, whatever their size.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub fn page(&self, room: &RoomCode, query: Query) -> Result<Page, ArchiveError> {
        let mut page = self.part(room, query)?;
        while query.start.is_backwards() && page.more && page.messages.len() < query.limit {
            let Some(first) = page.messages.first() else { break };
            let (start, limit) = (Start::Before(first.position), query.limit - page.messages.len());
            let Page { messages, more, .. } = self.part(room, Query { start, limit })?;
            page.messages = messages.iter().chain(&*page.messages).cloned().collect();
            page.more = more && !messages.is_empty();
        }
        Ok(page)
    }

    fn part(&self, room: &RoomCode, query: Query) -> Result<Page, ReadError> {
        let (tell, told) = mpsc::channel();
        self.0.read(room.clone(), query, Box::new(move |page| _ = tell.send(page)));
        told.recv().unwrap_or(Err(ReadError::Failed))
    }

    /// Takes tokens back, on every server.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub fn revoke(&self, new: &Revocation) -> Result<(), ArchiveError> {
        let (tell, told) = mpsc::channel();
        self.0.put_revoked(new, move |answer| _ = tell.send(answer));
        told.recv().unwrap_or(Err(Unavailable))?;
        Ok(())
    }

    /// Which tokens have been taken back.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub fn revoked(&self) -> Result<Vec<Revocation>, ArchiveError> {
        let (tell, told) = mpsc::channel();
        self.0.all_revoked(move |revoked| _ = tell.send(revoked));
        Ok(told.recv().ok().flatten().ok_or(Unavailable)?)
    }

    /// Deletes what was said in a room, and gives how many messages that were.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub fn delete(&self, room: &RoomCode) -> Result<u64, ArchiveError> {
        let (tell, told) = mpsc::channel();
        self.0.call("forget", self.0.0.keys.of(room), Vec::new(), move |answer| _ = tell.send(answer));
        let answer = told.recv().ok().and_then(Result::ok).ok_or(ReadError::Failed)?;
        Ok(from_redis_value(answer).map_err(|_| ReadError::Failed)?)
    }
}
