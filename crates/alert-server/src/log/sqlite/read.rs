//! Reads a page of a room: what is on disk, followed by what is not there yet.

use super::page::{Row, backward, count, forward, take};
use super::prune::Dates;
use super::runs::{Place, Runs, has_message, micros, time};
use super::settle::most;
use super::unwritten::Entry;
use crate::config::Retention;
use crate::log::{Gap, MOST_BYTES, Page, Query, Seat, SeatId, Start};
use alert_core::event::{RoomEvent, What};
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Epoch, Position, Run};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// What changes whenever a message enters or leaves a room of the file: how many there are, and the last one that was
/// dropped. `None` for a room that the file does not know.
pub(super) type RoomState = Option<(i64, i64, Option<Place>)>;

/// The file as a reader sees it at one moment.
pub(super) struct View<'a> {
    connection: &'a Connection,
    runs: &'a Runs,
    retention: &'a Retention,
    /// The room's number in the file.
    room: Option<i64>,
    /// The last message that is gone from disk, or must not be seen any more.
    dropped: Option<Place>,
    /// What is not in the room on disk yet, and comes after what is.
    pending: Vec<Row>,
}

/// Reads a page.
pub(super) fn page(
    connection: &Connection,
    runs: &Runs,
    retention: &Retention,
    room: &RoomCode,
    Query { start, limit }: Query,
    pending: &[Entry],
) -> rusqlite::Result<Page> {
    let snapshot = connection.unchecked_transaction()?;
    let view = View::new(&snapshot, runs, retention, room, pending)?;
    let unknown = Some(Gap { missed: None });
    match start {
        Start::Oldest => {
            let (rows, limit) = view.after(view.dropped, limit)?;
            Ok(forward(&rows, limit, None, None))
        }
        Start::Newest => {
            let (rows, limit) = view.before(None, limit)?;
            Ok(backward(&rows, limit, None))
        }
        Start::Time(time) => view.since(micros(time), limit),
        Start::Before(position) => match runs.place(position) {
            Some(place) => {
                let (rows, limit) = view.before(Some(place), limit)?;
                Ok(backward(&rows, limit, Some(place)))
            }
            None => Ok(Page { gap: unknown, ..Page::default() }),
        },
        Start::After(position) => match runs.place(position) {
            Some(place) if view.may_be_of_the_room(place)? => {
                let (rows, limit) = view.after(Some(place).max(view.dropped), limit)?;
                let mut page = forward(&rows, limit, Some(place), view.dropped);
                if page.gap.is_none() && view.is_doubtful(place, rows.first())? {
                    page.gap = unknown;
                }
                Ok(page)
            }
            _ => {
                let (rows, limit) = view.after(view.dropped, limit)?;
                Ok(Page { gap: unknown, ..forward(&rows, limit, None, None) })
            }
        },
    }
}

/// The state of a room.
pub(super) fn room_state(connection: &Connection, room: &RoomCode) -> rusqlite::Result<RoomState> {
    let sql = "SELECT id, count, dropped_run, dropped_part, dropped_number FROM rooms WHERE code = ?1";
    let mut find = connection.prepare_cached(sql)?;
    find.query_row([room.as_str()], |row| {
        let dropped = match row.get(2)? {
            Some(run) => Some(Place { run, part: row.get(3)?, number: row.get(4)? }),
            None => None,
        };
        Ok((row.get(0)?, row.get(1)?, dropped))
    })
    .optional()
}

impl<'a> View<'a> {
    fn new(
        connection: &'a Connection,
        runs: &'a Runs,
        retention: &'a Retention,
        room: &RoomCode,
        pending: &[Entry],
    ) -> rusqlite::Result<Self> {
        let mut view = Self { connection, runs, retention, room: None, dropped: None, pending: Vec::new() };
        let found = room_state(connection, room)?;
        let (room, count, dropped) =
            found.map_or((None, 0, None), |(id, count, dropped)| (Some(id), count, dropped));
        view.room = room;
        let mut last = match room {
            Some(room) if !pending.is_empty() => dropped.max(view.newest(room)?),
            _ => dropped,
        };
        // What came in may have gone to its room since, and a command may have deleted it there.
        let first_incoming = match pending.first() {
            Some(Entry { incoming: Some(_), .. }) => connection
                .prepare_cached("SELECT min(id) FROM incoming")?
                .query_row([], |row| row.get::<_, Option<i64>>(0))?
                .map_or(u64::MAX, |first| first as u64),
            _ => 0,
        };
        for Entry { position, message, incoming } in pending {
            if let Some(place) = runs.place(*position)
                && Some(place) > last
                && incoming.is_none_or(|number| number >= first_incoming)
            {
                view.pending.push(Row { place, message: message.clone() });
                last = Some(place);
            }
        }
        view.dropped = dropped.max(view.too_many(count)?);
        view.dropped = view.dropped.max(view.too_old()?);
        Ok(view)
    }

    /// The last message in the file.
    fn newest(&self, room: i64) -> rusqlite::Result<Option<Place>> {
        let sql = "SELECT run, part, number FROM messages WHERE room = ?1
                   ORDER BY run DESC, part DESC, number DESC LIMIT 1";
        self.connection.prepare_cached(sql)?.query_row([room], place).optional()
    }

