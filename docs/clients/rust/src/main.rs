//! cargo run -- URL ROOM NAME: prints what the room hears, and says each line of its standard input.
use rust_socketio::{ClientBuilder, Event, Payload, RawClient};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = |default: &str| args.next().unwrap_or(default.to_owned());
    let (url, room, name) = (next("http://localhost:5000"), next("D5DB"), next("Ada"));
    let join = json!({ "name": name, "headless": true, "room": room });
    let client = ClientBuilder::new(url)
        // On every connect, also after a reconnect: a new connection is in no room.
        .on(Event::Connect, move |_, socket: RawClient| {
            socket.emit("joined", join.clone()).unwrap_or_else(|error| eprintln!("{error}"));
        })
        .on("status", |body, _| show("* ", body))
        .on("message", |body, _| show("", body))
        .on(Event::Close, |_, _| eprintln!("disconnected: messages may be missed"))
        .on(Event::Error, |error, _| eprintln!("{error:?}"))
        .reconnect_on_disconnect(true)
        .connect()?;
    for line in std::io::stdin().lines() {
        let text = json!({ "name": name, "headless": true, "msg": line? });
        client.emit("text", text).unwrap_or_else(|error| eprintln!("not sent: {error}"));
    }
    client.emit("left", json!({ "name": name, "headless": true }))?;
    Ok(client.disconnect()?)
}

fn show(before: &str, body: Payload) {
    let Payload::Text(arguments) = body else { return };
    println!("{before}{}", arguments[0]["msg"].as_str().unwrap_or_default());
}
