//! Part of what was said in a room, for whoever asks for it.

use super::{Admitted, Rooms};
use crate::log::{Gap, Page, Query, ReadError, Start};
use alert_core::access::{Denied, Principal};
use alert_core::event::RoomEvent;
use alert_core::position::Position;
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
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Rooms {
    /// Reads at most `limit` messages of a room.
    ///
    /// # Errors
    /// If `who` may not read it, or the store fails.
    pub async fn history(
        &self,
        who: &Principal,
        room: &Admitted,
        wanted: Wanted,
        limit: usize,
    ) -> Result<History, HistoryError> {
        let mut reader = self.catch_up(who, room)?;
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
