//! MQTT 3.1.1, as much as a subscriber with QoS 0 needs: <https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html>.

use super::Said;
use crate::error::Death;

const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
const SUBACK: u8 = 0x90;

/// A new session without keep-alive, so that the server expects no pings of us.
pub(super) fn connect(client: &str) -> Vec<u8> {
    const CLEAN_SESSION: u8 = 0x02;
    let mut body = b"\0\x04MQTT\x04".to_vec();
    body.extend_from_slice(&[CLEAN_SESSION, 0, 0]);
    string(client, &mut body);
    let mut out = Vec::new();
    packet(CONNECT, &body, &mut out);
    out
}

/// A message to a topic.
pub(super) fn publish(topic: &str, message: &[u8], out: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(topic.len() + 2 + message.len());
    string(topic, &mut body);
    body.extend_from_slice(message);
    packet(PUBLISH, &body, out);
}

/// Reads the packets of a frame, of which a server puts whole ones into each.
pub(super) fn read(
    frame: &[u8],
    topic: &str,
    mut handle: impl FnMut(Said<'_>) -> Result<(), Death>,
) -> Result<(), Death> {
    let mut rest = frame;
    while let [kind, after @ ..] = rest {
        let (length, used) = length(after).ok_or(Death::Protocol("an MQTT packet in pieces"))?;
        let body = after.get(used..used + length).ok_or(Death::Protocol("an MQTT packet in pieces"))?;
        rest = &after[used + length..];
        handle(match (kind & 0xF0, body) {
            (PUBLISH, message) => Said::Message(message),
            (CONNACK, [_, 0]) => Said::Connected(subscribe(topic)),
            (CONNACK, _) => return Err(Death::Protocol("an MQTT connection that is refused")),
            (SUBACK, [.., 0]) => Said::Joined,
            (SUBACK, _) => return Err(Death::Protocol("an MQTT subscription that is refused")),
            _ => Said::Nothing,
        })?;
    }
    Ok(())
}

fn subscribe(topic: &str) -> Vec<u8> {
    let mut body = b"\0\x01".to_vec();
    string(topic, &mut body);
    body.push(0);
    let mut out = Vec::new();
    packet(SUBSCRIBE, &body, &mut out);
    out
}

fn packet(kind: u8, body: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    let mut length = body.len();
    loop {
        let digit = (length % 128) as u8;
        length /= 128;
        out.push(digit | if length > 0 { 0x80 } else { 0 });
        if length == 0 {
            break;
        }
    }
    out.extend_from_slice(body);
}

/// The length of a packet, and how many bytes say it: at most four.
fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((length, index + 1));
        }
    }
    None
}

/// Names of a run are short.
fn string(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(frame: &[u8]) -> Result<Vec<String>, Death> {
        let mut said = Vec::new();
        read(frame, "a", |each| {
            said.push(match each {
                Said::Message(bytes) => format!("message {}", bytes.len()),
                other => format!("{other:?}"),
            });
            Ok(())
        })?;
        Ok(said)
    }

    #[test]
    fn given_several_packets_in_a_frame_then_each_is_read() {
        let mut frame = b"\x90\x03\0\x01\0".to_vec();
        publish("a", &[b'x'; 200], &mut frame);
        publish("a", b"", &mut frame);
        assert_eq!(all(&frame), Ok(vec!["Joined".to_owned(), "message 203".into(), "message 3".into()]));
        assert_eq!(
            all(b"\x20\x02\0\0"),
            Ok(vec![format!("{:?}", Said::Connected(b"\x82\x06\0\x01\0\x01a\0".to_vec()))])
        );
    }

    #[test]
    fn given_a_refusal_or_half_a_packet_then_the_connection_ends() {
        for frame in [&b"\x20\x02\0\x05"[..], b"\x90\x03\0\x01\x80", b"\x30\x05ab", b"\x30\xFF"] {
            assert!(matches!(all(frame), Err(Death::Protocol(_))), "{frame:?}");
        }
    }

    #[test]
    fn given_a_client_then_its_connection_asks_for_nothing_that_it_does_not_need() {
        assert_eq!(connect("me"), b"\x10\x0E\0\x04MQTT\x04\x02\0\0\0\x02me");
    }
}