    /// The last message over the room's limit, which is only waiting to be dropped; `count` are in the file.
    fn too_many(&self, count: i64) -> rusqlite::Result<Option<Place>> {
        let over = count + self.pending.len() as i64 - most(self.retention);
        if over <= 0 {
            return Ok(None);
        }
        if over > count {
            return Ok(self.pending.get((over - count - 1) as usize).map(|row| row.place));
        }
        let sql = "SELECT run, part, number FROM messages WHERE room = ?1
                   ORDER BY run, part, number LIMIT 1 OFFSET ?2";
        self.connection.prepare_cached(sql)?.query_row(params![self.room, over - 1], place).optional()
    }

    /// The last of the oldest messages that is older than it may be.
    fn too_old(&self) -> rusqlite::Result<Option<Place>> {
        let dates = Dates::now(self.retention.age);
        let sql = "SELECT run, part, number, at FROM messages WHERE room = ?1 ORDER BY run, part, number";
        let mut oldest = self.connection.prepare_cached(sql)?;
        let mut rows = oldest.query([self.room])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            let at = row.get(3)?;
            if dates.is_old(at) {
                last = Some(place(row)?);
            } else if !dates.is_wrong(at) {
                return Ok(last);
            }
        }
        let is_old = |row: &&Row| row.message.as_ref().is_none_or(|event| dates.is_old(micros(event.at)));
        Ok(self.pending.iter().take_while(is_old).last().map(|row| row.place).or(last))
    }

    /// The rows after a place, and how many of them make a page: one fewer, if there are more.
    fn after(&self, after: Option<Place>, limit: usize) -> rusqlite::Result<(Vec<Row>, usize)> {
        let after = after.unwrap_or(Place::FIRST);
        let sql = "SELECT run, part, number, at, name, text FROM messages
                   WHERE room = ?1 AND (run, part, number) > (?2, ?3, ?4)
                   ORDER BY run, part, number";
        let (mut rows, limit) = self.rows(sql, after, limit)?;
        let pending = self.pending.iter().filter(|row| row.place > after).cloned();
        rows.extend(take(pending, limit.saturating_add(1).saturating_sub(count(&rows))));
        Ok((rows, limit))
    }

    /// The same for the rows before a place, newest first.
    fn before(&self, before: Option<Place>, limit: usize) -> rusqlite::Result<(Vec<Row>, usize)> {
        let before = before.unwrap_or(Place { run: i64::MAX, part: i64::MAX, number: i64::MAX });
        let is_seen = |row: &&Row| row.place < before && Some(row.place) > self.dropped;
        let pending = self.pending.iter().rev().filter(is_seen);
        let mut rows = take(pending.cloned(), limit.saturating_add(1));
        let before = rows.last().map_or(before, |row| row.place);
        let sql = "SELECT run, part, number, at, name, text FROM messages
                   WHERE room = ?1 AND (run, part, number) < (?2, ?3, ?4)
                   ORDER BY run DESC, part DESC, number DESC";
        let newer = count(&rows);
        let (older, left) = self.rows(sql, before, limit.saturating_sub(newer))?;
        rows.extend(older.into_iter().filter(|row| Some(row.place) > self.dropped));
        Ok((rows, limit.min(newer + left)))
    }

    /// At most one row more than `limit` that counts; fewer, with a smaller limit, if they would be larger than a page.
    fn rows(
        &self,
        sql: &str,
        Place { run, part, number }: Place,
        limit: usize,
    ) -> rusqlite::Result<(Vec<Row>, usize)> {
        let Some(room) = self.room else { return Ok((Vec::new(), limit)) };
        let mut found = self.connection.prepare_cached(sql)?;
        let mut found = found.query(params![room, run, part, number])?;
        let (mut rows, mut counted, mut bytes) = (Vec::new(), 0, 0);
        // A step finds one row: the rest of the room is not looked at.
        while counted <= limit
            && let Some(row) = found.next()?
        {
            let place = place(row)?;
            let text = row.get_ref(5)?.as_str_or_null().ok().flatten();
            bytes += text.map_or(0, str::len);
            let message = text.and_then(|text| message(self.runs.position(place)?, row, text));
            let row = Row { place, message };
            counted += usize::from(row.counts());
            rows.push(row);
            if bytes > MOST_BYTES && counted > 1 {
                return Ok((rows, limit.min(counted - 1)));
            }
        }
        Ok((rows, limit))
    }

    /// What was said at a time or later.
    fn since(&self, since: i64, limit: usize) -> rusqlite::Result<Page> {
        let dropped = self.dropped.unwrap_or(Place::FIRST);
        let sql = "SELECT run, part, number FROM messages
                   WHERE room = ?1 AND (run, part, number) > (?2, ?3, ?4) AND at >= ?5
                   ORDER BY run, part, number LIMIT 1";
        let first = match self.room {
            Some(room) => self
                .connection
                .prepare_cached(sql)?
                .query_row(params![room, dropped.run, dropped.part, dropped.number, since], place)
                .optional()?,
            None => None,
        };
        let is_since = |row: &&Row| row.message.as_ref().is_some_and(|event| micros(event.at) >= since);
        let mut pending = self.pending.iter().filter(|row| row.place > dropped);
        let first = first.or_else(|| pending.find(is_since).map(|row| row.place));
        let Some(first) = first else { return Ok(Page::default()) };
        let (rows, limit) = self.after(Some(Place { number: first.number - 1, ..first }), limit)?;
        Ok(forward(&rows, limit, None, None))
    }

    /// Whether a place can have been given in this room. What this run has said here is known; of earlier runs, some may be
    /// missing.
    fn may_be_of_the_room(&self, place: Place) -> rusqlite::Result<bool> {
        if place.number == 0 || !self.runs.is_own(place) || self.dropped >= Some(place) {
            return Ok(true);
        }
        let is_pending = self.pending.iter().any(|row| row.place == place);
        Ok(is_pending || self.room.map_or(Ok(false), |room| has_message(self.connection, room, place))?)
    }

    /// Whether messages after a place may be missing, although none is known to be: the room was forgotten meanwhile,
    /// or the message at that place was given by an earlier run and is not in the file.
    fn is_doubtful(&self, place: Place, next: Option<&Row>) -> rusqlite::Result<bool> {
        if self.dropped >= Some(place) {
            return Ok(false);
        }
        if place.number > 0 && !self.runs.is_own(place) {
            let is_pending = self.pending.iter().any(|row| row.place == place && row.message.is_some());
            let is_there = |room| has_message(self.connection, room, place);
            return Ok(!is_pending && !self.room.map_or(Ok(false), is_there)?);
        }
        let follows = next.is_some_and(|next| next.place.is_of_epoch(place));
        if self.dropped.is_some() || follows {
            return Ok(false);
        }
        let forgotten: (i64, i64) = self
            .connection
            .prepare_cached("SELECT run, part FROM forgotten")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if forgotten < (place.run, place.part) {
            return Ok(false);
        }
        let sql = "SELECT 1 FROM messages WHERE room = ?1 AND (run, part, number) <= (?2, ?3, ?4) LIMIT 1";
        let mut earlier = self.connection.prepare_cached(sql)?;
        let earlier = earlier
            .query_row(params![self.room, place.run, place.part, place.number], |_| Ok(()))
            .optional()?;
        Ok(earlier.is_none() && !self.pending.iter().any(|row| row.place <= place))
    }
}

