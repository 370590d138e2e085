//! `/metrics`: what it says is what happened, and what docs/metrics.md says that it says.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Instant;

use crate::server::{DEADLINE, Server};

pub(crate) const HERE: [&str; 2] = ["--admin-listen", "127.0.0.1:0"];

/// A sample's value, by its name with its labels.
pub(crate) fn samples(admin: SocketAddr) -> BTreeMap<String, f64> {
    let text = Server::ask_at(admin, "/metrics", &[]).body;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.rsplit_once(' ').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

#[track_caller]
pub(crate) fn eventually(admin: SocketAddr, name: &str, wanted: f64) {
    let until = Instant::now() + DEADLINE;
    loop {
        let value = samples(admin).get(name).copied();
        if value == Some(wanted) {
            return;
        }
        assert!(Instant::now() < until, "{name} is {value:?}, not {wanted}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn what_is_said_and_heard_is_counted() {
    let server = Server::start(&HERE);
    let admin = server.admin();
    let mut ada = server.join("D5DB", "Ada");
    let mut bob = server.join("D5DB", "Bob");
    ada.hears();
    let before = samples(admin);
    assert_eq!(
        (before["alert_rooms"], before["alert_people"], before["alert_entries_total"]),
        (1.0, 2.0, 2.0)
    );
    assert_eq!(before["alert_connections{transport=\"websocket\"}"], 2.0);
    ada.send(r#"42["text",{"msg":"hello"}]"#);
    for member in [&mut ada, &mut bob] {
        assert_eq!(member.hears().1, "Ada: hello");
    }
    assert_eq!(server.post("/v1/rooms/D5DB", &[], "from outside").status, 202);
    for member in [&mut ada, &mut bob] {
        assert_eq!(member.hears().1, "http: from outside");
    }
    let after = samples(admin);
    let grown = |name: &str| after[name] - before[name];
    assert_eq!(grown("alert_messages_said_total{from=\"inside\"}"), 1.0);
    assert_eq!(grown("alert_messages_said_total{from=\"outside\"}"), 1.0);
    assert_eq!(grown("alert_deliveries_total"), 4.0);
    assert_eq!(grown("alert_events_received_total"), 1.0);
    eventually(admin, "alert_history_waiting", 0.0);
    assert!(samples(admin)["alert_commit_seconds_count"] >= 1.0);
    ada.send(r#"42["text",{"msg":""}]"#);
    eventually(admin, "alert_refused_events_total{code=\"msg_required\"}", 1.0);
    assert_eq!(server.post("/v1/rooms/D5DB", &[], "").status, 400);
    eventually(admin, "alert_refused_requests_total{code=\"msg_required\"}", 1.0);
    drop(bob);
    eventually(admin, "alert_connections_closed_total{reason=\"connection_lost\"}", 1.0);
    eventually(admin, "alert_people", 1.0);
    server.signal("TERM");
}

#[test]
fn no_label_says_who_talks_where() {
    let server = Server::start(&HERE);
    let admin = server.admin();
    let _ada = server.join("SECRETROOM", "Augusta");
    server.post("/v1/rooms/SECRETROOM?name=Grace", &[], "hello");
    let text = Server::ask_at(admin, "/metrics", &[]).body;
    for secret in ["SECRETROOM", "Augusta", "Grace", "127.0.0.1"] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// A metric: its type, its label and its meaning, by its name.
type Metrics = BTreeMap<String, (String, String, String)>;

fn documented() -> Metrics {
    let text = include_str!("../../../../docs/metrics.md");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')));
    cells
        .map(|cells| {
            let [name, kind, label, meaning] = cells.collect::<Vec<_>>().try_into().unwrap();
            (name.to_owned(), (kind.to_owned(), label.to_owned(), meaning.to_owned()))
        })
        .collect()
}

fn told(text: &str) -> Metrics {
    let mut metrics = Metrics::new();
    for line in text.lines() {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, meaning] => {
                metrics.entry(name.to_owned()).or_default().2 = meaning.to_owned()
            }
            ["#", "TYPE", name, kind] => metrics.entry(name.to_owned()).or_default().0 = kind.to_owned(),
            _ => {
                let Some((name, labels)) = line.split_once('{') else { continue };
                let label = labels.split('=').next().unwrap();
                if label != "le" {
                    metrics.get_mut(name).unwrap().1 = label.to_owned();
                }
            }
        }
    }
    metrics
}

#[test]
fn what_is_told_is_what_is_documented() {
    let server = Server::start(&HERE);
    let admin = server.admin();
    // So that there is a code of each kind.
    server.post("/v1/rooms/D5DB", &[], "");
    let mut ada = server.connect();
    ada.send(r#"42["text",{"msg":"x"}]"#);
    eventually(admin, "alert_refused_events_total{code=\"not_joined\"}", 1.0);
    let told = told(&Server::ask_at(admin, "/metrics", &[]).body);
    let documented = documented();
    let names = |metrics: &Metrics| metrics.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&told), names(&documented));
    for (name, told) in &told {
        assert_eq!(told, &documented[name], "{name}");
    }
}
