//! What every store has to promise, as one suite that runs on each of them.

use super::{Append, Backend, Gap, KeyDigest, Page, Query, Seat, SeatId, Start, Stored};
use crate::config::Retention;
use alert_core::event::{RoomEvent, What};
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Epoch, Numbering, Position, Run};
use std::{
    sync::{Arc, mpsc},
    time::{Duration, SystemTime},
};

pub(super) const DEADLINE: Duration = Duration::from_secs(20);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const RETENTION: Retention = Retention { messages: 100, age: WEEK, bytes: 1 << 20 };

/// A store that a test has opened.
pub(super) struct Desk {
    pub(super) store: Box<dyn Backend>,
    pub(super) run: Run,
    parts: u64,
    /// Where the store is. It stands last, so that the store is dropped first.
    _folder: Option<tempfile::TempDir>,
}

/// A room in which the test speaks.
pub(super) struct Speaker {
    code: RoomCode,
    numbering: Numbering,
}

impl Desk {
    pub(super) fn new(store: Box<dyn Backend>, run: Run) -> Self {
        Self { store, run, parts: 0, _folder: None }
    }

    /// Removes the folder with the store.
    pub(super) fn keeping(self, folder: tempfile::TempDir) -> Self {
        Self { _folder: Some(folder), ..self }
    }

    /// A room in a new epoch, as when somebody enters an empty room.
    pub(super) fn room(&mut self, code: &str) -> Speaker {
        let epoch = Epoch { run: self.run, part: self.parts };
        self.parts += 1;
        Speaker { code: room(code), numbering: Numbering::new(epoch) }
    }

    pub(super) fn say_at(
        &self,
        room: &mut Speaker,
        text: &str,
        at: SystemTime,
    ) -> (Position, mpsc::Receiver<Stored>) {
        self.append(room, text, at, None)
    }

    pub(super) fn append(
        &self,
        room: &mut Speaker,
        text: &str,
        at: SystemTime,
        key: Option<KeyDigest>,
    ) -> (Position, mpsc::Receiver<Stored>) {
        let mut append = self.message(room, text, at, key);
        let position = append.message.position;
        let (tell, told) = mpsc::channel();
        append.stored = Some(Box::new(move |stored| _ = tell.send(stored)));
        if let Some((on_stored, stored)) = self.store.append(append) {
            on_stored(stored);
        }
        (position, told)
    }

    /// A message with the room's next position.
    #[expect(clippy::unused_self, reason = "a message belongs to a desk")]
    pub(super) fn message(
        &self,
        room: &mut Speaker,
        text: &str,
        at: SystemTime,
        key: Option<KeyDigest>,
    ) -> Append {
        let position = room.numbering.advance();
        let what = What::Said { name: ada(), text: text.into() };
        let message = Arc::new(RoomEvent { at, position, what });
        Append { room: room.code.clone(), message, key, stored: None }
    }

    /// Says it, and waits until the store has answered.
    pub(super) fn say(&self, room: &mut Speaker, text: &str) -> Position {
        let (position, told) = self.say_at(room, text, SystemTime::now());
        assert_ne!(told.recv_timeout(DEADLINE).unwrap(), Stored::Failed);
        position
    }

    /// Says it as somebody who has just made the room.
    pub(super) fn say_in(&mut self, code: &str, text: &str) -> Position {
        let mut room = self.room(code);
        self.say(&mut room, text)
    }

    pub(super) fn read(&self, code: &str, start: Start, limit: usize) -> Page {
        let (tell, told) = mpsc::channel();
        self.store.read(room(code), Query { start, limit }, Box::new(move |page| tell.send(page).unwrap()));
        told.recv_timeout(DEADLINE).unwrap().unwrap()
    }

    fn seat(&self, id: SeatId) -> Option<Seat> {
        let (tell, told) = mpsc::channel();
        self.store.seat(id, Box::new(move |seat| tell.send(seat).unwrap()));
        told.recv_timeout(DEADLINE).unwrap()
    }
}

impl Speaker {
    /// Where the room stands.
    pub(super) fn position(&self) -> Position {
        self.numbering.last()
    }
}

fn room(code: &str) -> RoomCode {
    RoomCode::parse(code, 64).unwrap()
}

fn ada() -> UserName {
    UserName::parse("Ada", 64).unwrap()
}

/// The texts of a page; its gap; whether there is more.
pub(super) fn shown(page: &Page) -> (Vec<&str>, Option<Gap>, bool) {
    let texts = page
        .messages
        .iter()
        .map(|event| match &event.what {
            What::Said { text, .. } => &**text,
            _ => panic!("a log holds messages only"),
        })
        .collect();
    (texts, page.gap, page.more)
}

