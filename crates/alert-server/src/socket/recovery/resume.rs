//! Gives one client its place back: looks for the seat, reads what was said since, sends it, and enters the room where
//! that ends.

use super::pages::in_form;
use super::slot::{Decision, Slot};
use super::{Missed, Place, Recoveries, Shared};
use crate::auth::{Origin, WebSession};
use crate::log::{Gap, Page, Query, ReadError, Seat, SeatId, Start};
use crate::rooms::{Admitted, CatchUp, Refused};
use alert_core::access::{Principal, Rights};
use alert_core::event::RoomEvent;
use alert_core::names::RoomCode;
use alert_core::position::Position;
use alert_core::wire::Form;
use alert_core::wire::v1::Notice;
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
}

/// The right to work on it now, and to have the shard work for it.
type Turn = Option<OwnedSemaphorePermit>;

/// Why a client does not get its place.
enum Failure {
    /// It may not, the store fails, or there is no space.
    Refused(String),
    /// Messages are missing.
    Gap(Missed),
    /// Messages were dropped while they were being read, and some have been sent: the client has to ask again.
    Torn,
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
            return Decision::Not(is_lost.then_some(missed));
        };
        let from = start(&seat, self.offset);
        let (room, name) = (seat.room.clone(), seat.name.clone());
        let (room_shown, name_shown, address) = (room.as_str(), name.as_str(), self.origin.to_string());
        let missed = match self.resume(&seat, from, turn).await {
            Ok((place, count)) => {
                tracing::info!(room = room_shown, name = name_shown, address, missed = count, "recovered");
                let seat = Seat { position: from, resumed: true, at: SystemTime::now(), ..seat };
                return Decision::Resumed { place, seat };
            }
            Err(Failure::Gap(missed)) => {
                tracing::info!(
                    room = room_shown,
                    name = name_shown,
                    address,
                    missed = missed.count,
                    "not recovered"
                );
                missed
            }
            Err(Failure::Refused(why)) => {
                tracing::info!(room = room_shown, name = name_shown, address, "not recovered: {why}");
                Missed { room: Some(room.clone()), count: Some(0), upto: Some(from), is_all: false }
            }
            Err(Failure::Torn) => {
                self.waker.hub().close(self.waker.connection());
                return Decision::Not(None);
            }
            Err(Failure::Gone) => return Decision::Not(None),
        };
        Decision::Not(Some(missed))
    }

    async fn resume(&self, seat: &Seat, from: Position, turn: &mut Turn) -> Result<(Place, usize), Failure> {
        let (hub, connection) = (self.waker.hub(), self.waker.connection());
        let rooms = &self.recoveries.0.rooms;
        let refused = |error: &dyn std::error::Error| Failure::Refused(error.to_string());
        let who = self.principal(seat)?;
        let admitted = rooms.readmit(&self.origin, seat.room.clone());
        self.wait_to_enter(&admitted, seat, turn).await?;
        let mut catch_up = rooms.catch_up(&who, &admitted).map_err(|error| refused(&error))?;
        let (mut after, mut sent, mut bytes) = (from, 0, 0);
        loop {
            let page = self.page(&mut catch_up, after).await?;
            match page.gap {
                Some(_) if sent > 0 => return Err(Failure::Torn),
                Some(gap) => {
                    let Some(stored) = self.last_stored(seat, gap, after).await else {
                        return Err(Failure::Gap(self.count(&mut catch_up, seat, gap, page).await));
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
            let mut rest = 0;
            let entered = catch_up.resume((hub, connection), Form::V1Recovery, &seat.name, |missed| {
                rest = missed.messages.len();
                missed.messages.iter().for_each(|message| hub.send(connection, in_form(&seat.room, message)));
            });
            match entered {
                Ok(presence) => return Ok((Place { who, presence }, sent + rest)),
                Err(back) => catch_up = back,
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

    /// Who the client is now: a login that fixed its name must still do so.
    fn principal(&self, seat: &Seat) -> Result<Principal, Failure> {
        if !seat.by_login {
            return Ok(Principal { name: None, rights: Rights::OPEN });
        }
        let name = self.session.as_ref().and_then(|session| session.name_in(&seat.room));
        match name {
            Some(name) if *name == seat.name => Ok(WebSession::principal(name.clone())),
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
    async fn count(&self, catch_up: &mut CatchUp, seat: &Seat, gap: Gap, mut page: Page) -> Missed {
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

/// Where reading starts: behind what the client has. An offset from another room, because nothing of this one had
/// come yet, does not count.
fn start(seat: &Seat, offset: Option<Position>) -> Position {
    match offset {
        Some(offset) if offset.epoch == seat.position.epoch => {
            if offset.number > seat.position.number {
                offset
            } else {
                seat.position
            }
        }
        Some(offset) if seat.resumed => offset,
        _ => seat.position,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::names::{RoomCode, UserName};
    use alert_core::position::{Epoch, Run};

    fn at(part: u64, number: u64) -> Position {
        Position { epoch: Epoch { run: Run::new(7), part }, number }
    }

    #[test]
    fn reading_begins_behind_what_the_client_has_of_this_room() {
        let seat = |resumed| Seat {
            room: RoomCode::parse("r", 64).unwrap(),
            name: UserName::parse("Ada", 64).unwrap(),
            by_login: false,
            socket: "sid".into(),
            position: at(3, 50),
            resumed,
            at: SystemTime::UNIX_EPOCH,
        };
        for (resumed, offset, from) in [
            (false, None, at(3, 50)),
            (false, Some(at(3, 60)), at(3, 60)),
            // From before it joined.
            (false, Some(at(3, 40)), at(3, 50)),
            // From another room, whichever of the two was made first.
            (false, Some(at(2, 900)), at(3, 50)),
            (false, Some(at(9, 1)), at(3, 50)),
            // From this room, which was made again while the client was in it or away.
            (true, Some(at(9, 1)), at(9, 1)),
            (true, Some(at(3, 60)), at(3, 60)),
            (true, Some(at(3, 40)), at(3, 50)),
            (true, None, at(3, 50)),
        ] {
            assert_eq!(start(&seat(resumed), offset), from, "{resumed} {offset:?}");
        }
    }
}
