//! The upgrade from long-polling to WebSocket (Engine.IO 4, "Upgrade"): the WebSocket is probed while polling goes on,
//! and takes over when the client says so. Until then everything is sent by polling, after that by WebSocket; the
//! connection has one queue throughout, which keeps the order.

use super::websocket::{self, Flow, FrameReader, Incoming, Probe};
use crate::{
    bounds::Place,
    connection::{CloseReason, Connection, Transport},
    engine::Engine,
    engineio::sid::Sid,
    frame::Frame,
    shard::Shard,
    stream::{DetachedStream, Stream},
};
use bytes::Bytes;
use socketio_protocol::engine::{
    packet::Packet,
    upgrade::{Upgrade, UpgradeStep},
};
use std::{net::Shutdown, rc::Rc, time::Instant};

/// How many upgrades of a session may fail. Official clients try once; each try costs a socket, a task and up to
/// `upgrade_timeout`.
const MOST_FAILURES: u8 = 5;

/// Starts the upgrade of a session by a WebSocket that has shaken hands. The session must be polling, and only one at a
/// time may try: a second one is closed, and the first is not disturbed.
pub(crate) fn start<E: Engine>(
    shard: &Rc<Shard<E>>,
    sid: Sid,
    stream: DetachedStream,
    early: Bytes,
    (place, is_relayed): (Place, bool),
) {
    // If the session has gone since the handshake, dropping the stream tells the client.
    let Some(connection) = shard.session(sid) else {
        return;
    };
    let Ok(stream) = stream.attach().map(Rc::new) else {
        return;
    };
    match &mut *connection.transport.borrow_mut() {
        Transport::Polling(polling) if polling.probe.is_none() => {
            polling.probe = Some(Probe { stream: Rc::clone(&stream), answered: false });
        }
        _ => {
            tokio::task::spawn_local(turn_away(Rc::clone(shard), stream, place));
            return;
        }
    }
    connection.is_relayed.set(is_relayed);
    tokio::task::spawn_local(run(Rc::clone(shard), connection, stream, early, place));
}

/// Turns away a WebSocket that may not take over.
async fn turn_away<E: Engine>(shard: Rc<Shard<E>>, stream: Rc<Stream>, place: Place) {
    let _counted = (shard.count_socket(), place);
    let frame = Frame::close(1000, "the session has a WebSocket already");
    if stream.writable().await.is_ok() {
        // A new socket has room for a few bytes, if its client is still there.
        let _ = stream.try_write(frame.wire());
    }
    stream.shut(Shutdown::Write);
    shard.linger(&stream, || false);
    websocket::read_on(&shard, &stream).await;
}

async fn run<E: Engine>(
    shard: Rc<Shard<E>>,
    connection: Rc<Connection<E::Session>>,
    stream: Rc<Stream>,
    early: Bytes,
    place: Place,
) {
    let _counted = (shard.count_socket(), place);
    let mut probing = Probing {
        shard: Rc::clone(&shard),
        connection: Rc::clone(&connection),
        stream: Rc::clone(&stream),
        machine: Upgrade::new(Instant::now(), shard.config.upgrade_timeout),
        done: false,
    };
    let mut reader = FrameReader::default();
    let deadline = probing.machine.deadline();
    let taken_over = tokio::time::timeout_at(deadline.into(), Box::pin(probing.run(&mut reader, &early)))
        .await
        .unwrap_or(false);
    drop((probing, early));
    if taken_over {
        websocket::run(shard, connection, stream, reader, None).await;
    } else {
        stream.shut(Shutdown::Both);
        if has_failed_too_often(&connection) {
            shard.close(&connection, CloseReason::FailedUpgrades);
        }
    }
}

/// Counts a failed upgrade. Returns whether there were too many.
fn has_failed_too_often<S>(connection: &Connection<S>) -> bool {
    let Transport::Polling(polling) = &mut *connection.transport.borrow_mut() else { return false };
    polling.probe = None;
    polling.failed_upgrades += 1;
    polling.failed_upgrades >= MOST_FAILURES
}

struct Probing<E: Engine> {
    shard: Rc<Shard<E>>,
    connection: Rc<Connection<E::Session>>,
    stream: Rc<Stream>,
    machine: Upgrade,
    done: bool,
}

