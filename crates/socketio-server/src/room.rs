//! A room: which connections hear a publication. It knows how many members each shard has; the members themselves
//! are in the shards' own lists, which `Join` and `Leave` change in inbox order.

pub(crate) mod pressure;

use crate::{connection::ConnectionId, frame::Publication, hub::Hub, shard::inbox::Command};
use pressure::{Pressure, PressureLimits};
use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

/// Names a room in a shard's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoomId(u64);

thread_local! {
    static MOVED_UNDER_PRESSURE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread has let somebody into or out of a room under pressure since the last call.
pub(crate) fn take_moved_under_pressure() -> bool {
    MOVED_UNDER_PRESSURE.replace(false)
}

/// A set of connections that hear the same publications.
///
/// To have one order for all members, call [`Room::join`] and [`Room::publish`], and drop [`Membership`]s, under one
/// lock: the inboxes keep that order.
#[derive(Clone)]
pub struct Room(Arc<Shared>);

struct Shared {
    id: RoomId,
    hub: Hub,
    /// Members on each shard.
    members: Box<[AtomicU32]>,
    pressure: Arc<Pressure>,
    /// It says what another room says, in another form. That is counted in the other room.
    is_form: bool,
}

/// A connection's place in a room; dropping it leaves. At most one for each connection and room.
pub struct Membership {
    room: Room,
    connection: ConnectionId,
}

/// Bytes that somebody says in a room, on the way through a store that orders them: they count as its inboxes do until
/// this is dropped.
pub struct OnTheWay {
    pressure: Arc<Pressure>,
    bytes: usize,
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        self.pressure.taken_out(self.bytes, 0);
    }
}

/// What a room says, on its way to the members on one shard.
pub(crate) struct Delivery {
    pub(crate) room: Room,
    pub(crate) publication: Publication,
    /// How many members there were when it was published.
    pub(crate) members: usize,
    pub(crate) published: Instant,
}

impl Room {
    pub(crate) fn new(hub: Hub, id: u64, limits: PressureLimits) -> Self {
        Self::with(hub, id, Arc::new(Pressure::new(limits)), false)
    }

    fn with(hub: Hub, id: u64, pressure: Arc<Pressure>, is_form: bool) -> Self {
        let members = (0..hub.shards()).map(|_| AtomicU32::new(0)).collect();
        Self(Arc::new(Shared { id: RoomId(id), hub, members, pressure, is_form }))
    }

    /// Makes a room for those who hear the same in another form: whoever speaks in either waits for the members of
    /// both.
    #[must_use]
    pub fn another_form(&self) -> Self {
        let hub = self.0.hub.clone();
        let id = hub.next_room();
        Self::with(hub, id, Arc::clone(&self.0.pressure), true)
    }

    pub(crate) fn id(&self) -> RoomId {
        self.0.id
    }

    pub(crate) fn pressure(&self) -> &Pressure {
        &self.0.pressure
    }

    /// Adds a connection; it hears what is published from now on.
    #[must_use = "dropping the membership leaves the room"]
    pub fn join(&self, connection: ConnectionId) -> Membership {
        self.members_of(connection).fetch_add(1, Ordering::Relaxed);
        self.note_move();
        let command = Command::Join { room: self.clone(), connection: connection.key };
        self.0.hub.push(connection.shard, command);
        Membership { room: self.clone(), connection }
    }

    /// Sends to all members, and returns how many they are. It never waits: see [`Room::relief`].
    pub fn publish(&self, publication: &Publication) -> usize {
        let (bytes, published) = (publication.size(), Instant::now());
        if !self.0.is_form {
            self.0.pressure.publish(bytes, published);
        }
        let mut all = 0;
        for (shard, members) in (0..).zip(&self.0.members) {
            let members = members.load(Ordering::Relaxed) as usize;
            all += members;
            if members > 0 {
                let delivery = Delivery::new(self.clone(), publication.clone(), members, published);
                self.0.hub.push(shard, Command::Deliver(delivery));
            }
        }
        all
    }

    /// Has [`crate::Handler::woken`] called for all members, in order with what is published before and after. Members
    /// that are no sockets are closed.
    pub fn rouse(&self) {
        for (shard, members) in (0..).zip(&self.0.members) {
            if members.load(Ordering::Relaxed) > 0 {
                self.0.hub.push(shard, Command::Rouse { room: self.0.id });
            }
        }
    }

    /// Bytes of publications, in all forms of the room, that are in inboxes and not yet in their receivers' queues: at
    /// most this many for each.
    pub fn in_flight(&self) -> usize {
        self.0.pressure.bytes()
    }

    /// Counts what will be published when it comes back from a store that orders it.
    #[must_use = "dropping it says that it has come back"]
    pub fn on_the_way(&self, bytes: usize) -> OnTheWay {
        self.0.pressure.put_in(bytes, 0);
        OnTheWay { pressure: Arc::clone(&self.0.pressure), bytes }
    }

    /// Whether members who read have more waiting for them than they should. Their speakers wait meanwhile; those on
    /// other servers have to be told.
    pub fn members_are_behind(&self) -> bool {
        self.0.pressure.members_are_behind()
    }

    /// Whether those who speak in the room have to wait.
    pub fn is_under_pressure(&self) -> bool {
        self.0.pressure.is_on(Instant::now())
    }

    /// Has the room's speakers wait, for members on another server who are behind.
    pub fn hold_until(&self, until: Instant) {
        self.0.pressure.hold_until(until);
    }

    /// Waits until the room can take more: it is within its rate, and its members who read are not behind. Whoever
    /// publishes from outside waits for this first; connections in the room are not read from meanwhile.
    pub async fn relief(&self) {
        while self.0.pressure.is_on(Instant::now()) {
            self.0.pressure.wait().await;
        }
    }

    fn note_move(&self) {
        if self.0.pressure.is_on(Instant::now()) {
            MOVED_UNDER_PRESSURE.set(true);
        }
    }

    fn members_of(&self, connection: ConnectionId) -> &AtomicU32 {
        &self.0.members[usize::from(connection.shard)]
    }
}

impl Delivery {
    /// Counts in its room until it is dropped.
    pub(crate) fn new(room: Room, publication: Publication, members: usize, published: Instant) -> Self {
        room.0.pressure.put_in(publication.size(), members);
        Self { room, publication, members, published }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.room.0.pressure.taken_out(self.publication.size(), self.members);
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let room = &self.room;
        room.members_of(self.connection).fetch_sub(1, Ordering::Relaxed);
        room.note_move();
        let command = Command::Leave { room: room.0.id, connection: self.connection.key };
        room.0.hub.push(self.connection.shard, command);
    }
}
