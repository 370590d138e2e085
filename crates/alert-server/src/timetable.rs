//! The file with bells: TOML, read whole or not at all. What is wrong is said with its line and key.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alert_core::names::RoomCode;
use alert_core::room::bell::{Bell, BellId, Form, FormError};
use alert_schedule::{Holidays, NotACalendar, NotTimes, Times};
use alert_settings::file::{FileError, read};
use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

/// The most bells of a file.
const MOST_BELLS: usize = 2000;
/// Characters of a room's code, as `max_room_chars` is where nothing else is set.
const MOST_ROOM: usize = 128;

/// The bells of each room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timetable(HashMap<RoomCode, Vec<Bell>>);

/// Why a file gives no bells.
#[derive(Debug, thiserror::Error)]
pub enum TimetableError {
    /// It, or a calendar that it names, cannot be read.
    #[error("the bells: {file}: {problem}")]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        problem: FileError,
    },
    /// It is no TOML, or has something that no such file has.
    #[error("the bells: {file}, line {line}: {problem}")]
    Wrong {
        /// Which file.
        file: PathBuf,
        /// Where.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A calendar is none.
    #[error("the bells: {file}: {problem}")]
    Calendar {
        /// Which file.
        file: PathBuf,
        /// Why not.
        problem: NotACalendar,
    },
}

/// The file as it is written. What stands above the bells counts for all that say nothing else.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    room: Option<String>,
    zone: Option<String>,
    holidays: Vec<String>,
    bell: Vec<Spanned<Form>>,
    day: Vec<Spanned<Day>>,
}

/// A day on which some bells ring at other times, or not at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    date: String,
    /// Without a list, all of them.
    bells: Option<Vec<String>>,
    #[serde(default)]
    times: Vec<String>,
}

/// What is wrong with one entry.
#[derive(Debug, thiserror::Error)]
enum EntryError {
    #[error(transparent)]
    Form(#[from] FormError),
    #[error("room: say in which room the bell rings, here or at the top of the file")]
    NoRoom,
    #[error("room: this is no code of a room")]
    Room,
    #[error("id: there are two bells of this name in the room")]
    Twice,
    #[error("date: {0:?} is no day: give one such as \"2026-12-01\"")]
    Date(String),
    #[error("times: {0}")]
    Times(#[from] NotTimes),
    #[error("bells: the file has no bell {0:?}")]
    NoBell(String),
    #[error("bell: a file has {MOST_BELLS} bells at most")]
    TooMany,
}

impl EntryError {
    fn key(&self) -> &'static str {
        match self {
            Self::Form(form) => form.key(),
            Self::NoRoom | Self::Room => "room",
            Self::Twice => "id",
            Self::Date(_) => "date",
            Self::Times(_) => "times",
            Self::NoBell(_) => "bells",
            Self::TooMany => "bell",
        }
    }
}

impl Timetable {
    /// Reads a file, and the calendars that it names, which are looked for beside it. `names` is told of each before any is read,
    /// also where one is wrong: it may be mended.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn load(file: &Path, names: impl FnMut(&Path)) -> Result<Self, TimetableError> {
        let text = text_of(file)?;
        let wrong = |line, problem| TimetableError::Wrong { file: file.to_owned(), line, problem };
        let written: Written = toml::from_str(&text).map_err(|error| {
            let line = line_of(&text, error.span().map_or(0, |span| span.start));
            wrong(line, error.message().to_owned())
        })?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let calendars: Vec<PathBuf> = written.holidays.iter().map(|name| folder.join(name)).collect();
        calendars.iter().map(PathBuf::as_path).for_each(names);
        let holidays = calendars.iter().try_fold(Holidays::default(), |all, file| {
            let read = Holidays::parse(&text_of(file)?);
            read.map(|more| all.and(more))
                .map_err(|problem| TimetableError::Calendar { file: file.to_owned(), problem })
        })?;
        let table = written.table(&Arc::new(holidays));
        table.map_err(|(start, error)| wrong(line_of_key(&text, start, error.key()), error.to_string()))
    }

