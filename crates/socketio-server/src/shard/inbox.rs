//! The way into a shard: commands from any thread, carried out in the order in which they were pushed.
//!
//! An inbox is bounded softly. A push always succeeds, so nothing is lost and nobody waits while holding a lock. What
//! fills it is held back at its source: a room's speakers ([`crate::room::pressure`]), and connections whose own
//! answers wait. Should many sources together fill an inbox all the same, no shard reads from its clients until it is
//! drained (see [`Congestion`]): it holds at most its limit and what the reads under way still add.

use super::{congestion::Congestion, probe::OnReceipt, survey::Survey};
use crate::{
    arrivals::Arrival,
    bounds::Place,
    connection::{CloseReason, ConnectionKey},
    engineio::{
        polling::{PollReply, PostReply, Ticket},
        sid::Sid,
    },
    frame::Publication,
    http::body::WholeBody,
    room::{Delivery, Room, RoomId},
    stream::{DetachedStream, PeerAddr},
    wakes,
};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, oneshot};

/// Commands that may wait before clients have to.
const LIMIT_COMMANDS: usize = 16_384;
/// Bytes of publications and bodies that may wait before clients have to.
const LIMIT_BYTES: usize = 64 << 20;

/// How many bytes take about as long to render and copy as a delivery.
const BYTES: usize = 64;

/// What a shard can be told to do.
pub(crate) enum Command {
    /// A new socket from the acceptor.
    Accept {
        stream: DetachedStream,
        peer: PeerAddr,
        /// The port of https, if all are sent there.
        to_https: Option<u16>,
        arrival: Arrival,
    },
    Join {
        room: Room,
        connection: ConnectionKey,
    },
    Leave {
        room: RoomId,
        connection: ConnectionKey,
    },
    /// Call the engine for each of the room's members on this shard, and close those that have none: the subscribers.
    Rouse {
        room: RoomId,
    },
    /// Sends to the room's members on this shard.
    Deliver(Delivery),
    /// Sends to one connection.
    Send {
        connection: ConnectionKey,
        publication: Publication,
    },
    /// The answer to a connection's own packet. It has counted against the connection since it was made.
    Answer {
        connection: ConnectionKey,
        publication: Publication,
    },
    /// Say when the connection's queue is empty.
    TellDrained {
        connection: ConnectionKey,
        reply: oneshot::Sender<()>,
    },
    /// Ping the connection, and say when its client shows that it is there.
    Probe {
        connection: ConnectionKey,
        reply: oneshot::Sender<()>,
    },
    /// Tell when its client has shown that it has what was sent to it before.
    Confirm {
        connection: ConnectionKey,
        done: OnReceipt,
    },
    /// How many bytes its client may not have.
    Unconfirmed {
        connection: ConnectionKey,
        trusts_tcp: bool,
        reply: oneshot::Sender<u64>,
    },
    /// Call the connection's engine for one of its sockets.
    Wake {
        connection: ConnectionKey,
        socket: u32,
    },
    Close {
        connection: ConnectionKey,
        reason: CloseReason,
    },
    /// Say that the shard turns.
    Turn {
        reply: oneshot::Sender<()>,
    },
    /// A long-polling GET, wherever it arrived.
    Poll {
        sid: Sid,
        ticket: Ticket,
        reply: oneshot::Sender<PollReply>,
    },
    /// The client of a long-polling GET ended its side: it still listens, or has gone.
    EndPoll {
        sid: Sid,
        ticket: Ticket,
    },
    /// The client of a long-polling GET went away.
    PollGone {
        sid: Sid,
        ticket: Ticket,
    },
    /// A long-polling POST.
    Post {
        sid: Sid,
        body: WholeBody,
        reply: oneshot::Sender<PostReply>,
    },
    /// Whether there is such a session, for a WebSocket that names one.
    Knows {
        sid: Sid,
        reply: oneshot::Sender<bool>,
    },
    /// A WebSocket that wants to take over from long-polling, and the bytes read from it already.
    Upgrade {
        sid: Sid,
        stream: DetachedStream,
        early: Bytes,
        place: Place,
        /// It comes through another server.
        is_relayed: bool,
    },
    /// Look at every connection.
    Survey {
        reply: oneshot::Sender<Survey>,
    },
    /// Close every connection so that it comes back, and say when the farewells have been fetched.
    Shutdown {
        done: oneshot::Sender<()>,
    },
    /// End HTTP after the responses under way, and say when no socket is left.
    WindUp {
        done: oneshot::Sender<()>,
    },
    /// End the shard's thread.
    Stop,
}

