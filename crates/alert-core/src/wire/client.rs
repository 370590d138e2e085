//! What every client says to a server and reads from it, whatever the version of the protocol.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use socketio_protocol::engine::{Packet as EnginePacket, PacketError};
use socketio_protocol::socket::{DecodeError, encode};
use socketio_protocol::text::lossy_string;

/// Something that no Socket.IO server sends.
#[derive(Debug, thiserror::Error)]
pub enum PacketProblem {
    /// Not an Engine.IO packet.
    #[error(transparent)]
    Engine(#[from] PacketError),
    /// Not a Socket.IO packet.
    #[error(transparent)]
    Socket(#[from] DecodeError),
    /// JSON of another form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// What the server tells a client first, over every transport.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Handshake {
    ping_interval: u64,
    ping_timeout: u64,
    /// The longest frame that the server takes, in bytes.
    #[serde(default = "no_limit")]
    pub(super) max_payload: usize,
}

fn no_limit() -> usize {
    usize::MAX
}

/// An `error` of an ack, or the data of a CONNECT_ERROR.
#[derive(Deserialize)]
pub(super) struct Complaint {
    #[serde(deserialize_with = "lossy_string")]
    pub(super) message: String,
}

impl Handshake {
    /// Without a ping for this long the server is gone.
    pub(super) fn silence(&self) -> Duration {
        Duration::from_millis(self.ping_interval.saturating_add(self.ping_timeout))
    }
}

/// `{"message": "..."}`, the text alone (python-socketio), or whatever the server wrote instead.
pub(super) fn reason(data: Option<&RawValue>) -> String {
    let json = data.map_or("", RawValue::get);
    let complaint = serde_json::from_str::<Complaint>(json).map(|complaint| complaint.message);
    complaint.or_else(|_| serde_json::from_str(json)).unwrap_or_else(|_| json.to_owned())
}

/// Asks for a namespace.
#[must_use]
pub fn connect(namespace: &str) -> String {
    encode::connect_request(namespace, None).text
}

/// Answers a ping.
#[must_use]
pub fn pong(data: String) -> String {
    let mut text = String::new();
    EnginePacket::Pong(data.into()).encode_into(&mut text);
    text
}
