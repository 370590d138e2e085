//! Webhooks, against a receiver that fails in each way, on one server and on several, and after a server was killed.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::Answer;
use crate::redis::Redis;
use crate::server::{DEADLINE, Server};

const JSON: (&str, &str) = ("content-type", "application/json");
/// The receivers of these tests are on this machine.
const HERE: [&str; 2] = ["--outbound-networks", "127.0.0.0/8"];

/// What a receiver has been sent.
#[derive(Debug)]
struct Post {
    id: String,
    kind: String,
    body: Value,
    /// How many.
    signatures: usize,
}

/// Takes what is posted, and answers with what it is told to, and then with 204.
struct Hook {
    address: String,
    posts: Receiver<Post>,
    answers: Arc<Mutex<VecDeque<&'static str>>>,
}

const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";
/// No answer until there is a next one, which is the answer then.
const HOLD: &str = "hold";

impl Hook {
    fn start(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/hook", listener.local_addr().unwrap());
        let (tell, posts) = channel();
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
        let next = Arc::clone(&answers);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (tell, next) = (tell.clone(), Arc::clone(&next));
                std::thread::spawn(move || serve(&stream.unwrap(), &tell, &next));
            }
        });
        Self { address, posts, answers }
    }

    fn next(&self) -> Post {
        self.posts.recv_timeout(DEADLINE).unwrap()
    }

    /// What the next messages say, without those that came before.
    fn texts(&self, count: usize) -> Vec<String> {
        let mut seen: Vec<Post> = Vec::new();
        while seen.len() < count {
            let post = self.next();
            if seen.iter().all(|before| before.id != post.id) {
                seen.push(post);
            }
        }
        seen.iter().map(|post| post.body["data"]["msg"].as_str().unwrap().to_owned()).collect()
    }
}

/// Answers one request after the other, as long as the connection stays; an empty answer ends it.
fn serve(stream: &TcpStream, tell: &Sender<Post>, answers: &Mutex<VecDeque<&'static str>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut id, mut signatures) = (0, String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(("webhook-id", value)) => value.clone_into(&mut id),
                Some(("webhook-signature", value)) => signatures = value.split(' ').count(),
                _ if line == "\r\n" => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let kind = body["type"].as_str().unwrap().to_owned();
        let _ = tell.send(Post { id, kind, body, signatures });
        let next = || answers.lock().unwrap().pop_front();
        let mut answer = next().unwrap_or(OK);
        while answer == HOLD {
            std::thread::sleep(Duration::from_millis(10));
            answer = next().unwrap_or(HOLD);
        }
        let mut stream = stream;
        let _ = stream.write_all(answer.as_bytes());
        if answer.is_empty() || answer.contains("close") {
            return;
        }
    }
}

