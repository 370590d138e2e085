//! Writes a batch of messages, seats and stays, in one transaction.

use super::runs::{Place, Runs, micros};
use super::state::{Seating, Seats};
use super::stays;
use super::unwritten::Batch;
use alert_core::event::What;
use alert_core::names::RoomCode;
use alert_core::position::Position;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::collections::HashMap;

/// So many messages may go with a batch, or twice as many as come. What is over is out of sight all the same.
const AT_ONCE: i64 = 1024;

/// A room keeps up to an eighth more than it should, out of sight, so that many go at once.
pub(super) fn slack(most: i64) -> i64 {
    most / 8
}

/// Rooms of a batch: their number in the file, and how many messages came.
type Rooms<'a> = HashMap<&'a RoomCode, (i64, i64)>;

/// Writes a batch; when this returns, it is on disk. In each room of it the oldest messages go where there are more
/// than `most`. Where `notes_alive`, it is noted that the server is alive.
pub(super) fn write(
    connection: &mut Connection,
    runs: &Runs,
    batch: &Batch,
    seating: &Seating,
    (most, notes_alive): (i64, bool),
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut rooms = Rooms::new();
    for (room, position) in &batch.lost {
        let (id, _) = *entry(&transaction, &mut rooms, room)?;
        if let Some(place) = runs.place(*position) {
            let added = insert_lost(&transaction, id, place)?;
            entry(&transaction, &mut rooms, room)?.1 += added;
        }
    }
    insert_messages(&transaction, runs, batch, &mut rooms)?;
    let sql = "UPDATE rooms SET count = count + ?2, emptied = NULL WHERE id = ?1 RETURNING count";
    let mut add = transaction.prepare_cached(sql)?;
    // Rooms that are filled alike are over together, and whoever waits for this batch does not wait for all of them.
    let mut may_go = AT_ONCE.max(2 * batch.messages.len() as i64);
    for (id, added) in rooms.into_values() {
        let count: i64 = add.query_row([id, added], |row| row.get(0))?;
        if count > most + slack(most) && may_go > 0 {
            let over = (count - most).min(may_go);
            drop_oldest(&transaction, id, over)?;
            may_go -= over;
        }
    }
    drop(add);
    write_seats(&transaction, &seating.seats)?;
    stays::write(&transaction, &seating.stays)?;
    if notes_alive {
        stays::note_alive(&transaction)?;
    }
    transaction.commit()
}

fn insert_messages<'a>(
    connection: &Connection,
    runs: &Runs,
    batch: &'a Batch,
    rooms: &mut Rooms<'a>,
) -> rusqlite::Result<()> {
    // A commit that failed may have been done all the same.
    let sql = "INSERT OR IGNORE INTO messages (room, run, part, number, at, name, text, key)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let mut insert = connection.prepare_cached(sql)?;
    for message in &batch.messages {
        let (id, added) = entry(connection, rooms, &message.room)?;
        let event = &message.event;
        let (What::Said { name, text }, Some(place)) = (&event.what, runs.place(event.position)) else {
            continue;
        };
        let key = message.key.map(|key| key.0);
        *added += insert.execute(params![
            *id,
            place.run,
            place.part,
            place.number,
            micros(event.at),
            name.as_str(),
            &**text,
            key.as_ref().map(|key| &key[..]),
        ])? as i64;
    }
    Ok(())
}

/// A row that stands for messages that could not be stored, up to `last`.
fn insert_lost(connection: &Connection, room: i64, last: Place) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO messages (room, run, part, number, at, name)
               SELECT ?1, ?2, ?3, ?4, ?5, '' WHERE NOT EXISTS
               (SELECT 1 FROM messages WHERE room = ?1 AND run = ?2 AND part = ?3 AND number = ?4)";
    let now = micros(std::time::SystemTime::now());
    let added = connection.execute(sql, params![room, last.run, last.part, last.number, now])?;
    Ok(added as i64)
}

