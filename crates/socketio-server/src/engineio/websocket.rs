//! A connection on a WebSocket: its read loop. Writing is the shard's work (see [`crate::shard`]).

mod reader;

pub(crate) use reader::{Flow, FrameReader, Incoming, SpareContext};

use crate::{
    connection::{CloseReason, Connection},
    engine::Engine,
    frame::Frame,
    shard::Shard,
    stream::Stream,
    wakes,
};
use bytes::Bytes;
use socketio_protocol::engine::packet::Packet;
use std::{io, rc::Rc, time::Instant};

/// A WebSocket that is trying to take over from long-polling.
pub(crate) struct Probe {
    pub(crate) stream: Rc<Stream>,
    /// `3probe` has been sent: the client waits for its polls to end.
    pub(crate) answered: bool,
}

/// Reads until the connection ends, however it ends. `early` has been read from the stream already.
pub(crate) async fn run<E: Engine>(
    shard: Rc<Shard<E>>,
    connection: Rc<Connection<E::Session>>,
    stream: Rc<Stream>,
    mut reader: FrameReader,
    early: Option<Box<Bytes>>,
) {
    let now = shard.begin_turn();
    // It can be held back already only after an upgrade, and then nothing has come early.
    let is_paused = connection.pause.borrow().is_some();
    let first = early.as_ref().map_or(&[][..], |early| early);
    let mut flow = if is_paused { Flow::Hold } else { take_in(&shard, &connection, &mut reader, first, now) };
    drop(early);
    while !connection.closed.get() {
        if flow == Flow::Hold || shard.hub.congestion().is_there() {
            // Boxed, so that the many that are never held back do not pay for the size of a sleep.
            Box::pin(shard.hold(&connection)).await;
            let now = shard.begin_turn();
            flow = take_in(&shard, &connection, &mut reader, &[], now);
            continue;
        }
        if stream.readable().await.is_err() {
            shard.close(&connection, CloseReason::ConnectionLost);
            break;
        }
        let now = shard.begin_turn();
        if connection.must_not_speak() {
            flow = Flow::Hold;
            continue;
        }
        let mut scratch = shard.scratch.borrow_mut();
        match stream.try_read(&mut scratch) {
            Ok(0) => shard.close(&connection, CloseReason::ConnectionLost),
            Ok(count) => {
                flow = take_in(&shard, &connection, &mut reader, &scratch[..count], now);
                let is_full = count == scratch.len();
                if flow == Flow::More && is_full {
                    // There is probably more to read, without waiting: let others go first.
                    flow = Flow::Hold;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => shard.close(&connection, CloseReason::ConnectionLost),
        }
    }
    drop((connection, reader));
    read_on(&shard, &stream).await;
}

/// Bytes that [`read_on`] takes from a peer that nobody listens to any more.
const MOST_READ_ON: usize = 4 << 20;

/// Reads and discards until the peer or we have ended our side. A socket that is closed with unread bytes in it is
/// reset, and a reset can overtake the close frame that says why.
pub(crate) async fn read_on<E: Engine>(shard: &Shard<E>, stream: &Stream) {
    let mut left = MOST_READ_ON;
    while left > 0 && stream.readable().await.is_ok() {
        match stream.try_read(&mut shard.scratch.borrow_mut()) {
            Ok(0) => break,
            Ok(count) => left = left.saturating_sub(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
        tokio::task::yield_now().await;
    }
}

/// Handles what a read brought.
fn take_in<E: Engine>(
    shard: &Rc<Shard<E>>,
    connection: &Rc<Connection<E::Session>>,
    reader: &mut FrameReader,
    input: &[u8],
    now: Instant,
) -> Flow {
    connection.count(|intake| intake.take_bytes(now, &shard.config, input.len()));
    // Other threads find all of it together.
    let result = wakes::batch(|| {
        reader.read(&shard.spare, input, |incoming| receive(shard, connection, incoming, now))
    });
    connection.message_since.update(|before| reader.unfinished_since(before));
    if connection.message_since.get().is_some() {
        shard.arm(connection);
    }
    result.unwrap_or_else(|reason| {
        shard.close(connection, reason);
        Flow::Stop
    })
}

/// Handles one message that was read at `now`. Returns whether the reader may go on.
pub(crate) fn receive<E: Engine>(
    shard: &Rc<Shard<E>>,
    connection: &Rc<Connection<E::Session>>,
    incoming: Incoming,
    now: Instant,
) -> Result<Flow, CloseReason> {
    match incoming {
        Incoming::Text(text) => {
            let packet =
                Packet::decode(&text).map_err(|error| CloseReason::ProtocolError(error.to_string()))?;
            shard.receive(connection, packet, now)?;
        }
        Incoming::Binary(data) => shard.receive(connection, Packet::Binary(data), now)?,
        Incoming::Reply(bytes) => {
            connection.count(|intake| intake.take_idle_frames(now, 1));
            shard.push(connection, &Rc::new(Frame::raw(&bytes)));
        }
        Incoming::Idle(count) => {
            connection.count(|intake| intake.take_idle_frames(now, count));
        }
        Incoming::Closed => return Err(CloseReason::ClientClosed),
    }
    if connection.closed.get() {
        return Ok(Flow::Stop);
    }
    Ok(if shard.must_stop(connection) { Flow::Hold } else { Flow::More })
}
