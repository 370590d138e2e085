//! What every store has to promise, as one suite that runs on each of them.

mod desk;
mod devices;
mod hooks;
mod roll_calls;
mod rulings;

use super::{Backend, Gap, Page, Query, Seat, SeatId, Start, Stored};
use crate::config::Retention;
use alert_core::event::What;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Epoch, Position, Run};
use alert_core::room::policy::{Audit, Policy};
pub(super) use desk::{Desk, Speaker};
pub(super) use devices::*;
pub(super) use hooks::*;
pub(super) use roll_calls::*;
pub(super) use rulings::*;
use std::{
    sync::mpsc,
    time::{Duration, SystemTime},
};

pub(super) const DEADLINE: Duration = Duration::from_secs(20);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const MILLISECOND: Duration = Duration::from_millis(1);
const RETENTION: Retention = Retention { messages: 100, age: WEEK, bytes: 1 << 20 };

/// A store that a test has opened. Who orders what is said differs: the server, under a lock, or the store itself, which
/// then says where it has put something.
pub(super) trait Stage {
    /// A room in which the test speaks.
    type Room;

    fn backend(&self) -> &dyn Backend;

    /// A room in a new epoch, as when somebody enters an empty room, or the store was started again.
    fn room(&mut self, code: &str) -> Self::Room;

    /// Begins to say something, or what counts as said so long ago. What was begun before is said before.
    fn begin(&self, room: &mut Self::Room, text: &str, ago: Duration) -> mpsc::Receiver<Said>;

    /// Says it, and waits until the store has answered.
    fn say(&self, room: &mut Self::Room, text: &str) -> Position {
        self.say_ago(room, text, Duration::ZERO)
    }

    fn say_ago(&self, room: &mut Self::Room, text: &str, ago: Duration) -> Position {
        let Said { position, stored } = self.begin(room, text, ago).recv_timeout(DEADLINE).unwrap();
        assert_ne!(stored, Stored::Failed);
        position
    }

    /// Has a policy hold, and waits until it is stored.
    fn rule(&self, code: &str, policy: &Policy, audit: Audit);

    /// The policy that the store has.
    fn policy(&self, code: &str) -> Option<Policy>;

    /// Removes a message. Gives whether it was there.
    fn remove(&self, code: &str, position: Position, audit: Audit) -> bool;

    fn audits(&self, code: &str, most: usize) -> Vec<Audit> {
        let (tell, told) = mpsc::channel();
        self.backend().audits(&room(code), most, Box::new(move |audits| tell.send(audits).unwrap()));
        told.recv_timeout(DEADLINE).unwrap().unwrap()
    }

    fn read(&self, code: &str, start: Start, limit: usize) -> Page {
        read(self.backend(), code, start, limit)
    }

    fn seat(&self, id: SeatId) -> Option<Seat> {
        let (tell, told) = mpsc::channel();
        self.backend().seat(id, Box::new(move |seat| tell.send(seat).unwrap()));
        told.recv_timeout(DEADLINE).unwrap()
    }
}

/// What became of a message.
pub(super) struct Said {
    pub(super) position: Position,
    pub(super) stored: Stored,
}

