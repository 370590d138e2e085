//! A client that cannot come into its room at once. One that was lost waits until the log has been read, and then comes in
//! with its entering, what it missed, and what is live, in this order. In a room that several servers share, everybody
//! waits until the others know of it.

use crate::rooms::{Admitted, CatchUp, Missed, Presence, Refused, Replay, Returning, Rooms};
use alert_core::access::Principal;
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
    /// What the lost connection did not receive, if one was lost.
    pub(super) returning: Option<Returning>,
    /// When the oldest message was said that it has been given.
    pub(super) given: Option<SystemTime>,
    /// The ack of its `joined`, if that waits for one.
    pub(super) ack: Option<AckId>,
    read: oneshot::Receiver<Result<(CatchUp, Replay), Refused>>,
    tries: u32,
}

/// What has become of it.
pub(super) enum Progress {
    Waits(Box<ComingBack>),
    Done(Box<ComingBack>, Result<Presence, Refused>),
}

impl ComingBack {
    /// Begins to read what the client missed. It is not read from until it is in the room.
    pub(super) fn begin(
        socket: &Socket<'_>,
        rooms: &Rooms,
        (who, room, name): (Principal, Admitted, UserName),
        returning: Option<Returning>,
        ack: Option<AckId>,
    ) -> Box<Self> {
        socket.pause();
        let doubt = returning.map(|returning| returning.doubt);
        let read = read(socket, rooms, (&who, &room, &name), doubt);
        Box::new(Self { who, room, name, returning, given: None, ack, read, tries: 1 })
    }

    /// The socket was woken.
    pub(super) fn go_on(mut self: Box<Self>, socket: &Socket<'_>, rooms: &Rooms, form: Form) -> Progress {
        let connection = (socket.hub(), socket.connection());
        let doubt = self.returning.map(|returning| returning.doubt);
        match self.read.try_recv() {
            Err(TryRecvError::Empty) => return Progress::Waits(self),
            Err(TryRecvError::Closed) => {}
            Ok(Err(refused)) => return Progress::Done(self, Err(refused)),
            Ok(Ok((reader, replay))) => {
                let presence = match doubt {
                    Some(doubt) => {
                        let time = Instant::now().saturating_duration_since(doubt.at);
                        self.given = replay.oldest();
                        let greet = |entered, missed: Missed<'_>| {
                            socket.send(greeting(time, entered, replay, &missed))
                        };
                        reader.come_back(connection, form, &self.name, doubt.entered, greet)
                    }
                    None => reader.enter_now(connection, form, &self.name),
                };
                if let Ok(presence) = presence {
                    return Progress::Done(self, Ok(presence));
                }
                if self.tries < TRIES {
                    self.tries += 1;
                    self.read = read(socket, rooms, (&self.who, &self.room, &self.name), doubt);
                    return Progress::Waits(self);
                }
            }
        }
        if rooms.are_shared() {
            return Progress::Done(self, Err(Refused::Unavailable));
        }
        let entered = rooms.enter(&self.who, connection, form, &self.room, &self.name).map_err(Refused::from);
        if let (Ok(_), Some(doubt)) = (&entered, doubt) {
            let time = Instant::now().saturating_duration_since(doubt.at);
            let away = Away { time, messages: 0, before: Before::Unknown };
            // Behind its entering, which is on its way there too.
            socket.hub().send(socket.connection(), Notice::away(away).packet().into());
        }
        Progress::Done(self, entered)
    }

    /// Its connection has ended too.
    pub(super) fn give_up(self, rooms: &Rooms) {
        if let Some(returning) = self.returning {
            rooms.still_away(&self.room, &self.name, returning);
        }
    }
}

/// Has the log read. The socket is woken when that is done.
fn read(
    socket: &Socket<'_>,
    rooms: &Rooms,
    (who, room, name): (&Principal, &Admitted, &UserName),
    doubt: Option<Doubt>,
) -> oneshot::Receiver<Result<(CatchUp, Replay), Refused>> {
    let (tell, read) = oneshot::channel();
    let (who, room, name, waker) = (who.clone(), room.clone(), name.clone(), socket.waker());
    let rooms_there = rooms.clone();
    rooms.runtime().spawn(async move {
        let prepare = async {
            let (mut reader, replay) = match doubt {
                Some(doubt) => rooms_there.missed(&who, &room, &doubt).await?,
                None => (rooms_there.catch_up(&who, &room)?, Replay::nothing()),
            };
            reader.ready().await?;
            reader.announce(&name).await?;
            Ok((reader, replay))
        };
        // Whoever has gone meanwhile hears nothing.
        let _ = tell.send(prepare.await);
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
