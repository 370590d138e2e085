//! Roll calls and rosters in the file. All of them are in memory too, where they are counted; what changes there is written
//! by the writer, person by person.

use super::runs::{micros, time};
use super::state::Shared;
use crate::log::OnStored;
use crate::log::roll_calls::{
    AGE, Change, Held, InMemory, Marking, OnCounts, OnKept, OnPerson, OnRollCall, OnRoster, RollCalls,
    RollError,
};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::AlertId;
use alert_core::room::roll_call::{Person, Roster, Stage};
use rusqlite::{Connection, Row, params};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

/// Roll calls and rosters, in memory and in the file.
pub(super) struct InFile {
    memory: InMemory,
    shared: Arc<Shared>,
}

/// What has to be written of them. What is written later takes the place of what was to be written before, so there is no
/// more of it than of roll calls in memory.
#[derive(Clone, Default)]
pub(super) struct Rolls {
    calls: HashMap<(RoomCode, AlertId), Call>,
    rosters: HashMap<RoomCode, (Roster, SystemTime)>,
}

#[derive(Clone, Default)]
struct Call {
    /// What the file has is forgotten first.
    begins_anew: bool,
    people: HashMap<UserName, (Person, SystemTime)>,
}

impl Rolls {
    pub(super) fn len(&self) -> usize {
        let people = |call: &Call| call.people.len() + usize::from(call.begins_anew);
        self.calls.values().map(people).sum::<usize>() + self.rosters.len()
    }

    fn note(&mut self, change: Change, at: SystemTime) {
        match change {
            Change::Person(room, alert, name, person) => {
                self.calls.entry((room, alert)).or_default().people.insert(name, (person, at));
            }
            Change::Forget(room, alert) => {
                self.calls.insert((room, alert), Call { begins_anew: true, ..Call::default() });
            }
        }
    }

    /// What could not be written comes before what has come since.
    pub(super) fn go_before(&mut self, mut earlier: Self) {
        for (key, call) in self.calls.drain() {
            if call.begins_anew {
                earlier.calls.insert(key, call);
            } else {
                earlier.calls.entry(key).or_default().people.extend(call.people);
            }
        }
        earlier.rosters.extend(self.rosters.drain());
        *self = earlier;
    }
}

impl InFile {
    /// What the file has. What has been of no use for long is removed from it.
    pub(super) fn read(connection: &Connection, shared: Arc<Shared>) -> rusqlite::Result<Self> {
        let horizon = micros(SystemTime::now().checked_sub(AGE).unwrap_or(SystemTime::UNIX_EPOCH));
        // Of a call that has changed since, everybody stays.
        let sql = "DELETE FROM roll_calls WHERE (room, alert) IN
                   (SELECT room, alert FROM roll_calls GROUP BY room, alert HAVING max(changed) < ?1)";
        connection.execute(sql, [horizon])?;
        connection.execute("DELETE FROM rosters WHERE used < ?1", [horizon])?;
        let mut held = Held::default();
        let sql = "SELECT room, alert, name, expected, stage, at, answer, whom FROM roll_calls
                   JOIN (SELECT room AS of_room, alert AS of_alert, max(changed) AS last FROM roll_calls GROUP BY room, alert)
                   ON of_room = room AND of_alert = alert ORDER BY last, room, alert";
        let mut found = connection.prepare(sql)?;
        let mut rows = found.query([])?;
        while let Some(row) = rows.next()? {
            if let Some((key, name, person)) = person(row)? {
                held.put(key, name, person);
            }
        }
        let mut found = connection.prepare("SELECT room, names, used FROM rosters")?;
        let mut rows = found.query([])?;
        while let Some(row) = rows.next()? {
            let Ok(room) = RoomCode::parse(row.get_ref(0)?.as_str()?, usize::MAX) else { continue };
            let names = row.get_ref(1)?.as_str()?.lines();
            let roster = Roster::of(names.filter_map(|name| UserName::parse(name, usize::MAX).ok()));
            // There are no more of them than a server has taken before.
            let _ = roster.map(|roster| held.put_roster(&room, roster, time_of(row.get(2))));
        }
        Ok(Self { memory: InMemory::of(held), shared })
    }
}

fn time_of(micros: rusqlite::Result<i64>) -> SystemTime {
    micros.map_or(SystemTime::UNIX_EPOCH, time)
}

/// A person, and of which roll call.
type Kept = ((RoomCode, AlertId), UserName, Person);

