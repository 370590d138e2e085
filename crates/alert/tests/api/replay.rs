//! Clients that were lost and join again, and know nothing of recovery: they get what was said meanwhile.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::heard::{away, message, say, status};
use crate::member::Member;
use crate::server::Server;
use crate::way::Way;

/// So that a connection is confirmed often.
pub(crate) const BEATS: [&str; 2] = ["--ping-interval", "200ms"];

fn start(flags: &[&str]) -> Server {
    Server::start(&[&BEATS, flags].concat())
}

/// Ends a connection without a word, and waits until the server knows.
pub(crate) fn lose(server: &Server, member: Member) {
    drop(member);
    server.wait_for_log("connection closed");
}

#[test]
fn whoever_was_lost_gets_what_was_said_meanwhile_before_what_is_live() {
    let server = start(&[]);
    let mut bob = server.join("r", "Bob");
    let mut ada = server.join("r", "Ada");
    say(&mut bob, &["before"]);
    assert_eq!(ada.hears(), message("Bob: before"));
    ada.confirm();
    lose(&server, ada);
    say(&mut bob, &["one", "two"]);
    let mut ada = server.connect();
    ada.emit_joined("r", "Ada");
    assert_eq!(ada.hears(), status("Ada has entered the room."));
    assert_eq!(away(&mut ada), "While you were away: 2 messages.");
    for text in ["one", "two"] {
        assert_eq!(ada.hears(), message(&format!("Bob: {text}")));
    }
    say(&mut bob, &["live"]);
    assert_eq!(ada.hears(), message("Bob: live"));
    // Once: a further connection of hers was not lost.
    let mut second = server.connect();
    second.emit_joined("r", "Ada");
    // She shows that she is there.
    ada.confirm();
    assert_eq!(second.hears(), status("Ada has entered the room."));
    say(&mut bob, &["more"]);
    assert_eq!(second.hears(), message("Bob: more"));
    assert_eq!(ada.hears(), message("Bob: more"));
}

#[test]
fn whoever_missed_nothing_is_told_nothing() {
    let server = start(&[]);
    let mut ada = server.join("r", "Ada");
    ada.confirm();
    lose(&server, ada);
    let mut ada = server.join("r", "Ada");
    say(&mut ada, &["hi"]);
}

#[test]
fn a_replay_outlives_the_grace_and_the_room() {
    let server = start(&["--leave-grace", "0s"]);
    let mut ada = server.join("r", "Ada");
    ada.confirm();
    lose(&server, ada);
    // Nobody is in the room, which is made again by each of these.
    for text in ["one", "two"] {
        say(&mut server.join("r", "Bob"), &[text]);
    }
    let mut ada = server.join("r", "Ada");
    assert_eq!(away(&mut ada), "While you were away: 2 messages.");
    assert_eq!([ada.hears(), ada.hears()], [message("Bob: one"), message("Bob: two")]);
}

#[test]
fn in_doubt_a_message_comes_twice_and_none_from_before_the_entry_comes() {
    let server = Server::start(&[]);
    let mut bob = server.join("r", "Bob");
    say(&mut bob, &["early"]);
    let mut ada = server.join("r", "Ada");
    say(&mut bob, &["one", "two"]);
    assert_eq!([ada.hears(), ada.hears()], [message("Bob: one"), message("Bob: two")]);
    // No ping has been answered yet, and from an address of this machine TCP's word does not count.
    lose(&server, ada);
    say(&mut bob, &["three"]);
    let mut ada = server.join("r", "Ada");
    assert_eq!(away(&mut ada), "While you were away: 3 messages.");
    for text in ["one", "two", "three"] {
        assert_eq!(ada.hears(), message(&format!("Bob: {text}")));
    }
}

