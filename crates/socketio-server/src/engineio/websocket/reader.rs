//! Turns the bytes of a WebSocket client into messages. tungstenite does the work: fragments, UTF-8, control frames.
//!
//! Its context owns buffers, which an idle connection should not have. So one context serves the whole shard, and a
//! connection has its own only while a frame or a fragmented message is incomplete, or while it is held back.

use crate::{bounds::Charge, connection::CloseReason, hub::Hub};
use bytes::Bytes;
use smallvec::SmallVec;
use std::{
    cell::RefCell,
    io::{self, Cursor, Read, Write},
    time::Instant,
};
use tungstenite::{
    Error, Message, Utf8Bytes,
    protocol::{
        Role, WebSocketConfig, WebSocketContext,
        frame::{FrameHeader, coding::OpCode},
    },
};

/// tungstenite zeroes this much before each of its reads, and needs two for a short message.
const READ_SIZE: usize = 1024;

/// Bytes of the longest frame header (RFC 6455, section 5.2).
const MAX_HEADER: usize = 14;

/// Reads the frames of one connection.
#[derive(Default)]
pub(crate) struct FrameReader(Option<Box<Unfinished>>);

/// What a connection keeps between two reads if it is in the middle of something.
struct Unfinished {
    context: WebSocketContext,
    boundary: BoundaryScan,
    /// What has come since the input was last processed to its end.
    count: Count,
    /// Bytes that were read but must wait.
    held: Vec<u8>,
    charge: Charge,
}

#[derive(Default)]
struct Count {
    bytes: usize,
    /// Frames that brought something.
    fruitful: usize,
}

/// One frame for every so many bytes does not count as idle: a client may send a message in fragments.
const FRAGMENT: usize = 256;

/// The context that connections share while each is between two messages.
pub(crate) struct SpareContext {
    spare: RefCell<Option<Box<Unfinished>>>,
    hub: Hub,
    max_payload: usize,
}

/// What a client sent.
#[derive(Debug)]
pub(crate) enum Incoming {
    Text(Utf8Bytes),
    Binary(Bytes),
    /// What to write in answer to a control frame.
    Reply(Vec<u8>),
    /// This many frames were pongs, or fragments of next to no bytes.
    Idle(usize),
    Closed,
}

/// How to go on after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    More,
    /// Keep the rest until [`FrameReader::read`] is called again.
    Hold,
    /// Ignore everything that follows.
    Stop,
}

impl Flow {
    /// The one that lets less through.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Stop, _) | (_, Self::Stop) => Self::Stop,
            (Self::Hold, _) | (_, Self::Hold) => Self::Hold,
            _ => Self::More,
        }
    }
}

impl SpareContext {
    pub(crate) fn new(hub: &Hub, max_payload: usize) -> Self {
        Self { spare: RefCell::default(), hub: hub.clone(), max_payload }
    }

    fn take(&self) -> Box<Unfinished> {
        self.spare.take().unwrap_or_else(|| {
            let config = WebSocketConfig::default()
                .read_buffer_size(READ_SIZE)
                .write_buffer_size(0)
                .max_message_size(Some(self.max_payload))
                .max_frame_size(Some(self.max_payload));
            let context = WebSocketContext::new(Role::Server, Some(config));
            Box::new(Unfinished {
                context,
                boundary: BoundaryScan::default(),
                count: Count::default(),
                held: Vec::new(),
                charge: Charge::none(self.hub.held()),
            })
        })
    }
}

impl FrameReader {
    /// Hands `sink` every complete message in what was held back, or else in `input`.
    ///
    /// # Errors
    /// What `sink` returns, and the rules of RFC 6455 that the client broke. The reader cannot be used after that.
    pub(crate) fn read(
        &mut self,
        spare: &SpareContext,
        input: &[u8],
        mut sink: impl FnMut(Incoming) -> Result<Flow, CloseReason>,
    ) -> Result<Flow, CloseReason> {
        let own = self.0.take();
        if own.is_none() && input.is_empty() {
            return Ok(Flow::More);
        }
        let was_own = own.is_some();
        let mut state = own.unwrap_or_else(|| spare.take());
        state.boundary.pass(input);
        state.count.bytes += input.len();
        let mut bytes = std::mem::take(&mut state.held);
        let mut feed = Feed { input, reply: Vec::new() };
        if !bytes.is_empty() {
            bytes.extend_from_slice(input);
            feed.input = &bytes;
        }
        let mut flow = loop {
            let message = state.context.read(&mut feed);
            let mut flow = Flow::More;
            // The answer to a ping comes with the message after it.
            if !feed.reply.is_empty() && !matches!(message, Ok(Message::Close(_))) {
                flow = sink(Incoming::Reply(std::mem::take(&mut feed.reply)))?;
            }
            let incoming = match message {
                Ok(Message::Text(text)) => Some(Incoming::Text(text)),
                Ok(Message::Binary(data)) => Some(Incoming::Binary(data)),
                Ok(Message::Close(_)) => Some(Incoming::Closed),
                Ok(Message::Ping(_)) => {
                    state.count.fruitful += 1;
                    None
                }
                Ok(_) => None,
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break flow,
                Err(error) => return Err(close_reason(&error)),
            };
            if let Some(incoming) = incoming {
                state.count.fruitful += 1;
                flow = flow.and(sink(incoming)?);
            }
            match flow {
                Flow::More => {}
                Flow::Hold => break Flow::Hold,
                Flow::Stop => return Ok(Flow::Stop),
            }
        };
        if flow == Flow::More
            && let idle = state.take_idle()
            && idle > 0
        {
            flow = sink(Incoming::Idle(idle))?;
        }
        state.held = feed.input.to_vec();
        let is_unfinished = !state.boundary.is_between_messages();
        state.charge.set(if is_unfinished { state.boundary.unfinished + state.held.len() } else { 0 })?;
        if flow == Flow::Hold || is_unfinished {
            self.0 = Some(state);
        } else if !was_own {
            // A connection's own context may have grown with a large message: it is dropped.
            spare.spare.replace(Some(state));
        }
        Ok(flow)
    }
}

