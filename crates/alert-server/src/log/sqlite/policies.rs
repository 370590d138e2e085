//! Policies of rooms, their audit logs, and messages that are removed.

use super::runs::{Place, Runs, micros, time};
use crate::log::policies::{AUDIT_AGE, KeptPolicy, MOST_AUDITS, MOST_AUDITS_IN_ALL};
use alert_core::names::RoomCode;
use alert_core::position::Position;
use alert_core::room::policy::{Audit, Policy};
use rusqlite::{Connection, Row, params};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

/// This many lines are removed at once.
const PORTION: i64 = 256;
/// Lines that wait for a disk that fails.
const MOST_UNWRITTEN: usize = 10_000;

/// What has to be written of rooms with a policy.
#[derive(Clone, Default)]
pub(super) struct Rulings {
    pub(super) policies: Policies,
    pub(super) audits: Vec<(RoomCode, Audit)>,
    pub(super) removals: Vec<(RoomCode, Position)>,
}

pub(super) type Policies = HashMap<RoomCode, ToWrite>;

/// A policy; `None` is one that is forgotten.
#[derive(Clone)]
pub(super) struct ToWrite {
    kept: Option<KeptPolicy>,
    /// It is not written before this many messages are, the last of which was said with it.
    behind: u64,
}

impl Rulings {
    /// Takes a policy instead of the one before. Returns behind how many messages it is written.
    pub(super) fn put(&mut self, room: RoomCode, kept: Option<KeptPolicy>, behind: u64) -> u64 {
        let behind = self.policies.get(&room).map_or(behind, |before| behind.max(before.behind));
        self.policies.insert(room, ToWrite { kept, behind });
        behind
    }

    /// Takes out what cannot be written behind so many messages.
    pub(super) fn split_off(&mut self, end: u64) -> Policies {
        self.policies.extract_if(|_, policy| policy.behind > end).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.policies.len() + self.audits.len() + self.removals.len()
    }

    /// Notes a line of the audit log. Where the disk has failed for long, the oldest go.
    pub(super) fn note(&mut self, room: &RoomCode, audit: Option<Audit>) {
        self.audits.extend(audit.map(|audit| (room.clone(), audit)));
        if self.audits.len() > MOST_UNWRITTEN {
            self.audits.drain(..PORTION as usize);
        }
    }

    /// What could not be written comes before what has come since.
    pub(super) fn go_before(&mut self, mut earlier: Self) {
        earlier.policies.extend(self.policies.drain());
        earlier.audits.append(&mut self.audits);
        earlier.removals.append(&mut self.removals);
        *self = earlier;
    }
}

/// Writes them, within a transaction, behind the messages that came before.
pub(super) fn write(connection: &Connection, runs: &Runs, rulings: &Rulings) -> rusqlite::Result<()> {
    let Rulings { policies, audits, removals } = rulings;
    for (room, ToWrite { kept, .. }) in policies {
        match kept {
            Some(KeptPolicy { policy, used }) => {
                let sql = "INSERT OR REPLACE INTO policies (room, policy, used) VALUES (?1, ?2, ?3)";
                let mut put = connection.prepare_cached(sql)?;
                put.execute(params![room.as_str(), policy.write(), micros(*used)])?;
            }
            None => {
                let sql = "DELETE FROM policies WHERE room = ?1";
                connection.prepare_cached(sql)?.execute([room.as_str()])?;
            }
        }
    }
    for (room, Audit { at, by, deed, to, detail }) in audits {
        let sql = "INSERT INTO audits (room, at, who, deed, whom, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let line =
            params![room.as_str(), micros(*at), &**by, deed.as_str(), to.as_deref(), detail.as_deref()];
        connection.prepare_cached(sql)?.execute(line)?;
        let sql = "DELETE FROM audits WHERE id IN
                   (SELECT id FROM audits WHERE room = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)";
        connection.prepare_cached(sql)?.execute(params![room.as_str(), MOST_AUDITS as i64])?;
    }
    for (room, position) in removals {
        let Some(Place { run, part, number }) = runs.place(*position) else { continue };
        // An empty text keeps the place; no message is empty as it is said.
        let sql = "UPDATE incoming SET text = '', key = NULL WHERE room = ?1 AND run = ?2 AND part = ?3 AND
                   number = ?4 AND text IS NOT NULL";
        connection.prepare_cached(sql)?.execute(params![room.as_str(), run, part, number])?;
        let sql =
            "UPDATE messages SET text = '', key = NULL WHERE room = (SELECT id FROM rooms WHERE code = ?1)
                   AND run = ?2 AND part = ?3 AND number = ?4 AND text IS NOT NULL";
        connection.prepare_cached(sql)?.execute(params![room.as_str(), run, part, number])?;
    }
    Ok(())
}

