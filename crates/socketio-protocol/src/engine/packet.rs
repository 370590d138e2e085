//! Engine.IO packets, one at a time: a WebSocket text frame, or one record of a polling payload.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use bytes::Bytes;
use thiserror::Error;

/// Standard alphabet; the padding may be missing, as Node's decoder allows.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One Engine.IO packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0`: the server's handshake, as JSON (see [`Handshake`](super::Handshake)).
    Open(Cow<'a, str>),
    /// `1`: the sender is closing this transport.
    Close,
    /// `2`: heartbeat of the server, or a client's `probe` during an upgrade.
    Ping(Cow<'a, str>),
    /// `3`: answer to a ping, with the same data.
    Pong(Cow<'a, str>),
    /// `4`: a text message; for Socket.IO, one whole packet.
    Message(Cow<'a, str>),
    /// A binary message: a WebSocket binary frame, or `b` and base64 where only text is possible.
    Binary(Bytes),
    /// `5`: the client completes the upgrade.
    Upgrade,
    /// `6`: ends a pending poll, and has no other meaning.
    Noop,
}

/// Why a text is not an Engine.IO packet.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PacketError {
    /// There is no type character.
    #[error("empty Engine.IO packet: send a type digit first")]
    Empty,
    /// The first character names no packet type.
    #[error("unknown Engine.IO packet type {0:?}: send a digit from 0 to 6")]
    UnknownType(char),
    /// What follows `b` is not base64.
    #[error("bad base64 after `b`: {0}")]
    Base64(#[from] base64::DecodeError),
}

impl<'a> Packet<'a> {
    /// Decodes a WebSocket text frame, or a record of a polling payload.
    ///
    /// Data after `1`, `5` and `6` is ignored, as the reference decoder's users ignore it.
    ///
    /// # Errors
    /// The text is empty, has an unknown type, or is not base64 after `b`.
    pub fn decode(text: &'a str) -> Result<Self, PacketError> {
        let kind = text.chars().next().ok_or(PacketError::Empty)?;
        let data = &text[kind.len_utf8()..];
        Ok(match kind {
            '0' => Packet::Open(data.into()),
            '1' => Packet::Close,
            '2' => Packet::Ping(data.into()),
            '3' => Packet::Pong(data.into()),
            '4' => Packet::Message(data.into()),
            '5' => Packet::Upgrade,
            '6' => Packet::Noop,
            'b' => Packet::Binary(BASE64.decode(data)?.into()),
            other => return Err(PacketError::UnknownType(other)),
        })
    }

    /// Appends the packet's text form; [`Packet::Binary`] takes the base64 form.
    pub fn encode_into(&self, out: &mut String) {
        let (kind, data) = match self {
            Packet::Open(data) => ('0', &**data),
            Packet::Close => ('1', ""),
            Packet::Ping(data) => ('2', &**data),
            Packet::Pong(data) => ('3', &**data),
            Packet::Message(data) => ('4', &**data),
            Packet::Binary(data) => {
                out.push('b');
                STANDARD.encode_string(data, out);
                return;
            }
            Packet::Upgrade => ('5', ""),
            Packet::Noop => ('6', ""),
        };
        out.push(kind);
        out.push_str(data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_specification_decodes_and_encodes_to_the_same_text() {
        for (text, packet) in [
            ("0{\"sid\":\"x\"}", Packet::Open("{\"sid\":\"x\"}".into())),
            ("1", Packet::Close),
            ("2", Packet::Ping("".into())),
            ("2probe", Packet::Ping("probe".into())),
            ("3", Packet::Pong("".into())),
            ("3probe", Packet::Pong("probe".into())),
            ("4hello", Packet::Message("hello".into())),
            ("4€", Packet::Message("€".into())),
            ("4", Packet::Message("".into())),
            ("5", Packet::Upgrade),
            ("6", Packet::Noop),
        ] {
            assert_eq!(Packet::decode(text), Ok(packet.clone()), "{text}");
            let mut out = String::from("before");
            packet.encode_into(&mut out);
            assert_eq!(out, format!("before{text}"));
        }
    }

    #[test]
    fn data_after_close_upgrade_and_noop_is_ignored() {
        assert_eq!(Packet::decode("1bye"), Ok(Packet::Close));
        assert_eq!(Packet::decode("5now"), Ok(Packet::Upgrade));
        assert_eq!(Packet::decode("6x"), Ok(Packet::Noop));
    }

    #[test]
    fn what_is_no_packet_is_an_error_that_names_the_rule() {
        assert_eq!(Packet::decode(""), Err(PacketError::Empty));
        assert_eq!(Packet::decode("7"), Err(PacketError::UnknownType('7')));
        assert_eq!(Packet::decode("abc"), Err(PacketError::UnknownType('a')));
        assert_eq!(Packet::decode("é"), Err(PacketError::UnknownType('é')));
        for text in ["b!", "bAQIDB", "bAQID BA==", "b=", "bäö"] {
            assert!(matches!(Packet::decode(text), Err(PacketError::Base64(_))), "{text}");
        }
    }

    /// A client with `forceBase64` sends its attachments like this, even on a WebSocket.
    #[test]
    fn base64_is_a_binary_message_with_its_padding_or_without() {
        for (text, bytes) in [("bAQIDBA==", &[1, 2, 3, 4][..]), ("bAQIDBA", &[1, 2, 3, 4]), ("b", &[])] {
            assert_eq!(Packet::decode(text), Ok(Packet::Binary(Bytes::copy_from_slice(bytes))), "{text}");
        }
    }

    #[test]
    fn binary_encodes_to_the_base64_form() {
        let mut out = String::new();
        Packet::Binary(Bytes::from_static(&[1, 2, 3, 4])).encode_into(&mut out);
        assert_eq!(out, "bAQIDBA==");
    }
}
