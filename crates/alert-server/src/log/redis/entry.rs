//! What Redis tells the nodes of a room: one event, with its place among all events of the room.

use super::roll_calls;
use alert_core::event::{RoomEvent, What};
use alert_core::names::UserName;
use alert_core::position::Position;
use alert_core::room::ClientKey;
use alert_core::room::alerts::AlertId;
use alert_core::room::policy::Policy;
use alert_core::room::roll_call::Person;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Something that happened in a room, as Redis has ordered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number among all events of the room.
    pub seq: u64,
    /// The last message's position: its own, if it is a message.
    pub position: Position,
    /// When, by the clock of Redis.
    pub at: SystemTime,
    /// What.
    pub change: Change,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something that everybody in the room hears.
    Event(What),
    /// A person who is in the room has come with one more connection, perhaps after they were lost.
    Again(UserName),
    /// A person has lost the last connection, and leaves after this time.
    Lost(UserName, Duration),
    /// A person has come who may have been lost, by a connection of this client: these nodes have to ask the connections
    /// that they have of the person.
    Asked {
        /// The person.
        name: UserName,
        /// Whose connection has come.
        client: ClientKey,
        /// The nodes.
        nodes: Vec<Box<str>>,
    },
    /// A node has asked those.
    Probed(UserName, Box<str>),
    /// Redis has lost messages of an epoch up to here.
    Lacks(Position),
    /// Hosts have decided this.
    Policy(Arc<Policy>),
    /// Members on some node are behind: whoever speaks waits for so long. It has no place among the events.
    Slow(Duration),
    /// The roll call of an alert has changed; the person, if it is about one. It has no place among the events.
    Roll(AlertId, Option<(UserName, Person)>),
}

/// Something that no known version of Alert publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another program, or a version of Alert that this one does not know, writes to the rooms in Redis")]
pub(super) struct NotAnEntry;

impl Entry {
    /// Reads what a function of the library tells: a line of facts, then the name and, of a message, the text.
    pub(super) fn parse(told: &[u8]) -> Result<Self, NotAnEntry> {
        Self::read(told).ok_or(NotAnEntry)
    }

    fn read(told: &[u8]) -> Option<Self> {
        let end = told.iter().position(|byte| *byte == b'\n')?;
        let mut facts = str::from_utf8(&told[..end]).ok()?.split(' ');
        let seq = number(facts.next()?)?;
        let kind = facts.next()?;
        let position = position(facts.next()?, facts.next()?)?;
        let at = time(number(facts.next()?)?);
        let count: u64 = number(facts.next()?)?;
        let (name, text) = told[end + 1..].split_at_checked(number(facts.next()?)?)?;
        if kind == "lacks" {
            let (epoch, last) = str::from_utf8(text).ok()?.split_once(' ')?;
            return Some(Self { seq, position, at, change: Change::Lacks(self::position(epoch, last)?) });
        }
        if kind == "slow" {
            return Some(Self { seq, position, at, change: Change::Slow(Duration::from_millis(count)) });
        }
        if kind == "policy" {
            let policy = Policy::read(str::from_utf8(text).ok()?).ok()?;
            return Some(Self { seq, position, at, change: Change::Policy(Arc::new(policy)) });
        }
        if kind == "removed" {
            let (epoch, number) = str::from_utf8(text).ok()?.split_once(' ')?;
            let what = What::Removed(self::position(epoch, number)?);
            return Some(Self { seq, position, at, change: Change::Event(what) });
        }
        if kind == "roll" {
            let rest = str::from_utf8(text).ok()?;
            let (alert, person) = match rest.split_once('\n') {
                Some((alert, person)) => {
                    let name = self::name(str::from_utf8(name).ok()?)?;
                    (alert, Some((name, roll_calls::person(person)?)))
                }
                None => (rest, None),
            };
            return Some(Self { seq, position, at, change: Change::Roll(alert.parse().ok()?, person) });
        }
        let name = self::name(str::from_utf8(name).ok()?)?;
        let people = usize::try_from(count).ok()?;
        let change = match kind {
            "said" => Change::Event(What::Said { name, text: str::from_utf8(text).ok()?.into() }),
            "entered" => Change::Event(What::Entered { name, count: people }),
            "left" => Change::Event(What::Left { name, count: people }),
            "again" => Change::Again(name),
            "lost" => Change::Lost(name, Duration::from_millis(count)),
            "asked" => {
                let mut parts = str::from_utf8(text).ok()?.split(' ');
                let client = ClientKey(number(parts.next()?)?);
                Change::Asked { name, client, nodes: parts.map(Into::into).collect() }
            }
            "probed" => Change::Probed(name, str::from_utf8(text).ok()?.into()),
            _ => return None,
        };
        Some(Self { seq, position, at, change })
    }

    /// The event that everybody hears, if it is one.
    pub(crate) fn event(self) -> Option<Arc<RoomEvent>> {
        let Change::Event(what) = self.change else { return None };
        Some(Arc::new(RoomEvent { at: self.at, position: self.position, what }))
    }
}

pub(super) fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// Milliseconds since 1970.
pub(super) fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