/// Whether there is such a message on disk, not removed.
pub(super) fn has(
    connection: &Connection,
    runs: &Runs,
    room: &RoomCode,
    at: Position,
) -> rusqlite::Result<bool> {
    let Some(Place { run, part, number }) = runs.place(at) else { return Ok(false) };
    let sql = "SELECT 1 FROM messages WHERE room = (SELECT id FROM rooms WHERE code = ?1) AND run = ?2 AND part = ?3
               AND number = ?4 AND text <> ''
               UNION ALL SELECT 1 FROM incoming WHERE room = ?1 AND run = ?2 AND part = ?3 AND number = ?4 AND text <> ''";
    connection.prepare_cached(sql)?.exists(params![room.as_str(), run, part, number])
}

/// All policies. One that somebody has edited into something else is passed over.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<(RoomCode, KeptPolicy)>> {
    let mut found = connection.prepare("SELECT room, policy, used FROM policies")?;
    let mut rows = found.query([])?;
    let mut policies = Vec::new();
    while let Some(row) = rows.next()? {
        let (room, policy) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
        let (Ok(code), Ok(policy)) = (RoomCode::parse(room, usize::MAX), Policy::read(policy)) else {
            tracing::error!(
                room,
                "the policy of a room cannot be read: the room is open until it gets another"
            );
            continue;
        };
        policies.push((code, KeptPolicy { policy: Arc::new(policy), used: time(row.get(2)?) }));
    }
    Ok(policies)
}

/// The newest lines of a room's audit log.
pub(super) fn audits(connection: &Connection, room: &RoomCode, most: usize) -> rusqlite::Result<Vec<Audit>> {
    let sql = "SELECT at, who, deed, whom, detail FROM audits WHERE room = ?1 ORDER BY id DESC LIMIT ?2";
    let mut found = connection.prepare_cached(sql)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let lines = found.query_map(params![room.as_str(), most], line)?;
    lines.filter_map(Result::transpose).collect()
}

fn line(row: &Row<'_>) -> rusqlite::Result<Option<Audit>> {
    let text = |column| row.get::<_, Option<String>>(column).map(|text| text.map(Into::into));
    let Ok(deed) = row.get_ref(2)?.as_str()?.parse() else { return Ok(None) };
    let by = row.get::<_, String>(1)?.into();
    Ok(Some(Audit { at: time(row.get(0)?), by, deed, to: text(3)?, detail: text(4)? }))
}

/// Drops a portion of the lines that are too old or too many. Says whether there may be more of them.
pub(super) fn prune(connection: &Connection) -> rusqlite::Result<bool> {
    let horizon = SystemTime::now().checked_sub(AUDIT_AGE).unwrap_or(SystemTime::UNIX_EPOCH);
    let sql = "DELETE FROM audits WHERE id IN (SELECT id FROM audits WHERE at < ?1 ORDER BY at LIMIT ?2)";
    let old = connection.prepare_cached(sql)?.execute([micros(horizon), PORTION])?;
    let sql = "DELETE FROM audits WHERE id IN (SELECT id FROM audits WHERE id <=
               (SELECT id FROM audits ORDER BY id DESC LIMIT 1 OFFSET ?1) ORDER BY id LIMIT ?2)";
    let too_many = connection.prepare_cached(sql)?.execute([MOST_AUDITS_IN_ALL as i64, PORTION])?;
    Ok(old as i64 == PORTION || too_many as i64 == PORTION)
}
