//! How long deliveries take, measured for some of them: when a member's socket has taken what was published. The clock
//! is read only where the shard reads it anyway, or while a sample is open.

use crate::{
    connection::{Connection, Output},
    figures::Counters,
};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::{Duration, Instant},
};

/// One publication in so many is measured, whether it comes alone or in a burst,
const ONE_IN: u64 = 16;
/// and one that comes after so long without.
const AT_LEAST: Duration = Duration::from_secs(1);
/// Samples that are open at a time: a client may take its time.
const MOST: usize = 8;
/// What has not been taken by then counts as this, in the bucket that has no bound.
const LONGEST: Duration = Duration::from_secs(11);

/// A publication on its way to one member.
struct Sample<S> {
    published: Instant,
    member: Weak<Connection<S>>,
    /// The bytes that the member's client has been meant to get with it.
    upto: u64,
}

/// The open samples of a shard.
pub(crate) struct Samples<S> {
    /// Entries leave in [`Samples::look`], when they are taken or after [`LONGEST`].
    open: RefCell<Vec<Sample<S>>>,
    next: Cell<Instant>,
}

impl<S> Samples<S> {
    pub(crate) fn new() -> Self {
        Self { open: RefCell::default(), next: Cell::new(Instant::now()) }
    }

    /// Whether the publication that was counted last is to be measured.
    #[inline]
    pub(crate) fn wants(&self, published: Instant, counters: &Counters) -> bool {
        counters.published.get().is_multiple_of(ONE_IN) || published >= self.next.get()
    }

    /// Begins to measure. Of the members, each is chosen as often as the others.
    #[cold]
    pub(crate) fn begin(&self, published: Instant, members: &[Rc<Connection<S>>], counters: &Counters) {
        let mut open = self.open.borrow_mut();
        let chosen = counters.published.get() / ONE_IN % (members.len().max(1) as u64);
        if let Some(member) = members.get(chosen as usize)
            && open.len() < MOST
        {
            self.next.set(published + AT_LEAST);
            let upto = member.queue.borrow().pushed();
            open.push(Sample { published, member: Rc::downgrade(member), upto });
        }
    }

    #[inline]
    pub(crate) fn are_open(&self) -> bool {
        !self.open.borrow().is_empty()
    }

    /// Counts those that have been taken by `now`.
    #[cold]
    pub(crate) fn look(&self, now: Instant, counters: &Counters) {
        self.open.borrow_mut().retain(|sample| {
            let Some(member) = sample.member.upgrade() else { return false };
            if member.closed.get() || member.output.get() == Output::Broken {
                return false;
            }
            let took = now.saturating_duration_since(sample.published);
            let is_taken = member.queue.borrow().taken() >= sample.upto;
            if is_taken || took >= LONGEST {
                counters.delivery.observe(took);
                return false;
            }
            true
        });
    }
}
