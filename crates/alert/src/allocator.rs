//! The allocator, and a thread that returns freed memory to the system. mimalloc does that by itself only while
//! something else is allocated: without the thread, a server would keep a flood's memory after the flood.
#![expect(unsafe_code, reason = "mimalloc's own functions have no safe wrapper")]

use std::{io, thread, time::Duration};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Freed memory is probably used again sooner.
const INTERVAL: Duration = Duration::from_secs(10);

/// Returns freed memory to the system from here on.
///
/// # Errors
/// If the system has no thread for it.
pub(crate) fn give_back_what_is_freed() -> io::Result<()> {
    let collect = || {
        loop {
            thread::sleep(INTERVAL);
            // SAFETY: it may be called on any thread at any time. What other threads have freed is in arenas that all
            // share; it does not touch their own heaps.
            unsafe { libmimalloc_sys::mi_collect(true) };
        }
    };
    thread::Builder::new().name("memory".to_owned()).spawn(collect)?;
    Ok(())
}
