//! The strict decoder of one Socket.IO packet.

use super::error::DecodeError;
use super::packet::{AckId, Packet};
use super::{json, placeholder};

/// Most binary attachments that a packet may have.
pub const MAX_ATTACHMENTS: usize = 10;

/// Decodes one packet: the text of an Engine.IO message, without its `4`.
///
/// # Errors
/// The text breaks a rule of the protocol; see [`DecodeError`].
pub fn decode(text: &str) -> Result<Packet<'_>, DecodeError> {
    let kind = text.chars().next().ok_or(DecodeError::Empty)?;
    if !('0'..='6').contains(&kind) {
        return Err(DecodeError::UnknownType(kind));
    }
    let rest = &text[1..];
    let (attachments, rest) = if matches!(kind, '5' | '6') { split_attachments(rest)? } else { (0, rest) };
    let (namespace, rest) = split_namespace(rest);
    // The `auth` of a CONNECT may be a number, which is no ack id.
    let (ack, payload) = if kind == '0' { (None, rest) } else { split_ack(rest)? };
    if ack.is_some() && matches!(kind, '1' | '4') {
        return Err(DecodeError::UnexpectedAckId);
    }
    json::check_depth(payload)?;
    match kind {
        '0' => Ok(Packet::Connect { namespace, auth: json::optional(payload)? }),
        '1' if payload.is_empty() => Ok(Packet::Disconnect { namespace }),
        '1' => Err(DecodeError::UnexpectedPayload),
        '2' | '5' => {
            let (name, args) = json::event(payload)?;
            placeholder::check(payload, attachments)?;
            Ok(Packet::Event { namespace, ack, name, args, attachments })
        }
        '3' | '6' => {
            let id = ack.ok_or(DecodeError::AckWithoutId)?;
            let args = json::arguments(payload)?;
            placeholder::check(payload, attachments)?;
            Ok(Packet::Ack { namespace, id, args, attachments })
        }
        _ => {
            let data = json::optional(payload)?;
            if data.is_some_and(|data| !data.get().starts_with(['{', '"'])) {
                return Err(DecodeError::ConnectErrorData);
            }
            Ok(Packet::ConnectError { namespace, data })
        }
    }
}

/// `3-rest`: the number of attachments.
fn split_attachments(text: &str) -> Result<(usize, &str), DecodeError> {
    let (digits, rest) = split_digits(text);
    let rest = rest.strip_prefix('-').ok_or(DecodeError::AttachmentCount)?;
    if digits.is_empty() {
        return Err(DecodeError::AttachmentCount);
    }
    match digits.parse() {
        Ok(0) => Err(DecodeError::AttachmentCount),
        Ok(count) if count <= MAX_ATTACHMENTS => Ok((count, rest)),
        // Digits fail to parse only when there are too many of them.
        _ => Err(DecodeError::TooManyAttachments),
    }
}

/// `/name,rest`; without a comma, the namespace is all there is.
fn split_namespace(text: &str) -> (&str, &str) {
    if text.starts_with('/') { text.split_once(',').unwrap_or((text, "")) } else { ("/", text) }
}

