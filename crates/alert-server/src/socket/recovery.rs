//! Connection state recovery (docs/protocol-v1.md): a client that comes back gets its place in the room again, and what
//! was said meanwhile. It shows a pid, which names its seat. The seat is in the log's store from `joined` on, so it
//! survives however the connection or the server ends.

mod client;
mod live;
mod pages;
mod resume;
mod slot;

use super::credential::Credential;
use crate::auth::{Access, Origin, Pids, SessionCookies, WebSession};
use crate::config::{Config, RecoveryMode};
use crate::log::{Seat, SeatId};
use crate::rooms::{Presence, Rooms};
use alert_core::names::RoomCode;
use alert_core::position::Position;
use alert_core::room::policy::Shown;
use alert_core::wire::v1::Notice;
pub(super) use client::{Auth, Client};
use live::Live;
use pages::Pages;
use resume::Resume;
use slot::{Decision, Slot};
use socketio_server::{CloseReason, ConnectionId, Socket, SocketIds};
use std::{
    fmt,
    str::FromStr,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{runtime::Handle, sync::Semaphore};

/// A seat that is older than this is kept anew when its client is lost, which may have been in its room for days.
const REFRESH: Duration = Duration::from_secs(60 * 60);

/// How many clients are given their places at a time; the others wait for their turn. More would only wait for their
/// shards, holding all that they are sent.
const AT_A_TIME: usize = 32;

/// Gives clients their places back.
#[derive(Clone)]
pub(super) struct Recoveries(Arc<Shared>);

struct Shared {
    mode: RecoveryMode,
    pids: Pids,
    access: Access,
    rooms: Rooms,
    /// Where logs are read.
    runtime: Handle,
    live: Live,
    pages: Pages,
    /// Permits to be given a place.
    turns: Arc<Semaphore>,
    /// The most bytes that may wait for a client before more is sent.
    most_bytes: usize,
}

/// What a connected client can recover by.
pub(super) struct Recoverable {
    id: SeatId,
    /// The Socket.IO id, which it keeps.
    socket: Box<str>,
    /// The rest of its seat, while it is in a room.
    kept: Option<Kept>,
    /// What it has to be told at the next `joined`.
    missed: Option<Box<Missed>>,
}

/// The part of a seat that the place in the room does not give.
struct Kept {
    position: Position,
    resumed: bool,
    at: SystemTime,
}

/// A client whose seat is being looked for, with what it has missed.
pub struct Recovering {
    id: SeatId,
    pid: Box<str>,
    shown: Box<Shown>,
    slot: Arc<Slot>,
}

impl Recovering {
    /// What the client has shown on connecting.
    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }
}

/// A client's place in a room.
pub(super) struct Place {
    /// A credential fixed its name there, so that events cannot change it.
    pub(super) is_named: bool,
    pub(super) presence: Presence,
}

/// What came of a search.
pub(super) struct Found {
    /// What the client is told.
    pub(super) ids: SocketIds,
    pub(super) recoverable: Box<Recoverable>,
    /// Its place, if it has that back.
    pub(super) place: Option<Place>,
}

/// What a client that could not be given its place has missed.
struct Missed {
    /// In which room; unknown if nothing is left but the pid.
    room: Option<RoomCode>,
    /// How many messages up to `upto`, if that is known.
    count: Option<u64>,
    upto: Option<Position>,
    /// `upto` was the last position of the room when the client came back.
    is_all: bool,
}

/// What is sealed in a pid: which run of the server made it, and the seat.
struct Name {
    run: u64,
    id: SeatId,
}

impl Recoveries {
    pub(super) fn new(
        config: &Config,
        rooms: Rooms,
        access: Access,
        sessions: &SessionCookies,
        runtime: Handle,
    ) -> Self {
        Self(Arc::new(Shared {
            mode: config.recovery,
            pids: sessions.pids(),
            access,
            rooms,
            runtime,
            live: Live::default(),
            pages: Pages::default(),
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            most_bytes: config.queue_limit / 4,
        }))
    }

    /// Whether a client is given a pid.
    pub(super) fn wants(&self, client: Client, auth: &Auth) -> bool {
        client.recovers(self.0.mode, auth)
    }

