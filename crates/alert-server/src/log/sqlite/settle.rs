//! Moves the messages that came in to their rooms: many at a time, so that those of one room share its pages.

use super::store::drop_oldest;
use super::unwritten::Batch;
use crate::config::Retention;
use alert_core::names::RoomCode;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// This many messages may be dropped at once, or twice as many as come. Any left over are out of sight anyway.
const AT_ONCE: i64 = 1024;

/// A room keeps up to an eighth more than it should, out of sight, so that many are dropped at once.
pub(super) fn slack(most: i64) -> i64 {
    most / 8
}

/// What came in is moved when there are this many of each of its rooms, or this many in all, or after this time.
const OF_EACH: usize = 16;
const MANY: usize = 4096;
const MANY_BYTES: usize = 4 << 20;
/// This many times as much if nobody waits for it.
const UNHURRIED: usize = 4;
const LONG: Duration = Duration::from_secs(1);

/// How much has come in since the last move.
#[derive(Default)]
pub(super) struct Incoming {
    messages: usize,
    bytes: usize,
    rooms: HashSet<RoomCode>,
    since: Option<Instant>,
}

impl Incoming {
    pub(super) fn add(&mut self, batch: &Batch) {
        for message in &batch.messages {
            self.bytes += message.size();
            self.add_one(&message.room);
        }
        batch.lost.iter().for_each(|(room, _)| self.add_one(room));
    }

    fn add_one(&mut self, room: &RoomCode) {
        self.messages += 1;
        self.since.get_or_insert_with(Instant::now);
        if !self.rooms.contains(room) {
            self.rooms.insert(room.clone());
        }
    }

    pub(super) fn messages(&self) -> usize {
        self.messages
    }

    /// When it is time for the next move.
    pub(super) fn due(&self, retention: &Retention, is_hurried: bool) -> Option<Instant> {
        let more = if is_hurried { 1 } else { UNHURRIED };
        let most_bytes = MANY_BYTES.min(usize::try_from(retention.bytes / 16).unwrap_or(usize::MAX));
        let most = more * MANY.min(OF_EACH * self.rooms.len());
        let is_much = self.messages >= most || self.bytes >= most_bytes;
        self.since.map(|since| if is_much { since } else { since + LONG })
    }
}

/// How many messages a room keeps.
pub(super) fn most(retention: &Retention) -> i64 {
    i64::try_from(retention.messages).unwrap_or(i64::MAX / 2)
}

/// Moves all of them, if there are any.
pub(super) fn at_once(connection: &mut Connection, retention: &Retention) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    settle(&transaction, retention)?;
    transaction.commit()
}

/// Moves all of them, as part of a transaction. Rooms that have more messages than they keep drop the oldest.
pub(super) fn settle(transaction: &Transaction<'_>, retention: &Retention) -> rusqlite::Result<()> {
    let most = most(retention);
    let came: i64 =
        transaction.prepare_cached("SELECT count(*) FROM incoming")?.query_row([], |row| row.get(0))?;
    if came == 0 {
        return Ok(());
    }
    let rooms = "INSERT INTO rooms (code) SELECT DISTINCT room FROM incoming
                 WHERE room NOT IN (SELECT code FROM rooms)";
    transaction.prepare_cached(rooms)?.execute([])?;
    // Grouped before the move, while the file still says who came.
    let rooms: Vec<(i64, i64)> = transaction
        .prepare_cached(
            "SELECT rooms.id, came FROM (SELECT room, count(*) AS came FROM incoming GROUP BY room)
             JOIN rooms ON rooms.code = room",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    // A commit that failed may have taken effect all the same: then a message came twice.
    let messages = "INSERT OR IGNORE INTO messages (room, run, part, number, at, name, text, key)
                    SELECT rooms.id, run, part, number, at, name, text, key
                    FROM incoming JOIN rooms ON rooms.code = incoming.room
                    ORDER BY rooms.id, run, part, number";
    if transaction.prepare_cached(messages)?.execute([])? as i64 != came {
        let sql =
            "UPDATE rooms SET count = (SELECT count(*) FROM messages WHERE room = ?1) - ?2 WHERE id = ?1";
        let mut count = transaction.prepare_cached(sql)?;
        for (id, came) in &rooms {
            count.execute([id, came])?;
        }
    }
    let sql = "UPDATE rooms SET count = count + ?2, emptied = NULL WHERE id = ?1 RETURNING count";
    let mut add = transaction.prepare_cached(sql)?;
    // Rooms that fill up alike reach their limit together, and nobody should wait for all of them.
    let mut may_go = AT_ONCE.max(2 * came);
    for (id, came) in rooms {
        let count: i64 = add.query_row([id, came], |row| row.get(0))?;
        if count > most + slack(most) && may_go > 0 {
            let over = (count - most).min(may_go);
            drop_oldest(transaction, id, over)?;
            may_go -= over;
        }
    }
    transaction.prepare_cached("DELETE FROM incoming")?.execute([])?;
    Ok(())
}
