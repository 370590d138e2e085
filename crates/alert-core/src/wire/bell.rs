//! Bells as clients see them and write them, over v2 and HTTP alike.

use std::collections::BTreeMap;
use std::time::SystemTime;

use alert_schedule::Times;
use jiff::civil::Date;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::body::whole;
use super::history::At;
use super::json_size;
use super::v1::Refusal;
use crate::room::bell::{Bell, BellId, Form};

/// The most times that are shown.
const MOST_RINGS: usize = 1000;

/// The bells of a room, and when they ring in the next days: `bells`, `rings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownBells {
    bells: Vec<ShownBell>,
    /// When, and the place of which bell.
    rings: Vec<(SystemTime, usize)>,
    /// There are more times than are shown.
    is_cut: bool,
}

/// For how many days it is shown when bells ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(pub u16);

/// A bell of a room, with what a host may want to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownBell {
    #[serde(flatten)]
    form: Form,
    /// It is in the server's file.
    of_file: bool,
    /// Days on which it rings at other times, besides those that it was set with.
    days: BTreeMap<String, Vec<String>>,
    /// When it rings next.
    next: Option<At>,
    #[serde(skip)]
    heard: String,
}

/// One time at which a bell rings.
#[derive(Debug, Serialize)]
struct Ring<'a> {
    at: At,
    bell: &'a str,
    text: &'a str,
}

impl ShownBells {
    /// Bells as they are set, and as they ring, and whether they are of the server's file.
    #[must_use]
    pub fn new<'a>(
        all: impl IntoIterator<Item = (&'a Bell, &'a Bell, bool)>,
        now: SystemTime,
        Days(days): Days,
    ) -> Self {
        let mut table = Self { bells: Vec::new(), rings: Vec::new(), is_cut: false };
        for (place, (bell, rings, of_file)) in all.into_iter().enumerate() {
            table.bells.push(ShownBell::new(bell, rings, of_file, now));
            table.rings.extend(rings.preview(now, days).into_iter().map(|at| (at, place)));
        }
        table.rings.sort_unstable();
        table.is_cut = table.rings.len() > MOST_RINGS;
        table.rings.truncate(MOST_RINGS);
        table
    }

    /// As much of it as fits into so many bytes, more or less, and whether something was left out.
    #[must_use]
    pub fn within(mut self, most: usize) -> (Self, bool) {
        let all = (self.bells.len(), self.rings.len());
        let mut left = most;
        let mut fits = |size: usize| {
            let rest = left.checked_sub(size);
            left = rest.unwrap_or_default();
            rest.is_some()
        };
        let bells = self.bells.iter().take_while(|bell| fits(bell.size())).count();
        self.bells.truncate(bells);
        self.rings.retain(|(_, place)| *place < bells);
        let rings = self.rings.iter().take_while(|ring| fits(self.ring(ring).size())).count();
        self.rings.truncate(rings);
        self.is_cut |= all != (self.bells.len(), self.rings.len());
        let is_cut = self.is_cut;
        (self, is_cut)
    }

    /// Its keys, among those of an answer.
    pub(super) fn fields<S: SerializeStruct>(&self, body: &mut S) -> Result<(), S::Error> {
        body.serialize_field("bells", &self.bells)?;
        body.serialize_field("rings", &self.rings.iter().map(|ring| self.ring(ring)).collect::<Vec<_>>())
    }

    fn ring(&self, (at, place): &(SystemTime, usize)) -> Ring<'_> {
        let ShownBell { form, heard, .. } = &self.bells[*place];
        Ring { at: At(*at), bell: &form.id, text: heard }
    }
}

impl Serialize for ShownBells {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("ShownBells", 2)?;
        self.fields(&mut body)?;
        body.end()
    }
}

impl Ring<'_> {
    fn size(&self) -> usize {
        /// The keys and the time.
        const AROUND: usize = 64;
        AROUND + self.bell.len() + json_size(self.text)
    }
}

impl Days {
    const MOST: u16 = 366;

    /// Reads how many days are asked for.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let days = text.parse().ok().filter(|days| (1..=Self::MOST).contains(days));
        let wrong = || Refusal::invalid_body(format!("days must be a number from 1 to {}.", Self::MOST));
        days.map(Self).ok_or_else(wrong)
    }
}

impl Default for Days {
    fn default() -> Self {
        Self(7)
    }
}

impl ShownBell {
    /// A bell as it is set, and as it rings, at `now`.
    #[must_use]
    pub fn new(bell: &Bell, rings: &Bell, of_file: bool, now: SystemTime) -> Self {
        let set = &bell.schedule.changes;
        let days = rings.schedule.changes.iter().filter(|(day, times)| set.get(day) != Some(times));
        let days = days.map(|(day, times)| (day.to_string(), times.texts())).collect();
        Self { form: bell.into(), of_file, days, next: rings.next(now).map(At), heard: bell.does.heard() }
    }

    fn size(&self) -> usize {
        serde_json::to_string(self).map_or(0, |json| json.len())
    }
}

