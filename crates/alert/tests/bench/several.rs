//! Several servers: members of one room are on each of them.

use crate::redis::Redis;
use crate::server::{NO_RATES, Server};
use crate::{bench, command, json};
use serde_json::Value;
use std::process::Stdio;

fn node(redis: &Redis) -> Server {
    Server::start(&[&NO_RATES[..], &["--redis", &redis.url()]].concat())
}

const BRIEFLY: [&str; 7] = ["--window", "4", "--duration", "500ms", "--warmup", "100ms", "--json"];

#[test]
fn given_servers_that_share_their_rooms_then_all_arrives_and_latency_between_them_is_reported() {
    let redis = Redis::start();
    let nodes = [node(&redis), node(&redis)];
    let pids = format!("{},{}", nodes[0].pid(), nodes[1].pid());
    let words = [&nodes[0].url, &nodes[1].url, "--members", "4", "--rooms", "2", "--pid", &pids];
    let output = bench(&[&words[..], &BRIEFLY].concat());
    let report = json(&output);
    assert_eq!((output.status.code(), &report["ok"]), (Some(0), &Value::from(true)), "{report:#}");
    assert_eq!(report["join"]["statuses"], 2 * 4 * 5 / 2, "{report:#}");
    assert!(report["fanout"]["latency_across_us"]["p50"].as_u64().unwrap() > 0, "{report:#}");
    assert_eq!(report["settings"]["urls"].as_array().unwrap().len(), 2);
}

#[test]
fn given_servers_that_do_not_share_their_rooms_then_what_does_not_get_across_is_lost() {
    let servers = [Server::start(&NO_RATES), Server::start(&NO_RATES)];
    let words = [&servers[0].url, &servers[1].url, "--members", "2", "--rate", "50", "--duration", "200ms"];
    let output = bench(&[&words[..], &["--warmup", "0s", "--json"]].concat());
    let report = json(&output);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    assert_eq!(report["fanout"]["lost"], report["fanout"]["messages"], "{report:#}");
}

#[test]
fn given_a_server_that_dies_then_its_members_go_on_to_the_next_and_nobody_else_is_cut_off() {
    let redis = Redis::start();
    let (stays, dies) = (node(&redis), node(&redis));
    let words = ["--members", "6", "--jitter", "--cut-every", "0", "--cut-for", "200ms", "--rate", "50"];
    let run = command(&[&[&stays.url[..], &dies.url, "--duration", "2s", "--json"], &words[..]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..3 {
        dies.wait_for_log("joined");
    }
    drop(dies);
    let output = run.wait_with_output().unwrap();
    let report = json(&output);
    let comeback = &report["comeback"];
    let [cuts, recovered, joined_again] =
        ["cuts", "recovered", "joined_again"].map(|way| comeback[way].as_u64().unwrap());
    // Some may not have heard yet that they are in.
    assert!((1..=3).contains(&cuts) && comeback["not_back"] == 0, "{report:#}");
    assert_eq!(recovered + joined_again, cuts, "{report:#}");
}
