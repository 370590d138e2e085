//! A class that goes at once.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::server::Server;

const PUPILS: usize = 100;

#[test]
fn given_many_who_go_at_once_then_all_departures_are_told_in_portions_that_wait_for_the_room() {
    let server = Server::start(&["--leave-grace", "3s", "--room-byte-rate", "8192"]);
    let mut bell = server.listen("D5DB", "application/x-ndjson");
    let pupils: Vec<_> = (0..PUPILS).map(|pupil| server.join("D5DB", &format!("Pupil {pupil}"))).collect();
    (0..PUPILS).for_each(|_| drop(bell.object().unwrap()));
    drop(pupils);
    (0..PUPILS).for_each(|_| server.wait_for_log("lost"));

    // This counts as it is written in JSON: six bytes for each of these, and the room is over its rate for 10 seconds.
    assert_eq!(server.ask("POST", "/v1/rooms/D5DB", &[], &[1; 16_000]).status, 202);
    drop(bell.object().unwrap());
    let mut gone = HashSet::new();
    let mut first = None;
    while gone.len() < PUPILS {
        let (_, text) = bell.object().unwrap();
        assert!(text.ends_with(" has left the room."), "{text}");
        assert!(gone.insert(text));
        first.get_or_insert_with(Instant::now);
    }
    // The second portion waits too, for as long as departures do at most.
    assert!(first.unwrap().elapsed() > Duration::from_millis(900));
}
