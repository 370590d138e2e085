//! Whatever was not received is in doubt, and whoever comes back is given at least what they have not received.

use std::time::SystemTime;

use proptest::prelude::*;

use super::*;
use crate::event::{RoomEvent, What};
use crate::names::{RoomCode, UserName};
use crate::position::{Epoch, Run};
use crate::wire::{Form, LEAST_SIZE, Rendering, least_size};

const WINDOW: Duration = Duration::from_secs(120);

fn position(run: u64, part: u64, number: u64) -> Position {
    Position { epoch: Epoch { run: Run::new(run), part }, number }
}

fn message(position: Position, text: &str) -> RoomEvent {
    let what = What::Said { name: UserName::parse("Ada", 64).unwrap(), text: text.into() };
    RoomEvent { at: SystemTime::UNIX_EPOCH, position, what }
}

/// What is known of messages later.
fn known(messages: &[RoomEvent]) -> impl DoubleEndedIterator<Item = Sent> {
    messages.iter().map(|event| {
        let What::Said { name, text } = &event.what else { panic!("a message") };
        Sent { position: event.position, at: event.at, least: least_size(name, text) }
    })
}

/// Runs in these tests follow one another by their names; no log knows the one with the name 99.
fn order(run: Run) -> u64 {
    if run.number() == 99 { 0 } else { run.number() }
}

fn add(lost: &mut Lost<u64>, key: u64, doubt: Doubt) {
    lost.add(ClientKey(key), doubt, doubt.at, Some(doubt.upto.number), &order);
}

fn take(lost: &mut Lost<u64>, key: u64) -> Option<Doubt> {
    lost.take(ClientKey(key)).map(|(doubt, _)| doubt)
}

/// What a message makes in a queue: its packet, and the header of a frame.
fn queued(event: &RoomEvent) -> u64 {
    let room = RoomCode::parse("room", 64).unwrap();
    let Rendering::Packet(packet) = Form::V1.render(&room, event) else { panic!("a packet") };
    let header = if packet.text.len() < 126 { 2 } else { 4 };
    (packet.text.len() + header) as u64
}

fn doubt(upto: u64, unconfirmed: u64, at: Instant) -> Doubt {
    Doubt { entered: position(1, 0, 0), upto: position(1, 0, upto), unconfirmed, since: None, at }
}

#[test]
fn given_nothing_unconfirmed_then_nothing_is_in_doubt() {
    let messages = [message(position(1, 0, 1), "a"), message(position(1, 0, 2), "b")];
    let doubt = doubt(2, 0, Instant::now());
    assert_eq!((doubt.among(known(&messages), &order), doubt.most(LEAST_SIZE)), (0, 0));
}

#[test]
fn what_was_said_before_the_connection_entered_is_not_in_doubt() {
    let now = Instant::now();
    let places = [(1, 3, 9), (2, 0, 1), (2, 0, 2), (3, 0, 1), (4, 0, 1), (4, 2, 1), (4, 2, 2)];
    let messages = places.map(|(run, part, number)| message(position(run, part, number), "text"));
    for (entered, expected) in [
        (position(4, 2, 2), 0),
        (position(4, 2, 1), 1),
        (position(4, 1, 0), 2),
        (position(4, 0, 0), 3),
        // It entered before one, or more, restarts of the server.
        (position(3, 5, 0), 3),
        (position(3, 0, 0), 4),
        (position(2, 0, 1), 5),
        (position(2, 7, 0), 4),
        (position(1, 3, 9), 6),
        (position(1, 3, 8), 7),
        // So long ago that nobody knows.
        (position(99, 0, 5), 7),
    ] {
        let doubt = Doubt { entered, upto: position(4, 2, 2), unconfirmed: 1 << 20, since: None, at: now };
        assert_eq!(doubt.among(known(&messages), &order), expected, "{entered}");
    }
}

#[test]
fn what_was_said_since_a_time_is_in_doubt_whatever_the_bytes() {
    let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
    let mut messages: Vec<_> = (1..=9).map(|number| message(position(1, 0, number), "text")).collect();
    for (second, message) in (1..).zip(&mut messages) {
        message.at = at(second);
    }
    for (entered, since, unconfirmed, expected) in
        [(0, 7, 0, 3), (0, 7, 1, 3), (8, 7, 0, 1), (0, 10, 0, 0), (0, 9, 1 << 20, 9), (0, 0, 0, 9)]
    {
        let entered = position(1, 0, entered);
        let doubt = Doubt { entered, since: Some(at(since)), ..doubt(9, unconfirmed, Instant::now()) };
        assert_eq!(doubt.among(known(&messages), &order), expected);
        assert_eq!(doubt.most(LEAST_SIZE), usize::MAX);
    }
}

#[test]
fn two_clients_of_one_name_are_told_apart_and_those_that_look_alike_get_enough_for_either() {
    let now = Instant::now();
    let (phone, laptop, other) = (1, 2, 3);
    let mut lost = Lost::default();
    add(&mut lost, phone, doubt(10, 5, now));
    add(&mut lost, laptop, doubt(20, 6, now + Duration::from_secs(1)));
    assert_eq!(take(&mut lost, laptop), Some(doubt(20, 6, now + Duration::from_secs(1))));
    add(&mut lost, laptop, doubt(20, 6, now + Duration::from_secs(1)));
    add(&mut lost, laptop, doubt(30, 4, now + Duration::from_secs(2)));
    assert_eq!(lost.take(ClientKey(other)), Some((doubt(10, 5, now), Some(10))), "the first that was lost");
    for name in [30, 20] {
        let expected = (doubt(20, 6, now + Duration::from_secs(1)), Some(name));
        assert_eq!(lost.take(ClientKey(laptop)), Some(expected));
    }
    assert!(lost.is_empty());
    assert_eq!(take(&mut lost, laptop), None);
}

