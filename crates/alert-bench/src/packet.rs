//! The Engine.IO and Socket.IO packets that a run needs, in the one spelling that servers use.

use std::io::Write;

use memchr::memmem;

use super::{error::Death, tag::RoomTag};
use alert_core::wire::v1::{JOINED, TEXT};

/// Engine.IO pong.
pub(super) const PONG: &[u8] = b"3";
/// Socket.IO CONNECT to the namespace `/`.
pub(super) const CONNECT: &[u8] = b"40";

/// What came from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// Engine.IO OPEN, with its JSON.
    Open(&'a [u8]),
    /// Engine.IO PING.
    Ping,
    /// Socket.IO CONNECT, with its JSON: the server let us in.
    Connected(&'a [u8]),
    /// The event `message`, with everything after its name.
    Message(&'a [u8]),
    /// The event `status`, with everything after its name.
    Status(&'a [u8]),
    /// Socket.IO CONNECT_ERROR, with its JSON.
    Refused(&'a [u8]),
    /// Engine.IO CLOSE or Socket.IO DISCONNECT.
    Close,
    /// Anything that a run has no use for.
    Other,
}

impl<'a> Packet<'a> {
    /// Reads one Engine.IO packet.
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        if let Some(rest) = bytes.strip_prefix(b"42[\"message\",") {
            return Self::Message(rest);
        }
        match bytes {
            [b'4', b'2', rest @ ..] => rest.strip_prefix(b"[\"status\",").map_or(Self::Other, Self::Status),
            [b'2', ..] => Self::Ping,
            [b'0', json @ ..] => Self::Open(json),
            [b'4', b'0', json @ ..] => Self::Connected(json),
            [b'4', b'4', json @ ..] => Self::Refused(json),
            [b'1'] | [b'4', b'1', ..] => Self::Close,
            _ => Self::Other,
        }
    }
}

/// The session id in an OPEN packet.
pub(super) fn sid(json: &[u8]) -> Result<String, Death> {
    member(json, "sid").ok_or(Death::Protocol("an OPEN packet without a session id"))
}

/// A string in a JSON object.
pub(super) fn member(json: &[u8], key: &str) -> Option<String> {
    let object: serde_json::Value = serde_json::from_slice(json).ok()?;
    object[key].as_str().map(str::to_owned)
}

/// The offset of an event, for recovery: a string after the body, in what follows the event's name.
pub(super) fn offset(event: &[u8]) -> Option<&[u8]> {
    let text = event.strip_suffix(b"\"]")?;
    let quote = memchr::memrchr(b'"', text)?;
    text[..quote].ends_with(b"},").then(|| &text[quote + 1..])
}

/// What the members and the rooms of a run are called, so that it disturbs nobody else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    run: u32,
}

impl Names {
    pub(super) fn new(run: u32) -> Self {
        Self { run }
    }

    /// The tags of a room's messages.
    pub(super) fn tag(self, room: u32) -> RoomTag {
        RoomTag::new(self.run, room)
    }

    /// What a room is called.
    pub(super) fn room(self, room: u32) -> String {
        format!("bench-{:08x}-r{room}", self.run)
    }

    /// Appends the event with which a member enters its room.
    pub(super) fn joined(self, room: u32, member: u32, out: &mut Vec<u8>) {
        let Self { run } = self;
        write(
            out,
            format_args!(
                r#"42["{JOINED}",{{"name":"bench-{run:08x}-u{member}","headless":true,"room":"bench-{run:08x}-r{room}"}}]"#
            ),
        );
    }

    /// Appends the event with which a member says a message of `payload` bytes.
    pub(super) fn text(self, member: u32, tag: &RoomTag, number: u32, payload: usize, out: &mut Vec<u8>) {
        let run = self.run;
        write(
            out,
            format_args!(r#"42["{TEXT}",{{"name":"bench-{run:08x}-u{member}","headless":true,"msg":""#),
        );
        let message = out.len();
        tag.append(number, out);
        out.resize(message + payload, b'x');
        out.extend_from_slice(b"\"}]");
    }

    /// Whether a `status` says that this member entered.
    pub(super) fn entered(self, member: u32, status: &[u8]) -> bool {
        let name = format!("\"bench-{:08x}-u{member} ", self.run);
        memmem::find(status, name.as_bytes()).is_some()
    }
}

/// What a `status` complains about, if it is an error.
pub(super) fn complaint(status: &[u8]) -> Result<(), Death> {
    match status.strip_prefix(b"{\"msg\":\"Error: ") {
        None => Ok(()),
        Some(text) => Err(Death::Complaint(excerpt(text.strip_suffix(b"\"}]").unwrap_or(text)))),
    }
}

/// The beginning of what a server said, for an error message.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    const LONGEST: usize = 200;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing into memory cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::Found;

    #[test]
    fn given_packets_of_a_server_then_they_are_told_apart() {
        for (bytes, packet) in [
            ("0{\"sid\":\"a\"}", Packet::Open(b"{\"sid\":\"a\"}")),
            ("2", Packet::Ping),
            ("40{\"sid\":\"b\"}", Packet::Connected(b"{\"sid\":\"b\"}")),
            ("42[\"message\",{\"msg\":\"a\"}]", Packet::Message(b"{\"msg\":\"a\"}]")),
            ("42[\"status\",{\"msg\":\"a\"}]", Packet::Status(b"{\"msg\":\"a\"}]")),
            ("42[\"else\",1]", Packet::Other),
            ("44{\"message\":\"no\"}", Packet::Refused(b"{\"message\":\"no\"}")),
            ("41", Packet::Close),
            ("1", Packet::Close),
            ("6", Packet::Other),
            ("", Packet::Other),
        ] {
            assert_eq!(Packet::read(bytes.as_bytes()), packet, "{bytes}");
        }
        assert_eq!(sid(b"{\"sid\":\"a\",\"upgrades\":[]}"), Ok("a".to_owned()));
        assert!(sid(b"{}").is_err());
    }

    #[test]
    fn given_an_event_with_an_offset_then_it_is_found() {
        for (event, found) in [
            ("{\"msg\":\"a\"},\"8f3a-57\"]", Some("8f3a-57")),
            ("{\"msg\":\"a\"}]", None),
            ("{\"msg\":\"},\\\"8f3a-57\"}]", None),
            ("\"a\"]", None),
            ("", None),
        ] {
            assert_eq!(offset(event.as_bytes()), found.map(str::as_bytes), "{event}");
        }
    }

    #[test]
    fn given_a_message_then_it_is_v1_of_the_wanted_length_and_carries_its_number() {
        let names = Names::new(7);
        let mut event = Vec::new();
        names.text(3, &names.tag(5), 9, 64, &mut event);
        let body: serde_json::Value = serde_json::from_slice(&event[2..]).unwrap();
        assert_eq!(body[0], "text");
        assert_eq!(body[1]["name"], "bench-00000007-u3");
        assert_eq!(body[1]["headless"], true);
        let message = body[1]["msg"].as_str().unwrap();
        assert_eq!(message.len(), 64);
        assert_eq!(names.tag(5).find(message.as_bytes()), Found::Here(9));
    }

    #[test]
    fn given_a_status_then_only_the_members_own_name_counts_as_its_entry() {
        let names = Names::new(7);
        let mut event = Vec::new();
        names.joined(5, 3, &mut event);
        let body: serde_json::Value = serde_json::from_slice(&event[2..]).unwrap();
        assert_eq!(body[1]["room"], "bench-00000007-r5");
        let status = |name: &str| format!("{{\"msg\":\"{name} has entered the room.\"}}]");
        assert!(names.entered(3, status("bench-00000007-u3").as_bytes()));
        assert!(!names.entered(3, status("bench-00000007-u33").as_bytes()));
        assert_eq!(complaint(status("bench-00000007-u3").as_bytes()), Ok(()));
        let refused = complaint(b"{\"msg\":\"Error: room is required.\"}]");
        assert_eq!(refused, Err(Death::Complaint("room is required.".to_owned())));
    }
}
