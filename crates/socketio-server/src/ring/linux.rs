//! The ring of Linux.
#![expect(unsafe_code, reason = "the kernel is told addresses of the bytes to send")]

use super::Send;
use io_uring::{IoUring, opcode, types};
use std::{io, os::fd::AsRawFd};

/// The most sends in a batch.
const ENTRIES: usize = 64;

/// Between two calls nothing is in the ring: neither entries that the kernel has not taken nor results.
pub(super) struct Sends(IoUring);

impl Sends {
    /// Linux 6.1 has all of these. One thread uses the ring, so the kernel needs no locks for it; and no later entry
    /// depends on an earlier one, so it takes the rest of a batch when it finds one that it cannot read.
    pub(super) fn new() -> io::Result<Self> {
        let mut builder = IoUring::builder();
        builder.setup_single_issuer().setup_defer_taskrun().setup_submit_all();
        builder.build(ENTRIES as u32).map(Self)
    }

    /// Fills `taken`. After an error the ring must not be used again: entries may be left in it.
    ///
    /// The kernel reads the bytes while this function runs, and at no other time. A send that would have to wait ends at
    /// once (MSG_DONTWAIT), and all results are awaited, whatever comes between: `sends` keeps bytes and sockets until
    /// then. Nothing here unwinds before the last of them.
    pub(super) fn send(&mut self, sends: &[Send<'_>], taken: &mut [usize]) -> io::Result<()> {
        taken.fill(0);
        let mut count = 0;
        let mut entries = self.0.submission();
        for (place, Send { socket, bytes }) in sends.iter().enumerate() {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let entry = opcode::Send::new(types::Fd(socket.as_raw_fd()), bytes.as_ptr(), length)
                .flags(libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
                .build()
                .user_data(place as u64);
            // SAFETY: the bytes and the descriptor are borrowed for longer than the kernel uses them, which is until
            // the result has come: see above.
            if unsafe { entries.push(&entry) }.is_err() {
                // A batch that is too large: nothing is taken of what is left.
                break;
            }
            count += 1;
        }
        drop(entries);
        self.complete(count, taken)
    }

    /// Hands the entries over, and waits for every result.
    fn complete(&mut self, count: usize, taken: &mut [usize]) -> io::Result<()> {
        let mut open = count;
        loop {
            let entered = self.0.submit_and_wait(open);
            for result in self.0.completion() {
                open = open.saturating_sub(1);
                if let Some(taken) = taken.get_mut(result.user_data() as usize) {
                    // Negative: the reason why none were taken.
                    *taken = usize::try_from(result.result()).unwrap_or(0);
                }
            }
            match entered {
                _ if open == 0 => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The kernel has taken none of those that are left: it knows nothing of their bytes.
                Err(error) if self.0.submission().len() == open => return Err(error),
                // It may read their bytes at any time, and cannot be waited for. It does not come to that, since sends
                // that do not wait end while they are handed over.
                Err(error) => {
                    tracing::error!(%error, "io_uring keeps sends and does not say when they end");
                    std::process::abort();
                }
            }
        }
    }
}
