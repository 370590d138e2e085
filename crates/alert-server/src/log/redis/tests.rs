//! The library and the link, against a Redis of their own.

use super::*;
use crate::config::RedisAddress;
use crate::log::contract::{DEADLINE, shown};
use crate::log::{Backend, Page, Query, Start};
use alert_core::position::Position;
use alert_core::room::policy::Policy;
use tokio::sync::mpsc;
use tokio::time::timeout;

mod about;
mod addresses;
mod cluster;
mod contract;
mod libraries;
mod listening;
mod losses;
mod process;
mod reading;
mod sentinel;
mod server;
mod stays;

use listening::{Heard, Listening};
use server::{Server, WEEK, node_at};

fn room(code: &str) -> RoomCode {
    RoomCode::parse(code, 64).unwrap()
}

fn name(text: &str) -> UserName {
    UserName::parse(text, 64).unwrap()
}

async fn say(
    node: &Shared,
    room: &RoomCode,
    text: &str,
    key: Option<KeyDigest>,
) -> Result<Fate, Unavailable> {
    let (tell, told) = tokio::sync::oneshot::channel();
    node.say(room, (&name("Ada"), text), key, None, |fate| _ = tell.send(fate));
    timeout(DEADLINE, told).await.expect("in time").unwrap()
}

async fn said(node: &Shared, room: &RoomCode, text: &str) -> Position {
    match say(node, room, text, None).await {
        Ok(Fate::Said(placed)) => placed.position,
        other => panic!("{other:?}"),
    }
}

async fn enter(node: &Shared, room: &RoomCode, who: &str, connections: u32) -> Arrival {
    let (tell, told) = tokio::sync::oneshot::channel();
    node.enter(room, &name(who), connections, None, 1000, |entering| _ = tell.send(entering));
    timeout(DEADLINE, told).await.expect("in time").unwrap().unwrap().unwrap().arrival
}

async fn read(node: &Shared, room: &RoomCode, start: Start, limit: usize) -> Page {
    let (tell, told) = tokio::sync::oneshot::channel();
    node.read(room.clone(), Query { start, limit }, Box::new(|page| drop(tell.send(page))));
    timeout(DEADLINE, told).await.expect("in time").unwrap().unwrap()
}

fn is_said(change: &Change, expected: &str) -> bool {
    matches!(change, Change::Event(alert_core::event::What::Said { text, .. }) if **text == *expected)
}

#[tokio::test]
async fn given_two_nodes_then_both_hear_one_order_and_read_one_log() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let room = room("K7Q-FM2-XD9 é{x}");
    let (mut at_one, mut at_two) = (Listening::new(&one, &room).await, Listening::new(&two, &room).await);
    let a = said(&one, &room, "a").await;
    let b = said(&two, &room, "b\n\u{1f600}").await;
    assert_eq!((b.epoch, b.number), (a.epoch, a.number + 1));
    for listening in [&mut at_one, &mut at_two] {
        assert!(is_said(&listening.change().await, "a"));
        assert!(is_said(&listening.change().await, "b\n\u{1f600}"));
    }
    for node in [&one, &two] {
        assert_eq!(shown(&read(node, &room, Start::After(a), 9).await), (vec!["b\n\u{1f600}"], None, false));
        assert_eq!(shown(&read(node, &room, Start::Newest, 1).await), (vec!["b\n\u{1f600}"], None, true));
        assert_eq!(shown(&read(node, &room, Start::Before(b), 9).await), (vec!["a"], None, false));
    }
}

#[tokio::test]
async fn given_a_key_then_it_is_said_once_whichever_node_it_comes_to() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let (room, key) = (room("room"), Some(KeyDigest([7; 16])));
    let Ok(Fate::Said(first)) = say(&one, &room, "a", key).await else { panic!() };
    let Ok(Fate::Again(again)) = say(&two, &room, "a", key).await else { panic!() };
    assert_eq!((first.position, first.at), (again.position, again.at));
    assert_eq!(say(&two, &room, "b", key).await, Ok(Fate::KeyReused));
    assert_eq!(read(&one, &room, Start::Oldest, 9).await.messages.len(), 1);
}

