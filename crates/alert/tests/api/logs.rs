//! A log that nobody reads, and whoever tries to fill it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::server::Server;

#[test]
fn given_a_log_that_nobody_reads_then_the_server_serves_and_sigterm_ends_it() {
    let mut server = Server::start_unread(&["--event-rate", "0"]);
    let mut ada = server.join("D5DB", "Ada");
    // A pipe holds 64 kB, which is some 500 of these lines.
    for _ in 0..1_500 {
        assert_eq!(server.post("/v1/rooms/D5DB", &[], "hello").status, 202);
    }
    assert_eq!(server.get("/livez").status, 200);
    assert_eq!(ada.hears().1, "http: hello");
    server.signal("TERM");
    assert!(server.wait().success());
}

#[test]
fn given_requests_for_another_host_then_the_log_counts_them_and_says_what_to_do() {
    let mut server = Server::start(&["--log-level", "warn"]);
    for _ in 0..500 {
        assert_eq!(server.ask_host("evil.example", "/livez").status, 421);
    }
    server.signal("TERM");
    assert!(server.wait().success());
    let log = server.rest_of_log();
    let refused: Vec<_> = log.iter().filter(|line| line.contains("a request for another host")).collect();
    assert!((100..400).contains(&refused.len()), "{}", refused.len());
    assert!(
        refused[0].contains("host=\"evil.example\"") && refused[0].contains("so_far=1"),
        "{}",
        refused[0]
    );
    assert!(refused[0].contains("--allow-host"), "{}", refused[0]);
    assert!(log.iter().any(|line| line.contains("left_out=")), "{log:#?}");
}

#[test]
fn given_huge_values_over_and_over_then_the_log_stays_small_and_says_what_it_left_out() {
    let mut server = Server::start(&["--event-rate", "0"]);
    let huge = "x".repeat(30_000);
    for _ in 0..200 {
        for path in ["/v1/rooms/D5DB", "/socket.io/?EIO=4&transport=polling"] {
            let origin = format!("https://{huge}.example");
            assert_eq!(server.ask("GET", path, &[("origin", &origin)], b"").status, 403);
        }
        server.ask("POST", "/v1", &[("sec-fetch-site", &huge)], b"name=Ada&room=R1");
    }
    let mut ada = server.join("D5DB", "Ada");
    let name = "e".repeat(900_000);
    for _ in 0..4 {
        ada.send(&format!("42{}", json!([name, {}])));
        assert_eq!(ada.hears().1, "Error: there is no such event; send joined, text or left.");
    }
    server.signal("TERM");
    assert!(server.wait().success());
    let log = server.rest_of_log();
    let bytes: usize = log.iter().map(String::len).sum();
    assert!(bytes < 300_000, "{bytes} bytes in {} lines", log.len());
    assert!(log.iter().all(|line| line.len() < 2_000));
    assert!(log.iter().any(|line| line.contains("left_out=")), "{log:#?}");
}