#[test]
fn of_a_client_that_a_killed_server_had_and_one_that_was_lost_before_either_gets_enough() {
    let (now, at) = (Instant::now(), SystemTime::UNIX_EPOCH + Duration::from_secs(9));
    let mut lost = Lost::default();
    add(&mut lost, 1, doubt(10, 5, now));
    let killed = Doubt { since: Some(at), ..doubt(30, 0, now + Duration::from_secs(1)) };
    add(&mut lost, 1, killed);
    let both = Doubt { since: Some(at), ..doubt(10, 5, now) };
    assert_eq!([take(&mut lost, 1), take(&mut lost, 1)], [Some(both); 2]);
}

#[test]
fn a_lost_connection_is_forgotten_at_the_end_of_the_window() {
    let now = Instant::now();
    let mut lost = Lost::default();
    add(&mut lost, 1, doubt(1, 0, now - WINDOW / 2));
    // The moment of its loss is not quite known.
    lost.add(ClientKey(1), doubt(1, 0, now - WINDOW / 2), now, None, &order);
    lost.expire(now + WINDOW - Duration::from_nanos(1), WINDOW);
    assert!(!lost.is_empty());
    lost.expire(now + WINDOW, WINDOW);
    assert!(lost.is_empty());
}

#[test]
fn the_clients_of_one_name_are_bounded() {
    let now = Instant::now();
    let mut lost = Lost::default();
    for number in 0..3_000 {
        add(&mut lost, number, doubt(3_000 - number, number, now));
    }
    assert_eq!(lost.0.len(), Lost::<u64>::MOST);
    assert_eq!(lost.0.iter().map(|client| client.connections).sum::<u32>(), 3_000);
    assert!(lost.0.iter().all(|client| client.names.len() <= Lost::<u64>::MOST_NAMES));
}

proptest! {
    /// A connection received the first of what was sent to it; statuses came between, and some of the room's messages
    /// came before it entered.
    #[test]
    fn every_message_that_did_not_come_is_in_doubt(
        texts in prop::collection::vec(("[ -~\\n\u{e4}\u{1F600}]{0,200}", 0u64..100), 0..40),
        entered in 0usize..40,
        received in 0usize..40,
        cut in 0u64..300,
    ) {
        let messages: Vec<_> =
            (1..).zip(&texts).map(|(number, (text, _))| message(position(1, 0, number), text)).collect();
        let entered = entered.min(messages.len());
        let received = received.clamp(entered, messages.len());
        let rest = messages[received..].iter().zip(&texts[received..]);
        // A part of the next frame may be there too, which is no message.
        let cut = messages.get(received).map_or(0, |next| cut.min(queued(next) - 1));
        let unconfirmed = rest.map(|(event, (_, noise))| queued(event) + noise).sum::<u64>().saturating_sub(cut);
        let doubt = Doubt {
            entered: position(1, 0, entered as u64),
            upto: position(1, 0, messages.len() as u64),
            unconfirmed,
            since: None,
            at: Instant::now(),
        };
        let found = doubt.among(known(&messages), &order);
        prop_assert!(found >= messages.len() - received, "{found} of {}", messages.len() - received);
        prop_assert!(found <= messages.len() - entered);
        prop_assert!(found <= doubt.most(LEAST_SIZE));
    }

    /// Whoever comes back gets at least what its own client has lost.
    #[test]
    fn nobody_gets_less_than_its_own_client_lost(
        calls in prop::collection::vec((0u64..4, any::<bool>(), 0u64..1000), 1..60),
    ) {
        let start = Instant::now();
        let mut lost = Lost::default();
        let mut model: Vec<(u64, Doubt)> = Vec::new();
        for (time, (key, is_lost, unconfirmed)) in (0..).zip(calls) {
            if is_lost {
                let doubt = doubt(time, unconfirmed, start + Duration::from_secs(time));
                add(&mut lost, key, doubt);
                model.push((key, doubt));
                continue;
            }
            let given = take(&mut lost, key);
            prop_assert_eq!(given.is_some(), !model.is_empty());
            let Some(given) = given else { continue };
            let own: Vec<_> = model.iter().filter(|(other, _)| *other == key).collect();
            for (_, doubt) in &own {
                prop_assert!(given.upto.number <= doubt.upto.number && given.unconfirmed >= doubt.unconfirmed);
            }
            // One connection is back: of its own client, or else of the one that was lost first. What the others of that
            // client lost stays as it is.
            let first = || model.iter().min_by_key(|(_, doubt)| doubt.at).map(|(key, _)| *key);
            let whose = if own.is_empty() { first() } else { Some(key) };
            let place = model.iter().rposition(|(other, _)| Some(*other) == whose).unwrap();
            model.remove(place);
        }
    }
}
