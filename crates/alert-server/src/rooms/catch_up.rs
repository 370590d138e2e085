//! Coming back to a room: the log is read until little is left, and then, under the room's lock, the rest is handed out
//! and the connection joins those who hear the room. Nothing is missing in between, and nothing comes twice.

use super::live_room::{Announced, Entrant, Listening, NotYet, Presence, Reading};
use super::{Admitted, Refused, Returning, Rooms};
use crate::log::redis::Taken;
use crate::log::{Gap, Page, Query, ReadError, Start};
use alert_core::access::{Denied, Right};
use alert_core::event::RoomEvent;
use alert_core::names::UserName;
use alert_core::position::Position;
use alert_core::room::policy::Policy;
use alert_core::room::{ClientKey, Doubt};
use alert_core::wire::Form;
use socketio_server::{ConnectionId, Hub};
use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

/// Somebody who reads a room's log and wants to go on live. Until this is dropped, the room is kept and remembers what
/// is said meanwhile.
pub struct CatchUp {
    /// The person has come to a room that several servers share.
    announced: Option<Box<Announced>>,
    /// It is known where the room stands.
    is_ready: bool,
    rooms: Rooms,
    admitted: Box<Admitted>,
    reading: Reading,
    /// The log has been read up to here.
    cursor: Position,
    /// What was said up to here is hidden from whoever reads.
    floor: Option<Box<Position>>,
}

/// Why a connection has not gone live.
pub enum NotLive {
    /// Too much was said meanwhile: the log is to be read again, after [`CatchUp::position`].
    Behind(CatchUp),
    /// The room's hosts do not allow it any more.
    Refused(Refused),
}

/// What was said between the last page and the moment at which a connection hears the room.
pub struct Missed<'a> {
    /// The messages, oldest first.
    pub messages: &'a [Arc<RoomEvent>],
    /// The position of the room's last message.
    pub position: Position,
}

impl Rooms {
    /// Begins to catch up with a room, which is made if it is missing.
    ///
    /// # Errors
    /// If the right is missing.
    pub fn catch_up(&self, room: &Admitted) -> Result<CatchUp, Denied> {
        room.may(Right::Read)?;
        let held = || self.0.admission.hold(room);
        let reading = self.in_room(room.code(), |room| room.read_along(self, held));
        let cursor = reading.room.position();
        let is_ready = !self.are_shared();
        Ok(CatchUp {
            announced: None,
            is_ready,
            rooms: self.clone(),
            admitted: Box::new(room.clone()),
            reading,
            cursor,
            floor: None,
        })
    }
}

impl CatchUp {
    /// The log has been read up to here, if the last page had no `more`.
    pub fn position(&self) -> Position {
        self.cursor
    }

    /// Whether it is known where the room stands.
    pub(super) fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// What the room's hosts have decided, once it is ready.
    pub(super) fn room_policy(&self) -> Option<Arc<Policy>> {
        self.reading.room.policy()
    }

    /// Whoever wants to come in.
    pub(super) fn at_the_door(&mut self) -> (&Rooms, &mut Admitted) {
        (&self.rooms, &mut self.admitted)
    }

    /// Waits until it is known where the room stands: at once, where this server orders it. Nothing can be done before.
    ///
    /// # Errors
    /// Where that cannot be known.
    pub async fn ready(&mut self) -> Result<(), Refused> {
        let room = &self.reading.room;
        if !self.is_ready {
            room.is_known().await?;
            self.cursor = room.position();
            self.is_ready = true;
        }
        Ok(())
    }

