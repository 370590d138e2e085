//! A client that cannot come into its room at once. One that was lost waits until the log has been read, and then gets
//! its entering, what it missed, and what is live, in this order. In a room that several servers share, everybody waits
//! until the others know of it.

use crate::rooms::{
    Admitted, CatchUp, Missed, NotLive, Presence, Refused, Replay, Returning, Rooms, Suspect, Visit,
};
use alert_core::event::RoomEvent;
use alert_core::names::UserName;
use alert_core::room::policy::Shown;
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
    pub(super) is_named: bool,
    pub(super) room: Admitted,
    pub(super) name: UserName,
    /// What it has shown at the door of a room that several servers share. Elsewhere it has been looked at before.
    shown: Shown,
    client: ClientKey,
    /// What its old connection did not receive, once that is known.
    pub(super) returning: Option<Returning>,
    /// When the oldest message was said that it has been given.
    pub(super) given: Option<SystemTime>,
    /// It may come back, to a room that several servers share.
    may_be_back: bool,
    /// The ack of its `joined`, if that waits for one.
    pub(super) ack: Option<AckId>,
    found: oneshot::Receiver<Result<Found, Refused>>,
    tries: u32,
}

/// A client that may have been in the room before.
pub(super) enum Came {
    /// It was lost.
    Lost(Returning),
    /// One of these may be its old connection, half open.
    Beside(Vec<Suspect>),
    /// In a room that several servers share it is new, if it recovers its state; otherwise that is known there.
    Shared { may_be_back: bool },
}

/// What the log has for it.
enum Found {
    /// It is new, as far as anybody knows. In a room that several servers share it has been announced.
    New(Option<Box<CatchUp>>),
    Back(Box<(Returning, CatchUp, Replay)>),
}

/// What has become of it.
pub(super) enum Progress {
    Waits(Box<ComingBack>),
    Done(Box<ComingBack>, Result<Presence, Refused>),
}

impl Came {
    /// Whether somebody who comes into a room has been there before; nothing, where they are certainly new.
    pub(super) fn back(rooms: &Rooms, room: &Admitted, name: &UserName, client: ClientKey) -> Option<Self> {
        if rooms.are_shared() {
            return Some(Self::Shared { may_be_back: true });
        }
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
        (is_named, room, name, shown): (bool, Admitted, UserName, Shown),
        client: ClientKey,
        came: Came,
        ack: Option<AckId>,
    ) -> Box<Self> {
        socket.pause();
        let (returning, suspects, may_be_back) = match came {
            Came::Lost(returning) => (Some(returning), Vec::new(), false),
            Came::Beside(suspects) => (None, suspects, false),
            Came::Shared { may_be_back } => (None, Vec::new(), may_be_back),
        };
        let (_, found) = oneshot::channel();
        let mut this = Self {
            is_named,
            room,
            name,
            shown,
            client,
            returning,
            given: None,
            may_be_back,
            ack,
            found,
            tries: 1,
        };
        this.look(socket, rooms, suspects);
        Box::new(this)
    }

