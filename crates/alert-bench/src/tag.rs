//! What a message of a run carries in its text: the run, the room, and the message's number in the room, so that each
//! delivery can be told from all others.

/// Bytes that a tag takes.
pub(super) const LENGTH: usize = 1 + 8 + 6 + 8;
/// Rooms that a tag can tell apart.
pub(super) const ROOMS_MAX: u32 = 0xFF_FFFF;

/// What a tag begins with; a name never has it.
const MARK: u8 = b'@';
const PREFIX: usize = LENGTH - 8;

/// What the tags of one room begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RoomTag([u8; PREFIX]);

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A message of this room, with its number.
    Here(u32),
    /// A message of this run, but of another room: a leak.
    Elsewhere,
    /// Not of this run.
    Nothing,
}

impl RoomTag {
    /// The tags of a room. `room` is at most [`ROOMS_MAX`].
    pub(super) fn new(run: u32, room: u32) -> Self {
        let mut tag = [MARK; PREFIX];
        write_hex(&mut tag[1..9], run);
        write_hex(&mut tag[9..], room);
        Self(tag)
    }

    /// Appends the tag of a message.
    pub(super) fn append(&self, number: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
        let mut digits = [0; 8];
        write_hex(&mut digits, number);
        out.extend_from_slice(&digits);
    }

    /// Looks for a tag in a text.
    pub(super) fn find(&self, text: &[u8]) -> Found {
        let tag = memchr::memchr(MARK, text).and_then(|at| text.get(at..at + LENGTH));
        let Some((prefix, number)) = tag.map(|tag| tag.split_at(PREFIX)) else { return Found::Nothing };
        if prefix == self.0 {
            read_hex(number).map_or(Found::Nothing, Found::Here)
        } else if prefix[..9] == self.0[..9] {
            Found::Elsewhere
        } else {
            Found::Nothing
        }
    }
}

fn write_hex(out: &mut [u8], mut value: u32) {
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(value & 0xF) as usize];
        value >>= 4;
    }
}

fn read_hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value: u32, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u32::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_tag_in_a_text_then_it_is_told_whose_it_is() {
        let room = RoomTag::new(0xDEAD_BEEF, 17);
        let mut text = b"bench-deadbeef-u3: ".to_vec();
        room.append(0x0102_0304, &mut text);
        assert_eq!(text.len() - 19, LENGTH);
        text.extend_from_slice(b"xxxx");
        assert_eq!(room.find(&text), Found::Here(0x0102_0304));
        assert_eq!(RoomTag::new(0xDEAD_BEEF, 16).find(&text), Found::Elsewhere);
        assert_eq!(RoomTag::new(0xDEAD_BEEE, 17).find(&text), Found::Nothing);
        assert_eq!(room.find(&text[..text.len() - 5]), Found::Nothing, "cut short");
        assert_eq!(room.find(b"hello"), Found::Nothing);
    }
}