    /// What a client gets that is new, or is treated as new.
    pub(super) fn begin(&self) -> (Box<Recoverable>, SocketIds) {
        let (id, socket) = (random_id(), Socket::new_id());
        let name = Name { run: self.0.rooms.log().run().number(), id };
        let ids = SocketIds { sid: Some(socket.clone()), pid: Some(self.0.pids.seal(&name.to_string())) };
        (Box::new(Recoverable { id, socket: socket.into(), kept: None, missed: None }), ids)
    }

    /// Looks for the seat that a client names, and for what it has missed; `None` if the pid is not ours.
    pub(super) fn look_for(
        &self,
        socket: &Socket<'_>,
        auth: &Auth,
        origin: Origin,
        (session, credential): (Option<&WebSession>, Option<&Credential>),
    ) -> Option<Recovering> {
        let pid = auth.pid()?;
        let name: Name = self.0.pids.open(pid)?.parse().ok()?;
        let slot = Arc::new(Slot::default());
        let resume = Resume {
            recoveries: self.clone(),
            slot: Arc::clone(&slot),
            waker: socket.waker(),
            id: name.id,
            is_of_this_run: name.run == self.0.rooms.log().run().number(),
            offset: auth.offset().and_then(|offset| offset.parse().ok()),
            origin,
            shown: auth.shown(),
            session: session.cloned(),
            holder: credential.map(|credential| credential.who().clone()),
        };
        self.0.runtime.spawn(resume.run());
        Some(Recovering { id: name.id, pid: pid.into(), shown: Box::new(auth.shown()), slot })
    }

    /// What the search came to, when it is over.
    pub(super) fn answer(&self, socket: &Socket<'_>, recovering: &Recovering) -> Option<Found> {
        match *recovering.slot.take()? {
            Decision::Resumed { place, seat } => {
                let ids = SocketIds {
                    sid: Some(seat.socket.clone().into()),
                    pid: Some(recovering.pid.clone().into()),
                };
                let id = recovering.id;
                let mut recoverable =
                    Recoverable { id, socket: seat.socket.clone(), kept: None, missed: None };
                self.take_seat(socket, &mut recoverable, seat);
                Some(Found { ids, recoverable: Box::new(recoverable), place: Some(place) })
            }
            Decision::Not(missed) => {
                self.forget(socket, recovering.id);
                let (mut recoverable, ids) = self.begin();
                recoverable.missed = missed.map(Box::new);
                Some(Found { ids, recoverable, place: None })
            }
        }
    }

    /// A client has joined a room.
    pub(super) fn joined(&self, socket: &Socket<'_>, recoverable: &mut Recoverable, place: &Place) {
        self.take_seat(socket, recoverable, place.seat(recoverable.socket.clone()));
        if let Some(missed) = recoverable.missed.take_if(|missed| missed.is_of(place.presence.room())) {
            let count = missed.count_at(place.presence.entered());
            if count != Some(0) {
                // Behind its entering, which may be on its way there too.
                socket.hub().send(socket.connection(), Notice::missed(count).packet().into());
            }
        }
    }

    /// Gives the seat to this connection. Another one that had it is half open, and is closed.
    fn take_seat(&self, socket: &Socket<'_>, recoverable: &mut Recoverable, seat: Seat) {
        let Seat { position, resumed, at, .. } = seat;
        recoverable.kept = Some(Kept { position, resumed, at });
        self.0.rooms.log().put_seat(recoverable.id, Some(seat));
        if let Some(old) = self.0.live.insert(recoverable.id, socket.connection()) {
            tracing::info!("a half-open connection was taken over");
            socket.hub().close(old);
        }
    }

    /// Gives the seat up, whoever has it.
    fn forget(&self, socket: &Socket<'_>, id: SeatId) {
        self.0.rooms.log().put_seat(id, None);
        if let Some(old) = self.0.live.remove(id) {
            socket.hub().close(old);
        }
    }

    /// A client has given its place up.
    pub(super) fn left(&self, connection: ConnectionId, recoverable: &mut Recoverable) {
        if recoverable.kept.take().is_some() && self.0.live.remove_if(recoverable.id, connection) {
            self.0.rooms.log().put_seat(recoverable.id, None);
        }
    }

