//! What is removed in small portions between batches: messages that are too old or too many in all, rooms that have
//! long been empty, seats, stays, and the empty pages of a file that was larger.

use super::runs::{Place, micros};
use super::stays;
use super::store::note_dropped;
use crate::config::Retention;
use crate::log::seats;
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// At least this many messages, rooms or seats go at once.
const PORTION: i64 = 256;
/// About how many bytes a message takes besides its text.
const AROUND: i64 = 80;
/// Rooms without messages that are remembered.
const MOST_EMPTY: i64 = 100_000;
/// Empty pages are returned to the system when they are at least 1/`EMPTY_PART` of the file, and `EMPTY_BYTES`.
const EMPTY_PART: i64 = 4;
const EMPTY_BYTES: i64 = 16 << 20;

/// Drops a portion of the oldest messages, if they are too old or all messages together too large. Returns whether
/// there are more of them. `just_written` is how many came meanwhile.
pub(super) fn messages(
    connection: &mut Connection,
    retention: &Retention,
    just_written: usize,
) -> rusqlite::Result<bool> {
    let horizon = horizon(SystemTime::now(), retention.age);
    let is_due = |connection: &Connection| {
        let oldest = "SELECT at FROM messages ORDER BY id LIMIT 1";
        let mut oldest = connection.prepare_cached(oldest)?;
        let mut rows = oldest.query([])?;
        let at: Option<i64> = rows.next()?.map(|row| row.get(0)).transpose()?;
        match at {
            None => Ok(false),
            Some(at) if at < horizon => Ok(true),
            Some(_) => used(connection).map(|used| used > retention.bytes as i64),
        }
    };
    if !is_due(connection)? {
        return Ok(false);
    }
    // A little more than has to go, so that the next batch finds room.
    let most_bytes = retention.bytes as i64;
    let too_large = (used(connection)? - most_bytes).max(0);
    let to_free = if too_large > 0 { too_large + most_bytes / 64 } else { 0 };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let most = PORTION.max(2 * just_written as i64);
    let mut dropped: HashMap<i64, (Place, i64)> = HashMap::new();
    let mut last = None;
    {
        let sql = "SELECT id, room, run, part, number, at, octet_length(coalesce(text, '')) FROM messages
                   ORDER BY id LIMIT ?1";
        let mut freed = 0;
        let mut oldest = transaction.prepare_cached(sql)?;
        let mut rows = oldest.query([most])?;
        while let Some(row) = rows.next()? {
            if freed >= to_free && row.get::<_, i64>(5)? >= horizon {
                break;
            }
            freed += AROUND + row.get::<_, i64>(6)?;
            last = Some(row.get::<_, i64>(0)?);
            let place = Place { run: row.get(2)?, part: row.get(3)?, number: row.get(4)? };
            let (highest, count) = dropped.entry(row.get(1)?).or_insert((place, 0));
            *highest = place.max(*highest);
            *count += 1;
        }
    }
    transaction.prepare_cached("DELETE FROM messages WHERE id <= ?1")?.execute([last])?;
    for (room, (place, count)) in dropped {
        note_dropped(&transaction, room, place, count)?;
    }
    transaction.commit()?;
    is_due(connection)
}

/// Drops a portion of everything that is not a message. Returns whether there is more.
pub(super) fn rest(connection: &mut Connection, retention: &Retention) -> rusqlite::Result<bool> {
    let rooms = empty_rooms(connection, retention)?;
    let seats = old_seats(connection, retention)?;
    let stays = stays::prune(connection)?;
    let pages = empty_pages(connection)?;
    Ok(rooms || seats || stays || pages)
}

fn empty_rooms(connection: &mut Connection, retention: &Retention) -> rusqlite::Result<bool> {
    let horizon = horizon(SystemTime::now(), retention.age);
    let sql = "SELECT count(*), min(emptied) FROM rooms WHERE emptied IS NOT NULL";
    let (count, oldest): (i64, Option<i64>) =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let is_old = oldest.is_some_and(|oldest| oldest < horizon);
    if !is_old && count <= MOST_EMPTY {
        return Ok(false);
    }
    let most = if is_old { PORTION } else { PORTION.min(count - MOST_EMPTY) };
    let before = if count > MOST_EMPTY { i64::MAX } else { horizon };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "DELETE FROM rooms WHERE id IN
               (SELECT id FROM rooms WHERE emptied < ?1 ORDER BY emptied LIMIT ?2)
               RETURNING dropped_run, dropped_part";
    let mut highest = (0, 0);
    {
        let mut delete = transaction.prepare_cached(sql)?;
        let mut rows = delete.query([before, most])?;
        while let Some(row) = rows.next()? {
            highest = highest.max((row.get(0)?, row.get(1)?));
        }
    }
    transaction.execute(
        "UPDATE forgotten SET run = ?1, part = ?2 WHERE (run, part) < (?1, ?2)",
        params![highest.0, highest.1],
    )?;
    transaction.commit()?;
    Ok(true)
}

fn old_seats(connection: &Connection, retention: &Retention) -> rusqlite::Result<bool> {
    let horizon = horizon(SystemTime::now(), retention.age.saturating_add(seats::LONGER));
    let sql = "SELECT at FROM seats ORDER BY at DESC LIMIT 1 OFFSET ?1";
    let mut rows = connection.prepare_cached(sql)?;
    let mut rows = rows.query([seats::MOST as i64])?;
    let too_many: Option<i64> = rows.next()?.map(|row| row.get(0)).transpose()?;
    let before = too_many.map_or(horizon, |at| at.saturating_add(1).max(horizon));
    let sql = "DELETE FROM seats WHERE id IN (SELECT id FROM seats WHERE at < ?1 ORDER BY at LIMIT ?2)";
    let gone = connection.prepare_cached(sql)?.execute([before, PORTION])?;
    Ok(gone as i64 == PORTION)
}

fn empty_pages(connection: &Connection) -> rusqlite::Result<bool> {
    let (all, free, size) = pages(connection)?;
    if free * size < EMPTY_BYTES || free < all / EMPTY_PART {
        return Ok(false);
    }
    connection.execute_batch("PRAGMA incremental_vacuum(1024)")?;
    Ok(true)
}

/// The bytes of the file that are in use.
pub(super) fn used(connection: &Connection) -> rusqlite::Result<i64> {
    let (all, free, size) = pages(connection)?;
    Ok((all - free) * size)
}

/// Pages in all, empty ones, and the size of one.
fn pages(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let number = |sql| connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0));
    Ok((number("PRAGMA page_count")?, number("PRAGMA freelist_count")?, number("PRAGMA page_size")?))
}

/// What was said before this is too old.
pub(super) fn horizon(now: SystemTime, age: Duration) -> i64 {
    now.checked_sub(age).map_or(0, micros)
}
