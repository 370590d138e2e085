//! The lines that the documentation gives, typed as they stand.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::server::Server;

fn curl(words: &[&str]) -> String {
    let output = Command::new("curl").arg("-sS").args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn given_curl_as_users_type_it_then_the_room_hears_the_message() {
    let server = Server::start(&[]);
    let url = format!("localhost:{}/v1/rooms/D5DB", server.address.port());
    let mut ada = server.join("D5DB", "Ada");
    let answer = curl(&["-d", "Class ends in 5 minutes", &url]);
    let receipt: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(receipt["connections"], 1, "{answer}");
    assert_eq!(ada.hears(), ("message".into(), "http: Class ends in 5 minutes".into()));

    curl(&["-H", "Alert-Name: Bell", "--json", r#"{"msg":"Ring"}"#, &url]);
    assert_eq!(ada.hears(), ("message".into(), "Bell: Ring".into()));
}

#[test]
fn given_curl_that_listens_then_it_prints_each_event_at_once() {
    let server = Server::start(&[]);
    let url = format!("localhost:{}/v1/rooms/D5DB/events", server.address.port());
    let mut child = Command::new("curl").args(["-sSN", &url]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!([lines.next().unwrap(), lines.next().unwrap()], [":", ""], "now it listens");
    server.post("/v1/rooms/D5DB", &[], "hello");
    let lines: Vec<String> = lines.by_ref().take(5).collect();
    let [place, end, id, event, data] = &lines[..] else { panic!("{lines:?}") };
    assert!(place.starts_with("id: ") && end.is_empty() && id.starts_with("id: "), "{lines:?}");
    assert_eq!(event, "event: message");
    assert!(data.starts_with(r#"data: {"msg":"http: hello","id":""#), "{data}");
    child.kill().unwrap();
    child.wait().unwrap();
}
