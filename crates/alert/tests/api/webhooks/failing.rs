//! What a receiver does not take: when it is tried again, in which order, and what becomes of it in the end, also when the
//! server was killed or another one takes over.

use std::collections::VecDeque;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::receiver::{HOLD, Hook, OK};
use super::{HERE, add, ask, make, say, until};
use crate::http::Answer;
use crate::redis::Redis;
use crate::server::{DEADLINE, Server};

#[test]
fn given_a_receiver_that_fails_then_it_gets_the_same_again_after_a_pause_and_the_rest_behind_it() {
    let server = Server::start(&HERE);
    let moved = "HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let hook = Hook::start(&["", moved]);
    let key = make(&server);
    add(&server, &key, &hook.address);
    say(&server, "one");
    say(&server, "two");
    let first = hook.next();
    let again = hook.next();
    assert_eq!((&first.id, &first.body), (&again.id, &again.body), "a connection that was reset");
    let failing = until(&server, &key, |hook| hook["failing"]["attempts"] == 2);
    assert!(failing["failing"]["problem"].as_str().unwrap().contains("307"), "{failing}");
    let third = hook.next();
    assert_eq!((third.id, hook.next().body["data"]["msg"].as_str()), (first.id, Some("Ada: two")));
    server.wait_for_log("a webhook delivers again");

    // One that asks to be left alone is.
    let patient = Hook::start(&["HTTP/1.1 429 Slow\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n"]);
    let before = ask(&server, &key, "GET", "webhooks", &json!({})).json()["webhooks"][0]["id"].clone();
    ask(&server, &key, "DELETE", &format!("webhooks/{}", before.as_str().unwrap()), &json!({}));
    add(&server, &key, &patient.address);
    say(&server, "three");
    assert_eq!(patient.next().kind, "message");
    let failing = until(&server, &key, |hook| hook["failing"]["attempts"] == 1);
    let next: jiff::Timestamp = failing["failing"]["next_at"].as_str().unwrap().parse().unwrap();
    let wait = next.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((3500..=3600).contains(&wait), "{wait}");
}

#[test]
fn given_an_alert_that_ends_before_it_could_be_told_then_nothing_fails_any_more() {
    let server = Server::start(&HERE);
    let (hook, key) = (Hook::start(&[""; 5]), make(&server));
    let made = ask(&server, &key, "POST", "webhooks", &json!({ "url": hook.address, "tells": ["alert"] }));
    assert_eq!(made.status, 201, "{made:?}");
    let raised = ask(&server, &key, "POST", "alerts?name=Ada", &json!({ "text": "Ice" })).json();
    until(&server, &key, |hook| hook["failing"].is_object());
    let end = format!("alerts/{}?name=Ada", raised["alert"]["id"].as_str().unwrap());
    assert_eq!(ask(&server, &key, "DELETE", &end, &json!({})).status, 200);
    until(&server, &key, |hook| hook["failing"].is_null());
}

#[test]
fn given_another_secret_while_something_is_posted_then_what_comes_next_is_signed_with_it() {
    let server = Server::start(&HERE);
    let (hook, key) = (Hook::start(&[HOLD]), make(&server));
    let id = add(&server, &key, &hook.address);
    say(&server, "one");
    hook.next();
    say(&server, "two");
    // It fails, so that what is read next are both.
    hook.answers.lock().unwrap().extend(["", HOLD]);
    assert_eq!(hook.next().body["data"]["msg"], "Ada: one");
    assert_eq!(ask(&server, &key, "POST", &format!("webhooks/{id}/secret"), &json!({})).status, 200);
    hook.answers.lock().unwrap().push_back(OK);
    let next = hook.next();
    assert_eq!((&next.body["data"]["msg"], next.signatures), (&json!("Ada: two"), 2));
}

#[test]
fn given_a_receiver_that_is_gone_then_nothing_is_sent_there_any_more() {
    let server = Server::start(&HERE);
    let hook = Hook::start(&["HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"]);
    let key = make(&server);
    add(&server, &key, &hook.address);
    say(&server, "one");
    assert_eq!(hook.texts(1), ["Ada: one"]);
    until(&server, &key, |hook| hook["gone"] == true);
    say(&server, "two");
    assert!(hook.posts.recv_timeout(Duration::from_millis(1500)).is_err());
}

#[test]
fn given_a_server_that_is_killed_then_what_was_not_delivered_is_when_it_is_back_in_order() {
    let redis = Redis::start();
    let url = redis.url();
    for flags in [&HERE[..], &[&HERE[..], &["--redis", &*url]].concat()] {
        let server = Server::start(flags);
        let hook = Hook::start(&[OK, "", ""]);
        let key = make(&server);
        add(&server, &key, &hook.address);
        say(&server, "one");
        assert_eq!(hook.texts(1), ["Ada: one"]);
        say(&server, "two");
        say(&server, "three");
        assert_eq!(hook.texts(1), ["Ada: two"], "which fails");
        let server = server.killed_and_back(flags);
        hook.answers.lock().unwrap().clear();
        say(&server, "four");
        assert_eq!(hook.texts(3), ["Ada: two", "Ada: three", "Ada: four"]);
    }
}

