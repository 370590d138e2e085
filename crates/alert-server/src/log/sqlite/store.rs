//! Writes a batch of messages, seats and stays, in one transaction.

use super::devices;
use super::hooks;
use super::policies;
use super::roll_calls;
use super::runs::{Place, Runs, micros};
use super::settle::settle;
use super::state::{Seating, Seats};
use super::stays;
use super::unwritten::Batch;
use crate::config::Retention;
use alert_core::event::What;
use alert_core::position::Position;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// What else is done in the transaction of a batch.
pub(super) struct Also<'a> {
    /// Moves what came in to its rooms, which keep this much.
    pub(super) settling: Option<&'a Retention>,
    /// Notes that the server is alive.
    pub(super) notes_alive: bool,
}

/// Writes a batch; when this returns, it is on disk.
pub(super) fn write(
    connection: &mut Connection,
    runs: &Runs,
    batch: &Batch,
    seating: &Seating,
    also: &Also<'_>,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    write_messages(&transaction, runs, batch)?;
    write_seats(&transaction, &seating.seats)?;
    stays::write(&transaction, &seating.stays)?;
    policies::write(&transaction, runs, &seating.rulings)?;
    roll_calls::write(&transaction, &seating.rolls)?;
    devices::write(&transaction, &seating.devices)?;
    hooks::write(&transaction, &seating.hooks)?;
    if let Some(retention) = also.settling {
        settle(&transaction, retention)?;
    }
    if also.notes_alive {
        stays::note_alive(&transaction)?;
    }
    transaction.commit()
}

fn write_messages(connection: &Connection, runs: &Runs, batch: &Batch) -> rusqlite::Result<()> {
    // A commit that failed may have taken effect all the same.
    let sql = "INSERT OR IGNORE INTO incoming (id, room, run, part, number, at, name, text, key)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let mut insert = connection.prepare_cached(sql)?;
    // A row that stands for messages that could not be stored, up to its own position.
    for (room, lost) in &batch.lost {
        let Some(place) = runs.place(lost.position) else { continue };
        let (room, nothing) = (room.as_str(), None::<&str>);
        let Place { run, part, number } = place;
        insert.execute(params![
            lost.number as i64,
            room,
            run,
            part,
            number,
            micros(lost.at),
            "",
            nothing,
            nothing
        ])?;
    }
    for (id, message) in (batch.before as i64 + 1..).zip(&batch.messages) {
        let event = &message.event;
        let (What::Said { name, text }, Some(place)) = (&event.what, runs.place(event.position)) else {
            continue;
        };
        let key = message.key.map(|key| key.0);
        insert.execute(params![
            id,
            message.room.as_str(),
            place.run,
            place.part,
            place.number,
            micros(event.at),
            name.as_str(),
            &**text,
            key.as_ref().map(|key| &key[..]),
        ])?;
    }
    Ok(())
}

/// Drops the oldest messages of a room, which remembers up to where it is incomplete.
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

/// The room has `count` fewer messages, and is complete only after `last`.
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