    /// The socket of a client in this place has ended.
    pub(super) fn ended(
        &self,
        connection: ConnectionId,
        mut recoverable: Recoverable,
        place: Option<&Place>,
        reason: &CloseReason,
    ) {
        if is_meant(reason) {
            return self.left(connection, &mut recoverable);
        }
        let is_mine = self.0.live.remove_if(recoverable.id, connection);
        if let (Some(kept), Some(place)) = (recoverable.kept, place)
            && is_mine
            && kept.at.elapsed().is_ok_and(|age| age >= REFRESH)
        {
            let seat =
                Seat { position: kept.position, resumed: kept.resumed, ..place.seat(recoverable.socket) };
            self.0.rooms.log().put_seat(recoverable.id, Some(seat));
        }
    }

    /// A client's socket has ended while its seat was still being looked for. Returns a place that was found already.
    pub(super) fn given_up(
        &self,
        socket: &Socket<'_>,
        recovering: &Recovering,
        reason: &CloseReason,
    ) -> Option<Place> {
        if is_meant(reason) {
            self.forget(socket, recovering.id);
        }
        match *recovering.slot.abandon()? {
            Decision::Resumed { place, .. } => Some(place),
            Decision::Not(_) => None,
        }
    }
}

/// Whether the client meant to end it, and so gives its place up.
fn is_meant(reason: &CloseReason) -> bool {
    matches!(reason, CloseReason::NamespaceLeft | CloseReason::ClientClosed)
}

impl Place {
    /// A new seat for it.
    fn seat(&self, socket: Box<str>) -> Seat {
        Seat {
            room: self.presence.room().clone(),
            name: self.presence.name().clone(),
            by_login: self.is_named,
            socket,
            position: self.presence.entered(),
            resumed: false,
            at: SystemTime::now(),
        }
    }
}

impl Missed {
    fn is_of(&self, room: &RoomCode) -> bool {
        self.room.as_ref().is_none_or(|missed| missed == room)
    }

    /// How many messages were missed by whoever enters at `entered`.
    fn count_at(&self, entered: Position) -> Option<u64> {
        match self.upto? {
            upto if upto.epoch == entered.epoch => {
                Some(self.count? + entered.number.checked_sub(upto.number)?)
            }
            // Nobody was in the room meanwhile, and it was made again.
            _ if self.is_all && entered.number == 0 => self.count,
            _ => None,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:x}-{:032x}", self.run, u128::from_be_bytes(self.id.0))
    }
}

impl FromStr for Name {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (run, id) = text.split_once('-').ok_or(())?;
        let id = u128::from_str_radix(id, 16).map_err(drop)?;
        let run = u64::from_str_radix(run, 16).map_err(drop)?;
        Ok(Self { run, id: SeatId(id.to_be_bytes()) })
    }
}

#[expect(clippy::expect_used, reason = "a system without random numbers cannot serve")]
fn random_id() -> SeatId {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    SeatId(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::position::{Epoch, Run};

    fn at(part: u64, number: u64) -> Position {
        Position { epoch: Epoch { run: Run::new(7), part }, number }
    }

    #[test]
    fn what_was_missed_is_counted_up_to_the_next_joined_where_that_can_be_known() {
        let missed = |count, upto, is_all| Missed { room: None, count, upto, is_all };
        for (missed, entered, count) in [
            (missed(Some(12), Some(at(3, 20)), true), at(3, 20), Some(12)),
            (missed(Some(12), Some(at(3, 20)), true), at(3, 25), Some(17)),
            (missed(Some(0), Some(at(3, 20)), false), at(3, 21), Some(1)),
            (missed(None, Some(at(3, 20)), true), at(3, 20), None),
            (missed(Some(12), None, false), at(3, 20), None),
            // The room was made again.
            (missed(Some(12), Some(at(3, 20)), true), at(4, 0), Some(12)),
            (missed(Some(12), Some(at(3, 20)), true), at(4, 1), None),
            (missed(Some(0), Some(at(3, 20)), false), at(4, 0), None),
        ] {
            assert_eq!(missed.count_at(entered), count, "{entered:?}");
        }
    }

    #[test]
    fn the_name_in_a_pid_is_read_as_it_was_written() {
        let name = Name {
            run: 0x8f3a_1c20_b7d4,
            id: SeatId([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]),
        };
        let read: Name = name.to_string().parse().unwrap();
        assert!(read.run == name.run && read.id == name.id, "{name}");
        for text in ["", "-", "1", "1-", "-1", "g-1", "1-g", "1-100000000000000000000000000000000"] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
    }
}