    /// Brings a person into a room that several servers share; one of this server's they enter with their connection. It
    /// is ready then, if it was not before.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn announce(&mut self, name: &UserName) -> Result<(), Refused> {
        if self.announced.is_none() {
            let announced = self.reading.room.announce(&self.rooms, name, None).await?;
            self.announced = announced.map(|(announced, _)| Box::new(announced));
        }
        self.ready().await
    }

    /// The same for a client that knows nothing of recovery. Gives what it has missed, if it comes back.
    ///
    /// # Errors
    /// As there.
    pub async fn announce_back(
        &mut self,
        name: &UserName,
        client: ClientKey,
    ) -> Result<Option<Returning>, Refused> {
        let stay = self.rooms.0.lost.new_stay().map(|stay| (stay, client));
        let Some((announced, taken)) = self.reading.room.announce(&self.rooms, name, stay).await? else {
            return Ok(None);
        };
        self.announced = Some(Box::new(announced));
        self.ready().await?;
        let now = Instant::now();
        Ok(taken.map(|Taken { entered, upto, unconfirmed, since, away }| {
            let doubt = Doubt { entered, upto, unconfirmed, since, at: now.checked_sub(away).unwrap_or(now) };
            Returning::new(client, doubt)
        }))
    }

    /// Where the room's hosts want that, whoever comes hears nothing that was said before they came.
    pub(super) fn hide_what_was_before(&mut self, name: Option<&UserName>) {
        let is_hidden = self.hides_what_was_before();
        self.floor = if is_hidden { self.reading.room.floor(name).map(Box::new) } else { None };
    }

    /// Whether whoever reads may not hear what was said before they came.
    pub fn hides_what_was_before(&self) -> bool {
        let policy = self.reading.room.policy();
        let is_host = self.admitted.badge.is_host(self.admitted.standing(), policy.as_deref());
        !is_host && policy.is_some_and(|policy| policy.hides_history)
    }

    /// Whoever reads is in the room already, or hears it.
    pub fn is_of_one_inside(&mut self) {
        let name = self.admitted.badge.inside.clone();
        self.hide_what_was_before(name.as_ref());
    }

    /// Gives up what was missed up to now.
    pub fn skip(&mut self) {
        self.cursor = self.reading.room.position();
    }

    /// Reads a page of the log. Where it has no `more`, everything has been read that was said before this call.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn page(&mut self, query: Query) -> Result<Page, ReadError> {
        let Some(floor) = self.floor.as_deref().copied() else { return self.whole_page(query).await };
        let is_seen = |position: Position| position.epoch == floor.epoch && position.number >= floor.number;
        let start = match query.start {
            Start::After(position) if is_seen(position) => query.start,
            Start::After(_) | Start::Oldest => Start::After(floor),
            Start::Newest | Start::Time(_) | Start::Before(_) => query.start,
        };
        let mut page = self.whole_page(Query { start, ..query }).await?;
        let all = page.messages.len();
        let is_after =
            |message: &&Arc<RoomEvent>| is_seen(message.position) && message.position.number > floor.number;
        page.messages = page.messages.iter().filter(is_after).cloned().collect();
        if start != query.start || page.messages.len() < all {
            page.gap = None;
            page.more &= !start.is_backwards();
        }
        Ok(page)
    }

    async fn whole_page(&mut self, query: Query) -> Result<Page, ReadError> {
        let room = &self.reading.room;
        let now = room.position();
        if query.start == Start::After(now) {
            self.cursor = now;
            return Ok(Page::default());
        }
        let mut page = room.log.page(room.code.clone(), query).await?;
        let last = page.messages.last().map_or(now, |message| message.position);
        let is_later = last.epoch == now.epoch && last.number > now.number;
        let mut is_of_next = false;
        if self.rooms.are_shared() && !page.more && !matches!(query.start, Start::Before(_)) {
            room.takes_up(last, now).await;
            is_of_next = last.epoch != now.epoch && last.epoch == room.position().epoch;
        }
        self.cursor = if is_later || is_of_next { last } else { now };
        if let (Start::After(from), Some(Gap { missed })) = (query.start, &mut page.gap)
            && !room.log.is_on()
            && from.epoch == now.epoch
        {
            *missed = now.number.checked_sub(from.number);
        }
        Ok(page)
    }

    /// Lets a connection into the room under a name, after [`Rooms::check_entry`]. `greet` is called with what no page
    /// had, before the connection hears anything, under the room's lock: it may only hand over, and render nothing.
    ///
    /// # Errors
    /// See [`NotLive`].
    pub fn enter(
        self,
        connection: (&Hub, ConnectionId),
        form: Form,
        name: &UserName,
        greet: impl FnOnce(Missed<'_>),
    ) -> Result<Presence, NotLive> {
        let Admitted { badge, .. } = &*self.admitted.clone();
        let standing = &self.admitted.standing().clone();
        let away_since = None;
        self.admit(&Entrant { connection, form, name, standing, badge, resumes: false, away_since }, greet)
    }

    /// As [`CatchUp::enter`], for a connection that takes the place of one that was lost: if the others do not hear of
    /// it, because the person is still there, it does not either.
    ///
    /// # Errors
    /// As there.
    pub fn resume(
        self,
        connection: (&Hub, ConnectionId),
        form: Form,
        name: &UserName,
        greet: impl FnOnce(Missed<'_>),
    ) -> Result<Presence, NotLive> {
        let Admitted { badge, .. } = &*self.admitted.clone();
        let standing = &self.admitted.standing().clone();
        // When it was lost, nobody knows; it came at this time.
        let away_since = badge.since;
        self.admit(&Entrant { connection, form, name, standing, badge, resumes: true, away_since }, greet)
    }

    fn admit(mut self, entrant: &Entrant<'_>, greet: impl FnOnce(Missed<'_>)) -> Result<Presence, NotLive> {
        let held = self.rooms.0.admission.hold(&self.admitted);
        let (room, announced) = (&self.reading.room, self.announced.as_deref_mut());
        let entered = room.enter_after(self.cursor, entrant, held, announced, greet);
        entered.map_err(|why| self.not_live(why))
    }

    fn not_live(self, why: NotYet) -> NotLive {
        match why {
            NotYet::Behind => NotLive::Behind(self),
            NotYet::Forbidden(forbidden) => {
                let room = self.admitted.code().as_str();
                tracing::info!(room, "not let in any more: {forbidden}");
                NotLive::Refused(forbidden.into())
            }
        }
    }

    /// Whether whoever reads may go on with that, under this name or without being in the room. Whoever reads slowly must
    /// not outstay what the room's hosts have decided meanwhile.
    ///
    /// # Errors
    /// Why not.
    pub fn goes_on(&self, name: Option<&UserName>) -> Result<(), Refused> {
        Ok(self.reading.room.lets_hear(&self.admitted, name)?)
    }

    /// Lets a connection into the room whose person has been announced, and that wants nothing of what was before.
    ///
    /// # Errors
    /// As there.
    pub fn enter_now(
        mut self,
        connection: (&Hub, ConnectionId),
        form: Form,
        name: &UserName,
    ) -> Result<Presence, NotLive> {
        let held = self.rooms.0.admission.hold(&self.admitted);
        let Admitted { badge, .. } = &*self.admitted.clone();
        let standing = &self.admitted.standing().clone();
        let entrant = Entrant { connection, form, name, standing, badge, resumes: false, away_since: None };
        let room = &self.reading.room;
        let presence = match self.announced.as_deref_mut() {
            Some(announced) => room.enter_announced(&entrant, held, announced),
            None => Err(NotYet::Behind),
        };
        presence.map_err(|why| self.not_live(why))
    }

    /// As [`CatchUp::enter`], for a client that was lost. `greet` is also given the client's own entering, which the
    /// others, if they hear of it, have heard of by then.
    ///
    /// # Errors
    /// As there.
    pub fn come_back(
        mut self,
        connection: (&Hub, ConnectionId),
        form: Form,
        name: &UserName,
        (heard, away_since): (Position, SystemTime),
        greet: impl FnOnce(Arc<RoomEvent>, Missed<'_>),
    ) -> Result<Presence, NotLive> {
        let held = self.rooms.0.admission.hold(&self.admitted);
        let Admitted { badge, .. } = &*self.admitted.clone();
        let standing = &self.admitted.standing().clone();
        let away_since = Some(away_since);
        let entrant = Entrant { connection, form, name, standing, badge, resumes: false, away_since };
        let (room, announced) = (&self.reading.room, self.announced.as_deref_mut());
        let back = room.come_back(self.cursor, &entrant, held, heard, announced, greet);
        back.map_err(|why| self.not_live(why))
    }

    /// Lets a connection hear the room without being in it; otherwise as [`CatchUp::enter`].
    ///
    /// # Errors
    /// As there.
    pub fn listen(
        self,
        connection: (&Hub, ConnectionId),
        form: Form,
        greet: impl FnOnce(Missed<'_>),
    ) -> Result<Listening, NotLive> {
        let room = &self.reading.room;
        let listening = room.listen_after(self.cursor, &self.rooms, connection, form, &self.admitted, greet);
        listening.map_err(|why| self.not_live(why))
    }
}