/// Reads a bell that is to be set, which its address names.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_bell(id: &str, body: &RawValue) -> Result<Bell, Refusal> {
    let wrong = |problem: String| Refusal::invalid_body(problem);
    let mut form: Form = whole(body)?;
    if form.room.is_some() || !form.id.is_empty() && form.id != id {
        return Err(wrong("id and room of a bell are in its address.".to_owned()));
    }
    id.clone_into(&mut form.id);
    Bell::try_from(&form).map_err(|error| wrong(sentence(&error.to_string())))
}

/// Reads the name of a bell.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_bell_id(id: &str) -> Result<BellId, Refusal> {
    id.parse()
        .map_err(|error: crate::room::bell::NotABellId| Refusal::invalid_body(sentence(&error.to_string())))
}

/// Reads a day.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_day(day: &str) -> Result<Date, Refusal> {
    let date = (day.len() == 10).then(|| day.parse().ok()).flatten();
    date.ok_or_else(|| Refusal::invalid_body("a day is one such as 2026-12-01."))
}

/// Reads the times of one day: none, where a bell is not to ring.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_times(body: &RawValue) -> Result<Times, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Day {
        times: Vec<String>,
    }
    times(&whole::<Day>(body)?.times)
}

/// Times as clients write them.
pub(super) fn times(texts: &[String]) -> Result<Times, Refusal> {
    Times::parse(texts).map_err(|error| Refusal::invalid_body(sentence(&error.to_string())))
}

fn sentence(text: &str) -> String {
    let mut sentence = text.to_owned();
    sentence.push('.');
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Bell, String> {
        let body: Box<RawValue> = serde_json::from_str(json).unwrap();
        read_bell("lesson", &body).map_err(|refusal| refusal.to_string())
    }

    const LESSON: &str = r#"{"rule":"FREQ=DAILY","times":["08:40"],"zone":"Europe/Berlin","say":"x"}"#;

    #[test]
    fn a_bell_is_shown_with_its_next_time_and_the_days_that_are_others() {
        let bell = read(LESSON).unwrap();
        let day = |text: &str| text.parse().unwrap();
        let rings = bell.on([(day("2026-12-01"), Times::default())]);
        let now = SystemTime::from("2026-12-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap());
        let shown = serde_json::to_string(&ShownBell::new(&bell, &rings, true, now)).unwrap();
        let expected = r#"{"id":"lesson","rule":"FREQ=DAILY","times":["08:40"],"zone":"Europe/Berlin","name":"Bell","say":"x","missed":"1m","of_file":true,"days":{"2026-12-01":[]},"next":"2026-12-02T07:40:00.000Z"}"#;
        assert_eq!(shown, expected);
    }

    #[test]
    fn given_more_than_fits_then_the_first_bells_and_times_are_shown_and_it_is_said_that_there_are_more() {
        let bell = read(LESSON).unwrap();
        let now = SystemTime::from("2026-12-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap());
        let table = ShownBells::new([(&bell, &bell, false), (&bell, &bell, false)], now, Days(30));
        let json = |table: &ShownBells| serde_json::to_string(table).unwrap();
        assert!(
            json(&table)
                .contains(r#""rings":[{"at":"2026-12-01T07:40:00.000Z","bell":"lesson","text":"x"},"#)
        );
        let whole = json(&table).len();
        assert_eq!(table.clone().within(whole * 2), (table.clone(), false));
        let (cut, is_cut) = table.clone().within(whole / 2);
        assert!(is_cut && json(&cut).len() < whole / 2 && cut.bells.len() == 2, "{cut:?}");
        let (cut, is_cut) = table.within(bell_size(&bell) + 1);
        assert!(is_cut && cut.bells.len() == 1 && cut.rings.is_empty(), "{cut:?}");
    }

    #[test]
    fn given_more_times_than_are_shown_then_it_is_said_that_there_are_more_however_much_fits() {
        let bell = read(LESSON).unwrap();
        let now = SystemTime::from("2026-12-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap());
        for (bells, is_cut) in [(4, false), (5, true)] {
            let all = (0..bells).map(|_| (&bell, &bell, false));
            let (table, more) = ShownBells::new(all, now, Days(250)).within(usize::MAX);
            assert_eq!((table.rings.len(), more), (MOST_RINGS, is_cut));
        }
    }

    fn bell_size(bell: &Bell) -> usize {
        ShownBell::new(bell, bell, false, SystemTime::UNIX_EPOCH).size()
    }

    #[test]
    fn given_what_is_no_bell_then_it_is_said_why() {
        for (json, said) in [
            (r#"["","","FREQ=DAILY",["08:40"]]"#, "the body must be one JSON object."),
            (r#"{"says":"x"}"#, "there is no key says. The keys are: id, room, rule, "),
            (r#"{"alert":["info","Ice"]}"#, "alert must be one JSON object."),
            (r#"{"id":"other"}"#, "id and room of a bell are in its address."),
            (r#"{"room":"R1"}"#, "id and room of a bell are in its address."),
            (r#"{"rule":"FREQ=DAILY"}"#, "times: a bell rings at one time at least, such as [\"08:55\"]."),
        ] {
            let wrong = read(json).unwrap_err();
            assert!(wrong.starts_with(said), "{wrong}");
        }
        for json in [r#"{"times":["8"]}"#, r#"[["08:40"]]"#] {
            let times: Box<RawValue> = serde_json::from_str(json).unwrap();
            assert!(read_times(&times).is_err(), "{json}");
        }
    }
}