pub(super) type Open = fn(Retention) -> Desk;

pub(super) fn what_was_said_is_read_in_order_from_any_place(open: Open) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    let mut two = desk.room("two");
    let at: Vec<_> = ["a", "b", "c", "d", "e"]
        .map(|text| {
            desk.say(&mut two, "elsewhere");
            desk.say(&mut one, text)
        })
        .into();
    let start = at[0].epoch.start();
    for (query, limit, texts, more) in [
        (Start::Oldest, 10, vec!["a", "b", "c", "d", "e"], false),
        (Start::Oldest, 5, vec!["a", "b", "c", "d", "e"], false),
        (Start::Oldest, 2, vec!["a", "b"], true),
        (Start::Newest, 2, vec!["d", "e"], true),
        (Start::Newest, 5, vec!["a", "b", "c", "d", "e"], false),
        (Start::After(start), 10, vec!["a", "b", "c", "d", "e"], false),
        (Start::After(at[1]), 10, vec!["c", "d", "e"], false),
        (Start::After(at[1]), 2, vec!["c", "d"], true),
        (Start::After(at[4]), 10, vec![], false),
        (Start::Before(at[3]), 2, vec!["b", "c"], true),
        (Start::Before(at[3]), 3, vec!["a", "b", "c"], false),
        (Start::Before(at[0]), 3, vec![], false),
        (Start::Before(start), 3, vec![], false),
    ] {
        assert_eq!(shown(&desk.read("one", query, limit)), (texts, None, more), "{query:?} {limit}");
    }
    let page = desk.read("one", Start::Oldest, 10);
    assert_eq!(page.messages.iter().map(|message| message.position).collect::<Vec<_>>(), at);
    assert_eq!(shown(&desk.read("nowhere", Start::Newest, 10)), (vec![], None, false));
}

pub(super) fn a_read_has_everything_that_was_appended_before_it(open: Open) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    for count in 1..=50 {
        let (_, told) = desk.say_at(&mut one, "x", SystemTime::now());
        assert_eq!(desk.read("one", Start::Oldest, 100).messages.len(), count);
        told.recv_timeout(DEADLINE).unwrap();
    }
}

pub(super) fn a_room_that_was_made_again_goes_on_in_a_later_epoch(open: Open) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    let a = desk.say(&mut one, "a");
    let mut again = desk.room("one");
    let b = desk.say(&mut again, "b");
    assert_ne!(a, b);
    assert_eq!(shown(&desk.read("one", Start::After(a), 9)), (vec!["b"], None, false));
    assert_eq!(shown(&desk.read("one", Start::After(b.epoch.start()), 9)), (vec!["b"], None, false));
    assert_eq!(shown(&desk.read("one", Start::Before(b), 9)), (vec!["a"], None, false));
    assert_eq!(shown(&desk.read("one", Start::Newest, 9)), (vec!["a", "b"], None, false));
}

pub(super) fn reading_from_a_time_begins_with_what_was_said_then(open: Open) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    let now = SystemTime::now();
    let ago = |seconds| now - Duration::from_secs(seconds);
    for (text, seconds) in [("a", 30), ("b", 20), ("c", 10)] {
        let (_, told) = desk.say_at(&mut one, text, ago(seconds));
        told.recv_timeout(DEADLINE).unwrap();
    }
    for (seconds, texts) in [(31, vec!["a", "b", "c"]), (20, vec!["b", "c"]), (19, vec!["c"]), (9, vec![])] {
        assert_eq!(shown(&desk.read("one", Start::Time(ago(seconds)), 9)), (texts, None, false));
    }
}

pub(super) fn a_room_keeps_its_newest_and_says_what_is_missing(open: Open) {
    let mut desk = open(Retention { messages: 3, ..RETENTION });
    let mut one = desk.room("one");
    let at = ["a", "b", "c", "d", "e"].map(|text| desk.say(&mut one, text));
    let gap = |missed| Some(Gap { missed: Some(missed) });
    for (start, texts, gap) in [
        (Start::Oldest, vec!["c", "d", "e"], None),
        (Start::After(at[0].epoch.start()), vec!["c", "d", "e"], gap(2)),
        (Start::After(at[0]), vec!["c", "d", "e"], gap(1)),
        (Start::After(at[1]), vec!["c", "d", "e"], None),
        (Start::After(at[3]), vec!["e"], None),
    ] {
        assert_eq!(shown(&desk.read("one", start, 9)), (texts, gap, false), "{start:?}");
    }
    let mut two = desk.room("two");
    let quiet = desk.say(&mut two, "kept");
    assert_eq!(shown(&desk.read("two", Start::After(quiet), 9)), (vec![], None, false));
}

