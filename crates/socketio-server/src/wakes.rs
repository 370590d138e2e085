//! Waking other threads at the end of a batch. What one thread hands over in one go is then found together: without it, a
//! thread on the same core starts with the first piece, and writes each to all receivers by itself.

use smallvec::SmallVec;
use std::{cell::RefCell, sync::Arc};
use tokio::sync::Notify;

/// Whom a batch wakes: each once.
type Waiting = SmallVec<[Arc<Notify>; 4]>;

thread_local! {
    /// Set while this thread is in a batch.
    static WAITING: RefCell<Option<Waiting>> = const { RefCell::new(None) };
}

/// Does `work`; whoever is to be woken for it by [`wake`] is woken when it is done. It must be short, and wait for nothing.
/// A batch in a batch ends with the outer one.
pub fn batch<T>(work: impl FnOnce() -> T) -> T {
    let is_outer = WAITING.with_borrow_mut(|waiting| {
        let is_outer = waiting.is_none();
        waiting.get_or_insert_default();
        is_outer
    });
    let _end = is_outer.then(|| End);
    work()
}

/// Wakes at once, or, in a batch, at its end.
pub fn wake(whom: &Arc<Notify>) {
    WAITING.with_borrow_mut(|waiting| match waiting {
        None => whom.notify_one(),
        Some(waiting) if waiting.iter().any(|other| Arc::ptr_eq(other, whom)) => {}
        Some(waiting) => waiting.push(Arc::clone(whom)),
    });
}

/// Ends the batch, even one that panics.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        let waiting = WAITING.with_borrow_mut(Option::take);
        waiting.iter().flatten().for_each(|whom| whom.notify_one());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::Future,
        panic::{AssertUnwindSafe, catch_unwind},
        pin::pin,
        task::{Context, Waker},
    };

    fn is_woken(whom: &Notify) -> bool {
        pin!(whom.notified()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn whoever_is_woken_in_a_batch_is_woken_at_its_end_and_once() {
        let [one, other] = [(); 2].map(|()| Arc::new(Notify::new()));
        batch(|| {
            wake(&one);
            batch(|| wake(&other));
            wake(&one);
            assert!(!is_woken(&one) && !is_woken(&other), "the outer batch goes on");
        });
        assert!(is_woken(&one) && is_woken(&other));
        assert!(!is_woken(&one) && !is_woken(&other));
    }

    #[test]
    fn whoever_is_woken_outside_a_batch_is_woken_at_once() {
        let one = Arc::new(Notify::new());
        wake(&one);
        assert!(is_woken(&one));
    }

    #[test]
    fn a_batch_that_panics_wakes_those_it_had_something_for() {
        let one = Arc::new(Notify::new());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            batch(|| {
                wake(&one);
                panic!("in a batch");
            })
        }));
        assert!(panicked.is_err() && is_woken(&one));
        wake(&one);
        assert!(is_woken(&one), "there is no batch any more");
    }
}
