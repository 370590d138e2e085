//! A part of a room's log: which one is wanted, and what was found.

use alert_core::event::{RoomEvent, What};
pub use alert_core::position::Gap;
use alert_core::position::Position;
use alert_core::wire;
use std::{sync::Arc, time::SystemTime};

/// The most bytes of a page's messages, as JSON.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// Where reading begins, and how much is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// Where it begins.
    pub start: Start,
    /// At most this many messages.
    pub limit: usize,
}

/// Where reading begins. In each case, a page has its messages oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Start {
    /// What came after this position.
    After(Position),
    /// The oldest that there is.
    Oldest,
    /// The newest ones.
    Newest,
    /// What was said at this time or later.
    Time(SystemTime),
    /// The ones just before this position.
    Before(Position),
}

/// A part of a room's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages, oldest first.
    pub messages: Arc<[Arc<RoomEvent>]>,
    /// Set if messages are missing between the position that was asked for and the first of these.
    pub gap: Option<Gap>,
    /// There is more in the direction of reading: after the last, or with `Newest` and `Before` before the first.
    pub more: bool,
}

impl Start {
    /// Whether reading goes from here to what is older.
    pub fn is_backwards(self) -> bool {
        matches!(self, Self::Newest | Self::Before(_))
    }
}

impl Page {
    /// Drops messages at the far end until the rest is small enough.
    pub(super) fn shorten(&mut self, is_backwards: bool) {
        let mut bytes = 0;
        let mut fits = |message: &Arc<RoomEvent>| {
            let What::Said { name, text } = &message.what else { return true };
            bytes += wire::size(name, text);
            bytes <= MOST_BYTES
        };
        let all = self.messages.len();
        let most = if is_backwards {
            self.messages.iter().rev().take_while(|message| fits(message)).count()
        } else {
            self.messages.iter().take_while(|message| fits(message)).count()
        };
        let kept = most.max(1).min(all);
        self.more |= kept < all;
        // The page may be shared.
        if kept < all {
            let kept = if is_backwards { all - kept..all } else { 0..kept };
            self.messages = self.messages[kept].into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::names::UserName;
    use alert_core::position::{Epoch, Numbering, Run};

    #[test]
    fn a_page_that_is_too_large_ends_early_in_the_direction_of_reading_and_has_one_message_at_least() {
        let mut numbering = Numbering::new(Epoch { run: Run::new(1), part: 0 });
        let mut page = |sizes: &[usize]| {
            let said = |size: &usize| {
                let what =
                    What::Said { name: UserName::parse("Ada", 64).unwrap(), text: "x".repeat(*size).into() };
                Arc::new(RoomEvent { at: SystemTime::UNIX_EPOCH, position: numbering.advance(), what })
            };
            Page { messages: sizes.iter().map(said).collect(), ..Page::default() }
        };
        let shortened = |mut page: Page, is_backwards| {
            let before = page.messages.clone();
            page.shorten(is_backwards);
            let kept = before.iter().enumerate().filter(|(_, message)| page.messages.contains(message));
            (kept.map(|(place, _)| place).collect::<Vec<_>>(), page.more)
        };
        let large = MOST_BYTES / 3;
        let sizes = [large, large, 5, large, 5];
        assert_eq!(shortened(page(&sizes), false), (vec![0, 1, 2], true));
        assert_eq!(shortened(page(&sizes), true), (vec![1, 2, 3, 4], true));
        assert_eq!(shortened(page(&[2 * MOST_BYTES, 5]), false), (vec![0], true));
        assert_eq!(shortened(page(&[5, 2 * MOST_BYTES]), true), (vec![1], true));
        assert_eq!(shortened(page(&[5, 5]), false), (vec![0, 1], false));
        assert_eq!(shortened(page(&[]), true), (vec![], false));
    }
}
