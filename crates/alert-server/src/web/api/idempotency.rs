//! `Idempotency-Key`: a message that is sent again with its key is not said again.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;

use super::Problem;
use super::message::Receipt;
use crate::recent::Recent;
use alert_core::ApiToken;
use alert_core::names::{RoomCode, UserName};

/// The messages that came with a key in the last ten minutes.
pub(super) struct Idempotency {
    sent: Recent<MessageKey, Sent>,
    /// Of a message only a keyed hash is kept.
    hasher: RandomState,
}

/// A key, where it counts: the same one in another room or with another token is another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct MessageKey {
    pub(super) token: Option<ApiToken>,
    pub(super) room: RoomCode,
    pub(super) key: Key,
}

/// The header's value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(Box<str>);

struct Sent {
    message: u64,
    receipt: Receipt,
}

const KEPT: Duration = Duration::from_secs(600);
/// At most 255 bytes of key and a room code for each: 15 MB with the longest. Then the oldest is forgotten.
const MOST_KEYS: usize = 10_000;
const MOST_CHARS: usize = 255;

impl Key {
    /// Reads the header, where it is there.
    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(None) };
        let text = value.to_str().ok().map(str::trim);
        // A tab inside is no visible character, though `to_str` lets it pass.
        let is_key = |text: &&str| (1..=MOST_CHARS).contains(&text.len()) && !text.contains('\t');
        let text = text.filter(is_key).filter(|_| values.next().is_none());
        text.map(|text| Some(Self(text.into()))).ok_or_else(Problem::idempotency_key_invalid)
    }
}

impl Idempotency {
    pub(super) fn new() -> Self {
        Self { sent: Recent::new(KEPT, MOST_KEYS), hasher: RandomState::new() }
    }

    /// Calls `say` for a key's first message; the same message gets the same receipt without it. Retries that come
    /// together wait for each other: `say` only queues.
    pub(super) fn once(
        &self,
        key: MessageKey,
        (name, msg): (&UserName, &str),
        now: Instant,
        say: impl FnOnce() -> Result<Receipt, Problem>,
    ) -> Result<Receipt, Problem> {
        let message = self.hasher.hash_one((name, msg));
        let mut sent = self.sent.at(now);
        match sent.get(&key) {
            Some(sent) if sent.message == message => Ok(sent.receipt.clone()),
            Some(_) => Err(Problem::idempotency_key_reused()),
            None => {
                let receipt = say()?;
                sent.insert(key, Sent { message, receipt: receipt.clone() });
                Ok(receipt)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::rooms::Said;
    use alert_core::position::{Epoch, Numbering, Run};

    struct Desk {
        idempotency: Idempotency,
        start: Instant,
        said: Cell<usize>,
        numbering: RefCell<Numbering>,
    }

    impl Desk {
        fn new() -> Self {
            let numbering = RefCell::new(Numbering::new(Epoch { run: Run::new(0), part: 0 }));
            Self { idempotency: Idempotency::new(), start: Instant::now(), said: Cell::new(0), numbering }
        }

        /// The receipt's number, or nothing where the key was refused.
        fn send(
            &self,
            token: Option<&str>,
            room: &str,
            name: &str,
            msg: &str,
            seconds: u64,
        ) -> Option<usize> {
            let key = MessageKey {
                token: token.map(|token| ApiToken::parse(token).unwrap()),
                room: RoomCode::parse(room, 64).unwrap(),
                key: Key("key".into()),
            };
            let name = UserName::parse(name, 64).unwrap();
            let now = self.start + Duration::from_secs(seconds);
            let receipt = self.idempotency.once(key, (&name, msg), now, || {
                self.said.set(self.said.get() + 1);
                Ok(Said { position: self.numbering.borrow_mut().advance(), connections: self.said.get() }
                    .into())
            });
            receipt.ok().map(|receipt| receipt.connections)
        }
    }

    #[test]
    fn the_same_message_is_said_once_in_ten_minutes() {
        let desk = Desk::new();
        assert_eq!(desk.send(None, "one", "Ada", "hello", 0), Some(1));
        assert_eq!(desk.send(None, "one", "Ada", "hello", 599), Some(1));
        assert_eq!(desk.said.get(), 1);
        assert_eq!(desk.send(None, "one", "Ada", "hello", 600), Some(2), "ten minutes after the first");
    }

    #[test]
    fn another_message_with_the_same_key_is_refused() {
        let desk = Desk::new();
        desk.send(None, "one", "Ada", "hello", 0);
        assert_eq!(desk.send(None, "one", "Ada", "hello!", 1), None);
        assert_eq!(desk.send(None, "one", "Bea", "hello", 1), None, "another name is another message");
        assert_eq!(desk.said.get(), 1);
    }

    #[test]
    fn a_key_counts_for_one_room_and_one_token() {
        let desk = Desk::new();
        let [a, b] = ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"].map(Some);
        assert_eq!(desk.send(a, "one", "Ada", "hello", 0), Some(1));
        assert_eq!(desk.send(b, "one", "Ada", "hello", 0), Some(2));
        assert_eq!(desk.send(a, "two", "Ada", "hello", 0), Some(3));
        assert_eq!(desk.send(None, "one", "Ada", "hello", 0), Some(4));
    }

    #[test]
    fn a_key_is_short_visible_and_alone() {
        let read = |values: &[&str]| {
            let pairs =
                values.iter().map(|value| ("idempotency-key".parse().unwrap(), value.parse().unwrap()));
            Key::read(&pairs.collect())
        };
        assert_eq!(read(&[]).unwrap(), None);
        let longest = "k".repeat(255);
        for good in ["\"8e03978e\"", "k", &longest] {
            assert_eq!(read(&[good]).unwrap(), Some(Key(good.into())));
        }
        for bad in [&[""][..], &[" "], &["a", "b"], &[&(longest.clone() + "k")], &["\u{e9}"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
