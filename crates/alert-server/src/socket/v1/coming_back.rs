//! A client that was lost and joins again: it waits until the log has been read, and then gets its entering, what it
//! missed, and what is live, in this order.

use crate::rooms::{Admitted, CatchUp, Missed, Presence, Replay, Returning, Rooms, Suspect};
use alert_core::access::{Denied, Principal};
use alert_core::event::RoomEvent;
use alert_core::names::UserName;
use alert_core::room::{Before, ClientKey};
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
    client: ClientKey,
    /// What its old connection did not receive, once that is known.
    pub(super) returning: Option<Returning>,
    /// When the oldest message was said that it has been given.
    pub(super) given: Option<SystemTime>,
    /// The ack of its `joined`, if that waits for one.
    pub(super) ack: Option<AckId>,
    found: oneshot::Receiver<Found>,
    tries: u32,
}

/// A client that may have been in the room before.
pub(super) enum Came {
    /// It was lost.
    Lost(Returning),
    /// One of these may be its old connection, half open.
    Beside(Vec<Suspect>),
}

/// What the log has for it.
enum Found {
    /// It is new, as far as anybody knows.
    New,
    Back(Box<(Returning, CatchUp, Replay)>),
}

/// What has become of it.
pub(super) enum Progress {
    Waits(Box<ComingBack>),
    Done(Box<ComingBack>, Result<Presence, Denied>),
}

impl Came {
    /// Whether somebody who comes into a room has been there before; nothing, where they are certainly new.
    pub(super) fn back(rooms: &Rooms, room: &Admitted, name: &UserName, client: ClientKey) -> Option<Self> {
        let suspects = rooms.suspects(room, name, client);
        if suspects.is_empty() || rooms.has_lost(room, name, client) {
            return rooms.been_away(room, name, client).map(Self::Lost);
        }
        Some(Self::Beside(suspects))
    }
}

impl ComingBack {
    /// Begins to look for what the client missed. It is not read from until it is in the room.
    pub(super) fn begin(
        socket: &Socket<'_>,
        rooms: &Rooms,
        (who, room, name): (Principal, Admitted, UserName),
        client: ClientKey,
        came: Came,
        ack: Option<AckId>,
    ) -> Box<Self> {
        socket.pause();
        let (returning, suspects) = match came {
            Came::Lost(returning) => (Some(returning), Vec::new()),
            Came::Beside(suspects) => (None, suspects),
        };
        let (_, found) = oneshot::channel();
        let mut this = Self { who, room, name, client, returning, given: None, ack, found, tries: 1 };
        this.look(socket, rooms, suspects);
        Box::new(this)
    }

    /// The socket was woken.
    pub(super) fn go_on(mut self: Box<Self>, socket: &Socket<'_>, rooms: &Rooms) -> Progress {
        let connection = (socket.hub(), socket.connection());
        match self.found.try_recv() {
            Err(TryRecvError::Empty) => return Progress::Waits(self),
            Err(TryRecvError::Closed) | Ok(Found::New) => {}
            Ok(Found::Back(back)) => {
                let (returning, reader, replay) = *back;
                self.returning = Some(returning);
                self.given = replay.oldest();
                let (time, heard) = (self.time(), returning.doubt.entered);
                let greet =
                    |entered, missed: Missed<'_>| socket.send(greeting(time, entered, replay, &missed));
                if let Ok(presence) = reader.come_back(connection, Form::V1, &self.name, heard, greet) {
                    return Progress::Done(self, Ok(presence));
                }
                if self.tries < TRIES {
                    self.tries += 1;
                    self.look(socket, rooms, Vec::new());
                    return Progress::Waits(self);
                }
            }
        }
        let entered = rooms.enter(&self.who, connection, Form::V1, &self.room, &self.name);
        if entered.is_ok() && self.returning.is_some() {
            let away = Away { time: self.time(), messages: 0, before: Before::Unknown };
            // Behind its entering, which is on its way there too.
            socket.hub().send(socket.connection(), Notice::away(away).packet().into());
        }
        Progress::Done(self, entered)
    }

    fn time(&self) -> Duration {
        let lost = self.returning.map(|returning| returning.doubt.at);
        lost.map_or(Duration::ZERO, |lost| Instant::now().saturating_duration_since(lost))
    }

    /// Its connection has ended too.
    pub(super) fn give_up(mut self, rooms: &Rooms) {
        let returning = match self.found.try_recv() {
            Ok(Found::Back(back)) => Some(back.0),
            _ => self.returning,
        };
        if let Some(returning) = returning {
            rooms.still_away(&self.room, &self.name, returning);
        }
    }

    /// Looks for what it missed, if it is not known yet, and has the log read; the socket is woken then.
    fn look(&mut self, socket: &Socket<'_>, rooms: &Rooms, suspects: Vec<Suspect>) {
        let (tell, found) = oneshot::channel();
        self.found = found;
        let (who, room, name, client) = (self.who.clone(), self.room.clone(), self.name.clone(), self.client);
        let (known, rooms, waker) = (self.returning, rooms.clone(), socket.waker());
        rooms.runtime().clone().spawn(async move {
            let returning = match known {
                Some(returning) => Some(returning),
                None => match rooms.silent(&room, &name, client, suspects, waker.hub()).await {
                    Some(returning) => Some(returning),
                    // Perhaps it has been lost meanwhile.
                    None => rooms.been_away(&room, &name, client),
                },
            };
            let found = match returning {
                None => Ok(Found::New),
                Some(returning) => {
                    let missed = rooms.missed(&who, &room, &returning.doubt).await;
                    missed.map(|(reader, replay)| Found::Back(Box::new((returning, reader, replay))))
                }
            };
            // Whoever has gone meanwhile hears nothing.
            let untold = found.ok().and_then(|found| tell.send(found).err());
            if let Some(Found::Back(back)) = untold
                && known.is_none()
            {
                rooms.still_away(&room, &name, back.0);
            }
            waker.wake();
        });
    }
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