/// The other way.
pub(super) fn millis(at: SystemTime) -> u64 {
    u64::try_from(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// A position of an epoch, whose name is as in a position's text.
pub(super) fn position(epoch: &str, number: &str) -> Option<Position> {
    format!("{epoch}-{number}").parse().ok()
}

/// A name that some node has let in: its limits were checked there.
pub(super) fn name(text: &str) -> Option<UserName> {
    UserName::parse(text, usize::MAX).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::room::roll_call::Stage;

    #[test]
    fn given_what_the_library_tells_then_it_is_read_whole() {
        let at = time(1_764_382_000_123);
        let epoch = "8f3a1c20b7d41";
        let ada = name("Ada Lovelace").unwrap();
        for (kind, count, rest, change) in [
            (
                "said",
                0,
                "a\nb \u{1f600}",
                Change::Event(What::Said { name: ada.clone(), text: "a\nb \u{1f600}".into() }),
            ),
            ("entered", 3, "", Change::Event(What::Entered { name: ada.clone(), count: 3 })),
            ("left", 2, "", Change::Event(What::Left { name: ada.clone(), count: 2 })),
            ("again", 3, "", Change::Again(ada.clone())),
            ("lost", 2000, "", Change::Lost(ada.clone(), Duration::from_secs(2))),
            (
                "asked",
                0,
                "7 a b",
                Change::Asked {
                    name: ada.clone(),
                    client: ClientKey(7),
                    nodes: vec!["a".into(), "b".into()],
                },
            ),
            ("probed", 0, "8f3a1c20b7d4", Change::Probed(ada.clone(), "8f3a1c20b7d4".into())),
        ] {
            let told = format!("17 {kind} {epoch} 57 1764382000123 {count} 12\nAda Lovelace{rest}");
            let position = format!("{epoch}-57").parse().unwrap();
            assert_eq!(Entry::parse(told.as_bytes()), Ok(Entry { seq: 17, position, at, change }));
        }
    }

    #[test]
    fn given_what_is_about_nobody_then_it_is_read() {
        let told = "17 lacks 8f3a1c20b7d42 0 1764382000123 0 0\n8f3a1c20b7d41 57";
        let (position, lacking) = ("8f3a1c20b7d42-0".parse().unwrap(), "8f3a1c20b7d41-57".parse().unwrap());
        let entry = Entry { seq: 17, position, at: time(1_764_382_000_123), change: Change::Lacks(lacking) };
        assert_eq!(Entry::parse(told.as_bytes()), Ok(entry));
        let policy = Policy { revision: 7, announce: true, ..Policy::default() };
        let told = format!("17 policy 8f3a1c20b7d42 0 1764382000123 0 0\n{}", policy.write());
        let change = Change::Policy(Arc::new(policy));
        let entry = Entry { seq: 17, position, at: time(1_764_382_000_123), change };
        assert_eq!(Entry::parse(told.as_bytes()), Ok(entry));
        let told = "17 removed 8f3a1c20b7d42 0 1764382000123 0 0\n8f3a1c20b7d41 57";
        let change = Change::Event(What::Removed(lacking));
        let entry = Entry { seq: 17, position, at: time(1_764_382_000_123), change };
        assert_eq!(Entry::parse(told.as_bytes()), Ok(entry));
        let told = "0 slow 8f3a1c20b7d42 0 1764382000123 250 0\n";
        let change = Change::Slow(Duration::from_millis(250));
        let entry = Entry { seq: 0, position, at: time(1_764_382_000_123), change };
        assert_eq!(Entry::parse(told.as_bytes()), Ok(entry));
    }

    #[test]
    fn given_a_roll_call_that_has_changed_then_it_says_of_whom() {
        let alert: AlertId = "k3v8x0mz".parse().unwrap();
        let position = "8f3a1c20b7d42-0".parse().unwrap();
        let at = time(1_764_382_000_123);
        let person = Person {
            is_expected: true,
            stage: Stage::Confirmed,
            at: Some(at),
            by: name("Ms Ortega"),
            answer: Some("need help".into()),
        };
        for (length, told, found) in [
            (0, "k3v8x0mz".to_owned(), None),
            (
                3,
                "Adak3v8x0mz\n1\n3\n1764382000123\nMs Ortega\nneed help".to_owned(),
                Some((name("Ada").unwrap(), person)),
            ),
            (3, "Adak3v8x0mz\n0\n0\n\n\n".to_owned(), Some((name("Ada").unwrap(), Person::default()))),
        ] {
            let told = format!("0 roll 8f3a1c20b7d42 0 1764382000123 0 {length}\n{told}");
            let entry = Entry { seq: 0, position, at, change: Change::Roll(alert, found) };
            assert_eq!(Entry::parse(told.as_bytes()), Ok(entry), "{told}");
        }
    }

    #[test]
    fn given_anything_else_then_it_is_no_entry_and_no_panic() {
        for told in [
            "",
            "\n",
            "17 said 8f3a1c20b7d41 57 1764382000123 0 3",
            "17 said 8f3a1c20b7d41 57 1764382000123 0 9\nAda",
            "17 sang 8f3a1c20b7d41 57 1764382000123 0 3\nAda",
            "x said 8f3a1c20b7d41 57 1764382000123 0 3\nAda",
            "17 said 8f3a 57 1764382000123 0 3\nAda",
            "17 said 8f3a1c20b7d41 57 1764382000123 0 0\n",
        ] {
            assert_eq!(Entry::parse(told.as_bytes()), Err(NotAnEntry), "{told:?}");
        }
        assert_eq!(Entry::parse(b"17 said 8f3a1c20b7d41 57 1 0 3\nAda\xff"), Err(NotAnEntry));
    }
}
