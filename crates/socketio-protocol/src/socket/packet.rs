//! Socket.IO packets as they come in: borrowed, checked, with arguments left as raw JSON.

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;
use smallvec::SmallVec;

/// One Socket.IO packet.
///
/// The seven types on the wire are five here: an event or ack with attachments is a BINARY_EVENT or BINARY_ACK.
/// A namespace is `/` or begins with `/`; a query string in it stays part of it, as in the reference server.
#[derive(Clone, Debug)]
pub enum Packet<'a> {
    /// `0`: a client asks for a namespace, or the server grants it.
    Connect {
        /// Namespace to enter.
        namespace: &'a str,
        /// Credentials from the client, which may be any JSON value, or an object with `sid` from the server.
        auth: Option<&'a RawValue>,
    },
    /// `1`: leaves a namespace.
    Disconnect {
        /// Namespace to leave.
        namespace: &'a str,
    },
    /// `2`, or `5` with attachments: an event.
    Event {
        /// Namespace of the event.
        namespace: &'a str,
        /// With an id, the sender wants an acknowledgement.
        ack: Option<AckId>,
        /// Name of the event; never a reserved one. Lone surrogates are U+FFFD.
        name: Cow<'a, str>,
        /// What follows the name.
        args: Args<'a>,
        /// Number of binary attachments, at most [`MAX_ATTACHMENTS`](super::MAX_ATTACHMENTS).
        attachments: usize,
    },
    /// `3`, or `6` with attachments: acknowledges an event.
    Ack {
        /// Namespace of the event.
        namespace: &'a str,
        /// Id that came with the event.
        id: AckId,
        /// The answer.
        args: Args<'a>,
        /// Number of binary attachments, at most [`MAX_ATTACHMENTS`](super::MAX_ATTACHMENTS).
        attachments: usize,
    },
    /// `4`: the server refuses a CONNECT.
    ConnectError {
        /// Namespace that was asked for.
        namespace: &'a str,
        /// A JSON object (or, from old servers, a string) that says why.
        data: Option<&'a RawValue>,
    },
}

impl<'a> Packet<'a> {
    /// Namespace of the packet.
    #[must_use]
    pub fn namespace(&self) -> &'a str {
        match self {
            Packet::Connect { namespace, .. }
            | Packet::Disconnect { namespace }
            | Packet::Event { namespace, .. }
            | Packet::Ack { namespace, .. }
            | Packet::ConnectError { namespace, .. } => namespace,
        }
    }

    /// Number of binary attachments that belong to the packet.
    #[must_use]
    pub fn attachments(&self) -> usize {
        match self {
            Packet::Event { attachments, .. } | Packet::Ack { attachments, .. } => *attachments,
            Packet::Connect { .. } | Packet::Disconnect { .. } | Packet::ConnectError { .. } => 0,
        }
    }
}

/// Id that ties an acknowledgement to its event: an integer that JavaScript holds exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AckId(u64);

impl AckId {
    /// The greatest id: 2^53 - 1.
    pub const MAX: AckId = AckId((1 << 53) - 1);

    /// An id, unless it is beyond [`MAX`](Self::MAX).
    #[must_use]
    pub fn new(id: u64) -> Option<Self> {
        (id <= Self::MAX.0).then_some(Self(id))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for AckId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Arguments of an event or ack, each valid JSON text. Binary ones are placeholder objects
/// (`{"_placeholder":true,"num":0}`) inside that JSON.
#[derive(Clone, Debug, Default)]
pub struct Args<'a>(pub(super) SmallVec<[&'a RawValue; 2]>);

impl<'a> Args<'a> {
    /// Number of arguments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The argument at `index`, from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a RawValue> {
        self.0.get(index).copied()
    }

    /// The arguments in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a RawValue> + '_ {
        self.0.iter().copied()
    }
}

impl<'a> std::ops::Deref for Args<'a> {
    type Target = [&'a RawValue];

    fn deref(&self) -> &[&'a RawValue] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ack_id_is_an_integer_that_javascript_holds_exactly() {
        assert_eq!(AckId::new(0).map(AckId::get), Some(0));
        assert_eq!(AckId::new(9_007_199_254_740_991), Some(AckId::MAX));
        assert_eq!(AckId::new(9_007_199_254_740_992), None);
    }

    #[test]
    fn arguments_are_read_by_index_and_in_order() {
        let Ok(packet @ Packet::Event { .. }) = crate::socket::decode(r#"2/x,["a",1,[2]]"#) else {
            panic!("an event")
        };
        assert_eq!((packet.namespace(), packet.attachments()), ("/x", 0));
        let Packet::Event { args, .. } = packet else { unreachable!() };
        assert_eq!((args.len(), args.is_empty()), (2, false));
        assert_eq!(args.get(1).map(RawValue::get), Some("[2]"));
        assert!(args.get(2).is_none());
        assert_eq!(args.iter().map(RawValue::get).collect::<Vec<_>>(), ["1", "[2]"]);
    }
}
