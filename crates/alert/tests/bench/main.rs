//! `alert bench` as its users meet it: against a server of ours, against servers that fail, and without one.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod comeback;
mod faulty;
#[path = "../api/redis.rs"]
mod redis;
mod server;
mod several;

use std::process::{Command, Output, Stdio};

use faulty::{Fault, FaultyServer};
use serde_json::Value;
use server::{NO_RATES, Server};

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alert"));
    command.env_clear().arg("bench").args(words);
    command
}

fn bench(words: &[&str]) -> Output {
    command(words).output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A short run with two senders in each of two rooms of six.
fn short_run(server: &Server, more: &[&str]) -> (Option<i32>, Value) {
    let pid = server.pid();
    let words = [&server.url, "--members", "6", "--rooms", "2", "--senders", "2", "--json", "--pid", &pid];
    let time = ["--duration", "500ms", "--warmup", "100ms"];
    let output = bench(&[&words[..], &time, more].concat());
    (output.status.code(), json(&output))
}

#[test]
fn given_each_transport_when_members_speak_then_all_arrives_once_and_in_order() {
    let server = Server::start(&[&NO_RATES[..], &["--workers", "2"]].concat());
    for transport in ["websocket", "polling", "mixed"] {
        let (code, report) = short_run(&server, &["--transport", transport, "--window", "4"]);
        assert_eq!(code, Some(0), "{report:#}");
        assert_eq!(report["ok"], true);
        assert_eq!(report["settings"]["transport"], transport);
        assert_eq!((&report["join"]["joined"], &report["join"]["members"]), (&12.into(), &12.into()));
        assert_eq!(report["join"]["statuses"], 2 * 6 * 7 / 2);
        assert_eq!(report["join"]["statuses"], report["join"]["statuses_expected"]);
        let fanout = &report["fanout"];
        for fault in ["lost", "duplicates", "out_of_order", "other_order", "leaked", "unknown"] {
            assert_eq!(fanout[fault], 0, "{fault} in {report:#}");
        }
        assert!(fanout["deliveries"].as_u64().unwrap() > 0, "{report:#}");
        assert!(fanout["latency_us"]["p50"].as_u64().unwrap() > 0, "{report:#}");
        assert!(report["server"]["memory_joined"].as_u64().unwrap() > 0, "{report:#}");
    }
}

#[test]
fn given_https_then_it_is_measured_and_a_certificate_that_nobody_trusts_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let words = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 9 -subj /CN=a \
                 -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem";
    let made = Command::new("openssl").args(words.split_whitespace()).current_dir(&folder).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let path = |name| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let server = Server::start(&[&NO_RATES[..], &["--tls-cert", &cert, "--tls-key", &key]].concat());
    let url = server.url.clone();
    let words = [&url, "--members", "6", "--senders", "2", "--json", "--window", "4"];
    for transport in ["websocket", "polling"] {
        let time = ["--duration", "300ms", "--warmup", "100ms", "--transport", transport];
        let output = command(&[&words[..], &time].concat()).env("SSL_CERT_FILE", &cert).output().unwrap();
        let report = json(&output);
        assert!(report["ok"] == true && report["fanout"]["deliveries"].as_u64() > Some(0), "{report:#}");
    }
    let output = bench(&words);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("certificate"), "{}", text(&output.stderr));
}

#[test]
fn given_a_rate_then_it_is_kept_and_latency_counts_from_the_schedule() {
    let server = Server::start(&[]);
    let (code, report) = short_run(&server, &["--rate", "200"]);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["settings"]["rate"], 200.0);
    let rate = report["fanout"]["messages_per_s"].as_f64().unwrap();
    assert!((150.0..250.0).contains(&rate), "{report:#}");
}

#[test]
fn given_a_rate_that_the_server_slows_down_then_latency_shows_the_wait_and_a_note_says_why() {
    let server = Server::start(&["--event-rate", "500", "--event-burst", "1"]);
    let time = ["--duration", "1s", "--warmup", "0s", "--rate", "1000", "--json"];
    let report = json(&bench(&[&[&server.url, "--members", "2"][..], &time].concat()));
    assert_eq!(report["ok"], true, "what is late is not lost: {report:#}");
    assert!(report["fanout"]["latency_us"]["p99"].as_u64().unwrap() > 300_000, "{report:#}");
    assert!(report["notes"][0].as_str().unwrap().contains("--event-rate 0"), "{report:#}");
}

#[test]
fn given_storm_and_hold_then_only_joining_is_reported() {
    let server = Server::start(&[]);
    for (mode, words) in [("storm", &["--storm"][..]), ("hold", &["--hold", "200ms"])] {
        let output = bench(&[&[&server.url, "--members", "40", "--json"][..], words].concat());
        let report = json(&output);
        assert_eq!(output.status.code(), Some(0), "{report:#}");
        assert_eq!(report["settings"]["mode"], mode);
        assert_eq!(report["join"]["statuses"], 40 * 41 / 2);
        assert_eq!((&report["fanout"], &report["server"]), (&Value::Null, &Value::Null));
    }
}