/// A room R1 and the key of its host.
fn make(server: &Server) -> String {
    let made = server.ask("POST", "/v1/rooms", &[JSON], br#"{"room":"R1"}"#);
    made.json()["host"].as_str().unwrap().to_owned()
}

fn ask(server: &Server, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let path = format!("/v1/rooms/R1/{path}");
    server.ask(method, &path, &[JSON, ("alert-host-key", key)], body.to_string().as_bytes())
}

/// Makes a webhook, and gives its id.
fn add(server: &Server, key: &str, address: &str) -> String {
    let made = ask(server, key, "POST", "webhooks", &json!({ "url": address }));
    assert_eq!(made.status, 201, "{made:?}");
    assert!(made.json()["secret"].as_str().unwrap().starts_with("whsec_"));
    made.json()["webhook"]["id"].as_str().unwrap().to_owned()
}

fn say(server: &Server, text: &str) {
    assert_eq!(server.post("/v1/rooms/R1?name=Ada", &[], text).status, 202);
}

/// The one webhook of the room, when it is as it should be.
fn until(server: &Server, key: &str, is_right: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + DEADLINE;
    loop {
        let hook = ask(server, key, "GET", "webhooks", &json!({})).json()["webhooks"][0].clone();
        if is_right(&hook) {
            return hook;
        }
        assert!(std::time::Instant::now() < deadline, "{hook}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn given_a_webhook_then_it_is_told_what_is_said_and_what_becomes_of_alerts_in_order_and_nothing_before() {
    let redis = Redis::start();
    let url = redis.url();
    for flags in [&HERE[..], &[&HERE[..], &["--redis", &*url]].concat()] {
        let server = Server::start(flags);
        let (hook, key) = (Hook::start(&[]), make(&server));
        say(&server, "before");
        let id = add(&server, &key, &hook.address);
        say(&server, "one");
        assert_eq!(ask(&server, &key, "POST", "alerts?name=Ada", &json!({ "text": "Ice" })).status, 201);
        say(&server, "two");
        let posts: Vec<_> = (0..4).map(|_| hook.next()).collect();
        let told: Vec<_> =
            posts.iter().map(|post| (&*post.kind, post.body["data"]["msg"].as_str().unwrap())).collect();
        let right = [
            ("message", "Ada: one"),
            ("message", "Ada: WARNING: Ice"),
            ("alert", "WARNING: Ice"),
            ("message", "Ada: two"),
        ];
        // What is said in the same millisecond may come first.
        let swapped = [right[0], right[1], right[3], right[2]];
        assert!(told == right || told == swapped, "{told:?}");
        assert_eq!((&posts[0].body["room"], posts[0].id.len()), (&json!("R1"), "message_".len() + 32));
        let shown = until(&server, &key, |hook| hook["delivered_at"].is_string());
        assert_eq!(
            (&shown["id"], &shown["failing"], &shown["gone"]),
            (&json!(id), &Value::Null, &json!(false))
        );
        assert!(shown.get("secret").is_none());
        let tested = ask(&server, &key, "POST", &format!("webhooks/{id}/test"), &json!({})).json();
        assert_eq!(tested, json!({ "delivered": true, "status": 204, "problem": null }));
        assert_eq!(hook.next().kind, "test");
        assert_eq!(ask(&server, &key, "DELETE", &format!("webhooks/{id}"), &json!({})).status, 204);
        let gone = ask(&server, &key, "DELETE", &format!("webhooks/{id}"), &json!({}));
        assert_eq!((gone.status, gone.problem().as_str()), (404, "no_such_webhook"));
        say(&server, "after");
        assert!(hook.posts.recv_timeout(Duration::from_millis(300)).is_err());
    }
}

#[test]
fn given_a_host_in_the_room_then_v2_does_with_webhooks_what_http_does_and_both_see_the_same() {
    let server = Server::start(&HERE);
    let (hook, key) = (Hook::start(&[]), make(&server));
    let (mut host, _) = server.connect_with("/v2,", None);
    let join = json!(["join", { "room": "R1", "name": "Ms Ortega", "host": key }]);
    assert_eq!(host.asks("/v2,", &join)["ok"], true);
    let mut does = |mut what: Value| {
        what["room"] = json!("R1");
        host.asks("/v2,", &json!(["webhook", what]))
    };
    let add = json!({ "action": "add", "webhook": { "url": hook.address, "tells": ["message"] } });
    let made = does(add);
    let (webhook, first) = (&made["webhook"], made["secret"].as_str().unwrap().to_owned());
    assert_eq!((&webhook["made_by"], &webhook["tells"]), (&json!("Ms Ortega"), &json!(["message"])));
    assert!(first.starts_with("whsec_"), "{made}");
    let id = webhook["id"].as_str().unwrap().to_owned();
    say(&server, "one");
    assert_eq!(hook.next().body["data"]["msg"], "Ada: one");
    let of_http = until(&server, &key, |hook| hook["delivered_at"].is_string());
    assert_eq!(does(json!({ "action": "list" })), json!({ "ok": true, "webhooks": [of_http] }));

    let tested = does(json!({ "action": "test", "id": id }));
    assert_eq!(tested, json!({ "ok": true, "delivered": true, "status": 204, "problem": null }));
    assert_eq!(hook.next().kind, "test");
    let second = does(json!({ "action": "new_secret", "id": id }))["secret"].as_str().unwrap().to_owned();
    assert!(second.starts_with("whsec_") && second != first, "{second}");
    say(&server, "two");
    assert_eq!(hook.next().signatures, 2);
    assert_eq!(does(json!({ "action": "remove", "id": id })), json!({ "ok": true }));
    assert_eq!(does(json!({ "action": "remove", "id": id }))["error"]["code"], "no_such_webhook");
    assert_eq!(ask(&server, &key, "GET", "webhooks", &json!({})).json()["webhooks"], json!([]));

    let refused = does(json!({ "action": "add", "webhook": { "url": "https://10.0.0.1/" } }));
    let error = &refused["error"];
    assert_eq!((&error["code"], &error["reason"]), (&json!("invalid_body"), &json!("url_not_public")));
    assert!(refused["error"]["message"].as_str().unwrap().contains("outbound_networks"), "{refused}");
    for _ in 0..8 {
        assert_eq!(does(json!({ "action": "add", "webhook": { "url": hook.address } }))["ok"], true);
    }
    let full = does(json!({ "action": "add", "webhook": { "url": hook.address } }));
    assert_eq!(full["error"]["reason"], "webhooks_full", "{full}");
    let (mut guest, _) = server.connect_with("/v2,", None);
    let list = json!(["webhook", { "room": "R1", "action": "list" }]);
    assert_eq!(guest.asks("/v2,", &list)["error"]["reason"], "not_host");
}

#[test]
fn given_a_receiver_that_does_not_answer_a_test_then_the_connection_goes_on_meanwhile() {
    let server = Server::start(&HERE);
    let (hook, key) = (Hook::start(&[HOLD]), make(&server));
    let id = add(&server, &key, &hook.address);
    let (mut host, _) = server.connect_with("/v2,", None);
    let test = json!(["webhook", { "room": "R1", "action": "test", "id": id, "host": key }]);
    host.send(&format!("42/v2,8{test}"));
    assert_eq!(hook.next().kind, "test");
    assert!(host.asks("/v2,", &json!(["time"]))["sent"].is_string());
    hook.answers.lock().unwrap().push_back(OK);
    assert_eq!(host.packet(), r#"43/v2,8[{"ok":true,"delivered":true,"status":204,"problem":null}]"#);
}

#[test]
fn given_an_alert_that_nobody_confirms_in_time_then_the_webhook_is_told_that_it_is_passed_on() {
    let server = Server::start(&HERE);
    let (hook, key) = (Hook::start(&[]), make(&server));
    let _bea = server.join("R1", "Bea");
    add(&server, &key, &hook.address);
    let alert = json!({ "text": "Fire", "drill": true, "confirm": true, "escalate_after": 5 });
    assert_eq!(ask(&server, &key, "POST", "alerts?name=Ada", &alert).status, 201);
    let mut posts = std::iter::repeat_with(|| hook.next());
    let passed_on = posts.find(|post| post.body["data"]["alert"]["escalated_at"].is_string()).unwrap();
    assert_eq!((&*passed_on.kind, &passed_on.body["data"]["alert"]["drill"]), ("alert", &json!(true)));
}

#[test]
fn given_an_address_that_is_not_public_then_no_webhook_leads_there() {
    let server = Server::start(&[]);
    let key = make(&server);
    for (address, said) in [
        ("https://127.0.0.1/", "does not lead to a public address"),
        ("https://[::ffff:169.254.169.254]/", "does not lead to a public address"),
        ("http://example.org/", "has to begin with https://"),
        ("hook", "is not the address of a page"),
    ] {
        let refused = ask(&server, &key, "POST", "webhooks", &json!({ "url": address }));
        assert_eq!((refused.status, refused.problem().as_str()), (400, "invalid_body"), "{address}");
        assert!(refused.body.contains(said), "{refused:?}");
    }
    // What a name leads to is seen when it is connected to.
    let id = add(&server, &key, "https://localhost:1/");
    let tested = ask(&server, &key, "POST", &format!("webhooks/{id}/test"), &json!({})).json();
    assert!(tested["problem"].as_str().unwrap().contains("does not lead to a public address"), "{tested}");
}

#[test]
fn given_a_stranger_who_makes_many_webhooks_then_others_can_still_make_theirs() {
    let server = Server::start(&["--trusted-proxy", "127.0.0.1"]);
    let add = |room: usize, address: &str| {
        let from = ("x-forwarded-for", address);
        let room = format!("R{room}");
        let made =
            server.ask("POST", "/v1/rooms", &[JSON, from], json!({ "room": room }).to_string().as_bytes());
        let key = made.json()["host"].as_str().unwrap().to_owned();
        let path = format!("/v1/rooms/{room}/webhooks");
        let headers = [JSON, from, ("alert-host-key", &key)];
        let add = || server.ask("POST", &path, &headers, br#"{"url":"https://a.example/"}"#);
        (0..8).map(|_| add()).collect::<Vec<_>>()
    };
    for room in 0..5 {
        assert!(add(room, "198.51.100.7").iter().all(|made| made.status == 201));
    }
    let refused = add(5, "198.51.100.7").remove(0);
    assert_eq!((refused.status, refused.problem().as_str()), (429, "not_allowed"), "{refused:?}");
    assert!(refused.body.contains("too many webhooks were made from your address: wait "), "{refused:?}");
    assert!(add(6, "198.51.100.8").iter().all(|made| made.status == 201));
}

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
