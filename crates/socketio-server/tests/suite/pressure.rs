//! Whoever speaks in a room waits while members who read are behind: no speaker can get such a member closed.

use crate::{
    harness::{TestServer, eventually, rate},
    http::Polling,
    ws::{Ws, texts},
};
use socketio_server::Config;
use std::{
    io::Read,
    thread::JoinHandle,
    time::{Duration, Instant},
};

const LIMIT: usize = 1 << 20;

fn start(config: Config) -> TestServer {
    TestServer::start(Config { queue_limit: LIMIT, ..config })
}

fn member(server: &TestServer) -> Ws {
    let mut ws = Ws::connected(server.address);
    ws.send(r#"42["join","a"]"#);
    ws.settle();
    ws
}

/// Reads at this many bytes a second until `wanted` bytes have come.
fn read_slowly(mut ws: Ws, per_second: usize, wanted: usize) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let (start, mut buffer, mut taken) = (Instant::now(), vec![0; per_second / 50], 0);
        while taken < wanted {
            taken += match ws.0.0.read(&mut buffer) {
                Ok(0) => panic!("closed after {taken} of {wanted} bytes"),
                Ok(count) => count,
                Err(error) => panic!("after {taken} of {wanted} bytes: {error}"),
            };
            let due = Duration::from_secs_f64(taken as f64 / per_second as f64);
            std::thread::sleep(due.saturating_sub(start.elapsed()));
        }
    })
}

/// Takes all that comes, and looks at none of it.
fn read_all(ws: &Ws) {
    let mut stream = ws.0.0.get_ref().try_clone().unwrap();
    std::thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
}

#[test]
fn given_speakers_who_send_all_they_can_then_members_who_read_slowly_get_everything() {
    for workers in [1, 2] {
        let server = start(Config { workers, ..Config::default() });
        let (members, speakers, messages, size) = (6, 4, 100, 16_000);
        let wanted = speakers * messages * size;
        let readers: Vec<_> = (0..members).map(|_| read_slowly(member(&server), 2_500_000, wanted)).collect();
        let event = format!("42[\"say\",\"a\",\"{}\"]", "x".repeat(size));
        // All are in the room before the first speaks.
        let speakers: Vec<_> = (0..speakers).map(|_| member(&server)).collect();
        let speakers: Vec<_> = speakers
            .into_iter()
            .map(|mut ws| {
                let mut own =
                    Ws(crate::http::Http(std::io::BufReader::new(ws.0.0.get_ref().try_clone().unwrap())));
                let events = texts(std::iter::repeat_n(&event, messages));
                let writing = std::thread::spawn(move || ws.raw(events));
                let reading = std::thread::spawn(move || {
                    (0..4 * messages).for_each(|_| assert!(own.text().starts_with(r#"42["said""#)));
                });
                [writing, reading]
            })
            .collect();
        readers.into_iter().chain(speakers.into_iter().flatten()).for_each(|thread| thread.join().unwrap());
        assert_eq!(server.log.count_prefix("closed: slow consumer"), 0);
    }
}

#[test]
fn given_speakers_who_come_for_a_message_and_go_then_members_who_read_slowly_get_everything() {
    let server = start(Config::default());
    let (visitors, visits, size) = (20, 150, 2000);
    let reader = read_slowly(member(&server), 2_500_000, visitors * visits * size);
    let say = format!("42[\"say\",\"a\",\"{}\"]", "x".repeat(size));
    // In and out within one segment: when it has been worked through, its sender is in no room.
    let visit = texts([r#"42["join","a"]"#, &say, r#"421["leave","a"]"#]);
    let visitors: Vec<_> = (0..visitors)
        .map(|_| {
            let (mut ws, visit) = (Ws::connected(server.address), visit.clone());
            std::thread::spawn(move || {
                for _ in 0..visits {
                    ws.raw(&visit);
                    while !ws.message().starts_with("431") {}
                }
            })
        })
        .collect();
    visitors.into_iter().chain([reader]).for_each(|thread| thread.join().unwrap());
    assert_eq!(server.log.count_prefix("closed: slow consumer"), 0);
}

#[test]
fn given_many_who_were_quiet_and_speak_at_once_then_members_who_read_slowly_get_everything() {
    let server = start(Config::default());
    let (speakers, rounds, size) = (40, 3, 60_000);
    let reader = read_slowly(member(&server), 2_500_000, speakers * rounds * size);
    let say = texts([format!("42[\"say\",\"a\",\"{}\"]", "x".repeat(size))]);
    let mut speakers: Vec<_> = (0..speakers).map(|_| member(&server)).collect();
    speakers.iter().for_each(read_all);
    for _ in 0..rounds {
        let parts: Vec<_> = say.chunks(say.len() / 2 + 1).collect();
        // The rests come in a row, so that the server finds most of them at once.
        parts.iter().for_each(|part| speakers.iter_mut().for_each(|speaker| speaker.raw(part)));
    }
    reader.join().unwrap();
    assert_eq!(server.log.count_prefix("closed: slow consumer"), 0);
}

#[test]
fn given_a_member_who_does_not_read_then_speakers_go_on_after_a_while_and_it_is_closed() {
    let server = start(Config::default());
    let (_deaf, mut poller) = (member(&server), Polling::connected(server.address));
    poller.send(r#"42["join","a"]"#);
    let mut speaker = member(&server);
    let event = format!("42[\"say\",\"a\",\"{}\"]", "x".repeat(50_000));
    for n in 1..=200 {
        speaker.send(&event);
        assert!(speaker.message().starts_with(&format!("42[\"said\",{n},")));
    }
    eventually("both are closed", || server.log.count_prefix("closed: slow consumer") == 2);
}

#[test]
fn given_a_room_whose_members_are_behind_then_other_rooms_are_not_held_back() {
    let server = start(Config::default());
    let (_deaf, mut speaker) = (member(&server), member(&server));
    let mut other = Ws::connected(server.address);
    let event = format!("42[\"say\",\"a\",\"{}\"]", "x".repeat(50_000));
    let events = texts(std::iter::repeat_n(&event, 200));
    let mut reading =
        Ws(crate::http::Http(std::io::BufReader::new(speaker.0.0.get_ref().try_clone().unwrap())));
    let writing = std::thread::spawn(move || speaker.raw(events));
    let reading = std::thread::spawn(move || (0..200).for_each(|_| drop(reading.text())));
    let mut rounds = 0;
    while server.log.count_prefix("closed: slow consumer") == 0 {
        other.settle();
        rounds += 1;
    }
    assert!(rounds > 100, "it was served all the time: {rounds}");
    [writing, reading].into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn given_a_byte_rate_of_rooms_then_its_speakers_wait_and_those_of_others_do_not() {
    let server = start(Config { room_byte_rate: rate(100_000, 50_000), ..Config::default() });
    let mut speaker = member(&server);
    let mut other = Ws::connected(server.address);
    other.send(r#"42["join","b"]"#);
    let event = format!("42[\"say\",\"a\",\"{}\"]", "x".repeat(10_000));
    let start = Instant::now();
    speaker.raw(texts(std::iter::repeat_n(event, 11)));
    other.send(r#"42["say","b","hi"]"#);
    assert_eq!(other.message(), r#"42["said",1,"hi"]"#);
    (0..11).for_each(|_| drop(speaker.message()));
    assert!(start.elapsed().as_millis() >= 450, "110 kB at 100 kB/s after 50 kB: {:?}", start.elapsed());
}