#[test]
fn given_no_json_then_a_table_says_what_came_of_it() {
    let server = Server::start(&[]);
    let words = ["--members", "3", "--rate", "50", "--duration", "200ms", "--warmup", "0s"];
    let output = bench(&[&[&server.url[..]], &words[..]].concat());
    let table = text(&output.stdout);
    for row in ["Load         1 room of 3 members, websocket", "Statuses     6 of 6 ", "Faults       0 lost,"]
    {
        assert!(table.contains(row), "{row} in {table}");
    }
    assert!(table.ends_with("Result       fine: everything arrived, once and in order\n"), "{table}");
    assert_eq!(text(&output.stderr), "", "no progress line where nobody watches");
}

#[test]
fn given_ctrl_c_then_the_run_ends_with_the_report_so_far() {
    let server = Server::start(&[]);
    let run = command(&[&server.url, "--members", "2", "--rate", "50", "--duration", "1h", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    server.wait_for_log("joined");
    let interrupted = Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let output = run.wait_with_output().unwrap();
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert_eq!(report["interrupted"], true);
    assert_eq!(report["fanout"]["lost"], 0);
}

#[test]
fn given_a_server_that_fails_then_the_fault_is_counted_and_the_exit_code_is_1() {
    let faults = [
        (Fault::Twice, "duplicates"),
        (Fault::Reversed, "out_of_order"),
        (Fault::FirstMissing, "lost"),
        (Fault::ForeignRoom, "leaked"),
    ];
    // All at once: each waits for what does not come.
    let runs = faults.map(|(fault, name)| {
        let server = FaultyServer::start(fault);
        let words = ["--members", "1", "--rate", "40", "--duration", "300ms", "--warmup", "0s", "--json"];
        let mut run = command(&[&[&server.url[..]], &words[..]].concat());
        (fault, name, run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    });
    for (fault, name, run) in runs {
        let output = run.wait_with_output().unwrap();
        let report = json(&output);
        assert_eq!(output.status.code(), Some(1), "{fault:?}: {report:#}");
        assert!(report["fanout"][name].as_u64().unwrap() > 0, "{fault:?}: {report:#}");
        assert_eq!(report["ok"], false);
    }
}

#[test]
fn given_a_connection_that_ends_then_the_reason_is_reported_and_the_exit_code_is_1() {
    let server = FaultyServer::start(Fault::Close);
    let output = bench(&[&server.url, "--members", "1", "--duration", "300ms", "--json"]);
    let report = json(&output);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    assert_eq!(report["died"]["the server closed the connection with code 1012 bye"], 1, "{report:#}");
}

#[test]
fn given_no_server_then_it_says_so_and_exits_with_3() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = bench(&[&gone.to_string()]);
    assert_eq!(output.status.code(), Some(3));
    let wanted = format!(
        "alert: cannot reach http://{gone}: nothing listens there. Is the server running? `alert` starts one\n"
    );
    assert_eq!(text(&output.stderr), wanted);
}

#[test]
fn given_wrong_usage_then_it_says_what_to_do_and_exits_with_2() {
    for (words, says) in [
        (&["127.0.0.1:1", "--senders", "101"][..], "--senders 101 is more than --members 100"),
        (&["127.0.0.1:1", "--payload", "3"], "--payload 3 is too small"),
        (&["127.0.0.1:1", "--pid", "2147483647"], "there is no such process"),
        (&["127.0.0.1:1", "--rate", "5", "--window", "2"], "cannot be used with"),
        (&["127.0.0.1:1", "--storm", "--duration", "1s"], "cannot be used with"),
        (&["127.0.0.1:1", "--jitter", "--members", "2", "--senders", "2"], "leaves nobody to cut off"),
        (&["127.0.0.1:1", "--jitter", "--cut-every", "2s"], "--cut-every has to be longer than --cut-for"),
        (&["127.0.0.1:1", "--jitter", "--avalanche"], "cannot be used with"),
        (&["127.0.0.1:1", "--avalanche", "--rate", "3"], "cannot be used with"),
        (&["127.0.0.1:1", "--cut-for", "1s"], "required arguments were not provided"),
        (&["127.0.0.1:1", "--members", "0"], "0 is not in 1..="),
    ] {
        let output = bench(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(text(&output.stderr).contains(says), "{words:?}: {}", text(&output.stderr));
    }
}

#[test]
fn given_too_few_open_files_then_it_says_so_before_it_begins() {
    let run = "ulimit -n 64; exec \"$0\" bench 127.0.0.1:1";
    let output = Command::new("sh").args(["-c", run, env!("CARGO_BIN_EXE_alert")]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let says = text(&output.stderr);
    assert!(says.contains("132 open files are needed and 64 allowed: raise the limit"), "{says}");
}
