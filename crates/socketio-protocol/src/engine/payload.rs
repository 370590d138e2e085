//! Polling payloads: packets joined by a record separator.

use std::str::Split;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::packet::{Packet, PacketError};

/// Separates the packets of a payload (ASCII record separator).
pub const SEPARATOR: char = '\u{1e}';

/// The packets of a payload, in order. It ends after the first error, as the reference decoder does.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    records: Option<Split<'a, char>>,
}

/// Decodes the body of a polling request or response. An empty body is one empty packet, which is an error.
#[must_use]
pub fn decode(body: &str) -> Packets<'_> {
    Packets { records: Some(body.split(SEPARATOR)) }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, PacketError>;

    fn next(&mut self) -> Option<Self::Item> {
        let packet = Packet::decode(self.records.as_mut()?.next()?);
        if packet.is_err() {
            self.records = None;
        }
        Some(packet)
    }
}

/// Builds a payload, packet by packet, in one growing string.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    body: String,
}

impl Encoder {
    /// An empty payload.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a packet that is encoded already, type digit included (`4hello`). It must not hold a [`SEPARATOR`].
    pub fn text(&mut self, packet: &str) {
        self.separate();
        self.body.push_str(packet);
    }

    /// Appends a binary message as `b` and base64.
    pub fn binary(&mut self, data: &[u8]) {
        self.separate();
        self.body.push('b');
        STANDARD.encode_string(data, &mut self.body);
    }

    /// Whether nothing was appended yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// The finished payload.
    #[must_use]
    pub fn finish(self) -> String {
        self.body
    }

    fn separate(&mut self) {
        if !self.body.is_empty() {
            self.body.push(SEPARATOR);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn all(body: &str) -> Vec<Result<Packet<'_>, PacketError>> {
        decode(body).collect()
    }

    #[test]
    fn the_specifications_payload_decodes() {
        assert_eq!(
            all("4hello\u{1e}2\u{1e}4world"),
            [
                Ok(Packet::Message("hello".into())),
                Ok(Packet::Ping("".into())),
                Ok(Packet::Message("world".into()))
            ]
        );
        let bytes = Packet::Binary(Bytes::from_static(&[1, 2, 3, 4]));
        assert_eq!(all("4hello\u{1e}bAQIDBA=="), [Ok(Packet::Message("hello".into())), Ok(bytes)]);
    }

    #[test]
    fn base64_may_lack_its_padding() {
        assert_eq!(all("bAQIDBA"), [Ok(Packet::Binary(Bytes::from_static(&[1, 2, 3, 4])))]);
        assert_eq!(all("b"), [Ok(Packet::Binary(Bytes::new()))]);
    }

    #[test]
    fn decoding_ends_after_the_first_error() {
        assert_eq!(
            all("4a\u{1e}9\u{1e}4b"),
            [Ok(Packet::Message("a".into())), Err(PacketError::UnknownType('9'))]
        );
        assert_eq!(all(""), [Err(PacketError::Empty)]);
        assert_eq!(all("4a\u{1e}"), [Ok(Packet::Message("a".into())), Err(PacketError::Empty)]);
        assert!(matches!(all("b!").as_slice(), [Err(PacketError::Base64(_))]));
    }

    #[test]
    fn the_encoder_joins_with_separators() {
        let mut payload = Encoder::new();
        assert!(payload.is_empty());
        payload.text("4hello");
        payload.binary(&[1, 2, 3, 4]);
        payload.text("2");
        assert!(!payload.is_empty());
        assert_eq!(payload.finish(), "4hello\u{1e}bAQIDBA==\u{1e}2");
    }
}
