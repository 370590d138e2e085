//! `--api-token` and `--api-token-file`: right, wrong, missing, and read again.

use std::process::Command;

use serde_json::json;

use crate::server::Server;

const ONE: &str = "0123456789abcdef";
const TWO: &str = "fedcba9876543210";

impl Server {
    fn post_with(&self, token: &str) -> u16 {
        let value = format!("Bearer {token}");
        self.post("/v1/rooms/D5DB", &[("authorization", &value)], "hello").status
    }
}

#[test]
fn given_tokens_then_posting_and_the_list_need_one_and_looking_at_a_room_does_not() {
    let server = Server::start(&["--api-token", ONE, "--api-token", TWO]);
    let _ada = server.join("b", "Ada");
    let _bea = server.join("a", "Bea");
    let _cleo = server.join("b", "Cleo");
    let _unseen = server.listen("only-listened-to", "*/*");
    for token in [ONE, TWO] {
        let bearer = format!("Bearer {token}");
        let list = server.ask("GET", "/v1/rooms", &[("authorization", &bearer)], b"");
        let wanted = json!([{ "room": "a", "count": 1 }, { "room": "b", "count": 2 }]);
        assert_eq!((list.status, list.json()), (200, wanted));
        assert_eq!(server.post_with(token), 202);
    }
    for answer in [server.get("/v1/rooms"), server.post("/v1/rooms/D5DB", &[], "hello")] {
        assert_eq!((answer.status, answer.problem().as_str()), (401, "token_required"));
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"alert\"");
    }
    let wrong = [("authorization", "Bearer 0123456789abcdee")];
    for (method, path) in [
        ("GET", "/v1/rooms"),
        ("POST", "/v1/rooms/D5DB"),
        ("GET", "/v1/rooms/D5DB"),
        ("GET", "/v1/rooms/D5DB/events"),
    ] {
        let answer = server.ask(method, path, &wrong, b"");
        assert_eq!((answer.status, answer.problem().as_str()), (401, "token_wrong"), "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"alert\", error=\"invalid_token\"");
    }
    assert_eq!(server.get("/v1/rooms/D5DB").status, 200);
}

#[test]
fn given_no_tokens_then_posting_is_open_and_the_list_is_not_to_be_had() {
    let server = Server::start(&[]);
    assert_eq!(server.post_with(ONE), 202, "a token too many is no mistake");
    let list = server.get("/v1/rooms");
    assert_eq!((list.status, list.problem().as_str()), (403, "no_tokens"));
}

#[test]
fn given_a_token_file_then_sighup_reads_it_again_and_a_bad_one_changes_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let write = |text: &str| std::fs::write(file.path(), text).unwrap();
    write(&format!("# the bell\n{ONE}\n"));
    let server = Server::start(&["--api-token-file", file.path().to_str().unwrap()]);
    assert_eq!([server.post_with(ONE), server.post_with(TWO)], [202, 401]);
    write(&format!("{TWO}\n"));
    server.signal("HUP");
    server.wait_for_log("changed=\"api_token_file\"");
    assert_eq!([server.post_with(ONE), server.post_with(TWO)], [401, 202]);
    write("short\n");
    server.signal("HUP");
    server.wait_for_log("SIGHUP: everything stays as it was: api_token_file = ");
    assert_eq!([server.post_with(ONE), server.post_with(TWO)], [401, 202]);
}

#[test]
fn given_a_bad_token_file_then_the_server_does_not_start() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "# nothing yet\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_alert"))
        .env_clear()
        .args(["--listen", "127.0.0.1:0", "--api-token-file"])
        .arg(file.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("allowed: a file with at least one token"), "{error}");
}

#[test]
fn given_tokens_then_no_output_of_ours_shows_them() {
    for (name, value) in [("ALERT_API_TOKEN", format!("{ONE},{TWO}")), ("ALERT_API_TOKEN", ONE.to_owned())] {
        for words in [&["config", "show"][..], &["config", "show", "--json"]] {
            let output =
                Command::new(env!("CARGO_BIN_EXE_alert")).env_clear().env(name, &value).args(words).output();
            let shown = String::from_utf8(output.unwrap().stdout).unwrap();
            assert!(shown.contains("(hidden)") && !shown.contains(ONE) && !shown.contains(TWO), "{shown}");
        }
    }
}
