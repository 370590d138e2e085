//! What a run speaks: v1, or as much of another server's protocol as a room needs, so that such a server can be measured
//! by the same clock and the same account.

mod mqtt;
mod pusher;

use super::{error::Death, packet::Names, tag::RoomTag, target::Target, websocket};

/// The protocol of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Socket.IO with the events of v1.
    #[default]
    SocketIo,
    /// MQTT 3.1.1 over WebSocket with QoS 0: a room is a topic.
    Mqtt,
    /// nchan's `nchan_pubsub` over WebSocket: a room is a channel, at `/ROOM`.
    Nchan,
    /// Pusher channels 7: a room is a private channel, and a message a client event, which its sender does not hear.
    Pusher,
}

/// What a frame of another protocol says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// The server let us in, and this is how to enter the room.
    Connected(Vec<u8>),
    /// We are in the room.
    Joined,
    /// Somebody spoke; the tag is in it.
    Message(&'a [u8]),
    /// It wants to hear this.
    Ask(Vec<u8>),
    /// Anything that a run has no use for.
    Nothing,
}

/// What to do once the connection stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// The server speaks first.
    Wait,
    /// We do.
    Greet(Vec<u8>),
    /// Nothing: we are in the room.
    Joined,
}

impl Protocol {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SocketIo => "socketio",
            Self::Mqtt => "mqtt",
            Self::Nchan => "nchan",
            Self::Pusher => "pusher",
        }
    }

    /// Whether whoever enters is announced to the room.
    pub(super) fn announces(self) -> bool {
        self == Self::SocketIo
    }

    /// Whether whoever speaks hears it.
    pub(super) fn echoes(self) -> bool {
        self != Self::Pusher
    }

    /// The request for an upgrade, with `query` added.
    pub(super) fn request(self, target: &Target, names: Names, room: u32, query: &str) -> Vec<u8> {
        let Target { path, host, .. } = target;
        let (path, more) = match self {
            Self::SocketIo => (format!("{path}?EIO=4&transport=websocket{query}"), ""),
            Self::Mqtt => ("/mqtt".to_owned(), "Sec-WebSocket-Protocol: mqtt\r\n"),
            Self::Nchan => (format!("/{}", names.room(room)), ""),
            Self::Pusher => (pusher::path(), ""),
        };
        websocket::request(&path, host, more)
    }

    /// What to do once the connection stands.
    pub(super) fn opened(self, names: Names, room: u32, seat: u32) -> Opened {
        match self {
            Self::SocketIo | Self::Pusher => Opened::Wait,
            Self::Nchan => Opened::Joined,
            Self::Mqtt => Opened::Greet(mqtt::connect(&format!("{}-{seat}", names.room(room)))),
        }
    }

    /// Reads a frame of another protocol than Socket.IO, part by part.
    pub(super) fn read(
        self,
        frame: &[u8],
        names: Names,
        room: u32,
        mut handle: impl FnMut(Said<'_>) -> Result<(), Death>,
    ) -> Result<(), Death> {
        match self {
            Self::Mqtt => mqtt::read(frame, &names.room(room), handle),
            Self::Pusher => handle(pusher::read(frame, &names.room(room))?),
            Self::Nchan | Self::SocketIo => handle(Said::Message(frame)),
        }
    }

    /// Appends a message of `payload` bytes.
    #[expect(clippy::too_many_arguments, reason = "what a message has")]
    pub(super) fn text(
        self,
        names: Names,
        room: u32,
        member: u32,
        tag: &RoomTag,
        number: u32,
        payload: usize,
        out: &mut Vec<u8>,
    ) {
        if self == Self::SocketIo {
            return names.text(member, tag, number, payload, out);
        }
        let mut message = Vec::with_capacity(payload);
        tag.append(number, &mut message);
        message.resize(payload, b'x');
        match self {
            Self::Mqtt => mqtt::publish(&names.room(room), &message, out),
            Self::Pusher => pusher::speak(&names.room(room), &message, out),
            Self::Nchan | Self::SocketIo => out.extend_from_slice(&message),
        }
    }

    /// Appends a frame with this payload.
    pub(super) fn frame(self, payload: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Mqtt => websocket::binary(payload, out),
            Self::SocketIo | Self::Nchan | Self::Pusher => websocket::text(payload, out),
        }
    }
}
