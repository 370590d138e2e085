//! `--jitter` and `--avalanche`: members lose their connections and come back.

use crate::server::Server;
use crate::{bench, json};
use serde_json::Value;

fn run(server: &Server, words: &[&str]) -> (Option<i32>, Value) {
    let output = bench(&[&[&server.url, "--json"], words].concat());
    (output.status.code(), json(&output))
}

const JITTER: [&str; 7] = ["--jitter", "--rate", "20", "--duration", "2s", "--cut-for", "200ms"];
const FAULTS: [&str; 6] = ["lost", "duplicates", "out_of_order", "other_order", "leaked", "unknown"];

fn assert_faultless(report: &Value) {
    for fault in FAULTS {
        assert_eq!(report["fanout"][fault], 0, "{fault} in {report:#}");
    }
    assert_eq!(report["comeback"]["delivered_share"], 1.0, "{report:#}");
    assert_eq!(report["comeback"]["not_back"], 0, "{report:#}");
}

#[test]
fn given_jitter_when_members_recover_then_all_arrives_once_and_in_order_over_each_transport() {
    let server = Server::start(&[]);
    for transport in ["websocket", "mixed"] {
        let (code, report) = run(
            &server,
            &[&JITTER[..], &["--members", "20", "--cut-every", "900ms", "--transport", transport]].concat(),
        );
        assert_eq!((code, &report["ok"]), (Some(0), &Value::from(true)), "{report:#}");
        assert_faultless(&report);
        let comeback = &report["comeback"];
        assert!(comeback["cuts"].as_u64().unwrap() >= 19, "{report:#}");
        assert_eq!(comeback["recovered"], comeback["cuts"], "{report:#}");
        assert!(comeback["replayed"].as_u64().unwrap() > 0, "{report:#}");
        for times in ["back_us", "replay_us", "replay_since_sent_us"] {
            assert!(comeback[times]["p99"].as_u64().unwrap() > 0, "{times} in {report:#}");
        }
        assert_eq!(comeback["all_back_s"], Value::Null);
    }
}

#[test]
fn given_jitter_when_members_do_not_recover_then_they_join_again_and_still_hear_everything() {
    let server = Server::start(&[]);
    let (_, report) =
        run(&server, &[&JITTER[..], &["--members", "20", "--cut-every", "900ms", "--no-recovery"]].concat());
    let comeback = &report["comeback"];
    assert_eq!((&comeback["recovered"], &comeback["joined_again"]), (&0.into(), &comeback["cuts"]));
    assert_eq!((&report["fanout"]["lost"], &comeback["delivered_share"]), (&0.into(), &1.0.into()));
}

#[test]
fn given_jitter_when_the_server_keeps_nothing_then_what_is_lost_is_counted_and_the_exit_code_is_1() {
    let server = Server::start(&["--history", "off", "--recovery", "off"]);
    let (code, report) = run(&server, &[&JITTER[..], &["--members", "20", "--cut-every", "900ms"]].concat());
    assert_eq!(code, Some(1), "{report:#}");
    assert!(report["fanout"]["lost"].as_u64().unwrap() > 0, "{report:#}");
    assert!(report["comeback"]["delivered_share"].as_f64().unwrap() < 1.0, "{report:#}");
}

#[test]
fn given_an_avalanche_then_all_are_back_with_what_they_missed_and_bystanders_are_measured() {
    let server = Server::start(&[]);
    let pid = server.pid();
    let words = ["--avalanche", "--rooms", "2", "--members", "6", "--missed", "10", "--cut-for", "500ms"];
    let (code, report) = run(&server, &[&words[..], &["--pid", &pid]].concat());
    assert_eq!((code, &report["ok"]), (Some(0), &Value::from(true)), "{report:#}");
    assert_faultless(&report);
    let comeback = &report["comeback"];
    for (count, wanted) in [("cuts", 10), ("recovered", 10), ("joined_again", 0), ("replayed", 100)] {
        assert_eq!(comeback[count], wanted, "{count} in {report:#}");
    }
    assert!(comeback["all_back_s"].as_f64().is_some(), "{report:#}");
    assert!(comeback["all_back_cpu_s"].as_f64().is_some(), "{report:#}");
    assert_eq!(comeback["bystanders"]["lost"], 0, "{report:#}");
}

/// The bounds on those who enter rooms are for those who are new there.
#[test]
fn given_more_comebacks_than_may_enter_rooms_then_those_who_are_still_in_theirs_are_not_counted() {
    let server = Server::start(&["--join-rate", "60", "--leave-grace", "30s"]);
    let (code, report) = run(&server, &[&JITTER[..], &["--members", "40", "--cut-every", "600ms"]].concat());
    assert_eq!(code, Some(0), "{report:#}");
    let comeback = &report["comeback"];
    assert!(comeback["cuts"].as_u64().unwrap() > 60, "{report:#}");
    assert_eq!(comeback["recovered"], comeback["cuts"], "{report:#}");
}

#[test]
fn given_more_comebacks_than_may_enter_rooms_when_all_have_left_them_then_some_wait() {
    let server = Server::start(&["--join-rate", "60", "--leave-grace", "0s"]);
    let words = ["--avalanche", "--rooms", "1", "--members", "33", "--missed", "1", "--cut-for", "400ms"];
    let (code, report) = run(&server, &words);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["comeback"]["recovered"], 32, "{report:#}");
}
