//! Who a connection speaks for: fixed at `joined` (docs/protocol-v1.md, "Identity").

use crate::web::WebSession;
use alert_core::names::{RoomCode, UserName};
use alert_core::wire::v1::{Joined, Limits, Refusal, Speaker};

/// Where a joined connection's name comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// From the body of its events.
    Headless,
    /// From the web session; no body changes it.
    Web,
}

impl Identity {
    /// Finds out who joins which room.
    pub(super) fn of(
        joined: Joined,
        session: Option<&WebSession>,
    ) -> Result<(Self, UserName, RoomCode), Refusal> {
        match joined {
            Joined::Headless { name, room } => Ok((Self::Headless, name, room)),
            Joined::Session { room } => {
                let session = session.ok_or_else(Refusal::not_logged_in)?;
                let login = match room {
                    Some(room) => session.name_in(&room).map(|name| (room, name)),
                    None => session.last().map(|(room, name)| (room.clone(), name)),
                };
                let (room, name) = login.ok_or_else(Refusal::not_logged_in)?;
                Ok((Self::Web, name.clone(), room))
            }
        }
    }

    /// The name on an event of a connection that joined as `joined`.
    pub(super) fn speaker(
        self,
        speaker: Speaker<'_>,
        joined: &UserName,
        limits: &Limits,
    ) -> Result<UserName, Refusal> {
        match self {
            Self::Headless => speaker.or_joined(joined, limits),
            Self::Web => Ok(joined.clone()),
        }
    }
}