impl FrameReader {
    /// Since when a message has been unfinished, if one is: since `before`, or since now, if it began just now.
    pub(crate) fn unfinished_since(&mut self, before: Option<Instant>) -> Option<Instant> {
        let boundary = &mut self.0.as_mut()?.boundary;
        let is_new = std::mem::take(&mut boundary.is_new);
        if boundary.is_between_messages() {
            return None;
        }
        before.filter(|_| !is_new).or_else(|| Some(Instant::now()))
    }
}

impl Unfinished {
    /// How many of the frames that have come brought nothing.
    fn take_idle(&mut self) -> usize {
        let count = std::mem::take(&mut self.count);
        let frames = std::mem::take(&mut self.boundary.frames);
        frames.saturating_sub(count.fruitful + count.bytes / FRAGMENT)
    }
}

fn close_reason(error: &Error) -> CloseReason {
    match error {
        Error::Capacity(_) => CloseReason::TooLarge,
        Error::Utf8(_) => CloseReason::InvalidUtf8,
        Error::Protocol(rule) => CloseReason::ProtocolError(rule.to_string()),
        _ => CloseReason::ConnectionLost,
    }
}

/// The bytes of one read, as a stream for tungstenite.
struct Feed<'a> {
    input: &'a [u8],
    reply: Vec<u8>,
}

impl Read for Feed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.input.read(buffer)
    }
}

impl Write for Feed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.reply.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Follows the frame headers, to know whether the bytes so far end between two messages.
#[derive(Default)]
struct BoundaryScan {
    /// An incomplete header.
    head: SmallVec<[u8; MAX_HEADER]>,
    /// Payload bytes of the current frame that are still to come.
    left: u64,
    /// A fragmented message is open.
    open: bool,
    /// Frames that are complete.
    frames: usize,
    /// Bytes of the message that is open.
    unfinished: usize,
    /// A message has been completed since [`FrameReader::unfinished_since`].
    is_new: bool,
}

impl BoundaryScan {
    fn pass(&mut self, mut input: &[u8]) {
        while !input.is_empty() {
            let before = input.len();
            if self.left > 0 {
                let count = self.left.min(input.len() as u64);
                self.left -= count;
                self.frames += usize::from(self.left == 0);
                input = &input[count as usize..];
            } else if self.head.is_empty() {
                match parse_head(input) {
                    Some((fin, left, length)) => {
                        self.begin(fin, left);
                        input = &input[length..];
                    }
                    None => {
                        self.head.extend_from_slice(&input[..input.len().min(MAX_HEADER)]);
                        self.unfinished += input.len();
                        return;
                    }
                }
            } else {
                self.head.push(input[0]);
                input = &input[1..];
                if let Some((fin, left, _)) = parse_head(&self.head) {
                    self.head.clear();
                    self.begin(fin, left);
                }
            }
            self.unfinished += before - input.len();
            if self.is_between_messages() {
                self.unfinished = 0;
                self.is_new = true;
            }
        }
    }

    fn begin(&mut self, data_fin: Option<bool>, left: u64) {
        self.frames += usize::from(left == 0);
        self.left = left;
        self.open = data_fin.map_or(self.open, |fin| !fin);
    }

    fn is_between_messages(&self) -> bool {
        self.left == 0 && self.head.is_empty() && !self.open
    }
}

/// The FIN bit of a data frame (none for control frames), the payload's length, and the header's own. A header that
/// breaks a rule reads as incomplete: the context, fed with the same bytes, reports it.
fn parse_head(bytes: &[u8]) -> Option<(Option<bool>, u64, usize)> {
    let mut cursor = Cursor::new(bytes);
    let (header, left) = FrameHeader::parse(&mut cursor).ok()??;
    let fin = matches!(header.opcode, OpCode::Data(_)).then_some(header.is_final);
    Some((fin, left, cursor.position() as usize))
}
