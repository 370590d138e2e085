//! What every client reads of a server: Engine.IO's packets, and what is wrong with what came.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use socketio_protocol::engine::{Packet as EnginePacket, PacketError};
use socketio_protocol::socket::{DecodeError, Packet, decode};
use socketio_protocol::text::lossy_string;

/// What no server of Socket.IO sends.
#[derive(Debug, thiserror::Error)]
pub enum PacketProblem {
    /// Not a packet of Engine.IO.
    #[error(transparent)]
    Engine(#[from] PacketError),
    /// Not a packet of Socket.IO.
    #[error(transparent)]
    Socket(#[from] DecodeError),
    /// JSON of another form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// The text of a frame.
pub(super) enum Frame<T> {
    Open { silence: Duration, max_payload: usize },
    Ping(String),
    Close,
    Socket(T),
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handshake {
    ping_interval: u64,
    ping_timeout: u64,
    #[serde(default = "no_limit")]
    max_payload: usize,
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

impl<T> Frame<T> {
    /// Reads a frame; `socket` reads a packet of Socket.IO.
    pub(super) fn read(
        text: &str,
        socket: impl FnOnce(Packet<'_>) -> Result<T, PacketProblem>,
    ) -> Result<Self, PacketProblem> {
        Ok(match EnginePacket::decode(text)? {
            EnginePacket::Open(json) => {
                let Handshake { ping_interval, ping_timeout, max_payload } = serde_json::from_str(&json)?;
                let silence = Duration::from_millis(ping_interval.saturating_add(ping_timeout));
                Self::Open { silence, max_payload }
            }
            EnginePacket::Ping(data) => Self::Ping(data.into_owned()),
            EnginePacket::Close => Self::Close,
            EnginePacket::Message(packet) => Self::Socket(socket(decode(&packet)?)?),
            _ => Self::Other,
        })
    }
}

/// `{"message": "..."}`, or whatever the server wrote instead.
pub(super) fn reason(data: Option<&RawValue>) -> String {
    let json = data.map_or("", RawValue::get);
    serde_json::from_str::<Complaint>(json).map_or_else(|_| json.to_owned(), |complaint| complaint.message)
}

/// Answers a ping.
#[must_use]
pub fn pong(data: String) -> String {
    let mut text = String::new();
    EnginePacket::Pong(data.into()).encode_into(&mut text);
    text
}
