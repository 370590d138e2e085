//! A message rendered once for all receivers: the bytes of its WebSocket frame, whose payload serves long-polling too.
//! Server frames carry no mask (RFC 6455, section 5.1), so one rendering fits all.

use bytes::Bytes;
use smallvec::SmallVec;
use socketio_protocol::socket::encode::Rendered;
use std::{
    fmt::{self, Debug, Formatter},
    sync::{Arc, OnceLock},
};
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// One Socket.IO packet as every receiver gets it: its text, and the binary attachments that follow.
///
/// Cheap to clone. Make one per publication, not one per receiver.
#[derive(Clone)]
pub struct Publication(Arc<dyn Content>);

/// What a publication holds, now or later.
trait Content: Send + Sync {
    fn frames(&self) -> &Frames;

    /// Its size in bytes, as far as that is known before it is rendered.
    fn size(&self) -> usize;
}

/// A publication's messages, rendered.
pub struct Frames {
    each: SmallVec<[Frame; 1]>,
    /// All of them in one piece, for a WebSocket, if there are several.
    whole: Option<Box<Frame>>,
}

/// See [`Publication::later`].
struct Later<F> {
    size: usize,
    render: F,
    rendered: OnceLock<Frames>,
}

/// One WebSocket message: header and payload in one piece.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    bytes: Bytes,
    header: u8,
    kind: FrameKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Text,
    Binary,
    /// It means something only on a WebSocket.
    Control,
    /// A part of a subscriber's response, with the framing that HTTP/1.1 gives it.
    Chunk,
}

/// Bytes of the longest frame header.
const MAX_HEADER: usize = 10;

impl Publication {
    /// Bytes as they are, for a [`crate::Subscriber`].
    pub fn bytes(bytes: &[u8]) -> Self {
        Frames::bytes(bytes).into()
    }

    /// One that `render` makes when it is needed, so that it can be sent in order under a lock and rendered outside. It
    /// is made once, unless two threads need it in the same instant: neither waits for the other. `size` is roughly its
    /// bytes; it counts as that until it is delivered.
    pub fn later(size: usize, render: impl Fn() -> Frames + Send + Sync + 'static) -> Self {
        Self(Arc::new(Later { size, render, rendered: OnceLock::new() }))
    }

    /// Renders it, unless somebody has.
    pub fn render(&self) {
        self.frames();
    }

    pub(crate) fn frames(&self) -> &[Frame] {
        &self.0.frames().each
    }

    /// All frames in one piece for a WebSocket, if there are several.
    pub(crate) fn whole(&self) -> Option<&Frame> {
        self.0.frames().whole.as_deref()
    }

    /// Its bytes on a WebSocket, or roughly that if it is rendered later.
    pub fn size(&self) -> usize {
        self.0.size()
    }

    fn of(frame: Frame) -> Self {
        Self(Arc::new(Frames::one(frame)))
    }
}

impl Frames {
    /// Bytes as they are, for a [`crate::Subscriber`].
    pub fn bytes(bytes: &[u8]) -> Self {
        Self::one(Frame::chunk(bytes))
    }

    fn one(frame: Frame) -> Self {
        Self::of(SmallVec::from_iter([frame]))
    }

    fn of(each: SmallVec<[Frame; 1]>) -> Self {
        Self { each, whole: None }
    }

    /// Puts several messages into one piece of memory, so that sending them costs as little as sending one.
    fn join(mut self) -> Self {
        if self.each.len() > 1 && self.each.iter().all(|frame| frame.kind == FrameKind::Text) {
            let all: Vec<u8> = self.each.iter().flat_map(|frame| &frame.bytes[..]).copied().collect();
            let (all, mut begin) = (Bytes::from(all), 0);
            for frame in &mut self.each {
                let end = begin + frame.bytes.len();
                frame.bytes = all.slice(begin..end);
                begin = end;
            }
            self.whole = Some(Box::new(Frame { bytes: all, header: 0, kind: FrameKind::Control }));
        }
        self
    }
}

impl Content for Frames {
    fn frames(&self) -> &Frames {
        self
    }

    fn size(&self) -> usize {
        self.each.iter().map(|frame| frame.bytes.len()).sum()
    }
}

