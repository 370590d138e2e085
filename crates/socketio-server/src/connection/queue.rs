//! What a connection still has to send: frames in order, counted in bytes.

use crate::{
    frame::{Frame, FrameKind},
    stream::Sink,
};
use bytes::Bytes;
use socketio_protocol::engine::payload;
use std::{collections::VecDeque, io, rc::Rc};

/// Bytes that go into one write; more would rarely fit into a socket's buffer.
const GATHER: usize = 64 << 10;
/// Bytes that are written to one socket before others have their turn.
const TURN: u64 = 256 << 10;
/// What one poll counts as: a distant client that polls for short messages takes few bytes, and yet it reads.
const POLL: u64 = 16 << 10;
/// An empty queue keeps room for this many frames; memory beyond that is freed.
const KEPT_CAPACITY: usize = 32;

/// Packets in one long-polling payload: python-engineio takes no more, and ends the connection at a seventeenth
/// (`Payload.max_decode_packets`).
const PAYLOAD_PACKETS: usize = 16;

/// Unsent frames. The queue has no limit of its own: the shard that fills it compares [`Queue::bytes`] with the limit,
/// and closes the connection as a slow consumer.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    frames: VecDeque<Rc<Frame>>,
    /// Bytes of the first frame that are on the wire already.
    written: usize,
    bytes: usize,
    /// The client's HTTP has no chunks.
    without_chunks: bool,
    /// Bytes that have left the queue for the client, ever.
    taken: u64,
    /// What its polls count as, beyond the bytes that they took; see [`POLL`].
    polls: u64,
    /// Bytes that were never sent, since the client takes nothing any more.
    dropped: u64,
}

/// Several frames in one piece, for one write. Members of a room mostly have the same frames waiting, so the piece made
/// for one serves the next, which is cheaper than a `writev` that walks through the frames each time.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    frames: Vec<Rc<Frame>>,
    /// Shared with the [`Piece`]s that were made of it.
    bytes: Rc<Vec<u8>>,
}

/// What a queue begins with, as much as goes into one write. It stays as it is, whatever becomes of the queue.
pub(crate) struct Piece {
    memory: Memory,
    /// Bytes of it that are on the wire already.
    written: usize,
}

enum Memory {
    Frame(Rc<Frame>),
    Gathered(Rc<Vec<u8>>),
}

impl Piece {
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.memory {
            Memory::Frame(frame) => &frame.wire()[self.written..],
            Memory::Gathered(bytes) => &bytes[self.written..],
        }
    }
}

impl Gather {
    /// The first frames of a queue, as many as fit.
    fn fill(&mut self, queue: &VecDeque<Rc<Frame>>) -> &Rc<Vec<u8>> {
        let same = self.frames.len() <= queue.len()
            && !self.frames.is_empty()
            && self.frames.iter().zip(queue).all(|(ours, theirs)| Rc::ptr_eq(ours, theirs));
        let is_all = || {
            self.frames.len() == queue.len()
                || self.bytes.len() + queue[self.frames.len()].wire().len() > GATHER
        };
        if !(same && is_all()) {
            let (frames, bytes) = self.emptied();
            for frame in queue {
                if bytes.len() + frame.wire().len() > GATHER {
                    break;
                }
                bytes.extend_from_slice(frame.wire());
                frames.push(Rc::clone(frame));
            }
        }
        &self.bytes
    }

    /// Lets go of the frames.
    pub(crate) fn clear(&mut self) {
        self.emptied();
    }

    fn emptied(&mut self) -> (&mut Vec<Rc<Frame>>, &mut Vec<u8>) {
        if Rc::get_mut(&mut self.bytes).is_none() {
            self.bytes = Rc::default();
        }
        let bytes = Rc::make_mut(&mut self.bytes);
        bytes.clear();
        self.frames.clear();
        (&mut self.frames, bytes)
    }
}

/// How far a flush got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flushed {
    All,
    /// There is more, but it is the turn of others.
    More,
    /// The socket's buffer is full.
    Blocked,
}

/// Kept out of [`Queue::push`], which has to be inlined.
#[cold]
#[inline(never)]
fn strip(frame: &Frame) -> Rc<Frame> {
    Rc::new(frame.without_chunk())
}

impl Queue {
    /// For a client whose HTTP has no chunks.
    pub(crate) fn without_chunks() -> Self {
        Self { without_chunks: true, ..Self::default() }
    }

    #[inline]
    pub(crate) fn push(&mut self, frame: Rc<Frame>) {
        let frame = if self.without_chunks { strip(&frame) } else { frame };
        self.bytes += frame.wire().len();
        self.frames.push_back(frame);
    }