    /// The bells of a room.
    #[must_use]
    pub fn of(&self, room: &RoomCode) -> &[Bell] {
        self.0.get(room).map_or(&[], Vec::as_slice)
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, room: &RoomCode, id: &BellId) -> Option<&Bell> {
        self.of(room).iter().find(|bell| bell.id == *id)
    }

    /// All bells, with their rooms.
    pub fn all(&self) -> impl Iterator<Item = (&RoomCode, &Bell)> {
        self.0.iter().flat_map(|(room, bells)| bells.iter().map(move |bell| (room, bell)))
    }
}

/// What is wrong with the entry that begins there.
type WrongEntry = (usize, EntryError);

impl Written {
    fn table(self, holidays: &Arc<Holidays>) -> Result<Timetable, WrongEntry> {
        let mut rooms: HashMap<RoomCode, Vec<Bell>> = HashMap::new();
        for (count, entry) in self.bell.iter().enumerate() {
            let at = |error| (entry.span().start, error);
            if count >= MOST_BELLS {
                return Err(at(EntryError::TooMany));
            }
            let mut form = entry.get_ref().clone();
            if form.zone.is_empty() {
                form.zone = self.zone.clone().unwrap_or_default();
            }
            let room = form.room.take().or_else(|| self.room.clone());
            let room = room.ok_or_else(|| at(EntryError::NoRoom))?;
            let room = RoomCode::typed(&room, MOST_ROOM).map_err(|_| at(EntryError::Room))?;
            let mut bell = Bell::try_from(&form).map_err(|wrong| at(wrong.into()))?;
            bell.check().map_err(|wrong| at(wrong.into()))?;
            bell.schedule.holidays = Arc::clone(holidays);
            let bells = match rooms.entry(room) {
                Entry::Occupied(there) => there.into_mut(),
                Entry::Vacant(place) => place.insert(Vec::new()),
            };
            if bells.iter().any(|other| other.id == bell.id) {
                return Err(at(EntryError::Twice));
            }
            bells.push(bell);
        }
        for entry in &self.day {
            entry.get_ref().change(&mut rooms).map_err(|error| (entry.span().start, error))?;
        }
        rooms.values_mut().for_each(|bells| bells.sort_by(|one, other| one.id.cmp(&other.id)));
        Ok(Timetable(rooms))
    }
}

impl Day {
    fn change(&self, rooms: &mut HashMap<RoomCode, Vec<Bell>>) -> Result<(), EntryError> {
        let date: Date = self.date.parse().map_err(|_| EntryError::Date(self.date.clone()))?;
        let times = Times::parse(&self.times)?;
        let is_there = |name: &str| rooms.values().flatten().any(|bell| bell.id.as_str() == name);
        if let Some(unknown) = self.bells.iter().flatten().find(|name| !is_there(name)) {
            return Err(EntryError::NoBell(unknown.clone()));
        }
        let is_meant = |id: &BellId| {
            self.bells.as_ref().is_none_or(|names| names.iter().any(|name| name == id.as_str()))
        };
        for bell in rooms.values_mut().flatten().filter(|bell| is_meant(&bell.id)) {
            bell.schedule.changes.insert(date, times.clone());
        }
        Ok(())
    }
}

fn text_of(file: &Path) -> Result<String, TimetableError> {
    let text = read(file).map_err(|problem| TimetableError::Unreadable { file: file.to_owned(), problem })?;
    Ok(text.text)
}

fn line_of(text: &str, place: usize) -> usize {
    text.get(..place).unwrap_or(text).matches('\n').count() + 1
}