impl<F: Fn() -> Frames + Send + Sync> Content for Later<F> {
    fn frames(&self) -> &Frames {
        if self.rendered.get().is_none() {
            // Not in `get_or_init`, where another thread would wait.
            let rendered = (self.render)();
            let _ = self.rendered.set(rendered);
        }
        // It is set by now.
        self.rendered.get_or_init(|| Frames::of(SmallVec::new()))
    }

    fn size(&self) -> usize {
        self.size
    }
}

impl Debug for Publication {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.debug_struct("Publication").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl From<Rendered> for Publication {
    fn from(packet: Rendered) -> Self {
        Frames::from(packet).into()
    }
}

impl From<Frames> for Publication {
    fn from(frames: Frames) -> Self {
        Self(Arc::new(frames))
    }
}

/// Several packets, one after another.
impl FromIterator<Rendered> for Frames {
    fn from_iter<I: IntoIterator<Item = Rendered>>(packets: I) -> Self {
        packets.into_iter().map(Self::from).collect()
    }
}

/// Several publications' messages, one after another.
impl FromIterator<Self> for Frames {
    fn from_iter<I: IntoIterator<Item = Self>>(parts: I) -> Self {
        Self::of(parts.into_iter().flat_map(|part| part.each).collect()).join()
    }
}

impl From<Rendered> for Frames {
    fn from(packet: Rendered) -> Self {
        let attachments = packet.attachments.iter().map(|bytes: &Bytes| Frame::binary(bytes));
        let text = OpCode::Data(Data::Text);
        let text = Frame::in_place(text, packet.text.into_bytes(), FrameKind::Text);
        Self::of(std::iter::once(text).chain(attachments).collect())
    }
}

/// An Engine.IO message without Socket.IO, as in a plain echo; `4` stands before the text.
impl From<&str> for Publication {
    fn from(message: &str) -> Self {
        Self::of(Frame::text(&format!("4{message}")))
    }
}

/// A binary Engine.IO message without Socket.IO.
impl From<&[u8]> for Publication {
    fn from(message: &[u8]) -> Self {
        Self::of(Frame::binary(message))
    }
}

impl Frame {
    /// An Engine.IO packet in its text form.
    pub(crate) fn text(packet: &str) -> Self {
        Self::new(OpCode::Data(Data::Text), packet.as_bytes(), FrameKind::Text)
    }

    pub(crate) fn binary(payload: &[u8]) -> Self {
        Self::new(OpCode::Data(Data::Binary), payload, FrameKind::Binary)
    }

    /// The closing frame. The reason is cut to what a control frame holds (125 bytes with the code).
    pub(crate) fn close(code: u16, reason: &str) -> Self {
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend_from_slice(&reason.as_bytes()[..reason.floor_char_boundary(123)]);
        Self::new(OpCode::Control(Control::Close), &payload, FrameKind::Control)
    }

    /// Bytes that are framed already, such as a pong that a library made.
    pub(crate) fn raw(bytes: &[u8]) -> Self {
        Self { bytes: Bytes::copy_from_slice(bytes), header: 0, kind: FrameKind::Control }
    }

    /// A chunk of a response (RFC 9112, section 7.1). An empty payload makes none: an empty chunk would be the last.
    pub(crate) fn chunk(payload: &[u8]) -> Self {
        if payload.is_empty() {
            return Self::raw(payload);
        }
        let mut bytes = format!("{:x}\r\n", payload.len()).into_bytes();
        let header = bytes.len() as u8;
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(b"\r\n");
        Self { bytes: bytes.into(), header, kind: FrameKind::Chunk }
    }

    /// A chunk without its framing, for HTTP/1.0; other frames as they are.
    pub(crate) fn without_chunk(&self) -> Self {
        match self.kind {
            FrameKind::Chunk => Self { bytes: self.payload(), header: 0, kind: FrameKind::Control },
            kind => Self { bytes: self.bytes.clone(), header: self.header, kind },
        }
    }

    fn new(opcode: OpCode, payload: &[u8], kind: FrameKind) -> Self {
        let mut bytes = Vec::with_capacity(payload.len() + MAX_HEADER);
        bytes.extend_from_slice(payload);
        Self::in_place(opcode, bytes, kind)
    }