/// The room's number in the file and its count of new messages; the room is entered where it is missing.
fn entry<'a, 'b>(
    connection: &Connection,
    rooms: &'b mut Rooms<'a>,
    room: &'a RoomCode,
) -> rusqlite::Result<&'b mut (i64, i64)> {
    use std::collections::hash_map::Entry;
    match rooms.entry(room) {
        Entry::Occupied(known) => Ok(known.into_mut()),
        Entry::Vacant(new) => {
            let mut find = connection.prepare_cached("SELECT id FROM rooms WHERE code = ?1")?;
            let found = find.query_row([room.as_str()], |row| row.get(0)).optional()?;
            let id = match found {
                Some(id) => id,
                None => {
                    connection
                        .prepare_cached("INSERT INTO rooms (code) VALUES (?1)")?
                        .execute([room.as_str()])?;
                    connection.last_insert_rowid()
                }
            };
            Ok(new.insert((id, 0)))
        }
    }
}

/// Drops the oldest messages of a room, which remembers how far it is incomplete.
pub(super) fn drop_oldest(connection: &Connection, room: i64, count: i64) -> rusqlite::Result<()> {
    let sql =
        "SELECT run, part, number FROM messages WHERE room = ?1 ORDER BY run, part, number LIMIT 1 OFFSET ?2";
    let place =
        |row: &rusqlite::Row<'_>| Ok(Place { run: row.get(0)?, part: row.get(1)?, number: row.get(2)? });
    match connection.prepare_cached(sql)?.query_row([room, count - 1], place).optional()? {
        Some(last) => drop_up_to(connection, room, last).map(drop),
        None => {
            let sql =
                "UPDATE rooms SET count = (SELECT count(*) FROM messages WHERE room = ?1) WHERE id = ?1";
            connection.execute(sql, [room]).map(drop)
        }
    }
}

/// Drops a room's messages up to a place.
pub(super) fn drop_up_to(connection: &Connection, room: i64, last: Place) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM messages WHERE room = ?1 AND (run, part, number) <= (?2, ?3, ?4)";
    let dropped = connection.prepare_cached(sql)?.execute(params![room, last.run, last.part, last.number])?;
    note_dropped(connection, room, last, dropped as i64)?;
    Ok(dropped)
}

/// The room has `count` messages less, and is complete only after `last`.
pub(super) fn note_dropped(
    connection: &Connection,
    room: i64,
    last: Place,
    count: i64,
) -> rusqlite::Result<()> {
    let sql = "UPDATE rooms SET count = count - ?2, emptied = CASE WHEN count > ?2 THEN NULL ELSE ?3 END
               WHERE id = ?1";
    let now = micros(std::time::SystemTime::now());
    connection.prepare_cached(sql)?.execute([room, count, now])?;
    let sql = "UPDATE rooms SET dropped_run = ?2, dropped_part = ?3, dropped_number = ?4 WHERE id = ?1 AND
               (dropped_run IS NULL OR (dropped_run, dropped_part, dropped_number) < (?2, ?3, ?4))";
    connection.prepare_cached(sql)?.execute([room, last.run, last.part, last.number])?;
    Ok(())
}

fn write_seats(connection: &Connection, seats: &Seats) -> rusqlite::Result<()> {
    if seats.is_empty() {
        return Ok(());
    }
    let sql =
        "INSERT OR REPLACE INTO seats (id, room, name, by_login, socket, run, part, number, resumed, at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let mut put = connection.prepare_cached(sql)?;
    let mut remove = connection.prepare_cached("DELETE FROM seats WHERE id = ?1")?;
    for (id, seat) in seats {
        let Some(seat) = seat else {
            remove.execute([&id.0[..]])?;
            continue;
        };
        let Position { epoch, number } = seat.position;
        put.execute(params![
            &id.0[..],
            seat.room.as_str(),
            seat.name.as_str(),
            seat.by_login,
            &*seat.socket,
            epoch.run.number() as i64,
            epoch.part as i64,
            number as i64,
            seat.resumed,
            micros(seat.at),
        ])?;
    }
    Ok(())
}
