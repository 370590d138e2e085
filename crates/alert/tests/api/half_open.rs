//! A client that comes back while the server still believes that its old connection is alive.

use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::heard::{away, message, say, status};
use crate::member::Member;
use crate::server::{DEADLINE, Server};
use crate::way::Way;

/// A client that answers pings by itself.
struct Alive(Receiver<(String, String)>);

impl Alive {
    fn new(mut member: Member) -> Self {
        let (tell, heard) = channel();
        thread::spawn(move || while tell.send(member.hears()).is_ok() {});
        Self(heard)
    }

    fn hears(&self) -> (String, String) {
        self.0.recv_timeout(DEADLINE).unwrap()
    }

    fn next_message(&self) -> String {
        loop {
            let (event, msg) = self.hears();
            if event == "message" {
                return msg;
            }
        }
    }
}

fn ada(server: &Server, way: &Way) -> Member {
    let mut ada = server.connect_by(way.address, "ada");
    ada.emit_joined("r", "Ada");
    assert_eq!(ada.hears(), status("Ada has entered the room."));
    ada
}

#[test]
fn whoever_comes_back_before_the_old_connection_is_known_to_be_lost_gets_what_went_to_it() {
    for agent in ["ada", "another network"] {
        let server = Server::start(&["--ping-interval", "1s", "--ping-timeout", "8s"]);
        let mut bob = server.join("r", "Bob");
        say(&mut bob, &["early"]);
        let way = Way::to(server.address);
        let mut old = ada(&server, &way);
        say(&mut bob, &["before"]);
        assert_eq!(old.hears(), message("Bob: before"));
        old.confirm();
        way.cut();
        say(&mut bob, &["one", "two"]);
        let mut new = server.connect_by(server.address, agent);
        new.emit_joined("r", "Ada");
        new.say("back");
        assert_eq!(new.hears(), status("Ada has entered the room."));
        assert_eq!(away(&mut new), "While you were away: 2 messages.");
        let all = ["Bob: one", "Bob: two", "Ada: back"];
        assert_eq!(all.map(|_| new.hears()), all.map(message));
        // The old one ends, and nobody is given anything for it a second time.
        let new = Alive::new(new);
        drop(bob);
        server.wait_for_log("ping timeout");
        let mut cy = server.join("r", "Cy");
        let mut third = server.connect_by(server.address, agent);
        third.emit_joined("r", "Ada");
        assert_eq!(third.hears(), status("Ada has entered the room."));
        say(&mut cy, &["live"]);
        assert_eq!(third.hears(), message("Cy: live"));
        assert_eq!(new.next_message(), "Cy: live");
    }
}

#[test]
fn whoever_comes_back_just_before_the_old_connection_times_out_gets_what_went_to_it() {
    for _ in 0..5 {
        // It ends while it is asked for a sign of life, which takes 2 s.
        let state = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_alert"));
        let flags = ["--ping-interval", "500ms", "--ping-timeout", "500ms", "--workers", "1"];
        command
            .env_clear()
            .env("STATE_DIRECTORY", state.path())
            .args(["--listen", "127.0.0.1:0"])
            .args(flags);
        let server = Server::spawn(command, true);
        let way = Way::to(server.address);
        let _old = ada(&server, &way);
        way.cut();
        for text in ["one", "two"] {
            assert_eq!(server.post("/v1/rooms/r", &[], text).status, 202);
        }
        let mut new = server.connect_by(server.address, "ada");
        new.emit_joined("r", "Ada");
        assert_eq!(new.hears(), status("Ada has entered the room."));
        assert_eq!(away(&mut new), "While you were away: 2 messages.");
        assert_eq!([new.hears(), new.hears()], ["http: one", "http: two"].map(message));
    }
}

#[test]
fn two_devices_of_one_name_that_are_there_hear_everything_once_and_are_not_disturbed() {
    // Pings come because somebody joins, and not by themselves.
    let server = Server::start(&[]);
    let mut bob = server.join("r", "Bob");
    let mut devices = Vec::new();
    for number in 0..4 {
        let mut device = server.connect_by(server.address, "the same");
        device.emit_joined("r", "Ada");
        assert_eq!(device.hears(), status("Ada has entered the room."));
        devices.push(Alive::new(device));
        let text = format!("to {number}");
        say(&mut bob, &[&text]);
        for device in &devices {
            assert_eq!(device.hears(), message(&format!("Bob: {text}")));
        }
    }
}

#[test]
fn a_connection_that_was_only_slow_to_answer_is_lost_later_like_any_other() {
    let server = Server::start(&["--ping-interval", "500ms"]);
    let mut bob = server.join("r", "Bob");
    let way = Way::to(server.address);
    let mut slow = ada(&server, &way);
    say(&mut bob, &["one"]);
    let mut second = server.connect_by(server.address, "ada");
    second.emit_joined("r", "Ada");
    assert_eq!(second.hears(), status("Ada has entered the room."));
    assert_eq!(away(&mut second), "While you were away: 1 message.");
    assert_eq!(second.hears(), message("Bob: one"));
    let second = Alive::new(second);
    // It was there, and has missed nothing.
    assert_eq!(slow.hears(), message("Bob: one"));
    slow.confirm();
    drop((slow, way));
    server.wait_for_log("lost");
    say(&mut bob, &["two"]);
    assert_eq!(second.hears(), message("Bob: two"));
    let mut slow = server.connect_by(server.address, "ada");
    slow.emit_joined("r", "Ada");
    assert_eq!(slow.hears(), status("Ada has entered the room."));
    // On a busy machine what it may not have received comes again, rather too much than too little.
    match away(&mut slow).as_str() {
        "While you were away: 1 message." => {}
        "While you were away: 2 messages." => assert_eq!(slow.hears(), message("Bob: one")),
        other => panic!("{other}"),
    }
    assert_eq!(slow.hears(), message("Bob: two"));
}
