//! Gives one client its place back: looks for the seat, reads what was said since, sends it, and enters the room where
//! that ends.

mod offset;

use super::pages::in_form;
use super::slot::{Decision, Slot};
use super::{Missed, Place, Recoveries, Shared};
use crate::auth::{Origin, WebSession};
use crate::log::{Gap, Page, Query, ReadError, Seat, SeatId, Start};
use crate::logging::cause::for_connection;
use crate::rooms::{Admitted, CatchUp, NotLive, Refused, Visit};
use alert_core::access::Principal;
use alert_core::event::RoomEvent;
use alert_core::names::RoomCode;
use alert_core::position::Position;
use alert_core::room::policy::Shown;
use alert_core::wire::Form;
use alert_core::wire::v1::Notice;
use offset::{Offset, later, start};
use socketio_server::Waker;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, sleep};

/// Messages that are read at a time.
const PAGE: usize = 100;
/// How often a busy store is asked again, and after how long.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(250);
/// How long a client waits if too many enter rooms at once.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A client that showed a pid.
pub(super) struct Resume {
    pub(super) recoveries: Recoveries,
    pub(super) slot: Arc<Slot>,
    pub(super) waker: Waker,
    pub(super) id: SeatId,
    pub(super) is_of_this_run: bool,
    /// The last message that it has.
    pub(super) offset: Option<Position>,
    pub(super) origin: Origin,
    pub(super) session: Option<WebSession>,
    /// Whoever the client's token is of.
    pub(super) holder: Option<Principal>,
    pub(super) shown: Shown,
}

/// The right to work on it now, and to have the shard work for it.
type Turn = Option<OwnedSemaphorePermit>;

/// Why a client does not get its place.
enum Failure {
    /// It may not, the store fails, or there is no space.
    Refused(String),
    /// Messages are missing.
    Gap(Missed),
    /// The connection has ended.
    Gone,
}

impl Resume {
    pub(super) async fn run(self) {
        let mut turn = self.turn().await;
        let decision = Box::new(self.decide(&mut turn).await);
        if let Some(Decision::Resumed { place, .. }) = self.slot.put(decision, turn).map(|back| *back) {
            place.presence.lose(&self.recoveries.0.rooms, None);
        }
        self.waker.wake();
    }

    async fn turn(&self) -> Turn {
        // The semaphore is never closed.
        Arc::clone(&self.recoveries.0.turns).acquire_owned().await.ok()
    }

    async fn decide(&self, turn: &mut Turn) -> Decision {
        let (tell, told) = oneshot::channel();
        self.recoveries.0.rooms.log().seat(self.id, Box::new(|seat| drop(tell.send(seat))));
        let Some(seat) = told.await.ok().flatten() else {
            // Within one run, the seat was given up. Another run's store may not have outlived it.
            let is_lost = !self.is_of_this_run && self.offset.is_some();
            let missed = Missed { room: None, count: None, upto: self.offset, is_all: false };
            self.count("unknown");
            return Decision::Not(is_lost.then_some(missed));
        };
        let from = start(&seat, self.offset_in(&seat).await);
        let (room, name) = (seat.room.clone(), seat.name.clone());
        let (room_shown, name_shown, address) = (room.as_str(), name.as_str(), self.origin.to_string());
        let connection = self.waker.connection();
        let missed = match self.resume(&seat, from, turn).await {
            Ok((place, count, from)) => {
                self.count("recovered");
                self.recoveries.0.rooms.counts().replayed.add("recovery", count as u64);
                for_connection(connection, || {
                    tracing::info!(
                        room = room_shown,
                        name = name_shown,
                        address,
                        missed = count,
                        "recovered"
                    );
                });
                let seat = Seat { position: from, resumed: true, at: SystemTime::now(), ..seat };
                return Decision::Resumed { place, seat };
            }
            Err(Failure::Gap(missed)) => {
                self.count("gap");
                let (room, name, missed_count) = (room_shown, name_shown, missed.count);
                for_connection(connection, || {
                    tracing::info!(room, name, address, missed = missed_count, "not recovered");
                });
                missed
            }
            Err(Failure::Refused(why)) => {
                self.count("refused");
                for_connection(connection, || {
                    tracing::info!(room = room_shown, name = name_shown, address, "not recovered: {why}");
                });
                Missed { room: Some(room.clone()), count: Some(0), upto: Some(from), is_all: false }
            }
            Err(Failure::Gone) => {
                self.count("gone");
                return Decision::Not(None);
            }
        };
        Decision::Not(Some(missed))
    }

