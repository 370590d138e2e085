//! The contract's sentences about persons and leaving, one test each.

use super::*;

const GRACE: Duration = Duration::from_secs(2);
const ALL: usize = usize::MAX;

fn name(text: &str) -> UserName {
    UserName::parse(text, 64).unwrap()
}

fn names(texts: &[&str]) -> Vec<UserName> {
    texts.iter().copied().map(name).collect()
}

/// A room with Ada in it, and the time of her entering.
fn with_ada() -> (Room, UserName, Instant) {
    let mut room = Room::new(GRACE, Members::MOST);
    assert_eq!(room.enter(&name("Ada")), Entry::Announced);
    (room, name("Ada"), Instant::now())
}

#[test]
fn given_a_new_room_then_it_is_empty() {
    let mut room = Room::new(GRACE, Members::MOST);
    assert!(room.is_empty());
    assert_eq!(room.count(), 0);
    assert_eq!(room.members().names(), []);
    assert_eq!(room.next_deadline(), None);
    assert_eq!(room.expire(Instant::now(), ALL), []);
}

#[test]
fn given_a_person_with_two_connections_then_the_first_enters_and_the_last_leaves() {
    let (mut room, ada, _) = with_ada();
    assert_eq!(room.enter(&ada), Entry::Quiet);
    assert_eq!(room.count(), 1, "one person");
    assert_eq!(room.leave(&ada), Departure::Quiet);
    assert_eq!(room.members().names(), names(&["Ada"]));
    assert_eq!(room.leave(&ada), Departure::Announced);
    assert!(room.is_empty());
    assert_eq!(room.enter(&ada), Entry::Announced, "and again from the beginning");
}

#[test]
fn given_a_lost_last_connection_then_the_person_stays_for_the_grace_and_leaves_once() {
    let (mut room, ada, now) = with_ada();
    assert_eq!(room.lose(&ada, now), Loss::Grace(now + GRACE));
    assert_eq!(room.next_deadline(), Some(now + GRACE));
    assert_eq!(room.expire(now + GRACE - Duration::from_nanos(1), ALL), []);
    assert_eq!(room.members().names(), names(&["Ada"]), "still in the roster");
    assert!(!room.is_empty());
    assert_eq!(room.expire(now + GRACE, ALL), names(&["Ada"]));
    assert_eq!(room.expire(now + GRACE * 9, ALL), [], "exactly once");
    assert!(room.is_empty());
    assert_eq!(room.next_deadline(), None);
    assert_eq!(room.enter(&ada), Entry::Announced);
}

#[test]
fn given_a_person_back_within_the_grace_then_nobody_hears() {
    let (mut room, ada, now) = with_ada();
    assert_eq!(room.lose(&ada, now), Loss::Grace(now + GRACE));
    assert_eq!(room.enter(&ada), Entry::Quiet);
    assert_eq!(room.next_deadline(), None);
    assert_eq!(room.expire(now + GRACE * 9, ALL), []);
    assert_eq!(room.count(), 1);
}

#[test]
fn given_a_second_loss_then_the_grace_counts_from_it() {
    let (mut room, ada, now) = with_ada();
    assert_eq!(room.lose(&ada, now), Loss::Grace(now + GRACE));
    assert_eq!(room.enter(&ada), Entry::Quiet);
    let later = now + Duration::from_secs(1);
    assert_eq!(room.lose(&ada, later), Loss::Grace(later + GRACE));
    assert_eq!(room.expire(now + GRACE, ALL), []);
    assert_eq!(room.expire(later + GRACE, ALL), names(&["Ada"]));
}

#[test]
fn given_one_of_two_connections_lost_then_nobody_hears_and_no_grace_begins() {
    let (mut room, ada, now) = with_ada();
    assert_eq!(room.enter(&ada), Entry::Quiet);
    assert_eq!(room.lose(&ada, now), Loss::Quiet);
    assert_eq!(room.next_deadline(), None);
    assert_eq!(room.leave(&ada), Departure::Announced);
}

#[test]
fn given_left_by_one_of_two_connections_then_the_loss_of_the_other_has_its_grace() {
    let (mut room, ada, now) = with_ada();
    assert_eq!(room.enter(&ada), Entry::Quiet);
    assert_eq!(room.leave(&ada), Departure::Quiet);
    assert_eq!(room.lose(&ada, now), Loss::Grace(now + GRACE));
    assert_eq!(room.expire(now + GRACE, ALL), names(&["Ada"]));
}

#[test]
fn given_left_after_coming_back_then_it_is_immediate_and_the_old_grace_is_over() {
    let (mut room, ada, now) = with_ada();
    assert_eq!(room.lose(&ada, now), Loss::Grace(now + GRACE));
    assert_eq!(room.enter(&ada), Entry::Quiet);
    assert_eq!(room.leave(&ada), Departure::Announced);
    assert_eq!(room.enter(&ada), Entry::Announced);
    assert_eq!(room.expire(now + GRACE * 9, ALL), [], "the new Ada is not the lost one");
}