#[test]
fn whoever_left_or_comes_too_late_or_where_it_is_off_gets_nothing() {
    let say_and_return = |server: &Server, ada: Option<Member>, wait: Duration| {
        let mut bob = server.join("r", "Bob");
        if let Some(ada) = ada {
            lose(server, ada);
        }
        say(&mut bob, &["missed"]);
        let since = Instant::now();
        while since.elapsed() < wait {
            server.get("/livez");
        }
        let mut ada = server.join("r", "Ada");
        say(&mut bob, &["live"]);
        assert_eq!(ada.hears(), message("Bob: live"));
    };
    let server = start(&[]);
    let mut ada = server.join("r", "Ada");
    ada.send(r#"42["left",{}]"#);
    server.wait_for_log("left");
    say_and_return(&server, None, Duration::ZERO);
    for (flags, wait) in
        [(["--replay-window", "0s"], 0), (["--history", "off"], 0), (["--replay-window", "20ms"], 21)]
    {
        let server = start(&flags);
        let ada = server.join("r", "Ada");
        say_and_return(&server, Some(ada), Duration::from_millis(wait));
    }
}

#[test]
fn what_a_client_says_behind_its_joined_comes_after_what_it_missed() {
    let server = start(&[]);
    let mut bob = server.join("r", "Bob");
    let mut ada = server.join("r", "Ada");
    ada.confirm();
    lose(&server, ada);
    say(&mut bob, &["missed"]);
    let mut ada = server.connect();
    ada.send(r#"421["joined",{"name":"Ada","headless":true,"room":"r"}]"#);
    for number in 0..100 {
        ada.say(&number.to_string());
    }
    ada.send(r#"422["left",{}]"#);
    assert_eq!(ada.hears(), status("Ada has entered the room."));
    assert_eq!(away(&mut ada), "While you were away: 1 message.");
    assert_eq!(ada.hears(), message("Bob: missed"));
    assert_eq!(ada.packet(), r#"431[{"ok":true,"room":"r","members":["Bob","Ada"],"count":2}]"#);
    for number in 0..100 {
        assert_eq!(ada.hears(), message(&format!("Ada: {number}")));
    }
    assert_eq!(ada.packet(), r#"432[{"ok":true}]"#);
}

#[test]
fn two_connections_of_one_name_each_get_what_they_missed_and_a_third_nothing() {
    let server = start(&[]);
    let join = |agent: &str| {
        let mut member = server.connect_by(server.address, agent);
        member.emit_joined("r", "Ada");
        assert_eq!(member.hears(), status("Ada has entered the room."));
        member
    };
    let mut bob = server.join("r", "Bob");
    let mut stays = join("stays");
    let (mut phone, mut laptop) = (join("phone"), join("laptop"));
    phone.confirm();
    lose(&server, phone);
    say(&mut bob, &["one"]);
    assert_eq!(laptop.hears(), message("Bob: one"));
    laptop.confirm();
    lose(&server, laptop);
    say(&mut bob, &["two"]);
    let mut laptop = join("laptop");
    assert_eq!(away(&mut laptop), "While you were away: 1 message.");
    assert_eq!(laptop.hears(), message("Bob: two"));
    let mut phone = join("phone");
    assert_eq!(away(&mut phone), "While you were away: 2 messages.");
    assert_eq!([phone.hears(), phone.hears()], [message("Bob: one"), message("Bob: two")]);
    say(&mut bob, &["three"]);
    for text in ["one", "two", "three"] {
        assert_eq!(stays.hears(), message(&format!("Bob: {text}")));
    }
}

#[test]
fn whoever_missed_more_than_can_be_given_gets_the_newest_and_hears_of_the_others() {
    for (flags, count, bytes, expected, given) in [
        (["--history-messages", "5000"], 1_005, 1, "1005 messages, of which you get the last 1000.", 1_000),
        (["--history-messages", "5000"], 100, 10_000, "100 messages, of which you get the last 20.", 20),
        (
            ["--history-messages=10", "--history=memory"],
            15,
            1,
            "10 messages, and some before that are no longer kept.",
            10,
        ),
    ] {
        let server = start(&flags);
        let mut ada = server.join("r", "Ada");
        ada.confirm();
        lose(&server, ada);
        let mut bob = server.join("r", "Bob");
        let text = |number: i32| format!("{number} {}", "x".repeat(bytes));
        for number in 0..count {
            bob.say(&text(number));
            while bob.hears().0 != "message" {}
        }
        let mut ada = server.join("r", "Ada");
        assert_eq!(away(&mut ada), format!("While you were away: {expected}"));
        for number in count - given..count {
            assert_eq!(ada.hears(), message(&format!("Bob: {}", text(number))));
        }
        bob.say("live");
        assert_eq!(ada.hears(), message("Bob: live"));
    }
}

#[test]
fn given_a_way_that_is_cut_in_a_burst_then_nothing_is_lost_and_only_the_last_before_it_come_twice() {
    let server = start(&["--ping-timeout", "1s", "--event-rate", "0", "--room-byte-rate", "0"]);
    let mut bob = server.join("r", "Bob");
    let (end, ends) = mpsc::channel::<()>();
    let speaker = thread::spawn(move || {
        let mut said = 0;
        // Some 600 in a second, until it is over.
        while ends.recv_timeout(Duration::from_millis(30)) == Err(mpsc::RecvTimeoutError::Timeout) {
            for _ in 0..20 {
                bob.say(&said.to_string());
                said += 1;
            }
            for _ in 0..20 {
                while bob.hears().0 != "message" {}
            }
        }
        said
    });
    let number = |(event, msg): &(String, String)| {
        (event == "message").then(|| msg.strip_prefix("Bob: ").unwrap().parse::<u64>().unwrap())
    };
    let mut seen: Option<u64> = None;
    for round in 0..4 {
        let way = Way::to(server.address);
        let mut ada = server.connect_by(way.address, "ada");
        ada.emit_joined("r", "Ada");
        let mut heard = 0;
        while heard < 300 + 70 * round {
            let event = ada.hears();
            let Some(number) = number(&event) else { continue };
            let expected = seen.map_or(number, |seen| seen + 1);
            assert!(heard == 0 || number == expected, "{number} after {seen:?}");
            if heard == 0 {
                assert!(number <= expected, "lost: {number} after {seen:?}");
            }
            seen = Some(number);
            heard += 1;
        }
        way.cut();
        while let Some(frame) = ada.try_frame() {
            if let Some(event) = frame.strip_prefix(r#"42["message",{"msg":"Bob: "#) {
                let number = event.strip_suffix(r#""}]"#).unwrap().parse().unwrap();
                assert_eq!(Some(number), seen.map(|seen| seen + 1));
                seen = Some(number);
            }
        }
        server.wait_for_log("connection closed");
    }
    drop(end);
    let said = speaker.join().unwrap();
    let mut ada = server.connect_by(server.address, "ada");
    ada.emit_joined("r", "Ada");
    assert_eq!(ada.hears(), status("Ada has entered the room."));
    away(&mut ada);
    let mut expected = None;
    loop {
        let got = number(&ada.hears()).unwrap();
        assert!(expected.map_or(got <= seen.unwrap() + 1, |expected| got == expected), "{got}, {expected:?}");
        expected = Some(got + 1);
        if got + 1 == said {
            break;
        }
    }
}
