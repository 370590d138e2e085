//! Where a message stands in its room's log. Positions are never given twice: each start of the server is a new run
//! with a random name, a room that is made in it begins a new epoch or goes on in the one that it had, and in an epoch
//! the numbers grow by one.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Bits of a run's name.
const RUN_BITS: u32 = 48;
/// Bits of the number that an epoch has in its run.
const PART_BITS: u32 = 36;
/// Bits of a position's number.
const NUMBER_BITS: u32 = 44;

/// Names one run of a server, from its start to its end. It is random, so that a log that went back in time (a restored
/// backup, a clock, a disk that forgot) does not give a name again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run(u64);

/// One numbering of a room's messages, written as hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch {
    /// The run that it belongs to.
    pub run: Run,
    /// Which of that run's epochs; a later one is greater.
    pub part: u64,
}

/// A place in a room's log: of a message, or, with number 0, before the first of an epoch. Written `EPOCH-NUMBER`, for
/// example `8f3a1c20b7d41-57`; clients must not read anything into it. Only a log knows which of two epochs of
/// different runs came later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The numbering.
    pub epoch: Epoch,
    /// How many messages the epoch has up to here.
    pub number: u64,
}

/// A text that is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a position: give one as the server wrote it, for example 8f3a1c20b7d41-57")]
pub struct NotAPosition;

/// Messages that a log can no longer give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// How many, if that is known.
    pub missed: Option<u64>,
}

/// Gives the messages of a room their positions, in the order in which they are said.
#[derive(Debug)]
pub struct Numbering(Position);

impl Run {
    /// The run that the lowest bits of `random` name.
    #[must_use]
    pub fn new(random: u64) -> Self {
        Self(random & mask(RUN_BITS))
    }

    /// Its name as a number of 48 bits, for a store.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl Epoch {
    /// Before its first message.
    #[must_use]
    pub fn start(self) -> Position {
        Position { epoch: self, number: 0 }
    }
}

impl Position {
    /// The id of the message at this place: 32 hexadecimal digits.
    #[must_use]
    pub fn message_id(self) -> MessageId {
        MessageId(self)
    }
}

impl Numbering {
    /// Numbers a room that is made in `epoch`.
    #[must_use]
    pub fn new(epoch: Epoch) -> Self {
        Self(epoch.start())
    }

    /// Of a room that is made again, in which this was the last position.
    #[must_use]
    pub fn after(last: Position) -> Self {
        Self(last)
    }

    /// The position of the next message.
    pub fn advance(&mut self) -> Position {
        self.0.number += 1;
        self.0
    }

    /// Goes on behind a position that was given elsewhere.
    pub fn go_on_after(&mut self, last: Position) {
        self.0 = last;
    }

    /// The position of the last one.
    #[must_use]
    pub fn last(&self) -> Position {
        self.0
    }
}

fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

impl fmt::Display for Epoch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:012x}{:x}", self.run.0, self.part)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.epoch, self.number)
    }
}

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let parse = || {
            let (epoch, number) = text.split_once('-')?;
            let (run, part) = epoch.split_at_checked(RUN_BITS as usize / 4)?;
            let run = Run(u64::from_str_radix(run, 16).ok()?);
            let part = u64::from_str_radix(part, 16).ok().filter(|part| *part <= mask(PART_BITS))?;
            let number = number.parse().ok().filter(|number| *number <= mask(NUMBER_BITS))?;
            Some(Self { epoch: Epoch { run, part }, number })
        };
        // One spelling only: no sign, no leading zero, no capitals.
        parse().filter(|position| position.to_string() == text).ok_or(NotAPosition)
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Names a message, in whatever room it was said: its position in 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(Position);

impl fmt::Display for MessageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { epoch: Epoch { run, part }, number } = self.0;
        write!(out, "{:012x}{part:09x}{number:011x}", run.0)
    }
}

impl MessageId {
    /// Where the message stands.
    #[must_use]
    pub fn position(self) -> Position {
        self.0
    }
}

impl FromStr for MessageId {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let is_id = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_id {
            return Err(NotAPosition);
        }
        let part =
            |range: std::ops::Range<usize>| u64::from_str_radix(&text[range], 16).map_err(|_| NotAPosition);
        let epoch = Epoch { run: Run::new(part(0..12)?), part: part(12..21)? };
        Ok(Self(Position { epoch, number: part(21..32)? }))
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(run: u64, part: u64) -> Epoch {
        Epoch { run: Run::new(run), part }
    }

    #[test]
    fn given_messages_of_two_rooms_then_no_two_have_one_id_and_each_is_32_hex_digits() {
        let mut rooms = [epoch(7, 0), epoch(7, 1)].map(Numbering::new);
        let ids = rooms.each_mut().map(|room| [room.advance(), room.advance()]);
        let ids = ids.map(|ids| ids.map(|id| id.message_id().to_string()));
        assert_eq!(ids[0], ["00000000000700000000000000000001", "00000000000700000000000000000002"]);
        for id in ids.as_flattened() {
            assert_eq!(id.parse::<MessageId>().unwrap().to_string(), *id);
        }
        for text in ["", "7", &"g".repeat(32), &"A".repeat(32), &"1".repeat(33), &"\u{e9}".repeat(16)] {
            assert_eq!(text.parse::<MessageId>(), Err(NotAPosition), "{text}");
        }
        assert_eq!(ids[1], ["00000000000700000000100000000001", "00000000000700000000100000000002"]);
    }

    #[test]
    fn given_a_position_then_its_text_is_read_as_the_same_position() {
        for position in [
            epoch(0, 0).start(),
            Position { epoch: epoch(0x8f3a_1c20_b7d4, 1), number: 57 },
            Position { epoch: epoch(u64::MAX, mask(PART_BITS)), number: mask(NUMBER_BITS) },
        ] {
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        let shown = Position { epoch: epoch(0x8f3a_1c20_b7d4, 1), number: 57 }.to_string();
        assert_eq!(shown, "8f3a1c20b7d41-57");
    }

    #[test]
    fn given_any_other_text_then_it_is_no_position() {
        for text in [
            "",
            "-",
            "57",
            "8f3a1c20b7d4-57",
            "8f3a1c20b7d41-",
            "8f3a1c20b7d41-057",
            "8f3a1c20b7d41-+57",
            "8F3A1C20B7D41-57",
            "8f3a1c20b7d41-57 ",
            "8f3a1c20b7d41--57",
            "+f3a1c20b7d41-57",
            "8f3a1c20b7d401-57",
            "8f3a1c20b7d41-99999999999999999999",
            "8f3a1c20b7d4fffffffffff-1",
            "ééééééé-1",
            "8f3a1c20b7d41-57-1",
        ] {
            assert_eq!(text.parse::<Position>(), Err(NotAPosition), "{text}");
        }
    }
}
