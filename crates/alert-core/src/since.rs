//! From where somebody wants the messages of a room, as they write it: `?since=`, v2's `since`, `alert watch --since`.

use crate::duration;
use std::{str::FromStr, time::Duration};

use crate::position::Position;

/// From where somebody wants the messages of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// What came after this place.
    Position(Position),
    /// Everything: `all`.
    All,
    /// Nothing of what was said before: `none`.
    Nothing,
    /// The last messages, this many: `20`.
    Last(usize),
    /// What was said in the last, say, ten minutes: `10m`.
    Ago(Duration),
}

/// A text that says none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a position as the server wrote it, all, none, a number of messages up to {}, or a time such as 10m",
    Since::MOST
)]
pub struct NotSince;

impl Since {
    /// The greatest number of messages that it can ask for. All of them, or a time, is not limited.
    pub const MOST: usize = 1000;
}

impl FromStr for Since {
    type Err = NotSince;

    fn from_str(text: &str) -> Result<Self, NotSince> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text {
            "all" => Ok(Self::All),
            "none" => Ok(Self::Nothing),
            _ if is_number => {
                let number = text.parse().ok().filter(|number| *number <= Self::MOST);
                number.map(Self::Last).ok_or(NotSince)
            }
            _ => text
                .parse()
                .map(Self::Position)
                .or_else(|_| duration::read(text).map(Self::Ago).ok_or(NotSince)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_what_people_write_then_each_kind_is_told_from_the_others() {
        let position = "8f3a1c20b7d41-57";
        let seconds = |seconds| Since::Ago(Duration::from_secs(seconds));
        for (text, since) in [
            (position, Since::Position(position.parse().unwrap())),
            ("000000000007a-0", Since::Position("000000000007a-0".parse().unwrap())),
            ("all", Since::All),
            ("none", Since::Nothing),
            ("0", Since::Last(0)),
            ("20", Since::Last(20)),
            ("1000", Since::Last(1000)),
            ("10m", seconds(600)),
            ("0s", seconds(0)),
            ("1h 30m", seconds(5400)),
            ("1h30m", seconds(5400)),
            ("7d", seconds(7 * 86_400)),
        ] {
            assert_eq!(text.parse(), Ok(since), "{text}");
        }
    }

    #[test]
    fn given_anything_else_then_it_is_refused() {
        for text in [
            "",
            " ",
            "1001",
            "99999999999999999999999",
            "-5",
            "-5m",
            "+5",
            "5 x",
            "1.5",
            "ALL",
            "yesterday",
            "m",
            "8f3a1c20b7d41-",
            "8f3a1c20b7d41-057",
            "10m 8f3a1c20b7d41-57",
            "\0",
            "\u{661}\u{660}",
            "99999999999999999999d",
        ] {
            assert_eq!(text.parse::<Since>(), Err(NotSince), "{text}");
        }
    }
}
