//! A connection on long-polling: at most one GET waits for something to send, and one POST brings what the client says.
//! Requests reach the owning shard through its inbox, wherever they arrived.

use super::websocket::Probe;
use crate::{
    connection::{CloseReason, Connection, Transport, queue::Queue},
    engine::Engine,
    engineio::sid::Sid,
    http::body::WholeBody,
    shard::Shard,
};
use bytes::Bytes;
use socketio_protocol::engine::{payload, request::RequestError};
use std::{
    hash::{DefaultHasher, Hasher},
    rc::Rc,
    sync::atomic::{AtomicU64, Ordering},
};
use tokio::sync::oneshot;

/// The long-polling side of a connection.
#[derive(Default)]
pub(crate) struct Polling {
    waiting: Option<Poll>,
    /// The GET that was answered last. Its client may go away while the answer is on its way.
    answered: Option<Ticket>,
    /// Its queries differ, as those of official clients do by their `t`.
    varies: bool,
    /// A POST is being processed.
    pub(crate) posting: bool,
    pub(crate) probe: Option<Probe>,
    pub(crate) failed_upgrades: u8,
}

/// A GET that waits.
pub(crate) struct Poll {
    ticket: Ticket,
    reply: oneshot::Sender<PollReply>,
}

/// Names one GET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    number: u64,
    /// A digest of its query, if that is the client's only one like it.
    query: Option<u64>,
}

pub(crate) type PollReply = Result<Bytes, PollEnd>;

/// Why a GET brings no packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PollEnd {
    Refused(RequestError),
    /// The server shuts down, and the client should come back.
    Restart,
}

/// What a polling client may still fetch from a connection that has ended.
pub(crate) struct Farewell {
    queue: Queue,
    last_word: PollReply,
}
pub(crate) type PostReply = Result<(), RequestError>;

impl Ticket {
    /// For a GET with this query.
    pub(crate) fn new(query: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let query = is_unique(query).then(|| {
            let mut hasher = DefaultHasher::new();
            hasher.write(query.as_bytes());
            hasher.finish()
        });
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), query }
    }
}

/// Whether the query has a `t` that says more than the time in whole seconds, which is what the C# client puts there.
fn is_unique(query: &str) -> bool {
    let t = query.split('&').find_map(|pair| pair.strip_prefix("t="));
    t.is_some_and(|t| t.bytes().any(|byte| !byte.is_ascii_digit()))
}

impl Polling {
    /// Whether this is the GET again that has been answered: proxies and browsers repeat one whose answer they did not get,
    /// and what was in that answer is lost.
    fn is_repeated(&mut self, ticket: Ticket) -> bool {
        let Some((answered, query)) = self.answered.and_then(|last| last.query).zip(ticket.query) else {
            return false;
        };
        let is_same = answered == query;
        self.varies |= !is_same;
        is_same && self.varies
    }

    pub(crate) fn take_poll(&mut self) -> Option<Poll> {
        let poll = self.waiting.take();
        self.answered = poll.as_ref().map(|poll| poll.ticket).or(self.answered);
        poll
    }
}

impl Poll {
    /// Answers the GET. If its client has gone meanwhile, [`Shard::poll_gone`] is called anyway.
    pub(crate) fn answer(self, reply: PollReply) {
        let _ = self.reply.send(reply);
    }
}

impl Farewell {
    pub(crate) fn new(queue: Queue, last_word: PollReply) -> Self {
        Self { queue, last_word }
    }

    /// The next answer, and whether it is the last.
    pub(crate) fn next(&mut self) -> (PollReply, bool) {
        if self.queue.is_empty() {
            (self.last_word.clone(), true)
        } else {
            (Ok(self.queue.take_payload(None)), false)
        }
    }
}

impl<E: Engine> Shard<E> {
    pub(crate) fn poll(self: &Rc<Self>, sid: Sid, ticket: Ticket, reply: oneshot::Sender<PollReply>) {
        // If the client has gone, nobody gets the answer; `poll_gone` follows.
        let refuse =
            |reply: oneshot::Sender<PollReply>, error| drop(reply.send(Err(PollEnd::Refused(error))));
        let Some(connection) = self.session(sid) else {
            return match self.last_words(sid) {
                Some(words) => drop(reply.send(words)),
                None => refuse(reply, RequestError::UnknownSid),
            };
        };
        {
            let mut transport = connection.transport.borrow_mut();
            let Transport::Polling(polling) = &mut *transport else {
                return refuse(reply, RequestError::BadRequest);
            };
            if polling.waiting.is_some() {
                drop(transport);
                self.close(&connection, CloseReason::OverlappingPoll);
                return refuse(reply, RequestError::BadRequest);
            }
            if polling.is_repeated(ticket) {
                drop(transport);
                self.close(&connection, CloseReason::ConnectionLost);
                return refuse(reply, RequestError::UnknownSid);
            }
            connection.note_polled();
            self.note_alive(&connection);
            polling.waiting = Some(Poll { ticket, reply });
        }
        self.flush_poll(&connection);
    }

