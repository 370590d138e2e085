//! Bells of the server's file: each rings once at its time, on one server and on several, and after the server was killed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::heard::{message, status};
use crate::redis::Redis;
use crate::server::{DEADLINE, Server};

/// A folder with a file of bells.
struct Bells {
    folder: TempDir,
}

impl Bells {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("bells.toml")
    }

    /// Bells in R1 that say how they are called, each so many seconds from now.
    fn set(&self, bells: &[(&str, i64)], more: &str) -> &Self {
        let bell = |(id, seconds): &(&str, i64)| {
            let time = clock(*seconds);
            format!(
                "[[bell]]\nid = \"{id}\"\nrule = \"FREQ=DAILY\"\ntimes = [\"{time}\"]\nsay = \"this is {id}\"\n{more}\n"
            )
        };
        let bells: String = bells.iter().map(bell).collect();
        std::fs::write(self.path(), format!("room = \"R1\"\nzone = \"UTC\"\n{bells}")).unwrap();
        self
    }
}

/// What clocks in UTC show so many seconds from now, or ago.
fn clock(seconds: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    at.strftime("%H:%M:%S").to_string()
}

fn flags(path: &Path) -> [String; 2] {
    ["--bells".to_owned(), path.to_str().unwrap().to_owned()]
}

/// What was said in R1, the oldest first.
fn said(server: &Server) -> Vec<String> {
    let page = server.get("/v1/rooms/R1/messages?since=all").json();
    let text = |message: &Value| message["msg"].as_str().unwrap().to_owned();
    page["messages"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn given_a_file_of_bells_then_each_rings_at_its_time_and_the_log_says_how_late() {
    let bells = Bells::new();
    bells.set(&[("one", 3), ("two", 4)], "");
    let [flag, path] = flags(&bells.path());
    let server = Server::start(&[&flag, &path]);
    let mut member = server.join("R1", "Bea");
    assert_eq!(member.hears(), message("Bell: this is one"));
    assert_eq!(member.hears(), message("Bell: this is two"));
    let line = server.line_of_log("a bell has rung");
    let late: u64 = line.split("late=").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(late < 1000, "{line}");
    assert_eq!(said(&server), ["this is one", "this is two"], "the history has it");
}

#[test]
fn given_a_bell_that_raises_an_alert_then_it_is_in_force_and_ends_by_itself() {
    let bells = Bells::new();
    let file = format!(
        "room = \"R1\"\nzone = \"UTC\"\n[[bell]]\nid = \"siren\"\nrule = \"FREQ=DAILY\"\ntimes = [\"{}\"]\nname = \"Siren\"\n\
         alert = {{ level = \"info\", text = \"Siren test\", drill = true, ends_after = \"1s\" }}\n",
        clock(4)
    );
    std::fs::write(bells.path(), file).unwrap();
    let [flag, path] = flags(&bells.path());
    let server = Server::start(&[&flag, &path]);
    let mut member = server.join("R1", "Bea");
    assert_eq!(member.hears(), message("Siren: DRILL: INFO: Siren test"));
    assert_eq!(member.hears(), status("DRILL: Ended: INFO: Siren test"));
}

#[test]
fn given_a_bell_whose_alert_is_to_be_confirmed_then_whoever_is_there_is_expected_to() {
    let bells = Bells::new();
    let file = format!(
        "room = \"R1\"\nzone = \"UTC\"\n[[bell]]\nid = \"siren\"\nrule = \"FREQ=DAILY\"\ntimes = [\"{}\"]\nname = \"Siren\"\n\
         alert = {{ text = \"Go out\", confirm = true, ends_after = \"5m\" }}\n",
        clock(4)
    );
    std::fs::write(bells.path(), file).unwrap();
    let [flag, path] = flags(&bells.path());
    let server = Server::start(&[&flag, &path]);
    let json = ("content-type", "application/json");
    let made = server.ask("POST", "/v1/rooms", &[json], br#"{"room":"R1"}"#).json();
    let key = ("alert-host-key", made["host"].as_str().unwrap());
    let mut member = server.join("R1", "Bea");
    assert_eq!(member.hears(), message("Siren: WARNING: Go out"));
    let alerts = server.get("/v1/rooms/R1/alerts").json();
    let id = alerts["alerts"][0]["id"].as_str().unwrap();
    // Who is expected is noted behind the words.
    let deadline = Instant::now() + DEADLINE;
    loop {
        let roll = server.ask("GET", &format!("/v1/rooms/R1/alerts/{id}/roll_call"), &[key], b"").json();
        if roll["counts"]["expected"] == 1 && roll["people"][0]["name"] == "Bea" {
            break;
        }
        assert!(Instant::now() < deadline, "{roll}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn given_a_server_that_was_killed_then_what_had_rung_does_not_ring_again_and_what_was_missed_does_if_it_may()
{
    let (state, bells) = (tempfile::tempdir().unwrap(), Bells::new());
    bells.set(&[("rung", 2)], "");
    let path = flags(&bells.path());
    let path = path.each_ref().map(String::as_str);
    let server = Server::start_in(state.path(), &path);
    server.wait_for_log("a bell has rung");
    server.signal("KILL");
    drop(server);
    // The bells of today that are over, and one that the server was not there for.
    let text = std::fs::read_to_string(bells.path()).unwrap();
    let missed = |id: &str, ago: i64| {
        let time = clock(-ago);
        format!(
            "[[bell]]\nid = \"{id}\"\nrule = \"FREQ=DAILY\"\ntimes = [\"{time}\"]\nsay = \"this is {id}\"\n"
        )
    };
    let more = [
        missed("missed", 5),
        missed("too-late", 90),
        format!("{}missed = \"2m\"\n", missed("in-time", 90)),
        format!("{}missed = \"skip\"\n", missed("skipped", 5)),
    ];
    std::fs::write(bells.path(), text + &more.concat()).unwrap();
    let server = Server::start_in(state.path(), &path);
    let rung = [server.line_of_log("a bell has rung"), server.line_of_log("a bell has rung")];
    assert!(rung.iter().any(|line| line.contains("bell=\"missed\"")), "{rung:?}");
    let mut said = said(&server);
    said.sort();
    assert_eq!(said, ["this is in-time", "this is missed", "this is rung"]);
}

#[test]
fn given_two_servers_with_one_redis_then_each_bell_rings_once() {
    let redis = Redis::start();
    let bells = Bells::new();
    let names: Vec<_> = (0..8).map(|number| format!("b{number}")).collect();
    let set: Vec<_> =
        names.iter().zip(0_i64..).map(|(name, number)| (name.as_str(), 4 + number / 4)).collect();
    bells.set(&set, "");
    let [flag, path] = flags(&bells.path());
    let url = redis.url();
    let words = [&*flag, &path, "--redis", &url];
    let servers = [Server::start(&words), Server::start(&words)];
    let mut other = servers[0].join("R1", "Cy");
    let mut member = servers[1].join("R1", "Bea");
    let mut heard: Vec<_> = names.iter().map(|_| member.hears()).collect();
    heard.sort();
    let expected: Vec<_> = names.iter().map(|name| message(&format!("Bell: this is {name}"))).collect();
    assert_eq!(heard, expected);
    // Behind what either of them might still say.
    other.say("the end");
    assert_eq!(member.hears(), message("Cy: the end"));
}

#[test]
fn given_a_file_that_changes_then_its_new_bells_ring_and_a_broken_one_changes_nothing() {
    let bells = Bells::new();
    bells.set(&[("far", 3600)], "");
    let [flag, path] = flags(&bells.path());
    let server = Server::start(&[&flag, &path]);
    std::fs::write(bells.path(), "nonsense").unwrap();
    let line = server.line_of_log("the bells of before stay");
    assert!(line.contains("line 1"), "{line}");
    // What would have rung just now does not, though it is not a minute late.
    bells.set(&[("over", -20), ("soon", 6)], "");
    server.wait_for_log("the bells have been read again");
    let line = server.line_of_log("a bell has rung");
    assert!(line.contains("bell=\"soon\""), "{line}");
    assert_eq!(said(&server), ["this is soon"]);
}

#[test]
fn given_a_file_that_is_wrong_then_the_server_does_not_start_and_says_where() {
    let bells = Bells::new();
    std::fs::write(bells.path(), "room = \"R1\"\n[[bell]]\nid = \"x\"\nrule = \"FREQ=DAILY\"\nsay = \"x\"\n")
        .unwrap();
    let [flag, path] = flags(&bells.path());
    let output = Server::command(0, &[&flag, &path]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("bells.toml, line 2: times: "), "{said}");
}

const JSON: (&str, &str) = ("content-type", "application/json");

/// Sets a bell of R1 that says its name, so many seconds from now.
fn set(server: &Server, key: &str, id: &str, seconds: i64) -> u16 {
    let (path, time) = (format!("/v1/rooms/R1/bells/{id}"), clock(seconds));
    let bell =
        json!({ "rule": "FREQ=DAILY", "times": [time], "zone": "UTC", "say": format!("this is {id}") });
    server.ask("PUT", &path, &[JSON, ("alert-host-key", key)], bell.to_string().as_bytes()).status
}

fn make(server: &Server) -> String {
    let made = server.ask("POST", "/v1/rooms", &[JSON], br#"{"room":"R1"}"#);
    made.json()["host"].as_str().unwrap().to_owned()
}

#[test]
fn given_a_host_then_they_set_bells_over_http_which_ring_on_every_server_and_after_a_restart() {
    let redis = Redis::start();
    let url = redis.url();
    let shared = ["--redis", &*url];
    for flags in [&[][..], &shared] {
        let server = Server::start(flags);
        let key = make(&server);
        assert_eq!(set(&server, "host_of_another", "one", 3), 403);
        assert_eq!(set(&server, &key, "one", 3), 200);
        let mut member = server.join("R1", "Bea");
        assert_eq!(member.hears(), message("Bell: this is one"), "at once, though it was set just before");
        assert_eq!(set(&server, &key, "over", -30), 200);
        assert_eq!(set(&server, &key, "later", 12), 200);
        let listed = server.get("/v1/rooms/R1/bells?days=1").json();
        let ids = |list: &Value, key: &str| -> Vec<_> {
            list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(ids(&listed["bells"], "id"), ["later", "one", "over"]);
        assert_eq!(ids(&listed["rings"], "bell")[0], "later");
        let server = server.killed_and_back(flags);
        let rung = server.line_of_log("a bell has rung");
        assert!(rung.contains("bell=\"later\""), "what was over when it was set does not ring: {rung}");
        assert_eq!(said(&server), ["this is one", "this is later"]);
    }
}

#[test]
fn given_a_day_that_is_changed_then_a_bell_rings_at_other_times_or_not_at_all_also_one_of_the_file() {
    let bells = Bells::new();
    bells.set(&[("skipped", 6), ("moved", 3600)], "");
    let [flag, path] = flags(&bells.path());
    let server = Server::start(&[&flag, &path]);
    let key = make(&server);
    let headers = [JSON, ("alert-host-key", &*key)];
    let day = |seconds: i64| {
        (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds)).strftime("%F").to_string()
    };
    let change = |id: &str, date: &str, times: &Value| {
        let path = format!("/v1/rooms/R1/bells/{id}/days/{date}");
        server.ask("PUT", &path, &headers, json!({ "times": times }).to_string().as_bytes())
    };
    assert_eq!(change("skipped", &day(6), &json!([])).status, 200);
    let moved = change("moved", &day(7), &json!([clock(7)]));
    assert_eq!((moved.status, &moved.json()["bell"]["of_file"]), (200, &json!(true)), "{moved:?}");
    let unknown = change("other", &day(0), &json!([]));
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "no_such_bell"));
    let of_file = server.ask("DELETE", "/v1/rooms/R1/bells/moved", &headers, b"");
    assert_eq!((of_file.status, of_file.problem().as_str()), (403, "not_allowed"));
    let log = server.log_until("a bell has rung");
    assert!(log.last().unwrap().contains("bell=\"moved\""), "{log:?}");
    assert_eq!(said(&server), ["this is moved"]);
}