#[test]
fn given_two_servers_then_one_delivers_what_is_said_on_either_and_the_other_when_that_has_died() {
    let redis = Redis::start();
    let url = redis.url();
    let flags = [&HERE[..], &["--redis", &url]].concat();
    let (one, two) = (Server::start(&flags), Server::start(&flags));
    let hook = Hook::start(&[]);
    let key = make(&one);
    add(&one, &key, &hook.address);
    for text in ["a", "b", "c", "d"] {
        say(if text < "c" { &one } else { &two }, text);
    }
    let posts: Vec<_> = (0..4).map(|_| hook.next()).collect();
    let told: Vec<_> = posts.iter().map(|post| post.body["data"]["msg"].as_str().unwrap()).collect();
    assert_eq!(told, ["Ada: a", "Ada: b", "Ada: c", "Ada: d"]);
    assert!(hook.posts.try_recv().is_err(), "each once");
    one.signal("KILL");
    say(&two, "e");
    // It may have died before it noted that it had delivered the last.
    let mut post = hook.next();
    while post.id == posts[3].id {
        post = hook.next();
    }
    assert_eq!(post.body["data"]["msg"], "Ada: e");
}

/// What is kept of the only webhook.
fn kept(file: &rusqlite::Connection) -> Value {
    let text: String =
        file.query_row("SELECT text FROM hooks WHERE letter = ''", [], |row| row.get(0)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What has failed fails for the last time at the next attempt: nobody waits for a day. The server is killed as soon as it
/// has kept that something failed.
fn killed_before_the_last_attempt(server: Server, state: &std::path::Path) {
    let file = rusqlite::Connection::open(state.join("alert.db")).unwrap();
    file.busy_timeout(DEADLINE).unwrap();
    let until = Instant::now() + DEADLINE;
    while kept(&file)["failing"].is_null() {
        assert!(Instant::now() < until, "{}", kept(&file));
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(server);
    let mut kept = kept(&file);
    kept["tried"][0][1] = json!(11);
    // The pause begins tomorrow: the clock was set back.
    let tomorrow = jiff::Timestamp::now().as_millisecond() + 24 * 3_600_000;
    kept["pause"] = json!([tomorrow, 1500]);
    let changed = file.execute("UPDATE hooks SET text = ?1 WHERE letter = ''", [kept.to_string()]).unwrap();
    assert_eq!(changed, 1);
}

#[test]
fn given_what_has_failed_to_the_end_then_it_is_a_dead_letter_that_is_sent_again_or_dropped_and_the_rest_goes_on()
 {
    const FAILS: &str = "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n";
    let state = tempfile::tempdir().unwrap();
    let hook = Hook::start(&[FAILS; 5]);
    let flags = [&HERE[..], &["--admin-listen", "127.0.0.1:0"]].concat();
    let server = Server::start_in(state.path(), &flags);
    let key = make(&server);
    let id = add(&server, &key, &hook.address);
    say(&server, "one");
    hook.next();
    killed_before_the_last_attempt(server, state.path());
    *hook.answers.lock().unwrap() = VecDeque::from([FAILS]);
    hook.posts.try_iter().for_each(drop);
    let server = Server::start_in(state.path(), &flags);
    let admin = server.admin();
    say(&server, "two");
    assert_eq!(hook.next().body["data"]["msg"], "Ada: one");
    server.wait_for_log("a webhook has a dead letter");
    assert_eq!(hook.next().body["data"]["msg"], "Ada: two");
    let letters = || Server::ask_at(admin, "/admin/letters", &[]).json()["letters"].clone();
    let letter = letters()[0].clone();
    assert_eq!(
        (&letter["webhook"], &letter["attempts"], &letter["why"], &letter["can_be_sent"]),
        (&json!(id), &json!(12), &json!("it answers 500 Internal Server Error"), &json!(true))
    );
    let meant = json!({ "room": "R1", "webhook": id, "id": letter["id"] }).to_string();
    let act = |what: &str| {
        let mut stream = TcpStream::connect(admin).unwrap();
        write!(
            stream,
            "POST /admin/letters/{what} HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\norigin: http://{admin}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{meant}",
            meant.len()
        )
        .unwrap();
        Answer::read(stream)
    };
    hook.answers.lock().unwrap().push_back(FAILS);
    let failed = act("send");
    assert_eq!((failed.status, letters()[0]["attempts"].clone()), (422, json!(13)), "{failed:?}");
    assert_eq!(letters()[0]["at"], letter["at"], "it keeps its place");
    let sent = act("send");
    assert_eq!((sent.status, letters()), (200, json!([])), "{sent:?}");
    assert_eq!(act("drop").status, 422, "it is not there any more");
    until(&server, &key, |hook| hook["delivered_at"].is_string() && hook["failing"].is_null());
}
