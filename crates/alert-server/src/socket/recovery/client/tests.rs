use super::*;
use crate::config::RecoveryMode::{Auto, Off, On};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NODE: &str = "node-XMLHttpRequest";
/// 2026-03-01, in milliseconds; `mm7muhs0` in base 36, `OyG5QO0` or so in base 64.
const NOW: u64 = 1_772_323_200_000;

fn client(query: &str, agent: &str, origin: &str) -> Client {
    let mut request = http::Request::get(format!("/socket.io/?EIO=4&{query}"));
    for (name, value) in [("user-agent", agent), ("origin", origin)] {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    Client::of(&head, UNIX_EPOCH + Duration::from_millis(NOW))
}

fn base_36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap());
        number /= 36;
    }
    digits.iter().rev().collect()
}

#[test]
fn the_official_javascript_client_is_known_by_its_handshake() {
    for (query, agent, origin) in [
        // Since 4.8, wherever it runs.
        ("transport=polling&t=q3k9xk2a", NODE, ""),
        ("transport=polling&t=q3k9xk2a", FIREFOX, ""),
        ("transport=polling&t=q3k9xk2a", "okhttp/4.9.2", ""),
        ("transport=polling&t=q3k9xk2a", "", ""),
        ("transport=polling&t=0003x7", NODE, ""),
        // Before.
        ("transport=polling&t=OyG5QO0", NODE, ""),
        ("transport=polling&t=O_G5-O0.0", NODE, ""),
        ("transport=polling&t=OyG5QO0.1a", FIREFOX, "http://a.example"),
        // A browser that starts with a WebSocket.
        ("transport=websocket", FIREFOX, "http://a.example"),
        ("transport=websocket&t=q3k9xk2a", FIREFOX, "http://a.example"),
    ] {
        assert_eq!(client(query, agent, origin), Client::JavaScript, "{query} {agent}");
    }
}

#[test]
fn no_other_client_is_taken_for_it() {
    let dart = format!("transport=polling&t={}", base_36(NOW));
    let slow_dart = format!("transport=polling&t={}", base_36(NOW - 3_600_000));
    for (query, agent, origin) in [
        // The protocol's own test suite, and programs without a library.
        ("transport=polling", "", ""),
        ("transport=polling", "node", ""),
        ("transport=websocket", "", ""),
        ("transport=polling", "curl/8.5.0", ""),
        ("transport=websocket", "", "http://a.example"),
        ("transport=websocket", FIREFOX, ""),
        // python-socketio.
        ("transport=polling&t=1772323200.1234567", "Python/3.12 aiohttp/3.9", ""),
        ("transport=polling&t=1772323200.1234567", "python-requests/2.31", "http://a.example"),
        ("transport=polling&t=1772323200.1234567", FIREFOX, "http://a.example"),
        ("transport=websocket", "Python/3.12 aiohttp/3.9", "http://a.example"),
        // C#, C++, Rust.
        ("transport=polling&t=1772323200123", "", ""),
        ("transport=polling&t=1772323200", "", ""),
        ("transport=polling&t=31415926", NODE, ""),
        // Java.
        ("transport=polling&t=OyG5QO0", "okhttp/3.12.12", ""),
        ("transport=polling&t=OyG5QO0", "", ""),
        // Dart, on its own and in a browser.
        (&dart, "Dart/3.4 (dart:io)", ""),
        (&dart, FIREFOX, "http://a.example"),
        (&slow_dart, FIREFOX, "http://a.example"),
        ("transport=polling&t=q3k9xk2a", "Dart/3.4 (dart:io)", ""),
        ("transport=websocket", "Dart/3.4 (dart:io)", "http://a.example"),
        // Nothing that any client sends.
        ("transport=polling&t=", NODE, ""),
        ("transport=polling&t=abc", NODE, ""),
        ("transport=polling&t=OyG5QO0.", NODE, ""),
        ("transport=polling&t=.5", NODE, ""),
        ("transport=polling&t=q3k9xk2a%F0%9F", NODE, ""),
    ] {
        assert_eq!(client(query, agent, origin), Client::Unknown, "{query} {agent}");
    }
}

#[test]
fn whoever_says_what_they_want_gets_it_unless_recovery_is_off() {
    let says = |query: &str| client(query, "Python/3.12", "");
    assert_eq!(says("transport=polling&recovery=1"), Client::Says(true));
    assert_eq!(says("transport=polling&recovery=true&t=1.5"), Client::Says(true));
    assert_eq!(client("t=q3k9xk2a&recovery=0", NODE, ""), Client::Says(false));
    assert_eq!(client("t=q3k9xk2a&recovery=maybe", NODE, ""), Client::JavaScript);
    let javascript = Client::JavaScript;
    for (client, auth, [off, auto, on]) in [
        (Client::Unknown, "{}", [false, false, true]),
        (javascript, "{}", [false, true, true]),
        (Client::Says(true), "{}", [false, true, true]),
        (Client::Says(false), "{}", [false, false, false]),
        (Client::Unknown, r#"{"recovery":true}"#, [false, true, true]),
        (Client::Unknown, r#"{"recovery":1,"token":{"a":[]}}"#, [false, true, true]),
        (Client::Says(false), r#"{"recovery":"1"}"#, [false, true, true]),
        (javascript, r#"{"recovery":false}"#, [false, false, false]),
        (javascript, r#"{"recovery":0}"#, [false, false, false]),
        (Client::Says(true), r#"{"recovery":"0"}"#, [false, false, false]),
        (javascript, r#"{"recovery":null}"#, [false, true, true]),
        (javascript, r#"{"recovery":[1]}"#, [false, true, true]),
        (Client::Unknown, r#"{"recovery":2}"#, [false, false, true]),
        (Client::Unknown, "[1]", [false, false, true]),
        (javascript, r#""text""#, [false, true, true]),
    ] {
        let auth_read = Auth::read(Some(&RawValue::from_string(auth.to_owned()).unwrap()));
        let recovers = [Off, Auto, On].map(|mode| client.recovers(mode, &auth_read));
        assert_eq!(recovers, [off, auto, on], "{client:?} {auth}");
    }
}

#[test]
fn a_pid_and_an_offset_are_strings_or_nothing() {
    let read = |auth: &str| {
        let auth = Auth::read(Some(&RawValue::from_string(auth.to_owned()).unwrap()));
        [auth.pid(), auth.offset()].map(|text| text.map(str::to_owned))
    };
    let both = [Some("p".to_owned()), Some("o".to_owned())];
    assert_eq!(read(r#"{"pid":"p","offset":"o","a":1}"#), both);
    for auth in ["{}", "null", "7", r#"{"pid":7,"offset":[]}"#, r#"{"pid":null}"#, r#"[1,"p","o"]"#] {
        assert_eq!(read(auth), [None, None], "{auth}");
    }
}