    fn last_words(&self, sid: Sid) -> Option<PollReply> {
        let mut farewells = self.farewells.borrow_mut();
        let (words, is_last) = farewells.get_mut(&sid)?.next();
        if is_last {
            farewells.remove(&sid);
            self.gone.notify_waiters();
        }
        Some(words)
    }

    /// Answers a waiting GET, with a noop if need be: only an answer shows whether its client is still there.
    pub(crate) fn end_poll(self: &Rc<Self>, sid: Sid, ticket: Ticket) {
        let Some(connection) = self.session(sid) else { return };
        if let Transport::Polling(polling) = &mut *connection.transport.borrow_mut()
            && polling.waiting.as_ref().is_some_and(|poll| poll.ticket == ticket)
            && let Some(poll) = polling.take_poll()
        {
            poll.answer(Ok(connection.queue.borrow_mut().take_payload(Some("6"))));
        }
    }

    /// The client of a GET went away before or while it was answered: the answer is lost.
    pub(crate) fn poll_gone(self: &Rc<Self>, sid: Sid, ticket: Ticket) {
        let Some(connection) = self.session(sid) else {
            return;
        };
        let is_lost = match &*connection.transport.borrow() {
            Transport::Polling(polling) => match &polling.waiting {
                Some(poll) => poll.ticket == ticket,
                None => polling.answered == Some(ticket),
            },
            _ => false,
        };
        if is_lost {
            self.close(&connection, CloseReason::ConnectionLost);
        }
    }

    /// Answers the waiting GET if there is something to say.
    pub(crate) fn flush_poll(self: &Rc<Self>, connection: &Rc<Connection<E::Session>>) {
        let sent = {
            let mut transport = connection.transport.borrow_mut();
            let Transport::Polling(polling) = &mut *transport else {
                return;
            };
            let mut queue = connection.queue.borrow_mut();
            let is_upgrading = polling.probe.as_ref().is_some_and(|probe| probe.answered);
            if queue.is_empty() && !is_upgrading {
                return;
            }
            let Some(poll) = polling.take_poll() else { return };
            // A client that upgrades waits for its poll to end first.
            poll.reply.send(Ok(queue.take_payload(is_upgrading.then_some("6"))))
        };
        self.note_progress(connection);
        if connection.queue.borrow().is_empty() {
            self.note_drained(connection);
        }
        if sent.is_err() {
            self.close(connection, CloseReason::ConnectionLost);
        }
    }

    pub(crate) fn post(self: &Rc<Self>, sid: Sid, body: WholeBody, reply: oneshot::Sender<PostReply>) {
        let shard = Rc::clone(self);
        let Some(connection) = self.begin_post(sid) else {
            let known = self.session(sid).is_some();
            let error = if known { RequestError::BadRequest } else { RequestError::UnknownSid };
            let _ = reply.send(Err(error));
            return;
        };
        tokio::task::spawn_local(async move {
            let result = shard.take_in_post(&connection, &body.bytes).await;
            drop(body);
            if let Transport::Polling(polling) = &mut *connection.transport.borrow_mut() {
                polling.posting = false;
            }
            // The client may be gone by now; its packets count all the same.
            let _ = reply.send(result.map_err(|reason| {
                shard.close(&connection, reason);
                RequestError::BadRequest
            }));
        });
    }

    /// Finds the session of a POST; one at a time keeps the order.
    fn begin_post(self: &Rc<Self>, sid: Sid) -> Option<Rc<Connection<E::Session>>> {
        let connection = self.session(sid)?;
        let overlaps = match &mut *connection.transport.borrow_mut() {
            Transport::Polling(polling) => std::mem::replace(&mut polling.posting, true),
            _ => return None,
        };
        if overlaps {
            let rule = "a second POST while one was being worked on".to_owned();
            self.close(&connection, CloseReason::ProtocolError(rule));
            return None;
        }
        Some(connection)
    }

    async fn take_in_post(
        self: &Rc<Self>,
        connection: &Rc<Connection<E::Session>>,
        body: &[u8],
    ) -> Result<(), CloseReason> {
        let text = std::str::from_utf8(body).map_err(|_| CloseReason::InvalidUtf8)?;
        let mut now = self.begin_turn();
        connection.count(|intake| intake.take_bytes(now, &self.config, body.len()));
        for packet in payload::decode(text) {
            if self.must_stop(connection) {
                self.hold(connection).await;
                now = self.begin_turn();
            }
            if connection.closed.get() {
                return Ok(());
            }
            let packet = packet.map_err(|error| CloseReason::ProtocolError(error.to_string()))?;
            match self.receive(connection, packet, now) {
                // The client closed with this request, so the request succeeds.
                Err(CloseReason::ClosePacket) => self.close(connection, CloseReason::ClosePacket),
                result => result?,
            }
        }
        Ok(())
    }
}
