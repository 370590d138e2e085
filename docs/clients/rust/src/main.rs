//! cargo run -- URL ROOM NAME: prints what the room hears, and says each line of its standard input.
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rust_socketio::{ClientBuilder, Event, Payload, RawClient, client::Client};
use serde_json::{Value, json};

/// What whoever speaks has to know.
enum News {
    InRoom,
    Disconnected,
    Answer(Value),
}

const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = |default: &str| args.next().unwrap_or(default.to_owned());
    let (url, room, name) = (next("http://localhost:5000"), next("K7Q-FM2-XD9"), next("Ada"));
    let join = json!({ "name": name, "headless": true, "room": room });
    let (sender, news) = mpsc::channel();
    let (joined, lost) = (sender.clone(), sender.clone());
    let client = ClientBuilder::new(url)
        // On every connect, also after a reconnect: a new connection is in no room.
        .on(Event::Connect, move |_, socket: RawClient| {
            let joined = joined.clone();
            let answered = move |answer: Payload, _: RawClient| match refusal(&first(answer)) {
                None => drop(joined.send(News::InRoom)),
                Some(why) => {
                    eprintln!("{why}");
                    std::process::exit(1);
                }
            };
            let asked = socket.emit_with_ack("joined", join.clone(), PATIENCE, answered);
            asked.unwrap_or_else(|error| eprintln!("{error}"));
        })
        .on("status", |body, _| println!("* {}", text(&first(body))))
        .on("message", |body, _| println!("{}", text(&first(body))))
        .on(Event::Close, move |_, _| {
            eprintln!("disconnected: messages may be missed");
            let _ = lost.send(News::Disconnected);
        })
        .on(Event::Error, |error, _| eprintln!("{error:?}"))
        .reconnect_on_disconnect(true)
        .connect()?;
    let mut is_in = false;
    for line in std::io::stdin().lines() {
        let body = json!({ "name": name, "headless": true, "msg": line? });
        // Until the server has acknowledged it: rather heard twice than never.
        let answer = loop {
            wait_for_room(&news, &mut is_in)?;
            let answers = sender.clone();
            let answered =
                move |answer: Payload, _: RawClient| drop(answers.send(News::Answer(first(answer))));
            if client.emit_with_ack("text", body.clone(), PATIENCE, answered).is_err() {
                is_in = false;
                continue;
            }
            match news.recv_timeout(PATIENCE) {
                Ok(News::Answer(answer)) => break answer,
                Ok(News::Disconnected) => is_in = false,
                Ok(News::InRoom) | Err(_) => {}
            }
        };
        if let Some(why) = refusal(&answer) {
            eprintln!("not sent: {why}");
        }
    }
    leave(&client, &json!({ "name": name, "headless": true }));
    Ok(())
}

/// Returns when we are in the room. What else is there by then is old.
fn wait_for_room(news: &Receiver<News>, is_in: &mut bool) -> Result<(), mpsc::RecvError> {
    loop {
        match news.try_recv() {
            Ok(News::InRoom) => *is_in = true,
            Ok(News::Disconnected) => *is_in = false,
            Ok(News::Answer(_)) => {}
            Err(_) if *is_in => return Ok(()),
            Err(_) => *is_in = matches!(news.recv()?, News::InRoom),
        }
    }
}

/// Where there is no connection, there is nothing to leave.
fn leave(client: &Client, me: &Value) {
    let (sender, left) = mpsc::channel();
    let answered = move |_: Payload, _: RawClient| sender.send(()).unwrap_or_default();
    if client.emit_with_ack("left", me.clone(), PATIENCE, answered).is_ok() {
        let _ = left.recv_timeout(Duration::from_secs(2));
    }
    let _ = client.disconnect();
}

/// The first argument; the library gives those of an answer as one array.
fn first(body: Payload) -> Value {
    let Payload::Text(mut arguments) = body else { return Value::Null };
    match arguments.first_mut() {
        Some(Value::Array(inner)) => inner.first_mut().map(Value::take),
        first => first.map(Value::take),
    }
    .unwrap_or_default()
}

fn text(body: &Value) -> &str {
    body["msg"].as_str().unwrap_or_default()
}

fn refusal(answer: &Value) -> Option<&str> {
    answer["error"]["message"].as_str()
}
