//! What tests of coming back say and hear.

use serde_json::json;
use tungstenite::Message;

use crate::member::Member;

impl Member {
    pub(crate) fn say(&mut self, text: &str) {
        self.send(&format!("42{}", json!(["text", { "msg": text }])));
    }

    /// Waits until the server knows that everything before has come: it pings again when it has the pong of the ping
    /// before. A connection that was probed has two without a pong: the third confirms all, and the fourth shows that it has.
    pub(crate) fn confirm(&mut self) {
        for _ in 0..4 {
            while self.frame() != "2" {}
            self.send("3");
        }
    }

    /// The next packet, whatever it is; `None` if the connection has ended.
    pub(crate) fn try_frame(&mut self) -> Option<String> {
        match self.0.read() {
            Ok(Message::Text(text)) => Some(text.as_str().to_owned()),
            _ => None,
        }
    }

    pub(crate) fn frame(&mut self) -> String {
        self.try_frame().unwrap()
    }
}

/// Says something and hears it.
pub(crate) fn say(member: &mut Member, texts: &[&str]) {
    for text in texts {
        member.say(text);
        while !member.hears().1.ends_with(&format!(": {text}")) {}
    }
}

pub(crate) fn status(msg: &str) -> (String, String) {
    ("status".to_owned(), msg.to_owned())
}

pub(crate) fn message(msg: &str) -> (String, String) {
    ("message".to_owned(), msg.to_owned())
}

/// The next status about time away, with the time left out.
pub(crate) fn away(member: &mut Member) -> String {
    let (event, msg) = member.hears();
    assert_eq!(event, "status", "{msg}");
    let (before, rest) = msg.split_once(" (").unwrap();
    let (time, rest) = rest.split_once(')').unwrap();
    assert!(time.ends_with(" s") || time.ends_with("minute"), "{time}");
    format!("{before}{rest}")
}