/// The lines of a JSON log, each an object.
fn objects(log: &[String]) -> Vec<serde_json::Map<String, Value>> {
    log.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

/// The keys that docs/operations/monitoring.md lists, with those that every line has first.
fn documented() -> Vec<String> {
    let text = include_str!("../../../../docs/operations/monitoring.md");
    let table = text.split("| key | value |\n").nth(1).unwrap().lines().skip(1);
    let rows = table.take_while(|line| line.starts_with('|'));
    let keys = rows
        .flat_map(|row| row.split('|').nth(1).unwrap().split(',').map(|key| key.trim().trim_matches('`')));
    keys.map(str::to_owned).collect()
}

#[test]
fn given_a_log_in_json_then_its_lines_have_the_keys_that_are_documented_and_say_what_caused_them() {
    let flags = ["--log-format", "json", "--log-level", "debug", "--admin-listen", "127.0.0.1:0"];
    let mut server = Server::start(&[&flags[..], &["--admin-token", "0123456789abcdef"]].concat());
    let mut ada = server.join("D5DB", "Ada");
    let mut bob = server.join("D5DB", "Bob");
    ada.hears();
    ada.send(r#"42["text",{"msg":""}]"#);
    ada.hears();
    let said = server.post("/v1/rooms/D5DB?name=Cyd", &[("x-request-id", "of-a-stranger")], "hello");
    assert_eq!((said.status, bob.hears().1), (202, "Cyd: hello".to_owned()));
    server.ask("POST", "/v1", &[("sec-fetch-site", "cross-site")], b"name=Ada&room=R1");
    server.ask_host("evil.example", "/");
    drop(server.listen("D5DB", "application/x-ndjson"));
    drop(bob);
    let mut log = server.log_until("stopped listening");
    server.signal("TERM");
    assert!(server.wait().success());
    log.extend(server.rest_of_log());
    let log = objects(&log);
    let documented = documented();
    for line in &log {
        for key in ["timestamp", "level", "message", "target"] {
            assert!(line[key].is_string(), "{line:?}");
        }
        for key in line.keys() {
            assert!(documented.contains(key), "{key} is not documented: {line:?}");
        }
    }
    let of = |message: &str, name: &str| {
        let found =
            log.iter().find(|line| line["message"] == message && (name.is_empty() || line["name"] == name));
        found.unwrap_or_else(|| panic!("no {message} of {name}: {log:#?}"))
    };
    let connection = of("lost", "Bob")["connection"].as_str().unwrap();
    let closed =
        log.iter().find(|line| line["message"] == "connection closed" && line["connection"] == connection);
    assert_eq!(closed.unwrap()["code"], "connection_lost", "the lines of a connection can be found together");
    let request = said.header("x-request-id");
    assert!(!request.is_empty() && request != "of-a-stranger");
    assert_eq!(of("said over HTTP", "Cyd")["request"], request, "the answer names its lines");
    assert_eq!(of("stopped listening", "")["code"], "connection_lost");
    assert!(of("stopped listening", "")["request"].is_string());
    assert_eq!(of("answered", "")["method"], "POST");
}

#[test]
fn given_a_proxy_of_ours_that_names_a_request_then_that_is_its_name() {
    let server = Server::start(&["--trusted-proxy", "127.0.0.1"]);
    let named = |name: &str| {
        server.ask("GET", "/livez", &[("x-request-id", name)], b"").header("x-request-id").to_owned()
    };
    assert_eq!(named("4bf92f3577b3"), "4bf92f3577b3");
    assert_ne!(named("two words"), "two words");
}

/// The arguments of a macro's call, from its opening parenthesis on.
fn arguments(code: &str) -> Vec<String> {
    let (mut depth, mut is_text, mut arguments, mut current) = (0, false, Vec::new(), String::new());
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if is_text => {
                letters.next();
            }
            '"' => is_text = !is_text,
            _ if is_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 1 => {
                arguments.push(std::mem::take(&mut current));
                continue;
            }
            _ => {}
        }
        current.push(letter);
        if depth == 0 {
            break;
        }
    }
    arguments.push(current);
    arguments.iter().map(|argument| argument.trim_start_matches('(').trim().to_owned()).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn given_any_line_that_the_server_may_log_then_its_keys_are_documented() {
    let mut files = Vec::new();
    for name in ["alert-server", "socketio-server"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src"), &mut files);
    }
    let mut keys = BTreeSet::new();
    for file in files.iter().filter(|file| !file.to_str().unwrap().contains("tests")) {
        let code = std::fs::read_to_string(file).unwrap();
        for call in code.split("tracing::").skip(1) {
            let level = ["error!", "warn!", "info!", "debug!", "trace!"]
                .iter()
                .find(|level| call.starts_with(**level));
            let Some(level) = level else { continue };
            let names =
                arguments(&call[level.len()..]).into_iter().take_while(|argument| !argument.starts_with('"'));
            keys.extend(names.map(|argument| {
                argument.split('=').next().unwrap().trim().trim_start_matches(['%', '?']).to_owned()
            }));
        }
    }
    assert!(keys.len() > 20 && keys.contains("room"), "{keys:?}");
    // Those that the log adds itself.
    let own = [
        "timestamp",
        "level",
        "message",
        "target",
        "connection",
        "request",
        "like",
        "left_out",
        "dropped",
        "thread",
        "place",
    ];
    keys.extend(own.map(str::to_owned));
    assert_eq!(keys, documented().into_iter().collect());
}