/// The line of a key in the entry that begins somewhere; the entry's own, where the key is missing.
fn line_of_key(text: &str, start: usize, key: &str) -> usize {
    let first = line_of(text, start);
    let rest = text.lines().enumerate().skip(first);
    let own = rest.take_while(|(_, line)| !line.trim_start().starts_with("[["));
    let is_it = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("[bell.").unwrap_or(line);
        line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(['=', '.', ']']))
    };
    own.map(|(place, line)| (place + 1, line)).find(|(_, line)| is_it(line)).map_or(first, |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::time::SystemTime;

    const SCHOOL: &str = r#"room = "K7Q-FM2-XD9"
zone = "Europe/Berlin"
holidays = ["holidays.ics"]

[[bell]]
id = "lesson-1"
rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
times = ["08:40"]
say = "Class ends in 5 minutes"

[[bell]]
id = "siren"
room = "STAFF"
rule = "FREQ=MONTHLY;BYDAY=1WE"
times = ["11:00"]
alert = { level = "info", text = "Siren test", drill = true, ends_after = "5m" }

[[day]]
date = "2026-12-01"
bells = ["lesson-1"]
times = ["08:30"]
"#;
    const CALENDAR: &str =
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261130\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n";

    fn load(text: &str) -> Result<Timetable, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("holidays.ics"), CALENDAR).unwrap();
        let file = folder.path().join("bells.toml");
        std::fs::write(&file, text).unwrap();
        let loaded = Timetable::load(&file, |_| ());
        loaded.map_err(|error| error.to_string().replace(&folder.path().display().to_string(), ""))
    }

    #[test]
    fn a_file_gives_the_bells_of_its_rooms() {
        let table = load(SCHOOL).unwrap();
        let room = RoomCode::parse("K7Q-FM2-XD9", 64).unwrap();
        let (_, siren) = table.all().find(|(room, _)| room.as_str() == "STAFF").unwrap();
        assert_eq!((table.all().count(), siren.does.text()), (2, "Siren test"));
        let lesson = table.get(&room, &"lesson-1".parse().unwrap()).unwrap();
        let at = |text: &str| SystemTime::from(text.parse::<Timestamp>().unwrap());
        // A holiday, and then a short Tuesday.
        let rings = lesson.preview(at("2026-11-30T00:00:00Z"), 3);
        assert_eq!(rings, [at("2026-12-01T07:30:00Z"), at("2026-12-02T07:40:00Z")]);
        for typed in ["k7q fm2 xd9", "https://h/v1?room=K7Q-FM2-XD9"] {
            assert_eq!(load(&SCHOOL.replace("K7Q-FM2-XD9", typed)).unwrap(), table, "{typed}");
        }
    }

    #[test]
    fn given_something_wrong_then_the_line_and_the_key_are_said_and_what_to_do() {
        for (from, to, said) in [
            ("say =", "says =", "line 9: unknown field `says`, expected one of "),
            ("zone = \"Europe/Berlin\"", "", "line 5: zone: there is no such time zone"),
            ("[\"08:40\"]", "[\"8:4\"]", "line 8: times: \"8:4\" is no time of a day"),
            ("MO,TU", "MO,XX", "line 7: rule: this is no rule of RFC 5545"),
            ("\"lesson-1\"\nrule", "\"Lesson 1\"\nrule", "line 6: id: a bell is called by"),
            ("ends_after = \"5m\"", "ends_after = \"0s\"", "line 16: alert: ends_after says when"),
            ("room = \"K7Q-FM2-XD9\"", "", "line 5: room: say in which room"),
            ("room = \"STAFF\"", "room = \"\"", "line 13: room: this is no code"),
            ("date = \"2026-12-01\"", "date = \"Tuesday\"", "line 19: date: \"Tuesday\" is no day"),
            (
                "bells = [\"lesson-1\"]",
                "bells = [\"lesson-9\"]",
                "line 20: bells: the file has no bell \"lesson-9\"",
            ),
            ("\"08:40\"", "\"08:40", "line 9: missing comma"),
            ("holidays.ics", "none.ics", "/none.ics: No such file"),
        ] {
            assert!(SCHOOL.contains(from), "{from}");
            let wrong = load(&SCHOOL.replacen(from, to, 1)).unwrap_err();
            assert!(wrong.contains(said), "{wrong}\nshould have said {said}");
        }
        let twice = load(&format!("{SCHOOL}{}", &SCHOOL[SCHOOL.find("[[bell]]").unwrap()..])).unwrap_err();
        assert!(twice.contains("line 23: id: there are two bells"), "{twice}");
    }
}