    /// Counts how it ended.
    fn count(&self, result: &'static str) {
        self.recoveries.0.rooms.counts().recoveries.add(result, 1);
    }

    /// The offset, if it can be of the seat's room. One that several servers share may begin an epoch at any time, and its
    /// store knows which are its own.
    async fn offset_in(&self, seat: &Seat) -> Offset {
        let log = self.recoveries.0.rooms.log();
        match self.offset {
            Some(offset) if log.shared().is_some() && offset.epoch != seat.position.epoch => {
                let query = Query { start: Start::After(offset), limit: 1 };
                let page = log.page(seat.room.clone(), query).await;
                let is_of_the_room = page.is_ok_and(|page| page.gap != Some(Gap { missed: None }));
                if is_of_the_room { Offset::OfTheRoom(offset) } else { Offset::None }
            }
            Some(offset) => Offset::Perhaps(offset),
            None => Offset::None,
        }
    }

    /// Gives its place, how many messages it was sent, and what they were behind.
    async fn resume(
        &self,
        seat: &Seat,
        mut from: Position,
        turn: &mut Turn,
    ) -> Result<(Place, usize, Position), Failure> {
        let (hub, connection) = (self.waker.hub(), self.waker.connection());
        let rooms = &self.recoveries.0.rooms;
        let refused = |error: &dyn std::error::Error| Failure::Refused(error.to_string());
        let who = self.principal(seat)?;
        let admitted = rooms.readmit(&who, &self.origin, seat.room.clone());
        let admitted = admitted.map_err(|error| refused(&error))?;
        let is_named = who.name.is_some();
        self.wait_to_enter(&admitted, seat, turn).await?;
        let mut catch_up = rooms.catch_up(&admitted).map_err(|error| refused(&error))?;
        let back = Visit::Return(&seat.name, seat.at);
        catch_up.let_in(back, &self.shown).await.map_err(|error| refused(&error))?;
        if catch_up.hides_what_was_before() {
            from = self.not_before(&mut catch_up, seat).await?;
        }
        let (mut after, mut sent, mut bytes) = (from, 0, 0);
        loop {
            catch_up.goes_on(Some(&seat.name)).map_err(|error| refused(&error))?;
            let page = self.page(&mut catch_up, after).await?;
            match page.gap {
                // Dropped since the last page, or lost by Redis in between: what is there goes on behind it.
                Some(gap) if sent > 0 => hub.send(connection, Notice::missed(gap.missed).packet().into()),
                Some(gap) => {
                    let Some(stored) = self.last_stored(seat, gap, after).await else {
                        return Err(Failure::Gap(self.count_missed(&mut catch_up, seat, gap, page).await));
                    };
                    hub.send(connection, Notice::missed(None).packet().into());
                    (after, sent) = (stored, 1);
                    continue;
                }
                None => {}
            }
            sent += page.messages.len();
            self.send(&seat.room, &page.messages, &mut bytes, turn).await?;
            if let Some(last) = page.messages.last().filter(|_| page.more) {
                after = last.position;
                continue;
            }
            after = catch_up.position();
            catch_up.announce(&seat.name).await.map_err(|error| refused(&error))?;
            let mut rest = 0;
            let entered = catch_up.resume((hub, connection), Form::V1Recovery, &seat.name, |missed| {
                rest = missed.messages.len();
                missed.messages.iter().for_each(|message| hub.send(connection, in_form(&seat.room, message)));
            });
            match entered {
                Ok(presence) => return Ok((Place { is_named, presence }, sent + rest, from)),
                Err(NotLive::Behind(back)) => catch_up = back,
                Err(NotLive::Refused(error)) => return Err(refused(&error)),
            }
        }
    }

    /// Where a client begins that may not hear what was said before it came: whatever it says that it has, not before its
    /// seat. An offset of another epoch counts if something of that was said behind the seat.
    async fn not_before(&self, catch_up: &mut CatchUp, seat: &Seat) -> Result<Position, Failure> {
        let Some(offset) = self.offset else { return Ok(seat.position) };
        if offset.epoch == seat.position.epoch {
            return Ok(later(seat, offset));
        }
        let mut after = seat.position;
        loop {
            let page = self.page(catch_up, after).await?;
            if page.gap.is_some() {
                return Ok(seat.position);
            }
            if page.messages.iter().any(|message| message.position.epoch == offset.epoch) {
                return Ok(offset);
            }
            match page.messages.last() {
                Some(last) if page.more => after = last.position,
                _ => return Ok(seat.position),
            }
        }
    }