impl<E: Engine> Probing<E> {
    /// Reads until the WebSocket has taken over (true) or has failed.
    async fn run(&mut self, reader: &mut FrameReader, early: &[u8]) -> bool {
        let shard = Rc::clone(&self.shard);
        let mut input = early.to_vec();
        loop {
            let now = shard.begin_turn();
            self.connection.count(|intake| intake.take_bytes(now, &shard.config, input.len()));
            let flow = match reader.read(&shard.spare, &input, |incoming| self.take_in(incoming, now)) {
                Ok(_) if self.done => return true,
                Ok(Flow::Stop) => return false,
                Ok(flow) => flow,
                Err(reason) => {
                    if self.done {
                        shard.close(&self.connection, reason);
                    }
                    return self.done;
                }
            };
            input.clear();
            // Others come first. Whoever probes without end is held back until the session ends.
            shard.hold_back(&self.connection).await;
            if self.connection.closed.get() {
                return false;
            }
            while flow == Flow::More && input.is_empty() {
                if self.stream.readable().await.is_err() || self.connection.closed.get() {
                    return false;
                }
                let mut scratch = shard.scratch.borrow_mut();
                match self.stream.try_read(&mut scratch) {
                    Ok(0) => return false,
                    Ok(count) => input.extend_from_slice(&scratch[..count]),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => return false,
                }
            }
        }
    }

    /// Handles a message of the probe or, after that, of the connection.
    fn take_in(&mut self, incoming: Incoming, now: Instant) -> Result<Flow, CloseReason> {
        if self.done {
            return websocket::receive(&self.shard, &self.connection, incoming, now);
        }
        let step = match &incoming {
            Incoming::Text(text) => {
                Packet::decode(text).map_or(UpgradeStep::Abort, |packet| self.machine.receive(&packet))
            }
            Incoming::Reply(bytes) => return Ok(self.after_answer(self.write(bytes))),
            Incoming::Binary(_) | Incoming::Idle(_) | Incoming::Closed => UpgradeStep::Abort,
        };
        Ok(match step {
            UpgradeStep::ReplyProbe => self.after_answer(self.answer_probe()),
            UpgradeStep::Complete if self.take_over() => Flow::More,
            UpgradeStep::Complete | UpgradeStep::Abort => Flow::Stop,
        })
    }

    /// Probes and pings cost their sender as much as other frames that say nothing.
    fn after_answer(&self, is_sent: bool) -> Flow {
        let now = Instant::now();
        self.connection.count(|intake| intake.take_idle_frames(now, 1));
        let intake = self.connection.intake.get();
        match is_sent {
            false => Flow::Stop,
            true if self.shard.turn_is_over(now) || intake.wait(now, &self.shard.config).is_some() => {
                Flow::Hold
            }
            true => Flow::More,
        }
    }

    fn answer_probe(&self) -> bool {
        let is_sent = self.write(Frame::text("3probe").wire());
        if let Some(probe) = self.connection.transport.borrow_mut().probe() {
            probe.answered = true;
        }
        self.shard.flush_poll(&self.connection);
        is_sent
    }

    /// Makes the WebSocket the connection's transport. A client with a POST under way breaks the protocol: its content
    /// would come after what the WebSocket brings.
    fn take_over(&mut self) -> bool {
        if self.connection.closed.get() {
            return false;
        }
        {
            let mut transport = self.connection.transport.borrow_mut();
            match &mut *transport {
                Transport::Polling(polling) if !polling.posting => {
                    if let Some(poll) = polling.take_poll() {
                        poll.answer(Ok(Bytes::from_static(b"6")));
                    }
                }
                _ => return false,
            }
            *transport = Transport::WebSocket(Rc::clone(&self.stream));
        }
        self.shard.counters.upgrades();
        self.done = true;
        // Its polls have ended, so it has what they brought.
        self.connection.note_polled();
        self.shard.mark_dirty(&self.connection);
        true
    }

    /// Writes a few bytes to a socket. Nothing else has been sent on it, so its buffer has room.
    fn write(&self, bytes: &[u8]) -> bool {
        self.stream.try_write(bytes).is_ok_and(|count| count == bytes.len())
    }
}