    /// Bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that the client has taken, ever; each poll counts as [`POLL`] at least.
    pub(crate) fn progress(&self) -> u64 {
        self.taken + self.polls
    }

    /// Bytes that have left the queue for the client, ever.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Bytes that were meant for the client, ever.
    pub(crate) fn pushed(&self) -> u64 {
        self.taken + self.dropped + self.bytes as u64
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Drops what waits.
    pub(crate) fn clear(&mut self) {
        self.dropped += self.bytes as u64;
        self.frames = VecDeque::new();
        (self.bytes, self.written) = (0, 0);
    }

    /// Counts a frame that cannot reach anybody.
    pub(crate) fn push_in_vain(&mut self, frame: &Frame) {
        self.dropped += frame.wire().len() as u64;
    }

    /// Frees the memory of past bursts, if nothing waits.
    pub(crate) fn rest(&mut self) {
        if self.is_empty() {
            self.frames = VecDeque::new();
        }
    }

    /// What the next write would be given, if anything waits.
    pub(crate) fn first_piece(&self, gather: &mut Gather) -> Option<Piece> {
        let first = self.frames.front()?;
        let memory = if self.stands_alone(first) {
            Memory::Frame(Rc::clone(first))
        } else {
            Memory::Gathered(Rc::clone(gather.fill(&self.frames)))
        };
        Some(Piece { memory, written: self.written })
    }

    /// Whether the first frame is written by itself.
    #[inline]
    fn stands_alone(&self, first: &Frame) -> bool {
        self.frames.len() == 1 || first.wire().len() > GATHER
    }

    /// Writes until the queue is empty, the socket takes no more, or a turn's share is written. `sent` bytes of the
    /// first piece are on the wire already.
    pub(crate) fn flush(
        &mut self,
        sent: usize,
        stream: &impl Sink,
        gather: &mut Gather,
    ) -> io::Result<Flushed> {
        let share = self.taken + TURN;
        if sent > 0 {
            self.sent(sent);
        }
        while let Some(first) = self.frames.front() {
            if self.taken >= share {
                return Ok(Flushed::More);
            }
            let bytes = if self.stands_alone(first) {
                &first.wire()[self.written..]
            } else {
                &gather.fill(&self.frames)[self.written..]
            };
            match stream.try_write(bytes) {
                Ok(written) => self.sent(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Flushed::Blocked),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.frames.capacity() > KEPT_CAPACITY {
            self.frames = VecDeque::new();
        }
        match stream.try_flush() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Flushed::Blocked),
            flushed => flushed.map(|()| Flushed::All),
        }
    }

    fn sent(&mut self, count: usize) {
        self.bytes -= count;
        self.taken += count as u64;
        if self.bytes == 0 {
            self.frames.clear();
            self.written = 0;
            return;
        }
        self.written += count;
        while let Some(first) = self.frames.front() {
            let length = first.wire().len();
            if self.written < length {
                break;
            }
            self.written -= length;
            self.frames.pop_front();
        }
    }

    /// Takes the first frames as one long-polling payload (Engine.IO 4, "HTTP long-polling"), followed by `end`.
    pub(crate) fn take_payload(&mut self, end: Option<&str>) -> Bytes {
        // Usually it is one message, whose bytes then serve everyone who polls for it.
        if let ([frame], None) = (self.frames.make_contiguous(), end)
            && frame.kind() == FrameKind::Text
        {
            let payload = frame.payload();
            self.frames.clear();
            let taken = std::mem::take(&mut self.bytes);
            self.count_poll(taken);
            return payload;
        }
        let mut payload = payload::Encoder::default();
        let before = self.bytes;
        let count = self.frames.len().min(PAYLOAD_PACKETS - usize::from(end.is_some()));
        for frame in self.frames.drain(..count) {
            self.bytes -= frame.wire().len();
            match frame.kind() {
                // It was made from a `str`, so it is never invalid.
                FrameKind::Text => payload.text(std::str::from_utf8(&frame.payload()).unwrap_or_default()),
                FrameKind::Binary => payload.binary(&frame.payload()),
                FrameKind::Control | FrameKind::Chunk => {}
            }
        }
        if let Some(end) = end {
            payload.text(end);
        }
        self.count_poll(before - self.bytes);
        self.rest();
        payload.finish().into()
    }

    fn count_poll(&mut self, bytes: usize) {
        self.taken += bytes as u64;
        self.polls += POLL.saturating_sub(bytes as u64);
    }
}
