//! `--admin-listen`: who may come in.

use std::net::SocketAddr;

use crate::server::Server;

const HERE: [&str; 2] = ["--admin-listen", "127.0.0.1:0"];
const TOKEN: &str = "0123456789abcdef";

fn status(address: SocketAddr, headers: &[(&str, &str)]) -> u16 {
    Server::ask_at(address, "/metrics", headers).status
}

#[test]
fn without_the_setting_there_are_no_metrics_anywhere() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/metrics").status, 404);
}

#[test]
fn on_this_machine_everybody_may_ask_under_a_name_that_is_ours() {
    let server = Server::start(&HERE);
    let admin = server.admin();
    assert_eq!(server.get("/metrics").status, 404, "users do not see them");
    let answer = Server::ask_at(admin, "/metrics", &[]);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    for (host, wanted) in [("localhost", 200), ("localhost:1", 200), ("[::1]:9", 200), ("evil.example", 421)]
    {
        assert_eq!(status(admin, &[("host", host)]), wanted, "{host:?}");
    }
    assert_eq!(Server::ask_at(admin, "/v1", &[]).status, 404, "nothing of the users' is here");
}

#[test]
fn with_tokens_each_of_them_opens_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    std::fs::write(&file, format!("# for Prometheus\n{TOKEN}\n")).unwrap();
    let flags = ["--admin-token-file", file.to_str().unwrap(), "--admin-token", "fedcba9876543210"];
    let server = Server::start(&[&HERE[..], &flags].concat());
    let admin = server.admin();
    let bearer = |token: &str| status(admin, &[("authorization", &format!("Bearer {token}"))]);
    assert_eq!((bearer(TOKEN), bearer("fedcba9876543210")), (200, 200));
    assert_eq!((bearer("0123456789abcdee"), bearer(""), status(admin, &[])), (401, 401, 401));
    let refused = Server::ask_at(admin, "/nothing", &[]);
    assert_eq!(refused.status, 401, "what is here is not told either");
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    std::fs::write(&file, "another0another0\n").unwrap();
    server.signal("HUP");
    server.wait_for_log("changed=\"admin_token_file\"");
    assert_eq!((bearer(TOKEN), bearer("another0another0")), (401, 200));
}

#[test]
fn given_an_address_that_others_reach_when_there_is_no_token_then_the_server_does_not_start() {
    for (flags, wanted) in [
        (vec!["--admin-listen", "0.0.0.0:0"], "admin_token_file"),
        (vec!["--admin-listen", "[::]:0"], "admin_token_file"),
        (vec!["--admin-listen", "127.0.0.1:0", "--admin-listen", ":0"], "admin_token_file"),
        (vec!["--admin-token", TOKEN], "nothing without admin_listen"),
        (vec!["--admin-listen", "192.0.2.77:9", "--admin-token", TOKEN], "cannot listen on 192.0.2.77:9"),
    ] {
        let output = Server::command(0, &flags).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(wanted), "{flags:?}: {said}");
    }
}

#[test]
fn given_as_many_connections_as_there_may_be_then_the_metrics_still_answer() {
    let server = Server::start(&[&HERE[..], &["--max-connections", "1"]].concat());
    let admin = server.admin();
    let _only = server.connect();
    assert_eq!(server.get("/livez").status, 503);
    let text = Server::ask_at(admin, "/metrics", &[]).body;
    assert!(text.contains("alert_refused_at_bounds_total{bound=\"connections\"} 1"), "{text}");
}
