//! What is removed in small portions between batches: messages that are too old or too many in all, rooms that have
//! long been empty, seats, stays, and the empty pages of a file that was larger.

use super::runs::{Place, micros};
use super::store::note_dropped;
use super::{policies, stays};
use crate::config::Retention;
use crate::log::seats;
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// At least this many messages, rooms or seats go at once.
const PORTION: i64 = 256;
/// About how many bytes a message takes besides its text.
const AROUND: i64 = 80;
/// A clock that is put right goes back by less than this in good order.
const AHEAD: Duration = Duration::from_secs(60);
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
    let dates = Dates::now(retention.age);
    let is_due = |connection: &Connection| {
        let oldest = "SELECT at FROM messages ORDER BY id LIMIT 1";
        let mut oldest = connection.prepare_cached(oldest)?;
        let mut rows = oldest.query([])?;
        let at: Option<i64> = rows.next()?.map(|row| row.get(0)).transpose()?;
        match at {
            None => Ok(false),
            Some(at) if dates.is_old(at) || dates.is_wrong(at) => Ok(true),
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
    // Those of a wrong date that come before the next one of a right date.
    let mut wrong = Vec::new();
    let mut next_at = dates.now;
    {
        let sql = "SELECT id, room, run, part, number, at, octet_length(coalesce(text, '')) FROM messages
                   ORDER BY id LIMIT ?1";
        let mut freed = 0;
        let mut oldest = transaction.prepare_cached(sql)?;
        let mut rows = oldest.query([most])?;
        while let Some(row) = rows.next()? {
            let (id, at): (i64, i64) = (row.get(0)?, row.get(5)?);
            let place = Place { run: row.get(2)?, part: row.get(3)?, number: row.get(4)? };
            let found = (id, row.get(1)?, place);
            let size = AROUND + row.get::<_, i64>(6)?;
            if freed < to_free || dates.is_old(at) {
                freed += size;
                last = Some(id);
                for (_, room, place) in wrong.drain(..).chain([found]) {
                    let (highest, count) = dropped.entry(room).or_insert((place, 0));
                    *highest = place.max(*highest);
                    *count += 1;
                }
            } else if dates.is_wrong(at) {
                wrong.push(found);
            } else {
                next_at = at.min(dates.now);
                break;
            }
        }
    }
    // They were said before what came after them, or before now: from then on they grow old.
    for (id, ..) in wrong {
        transaction.prepare_cached("UPDATE messages SET at = ?2 WHERE id = ?1")?.execute([id, next_at])?;
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
    let audits = policies::prune(connection)?;
    let pages = empty_pages(connection)?;
    Ok(rooms || seats || stays || audits || pages)
}

fn empty_rooms(connection: &mut Connection, retention: &Retention) -> rusqlite::Result<bool> {
    let dates = Dates::now(retention.age);
    let wrong = "UPDATE rooms SET emptied = ?1 WHERE emptied > ?2";
    connection.prepare_cached(wrong)?.execute([dates.now, dates.latest])?;
    let horizon = dates.horizon;
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
    let dates = Dates::now(retention.age.saturating_add(seats::LONGER));
    let wrong = "UPDATE seats SET at = ?1 WHERE at > ?2";
    connection.prepare_cached(wrong)?.execute([dates.now, dates.latest])?;
    let horizon = dates.horizon;
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
    give_back_pages(connection)?;
    Ok(true)
}

/// Gives a portion of the empty pages to the system.
pub(super) fn give_back_pages(connection: &Connection) -> rusqlite::Result<()> {
    let mut vacuum = connection.prepare_cached("PRAGMA incremental_vacuum(1024)")?;
    let mut steps = vacuum.query([])?;
    // A step is a page.
    while steps.next()?.is_some() {}
    Ok(())
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

/// What dates mean at a moment.
pub(super) struct Dates {
    now: i64,
    /// What was said before this is too old.
    horizon: i64,
    /// What is dated later was written while the clock was wrong.
    latest: i64,
}

impl Dates {
    /// For what is kept so long.
    pub(super) fn now(age: Duration) -> Self {
        let now = SystemTime::now();
        let micros_at = |time: Option<SystemTime>, else_at| time.map_or(else_at, micros);
        Self {
            now: micros(now),
            horizon: micros_at(now.checked_sub(age), 0),
            latest: micros_at(now.checked_add(AHEAD), i64::MAX),
        }
    }

    pub(super) fn is_old(&self, at: i64) -> bool {
        at < self.horizon
    }

    pub(super) fn is_wrong(&self, at: i64) -> bool {
        at > self.latest
    }
}