#[test]
fn given_no_grace_then_a_lost_person_leaves_at_once() {
    let mut room = Room::new(Duration::ZERO, Members::MOST);
    assert_eq!(room.enter(&name("Ada")), Entry::Announced);
    assert_eq!(room.enter(&name("Ada")), Entry::Quiet);
    assert_eq!(room.lose(&name("Ada"), Instant::now()), Loss::Quiet);
    assert_eq!(room.lose(&name("Ada"), Instant::now()), Loss::Announced);
    assert!(room.is_empty());
    assert_eq!(room.next_deadline(), None);
}

#[test]
fn given_somebody_without_a_connection_here_then_leaving_and_losing_change_nothing() {
    let (mut room, ada, now) = with_ada();
    assert_eq!(room.leave(&name("Bob")), Departure::Quiet);
    assert_eq!(room.lose(&name("Bob"), now), Loss::Quiet);
    assert_eq!(room.lose(&ada, now), Loss::Grace(now + GRACE));
    assert_eq!(room.leave(&ada), Departure::Quiet, "in grace there is no connection to leave with");
    assert_eq!(room.lose(&ada, now + GRACE), Loss::Quiet);
    assert_eq!(room.next_deadline(), Some(now + GRACE));
    assert_eq!(room.members().names(), names(&["Ada"]));
}

#[test]
fn given_several_people_then_they_are_listed_in_the_order_of_entering() {
    let mut room = Room::new(GRACE, Members::MOST);
    let now = Instant::now();
    for text in ["Cy", "Ada", "Bob", "Dan"] {
        assert_eq!(room.enter(&name(text)), Entry::Announced);
    }
    assert_eq!(room.members().names(), names(&["Cy", "Ada", "Bob", "Dan"]));
    assert_eq!(room.members().names()[..2], *names(&["Cy", "Ada"]));
    assert_eq!(room.lose(&name("Cy"), now), Loss::Grace(now + GRACE));
    assert_eq!(room.enter(&name("Cy")), Entry::Quiet);
    assert_eq!(
        room.members().names()[..1],
        *names(&["Cy"]),
        "who comes back within the grace keeps the place"
    );
    assert_eq!(room.leave(&name("Ada")), Departure::Announced);
    assert_eq!(room.enter(&name("Ada")), Entry::Announced);
    assert_eq!(room.members().names(), names(&["Cy", "Bob", "Dan", "Ada"]), "who left enters at the end");
    assert_eq!(room.count(), 4);
}

#[test]
fn given_several_graces_then_exactly_those_that_ended_leave_the_longest_gone_first() {
    let mut room = Room::new(GRACE, Members::MOST);
    let start = Instant::now();
    let second = |n| start + Duration::from_secs(n);
    for text in ["Ada", "Bob", "Cy", "Dan"] {
        assert_eq!(room.enter(&name(text)), Entry::Announced);
    }
    for (n, text) in [(0, "Cy"), (1, "Ada"), (2, "Bob")] {
        assert_eq!(room.lose(&name(text), second(n)), Loss::Grace(second(n) + GRACE));
    }
    assert_eq!(room.next_deadline(), Some(second(2)));
    assert_eq!(room.expire(second(3), ALL), names(&["Cy", "Ada"]));
    assert_eq!(room.next_deadline(), Some(second(4)));
    assert_eq!(room.members().names(), names(&["Bob", "Dan"]));
}

#[test]
fn given_ten_thousand_people_then_all_can_enter_be_lost_and_leave_at_once() {
    let mut room = Room::new(GRACE, Members::MOST);
    let start = Instant::now();
    let people: Vec<UserName> = (0..10_000).map(|n| name(&format!("person {n}"))).collect();
    for person in &people {
        assert_eq!(room.enter(person), Entry::Announced);
        assert!(room.members().names().len() <= 1_000);
    }
    assert_eq!((room.count(), room.members().names().len()), (10_000, 1_000));
    for person in &people {
        assert_eq!(room.lose(person, start), Loss::Grace(start + GRACE));
    }
    let (first, rest) = people.split_at(64);
    assert_eq!(room.expire(start + GRACE, 64), first);
    assert_eq!(room.next_deadline(), Some(start + GRACE), "the others are due");
    assert_eq!(room.expire(start + GRACE, ALL), rest);
    assert!(room.is_empty());
    for person in &people {
        assert_eq!(room.enter(person), Entry::Announced);
    }
    for person in people.iter().rev() {
        assert_eq!(room.leave(person), Departure::Announced);
    }
    assert!(room.is_empty());
}

#[test]
fn given_a_list_then_its_json_is_made_once() {
    let mut room = Room::new(GRACE, 2);
    for name in ["Ada", "B\"ob", "Çy"] {
        let _ = room.enter(&names(&[name])[0]);
    }
    let members = room.members();
    assert_eq!((members.json().get(), members.count()), (r#"["Ada","B\"ob"]"#, 3));
    assert!(std::ptr::eq(members.json(), members.json()));
}
