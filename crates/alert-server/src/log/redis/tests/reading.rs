//! What is read of a room's log: how much at a time, what is too much or too old, and what is missing.

use super::*;
use crate::log::Gap;

#[tokio::test]
async fn given_long_messages_then_redis_sends_no_more_of_them_than_a_page_may_have() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let long = "x".repeat(300_000);
    let mut at = Vec::new();
    for _ in 0..5 {
        at.push(said(&node, &room, &long).await);
    }
    let huge = said(&node, &room, &"x".repeat(2_000_000)).await;
    for (start, places) in [
        (Start::Oldest, &at[..3]),
        (Start::After(at[0]), &at[1..4]),
        (Start::Before(at[4]), &at[1..4]),
        (Start::Newest, &[huge][..]),
        (Start::After(at[4]), &[huge]),
    ] {
        let page = read(&node, &room, start, 1000).await;
        let found: Vec<_> = page.messages.iter().map(|message| message.position).collect();
        assert_eq!((&*found, page.more), (places, start != Start::After(at[4])), "{start:?}");
    }
    let state = node.state(&room, Some(at[0])).await.unwrap();
    assert_eq!((state.missed.messages.len(), state.missed.more), (3, true));
}

#[tokio::test]
async fn given_a_redis_that_went_back_then_whoever_had_more_hears_of_a_gap() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let mut at = Vec::new();
    for text in ["a", "b", "c"] {
        at.push(said(&node, &room, text).await);
    }
    // As after a failover to a replica that had only the first.
    let base = Keys::new("alert").room(&room);
    server.cli(&["XDEL", &format!("{base}:log"), "1-2", "1-3"]);
    server.cli(&["HSET", &format!("{base}:meta"), "number", "1", "token", "of another"]);
    let d = said(&node, &room, "d").await;
    assert_ne!(d.epoch, at[0].epoch);
    let unknown = Some(Gap { missed: None });
    assert_eq!(shown(&read(&node, &room, Start::After(at[0]), 9).await), (vec!["d"], None, false));
    assert_eq!(shown(&read(&node, &room, Start::After(at[2]), 9).await), (vec!["d"], unknown, false));
}

#[tokio::test]
async fn given_too_many_messages_then_the_oldest_go_and_the_gap_is_counted() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let mut at = Vec::new();
    for number in 0..150 {
        at.push(said(&node, &room, &number.to_string()).await);
    }
    let page = read(&node, &room, Start::After(at[9]), 1000).await;
    assert_eq!((page.messages.len(), page.gap), (100, Some(Gap { missed: Some(40) })));
    assert_eq!(read(&node, &room, Start::After(at[49]), 1000).await.gap, None);
    assert_eq!(read(&node, &room, Start::Oldest, 10).await.messages.len(), 10);
}

#[tokio::test]
async fn given_messages_that_are_too_old_then_they_go_while_others_are_said() {
    let server = Server::start();
    let node = server.node_that_keeps(1, Duration::from_millis(300)).await;
    let room = room("room");
    let log = format!("{}:log", Keys::new("alert").room(&room));
    let first_gone = async {
        for number in 1.. {
            said(&node, &room, &number.to_string()).await;
            if server.cli(&["XRANGE", &log, "1-1", "1-1"]).is_empty() {
                return number;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        unreachable!()
    };
    let number = timeout(DEADLINE, first_gone).await.expect("in time");
    // There were not too many for it.
    assert!(number < 100, "{number}");
}

#[tokio::test]
async fn given_more_messages_that_are_too_old_than_a_page_has_then_what_came_later_is_read_all_the_same() {
    const AGE: Duration = Duration::from_secs(2);
    let server = Server::start();
    let node = server.node_that_keeps(1000, AGE).await;
    let room = room("room");
    let mut first = None;
    for number in 0..200 {
        let position = said(&node, &room, &number.to_string()).await;
        first.get_or_insert(position);
    }
    let all_too_old = async {
        while !read(&node, &room, Start::Oldest, 5).await.messages.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, all_too_old).await.expect("in time");
    said(&node, &room, "later").await;
    for (start, gap) in [(Start::Oldest, None), (Start::After(first.unwrap()), Some(Gap { missed: None }))] {
        let page = read(&node, &room, start, 5).await;
        assert_eq!((page.messages.len(), page.gap, page.more), (1, gap, false), "{start:?}");
    }
}
