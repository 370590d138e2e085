//! Limits lines of one kind that one address causes: whoever sends rubbish without pause must not fill the disk, nor
//! push out everybody else's lines. What was left out is counted and reported.

use std::fmt::Debug;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hashlink::LinkedHashMap;
use socketio_server::{Meter, Rate};
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

use super::line::{cut, shown};

/// What happens in rooms: a school of 1,000 that joins together is logged whole.
const OF_LIFE: Rate = rate(20, 1000);
/// Warnings and errors.
const OF_TROUBLE: Rate = rate(2, 100);
/// From the first line that was left out to the line that says how many were.
const WINDOW: Duration = Duration::from_secs(10);
/// After this time a used-up burst is full again, as in a new entry.
const FORGOTTEN: Duration = Duration::from_secs(60);
/// About 200 kB. Beyond that, the entry that was quiet longest goes.
const MOST_ENTRIES: usize = 1000;
/// How much is kept of the first message that is left out.
const LIKE_CHARS: usize = 64;

/// Which address has caused which kind of line lately.
#[derive(Default)]
pub(super) struct Repeats(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// The one that was quiet longest comes first.
    entries: LinkedHashMap<Key, Entry>,
    /// Entries that have left something out.
    owing: usize,
    /// What was left out by entries that had to go.
    unnamed: u64,
}

/// A place in the code, and who caused it to log.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    kind: Identifier,
    address: Option<IpAddr>,
}

struct Entry {
    meter: Meter,
    touched: Instant,
    owed: Option<Owed>,
}

struct Owed {
    since: Instant,
    left: Left,
}

/// Lines that were left out.
pub(super) struct Left {
    pub(super) level: Level,
    /// The message of the first of them.
    pub(super) like: String,
    pub(super) address: Option<IpAddr>,
    pub(super) count: u64,
}

/// What to do with an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Log,
    LeaveOut,
    /// As [`Verdict::LeaveOut`], and nothing was waiting to be reported before.
    LeaveOutFirst,
}

impl Repeats {
    pub(super) fn admit(&self, event: &Event<'_>, now: Instant) -> Verdict {
        let level = *event.metadata().level();
        let rate = if level <= Level::WARN { OF_TROUBLE } else { OF_LIFE };
        let mut seen = Seen::default();
        event.record(&mut seen);
        let address = seen.address.as_deref().and_then(network);
        let key = Key { kind: event.metadata().callsite(), address };

        let mut table = self.lock();
        table.forget(now);
        let entry = Entry { meter: Meter::default(), touched: now, owed: None };
        let table = &mut *table;
        let entry = table.entries.entry(key.clone()).or_insert(entry);
        entry.touched = now;
        let verdict = if entry.meter.wait(now, rate).is_none() {
            entry.meter.take(now, rate, 1);
            Verdict::Log
        } else if let Some(owed) = &mut entry.owed {
            owed.left.count += 1;
            Verdict::LeaveOut
        } else {
            let left = Left { level, like: seen.message, address, count: 1 };
            entry.owed = Some(Owed { since: now, left });
            table.owing += 1;
            if table.owing == 1 { Verdict::LeaveOutFirst } else { Verdict::LeaveOut }
        };
        table.entries.to_back(&key);
        verdict
    }

    /// When to call [`Repeats::due`].
    pub(super) fn next_report(&self) -> Option<Instant> {
        let table = self.lock();
        let owed = table.entries.values().filter_map(|entry| entry.owed.as_ref());
        if table.owing == 0 { None } else { owed.map(|owed| owed.since + WINDOW).min() }
    }

    /// What was left out in windows that have ended.
    pub(super) fn due(&self, now: Instant) -> Vec<Left> {
        let mut table = self.lock();
        if table.owing == 0 && table.unnamed == 0 {
            return Vec::new();
        }
        table.settle(|owed| now.saturating_duration_since(owed.since) >= WINDOW)
    }

    /// Everything that was left out and not reported yet.
    pub(super) fn all_left_out(&self) -> Vec<Left> {
        self.lock().settle(|_| true)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // A count that a panic left behind is the last one: the process ends.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Drops entries that are as good as new, and makes room for one.
    fn forget(&mut self, now: Instant) {
        while let Some((_, entry)) = self.entries.front() {
            let is_old = now.saturating_duration_since(entry.touched) >= FORGOTTEN && entry.owed.is_none();
            if !is_old && self.entries.len() < MOST_ENTRIES {
                break;
            }
            if let Some((_, Entry { owed: Some(owed), .. })) = self.entries.pop_front() {
                self.owing -= 1;
                self.unnamed += owed.left.count;
            }
        }
    }

    fn settle(&mut self, is_due: impl Fn(&Owed) -> bool) -> Vec<Left> {
        let due = self.entries.values_mut().filter_map(|entry| entry.owed.take_if(|owed| is_due(owed)));
        let mut left: Vec<Left> = due.map(|owed| owed.left).collect();
        self.owing -= left.len();
        let count = std::mem::take(&mut self.unnamed);
        if count > 0 {
            left.push(Left {
                level: Level::WARN,
                like: "(of many addresses)".to_owned(),
                address: None,
                count,
            });
        }
        left
    }
}

/// The part of an event that says who caused it, and its message.
#[derive(Default)]
struct Seen {
    address: Option<String>,
    message: String,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.message = shown(value, LIKE_CHARS),
            "address" => self.address = Some(shown(value, LIKE_CHARS)),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = cut(value, LIKE_CHARS),
            "address" => self.address = Some(cut(value, LIKE_CHARS)),
            _ => {}
        }
    }
}

/// An IPv4 address, or the /64 of an IPv6 address: one host may use all of it.
fn network(address: &str) -> Option<IpAddr> {
    match address.parse().ok()? {
        IpAddr::V6(v6) => Some(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => Some(v4),
    }
}

const fn rate(per_second: u32, burst: u32) -> Rate {
    let (Some(per_second), Some(burst)) = (NonZeroU32::new(per_second), NonZeroU32::new(burst)) else {
        panic!("a rate of nothing")
    };
    Rate { per_second, burst }
}
