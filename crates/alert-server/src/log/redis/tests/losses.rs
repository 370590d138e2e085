//! Redis has lost what nodes have heard: no place is given twice, and whoever has heard less hears of a gap.

use super::*;
use crate::log::Gap;

/// As after a failover to a replica that had the first messages only, `last` of them.
fn goes_back(server: &Server, room: &RoomCode, last: u64, all: u64) {
    let base = Keys::new("alert").room(room);
    for number in last + 1..=all {
        server.cli(&["XDEL", &format!("{base}:log"), &format!("1-{number}")]);
    }
    server.cli(&["HSET", &format!("{base}:meta"), "number", &last.to_string(), "token", "of another"]);
}

#[tokio::test]
async fn given_a_node_that_has_heard_more_then_the_others_hear_what_redis_has_lost_and_those_who_read_later_too()
 {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let room = room("room");
    let mut heard = Listening::new(&two, &room).await;
    let mut at = Vec::new();
    for text in ["a", "b", "c", "d"] {
        at.push(said(&one, &room, text).await);
    }
    goes_back(&server, &room, 2, 4);
    let state = one.state(&room, Some(at[3])).await.unwrap();
    assert_eq!(state.missed.gap, Some(Gap { missed: None }), "what it had is not there any more");
    assert_ne!(state.position.epoch, at[3].epoch);
    while heard.change().await != Change::Lacks(at[3]) {}
    // Whoever has heard less has the same place noted already.
    one.state(&room, Some(at[2])).await.unwrap();
    let e = said(&one, &room, "e").await;
    for (after, texts, gap) in [
        (at[0], vec!["b", "e"], Some(Gap { missed: Some(2) })),
        (at[1], vec!["e"], Some(Gap { missed: Some(2) })),
        (at[2], vec!["e"], Some(Gap { missed: None })),
        (e, vec![], None),
    ] {
        assert_eq!(shown(&read(&two, &room, Start::After(after), 9).await), (texts, gap, false));
    }
    let page = read(&two, &room, Start::After(at[0]), 1).await;
    assert_eq!(shown(&page), (vec!["b"], None, true), "the next page has it");
}

#[tokio::test]
async fn given_a_redis_that_lost_messages_without_another_start_then_their_places_are_not_given_again() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let [a, b] = [said(&node, &room, "a").await, said(&node, &room, "b").await];
    let base = Keys::new("alert").room(&room);
    server.cli(&["XDEL", &format!("{base}:log"), "1-2"]);
    server.cli(&["HSET", &format!("{base}:meta"), "number", "1"]);
    assert_eq!(node.state(&room, Some(b)).await.unwrap().missed.gap, Some(Gap { missed: None }));
    assert_ne!(said(&node, &room, "c").await.epoch, b.epoch);
    let gap = Some(Gap { missed: Some(1) });
    assert_eq!(shown(&read(&node, &room, Start::After(a), 9).await), (vec!["c"], gap, false));
}

#[tokio::test]
async fn given_a_redis_that_has_nothing_of_a_room_then_whoever_had_heard_it_hears_of_a_gap() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let a = said(&node, &room, "a").await;
    server.cli(&["FLUSHALL"]);
    assert_eq!(node.state(&room, Some(a)).await.unwrap().missed.gap, Some(Gap { missed: None }));
    assert_ne!(said(&node, &room, "b").await.epoch, a.epoch);
}
