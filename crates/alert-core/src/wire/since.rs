//! From where on somebody wants to have what was said.

use std::str::FromStr;
use std::time::Duration;

use crate::position::Position;

/// From where on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// `none`: nothing of what was said before.
    Nothing,
    /// `all`: everything that is kept.
    Everything,
    /// A position: what came after it.
    After(Position),
    /// A number: so many, the newest.
    Newest(usize),
    /// A duration, `15m`: what was said in this time.
    Within(Duration),
}

/// A text that says no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("since must be a position, all, none, a number of messages, or a time such as 15m, 2h or 7d")]
pub struct NotASince;

impl FromStr for Since {
    type Err = NotASince;

    fn from_str(text: &str) -> Result<Self, NotASince> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text {
            "none" => Ok(Self::Nothing),
            "all" => Ok(Self::Everything),
            // More than fits is as good as all of them.
            _ if is_number => Ok(Self::Newest(text.parse().unwrap_or(usize::MAX))),
            _ if text.contains('-') => text.parse().map(Self::After).map_err(|_| NotASince),
            _ => humantime::parse_duration(text).map(Self::Within).map_err(|_| NotASince),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::{Epoch, Run};

    #[test]
    fn given_a_text_then_it_says_from_where_on_or_nothing() {
        let position = Position { epoch: Epoch { run: Run::new(0x8f3a_1c20_b7d4), part: 1 }, number: 57 };
        for (text, since) in [
            ("none", Ok(Since::Nothing)),
            ("all", Ok(Since::Everything)),
            ("8f3a1c20b7d41-57", Ok(Since::After(position))),
            ("0", Ok(Since::Newest(0))),
            ("20", Ok(Since::Newest(20))),
            ("99999999999999999999999", Ok(Since::Newest(usize::MAX))),
            ("90s", Ok(Since::Within(Duration::from_secs(90)))),
            ("15m", Ok(Since::Within(Duration::from_secs(900)))),
            ("1h 30m", Ok(Since::Within(Duration::from_secs(5400)))),
            ("7d", Ok(Since::Within(Duration::from_secs(7 * 86_400)))),
            ("", Err(NotASince)),
            (" ", Err(NotASince)),
            ("All", Err(NotASince)),
            ("-1", Err(NotASince)),
            ("1.5", Err(NotASince)),
            ("15 bananas", Err(NotASince)),
            ("8f3a1c20b7d41-057", Err(NotASince)),
            ("999999999999999999999999d", Err(NotASince)),
            ("2026-11-28", Err(NotASince)),
        ] {
            assert_eq!(text.parse(), since, "{text:?}");
        }
    }
}
