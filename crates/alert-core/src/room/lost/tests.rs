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
fn known(messages: &[RoomEvent]) -> impl DoubleEndedIterator<Item = (Position, usize)> {
    messages.iter().map(|event| {
        let What::Said { name, text } = &event.what else { panic!("a message") };
        (event.position, least_size(name, text))
    })
}

/// What a message makes in a queue: its packet, and the header of a frame.
fn queued(event: &RoomEvent) -> u64 {
    let room = RoomCode::parse("room", 64).unwrap();
    let Rendering::Packet(packet) = Form::V1.render(&room, event) else { panic!("a packet") };
    let header = if packet.text.len() < 126 { 2 } else { 4 };
    (packet.text.len() + header) as u64
}

fn doubt(upto: u64, unconfirmed: u64, at: Instant) -> Doubt {
    Doubt { entered: position(1, 0, 0), upto: position(1, 0, upto), unconfirmed, at }
}

#[test]
fn given_nothing_unconfirmed_then_nothing_is_in_doubt() {
    let messages = [message(position(1, 0, 1), "a"), message(position(1, 0, 2), "b")];
    let doubt = doubt(2, 0, Instant::now());
    assert_eq!((doubt.among(known(&messages)), doubt.most(LEAST_SIZE)), (0, 0));
}

#[test]
fn what_was_said_before_the_connection_entered_is_not_in_doubt() {
    let now = Instant::now();
    let places = [(7, 3, 9), (1, 0, 1), (1, 0, 2), (1, 1, 1), (1, 2, 1), (1, 2, 2)];
    let messages = places.map(|(run, part, number)| message(position(run, part, number), "text"));
    for (entered, upto, expected) in [
        (position(1, 0, 0), 2, 5),
        (position(1, 0, 1), 2, 4),
        (position(1, 0, 2), 2, 3),
        (position(1, 1, 0), 2, 3),
        (position(1, 2, 2), 2, 0),
        // It entered before the server's restart.
        (position(7, 3, 9), 2, 5),
        (position(7, 3, 8), 2, 6),
    ] {
        let doubt = Doubt { entered, upto: position(1, 2, upto), unconfirmed: 1 << 20, at: now };
        assert_eq!(doubt.among(known(&messages)), expected, "{entered}");
    }
}

#[test]
fn two_clients_of_one_name_are_told_apart_and_those_that_look_alike_get_enough_for_either() {
    let now = Instant::now();
    let (phone, laptop, other) = (ClientKey(1), ClientKey(2), ClientKey(3));
    let mut lost = Lost::default();
    lost.add(phone, doubt(10, 5, now));
    lost.add(laptop, doubt(20, 6, now + Duration::from_secs(1)));
    assert_eq!(lost.take(laptop), Some(doubt(20, 6, now + Duration::from_secs(1))));
    lost.add(laptop, doubt(20, 6, now + Duration::from_secs(1)));
    lost.add(laptop, doubt(30, 4, now + Duration::from_secs(2)));
    assert_eq!(lost.take(other), Some(doubt(10, 5, now)), "the first that was lost");
    for _ in 0..2 {
        assert_eq!(lost.take(laptop), Some(doubt(20, 6, now + Duration::from_secs(1))));
    }
    assert!(lost.is_empty());
    assert_eq!(lost.take(laptop), None);
}

#[test]
fn a_lost_connection_is_forgotten_at_the_end_of_the_window() {
    let now = Instant::now();
    let mut lost = Lost::default();
    lost.add(ClientKey(1), doubt(1, 0, now));
    lost.expire(now + WINDOW - Duration::from_nanos(1), WINDOW);
    assert!(!lost.is_empty());
    lost.expire(now + WINDOW, WINDOW);
    assert!(lost.is_empty());
}

#[test]
fn the_clients_of_one_name_are_bounded() {
    let now = Instant::now();
    let mut lost = Lost::default();
    for number in 0..1_000 {
        lost.add(ClientKey(number), doubt(1_000 - number, number, now));
    }
    assert_eq!(lost.0.len(), Lost::MOST);
    assert_eq!(lost.0.iter().map(|client| client.connections).sum::<u32>(), 1_000);
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
            at: Instant::now(),
        };
        let found = doubt.among(known(&messages));
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
                lost.add(ClientKey(key), doubt);
                model.push((key, doubt));
                continue;
            }
            let given = lost.take(ClientKey(key));
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
