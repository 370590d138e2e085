//! The runs that a file knows, in order. They make positions of different runs comparable.

use alert_core::position::{Epoch, Position, Run};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// A position as the file has it. Places in one room compare in the order in which they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) run: i64,
    pub(super) part: i64,
    pub(super) number: i64,
}

/// The runs of a file, as they were when it was opened.
pub(super) struct Runs {
    by_name: HashMap<Run, i64>,
    by_id: HashMap<i64, Run>,
    own: Option<i64>,
}

impl Place {
    /// Before every other.
    pub(super) const FIRST: Self = Self { run: 0, part: 0, number: 0 };

    pub(super) fn is_of_epoch(self, other: Self) -> bool {
        (self.run, self.part) == (other.run, other.part)
    }
}

impl Runs {
    /// Records a new run on disk, before any of its positions is given.
    pub(super) fn begin(connection: &Connection, run: Run, age: Duration) -> rusqlite::Result<Self> {
        // Positions of a run that has no messages left, and began before everything that is kept, are a gap anyway.
        let horizon = micros(SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH));
        connection.execute(
            "DELETE FROM runs WHERE started < ?1 AND id < coalesce(
                (SELECT run FROM messages ORDER BY id LIMIT 1), (SELECT max(id) FROM runs))",
            [horizon],
        )?;
        let now = micros(SystemTime::now());
        connection
            .execute("INSERT INTO runs (name, started) VALUES (?1, ?2)", params![run.number() as i64, now])?;
        let own = connection.last_insert_rowid();
        Ok(Self { own: Some(own), ..Self::read(connection)? })
    }

    /// The runs of a file that is only read.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut runs = Self { by_name: HashMap::new(), by_id: HashMap::new(), own: None };
        let mut rows = connection.prepare("SELECT id, name FROM runs")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let (id, run) = (row.get(0)?, Run::new(row.get::<_, i64>(1)? as u64));
            runs.by_name.insert(run, id);
            runs.by_id.insert(id, run);
        }
        Ok(runs)
    }

    /// Where a position stands; `None` if the file does not know its run.
    pub(super) fn place(&self, position: Position) -> Option<Place> {
        let run = *self.by_name.get(&position.epoch.run)?;
        Some(Place { run, part: position.epoch.part as i64, number: position.number as i64 })
    }

    /// The position at a place; `None` if the file is damaged.
    pub(super) fn position(&self, place: Place) -> Option<Position> {
        let run = *self.by_id.get(&place.run)?;
        Some(Position { epoch: Epoch { run, part: place.part as u64 }, number: place.number as u64 })
    }

    /// Which of two runs is the later one: the one with the greater number. One that the file does not know has 0.
    pub(super) fn order(&self, run: Run) -> u64 {
        self.by_name.get(&run).map_or(0, |id| *id as u64)
    }

    /// Whether a place was given by the server that has the file open now.
    pub(super) fn is_own(&self, place: Place) -> bool {
        Some(place.run) == self.own
    }
}

/// Whether there is a message at a place.
pub(super) fn has_message(connection: &Connection, room: i64, place: Place) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM messages WHERE room = ?1 AND run = ?2 AND part = ?3 AND number = ?4";
    let mut found = connection.prepare_cached(sql)?;
    let found = found.query_row(params![room, place.run, place.part, place.number], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

/// A time as the file has it: microseconds since 1970.
pub(super) fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The time that the file has as microseconds.
pub(super) fn time(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros.max(0) as u64)
}
