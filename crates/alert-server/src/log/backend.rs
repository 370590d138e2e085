//! What every store must do, and what it is given and answers. Each passes one suite, `log/contract`.

use super::{
    Devices, FormerStays, HookStore, KeptPolicy, OnAudits, OnPut, OnRevoked, Page, Query, Revocation,
    RevokeError, RollCalls, Seat, SeatId, Stay, StayId,
};
use alert_core::event::RoomEvent;
use alert_core::names::RoomCode;
use alert_core::position::{Position, Run};
use alert_core::room::policy::Audit;
use socketio_server::Histogram;
use std::{sync::Arc, time::SystemTime};

/// A store for rooms that this server orders. Every one passes `contract`.
pub trait Recorder: Backend {
    /// Takes a message. It is called under the room's lock, so that the calls come in the room's order, and must not
    /// wait. `append.stored` is called once, from any thread; if the fate is known at once, it is returned instead, to
    /// be called without the lock.
    #[must_use = "whoever waits for the message's fate has to be told"]
    fn append(&self, append: Append) -> Option<(OnStored, Stored)>;

    /// Takes what hosts have decided, and what is said with it. As with a message, it must not wait, and each `stored`
    /// is called once or returned.
    #[must_use = "whoever waits for it has to be told"]
    fn put_decision(&self, decision: Decision) -> Vec<(OnStored, Stored)>;

    /// All policies. Called once, at the start.
    fn policies(&self) -> Vec<(RoomCode, KeptPolicy)>;

    /// Removes a message that has been appended: no read that begins after `done` gives it. Its place stays, so it is not
    /// missing. `done` is called once, from any thread, with whether it was there.
    fn remove(&self, room: &RoomCode, position: Position, audit: Audit, done: OnRemoved);
}

/// Called with whether a message was there that has been removed; nothing where the store failed.
pub type OnRemoved = Box<dyn FnOnce(Option<bool>) + Send>;

/// What every store must do.
pub trait Backend: Send + Sync {
    /// Reads a page, in which is everything that was appended before this call. `done` is called once, from any
    /// thread.
    fn read(&self, room: RoomCode, query: Query, done: OnRead);

    /// The messages that came with a key at `since` or later. Called once, at the start.
    fn keys(&self, since: SystemTime) -> Vec<(KeyDigest, RoomCode, Arc<RoomEvent>)>;

    /// Keeps a seat, or forgets it. Must not wait. Calls about the same seat take effect in order.
    fn put_seat(&self, id: SeatId, seat: Option<Seat>);

    /// Looks for a seat. `done` is called once, from any thread.
    fn seat(&self, id: SeatId, done: Box<dyn FnOnce(Option<Seat>) + Send>);

    /// Keeps a stay, or forgets it, where the store survives the process. As with a seat, it must not wait.
    fn put_stay(&self, id: StayId, stay: Option<Stay>) {
        let _ = (id, stay);
    }

    /// What earlier runs have left: asked once, at the start. Nothing where it cannot be read, or nothing survives.
    fn former_stays(&self) -> Option<FormerStays> {
        None
    }

    /// Which of two runs is the later one: the one with the greater number. One that is not known has 0.
    fn order(&self, run: Run) -> u64 {
        let _ = run;
        0
    }

    /// Reads the newest lines of a room's audit log, at most `most`. `done` is called once, from any thread.
    fn audits(&self, room: &RoomCode, most: usize, done: OnAudits);

    /// Takes tokens back, where the store survives the process. `done` is called once, from any thread.
    fn revoke(&self, new: Revocation, done: OnPut) {
        let _ = new;
        done(Err(RevokeError::Nowhere));
    }

    /// Reads which tokens have been taken back, by commands beside this server too. `done` is called once, from any thread.
    fn revoked(&self, done: OnRevoked) {
        done(Some(Vec::new()));
    }

    /// Roll calls of alerts, and rosters.
    fn roll_calls(&self) -> &dyn RollCalls;

    /// The devices that are told of alerts.
    fn devices(&self) -> &dyn Devices;

    /// Webhooks, and their dead letters.
    fn hooks(&self) -> &dyn HookStore;

    /// Why messages are not stored at the moment, and what to do about it.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// What it has counted, and what waits.
    fn figures(&self) -> Figures {
        Figures::default()
    }

    /// Stores what waits to be stored. Nothing is appended after this.
    fn close(&self) {}
}

/// What a store has counted, and what waits for it.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// How long storing a batch took: a transaction in a file, or calls that went to Redis together.
    pub commits: Histogram,
    /// How often that failed.
    pub failures: u64,
    /// Messages that were delivered and are not stored yet; in Redis, calls that are not answered.
    pub waiting: usize,
    /// Messages that were delivered and will never be stored.
    pub lost: u64,
}

/// A message for the log.
pub struct Append {
    /// Where it was said.
    pub room: RoomCode,
    /// The message; always a `Said`.
    pub message: Arc<RoomEvent>,
    /// Identifies a retry of it.
    pub key: Option<KeyDigest>,
    /// Whoever waits for its fate.
    pub stored: Option<OnStored>,
}

/// What hosts have decided in a room, for the log.
pub struct Decision {
    /// The room.
    pub room: RoomCode,
    /// Its policy; without one, it is forgotten.
    pub kept: Option<KeptPolicy>,
    /// A line of its audit log.
    pub audit: Option<Audit>,
    /// What is said with it: both are on disk, or neither.
    pub said: Vec<Append>,
    /// Whoever waits for its fate.
    pub stored: Option<OnStored>,
}

impl Decision {
    /// The room has no policy any more.
    pub fn forget(room: RoomCode) -> Self {
        Self { room, kept: None, audit: None, said: Vec::new(), stored: None }
    }
}

/// Called with the fate of a message.
pub type OnStored = Box<dyn FnOnce(Stored) + Send>;

/// Called with what was read.
pub type OnRead = Box<dyn FnOnce(Result<Page, ReadError>) + Send>;

/// A digest of an idempotency key, its sender and its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyDigest(pub [u8; 16]);

/// The fate of a message that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is on disk and survives whatever happens to this process.
    Durably,
    /// It was not meant to be: this server keeps its history in memory, or none.
    NotMeant,
    /// It was meant to be, and the store failed. Everybody in the room got it.
    Failed,
}

/// Why nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The store failed; it says more in the server's log.
    #[error("the history cannot be read at the moment: try again later")]
    Failed,
    /// Too many are waiting already.
    #[error("too many read the history at the moment: try again in a second")]
    Busy,
}
