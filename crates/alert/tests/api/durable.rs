//! What was acknowledged survives whatever ends the server.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;

use serde_json::Value;

use crate::server::{DEADLINE, Server};

const SPEAKERS: usize = 6;
/// Acknowledged messages before the server is killed.
const BEFORE_THE_END: usize = 150;

/// What was said in all, by text.
#[derive(Default)]
struct Ledger {
    said: BTreeSet<String>,
    /// With the positions that the receipts gave.
    acked: BTreeMap<String, String>,
    /// What a listener heard, in order, with its positions.
    seen: Vec<(String, String)>,
}

/// Says something and reads the receipt; `None` if the server is gone.
fn say(server: &Server, text: &str) -> Option<Value> {
    let mut stream = TcpStream::connect(server.address).ok()?;
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let (host, length) = (server.address, text.len());
    let head = format!(
        "POST /v1/rooms/D5DB HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: text/plain\r\n\
         content-length: {length}\r\n\r\n{text}"
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.1 202"), "{answer}");
    serde_json::from_str(body).ok()
}

/// Everything that is stored, oldest first.
fn stored(server: &Server) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut since = "all".to_owned();
    loop {
        let page = server.get(&format!("/v1/rooms/D5DB/messages?since={since}&limit=100")).json();
        assert_eq!(page["gap"], Value::Null, "{page}");
        let text = |message: &Value, key: &str| message[key].as_str().unwrap().to_owned();
        let messages = page["messages"].as_array().unwrap().iter();
        all.extend(messages.map(|message| (text(message, "msg"), text(message, "position"))));
        if page["more"] == false {
            return all;
        }
        page["position"].as_str().unwrap().clone_into(&mut since);
    }
}

/// Speaks and listens until enough is acknowledged, and ends the server with this signal.
fn speak_until_the_end(server: &mut Server, round: usize, ledger: &mut Ledger, signal: &str) {
    let all = Mutex::new(std::mem::take(ledger));
    let accept = [("accept", "application/x-ndjson")];
    let mut listening = server.send("GET", "/v1/rooms/D5DB/events", &accept, b"");
    // It is answered when it hears the room.
    let mut head = [0];
    listening.read_exact(&mut head).unwrap();
    let (enough, wait) = channel();
    thread::scope(|scope| {
        let (all, server) = (&all, &*server);
        scope.spawn(move || {
            let mut heard = Vec::new();
            // A connection that breaks has brought what it has brought.
            let _ = listening.read_to_end(&mut heard);
            let heard = String::from_utf8_lossy(&heard);
            let events = heard.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            for event in events.filter(|event| event["event"] == "message") {
                let text = event["msg"].as_str().unwrap().split_once(": ").unwrap().1.to_owned();
                let position = event["position"].as_str().unwrap_or_default().to_owned();
                all.lock().unwrap().seen.push((text, position));
            }
        });
        for speaker in 0..SPEAKERS {
            let enough = enough.clone();
            scope.spawn(move || {
                for number in 0.. {
                    let text = format!("round {round}, speaker {speaker}, number {number}");
                    all.lock().unwrap().said.insert(text.clone());
                    let Some(receipt) = say(server, &text) else { return };
                    assert_eq!(receipt["stored"], true, "{receipt}");
                    let position = receipt["position"].as_str().unwrap().to_owned();
                    let mut all = all.lock().unwrap();
                    all.acked.insert(text, position);
                    if all.acked.len() == (round + 1) * BEFORE_THE_END {
                        enough.send(()).unwrap();
                    }
                }
            });
        }
        wait.recv_timeout(DEADLINE).unwrap();
        server.signal(signal);
    });
    server.wait();
    *ledger = all.into_inner().unwrap();
}

fn check(ledger: &Ledger, stored: &[(String, String)]) {
    let by_text: BTreeMap<_, _> = stored.iter().cloned().collect();
    let positions: BTreeSet<_> = stored.iter().map(|(_, position)| position).collect();
    assert_eq!((by_text.len(), positions.len()), (stored.len(), stored.len()), "nothing twice");
    for (text, position) in &ledger.acked {
        assert_eq!(by_text.get(text), Some(position), "{text} was acknowledged");
    }
    for (text, position) in stored {
        assert!(ledger.said.contains(text));
        let other = ledger.seen.iter().find(|(seen, at)| at == position && seen != text);
        assert_eq!(other, None, "a position was given twice");
    }
    let seen: Vec<_> = ledger.seen.iter().filter(|(text, _)| by_text.contains_key(text)).collect();
    let heard: BTreeSet<_> = seen.iter().map(|(text, _)| text).collect();
    assert_eq!(heard.len(), seen.len(), "nothing was heard twice");
    let stored: Vec<_> = stored.iter().map(|(text, _)| text).filter(|text| heard.contains(text)).collect();
    assert!(seen.iter().map(|(text, _)| text).eq(stored), "what was heard is stored in the same order");
}

fn end_again_and_again(state: &Path, signal: &str, rounds: usize) {
    let flags = ["--history", "sqlite", "--history-messages", "100000", "--event-rate", "0"];
    let mut ledger = Ledger::default();
    for round in 0..rounds {
        let mut server = Server::start_in(state, &flags);
        speak_until_the_end(&mut server, round, &mut ledger, signal);
        let server = Server::start_in(state, &flags);
        check(&ledger, &stored(&server));
        if signal == "TERM" {
            assert!(ledger.seen.len() <= stored(&server).len(), "a stop loses nothing that was said");
        }
    }
    assert!(
        ledger.acked.len() >= rounds * BEFORE_THE_END && ledger.seen.len() >= rounds * BEFORE_THE_END / 2
    );
}

#[test]
fn given_a_server_that_is_killed_under_load_then_nothing_that_was_acknowledged_is_lost() {
    let state = tempfile::tempdir().unwrap();
    end_again_and_again(state.path(), "KILL", 4);
}

#[test]
fn given_a_server_that_is_stopped_under_load_then_nothing_that_was_said_is_lost() {
    let state = tempfile::tempdir().unwrap();
    end_again_and_again(state.path(), "TERM", 2);
}

#[test]
fn given_no_place_for_a_file_then_the_server_keeps_its_history_in_memory_and_says_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let no_folder = folder.path().join("a file");
    std::fs::write(&no_folder, "").unwrap();
    let server = Server::start_in(&no_folder, &[]);
    server.wait_for_log("the history is kept in memory only");
    let receipt = server.post("/v1/rooms/D5DB", &[], "hi").json();
    assert_eq!(receipt["stored"], false);
    assert_eq!(server.get("/readyz").body, "ok\n");
    assert_eq!(server.get("/v1/rooms/D5DB/messages").json()["messages"][0]["msg"], "hi");
    assert!(!server.has_logged("the history is kept"));
}

#[test]
fn given_a_history_that_was_asked_for_and_cannot_be_then_the_server_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start_in(folder.path(), &[]);
    first.post("/v1/rooms/D5DB", &[], "hi");
    let mut second = Server::command(0, &["--history", "sqlite"]);
    let second = second.env("STATE_DIRECTORY", folder.path()).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("another server uses this history"), "{said}");
    let beside = Server::start_in(folder.path(), &[]);
    beside.wait_for_log("the history is kept in memory only");
}
