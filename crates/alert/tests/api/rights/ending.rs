//! The end of a token: its time is over, or whoever runs the server has taken it back.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use tungstenite::Message;

use super::{Key, bearer, outcome};
use crate::http::Listening;
use crate::member::Member;
use crate::server::Server;

impl Member {
    /// Why the server closed the connection, and the last event before.
    fn farewell(&mut self) -> (u16, String, String) {
        let mut last = String::new();
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) if text.as_str() == "2" => self.send("3"),
                Message::Text(text) => last = text.as_str().to_owned(),
                Message::Close(Some(frame)) => {
                    return (frame.code.into(), frame.reason.as_str().to_owned(), last);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

impl Server {
    fn listen_with(&self, token: &str) -> Listening {
        Listening::to(self.send("GET", "/v1/rooms/R1/events", &[("authorization", &bearer(token))], b""))
    }
}

#[test]
fn where_tokens_are_asked_for_their_end_closes_what_was_opened_with_them() {
    let key = Key::new();
    let server = key.server("token", &[]);
    let token = key.mint(&["ada", "--room", "R1", "--for", "2s"]);
    let (mut v1, _) = server.connect_with("", Some(&token));
    let (mut v2, _) = server.connect_with("/v2,", Some(&token));
    assert_eq!(outcome(&v1.asks("", &json!(["joined", {"room": "R1"}]))), "ok");
    assert_eq!(outcome(&v2.asks("/v2,", &json!(["join", {"room": "R1"}]))), "ok");
    let mut stream = server.listen_with(&token);
    let words = "your token has expired: connect again with a new one.";
    let (code, reason, last) = v1.farewell();
    assert_eq!((code, reason.as_str()), (1008, "the token has expired"));
    assert_eq!(last, format!("42[\"status\",{{\"msg\":\"Error: {words}\"}}]"));
    let (code, reason, last) = v2.farewell();
    assert_eq!((code, reason.as_str()), (1008, "the token has expired"));
    assert_eq!(last, format!("42/v2,[\"error\",{{\"code\":\"not_allowed\",\"message\":\"{words}\"}}]"));
    assert!(std::iter::from_fn(|| stream.event()).count() < 10, "it ends");
}

#[test]
fn whoever_holds_a_token_of_a_key_that_has_been_replaced_is_out_and_others_go_on() {
    let (key, old) = (Key::new(), Key::new());
    let pem = |key: &Key| std::fs::read_to_string(key.file()).unwrap();
    let new = pem(&key);
    std::fs::write(key.file(), new.clone() + &pem(&old)).unwrap();
    let server = key.server("token", &["--history", "memory"]);
    let connect = |token: &str| {
        let (mut member, _) = server.connect_with("/v2,", Some(token));
        assert_eq!(outcome(&member.asks("/v2,", &json!(["join", {"room": "R1"}]))), "ok");
        member
    };
    let (former, kept) = (old.mint(&["ada", "--room", "R1"]), key.mint(&["bea", "--room", "R1"]));
    let (mut ada, mut bea, mut stream) = (connect(&former), connect(&kept), server.listen_with(&former));
    std::fs::write(key.file(), new).unwrap();
    assert_eq!(ada.farewell().1, "the token has been revoked");
    while stream.event().is_some() {}
    assert_eq!(outcome(&bea.asks("/v2,", &json!(["send", {"room": "R1", "msg": "still here"}]))), "ok");
    connect(&kept);
    let again = server.ask("GET", "/v1/rooms/R1", &[("authorization", &bearer(&former))], b"");
    assert_eq!((again.status, again.problem().as_str()), (401, "token_wrong"));
}

#[test]
fn on_an_open_server_whoever_has_an_old_token_may_still_do_what_anybody_may() {
    let key = Key::new();
    let server = key.server("open", &[]);
    let token = key.mint(&["ada", "--room", "R1", "--can", "read,speak,moderate", "--for", "1s"]);
    let (mut v2, _) = server.connect_with("/v2,", Some(&token));
    let joined = v2.asks("/v2,", &json!(["join", {"room": "R1"}]));
    assert_eq!(joined["can"], json!(["read", "speak", "alert", "moderate"]));
    while !v2.packet().starts_with("42/v2,[\"error\",{\"code\":\"not_allowed\"") {}
    assert_eq!(outcome(&v2.asks("/v2,", &json!(["send", {"room": "R1", "msg": "still here"}]))), "ok");
    assert_eq!(v2.asks("/v2,", &json!(["join", {"room": "R1"}]))["can"], json!(["read", "speak"]));
}

/// Runs a command beside a server, on its history.
fn beside(state: &std::path::Path, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alert"));
    let output = command.env_clear().env("STATE_DIRECTORY", state).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?} {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn whoever_s_token_is_taken_back_is_out_within_a_second_and_stays_out() {
    let (key, state) = (Key::new(), tempfile::tempdir().unwrap());
    let file = key.file();
    let flags = ["--access", "token", "--token-keys", file.to_str().unwrap()];
    let server = Server::start_in(state.path(), &flags);
    let (one, two) = (key.token("ada", "read"), key.token("ada", "read"));
    let other = key.token("bea", "read");
    let connect = |server: &Server, token: &str| {
        let (mut member, answer) = server.connect_with("", Some(token));
        let is_in = answer.starts_with("40");
        if is_in {
            assert_eq!(outcome(&member.asks("", &json!(["joined", {"room": "R1"}]))), "ok");
        }
        (member, answer)
    };
    let [(mut first, _), (mut second, _), (mut third, _)] =
        [&one, &two, &other].map(|token| connect(&server, token));
    let mut stream = server.listen_with(&one);
    assert!(beside(state.path(), &["token", "revoke", &one]).contains("is revoked until"));
    let begun = Instant::now();
    assert_eq!(first.farewell().1, "the token has been revoked");
    while stream.event().is_some() {}
    // Ten times the promise: a machine under test may be busy.
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(connect(&server, &one).1.contains("token_revoked"));
    let read = |token: &str| server.ask("GET", "/v1/rooms/R1", &[("authorization", &bearer(token))], b"");
    assert_eq!((read(&one).problem().as_str(), read(&two).status), ("token_revoked", 200));

    assert!(beside(state.path(), &["token", "revoke", "--sub", "ada"]).contains("every token of ada"));
    assert_eq!(second.farewell().1, "the token has been revoked");
    assert!(connect(&server, &key.token("ada", "read")).1.contains("token_revoked"));
    let listed = beside(state.path(), &["token", "revoked", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);

    // The next run of the server knows it from its first moment.
    drop(server);
    assert!(third.try_frame().is_none() || third.try_frame().is_none());
    let server = Server::start_in(state.path(), &flags);
    assert!(connect(&server, &two).1.contains("token_revoked"));
    assert!(connect(&server, &other).1.starts_with("40"));
    beside(state.path(), &["token", "revoke", "--sub", "ada", "--for", "0"]);
    let until = Instant::now() + Duration::from_secs(10);
    while !connect(&server, &two).1.starts_with("40") {
        assert!(Instant::now() < until, "it is taken back");
    }
    assert!(connect(&server, &one).1.contains("token_revoked"));
}

#[test]
fn a_program_with_an_api_token_takes_tokens_back_and_gives_them_back() {
    const API_TOKEN: &str = "0123456789abcdef";
    let (key, state) = (Key::new(), tempfile::tempdir().unwrap());
    let file = key.file();
    let flags = ["--access", "token", "--token-keys", file.to_str().unwrap(), "--api-token", API_TOKEN];
    let server = Server::start_in(state.path(), &flags);
    let ask = |method: &str, token: &str, body: &serde_json::Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        server.ask(method, "/v1/revocations", &[("authorization", &bearer(token))], body.as_bytes())
    };
    let revoke = |body: serde_json::Value| ask("POST", API_TOKEN, &body);
    let token = key.token("ada", "read,speak,moderate");
    let (mut member, _) = server.connect_with("/v2,", Some(&token));
    assert_eq!(outcome(&member.asks("/v2,", &json!(["join", {"room": "R1"}]))), "ok");

    // Nobody else does, whatever they may do in rooms, and nothing else is asked for.
    let all = key.mint(&["boss", "--prefix", "", "--can", "read,speak,alert,moderate"]);
    for method in ["GET", "POST"] {
        let body = json!({ "sub": "ada" });
        let refused = ask(method, &all, &body);
        assert_eq!((refused.status, refused.problem().as_str()), (403, "not_allowed"), "{method}");
        let nobody = server.ask(method, "/v1/revocations", &[], body.to_string().as_bytes());
        assert_eq!((nobody.status, nobody.problem().as_str()), (401, "token_required"), "{method}");
    }
    for wrong in [
        json!({}),
        json!([]),
        json!({ "sub": "ada", "jti": "1" }),
        json!({ "sub": "" }),
        json!({ "sub": 7 }),
        json!({ "jti": "a\nb" }),
        json!({ "token": "rubbish" }),
        json!({ "sub": "ada", "for": "soon" }),
        json!({ "sub": "ada", "for": -1 }),
        json!({ "sub": "ada", "for": true }),
    ] {
        let refused = revoke(wrong.clone());
        assert_eq!((refused.status, refused.problem().as_str()), (400, "invalid_body"), "{wrong}");
    }
    assert_eq!(ask("GET", API_TOKEN, &json!(null)).body.trim(), "[]");

    let taken = revoke(json!({ "token": token }));
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(member.farewell().1, "the token has been revoked");
    assert!(server.connect_with("", Some(&token)).1.contains("token_revoked"));
    let taken: serde_json::Value = serde_json::from_str(&taken.body).unwrap();
    let listed: serde_json::Value = serde_json::from_str(&ask("GET", API_TOKEN, &json!(null)).body).unwrap();
    assert_eq!(listed, json!([taken]));
    // The command sees the same, and it outlives the server.
    assert!(beside(state.path(), &["token", "revoked"]).contains(taken["jti"].as_str().unwrap()));
    let other = key.token("ada", "read");
    assert!(server.connect_with("", Some(&other)).1.starts_with("40"));
    assert_eq!(revoke(json!({ "sub": "ada", "for": "1h" })).status, 200);
    assert!(server.connect_with("", Some(&other)).1.contains("token_revoked"));
    let back = revoke(json!({ "sub": "ada", "for": 0 }));
    assert_eq!(back.body.trim(), r#"{"sub":"ada","until":null}"#);
    assert!(server.connect_with("", Some(&other)).1.starts_with("40"));
}

#[test]
fn what_a_server_would_forget_is_not_taken_back_by_http() {
    let key = Key::new();
    for history in ["memory", "off"] {
        let server = key.server("token", &["--api-token", "0123456789abcdef", "--history", history]);
        let headers = [("authorization", "Bearer 0123456789abcdef")];
        let refused = server.ask("POST", "/v1/revocations", &headers, b"{\"sub\":\"ada\"}");
        assert_eq!((refused.status, refused.problem().as_str()), (409, "not_kept"), "{refused:?}");
    }
    let server = key.server("open", &[]);
    assert_eq!(server.ask("GET", "/v1/revocations", &[], b"").problem(), "no_tokens");
}