pub(super) fn what_is_too_old_is_gone_and_a_quiet_room_is_not_taken_for_an_empty_one(open: Open) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    let before = one.numbering.last();
    let long_ago = SystemTime::now() - WEEK - Duration::from_secs(60);
    let (_, told) = desk.say_at(&mut one, "old", long_ago);
    told.recv_timeout(DEADLINE).unwrap();
    let page = desk.read("one", Start::After(before), 9);
    assert_eq!((page.messages.len(), page.gap.is_some()), (0, true), "it is missing");
    assert_eq!(shown(&desk.read("one", Start::Oldest, 9)), (vec![], None, false));
    let new = desk.say(&mut one, "new");
    assert_eq!(shown(&desk.read("one", Start::Oldest, 9)), (vec!["new"], None, false));
    assert!(desk.read("one", Start::After(before), 9).gap.is_some());
    assert_eq!(shown(&desk.read("one", Start::After(new), 9)), (vec![], None, false));
}

pub(super) fn all_rooms_together_keep_no_more_than_their_size(open: Open) {
    let mut desk = open(Retention { messages: 1_000_000, age: WEEK, bytes: 1 << 20 });
    let text = "x".repeat(10_000);
    let mut rooms: Vec<_> = (0..10).map(|number| desk.room(&format!("room{number}"))).collect();
    let first = rooms[0].numbering.last();
    for _ in 0..40 {
        for room in &mut rooms {
            desk.say(room, &text);
        }
    }
    let kept: usize =
        (0..10).map(|number| desk.read(&format!("room{number}"), Start::Oldest, 1000).messages.len()).sum();
    // 4 MB were said. A store may need a little more than the limit, or drop in portions.
    assert!((20..=130).contains(&kept), "{kept} messages of 10 kB in 1 MiB");
    let page = desk.read("room0", Start::After(first), 1000);
    assert!(page.gap.is_some(), "what was dropped is missed");
}

pub(super) fn positions_that_the_log_never_gave_are_a_gap(open: Open) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    desk.say(&mut one, "a");
    let foreign = Position { epoch: Epoch { run: Run::new(1 << 40), part: 0 }, number: 1 };
    let unknown = Some(Gap { missed: None });
    assert_eq!(shown(&desk.read("one", Start::After(foreign), 9)), (vec!["a"], unknown, false));
    assert_eq!(desk.read("nowhere", Start::After(foreign), 9).gap, unknown);
    assert_eq!(desk.read("one", Start::Before(foreign), 9).gap, unknown);
}

pub(super) fn a_seat_is_kept_changed_and_given_up(open: Open) {
    let desk = open(RETENTION);
    let position = Epoch { run: desk.run, part: 0 }.start();
    let seat = |code: &str| Seat {
        room: room(code),
        name: ada(),
        by_login: true,
        socket: "sid".into(),
        position,
        resumed: code == "three",
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
    };
    let [one, two] = [SeatId([1; 16]), SeatId([2; 16])];
    assert_eq!(desk.seat(one), None);
    desk.store.put_seat(one, Some(seat("one")));
    desk.store.put_seat(two, Some(seat("two")));
    assert_eq!(desk.seat(one), Some(seat("one")));
    desk.store.put_seat(one, Some(seat("three")));
    assert_eq!(desk.seat(one), Some(seat("three")));
    desk.store.put_seat(one, None);
    assert_eq!((desk.seat(one), desk.seat(two)), (None, Some(seat("two"))));
}

/// Runs the suite on the stores that a function opens.
macro_rules! contract {
    ($open:expr) => {
        crate::log::contract::contract!($open;
            what_was_said_is_read_in_order_from_any_place,
            a_read_has_everything_that_was_appended_before_it,
            a_room_that_was_made_again_goes_on_in_a_later_epoch,
            reading_from_a_time_begins_with_what_was_said_then,
            a_room_keeps_its_newest_and_says_what_is_missing,
            what_is_too_old_is_gone_and_a_quiet_room_is_not_taken_for_an_empty_one,
            all_rooms_together_keep_no_more_than_their_size,
            positions_that_the_log_never_gave_are_a_gap,
            a_seat_is_kept_changed_and_given_up,
        );
    };
    ($open:expr; $($rule:ident,)*) => {
        $(#[test]
        fn $rule() {
            crate::log::contract::$rule($open);
        })*
    };
}
pub(super) use contract;
