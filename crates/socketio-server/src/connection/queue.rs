//! What a connection still has to send: frames in order, counted in bytes.

use crate::{
    frame::{Frame, FrameKind},
    stream::Stream,
};
use socketio_protocol::engine::payload;
use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    rc::Rc,
};

/// The frames of one `writev`. More would not fit a socket's buffer in most cases.
const SLICES: usize = 64;
/// An empty queue keeps room for this many frames; a burst's memory is given back.
const KEPT_CAPACITY: usize = 32;

/// Unsent frames. It knows no limit of its own: the shard that fills it compares [`Queue::bytes`] with the limit
/// and closes the connection as a slow consumer.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    frames: VecDeque<Rc<Frame>>,
    /// Bytes of the first frame that are on the wire already.
    written: usize,
    bytes: usize,
}

/// How far a flush came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flushed {
    All,
    /// The socket's buffer is full.
    Blocked,
}

impl Queue {
    pub(crate) fn push(&mut self, frame: Rc<Frame>) {
        self.bytes += frame.wire().len();
        self.frames.push_back(frame);
    }

    /// Bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes until the queue is empty or the socket takes no more.
    pub(crate) fn flush(&mut self, stream: &Stream) -> io::Result<Flushed> {
        while let Some(first) = self.frames.front() {
            let written = if self.frames.len() == 1 {
                stream.try_write(&first.wire()[self.written..])
            } else {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let mut count = 0;
                for (slice, frame) in slices.iter_mut().zip(&self.frames) {
                    *slice = IoSlice::new(frame.wire());
                    count += 1;
                }
                slices[0] = IoSlice::new(&first.wire()[self.written..]);
                stream.try_write_vectored(&slices[..count])
            };
            match written {
                Ok(written) => self.sent(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Flushed::Blocked),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.frames.capacity() > KEPT_CAPACITY {
            self.frames = VecDeque::new();
        }
        Ok(Flushed::All)
    }

    fn sent(&mut self, count: usize) {
        self.bytes -= count;
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

    /// Takes everything as one long-polling payload (Engine.IO 4, "HTTP long-polling").
    pub(crate) fn take_payload(&mut self) -> payload::Encoder {
        let mut payload = payload::Encoder::default();
        for frame in &self.frames {
            match frame.kind() {
                FrameKind::Text => payload.text(&String::from_utf8_lossy(frame.payload())),
                FrameKind::Binary => payload.binary(frame.payload()),
                FrameKind::Control => {}
            }
        }
        self.clear();
        payload
    }
}
