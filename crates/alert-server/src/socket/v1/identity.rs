//! Who speaks: as the credential says, or else the web session, or the body (docs/protocol-v1.md, "Identity").

use super::V1;
use crate::socket::credential::Credential;
use crate::socket::recovery::Place;
use alert_core::access::Principal;
use alert_core::names::{RoomCode, UserName};
use alert_core::room::policy::Password;
use alert_core::wire::v1::{Joined, Refusal, Speaker};

impl V1<'_> {
    /// Finds out who joins which room.
    pub(super) fn identify(
        &self,
        credential: Option<&Credential>,
        joined: Joined,
    ) -> Result<(Principal, UserName, RoomCode, Option<Password>), Refusal> {
        match (joined, credential) {
            (Joined::Headless { name, room, password }, Some(credential)) => {
                let name = credential.name().cloned().unwrap_or(name);
                Ok((credential.who().clone(), name, room, password))
            }
            (Joined::Headless { name, room, password }, None) => {
                Ok((self.access.anybody(), name, room, password))
            }
            // A token says who it is, and needs no web session for that.
            (Joined::Session { room, password }, Some(credential)) => {
                let name = credential.name().cloned().ok_or_else(Refusal::not_logged_in)?;
                let room = room.ok_or_else(Refusal::not_logged_in)?;
                Ok((credential.who().clone(), name, room, password))
            }
            (Joined::Session { room, password }, None) => {
                let session = self.session.ok_or_else(Refusal::not_logged_in)?;
                let login = match room {
                    Some(room) => session.name_in(&room).map(|name| (room, name)),
                    None => session.last().map(|(room, name)| (room.clone(), name)),
                };
                let (room, name) = login.ok_or_else(Refusal::not_logged_in)?;
                Ok((self.access.logged_in(name.clone()), name.clone(), room, password))
            }
        }
    }

    /// The name on an event. If a credential fixed it, the body cannot change it.
    pub(super) fn speaker(&self, seat: &Place, speaker: Speaker<'_>) -> Result<UserName, Refusal> {
        if seat.is_named {
            return Ok(seat.presence.name().clone());
        }
        speaker.or_joined(seat.presence.name(), self.limits)
    }
}