    /// The socket was woken.
    pub(super) fn go_on(mut self: Box<Self>, socket: &Socket<'_>, rooms: &Rooms, form: Form) -> Progress {
        let connection = (socket.hub(), socket.connection());
        match self.found.try_recv() {
            Err(TryRecvError::Empty) => return Progress::Waits(self),
            Err(TryRecvError::Closed) | Ok(Ok(Found::New(None))) => {}
            Ok(Err(refused)) => return Progress::Done(self, Err(refused)),
            Ok(Ok(Found::New(Some(reader)))) => {
                match reader.enter_now(connection, form, &self.name) {
                    Ok(presence) => return Progress::Done(self, Ok(presence)),
                    Err(NotLive::Refused(refused)) => return Progress::Done(self, Err(refused)),
                    Err(NotLive::Behind(_)) => {}
                }
                if self.tries < TRIES {
                    self.tries += 1;
                    self.look(socket, rooms, Vec::new());
                    return Progress::Waits(self);
                }
            }
            Ok(Ok(Found::Back(back))) => {
                let (returning, reader, replay) = *back;
                let count = replay.count() as u64;
                self.returning = Some(returning);
                self.given = replay.oldest();
                let (time, heard) = (self.time(), returning.doubt.entered);
                let greet =
                    |entered, missed: Missed<'_>| socket.send(greeting(time, entered, replay, &missed));
                let since = SystemTime::now().checked_sub(time).unwrap_or(SystemTime::UNIX_EPOCH);
                match reader.come_back(connection, form, &self.name, (heard, since), greet) {
                    Ok(presence) => {
                        rooms.counts().replayed.add("rejoin", count);
                        return Progress::Done(self, Ok(presence));
                    }
                    Err(NotLive::Refused(refused)) => {
                        rooms.still_away(&self.room, &self.name, returning);
                        return Progress::Done(self, Err(refused));
                    }
                    Err(NotLive::Behind(_)) => {}
                }
                if self.tries < TRIES {
                    self.tries += 1;
                    self.look(socket, rooms, Vec::new());
                    return Progress::Waits(self);
                }
            }
        }
        if rooms.are_shared() {
            return Progress::Done(self, Err(Refused::Unavailable));
        }
        let entered = rooms.enter(connection, form, &self.room, &self.name);
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
            Ok(Ok(Found::Back(back))) => Some(back.0),
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
        let (room, name, client) = (self.room.clone(), self.name.clone(), self.client);
        let (known, rooms, waker) = (self.returning, rooms.clone(), socket.waker());
        let may_be_back = self.may_be_back;
        if rooms.are_shared() {
            let shown = self.shown.clone();
            rooms.runtime().clone().spawn(async move {
                // Of whoever has gone meanwhile, what is dropped here is taken back.
                let _ = tell
                    .send(look_elsewhere(&rooms, &room, &name, &shown, may_be_back.then_some(client)).await);
                waker.wake();
            });
            return;
        }
        rooms.runtime().clone().spawn(async move {
            let returning = match known {
                Some(returning) => Some(returning),
                None => match rooms.silent(&room, &name, client, suspects, waker.hub()).await {
                    Some(returning) => Some(returning),
                    // Perhaps it has been lost meanwhile.
                    None => rooms.been_away(&room, &name, client),
                },
            };
            let find = async {
                let Some(returning) = returning else { return Ok(Found::New(None)) };
                let _turn = rooms.turn().await;
                let mut reader = rooms.catch_up(&room)?;
                let replay = rooms.missed(&mut reader, &room, &returning.doubt).await;
                Ok(Found::Back(Box::new((returning, reader, replay))))
            };
            // Whoever has gone meanwhile hears nothing.
            if let Err(Ok(Found::Back(back))) = tell.send(find.await)
                && known.is_none()
            {
                rooms.still_away(&room, &name, back.0);
            }
            waker.wake();
        });
    }
}

/// Announces somebody in a room that several servers share, which knows what a client has missed that may be back.
async fn look_elsewhere(
    rooms: &Rooms,
    room: &Admitted,
    name: &UserName,
    shown: &Shown,
    client: Option<ClientKey>,
) -> Result<Found, Refused> {
    let mut reader = rooms.catch_up(room)?;
    reader.let_in(Visit::Enter(name), shown).await?;
    let Some(client) = client else {
        reader.announce(name).await?;
        return Ok(Found::New(Some(Box::new(reader))));
    };
    let Some(returning) = reader.announce_back(name, client).await? else {
        return Ok(Found::New(Some(Box::new(reader))));
    };
    let _turn = rooms.turn().await;
    let replay = rooms.missed(&mut reader, room, &returning.doubt).await;
    Ok(Found::Back(Box::new((returning, reader, replay))))
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
