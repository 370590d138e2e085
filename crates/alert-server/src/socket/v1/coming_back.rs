//! A client that was lost and joins again: it waits until the log has been read, and then gets its entering, what it
//! missed, and what is live, in this order.

use crate::rooms::{Admitted, CatchUp, Missed, Presence, Replay, Returning, Rooms};
use alert_core::access::{Denied, Principal};
use alert_core::event::RoomEvent;
use alert_core::names::UserName;
use alert_core::room::{Before, Doubt};
use alert_core::wire::Form;
use alert_core::wire::v1::{Away, Notice};
use socketio_server::{AckId, Publication, Socket};
use std::{
    iter,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::oneshot::{self, error::TryRecvError};

/// How often the log is read again if too much was said meanwhile.
const TRIES: u32 = 5;

/// A client on its way into a room.
pub(super) struct ComingBack {
    pub(super) who: Principal,
    pub(super) room: Admitted,
    pub(super) name: UserName,
    /// What the lost connection did not receive.
    pub(super) returning: Returning,
    /// When the oldest message was said that it was given.
    pub(super) given: Option<SystemTime>,
    /// The ack of its `joined`, if that waits for one.
    pub(super) ack: Option<AckId>,
    read: oneshot::Receiver<(CatchUp, Replay)>,
    tries: u32,
}

/// What has become of it.
pub(super) enum Progress {
    Waits(Box<ComingBack>),
    Done(Box<ComingBack>, Result<Presence, Denied>),
}

impl ComingBack {
    /// Begins to read what the client missed. It is not read from until it is in the room.
    pub(super) fn begin(
        socket: &Socket<'_>,
        rooms: &Rooms,
        (who, room, name): (Principal, Admitted, UserName),
        returning: Returning,
        ack: Option<AckId>,
    ) -> Box<Self> {
        socket.pause();
        let read = read(socket, rooms, &who, &room, returning.doubt);
        Box::new(Self { who, room, name, returning, given: None, ack, read, tries: 1 })
    }

    /// The socket was woken.
    pub(super) fn go_on(mut self: Box<Self>, socket: &Socket<'_>, rooms: &Rooms) -> Progress {
        let connection = (socket.hub(), socket.connection());
        let time = Instant::now().saturating_duration_since(self.returning.doubt.at);
        match self.read.try_recv() {
            Err(TryRecvError::Empty) => return Progress::Waits(self),
            Err(TryRecvError::Closed) => {}
            Ok((reader, replay)) => {
                let heard = self.returning.doubt.entered;
                self.given = replay.oldest();
                let greet =
                    |entered, missed: Missed<'_>| socket.send(greeting(time, entered, replay, &missed));
                if let Ok(presence) = reader.come_back(connection, Form::V1, &self.name, heard, greet) {
                    return Progress::Done(self, Ok(presence));
                }
                if self.tries < TRIES {
                    self.tries += 1;
                    self.read = read(socket, rooms, &self.who, &self.room, self.returning.doubt);
                    return Progress::Waits(self);
                }
            }
        }
        let entered = rooms.enter(&self.who, connection, Form::V1, &self.room, &self.name);
        if entered.is_ok() {
            let away = Away { time, messages: 0, before: Before::Unknown };
            // Behind its entering, which is on its way there too.
            socket.hub().send(socket.connection(), Notice::away(away).packet().into());
        }
        Progress::Done(self, entered)
    }

    /// Its connection has ended too.
    pub(super) fn give_up(self, rooms: &Rooms) {
        rooms.still_away(&self.room, &self.name, self.returning);
    }
}

/// Has the log read. The socket is woken when that is done.
fn read(
    socket: &Socket<'_>,
    rooms: &Rooms,
    who: &Principal,
    room: &Admitted,
    doubt: Doubt,
) -> oneshot::Receiver<(CatchUp, Replay)> {
    let (tell, read) = oneshot::channel();
    let (who, room, waker) = (who.clone(), room.clone(), socket.waker());
    let reader = rooms.clone();
    rooms.runtime().spawn(async move {
        if let Ok(read) = reader.missed(&who, &room, &doubt).await {
            // The client may be gone by now.
            let _ = tell.send(read);
        }
        waker.wake();
    });
    read
}

/// What the client gets first. Made under the room's lock, and rendered later.
fn greeting(time: Duration, entered: Arc<RoomEvent>, mut replay: Replay, missed: &Missed<'_>) -> Publication {
    /// Its entering, and the status.
    const AROUND: usize = 512;
    replay.extend(missed.messages.iter().cloned());
    let (messages, before, bytes) = replay.into_parts();
    let away = Away { time, messages: messages.len(), before };
    Publication::later(AROUND + bytes, move || {
        let status = away.is_worth_telling().then(|| Notice::away(away));
        let messages = messages.iter().map(|message| Notice::of(message));
        iter::once(Notice::of(&entered)).chain(status).chain(messages).map(|notice| notice.packet()).collect()
    })
}
