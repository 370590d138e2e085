//! How much of our answers may wait for callers to read them. Whoever asks and does not read would otherwise fill the
//! memory with them: over HTTP/2, a connection asks for a hundred answers at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::auth::Origin;

/// Bytes of answers that wait in all.
const MOST: usize = 64 << 20;
/// Bytes of answers that wait for one origin: enough for a thousand people behind one address who ask together.
const MOST_OF_ONE: usize = 16 << 20;

/// The answers that wait.
#[derive(Clone, Default)]
pub(super) struct Unread(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    all: usize,
    /// Entries leave with the last answer of the origin.
    by_origin: HashMap<Origin, usize>,
}

/// An answer that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are too many in all.
    All,
    /// There are too many of this origin.
    Origin,
}

/// An answer that counts until its last byte has been handed over.
struct Answer {
    text: String,
    origin: Origin,
    unread: Unread,
}

impl Unread {
    /// The bytes of an answer, which count until the last copy of them is dropped.
    pub(super) fn hold(&self, origin: Origin, text: String) -> Result<Bytes, Full> {
        {
            let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let all = table.all + text.len();
            let of_origin = table.by_origin.get(&origin).copied().unwrap_or_default() + text.len();
            if of_origin > MOST_OF_ONE {
                return Err(Full::Origin);
            }
            if all > MOST {
                return Err(Full::All);
            }
            table.all = all;
            table.by_origin.insert(origin.clone(), of_origin);
        }
        Ok(Bytes::from_owner(Answer { text, origin, unread: self.clone() }))
    }
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let mut table = self.unread.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.all -= self.text.len();
        if let Some(bytes) = table.by_origin.get_mut(&self.origin) {
            *bytes -= self.text.len();
            if *bytes == 0 {
                table.by_origin.remove(&self.origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(last: u8) -> Origin {
        Origin::Network([192, 0, 2, last].into())
    }

    fn text(length: usize) -> String {
        "x".repeat(length)
    }

    #[test]
    fn an_origin_has_its_share_and_all_have_theirs_until_the_last_byte_is_gone() {
        let unread = Unread::default();
        let mut whole = unread.hold(origin(1), text(MOST_OF_ONE)).unwrap();
        assert_eq!(unread.hold(origin(1), text(1)), Err(Full::Origin));
        let others: Vec<Bytes> =
            (2..=4).map(|last| unread.hold(origin(last), text(MOST_OF_ONE)).unwrap()).collect();
        assert_eq!(unread.hold(origin(5), text(1)), Err(Full::All));
        let last = whole.split_off(MOST_OF_ONE - 1);
        drop(whole);
        assert_eq!(unread.hold(origin(1), text(1)), Err(Full::Origin), "a byte is still to be written");
        drop(last);
        assert!(unread.hold(origin(1), text(MOST_OF_ONE)).is_ok());
        drop(others);
        let table = unread.0.lock().unwrap();
        assert_eq!((table.all, table.by_origin.len()), (0, 0));
    }
}
