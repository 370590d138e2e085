//! What every store of the log does, in Redis: reading, and the seats of clients that come back.

use super::super::seats::LONGER;
use super::page::Part;
use super::{Shared, bytes, seat};
use crate::log::{
    Backend, Devices, Figures, Gap, HookStore, KeyDigest, OnAudits, OnPut, OnRead, OnRevoked, Page, Query,
    ReadError, Revocation, RevokeError, RollCalls, Seat, SeatId, Start,
};
use alert_core::event::RoomEvent;
use alert_core::names::RoomCode;
use redis::from_redis_value;
use std::sync::{Arc, atomic::Ordering, mpsc};
use std::time::SystemTime;

/// What is wrong where Redis answers, and does not take what has to be written.
const REFUSED: &str = "Redis takes nothing more: look into its memory (used_memory, maxmemory) and its disk";

impl Backend for Shared {
    fn read(&self, room: RoomCode, query: Query, done: OnRead) {
        let age = self.0.retention.age;
        // The stream keeps by number: what is too old may still be there.
        let not_too_old = Start::Time(SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH));
        let start = if query.start == Start::Oldest { not_too_old } else { query.start };
        let query = Query { start, ..query };
        let (keys, shared) = (vec![self.0.keys.room(&room)], self.clone());
        self.call("read", keys, Part::args(query), move |answer| {
            let part = answer.ok().and_then(|value| Part::parse(value).ok());
            match part.map(|part| part.page(query, age)) {
                Some((Page { gap: Some(_), .. }, true)) => {
                    // How many are missing is not known before all of them have been looked at.
                    let gap = Some(Gap { missed: None });
                    let done: OnRead = Box::new(move |later| done(later.map(|later| Page { gap, ..later })));
                    shared.read(room, Query { start: not_too_old, ..query }, done);
                }
                page => done(page.map(|(page, _)| page).ok_or(ReadError::Failed)),
            }
        });
    }

    fn keys(&self, _since: SystemTime) -> Vec<(KeyDigest, RoomCode, Arc<RoomEvent>)> {
        // They are looked up where the messages are ordered.
        Vec::new()
    }

    fn put_seat(&self, id: SeatId, seat: Option<Seat>) {
        let kept = self.0.retention.age.saturating_add(LONGER).as_millis();
        let seat = seat.map(|seat| seat::write(&seat)).unwrap_or_default();
        self.call("put_seat", vec![self.0.keys.seat(id)], vec![seat.into_bytes(), bytes(kept)], |_| {});
    }

    fn seat(&self, id: SeatId, done: Box<dyn FnOnce(Option<Seat>) + Send>) {
        self.call("seat_of", vec![self.0.keys.seat(id)], Vec::new(), |answer| {
            let text = answer.ok().and_then(|value| from_redis_value::<Option<String>>(value).ok().flatten());
            let seat = text.as_ref().and_then(|text| seat::read(text));
            if text.is_some() && seat.is_none() {
                tracing::error!(
                    "Redis has the place of a client in a form that this version of Alert does not know"
                );
            }
            done(seat);
        });
    }

    fn audits(&self, room: &RoomCode, most: usize, done: OnAudits) {
        self.newest_audits(room, most, done);
    }

    fn revoke(&self, new: Revocation, done: OnPut) {
        self.put_revoked(&new, |answer| done(answer.map(drop).map_err(|_| RevokeError::Failed)));
    }

    fn revoked(&self, done: OnRevoked) {
        self.all_revoked(done);
    }

    fn roll_calls(&self) -> &dyn RollCalls {
        self
    }

    fn devices(&self) -> &dyn Devices {
        self
    }

    fn hooks(&self) -> &dyn HookStore {
        self
    }

    fn trouble(&self) -> Option<String> {
        // Otherwise it says itself what is wrong.
        let is_refused = self.0.is_refused.load(Ordering::Relaxed);
        self.0.standing.borrow().trouble.clone().or_else(|| is_refused.then(|| REFUSED.to_owned()))
    }

    fn figures(&self) -> Figures {
        let (commits, failures, waiting) = self.0.link.figures();
        Figures { commits, failures, waiting, lost: 0 }
    }

    fn close(&self) {
        let (shared, (tell, told)) = (self.clone(), mpsc::channel());
        self.0.runtime.spawn(async move {
            shared.0.link.settle().await;
            shared.end().await;
            let _ = tell.send(());
        });
        let _ = told.recv();
        self.0.ended.notify_one();
    }
}
