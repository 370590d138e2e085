//! The allocator, and a thread that gives what was freed back to the system. mimalloc does that by itself only while
//! something else is allocated: without the thread a server that a flood has left keeps the flood's memory.
#![expect(unsafe_code, reason = "mimalloc's own functions have no safe wrapper")]

use std::{io, thread, time::Duration};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Freed memory is used again before that, most likely.
const INTERVAL: Duration = Duration::from_secs(10);

/// Gives freed memory back from here on.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn give_back_what_is_freed() -> io::Result<()> {
    let collect = || {
        loop {
            thread::sleep(INTERVAL);
            // SAFETY: it may be called on any thread at any time. What other threads have freed is in arenas that all
            // share; of their own heaps it touches nothing.
            unsafe { libmimalloc_sys::mi_collect(true) };
        }
    };
    thread::Builder::new().name("memory".to_owned()).spawn(collect)?;
    Ok(())
}
