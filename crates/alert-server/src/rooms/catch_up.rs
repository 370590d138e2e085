//! Coming back to a room: the log is read until little is left, and then, under the room's lock, the rest is handed out
//! and the connection joins those who hear the room. Nothing is missing in between, and nothing comes twice.

use super::live_room::{Entrant, Listening, Presence, Reading};
use super::{Admitted, Rooms};
use crate::log::{Gap, Page, Query, ReadError, Start};
use alert_core::access::{Denied, Principal};
use alert_core::event::RoomEvent;
use alert_core::names::UserName;
use alert_core::position::Position;
use alert_core::wire::Form;
use socketio_server::{ConnectionId, Hub};
use std::sync::Arc;

/// Somebody who reads a room's log and wants to go on live. Until this is dropped, the room is kept and remembers what
/// is said meanwhile.
pub struct CatchUp {
    rooms: Rooms,
    admitted: Admitted,
    reading: Reading,
    /// The log has been read up to here.
    cursor: Position,
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
    /// If `who` may not read it.
    pub fn catch_up(&self, who: &Principal, room: &Admitted) -> Result<CatchUp, Denied> {
        who.may(|rights| rights.read)?;
        let held = || self.0.admission.hold(room);
        let reading = self.in_room(room.code(), |room| room.read_along(self, held));
        let cursor = reading.room.position();
        Ok(CatchUp { rooms: self.clone(), admitted: room.clone(), reading, cursor })
    }
}

impl CatchUp {
    /// The log has been read up to here, if the last page had no `more`.
    pub fn position(&self) -> Position {
        self.cursor
    }

    /// Reads a page of the log. If it has no `more`, everything that was said before this call has been read.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn page(&mut self, query: Query) -> Result<Page, ReadError> {
        let room = &self.reading.room;
        let now = room.position();
        if query.start == Start::After(now) {
            self.cursor = now;
            return Ok(Page::default());
        }
        let mut page = room.log.page(room.code.clone(), query).await?;
        let last = page.messages.last().map_or(now, |message| message.position);
        let is_later = last.epoch == now.epoch && last.number > now.number;
        self.cursor = if is_later { last } else { now };
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
    /// Returns `self` if too much was said meanwhile: read the log again, after [`CatchUp::position`].
    pub fn enter(
        self,
        connection: (&Hub, ConnectionId),
        form: Form,
        name: &UserName,
        greet: impl FnOnce(Missed<'_>),
    ) -> Result<Presence, Self> {
        self.admit(&Entrant { connection, form, name, resumes: false }, greet)
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
    ) -> Result<Presence, Self> {
        self.admit(&Entrant { connection, form, name, resumes: true }, greet)
    }

    fn admit(self, entrant: &Entrant<'_>, greet: impl FnOnce(Missed<'_>)) -> Result<Presence, Self> {
        let held = self.rooms.0.admission.hold(&self.admitted);
        self.reading.room.enter_after(self.cursor, entrant, held, greet).ok_or(self)
    }

    /// As [`CatchUp::enter`], for a client that was lost. `greet` is also given the client's own entering, which the
    /// others, if they hear of it, have heard of by then.
    ///
    /// # Errors
    /// As there.
    pub fn come_back(
        self,
        connection: (&Hub, ConnectionId),
        form: Form,
        name: &UserName,
        heard: Position,
        greet: impl FnOnce(Arc<RoomEvent>, Missed<'_>),
    ) -> Result<Presence, Self> {
        let held = self.rooms.0.admission.hold(&self.admitted);
        let entrant = Entrant { connection, form, name, resumes: false };
        self.reading.room.come_back(self.cursor, &entrant, held, heard, greet).ok_or(self)
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
    ) -> Result<Listening, Self> {
        let held = self.rooms.0.admission.hold(&self.admitted);
        let room = &self.reading.room;
        let listening = room.listen_after(self.cursor, &self.rooms, connection, form, held, greet);
        listening.ok_or(self)
    }
}
