//! What can be wrong with what a peer sends.

use thiserror::Error;

use super::decode::MAX_ATTACHMENTS;
use super::json::{MAX_DEPTH, RESERVED};
use super::packet::AckId;

/// The rule that a message breaks.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// No type digit.
    #[error("empty Socket.IO packet: send a type digit first")]
    Empty,
    /// The first character is not a type.
    #[error("unknown Socket.IO packet type {0:?}: send a digit from 0 to 6")]
    UnknownType(char),
    /// Types 5 and 6 begin with the number of attachments, at least one, and `-`.
    #[error("bad attachment count: a binary packet begins like `51-`")]
    AttachmentCount,
    /// More than [`MAX_ATTACHMENTS`].
    #[error("too many attachments: send at most {MAX_ATTACHMENTS} with a packet")]
    TooManyAttachments,
    /// The ack id is greater than [`AckId::MAX`].
    #[error("bad ack id: send an integer of at most {}", AckId::MAX)]
    AckId,
    /// CONNECT, DISCONNECT and CONNECT_ERROR have no ack id.
    #[error("unexpected ack id: only events and acks have one")]
    UnexpectedAckId,
    /// An ack must say which event it answers.
    #[error("ack without id: send the id of the event")]
    AckWithoutId,
    /// An event or ack has no payload.
    #[error("missing payload: events and acks need a JSON array")]
    MissingPayload,
    /// A DISCONNECT has a payload.
    #[error("unexpected payload: a DISCONNECT has none")]
    UnexpectedPayload,
    /// The payload of an event or ack is not an array.
    #[error("bad payload: events and acks need a JSON array")]
    NotAnArray,
    /// The payload of a CONNECT_ERROR is neither an object nor a string.
    #[error("bad payload: a CONNECT_ERROR needs a JSON object")]
    ConnectErrorData,
    /// The array of an event is empty.
    #[error("event without a name: its array begins with it")]
    MissingName,
    /// The array of an event does not begin with a string.
    #[error("bad event name: it must be a string")]
    NameNotString,
    /// The event's name belongs to the protocol.
    #[error("reserved event name: use another than {}", RESERVED.join(", "))]
    ReservedName,
    /// The payload is not JSON, or something follows it.
    #[error("bad JSON: {0}")]
    Json(serde_json::Error),
    /// The payload is nested deeper than [`MAX_DEPTH`].
    #[error("JSON is nested too deep: at most {MAX_DEPTH} levels")]
    TooDeep,
    /// A placeholder names no attachment of the packet.
    #[error("bad placeholder: `num` must be the index of an attachment")]
    Placeholder,
    /// A text came in while attachments were outstanding.
    #[error("text instead of an attachment: {missing} more must follow the packet first")]
    AttachmentExpected {
        /// Attachments that have not come.
        missing: usize,
    },
    /// A binary message came in that no packet announced.
    #[error("unexpected attachment: announce it with a binary packet")]
    UnexpectedAttachment,
    /// A packet with its attachments is larger than the limit.
    #[error("packet too large: with its attachments it may have at most {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}