    /// A client that comes back together with too many others waits here, and need not try again.
    async fn wait_to_enter(&self, room: &Admitted, seat: &Seat, turn: &mut Turn) -> Result<(), Failure> {
        let until = Instant::now() + LONGEST_WAIT;
        loop {
            match self.recoveries.0.rooms.check_return(&self.origin, room, &seat.name) {
                Ok(()) => return Ok(()),
                Err(Refused::TooManyJoins(wait)) if Instant::now() < until => {
                    *turn = None;
                    sleep(wait.max(PAUSE)).await;
                    if self.slot.is_abandoned() {
                        return Err(Failure::Gone);
                    }
                    *turn = self.turn().await;
                }
                Err(error) => return Err(Failure::Refused(error.to_string())),
            }
        }
    }

    /// The last stored message before a position that the store lacks. The client was given the one at `position`
    /// live, and it was lost before it was on disk, by a `kill -9`, or with a restored backup. What is there is
    /// recovered, and the client is told that something may be lost.
    async fn last_stored(&self, seat: &Seat, gap: Gap, position: Position) -> Option<Position> {
        if gap.missed.is_some() {
            return None;
        }
        let query = Query { start: Start::Before(position), limit: 1 };
        let page = self.recoveries.0.rooms.log().page(seat.room.clone(), query).await.ok()?;
        page.messages.last().map(|message| message.position)
    }

    /// Who the client is now: a login or a token that fixed its name must still do so.
    fn principal(&self, seat: &Seat) -> Result<Principal, Failure> {
        let access = &self.recoveries.0.access;
        if let Some(holder) = &self.holder {
            return match &holder.name {
                Some(name) if *name == seat.name => Ok(holder.clone()),
                None if !seat.by_login => Ok(holder.clone()),
                _ => Err(Failure::Refused("the token is somebody else's".to_owned())),
            };
        }
        if !seat.by_login {
            return Ok(access.anybody());
        }
        let name = self.session.as_ref().and_then(|session| session.name_in(&seat.room));
        match name {
            Some(name) if *name == seat.name => Ok(access.logged_in(name.clone())),
            _ => Err(Failure::Refused("the login has ended".to_owned())),
        }
    }

    async fn page(&self, catch_up: &mut CatchUp, after: Position) -> Result<Page, Failure> {
        let query = Query { start: Start::After(after), limit: PAGE };
        for _ in 0..TRIES {
            if self.slot.is_abandoned() {
                return Err(Failure::Gone);
            }
            match catch_up.page(query).await {
                Ok(page) => return Ok(page),
                Err(ReadError::Busy) => sleep(PAUSE).await,
                Err(error @ ReadError::Failed) => return Err(Failure::Refused(error.to_string())),
            }
        }
        Err(Failure::Refused(ReadError::Busy.to_string()))
    }

    /// Sends messages of the log, no more at a time than the client's queue may hold: `bytes` may wait already.
    async fn send(
        &self,
        room: &RoomCode,
        messages: &Arc<[Arc<RoomEvent>]>,
        bytes: &mut usize,
        turn: &mut Turn,
    ) -> Result<(), Failure> {
        let (hub, connection) = (self.waker.hub(), self.waker.connection());
        let Shared { pages, runtime, most_bytes, .. } = &*self.recoveries.0;
        let whole = pages.publication(room, messages, *most_bytes, runtime);
        let single = if whole.is_some() { &[][..] } else { messages };
        for publication in whole.into_iter().chain(single.iter().map(|message| in_form(room, message))) {
            *bytes += publication.size();
            hub.send(connection, publication);
            if *bytes > *most_bytes {
                *bytes = 0;
                // A client may take long, and others need not wait for it.
                *turn = None;
                if !hub.drained(connection).await {
                    return Err(Failure::Gone);
                }
                *turn = self.turn().await;
            }
        }
        Ok(())
    }

    /// How much was missed, if the log cannot give all of it.
    async fn count_missed(&self, catch_up: &mut CatchUp, seat: &Seat, gap: Gap, mut page: Page) -> Missed {
        let mut count = gap.missed;
        while let (Some(sum), Some(last)) = (&mut count, page.messages.last()) {
            *sum += page.messages.len() as u64;
            if !page.more {
                break;
            }
            match self.page(catch_up, last.position).await {
                Ok(next) => page = next,
                Err(_) => count = None,
            }
        }
        Missed { room: Some(seat.room.clone()), count, upto: Some(catch_up.position()), is_all: true }
    }
}
