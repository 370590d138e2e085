//! Showing a token: one that counts is whoever it says, and one that does not is an error wherever it is shown.

use serde_json::{Value, json};

use super::{Key, alert, bearer, outcome};
use crate::http::Answer;
use crate::server::Server;

fn code_of(refusal: &str) -> String {
    let refusal: Value =
        serde_json::from_str(refusal.split_once('{').map(|(_, rest)| format!("{{{rest}")).unwrap().as_str())
            .unwrap();
    refusal["data"]["code"].as_str().unwrap().to_owned()
}

#[test]
fn the_holder_of_a_token_is_called_what_it_says_by_every_way() {
    let key = Key::new();
    let server = key.server("open", &[]);
    let token = key.mint(&["u-17", "--name", "Ms Ortega", "--room", "R1"]);
    let (mut v1, answer) = server.connect_with("", Some(&token));
    assert!(answer.starts_with("40{"), "{answer}");
    let joined = v1.asks("", &json!(["joined", {"headless": true, "name": "Bob", "room": "R1"}]));
    assert_eq!(joined["members"], json!(["Ms Ortega"]));
    v1.asks("", &json!(["left", {}]));
    // A token says who it is: name and headless need not.
    assert_eq!(v1.asks("", &json!(["joined", {"room": "R1"}]))["members"], json!(["Ms Ortega"]));
    let mut bea = server.join("R1", "Bea");
    assert_eq!(v1.hears().1, "Bea has entered the room.");
    v1.send(r#"42["text",{"name":"Bob","msg":"one"}]"#);
    assert_eq!(bea.hears().1, "Ms Ortega: one");

    let (mut v2, answer) = server.connect_with("/v2,", Some(&token));
    assert!(answer.starts_with("40/v2,{"), "{answer}");
    let sent = v2.asks("/v2,", &json!(["send", {"room": "R1", "name": "Bob", "msg": "two"}]));
    assert_eq!((outcome(&sent), bea.hears().1), ("ok".to_owned(), "Ms Ortega: two".to_owned()));
    let joined = v2.asks("/v2,", &json!(["join", {"room": "R1", "name": "Bob"}]));
    assert_eq!((&joined["name"], &joined["can"]), (&json!("Ms Ortega"), &json!(["read", "speak"])));

    let said = server.post("/v1/rooms/R1?name=Bob", &[("authorization", &bearer(&token))], "three");
    assert_eq!((said.status, bea.hears().1), (202, "Ms Ortega: three".to_owned()));
}

#[test]
fn a_token_that_does_not_count_is_refused_wherever_it_is_shown() {
    let (key, other) = (Key::new(), Key::new());
    let (open, closed) = (key.server("open", &[]), key.server("token", &[]));
    let good = key.token("ada", "read");
    let (head, _) = good.rsplit_once('.').unwrap();
    let expired = {
        let short = key.mint(&["ada", "--room", "R1", "--for", "1s"]);
        std::thread::sleep(std::time::Duration::from_millis(2_100));
        short
    };
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.";
    for (token, code) in [
        (other.token("ada", "read"), "token_wrong"),
        (format!("{head}.AAAA"), "token_wrong"),
        (format!("{head}."), "token_wrong"),
        (none.to_owned(), "token_wrong"),
        ("rubbish".to_owned(), "token_wrong"),
        ("x".repeat(9000), "token_wrong"),
        (expired, "token_expired"),
    ] {
        for server in [&open, &closed] {
            for namespace in ["", "/v2,"] {
                let (_, answer) = server.connect_with(namespace, Some(&token));
                assert!(answer.starts_with(&format!("44{namespace}{{\"message\":\"")), "{answer}");
                assert_eq!(code_of(&answer), code);
            }
            for (method, path) in [
                ("GET", "/v1/rooms"),
                ("POST", "/v1/rooms/R1"),
                ("GET", "/v1/rooms/R1"),
                ("GET", "/v1/rooms/R1/messages"),
                ("GET", "/v1/rooms/R1/events"),
            ] {
                let answer = server.ask(method, path, &[("authorization", &bearer(&token))], b"x");
                assert_eq!((answer.status, answer.problem().as_str()), (401, code), "{method} {path}");
            }
        }
    }
}

#[test]
fn where_no_keys_are_set_whatever_clients_call_a_token_is_passed_over() {
    let server = Server::start(&["--api-token", "0123456789abcdef"]);
    for namespace in ["", "/v2,"] {
        let (_, answer) = server.connect_with(namespace, Some("whatever"));
        assert!(answer.starts_with(&format!("40{namespace}{{")), "{answer}");
    }
}

#[test]
fn an_api_token_lets_a_program_in_over_a_socket_too_where_tokens_are_asked_for() {
    let server = Server::start(&["--access", "token", "--api-token", "0123456789abcdef"]);
    let (mut bot, _) = server.connect_with("/v2,", Some("0123456789abcdef"));
    let joined = bot.asks("/v2,", &json!(["join", {"room": "R1", "name": "Bot"}]));
    assert_eq!((outcome(&joined), &joined["name"]), ("ok".to_owned(), &json!("Bot")));
    let (_, answer) = server.connect_with("/v2,", Some("0123456789abcdee"));
    assert_eq!(code_of(&answer), "token_wrong");
}

#[test]
fn a_key_file_that_changes_is_taken_up_and_one_that_is_broken_changes_nothing() {
    let (key, next) = (Key::new(), Key::new());
    let server = key.server("token", &[]);
    let counts = |token: &str| server.connect_with("", Some(token)).1.starts_with("40");
    let (old, new) = (key.token("ada", "read"), next.token("ada", "read"));
    assert_eq!((counts(&old), counts(&new)), (true, false));
    let both = [key.file(), next.file()].map(|file| std::fs::read_to_string(file).unwrap()).concat();
    std::fs::write(key.file(), both).unwrap();
    server.signal("HUP");
    server.wait_for_log("the keys of tokens have been read again");
    assert_eq!((counts(&old), counts(&new)), (true, true));
    std::fs::write(key.file(), "broken").unwrap();
    server.wait_for_log("the keys of before stay");
    assert_eq!((counts(&old), counts(&new)), (true, true));
    std::fs::copy(next.file(), key.file()).unwrap();
    server.wait_for_log("the keys of tokens have been read again");
    assert_eq!((counts(&old), counts(&new)), (false, true));
}

#[test]
fn a_server_that_could_let_nobody_in_does_not_start_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "too-short").unwrap();
    let file = file.to_str().unwrap();
    let start = |words: &[&str]| {
        let output = alert(&[&["--listen", "127.0.0.1:0", "--history", "off"], words].concat());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, error) = start(&["--access", "token"]);
    assert_eq!(status, Some(2), "{error}");
    assert!(error.contains("token_keys") && error.contains("alert token keygen"), "{error}");
    let (status, error) = start(&["--token-keys", file]);
    assert_eq!(status, Some(1), "{error}");
    assert!(
        error.contains("--token-keys") && error.contains("32 bytes") && !error.contains("too-short"),
        "{error}"
    );
    assert_eq!(start(&["--token-keys", "/nowhere"]).0, Some(2));
}

