//! Tokens that have been taken back, in the file. Commands write them, and a server reads them.

use super::runs::{micros, time};
use crate::log::revocations::{MOST, Revocation};
use rusqlite::{Connection, params};
use std::time::SystemTime;

/// Those that count.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Revocation>> {
    let sql = "SELECT what, until FROM revoked WHERE until > ?1 ORDER BY until DESC LIMIT ?2";
    let mut all = connection.prepare_cached(sql)?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, time(row.get(1)?)));
    let rows = all.query_map(params![micros(SystemTime::now()), MOST as i64], row)?;
    let known = |(what, until): (String, SystemTime)| Some(Revocation { what: what.parse().ok()?, until });
    rows.filter_map(|row| row.map(known).transpose()).collect()
}

/// Adds one, and forgets those that are over.
pub(super) fn put(connection: &Connection, new: &Revocation) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO revoked (what, until) VALUES (?1, ?2)";
    connection.execute(sql, params![new.what.to_string(), micros(new.until)])?;
    connection.execute("DELETE FROM revoked WHERE until <= ?1", [micros(SystemTime::now())]).map(drop)
}
