//! Clients that know nothing of recovery and come back after the server was stopped or killed.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::heard::{away, message, status};
use crate::member::Member;
use crate::replay::{BEATS, lose};
use crate::server::Server;

/// How a server ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Stopped,
    Killed,
}

const ENDS: [End; 2] = [End::Stopped, End::Killed];

fn end(how: End, server: Server, flags: &[&str]) -> Server {
    match how {
        End::Stopped => server.stopped_and_back(flags),
        End::Killed => server.killed_and_back(flags),
    }
}

fn start(flags: &[&str]) -> Server {
    Server::start(&[&BEATS, flags].concat())
}

impl Member {
    /// Hears what came while it was away: the status, and then the messages.
    fn is_given(&mut self, messages: &[&str]) {
        let s = if messages.len() == 1 { "" } else { "s" };
        assert_eq!(away(self), format!("While you were away: {} message{s}.", messages.len()));
        for text in messages {
            assert_eq!(self.hears(), message(text));
        }
    }
}

/// Says something and waits until it is stored.
fn say(member: &mut Member, texts: &[&str]) {
    for text in texts {
        member.send(&format!("421{}", json!(["text", { "msg": text }])));
        while member.packet() != r#"431[{"ok":true}]"# {}
    }
}

/// Somebody new says something there.
fn cy_says(server: &Server, texts: &[&str]) -> Member {
    let mut cy = server.join("r", "Cy");
    say(&mut cy, texts);
    cy
}

#[test]
fn whoever_was_in_the_room_when_the_server_ended_gets_what_was_said_until_they_are_back() {
    for how in ENDS {
        let server = start(&[]);
        let mut bob = server.join("r", "Bob");
        say(&mut bob, &["early"]);
        let mut ada = server.join("r", "Ada");
        say(&mut bob, &["one", "two"]);
        assert_eq!([ada.hears(), ada.hears()], [message("Bob: one"), message("Bob: two")]);
        ada.confirm();
        let server = end(how, server, &BEATS);
        let mut cy = cy_says(&server, &["three", "four"]);
        let mut ada = server.connect();
        ada.emit_joined("r", "Ada");
        assert_eq!(ada.hears(), status("Ada has entered the room."));
        let all = ["Bob: one", "Bob: two", "Cy: three", "Cy: four"];
        // A killed server cannot say what had come: in doubt it comes twice.
        ada.is_given(if how == End::Killed { &all } else { &all[2..] });
        say(&mut cy, &["live"]);
        assert_eq!(ada.hears(), message("Cy: live"));
        // Once.
        let mut second = server.connect();
        second.emit_joined("r", "Ada");
        ada.confirm();
        assert_eq!(second.hears(), status("Ada has entered the room."));
        say(&mut cy, &["more"]);
        assert_eq!([second.hears(), ada.hears()], [message("Cy: more"), message("Cy: more")]);
    }
}

#[test]
fn what_the_server_had_not_brought_when_it_ended_comes_afterwards() {
    for how in ENDS {
        let server = start(&[]);
        let mut ada = server.join("r", "Ada");
        ada.confirm();
        // She takes nothing of it.
        let _cy = cy_says(&server, &["one", "two"]);
        let server = end(how, server, &BEATS);
        server.join("r", "Ada").is_given(&["Cy: one", "Cy: two"]);
    }
}

#[test]
fn whoever_was_lost_before_the_server_ended_or_is_not_back_when_it_ends_again_loses_nothing() {
    for how in ENDS {
        let server = start(&[]);
        let mut ada = server.join("r", "Ada");
        ada.confirm();
        lose(&server, ada);
        let _cy = cy_says(&server, &["one"]);
        let server = end(how, server, &BEATS);
        cy_says(&server, &["two"]).send(r#"42["left",{}]"#);
        server.wait_for_log("left");
        let server = end(how, server, &BEATS);
        let mut dan = server.join("r", "Dan");
        say(&mut dan, &["three"]);
        let mut ada = server.join("r", "Ada");
        ada.is_given(&["Cy: one", "Cy: two", "Dan: three"]);
        // What she has been given may not have come when the server is killed at once.
        if how == End::Killed {
            let server = end(how, server, &BEATS);
            server.join("r", "Ada").is_given(&["Cy: one", "Cy: two", "Dan: three"]);
        }
    }
}

#[test]
fn after_a_restart_whoever_left_or_was_not_there_or_comes_too_late_gets_nothing() {
    for how in ENDS {
        for (flags, wait) in [
            (["--replay-window", "1m"], None),
            (["--replay-window", "0s"], Some(Duration::ZERO)),
            (["--history", "memory"], Some(Duration::ZERO)),
            (["--replay-window", "30ms"], Some(Duration::from_millis(31))),
        ] {
            let flags = [BEATS, flags].concat();
            let server = Server::start(&flags);
            let mut ada = server.join("r", "Ada");
            if wait.is_none() {
                ada.send(r#"421["left",{}]"#);
                assert_eq!(ada.packet(), r#"431[{"ok":true}]"#);
            }
            cy_says(&server, &["early"]).send(r#"42["left",{}]"#);
            let server = end(how, server, &flags);
            let mut cy = cy_says(&server, &["missed"]);
            let since = Instant::now();
            while since.elapsed() < wait.unwrap_or_default() {
                server.get("/livez");
            }
            let mut all = ["Ada", "Eve"].map(|name| server.join("r", name));
            assert_eq!(all[0].hears(), status("Eve has entered the room."));
            say(&mut cy, &["live"]);
            for member in &mut all {
                assert_eq!(member.hears(), message("Cy: live"));
            }
        }
    }
}

#[test]
fn after_a_restart_two_connections_of_one_name_each_get_what_they_missed() {
    for how in ENDS {
        let server = start(&[]);
        let join = |server: &Server, agent: &str| {
            let mut member = server.connect_by(server.address, agent);
            member.emit_joined("r", "Ada");
            assert_eq!(member.hears(), status("Ada has entered the room."));
            member
        };
        let mut cy = server.join("r", "Cy");
        let mut phone = join(&server, "phone");
        let mut twins = ["laptop", "laptop"].map(|agent| join(&server, agent));
        phone.confirm();
        lose(&server, phone);
        say(&mut cy, &["one", "two"]);
        for twin in &mut twins {
            assert_eq!([twin.hears(), twin.hears()], [message("Cy: one"), message("Cy: two")]);
            twin.confirm();
        }
        let server = end(how, server, &BEATS);
        let mut dan = server.join("r", "Dan");
        say(&mut dan, &["three"]);
        let all = ["Cy: one", "Cy: two", "Dan: three"];
        let is_twice = how == End::Killed;
        let laptop: &[&str] = if is_twice { &all } else { &all[2..] };
        let mut twins = ["laptop", "laptop"].map(|agent| join(&server, agent));
        for twin in &mut twins {
            twin.is_given(laptop);
        }
        join(&server, "phone").is_given(&all);
    }
}