fn split_ack(text: &str) -> Result<(Option<AckId>, &str), DecodeError> {
    let (digits, rest) = split_digits(text);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    let id = digits.parse().ok().and_then(AckId::new).ok_or(DecodeError::AckId)?;
    Ok((Some(id), rest))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::socket::packet::Args;

    /// What a packet says, in a form that is easy to compare.
    fn show(packet: &Packet<'_>) -> String {
        let list = |args: &Args<'_>| args.iter().map(RawValue::get).collect::<Vec<_>>().join(" ");
        match packet {
            Packet::Connect { namespace, auth } => {
                format!("connect {namespace} {}", auth.map_or("-", RawValue::get))
            }
            Packet::Disconnect { namespace } => format!("disconnect {namespace}"),
            Packet::Event { namespace, ack, name, args, attachments } => {
                let ack = ack.map_or("-".to_owned(), |ack| ack.to_string());
                format!("event {namespace} {ack} {name} ({}) {attachments}", list(args))
            }
            Packet::Ack { namespace, id, args, attachments } => {
                format!("ack {namespace} {id} ({}) {attachments}", list(args))
            }
            Packet::ConnectError { namespace, data } => {
                format!("error {namespace} {}", data.map_or("-", RawValue::get))
            }
        }
    }

    #[test]
    fn the_specifications_packets_decode() {
        for (text, packet) in [
            ("0", "connect / -"),
            (r#"0{"token":"123"}"#, r#"connect / {"token":"123"}"#),
            (r#"0"token""#, r#"connect / "token""#),
            ("0[1,2]", "connect / [1,2]"),
            ("012.5", "connect / 12.5"),
            ("0-1", "connect / -1"),
            ("0true", "connect / true"),
            ("0null", "connect / null"),
            ("0/admin,5", "connect /admin 5"),
            ("0/admin,", "connect /admin -"),
            (r#"0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}"#, r#"connect /admin {"sid":"oSO0OpakMV_3jnilAAAA"}"#),
            (r#"4{"message":"Not authorized"}"#, r#"error / {"message":"Not authorized"}"#),
            (
                r#"4/admin,{"message":"Not authorized","data":{"code":"E001"}}"#,
                r#"error /admin {"message":"Not authorized","data":{"code":"E001"}}"#,
            ),
            ("1", "disconnect /"),
            ("1/admin,", "disconnect /admin"),
            (r#"2["foo"]"#, "event / - foo () 0"),
            (r#"2/admin,["bar"]"#, "event /admin - bar () 0"),
            (r#"212["foo"]"#, "event / 12 foo () 0"),
            (r#"2/admin,13["bar"]"#, "event /admin 13 bar () 0"),
            (r#"2["hello",1,{"a":"b, c"}]"#, r#"event / - hello (1 {"a":"b, c"}) 0"#),
            (r#"312["bar"]"#, r#"ack / 12 ("bar") 0"#),
            ("3/admin,13[]", "ack /admin 13 () 0"),
            (
                r#"51-["baz",{"_placeholder":true,"num":0}]"#,
                r#"event / - baz ({"_placeholder":true,"num":0}) 1"#,
            ),
            (
                r#"52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
                r#"event /admin - baz ({"_placeholder":true,"num":0} {"_placeholder":true,"num":1}) 2"#,
            ),
            (
                r#"51-15["bar",{"_placeholder":true,"num":0}]"#,
                r#"event / 15 bar ({"_placeholder":true,"num":0}) 1"#,
            ),
            (r#"61-15[{"_placeholder":true,"num":0}]"#, r#"ack / 15 ({"_placeholder":true,"num":0}) 1"#),
            (
                r#"61-/admin,1[{"_placeholder":true,"num":0}]"#,
                r#"ack /admin 1 ({"_placeholder":true,"num":0}) 1"#,
            ),
        ] {
            assert_eq!(show(&decode(text).unwrap_or_else(|error| panic!("{text}: {error}"))), packet);
        }
    }

    #[test]
    fn the_edges_of_what_is_allowed_decode() {
        for (text, packet) in [
            ("0/admin", "connect /admin -"),
            ("0/admin?token=1&x=2,{}", "connect /admin?token=1&x=2 {}"),
            ("1/admin", "disconnect /admin"),
            ("4", "error / -"),
            (r#"4"not allowed""#, r#"error / "not allowed""#),
            (r#"2[""]"#, "event / -  () 0"),
            (r#"20["a"]"#, "event / 0 a () 0"),
            (r#"29007199254740991["a"]"#, "event / 9007199254740991 a () 0"),
            (r#"510-["a"]"#, "event / - a () 10"),
            (r#"2["a" , "b" ] "#, r#"event / - a ("b") 0"#),
            (r#"2["\ud800","\udfff"]"#, "event / - \u{fffd} (\"\\udfff\") 0"),
            (r#"2["\ud83d\ude00 \u00e9"]"#, "event / - 😀 é () 0"),
            (r#"2["a",1e999]"#, "event / - a (1e999) 0"),
            (r#"2["a",{"_placeholder":true,"num":7}]"#, r#"event / - a ({"_placeholder":true,"num":7}) 0"#),
        ] {
            assert_eq!(show(&decode(text).unwrap_or_else(|error| panic!("{text}: {error}"))), packet);
        }
    }

    #[test]
    fn a_broken_rule_is_named() {
        use DecodeError as E;
        let is = |text: &str| decode(text).map(|packet| show(&packet)).map_err(|error| format!("{error:?}"));
        for (text, error) in [
            ("", E::Empty),
            ("7", E::UnknownType('7')),
            ("é", E::UnknownType('é')),
            ("[]", E::UnknownType('[')),
            (r#"5["a"]"#, E::AttachmentCount),
            (r#"5-["a"]"#, E::AttachmentCount),
            (r#"5-1-["a"]"#, E::AttachmentCount),
            (r#"51["a"]"#, E::AttachmentCount),
            (r#"51.0-["a"]"#, E::AttachmentCount),
            ("6", E::AttachmentCount),
            (r#"50-["a"]"#, E::AttachmentCount),
            (r#"511-["a"]"#, E::TooManyAttachments),
            (r#"5999999999999999999999-["a"]"#, E::TooManyAttachments),
            (r#"29007199254740992["a"]"#, E::AckId),
            (r#"299999999999999999999["a"]"#, E::AckId),
            ("1/admin,1", E::UnexpectedAckId),
            (r#"41{"message":""}"#, E::UnexpectedAckId),
            (r#"3["a"]"#, E::AckWithoutId),
            ("61-[]", E::AckWithoutId),
            ("2", E::MissingPayload),
            ("2 ", E::MissingPayload),
            ("212", E::MissingPayload),
            (r#"2/admin["a"]"#, E::MissingPayload),
            ("31", E::MissingPayload),
            ("1{}", E::UnexpectedPayload),
            ("1/admin,[]", E::UnexpectedPayload),
            ("2{}", E::NotAnArray),
            (r#"2"a""#, E::NotAnArray),
            (r#"2-1["a"]"#, E::NotAnArray),
            (r#"2admin,["a"]"#, E::NotAnArray),
            ("31{}", E::NotAnArray),
            ("4[]", E::ConnectErrorData),
            ("4true", E::ConnectErrorData),
            ("2[]", E::MissingName),
            ("51-[]", E::MissingName),
            ("2[1]", E::NameNotString),
            ("2[null]", E::NameNotString),
            (r#"2[["a"]]"#, E::NameNotString),
            (r#"2[{"a":1}]"#, E::NameNotString),
            (r#"2["connect"]"#, E::ReservedName),
            (r#"2["connect_error"]"#, E::ReservedName),
            (r#"2["disconnect"]"#, E::ReservedName),
            (r#"2["disconnecting"]"#, E::ReservedName),
            (r#"2["newListener"]"#, E::ReservedName),
            (r#"51-["removeListener"]"#, E::ReservedName),
            (r#"2["dis\u0063onnect"]"#, E::ReservedName),
            (r#"51-["a",{"_placeholder":true,"num":1}]"#, E::Placeholder),
            (r#"61-1[{"_placeholder":true}]"#, E::Placeholder),
        ] {
            assert_eq!(is(text), Err(format!("{error:?}")), "{text}");
        }
        for text in [
            "0{",
            "0{}x",
            "01{}",
            "0token",
            r#"0{"a":1}{"b":2}"#,
            r#"2["a""#,
            r#"2["a"]x"#,
            r#"2["a"][]"#,
            r#"2["a",]"#,
            "2[",
            "2[a]",
            r#"2["\x"]"#,
            r#"2["a",01]"#,
            "2[\"a\nb\"]",
            "31[",
            "31[1 2]",
            r#"4{"message""#,
            r#"51-["a",{"num":}]"#,
        ] {
            assert!(matches!(decode(text), Err(E::Json(_))), "{text}: {:?}", decode(text));
        }
    }
}
