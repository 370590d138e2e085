//! A log that nobody reads, and whoever tries to fill it.

use serde_json::json;

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