fn read(store: &dyn Backend, code: &str, start: Start, limit: usize) -> Page {
    let (tell, told) = mpsc::channel();
    store.read(room(code), Query { start, limit }, Box::new(move |page| tell.send(page).unwrap()));
    told.recv_timeout(DEADLINE).unwrap().unwrap()
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

pub(super) type Open<S> = fn(Retention) -> S;

pub(super) fn what_was_said_is_read_in_order_from_any_place<S: Stage>(open: Open<S>) {
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

pub(super) fn a_read_has_everything_that_was_appended_before_it<S: Stage>(open: Open<S>) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    for count in 1..=50 {
        let told = desk.begin(&mut one, "x", Duration::ZERO);
        assert_eq!(desk.read("one", Start::Oldest, 100).messages.len(), count);
        told.recv_timeout(DEADLINE).unwrap();
    }
}

pub(super) fn a_room_that_was_made_again_goes_on_in_a_later_epoch<S: Stage>(open: Open<S>) {
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

pub(super) fn reading_from_a_time_begins_with_what_was_said_then<S: Stage>(open: Open<S>) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    let texts = ["a", "b", "c", "d"];
    for (place, text) in texts.into_iter().enumerate() {
        if place == 2 {
            one = desk.room("one");
        }
        desk.say(&mut one, text);
        std::thread::sleep(2 * MILLISECOND);
    }
    let said: Vec<_> = desk.read("one", Start::Oldest, 9).messages.iter().map(|message| message.at).collect();
    for place in 0..4 {
        let from = |at| shown(&desk.read("one", Start::Time(at), 9)).0.len();
        assert_eq!(from(said[place] - MILLISECOND), 4 - place, "before {}", texts[place]);
        assert_eq!(from(said[place]), 4 - place);
        assert_eq!(from(said[place] + MILLISECOND), 3 - place, "after {}", texts[place]);
    }
    let from_b = Start::Time(said[1]);
    assert_eq!(shown(&desk.read("one", from_b, 2)), (vec!["b", "c"], None, true));
    assert_eq!(shown(&desk.read("one", from_b, 3)), (vec!["b", "c", "d"], None, false));
    assert_eq!(shown(&desk.read("nowhere", from_b, 3)), (vec![], None, false));
}

pub(super) fn a_room_keeps_its_newest_and_says_what_is_missing<S: Stage>(open: Open<S>) {
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

pub(super) fn what_is_too_old_is_gone_and_a_quiet_room_is_not_taken_for_an_empty_one<S: Stage>(
    open: Open<S>,
) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    let before = desk.say_ago(&mut one, "old", WEEK + Duration::from_secs(60)).epoch.start();
    let page = desk.read("one", Start::After(before), 9);
    assert_eq!((page.messages.len(), page.gap.is_some()), (0, true), "it is missing");
    assert_eq!(shown(&desk.read("one", Start::Oldest, 9)), (vec![], None, false));
    let new = desk.say(&mut one, "new");
    assert_eq!(shown(&desk.read("one", Start::Oldest, 9)), (vec!["new"], None, false));
    assert!(desk.read("one", Start::After(before), 9).gap.is_some());
    assert_eq!(shown(&desk.read("one", Start::After(new), 9)), (vec![], None, false));
}

pub(super) fn all_rooms_together_keep_no_more_than_their_size<S: Stage>(open: Open<S>) {
    let mut desk = open(Retention { messages: 1_000_000, age: WEEK, bytes: 1 << 20 });
    let text = "x".repeat(10_000);
    let mut rooms: Vec<_> = (0..10).map(|number| desk.room(&format!("room{number}"))).collect();
    let mut first = None;
    for _ in 0..40 {
        for room in &mut rooms {
            first = first.or(Some(desk.say(room, &text).epoch.start()));
        }
    }
    let kept: usize =
        (0..10).map(|number| desk.read(&format!("room{number}"), Start::Oldest, 1000).messages.len()).sum();
    // 4 MB were said. A store may need a little more than the limit, or drop in portions.
    assert!((20..=130).contains(&kept), "{kept} messages of 10 kB in 1 MiB");
    let page = desk.read("room0", Start::After(first.unwrap()), 1000);
    assert!(page.gap.is_some(), "what was dropped is missed");
}

pub(super) fn positions_that_the_log_never_gave_are_a_gap<S: Stage>(open: Open<S>) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    desk.say(&mut one, "a");
    let foreign = Position { epoch: Epoch { run: Run::new(1 << 40), part: 0 }, number: 1 };
    let unknown = Some(Gap { missed: None });
    assert_eq!(shown(&desk.read("one", Start::After(foreign), 9)), (vec!["a"], unknown, false));
    assert_eq!(desk.read("nowhere", Start::After(foreign), 9).gap, unknown);
    assert_eq!(desk.read("one", Start::Before(foreign), 9).gap, unknown);
}

