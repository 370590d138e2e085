//! Stays in the file, and the sign of life, which tells when a server was killed.

use super::runs::{Place, Runs, micros, time};
use super::state::Stays;
use crate::log::stays::{FormerStays, Gone, MOST, Stay, StayId};
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Epoch, Position, Run};
use alert_core::room::ClientKey;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::time::SystemTime;

/// This many are removed at once.
const PORTION: i64 = 256;

/// Writes and removes stays, within a transaction.
pub(super) fn write(connection: &Connection, stays: &Stays) -> rusqlite::Result<()> {
    if stays.is_empty() {
        return Ok(());
    }
    let sql =
        "INSERT OR REPLACE INTO stays (id, room, name, client, run, part, number, at, given, gone, until,
               upto_run, upto_part, upto_number, unconfirmed, since)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    let mut put = connection.prepare_cached(sql)?;
    let mut remove = connection.prepare_cached("DELETE FROM stays WHERE id = ?1")?;
    for (id, stay) in stays {
        let Some(stay) = stay else {
            remove.execute([id.0])?;
            continue;
        };
        let [entered, upto] = [Some(stay.entered), stay.gone.as_ref().map(|gone| gone.upto)].map(columns);
        let gone = stay.gone.as_ref();
        put.execute(params![
            id.0,
            stay.room.as_str(),
            stay.name.as_str(),
            stay.client.0 as i64,
            entered.0,
            entered.1,
            entered.2,
            micros(stay.at),
            micros(stay.given),
            gone.map(|gone| micros(gone.at)),
            gone.map(|gone| micros(gone.until)),
            upto.0,
            upto.1,
            upto.2,
            gone.map(|gone| i64::try_from(gone.unconfirmed).unwrap_or(i64::MAX)),
            gone.and_then(|gone| gone.since).map(micros),
        ])?;
    }
    Ok(())
}

type Columns = (Option<i64>, Option<i64>, Option<i64>);

fn columns(position: Option<Position>) -> Columns {
    let Some(Position { epoch: Epoch { run, part }, number }) = position else { return (None, None, None) };
    (Some(run.number() as i64), Some(part as i64), Some(number as i64))
}

/// What earlier runs have left.
pub(super) fn former(connection: &Connection, died: SystemTime) -> rusqlite::Result<FormerStays> {
    let runs = Runs::read(connection)?;
    let sql = "SELECT id, room, name, client, run, part, number, at, given, gone, until, upto_run, upto_part,
               upto_number, unconfirmed, since FROM stays ORDER BY id";
    let mut found = connection.prepare(sql)?;
    let mut rows = found.query([])?;
    let mut stays = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(stay) = stay(row)? {
            let last = last_of(connection, &runs, &stay.room)?;
            stays.push((StayId(row.get(0)?), stay, last));
        }
    }
    Ok(FormerStays { died, stays })
}

/// A stay; `None` if somebody has edited it into something that is none.
fn stay(row: &Row<'_>) -> rusqlite::Result<Option<Stay>> {
    let room = RoomCode::parse(row.get_ref(1)?.as_str()?, usize::MAX);
    let name = UserName::parse(row.get_ref(2)?.as_str()?, usize::MAX);
    let (Ok(room), Ok(name)) = (room, name) else { return Ok(None) };
    let position = |run: i64, part: i64, number: i64| Position {
        epoch: Epoch { run: Run::new(run as u64), part: part as u64 },
        number: number as u64,
    };
    let gone = match row.get::<_, Option<i64>>(9)? {
        None => None,
        Some(at) => Some(Gone {
            at: time(at),
            until: time(row.get(10)?),
            upto: position(row.get(11)?, row.get(12)?, row.get(13)?),
            unconfirmed: row.get::<_, i64>(14)? as u64,
            since: row.get::<_, Option<i64>>(15)?.map(time),
        }),
    };
    let (client, entered) =
        (ClientKey(row.get::<_, i64>(3)? as u64), position(row.get(4)?, row.get(5)?, row.get(6)?));
    Ok(Some(Stay { room, name, client, entered, at: time(row.get(7)?), given: time(row.get(8)?), gone }))
}

/// The position of a room's last stored message.
fn last_of(connection: &Connection, runs: &Runs, room: &RoomCode) -> rusqlite::Result<Option<Position>> {
    let sql = "SELECT run, part, number FROM messages WHERE room = (SELECT id FROM rooms WHERE code = ?1)
               ORDER BY run DESC, part DESC, number DESC LIMIT 1";
    let place = |row: &Row<'_>| Ok(Place { run: row.get(0)?, part: row.get(1)?, number: row.get(2)? });
    let last = connection.prepare_cached(sql)?.query_row([room.as_str()], place).optional()?;
    Ok(last.and_then(|place| runs.position(place)))
}

/// Drops a portion of those whose time is over, or that are too many. Says whether there may be more of them.
pub(super) fn prune(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "DELETE FROM stays WHERE id IN (SELECT id FROM stays WHERE until < ?1 ORDER BY until LIMIT ?2)";
    let over = connection.prepare_cached(sql)?.execute([micros(SystemTime::now()), PORTION])?;
    let sql = "DELETE FROM stays WHERE id IN (SELECT id FROM stays WHERE id <=
               (SELECT id FROM stays ORDER BY id DESC LIMIT 1 OFFSET ?1) ORDER BY id LIMIT ?2)";
    let too_many = connection.prepare_cached(sql)?.execute([MOST as i64, PORTION])?;
    Ok(over as i64 == PORTION || too_many as i64 == PORTION)
}

/// Notes that the server is alive.
pub(super) fn note_alive(connection: &Connection) -> rusqlite::Result<()> {
    let now = micros(SystemTime::now());
    connection.prepare_cached("UPDATE alive SET at = ?1")?.execute([now]).map(drop)
}

/// Whether anybody is in a room who needs that.
pub(super) fn is_anybody_there(connection: &Connection) -> rusqlite::Result<bool> {
    let mut found = connection.prepare_cached("SELECT 1 FROM stays WHERE until IS NULL LIMIT 1")?;
    found.exists([])
}

/// When that was noted last.
pub(super) fn alive(connection: &Connection) -> rusqlite::Result<SystemTime> {
    connection.query_row("SELECT at FROM alive", [], |row| row.get(0)).map(time)
}
