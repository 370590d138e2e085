//! Pusher channels, protocol 7, as much as a member of a private channel needs:
//! <https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/>.

use std::fmt::Write;

use ring::hmac;

use super::Said;
use crate::error::Death;
use crate::packet::{excerpt, member};

/// The application that the server has to know, as bench/peers sets it up.
const KEY: &str = "bench-key";
const SECRET: &[u8] = b"bench-secret";

/// Where an application's WebSockets are.
pub(super) fn path() -> String {
    format!("/app/{KEY}?protocol=7&client=alert-bench&version=1")
}

/// A client event with a message.
pub(super) fn speak(room: &str, message: &[u8], out: &mut Vec<u8>) {
    let begin = format!(r#"{{"event":"client-text","channel":"private-{room}","data":{{"msg":""#);
    out.extend_from_slice(begin.as_bytes());
    out.extend_from_slice(message);
    out.extend_from_slice(b"\"}}");
}

/// Reads an event.
pub(super) fn read<'a>(frame: &'a [u8], room: &str) -> Result<Said<'a>, Death> {
    const PING: &[u8] = br#"{"event":"pusher:pong","data":{}}"#;
    // The order of an event's members is the server's choice, and a delivery may cost no parser.
    if memchr::memmem::find(frame, b"\"client-text\"").is_some() {
        return Ok(Said::Message(frame));
    }
    match member(frame, "event").as_deref() {
        Some("pusher:connection_established") => {
            let data = member(frame, "data").unwrap_or_default();
            let socket = member(data.as_bytes(), "socket_id");
            let socket = socket.ok_or(Death::Protocol("a Pusher connection without a socket_id"))?;
            Ok(Said::Connected(subscribe(&socket, room)))
        }
        Some("pusher_internal:subscription_succeeded") => Ok(Said::Joined),
        Some("pusher:ping") => Ok(Said::Ask(PING.to_vec())),
        Some("pusher:error" | "pusher:subscription_error") => Err(Death::Refused(excerpt(frame))),
        _ => Ok(Said::Nothing),
    }
}

fn subscribe(socket: &str, room: &str) -> Vec<u8> {
    let channel = format!("private-{room}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let signed = hmac::sign(&key, format!("{socket}:{channel}").as_bytes());
    let mut signature = String::new();
    for byte in signed.as_ref() {
        // Writing into memory cannot fail.
        let _ = write!(signature, "{byte:02x}");
    }
    format!(r#"{{"event":"pusher:subscribe","data":{{"channel":"{channel}","auth":"{KEY}:{signature}"}}}}"#)
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_the_events_of_a_server_then_they_are_told_apart() {
        let established =
            r#"{"event":"pusher:connection_established","data":"{\"socket_id\":\"1234.1234\"}"}"#;
        let Ok(Said::Connected(subscribe)) = read(established.as_bytes(), "foobar") else { panic!() };
        let subscribe: serde_json::Value = serde_json::from_slice(&subscribe).unwrap();
        assert_eq!(subscribe["data"]["channel"], "private-foobar");
        let auth = subscribe["data"]["auth"].as_str().unwrap();
        assert_eq!(auth.strip_prefix("bench-key:").unwrap().len(), 64);
        let mut message = Vec::new();
        speak("foobar", b"@tag", &mut message);
        assert_eq!(read(&message, "foobar"), Ok(Said::Message(&message)));
        assert!(serde_json::from_slice::<serde_json::Value>(&message).is_ok());
        for (event, said) in [
            (r#"{"event":"pusher_internal:subscription_succeeded","channel":"a"}"#, Said::Joined),
            (r#"{"event":"pusher:else"}"#, Said::Nothing),
        ] {
            assert_eq!(read(event.as_bytes(), "a"), Ok(said), "{event}");
        }
        assert!(matches!(read(br#"{"event":"pusher:ping"}"#, "a"), Ok(Said::Ask(_))));
        assert!(matches!(
            read(br#"{"event":"pusher:error","data":{"code":4009}}"#, "a"),
            Err(Death::Refused(_))
        ));
    }
}
