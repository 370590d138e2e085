//! The door of a room with hosts, or of one that several servers share: a client is looked at elsewhere before it is let
//! in, and again when the room's policy changes.

use super::{Member, Outcome, V1};
use crate::rooms::{Admitted, Refused, Visit};
use alert_core::names::UserName;
use alert_core::room::policy::Shown;
use alert_core::wire::v1::Notice;
use socketio_server::{AckId, Socket};
use tokio::sync::oneshot::{self, error::TryRecvError};

/// A client that wants to come into a room with hosts. It stays where it is until it is let in.
pub(super) struct AtTheDoor {
    is_named: bool,
    name: UserName,
    shown: Shown,
    ack: Option<AckId>,
    outcome: oneshot::Receiver<Result<Admitted, Refused>>,
}

impl V1<'_> {
    /// Has somebody looked at who wants to come into a room.
    pub(super) fn look_at(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        mut room: Admitted,
        (is_named, name, shown): (bool, UserName, Shown),
        ack: Option<AckId>,
    ) {
        let (tell, outcome) = oneshot::channel();
        let (rooms, waker) = (self.rooms.clone(), socket.waker());
        let (asked, by) = (shown.clone(), name.clone());
        self.rooms.runtime().spawn(async move {
            let looked = rooms.let_in(&mut room, Visit::Enter(&by), &asked).await;
            let _ = tell.send(looked.map(|()| room));
            waker.wake();
        });
        socket.pause();
        member.at_the_door = Some(Box::new(AtTheDoor { is_named, name, shown, ack, outcome }));
    }

    /// Goes on with somebody who has been looked at.
    pub(super) fn go_on_at_the_door(&self, socket: &Socket<'_>, member: &mut Member) {
        let Some(mut door) = member.at_the_door.take() else { return };
        let outcome = match door.outcome.try_recv() {
            Err(TryRecvError::Empty) => {
                member.at_the_door = Some(door);
                return;
            }
            Err(TryRecvError::Closed) => Err(Refused::Unavailable),
            Ok(outcome) => outcome,
        };
        socket.resume();
        let AtTheDoor { is_named, name, shown, ack, .. } = *door;
        let result = match outcome {
            Ok(room) => self.come_in(socket, member, room, (is_named, name, shown), ack),
            Err(refused) => Err(refused.into()),
        };
        match (ack, result) {
            (Some(_), Ok(Outcome::AnsweredLater)) => {}
            // Behind what it has been sent through the hub.
            (Some(id), result) => socket.ack_later(id).send(&member.acknowledge(result).arguments()),
            (None, result) => self.answer(socket, member, None, result),
        }
    }

    /// Whoever may not be in the room any more is told so, and is out of it.
    pub(super) fn look_again(&self, socket: &Socket<'_>, member: &mut Member) {
        let Some(Err(why)) = member.seat.as_ref().map(|seat| seat.presence.may_stay()) else { return };
        let Some(presence) = self.give_up(socket, member) else { return };
        presence.put_out(self.rooms, why, self.address);
        socket.hub().send(socket.connection(), Notice::put_out(why).packet().into());
    }
}