#[tokio::test]
async fn given_a_person_on_two_nodes_then_they_enter_once_and_leave_once() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let room = room("room");
    let mut heard = Listening::new(&one, &room).await;
    let ada = name("Ada");
    assert!(enter(&one, &room, "Ada", 1).await.is_new);
    assert!(!enter(&two, &room, "Ada", 1).await.is_new);
    one.go(&room, &ada, 0, Going::Leaves, None, |_| {});
    assert_eq!(one.members(&room).await.unwrap().count(), 1);
    assert_eq!(two.rooms().await, Ok(vec![(room.clone(), 1)]));
    two.go(&room, &ada, 0, Going::Lost(Duration::from_secs(60)), None, |_| {});
    let state = one.state(&room, None).await.unwrap();
    assert_eq!((state.people.len(), state.lost.len()), (1, 1));
    assert!(!enter(&one, &room, "Ada", 1).await.is_new, "back within the grace");
    one.go(&room, &ada, 0, Going::Lost(Duration::from_millis(1)), None, |_| {});
    loop {
        let next = one.expire(&room).await.unwrap();
        if next.is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(one.rooms().await, Ok(vec![]));
    let mut kinds = Vec::new();
    while kinds.last() != Some(&"left") {
        kinds.push(match heard.change().await {
            Change::Event(alert_core::event::What::Entered { count: 1, .. }) => "entered",
            Change::Event(alert_core::event::What::Left { count: 0, .. }) => "left",
            Change::Again(_) => "again",
            Change::Lost(..) => "lost",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(kinds, ["entered", "again", "lost", "again", "lost", "left"]);
}

#[tokio::test]
async fn given_a_node_that_has_ended_then_its_people_leave_and_nobody_else_does() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let room = room("room");
    enter(&one, &room, "Ada", 1).await;
    enter(&one, &room, "Bob", 2).await;
    enter(&two, &room, "Bob", 1).await;
    enter(&two, &room, "Cy", 1).await;
    two.declare_of((Run::new(1), Some("1".to_owned())), &room, [], &[], |_| {});
    let state = two.state(&room, None).await.unwrap();
    assert_eq!(state.people, ["Bob", "Cy"].map(name));
    // It was only cut off: it says who is there.
    one.declare(&room, [(&name("Ada"), 1)], &[]);
    assert_eq!(one.state(&room, None).await.unwrap().people, ["Bob", "Cy", "Ada"].map(name));
}

#[tokio::test]
async fn given_a_redis_that_is_killed_then_nothing_that_was_acknowledged_is_lost_or_said_twice() {
    let mut server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let mut heard = Listening::new(&node, &room).await;
    let mut last = said(&node, &room, "0").await;
    for round in 1..=3 {
        server.kill();
        let (tell, told) = tokio::sync::oneshot::channel();
        node.say(&room, (&name("Ada"), &round.to_string()), None, None, |fate| _ = tell.send(fate));
        server.start_again();
        let Ok(Fate::Said(placed)) = timeout(DEADLINE, told).await.unwrap().unwrap() else {
            panic!("{round}")
        };
        assert_ne!(placed.position.epoch, last.epoch, "another start of Redis");
        last = placed.position;
        // The events come again, too, before it is killed again.
        while heard.next().await != Heard::Begins {}
    }
    let page = read(&node, &room, Start::Oldest, 9).await;
    assert_eq!(shown(&page).0, ["0", "1", "2", "3"]);
    assert_eq!(
        shown(&read(&node, &room, Start::After(page.messages[0].position), 9).await).0,
        ["1", "2", "3"]
    );
}

#[tokio::test]
async fn given_many_threads_that_speak_at_once_then_each_message_is_said_once() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let (tell, mut told) = mpsc::unbounded_channel();
    let speakers: Vec<_> = (0..8)
        .map(|_| {
            let (node, room, tell) = (node.clone(), room.clone(), tell.clone());
            std::thread::spawn(move || {
                for _ in 0..250 {
                    let tell = tell.clone();
                    node.say(&room, (&name("Ada"), "x"), None, None, move |fate| tell.send(fate).unwrap());
                }
            })
        })
        .collect();
    let mut numbers = std::collections::HashSet::new();
    for _ in 0..2_000 {
        match timeout(DEADLINE, told.recv()).await.expect("in time").unwrap() {
            Ok(Fate::Said(placed)) => assert!(numbers.insert(placed.position.number), "{placed:?} twice"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(said(&node, &room, "the last").await.number, 2_001);
    speakers.into_iter().for_each(|speaker| speaker.join().unwrap());
}

#[tokio::test]
async fn given_a_call_that_is_repeated_then_it_is_carried_out_once_even_if_its_message_is_gone() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let first = said(&node, &room, "0").await;
    let repeat = async || {
        let texts = ["1", "Ada", "0", "", ""].map(str::as_bytes).map(<[u8]>::to_vec);
        let mut args = [node.begin(), vec![node.node()], texts.into()].concat();
        args.extend([bytes(100), node.age(), bytes(KEY_AGE.as_millis()), Vec::new()]);
        let call = Call { function: "say", keys: node.0.keys.of(&room), args, numbered: None };
        let (tell, told) = tokio::sync::oneshot::channel();
        node.0.link.call(call, Box::new(move |answer| _ = tell.send(answer)));
        match Fate::parse(told.await.unwrap().unwrap()) {
            Ok(Fate::Said(placed)) => placed.position,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(repeat().await, first, "the answer of the first");
    for number in 1..=100 {
        said(&node, &room, &number.to_string()).await;
    }
    let last = repeat().await;
    assert_eq!(last.number, 101, "its own place is not known any more");
    let page = read(&node, &room, Start::Oldest, 1000).await;
    assert_eq!((page.messages.len(), shown(&page).0[99]), (100, "100"));
}

#[tokio::test]
async fn given_a_message_whose_forerunner_was_not_carried_out_then_it_waits_for_it() {
    let server = Server::start();
    let node = server.node(1).await;
    let (room, key) = (room("room"), hex(&[7; 16]));
    let say = async |op: u64, before: &str, key: &str| {
        let texts =
            [&*op.to_string(), "Ada", &*op.to_string(), key, "digest"].map(|text| text.as_bytes().to_vec());
        let mut args = [node.begin(), vec![node.node()], texts.into()].concat();
        args.extend([bytes(100), node.age(), bytes(KEY_AGE.as_millis()), Vec::new(), before.into()]);
        let (tell, told) = tokio::sync::oneshot::channel();
        let call = Call { function: "say", keys: node.0.keys.of(&room), args, numbered: None };
        node.0.link.call(call, Box::new(move |answer| _ = tell.send(answer)));
        told.await.unwrap().unwrap()
    };
    let function = Library::new("alert", 0).function("say");
    let [base, rooms] = &node.0.keys.of(&room)[..] else { panic!() };
    let node_name = String::from_utf8(node.node()).unwrap();
    let early =
        ["FCALL", &function, "2", base, rooms, "token 0", "epoch", &node_name, "2", "Ada", "2", "", ""];
    assert_eq!(server.cli(&[&early[..], &["100", "1000", "1000", "", "1"]].concat()), "early");
    assert_eq!(read(&node, &room, Start::Oldest, 9).await.messages.len(), 0, "nothing was said");
    assert!(matches!(Fate::parse(say(1, "", &key).await), Ok(Fate::Said(_))));
    assert!(matches!(Fate::parse(say(2, "1", "").await), Ok(Fate::Said(_))));
    // One that had been said before counts as carried out, too, and is so when it is repeated.
    for _ in 0..2 {
        assert!(matches!(Fate::parse(say(3, "2", &key).await), Ok(Fate::Again(_))));
    }
    assert!(matches!(Fate::parse(say(4, "3", "").await), Ok(Fate::Said(_))));
    assert_eq!(shown(&read(&node, &room, Start::Oldest, 9).await).0, ["1", "2", "4"]);
}

#[tokio::test]
async fn given_slow_mode_then_it_is_nobodys_turn_twice_on_whichever_node_and_others_go_on() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let room = room("room");
    let slow = Duration::from_secs(60);
    let turn = |who: &[Who]| Some(Turn { slow, who: who.to_vec() });
    let say = async |node: &Shared, key: Option<KeyDigest>, turn: Option<Turn>| {
        let (tell, told) = tokio::sync::oneshot::channel();
        node.say(&room, (&name("Ada"), "x"), key, turn, |fate| _ = tell.send(fate));
        timeout(DEADLINE, told).await.expect("in time").unwrap().unwrap()
    };
    let (ada, bea, from) = (Who::Name(name("Ada")), Who::Name(name("Bea")), Who::From([192, 0, 2, 1].into()));
    let key = Some(KeyDigest([7; 16]));
    assert!(matches!(say(&one, key, turn(&[ada.clone(), from.clone()])).await, Fate::Said(_)));
    for who in [&[ada.clone()][..], &[bea.clone(), from], &[bea.clone(), ada.clone()]] {
        match say(&two, None, turn(who)).await {
            Fate::TooFast(wait) => assert!(wait <= slow && wait > slow / 2, "{wait:?}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(
        matches!(say(&two, key, turn(std::slice::from_ref(&ada))).await, Fate::Again(_)),
        "a retry is no second one"
    );
    assert!(matches!(say(&two, None, turn(&[bea])).await, Fate::Said(_)), "what was refused is not noted");
    assert!(matches!(say(&two, None, None).await, Fate::Said(_)), "hosts do not wait");
    let short = Turn { slow: Duration::from_millis(20), who: vec![ada] };
    tokio::time::sleep(short.slow).await;
    assert!(matches!(say(&one, None, Some(short)).await, Fate::Said(_)));
    let spoken = format!("{}:spoken", Keys::new("alert").room(&room));
    let gone = async {
        while server.cli(&["EXISTS", &spoken]) != "0" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, gone).await.expect("nobody is remembered longer than they wait");
}

#[tokio::test]
async fn given_somebody_who_enters_while_a_list_of_people_is_made_then_it_is_made_anew() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let room = room("room");
    let lock = async |people: &[UserName], last: LastEntered| {
        let policy = Policy { revision: 1, locked: Some(people.to_vec()), ..Policy::default() };
        let (tell, told) = tokio::sync::oneshot::channel();
        two.rule(&room, (&policy, &[]), Of::People(last), None, |ruled| _ = tell.send(ruled));
        timeout(DEADLINE, told).await.expect("in time").unwrap().unwrap()
    };
    for before in [None, Some("Ada")] {
        if let Some(name) = before {
            enter(&one, &room, name, 1).await;
        }
        let (people, last) = two.people(&room).await.unwrap();
        enter(&one, &room, if before.is_some() { "Bea" } else { "Cy" }, 1).await;
        assert_eq!(lock(&people, last).await, Ruled::Stale(None), "{people:?}");
    }
    let (people, last) = two.people(&room).await.unwrap();
    assert_eq!(people, ["Cy", "Ada", "Bea"].map(name));
    // What else happens meanwhile changes nothing about the list.
    enter(&one, &room, "Ada", 2).await;
    said(&one, &room, "x").await;
    assert!(matches!(lock(&people, last).await, Ruled::Holds(_)));
}

#[tokio::test]
async fn given_a_call_that_was_refused_in_slow_mode_then_repeating_it_says_nothing() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let turn = Turn { slow: Duration::from_millis(200), who: vec![Who::Name(name("Ada"))] };
    let say = async |op: u64, before: &str| {
        let texts = [&*op.to_string(), "Ada", &*op.to_string(), "", ""].map(|text| text.as_bytes().to_vec());
        let mut args = [node.begin(), vec![node.node()], texts.into()].concat();
        args.extend([bytes(100), node.age(), bytes(KEY_AGE.as_millis()), turn.write(), before.into()]);
        let (tell, told) = tokio::sync::oneshot::channel();
        let call = Call { function: "say", keys: node.0.keys.of(&room), args, numbered: None };
        node.0.link.call(call, Box::new(move |answer| _ = tell.send(answer)));
        Fate::parse(told.await.unwrap().unwrap()).unwrap()
    };
    assert!(matches!(say(1, "").await, Fate::Said(_)));
    assert!(matches!(say(2, "1").await, Fate::TooFast(_)));
    assert!(matches!(say(1, "").await, Fate::Said(_)), "as it was");
    tokio::time::sleep(turn.slow).await;
    assert!(matches!(say(2, "1").await, Fate::TooFast(_)), "as it was");
    assert!(matches!(say(3, "2").await, Fate::Said(_)));
    assert_eq!(shown(&read(&node, &room, Start::Oldest, 9).await).0, ["1", "3"]);
}