    /// Makes a frame of its payload, in the payload's memory if that has room for the header.
    fn in_place(opcode: OpCode, mut bytes: Vec<u8>, kind: FrameKind) -> Self {
        let length = bytes.len();
        let mut header: SmallVec<[u8; MAX_HEADER]> = SmallVec::from_iter([0x80 | u8::from(opcode)]);
        match length {
            0..126 => header.push(length as u8),
            126..65_536 => {
                header.push(126);
                header.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                header.push(127);
                header.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        bytes.resize(length + header.len(), 0);
        bytes.copy_within(..length, header.len());
        bytes[..header.len()].copy_from_slice(&header);
        Self { bytes: bytes.into(), header: header.len() as u8, kind }
    }

    /// A copy for one shard, whose reference count no other core touches.
    pub(crate) fn of_shard(&self) -> Self {
        Self { bytes: Bytes::copy_from_slice(&self.bytes), ..*self }
    }

    /// The same bytes for all receivers: for a large piece, whose reference count few shards touch at a time.
    pub(crate) fn shared(&self) -> Self {
        Self { bytes: self.bytes.clone(), ..*self }
    }

    /// What goes onto a WebSocket.
    pub(crate) fn wire(&self) -> &[u8] {
        &self.bytes
    }

    /// The message, which shares the frame's memory.
    pub(crate) fn payload(&self) -> Bytes {
        let trailer = if self.kind == FrameKind::Chunk { "\r\n".len() } else { 0 };
        self.bytes.slice(usize::from(self.header)..self.bytes.len() - trailer)
    }

    pub(crate) fn kind(&self) -> FrameKind {
        self.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tungstenite::protocol::frame::FrameHeader;

    #[test]
    fn a_frame_has_the_header_that_its_length_asks_for() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 70_000] {
            let payload = "x".repeat(length);
            let frame = Frame::text(&payload);
            let mut cursor = std::io::Cursor::new(frame.wire());
            let (header, said) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
            assert_eq!((header.opcode, header.is_final, header.mask), (OpCode::Data(Data::Text), true, None));
            assert_eq!((said, frame.payload()), (length as u64, Bytes::from(payload)));
        }
    }

    #[test]
    fn a_publication_for_later_is_rendered_when_it_is_needed_and_once() {
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let publication = Publication::later(7, move || {
            count.fetch_add(1, Ordering::Relaxed);
            Frames::bytes(b"late")
        });
        assert_eq!((publication.size(), made.load(Ordering::Relaxed)), (7, 0));
        publication.clone().render();
        assert_eq!(publication.frames(), Publication::bytes(b"late").frames());
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn several_messages_are_one_piece_for_a_websocket_and_each_its_own_for_polling() {
        let packet = |text: &str| Rendered { text: text.to_owned(), attachments: Vec::new() };
        let frames: Frames = ["41", "42[\"a\"]"].into_iter().map(packet).collect();
        let each: Vec<_> = frames.each.iter().map(Frame::payload).collect();
        assert_eq!(each, ["41", "42[\"a\"]"]);
        let wire: Vec<u8> = frames.each.iter().flat_map(Frame::wire).copied().collect();
        assert_eq!(frames.whole.unwrap().wire(), wire);
        let one: Frames = [packet("41")].into_iter().collect();
        assert!(one.whole.is_none() && one.each.len() == 1);
        let binary = Rendered { text: "451-[]".to_owned(), attachments: vec![Bytes::from_static(b"x")] };
        assert!(Frames::from(binary).whole.is_none(), "attachments are no messages of their own");
    }

    #[test]
    fn a_chunk_can_be_stripped_and_an_empty_one_does_not_end_the_response() {
        let chunk = Frame::chunk(&[b'x'; 26]);
        assert_eq!(chunk.wire(), [b"1a\r\n", &[b'x'; 26][..], b"\r\n"].concat());
        assert_eq!(chunk.without_chunk().wire(), [b'x'; 26]);
        assert_eq!(Frame::chunk(b"").wire(), b"");
    }

    #[test]
    fn a_long_close_reason_is_cut_between_characters() {
        let frame = Frame::close(1002, &"ä".repeat(100));
        assert_eq!(frame.payload().len(), 2 + 122);
        assert!(std::str::from_utf8(&frame.payload()[2..]).is_ok());
    }
}