pub(super) fn positions_of_other_rooms_and_of_the_future_are_a_gap<S: Stage>(open: Open<S>) {
    let mut desk = open(RETENTION);
    let [early, late] = ["early", "late"].map(|code| {
        let mut room = desk.room(code);
        [desk.say(&mut room, "a"), desk.say(&mut room, "b")]
    });
    let unknown = Some(Gap { missed: None });
    let future = Position { number: 999, ..early[1] };
    for (code, position) in [("early", late[0]), ("early", late[1]), ("late", early[1]), ("early", future)] {
        let page = desk.read(code, Start::After(position), 9);
        assert_eq!(shown(&page), (vec!["a", "b"], unknown, false), "{code} after {position}");
    }
    for (code, position) in [("early", early), ("late", late)] {
        assert_eq!(shown(&desk.read(code, Start::After(position[1]), 9)), (vec![], None, false));
    }
}

pub(super) fn a_seat_is_kept_changed_and_given_up<S: Stage>(open: Open<S>) {
    let desk = open(RETENTION);
    let position = Epoch { run: Run::new(7), part: 0 }.start();
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
    desk.backend().put_seat(one, Some(seat("one")));
    desk.backend().put_seat(two, Some(seat("two")));
    assert_eq!(desk.seat(one), Some(seat("one")));
    desk.backend().put_seat(one, Some(seat("three")));
    assert_eq!(desk.seat(one), Some(seat("three")));
    desk.backend().put_seat(one, None);
    assert_eq!((desk.seat(one), desk.seat(two)), (None, Some(seat("two"))));
}

/// A page that is read over and over has everything once.
pub(super) fn pages_that_follow_one_another_have_everything_once<S: Stage>(open: Open<S>) {
    let mut desk = open(Retention { bytes: 8 << 20, ..RETENTION });
    let mut one = desk.room("one");
    // Some are large, so that a page may end for its size.
    let long = "x".repeat(300_000);
    let said: Vec<_> =
        (0..9).map(|place| desk.say(&mut one, if place % 3 == 1 { &long } else { "y" })).collect();
    let mut forwards = Vec::new();
    let mut start = Start::Oldest;
    loop {
        let page = desk.read("one", start, 4);
        forwards.extend(page.messages.iter().map(|message| message.position));
        if !page.more {
            break;
        }
        start = Start::After(*forwards.last().unwrap());
    }
    assert_eq!(forwards, said);
    let mut backwards = Vec::new();
    let mut start = Start::Newest;
    loop {
        let page = desk.read("one", start, 4);
        backwards.extend(page.messages.iter().rev().map(|message| message.position));
        if !page.more {
            break;
        }
        start = Start::Before(*backwards.last().unwrap());
    }
    backwards.reverse();
    assert_eq!(backwards, said);
}

/// Runs the suite on the stores that a function opens. One rule is only for stores that have a size of their own.
macro_rules! contract {
    ($open:expr) => {
        crate::log::contract::contract!(shared $open);
        crate::log::contract::contract!($open; all_rooms_together_keep_no_more_than_their_size,);
    };
    (shared $open:expr) => {
        crate::log::contract::contract!($open;
            what_was_said_is_read_in_order_from_any_place,
            a_read_has_everything_that_was_appended_before_it,
            a_room_that_was_made_again_goes_on_in_a_later_epoch,
            reading_from_a_time_begins_with_what_was_said_then,
            a_room_keeps_its_newest_and_says_what_is_missing,
            what_is_too_old_is_gone_and_a_quiet_room_is_not_taken_for_an_empty_one,
            positions_that_the_log_never_gave_are_a_gap,
            positions_of_other_rooms_and_of_the_future_are_a_gap,
            pages_that_follow_one_another_have_everything_once,
            a_seat_is_kept_changed_and_given_up,
            a_policy_is_kept_changed_and_that_of_its_room_only,
            an_audit_log_has_the_newest_lines_first,
            a_message_that_is_removed_is_in_no_page_and_not_missing,
            pages_are_full_whatever_was_removed,
            a_message_is_removed_once_and_from_its_own_room,
            a_roll_call_has_what_was_noted_and_that_of_its_alert_only,
            a_roll_call_is_bounded_and_those_who_are_in_it_go_on,
            a_roster_is_kept_changed_and_given_up,
            a_device_is_kept_renewed_and_forgotten,
            a_person_has_a_bounded_number_of_devices,
            a_webhook_goes_on_where_it_was_until_it_is_forgotten,
            dead_letters_are_kept_changed_and_dropped_and_the_oldest_goes,
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