impl Command {
    /// Roughly how much work it is, in deliveries; [`super::LOOK_AFTER`] if that is not known.
    pub(super) fn work(&self) -> usize {
        match self {
            Self::Deliver(delivery) => delivery.members + delivery.publication.size() / BYTES,
            Self::Send { publication, .. } | Self::Answer { publication, .. } => {
                1 + publication.size() / BYTES
            }
            Self::Join { .. } | Self::Leave { .. } => 1,
            _ => super::LOOK_AFTER,
        }
    }

    /// The bytes in it whose number its sender decides.
    fn bytes(&self) -> usize {
        match self {
            Self::Deliver(delivery) => delivery.publication.size(),
            Self::Send { publication, .. } | Self::Answer { publication, .. } => publication.size(),
            Self::Post { body, .. } => body.bytes.len(),
            Self::Upgrade { early, .. } => early.len(),
            _ => 0,
        }
    }
}

#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    /// Wakes the shard. The shard also uses it itself, when its own tasks leave something to flush.
    pub(crate) wake: Arc<Notify>,
}

#[derive(Default)]
struct State {
    commands: VecDeque<Command>,
    bytes: usize,
}

impl State {
    fn over_limit(&self) -> bool {
        self.commands.len() > LIMIT_COMMANDS || self.bytes > LIMIT_BYTES
    }
}

impl Inbox {
    /// Adds a command. The shard is woken at the end of the batch that this is in, if it is in one.
    pub(crate) fn push(&self, command: Command, congestion: &Congestion) {
        let mut state = self.lock();
        let was_over = state.over_limit();
        let was_empty = state.commands.is_empty();
        state.bytes += command.bytes();
        state.commands.push_back(command);
        if !was_over && state.over_limit() {
            // Under the lock, so that no drain can come between.
            congestion.begins();
        }
        drop(state);
        if was_empty {
            wakes::wake(&self.wake);
        }
    }

    /// Swaps what waits for the empty `batch`.
    pub(crate) fn drain(&self, batch: &mut VecDeque<Command>, congestion: &Congestion) {
        let mut state = self.lock();
        if state.over_limit() {
            congestion.ends();
        }
        std::mem::swap(&mut state.commands, batch);
        state.bytes = 0;
    }

    /// Commands that wait, and their bytes.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let state = self.lock();
        (state.commands.len(), state.bytes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements above, so a panic elsewhere does not harm it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bounds::Charge, config::Config, hub::Hub};
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Waker},
    };

    #[test]
    fn clients_wait_while_an_inbox_is_over_its_limit_and_no_longer() {
        let (inbox, other, congestion) = (Inbox::default(), Inbox::default(), Congestion::default());
        for inbox in [&inbox, &other] {
            (0..LIMIT_COMMANDS).for_each(|_| inbox.push(Command::Stop, &congestion));
            (0..10).for_each(|_| inbox.push(Command::Stop, &congestion));
            assert!(congestion.is_there());
        }
        let mut relief = pin!(congestion.relief());
        let mut poll = || relief.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        assert!(!poll());
        inbox.drain(&mut VecDeque::new(), &congestion);
        assert!(!poll(), "the other one is over its limit still");
        other.drain(&mut VecDeque::new(), &congestion);
        assert!(poll());
        inbox.drain(&mut VecDeque::new(), &congestion);
        assert!(!congestion.is_there(), "one that was under its limit ends nothing");
    }

    #[test]
    fn what_a_client_decides_on_counts_in_bytes() {
        let (inbox, congestion) = (Inbox::default(), Congestion::default());
        let (bytes, hub) = (Bytes::from(vec![0; 1 << 20]), Hub::new(&Config::default()));
        for count in 1..=65 {
            let (sid, reply) = (Sid::random(0), oneshot::channel().0);
            let body = WholeBody { bytes: bytes.clone(), charge: Charge::none(hub.held()) };
            inbox.push(Command::Post { sid, body, reply }, &congestion);
            assert_eq!(congestion.is_there(), count > 64);
        }
    }
}
