//! What is kept of webhooks in the file. All of it is in memory too; what changes there is written by the writer, row by row.

use super::runs::micros;
use super::state::Shared;
use crate::log::hooks::{
    AGE, Held, HookError, HookKey, HookStore, InMemory, Letter, OnClaim, OnHookKept, OnLetters, OnLook, Row,
};
use crate::log::{OnStored, Stored, Untold};
use alert_core::names::RoomCode;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

/// Webhooks, in memory and in the file.
pub(super) struct InFile {
    memory: InMemory,
    shared: Arc<Shared>,
}

/// Rows that have to be written. A later one takes the place of one before, so there are no more of them than in memory, and
/// of those that were forgotten.
pub(super) type Rows = HashMap<(HookKey, Box<str>), (Option<Box<str>>, SystemTime)>;

impl InFile {
    /// What the file has. What has not changed for long, and is of no room that is known, is removed from it.
    pub(super) fn read(connection: &Connection, shared: Arc<Shared>) -> rusqlite::Result<Self> {
        let horizon = micros(SystemTime::now().checked_sub(AGE).unwrap_or(SystemTime::UNIX_EPOCH));
        let sql = "DELETE FROM hooks WHERE room NOT IN (SELECT room FROM policies) AND (room, hook) IN
                   (SELECT room, hook FROM hooks GROUP BY room, hook HAVING max(changed) < ?1)";
        connection.execute(sql, [horizon])?;
        let mut held = Held::default();
        let mut found = connection.prepare("SELECT room, hook, letter, text FROM hooks ORDER BY changed")?;
        let mut rows = found.query([])?;
        while let Some(row) = rows.next()? {
            let text = |column| row.get_ref(column).and_then(|text| Ok(text.as_str()?));
            let (Ok(room), Ok(hook)) = (RoomCode::parse(text(0)?, usize::MAX), text(1)?.parse()) else {
                continue;
            };
            let (letter, text) = (text(2)?.into(), Some(text(3)?.into()));
            held.put(Row { of: HookKey { room, hook }, letter, text });
        }
        Ok(Self { memory: InMemory::of(held), shared })
    }

    /// Has rows written. `done` hears whether that was done.
    fn write(&self, rows: Vec<Row>, done: OnStored) -> Untold {
        let now = SystemTime::now();
        let note = |all: &mut Rows| {
            all.extend(rows.into_iter().map(|Row { of, letter, text }| ((of, letter), (text, now))));
        };
        self.shared.put_hooks(note, done)
    }
}

/// Writes them, within a transaction.
pub(super) fn write(connection: &Connection, rows: &Rows) -> rusqlite::Result<()> {
    for ((HookKey { room, hook }, letter), (text, changed)) in rows {
        let (room, hook) = (room.as_str(), hook.as_str());
        match text {
            Some(text) => {
                // A letter that changes keeps its place among the others.
                let sql = "INSERT INTO hooks (room, hook, letter, text, changed) VALUES (?1, ?2, ?3, ?4, ?5)
                           ON CONFLICT (room, hook, letter) DO UPDATE SET text = ?4,
                           changed = CASE WHEN letter = '' THEN ?5 ELSE changed END";
                let row = params![room, hook, letter, text, micros(*changed)];
                connection.prepare_cached(sql)?.execute(row)?;
            }
            None => {
                let sql = "DELETE FROM hooks WHERE room = ?1 AND hook = ?2 AND letter = ?3";
                connection.prepare_cached(sql)?.execute(params![room, hook, letter])?;
            }
        }
    }
    Ok(())
}

impl HookStore for InFile {
    fn claim(&self, of: &HookKey, done: OnClaim) {
        self.memory.claim(of, done);
    }

    fn look(&self, of: &HookKey, done: OnLook) {
        self.memory.look(of, done);
    }

    fn keep(&self, of: &HookKey, state: String, letter: Option<Letter>, done: OnHookKept) {
        let mut held = self.memory.lock();
        let Some(rows) = held.keep(of, state, letter) else {
            drop(held);
            return done(Ok(false));
        };
        // Under the lock, so that they are written in the order in which they were kept.
        let untold = self.write(rows, on_stored(done));
        drop(held);
        tell(untold);
    }

    fn letters(&self, of: &HookKey, done: OnLetters) {
        self.memory.letters(of, done);
    }

    fn put_letter(&self, of: &HookKey, id: &str, text: Option<Box<str>>, done: OnHookKept) {
        let mut held = self.memory.lock();
        let Some(row) = held.put_letter(of, id, text) else {
            drop(held);
            return done(Ok(false));
        };
        let untold = self.write(vec![row], on_stored(done));
        drop(held);
        tell(untold);
    }

    fn forget(&self, of: &HookKey) {
        let mut held = self.memory.lock();
        let rows = held.forget(of);
        // Nobody waits for that.
        let untold = self.write(rows, Box::new(|_| {}));
        drop(held);
        tell(untold);
    }
}

/// A disk that failed is written to again: what is in memory counts meanwhile, and comes once more after a crash.
fn on_stored(done: OnHookKept) -> OnStored {
    Box::new(move |stored| {
        done(if stored == Stored::Failed { Err(HookError) } else { Ok(true) });
    })
}

fn tell(untold: Untold) {
    if let Some((stored, failed)) = untold {
        stored(failed);
    }
}