/// What came in for a room and is not there yet, oldest first.
pub(super) fn incoming(
    connection: &Connection,
    runs: &Runs,
    room: &RoomCode,
) -> rusqlite::Result<Vec<Entry>> {
    let sql = "SELECT run, part, number, at, name, text, id FROM incoming WHERE room = ?1
               ORDER BY run, part, number";
    let mut found = connection.prepare_cached(sql)?;
    let mut found = found.query([room.as_str()])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        let Some(position) = runs.position(place(row)?) else { continue };
        let text = row.get_ref(5)?.as_str_or_null().ok().flatten();
        let message = text.and_then(|text| message(position, row, text));
        all.push(Entry { position, message, incoming: Some(row.get::<_, i64>(6)? as u64) });
    }
    Ok(all)
}

/// A message of the file; `None` if somebody has edited it into something that is none.
fn message(position: Position, row: &rusqlite::Row<'_>, text: &str) -> Option<Arc<RoomEvent>> {
    let name = UserName::parse(row.get_ref(4).ok()?.as_str().ok()?, usize::MAX).ok()?;
    let at = time(row.get(3).ok()?);
    Some(Arc::new(RoomEvent { at, position, what: What::Said { name, text: text.into() } }))
}

fn place(row: &rusqlite::Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place { run: row.get(0)?, part: row.get(1)?, number: row.get(2)? })
}

/// A seat of the file.
pub(super) fn seat(connection: &Connection, id: SeatId) -> rusqlite::Result<Option<Seat>> {
    let sql = "SELECT room, name, by_login, socket, run, part, number, resumed, at FROM seats WHERE id = ?1";
    let mut find = connection.prepare_cached(sql)?;
    let found = find.query_row([&id.0[..]], |row| {
        let room = RoomCode::parse(row.get_ref(0)?.as_str()?, usize::MAX);
        let name = UserName::parse(row.get_ref(1)?.as_str()?, usize::MAX);
        let run = Run::new(row.get::<_, i64>(4)? as u64);
        let epoch = Epoch { run, part: row.get::<_, i64>(5)? as u64 };
        let position = Position { epoch, number: row.get::<_, i64>(6)? as u64 };
        let (Ok(room), Ok(name)) = (room, name) else { return Ok(None) };
        let socket = row.get::<_, String>(3)?.into();
        let (by_login, resumed, at) = (row.get(2)?, row.get(7)?, time(row.get(8)?));
        Ok(Some(Seat { room, name, by_login, socket, position, resumed, at }))
    });
    Ok(found.optional()?.flatten())
}
