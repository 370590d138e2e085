//! Server-Sent Events, read piece by piece
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>). `retry` means nothing
//! here: the server has none.

use std::collections::VecDeque;

use thiserror::Error;

/// What a stream holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// An event: its name, empty if it has none, and its data.
    Event { name: String, data: String },
    /// From here on this is the last id. It comes before the event that brings it.
    Id(String),
    /// A comment, which shows that the other side is alive.
    Comment,
}

/// An event that is longer than any server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an event is too long")]
pub(super) struct TooLong;

/// Turns bytes into items.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    ends_with_cr: bool,
    has_begun: bool,
    id: Option<String>,
    name: String,
    data: Option<String>,
    found: VecDeque<Item>,
}

/// The longest message that a server can be set to take is 64 MiB; JSON needs up to six bytes for one.
const MOST_BYTES: usize = 512 << 20;

impl Parser {
    /// Reads on.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            // CR LF ends one line, even when it comes in two pieces.
            if std::mem::take(&mut self.ends_with_cr) && piece == b"\n" {
                continue;
            }
            let end = piece.last().filter(|byte| matches!(byte, b'\n' | b'\r'));
            self.line.extend_from_slice(&piece[..piece.len() - usize::from(end.is_some())]);
            if self.line.len() + self.data.as_ref().map_or(0, String::len) > MOST_BYTES {
                return Err(TooLong);
            }
            if let Some(end) = end {
                self.ends_with_cr = *end == b'\r';
                let line = std::mem::take(&mut self.line);
                self.end_line(&String::from_utf8_lossy(&line));
            }
        }
        Ok(())
    }

    /// The next complete item.
    pub(super) fn pop(&mut self) -> Option<Item> {
        self.found.pop_front()
    }

    fn end_line(&mut self, line: &str) {
        let line = if self.has_begun { line } else { line.strip_prefix('\u{FEFF}').unwrap_or(line) };
        self.has_begun = true;
        if line.is_empty() {
            self.found.extend(self.id.take().map(Item::Id));
            let name = std::mem::take(&mut self.name);
            if let Some(data) = self.data.take() {
                self.found.push_back(Item::Event { name, data });
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => self.found.push_back(Item::Comment),
            "event" => value.clone_into(&mut self.name),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Item {
        Item::Event { name: name.to_owned(), data: data.to_owned() }
    }

    fn read(pieces: &[&[u8]]) -> Vec<Item> {
        let mut parser = Parser::default();
        pieces.iter().for_each(|piece| parser.push(piece).unwrap());
        std::iter::from_fn(|| parser.pop()).collect()
    }

    #[test]
    fn given_a_stream_then_its_items_are_those_of_the_standard() {
        for (stream, items) in [
            ("event: message\ndata: {}\n\n", vec![event("message", "{}")]),
            (":\n\n:keep\n\n", vec![Item::Comment, Item::Comment]),
            ("data: a\n\ndata:b\n\n", vec![event("", "a"), event("", "b")]),
            ("data: a\ndata:  b\ndata\n\n", vec![event("", "a\n b\n")]),
            ("event: x\n\ndata: a\n\n", vec![event("", "a")]),
            ("\u{FEFF}data: a\n\n", vec![event("", "a")]),
            ("id: 1\nretry: 2\nother: 3\ndata: a: b\n\n", vec![Item::Id("1".into()), event("", "a: b")]),
            ("id: 1\n\ndata: a\nid: 2\n\n", vec![Item::Id("1".into()), Item::Id("2".into()), event("", "a")]),
            ("id\n\nid: \0\n\nid: cut\n", vec![Item::Id(String::new())]),
            ("data: cut", vec![]),
            ("data: not ended\n", vec![]),
        ] {
            for end in ["\n", "\r\n", "\r"] {
                let stream = stream.replace('\n', end);
                assert_eq!(read(&[stream.as_bytes()]), items, "{stream:?}");
                let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
                assert_eq!(read(&bytes), items, "{stream:?} byte by byte");
            }
        }
    }

    #[test]
    fn given_wrong_utf8_then_it_is_replaced() {
        assert_eq!(read(&[b"data: a\xFFb\n\n"]), [event("", "a\u{FFFD}b")]);
    }
}