#[test]
fn the_page_of_a_server_that_asks_for_tokens_says_so_and_lets_in_whoever_has_one() {
    const ASKS: &str = "You need a personal link to come in here";
    let (key, other) = (Key::new(), Key::new());
    let server = key.server("token", &[]);
    let page = server.get("/v1");
    assert!(page.status == 200 && page.body.contains(ASKS), "{}", page.body);
    let enter = |token: &str| server.post("/v1", &[], &format!("name=Bob&room=R1&token={token}"));
    for (token, words) in [
        (String::new(), ASKS),
        (other.token("ada", "read"), "is not valid on this server"),
        ("rubbish".to_owned(), "is not valid on this server"),
        (key.token("ada", "speak"), "does not let you into this room"),
        (key.mint(&["ada", "--room", "R2"]), "does not let you into this room"),
    ] {
        let answer = enter(&token);
        assert_eq!((answer.status, answer.header("set-cookie")), (403, ""), "{token}");
        assert!(answer.body.contains(words), "{token}: {}", answer.body);
        assert!(token.is_empty() || !answer.body.contains(&token), "{}", answer.body);
    }
    let entered = enter(&key.mint(&["u-17", "--name", "Ms Ortega", "--room", "R1"]));
    assert_eq!((entered.status, entered.header("location")), (303, "/v1/chat?room=R1"));
    let cookie = entered.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = Answer::read(server.send("GET", "/v1/chat?room=R1", &[("cookie", &cookie)], b""));
    assert!(page.body.contains("data-name=\"Ms Ortega\""), "{}", page.body);
}

#[test]
fn a_personal_link_has_the_token_behind_the_number_sign_and_leads_to_the_only_room() {
    let key = Key::new();
    let at = ["--link", "https://Alert.example.org/"];
    for (rooms, start) in [
        (&["--room", "a b&c"][..], "https://alert.example.org/v1?room=a+b%26c#token="),
        (&["--room", "R1", "--room", "R2"], "https://alert.example.org/v1#token="),
        (&["--prefix", ""], "https://alert.example.org/v1#token="),
    ] {
        let link = key.mint(&[&["Ada"], rooms, &at].concat());
        let token = link.strip_prefix(start).unwrap_or_else(|| panic!("{link}"));
        assert_eq!(token.split('.').count(), 3, "{token}");
    }
    assert_eq!(key.token("Ada", "read").split('.').count(), 3);
    let file = key.file();
    let mint = |words: &[&str]| {
        let all =
            [&["token", "mint", "Ada", "--room", "R1", "--key", file.to_str().unwrap()], words].concat();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_alert"));
        command.env_clear().args(all);
        command
    };
    let nowhere = mint(&["--link"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("public_url"), "{nowhere:?}");
    let known =
        mint(&["--link", "--json"]).env("ALERT_PUBLIC_URL", "http://school.lan:5000").output().unwrap();
    let known: Value = serde_json::from_slice(&known.stdout).unwrap();
    let link = format!("http://school.lan:5000/v1?room=R1#token={}", known["token"].as_str().unwrap());
    assert_eq!(known["link"], link.as_str());
    let wrong = mint(&["--link", "school.lan"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
}