/// A person of a roll call; `None` if somebody has edited them into something that is none.
fn person(row: &Row<'_>) -> rusqlite::Result<Option<Kept>> {
    let text = |column| row.get_ref(column).and_then(|text| Ok(text.as_str()?));
    let (room, name) = (RoomCode::parse(text(0)?, usize::MAX), UserName::parse(text(2)?, usize::MAX));
    let stage = usize::try_from(row.get::<_, i64>(4)?).ok().and_then(|stage| Stage::ALL.get(stage).copied());
    let (Ok(room), Ok(alert), Ok(name), Some(stage)) = (room, text(1)?.parse(), name, stage) else {
        return Ok(None);
    };
    let by = row.get::<_, Option<String>>(7)?;
    let person = Person {
        is_expected: row.get(3)?,
        stage,
        at: row.get::<_, Option<i64>>(5)?.map(time),
        answer: row.get::<_, Option<String>>(6)?.map(Into::into),
        by: by.and_then(|by| UserName::parse(&by, usize::MAX).ok()),
    };
    Ok(Some(((room, alert), name, person)))
}

/// Writes them, within a transaction.
pub(super) fn write(connection: &Connection, rolls: &Rolls) -> rusqlite::Result<()> {
    for ((room, alert), Call { begins_anew, people }) in &rolls.calls {
        if *begins_anew {
            let sql = "DELETE FROM roll_calls WHERE room = ?1 AND alert = ?2";
            connection.prepare_cached(sql)?.execute([room.as_str(), alert.as_str()])?;
        }
        let sql = "INSERT OR REPLACE INTO roll_calls (room, alert, name, expected, stage, at, answer, whom, changed)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let mut put = connection.prepare_cached(sql)?;
        for (name, (Person { is_expected, stage, at, answer, by }, changed)) in people {
            put.execute(params![
                room.as_str(),
                alert.as_str(),
                name.as_str(),
                is_expected,
                *stage as i64,
                at.map(micros),
                answer.as_deref(),
                by.as_ref().map(UserName::as_str),
                micros(*changed),
            ])?;
        }
    }
    for (room, (roster, used)) in &rolls.rosters {
        if roster.is_empty() {
            connection.prepare_cached("DELETE FROM rosters WHERE room = ?1")?.execute([room.as_str()])?;
            continue;
        }
        let names = roster.names().iter().map(UserName::as_str).collect::<Vec<_>>().join("\n");
        let sql = "INSERT OR REPLACE INTO rosters (room, names, used) VALUES (?1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute(params![room.as_str(), names, micros(*used)])?;
    }
    Ok(())
}

impl RollCalls for InFile {
    fn mark(&self, marking: Marking, done: OnKept) {
        let mut changes = Vec::new();
        let mut held = self.memory.lock();
        let marked = held.mark(&marking, &mut changes);
        if let Err(problem) = marked
            && changes.is_empty()
        {
            drop(held);
            return done(Err(problem));
        }
        let stored = on_stored(done, marked);
        // Under the lock, so that they are written in the order in which they were noted.
        let note = |rolls: &mut Rolls| changes.into_iter().for_each(|change| rolls.note(change, marking.at));
        let untold = self.shared.put_rolls(note, stored);
        drop(held);
        if let Some((stored, failed)) = untold {
            stored(failed);
        }
    }

    fn roll_call(&self, room: &RoomCode, alert: AlertId, done: OnRollCall) {
        self.memory.roll_call(room, alert, done);
    }

    fn roll_person(&self, room: &RoomCode, alert: AlertId, name: &UserName, done: OnPerson) {
        self.memory.roll_person(room, alert, name, done);
    }

    fn roll_counts(&self, room: &RoomCode, alert: AlertId, done: OnCounts) {
        self.memory.roll_counts(room, alert, done);
    }

    fn put_roster(&self, room: &RoomCode, roster: Roster, done: OnKept) {
        let now = SystemTime::now();
        let mut held = self.memory.lock();
        if let Err(problem) = held.put_roster(room, roster.clone(), now) {
            drop(held);
            return done(Err(problem));
        }
        let note = |rolls: &mut Rolls| _ = rolls.rosters.insert(room.clone(), (roster, now));
        let untold = self.shared.put_rolls(note, on_stored(done, Ok(())));
        drop(held);
        if let Some((stored, failed)) = untold {
            stored(failed);
        }
    }

    fn roster(&self, room: &RoomCode, done: OnRoster) {
        let now = SystemTime::now();
        let mut held = self.memory.lock();
        let roster = held.roster(room, now);
        if !roster.is_empty() {
            let note = |rolls: &mut Rolls| _ = rolls.rosters.insert(room.clone(), (roster.clone(), now));
            // Nobody waits for that.
            drop(self.shared.put_rolls(note, Box::new(|_| {})));
        }
        drop(held);
        done(Ok(roster));
    }
}

/// A mark that was noted before is told when that is stored.
fn on_stored(done: OnKept, marked: Result<(), RollError>) -> OnStored {
    Box::new(move |stored| done(marked.map(|()| stored)))
}
