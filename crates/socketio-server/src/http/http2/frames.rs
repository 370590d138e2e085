//! Where the frames of an HTTP/2 client begin and end, as its bytes come in: to know since when one is unfinished, and
//! how many of them say nothing (RFC 9113, section 10.5).

/// Bytes of the client's preface (section 3.4).
const PREFACE: usize = 24;
/// Bytes of a frame's header (section 4.1).
const HEADER: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// Follows what a client sends.
#[derive(Debug)]
pub(super) struct Frames {
    /// Bytes of the preface or of a frame's payload that are still to come.
    left: usize,
    header: [u8; HEADER],
    /// Bytes of a frame's header that have come.
    header_length: usize,
    kind: u8,
    /// Bytes of a head that is not complete.
    head: usize,
    in_head: bool,
}

/// What has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Came {
    /// Frames that make room for more of a response.
    pub(super) room: usize,
    /// Frames that neither ask for anything nor bring any of it.
    pub(super) idle: usize,
    /// A frame, or a head of several, has become complete.
    pub(super) completed: bool,
}

impl Default for Frames {
    fn default() -> Self {
        Self { left: PREFACE, header: [0; HEADER], header_length: 0, kind: DATA, head: 0, in_head: false }
    }
}

impl Frames {
    /// Notes what has come.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) -> Came {
        let mut came = Came::default();
        loop {
            let count = self.left.min(bytes.len());
            self.left -= count;
            if self.in_head {
                self.head += count;
            }
            bytes = &bytes[count..];
            if self.left == 0 && self.header_length == HEADER {
                self.end(&mut came);
            }
            if bytes.is_empty() {
                return came;
            }
            let count = (HEADER - self.header_length).min(bytes.len());
            self.header[self.header_length..][..count].copy_from_slice(&bytes[..count]);
            self.header_length += count;
            bytes = &bytes[count..];
            if self.header_length == HEADER {
                self.begin(&mut came);
            }
        }
    }

    fn begin(&mut self, came: &mut Came) {
        let [high, middle, low, kind, flags, ..] = self.header;
        self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        self.kind = kind;
        match kind {
            HEADERS => (self.in_head, self.head) = (true, HEADER),
            DATA if self.left > 0 || flags & 1 != 0 => {}
            WINDOW_UPDATE => came.room += 1,
            CONTINUATION if self.left > 0 || flags & END_HEADERS != 0 => {}
            _ => came.idle += 1,
        }
        if self.left == 0 {
            self.end(came);
        }
    }

    fn end(&mut self, came: &mut Came) {
        self.header_length = 0;
        let is_head = matches!(self.kind, HEADERS | CONTINUATION);
        if !is_head || self.header[4] & END_HEADERS != 0 {
            (self.in_head, self.head) = (false, 0);
            came.completed = true;
        }
    }

    /// Bytes of a frame, or of a head, that is not complete; the payload of a body's frame is not among them.
    pub(super) fn unfinished(&self) -> usize {
        self.head + self.header_length
    }

    /// Whether something is not complete.
    pub(super) fn is_unfinished(&self) -> bool {
        self.left > 0 || self.unfinished() > 0
    }

    /// Whether that is a part of a body.
    pub(super) fn is_in_body(&self) -> bool {
        self.header_length == HEADER && self.kind == DATA
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
        let length = u32::try_from(payload).unwrap().to_be_bytes();
        let mut bytes = vec![length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
        bytes.resize(HEADER + payload, 0);
        bytes
    }

    #[test]
    fn frames_are_told_apart_however_they_are_cut() {
        let all = [
            vec![0; PREFACE],
            frame(4, 0, 18),
            frame(HEADERS, END_HEADERS, 40),
            frame(DATA, 0, 300),
            frame(DATA, 0, 0),
            frame(DATA, 1, 0),
            frame(WINDOW_UPDATE, 0, 4),
            frame(6, 0, 8),
            frame(HEADERS, 0, 10),
            frame(CONTINUATION, 0, 0),
            frame(CONTINUATION, END_HEADERS, 0),
            frame(3, 0, 4),
        ]
        .concat();
        for size in [1, 2, 7, 9, 10, 64, all.len()] {
            let mut frames = Frames::default();
            let came: Vec<Came> = all.chunks(size).map(|chunk| frames.pass(chunk)).collect();
            let sum = |count: fn(&Came) -> usize| came.iter().map(count).sum::<usize>();
            // Settings, empty data, ping, an empty continuation, and a reset.
            assert_eq!((sum(|came| came.room), sum(|came| came.idle)), (1, 5), "in pieces of {size}");
            assert!(!frames.is_unfinished(), "in pieces of {size}: {frames:?}");
        }
    }

    #[test]
    fn a_head_in_parts_is_unfinished_until_its_last_part_has_come() {
        let mut frames = Frames::default();
        frames.pass(&[0; PREFACE]);
        frames.pass(&frame(HEADERS, 0, 10));
        assert_eq!((frames.unfinished(), frames.is_unfinished()), (19, true));
        frames.pass(&frame(CONTINUATION, 0, 5));
        assert_eq!(frames.unfinished(), 24);
        assert!(frames.pass(&frame(CONTINUATION, END_HEADERS, 5)).completed);
        assert!(!frames.is_unfinished());
    }

    #[test]
    fn a_part_of_a_body_is_known_as_one() {
        let mut frames = Frames::default();
        assert!(frames.is_unfinished() && !frames.is_in_body());
        frames.pass(&[0; PREFACE]);
        frames.pass(&frame(DATA, 0, 10)[..12]);
        assert!(frames.is_unfinished() && frames.is_in_body());
    }
}
