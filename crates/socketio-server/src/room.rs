//! A room: which connections hear a publication. It knows how many members each shard has; the members themselves
//! are in the shards' own lists, which `Join` and `Leave` change in inbox order.

use crate::{connection::ConnectionId, frame::Publication, hub::Hub, inbox::Command};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// Names a room in a shard's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoomId(u64);

#[cfg(any(test, feature = "bench"))]
impl RoomId {
    pub(crate) fn first() -> Self {
        Self(0)
    }
}

/// A set of connections that hear the same publications.
///
/// Who wants one order for all members calls [`Room::join`], [`Room::publish`] and drops [`Membership`]s under one
/// lock of his own: the inboxes keep that order.
#[derive(Clone)]
pub struct Room(Arc<Shared>);

struct Shared {
    id: RoomId,
    hub: Hub,
    /// Members on each shard.
    members: Box<[AtomicU32]>,
}

/// A connection's place in a room; dropping it leaves. At most one for each connection and room.
pub struct Membership {
    room: Room,
    connection: ConnectionId,
}

impl Room {
    pub(crate) fn new(hub: Hub, id: u64) -> Self {
        let members = (0..hub.shards()).map(|_| AtomicU32::new(0)).collect();
        Self(Arc::new(Shared { id: RoomId(id), hub, members }))
    }

    /// Adds a connection; it hears what is published from now on.
    #[must_use = "dropping the membership leaves the room"]
    pub fn join(&self, connection: ConnectionId) -> Membership {
        self.members_of(connection).fetch_add(1, Ordering::Relaxed);
        let command = Command::Join { room: self.0.id, connection: connection.key };
        self.0.hub.push(connection.shard, command);
        Membership { room: self.clone(), connection }
    }

    /// Sends to all members, and says how many they are.
    pub fn publish(&self, publication: &Publication) -> usize {
        let mut all = 0;
        for (shard, members) in (0..).zip(&self.0.members) {
            let members = members.load(Ordering::Relaxed) as usize;
            all += members;
            if members > 0 {
                let publication = publication.clone();
                self.0.hub.push(shard, Command::Deliver { room: self.0.id, publication });
            }
        }
        all
    }

    fn members_of(&self, connection: ConnectionId) -> &AtomicU32 {
        &self.0.members[usize::from(connection.shard)]
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let room = &self.room;
        room.members_of(self.connection).fetch_sub(1, Ordering::Relaxed);
        let command = Command::Leave { room: room.0.id, connection: self.connection.key };
        room.0.hub.push(self.connection.shard, command);
    }
}
