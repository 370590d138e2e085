//! Part of what was said in a room, for whoever asks for it.

use super::{Admitted, Refused, Rooms, Visit};
use crate::log::{Gap, Page, Query, ReadError, Start};
use alert_core::access::Denied;
use alert_core::event::RoomEvent;
use alert_core::position::Position;
use alert_core::room::policy::Shown;
use alert_core::since::Since;
use std::{sync::Arc, time::SystemTime};

/// Which part is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What came after a place or a time.
    Since(Since),
    /// What came just before a place.
    Before(Position),
}

/// Part of what was said in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The messages, oldest first.
    pub messages: Arc<[Arc<RoomEvent>]>,
    /// The position of the last of them; if there are none, the place that was asked for, or where the room stands.
    pub position: Position,
    /// What is missing before the first of them.
    pub gap: Option<Gap>,
    /// There is more: before the first, if a number of messages or what came before a place was wanted; otherwise after
    /// the last.
    pub more: bool,
}

/// Why there is no history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// A right is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The room's hosts do not allow it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Rooms {
    /// Reads at most `limit` messages of a room, for somebody who is in it, or shows this at its door.
    ///
    /// # Errors
    /// If the right is missing, or the store fails.
    pub async fn history(
        &self,
        room: &Admitted,
        shown: Option<&Shown>,
        wanted: Wanted,
        limit: usize,
    ) -> Result<History, HistoryError> {
        let mut reader = self.catch_up(room)?;
        reader.ready().await.map_err(|_| ReadError::Failed)?;
        if let Some(shown) = shown {
            reader.let_in(Visit::Look, shown).await?;
        } else {
            reader.is_of_one_inside();
        }
        let Page { messages, gap, more } = match wanted.query(limit) {
            Some(query) => reader.page(query).await?,
            None => Page::default(),
        };
        let asked = match wanted {
            Wanted::Since(Since::Position(position)) | Wanted::Before(position) if gap.is_none() => {
                Some(position)
            }
            _ => None,
        };
        let last = messages.last().map(|message| message.position);
        let position = last.or(asked).unwrap_or_else(|| reader.position());
        Ok(History { messages, position, gap, more })
    }
}

impl Wanted {
    /// What has to be read for it, if anything.
    pub fn query(self, limit: usize) -> Option<Query> {
        let (start, limit) = match self {
            Self::Before(position) => (Start::Before(position), limit),
            Self::Since(Since::Position(position)) => (Start::After(position), limit),
            Self::Since(Since::All) => (Start::Oldest, limit),
            Self::Since(Since::Nothing | Since::Last(0)) => return None,
            Self::Since(Since::Last(number)) => (Start::Newest, number.min(limit)),
            Self::Since(Since::Ago(time)) => {
                let since = SystemTime::now().checked_sub(time);
                (Start::Time(since.unwrap_or(SystemTime::UNIX_EPOCH)), limit)
            }
        };
        Some(Query { start, limit })
    }
}
