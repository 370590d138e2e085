//! Members for whom too much waits. While such a member reads, nobody in its rooms is read from, so what waits stays
//! under the limit. One that does not read is given up on: it no longer holds anybody back, and the limit makes it a
//! slow consumer.

use super::{ConnectionOf, Shard};
use crate::{connection::Connection, engine::Engine};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

/// The part of the limit above which a member is behind, and the part below which it has caught up.
const BEHIND: usize = 4;
const CAUGHT_UP: usize = 8;

/// Whoever takes less than [`LEAST`] bytes in this time does not read: 16 kB/s. The promise is for 2 Mbit/s; the margin
/// is for a busy machine, or a kernel that opens its window in steps.
const TIME: Duration = Duration::from_secs(4);
const LEAST: u64 = 64 << 10;
const LOOK: Duration = Duration::from_millis(500);

/// Whether a connection keeps up with what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    KeepsUp,
    Behind(Progress),
    /// It was behind and did not read.
    GivenUp,
}

/// How much a connection that is behind had taken, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    since: Instant,
    taken: u64,
}

impl<E: Engine> Shard<E> {
    /// If more bytes than this wait for a connection, [`Shard::note_growth`] must be called.
    pub(super) fn large_queue(&self) -> usize {
        self.config.queue_limit / BEHIND
    }

    /// Too much waits for a connection. Not inlined, or the loop over a room's members would run out of registers.
    #[cold]
    #[inline(never)]
    pub(super) fn note_growth(self: &Rc<Self>, connection: &ConnectionOf<E>) {
        if connection.pace.get() != Pace::KeepsUp {
            return;
        }
        let taken = connection.queue.borrow().progress();
        connection.pace.set(Pace::Behind(Progress { since: Instant::now(), taken }));
        for seat in &*connection.rooms.borrow() {
            seat.room.pressure().falls_behind();
        }
        let mut behind = self.behind.borrow_mut();
        let is_first = behind.is_empty();
        behind.insert(connection.id.key);
        if is_first {
            tokio::task::spawn_local(look_after(Rc::clone(self)));
        }
    }

    /// To be called when less waits for a connection.
    #[inline]
    pub(crate) fn note_progress(&self, connection: &Connection<E::Session>) {
        if connection.pace.get() != Pace::KeepsUp {
            self.look_at_progress(connection);
        }
    }

    #[cold]
    fn look_at_progress(&self, connection: &Connection<E::Session>) {
        if connection.queue.borrow().bytes() <= self.config.queue_limit / CAUGHT_UP {
            set_pace(connection, Pace::KeepsUp);
        }
    }
}

/// Changes the pace of a connection that is behind or has been given up on.
pub(super) fn set_pace<S>(connection: &Connection<S>, pace: Pace) {
    if let Pace::Behind(_) = connection.pace.replace(pace) {
        for seat in &*connection.rooms.borrow() {
            seat.room.pressure().no_longer_behind();
        }
    }
}

/// Looks after those who are behind while there are any.
async fn look_after<E: Engine>(shard: Rc<Shard<E>>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let now = Instant::now();
        let mut behind = shard.behind.borrow_mut();
        behind.retain(|key| {
            let Some(connection) = shard.connection(*key) else { return false };
            let Pace::Behind(before) = connection.pace.get() else { return false };
            if now.duration_since(before.since) < TIME {
                return true;
            }
            let taken = connection.queue.borrow().progress();
            let reads = taken - before.taken >= LEAST;
            if reads {
                connection.pace.set(Pace::Behind(Progress { since: now, taken }));
            } else {
                set_pace(&connection, Pace::GivenUp);
            }
            reads
        });
        if behind.is_empty() {
            behind.shrink_to_fit();
            return;
        }
    }
}
