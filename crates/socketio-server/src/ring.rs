//! A batch of sends in one system call, through io_uring (io_uring(7)): what a flush to many sockets costs is mostly the
//! system call for each. It is nothing but that. Whoever calls waits for the results, and tokio does everything else.

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
#[path = "ring/linux.rs"]
mod system;
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)))]
#[path = "ring/elsewhere.rs"]
mod system;

use std::{
    io::{self, Read},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
};
use system::Sends;

/// Bytes for a socket, which must not be one that TLS is spoken on.
pub(crate) struct Send<'a> {
    pub(crate) socket: BorrowedFd<'a>,
    pub(crate) bytes: &'a [u8],
}

/// A thread's ring, if it has one.
pub(crate) struct Ring(Option<Sends>);

/// Why there is no ring.
#[derive(Debug, thiserror::Error)]
pub enum NoRing {
    /// There is no such system call, or not with what we ask of it.
    #[error("it needs Linux 6.1 or newer, built with io_uring ({0})")]
    TooOld(io::Error),
    /// The machine's settings forbid it.
    #[error("the kernel's setting kernel.io_uring_disabled is {0} (sysctl); 0 permits it")]
    Disabled(String),
    /// A filter of system calls does, as a rule.
    #[error(
        "it is not permitted here: containers and other filters of system calls (seccomp) often forbid it ({0})"
    )]
    Forbidden(io::Error),
    /// Its memory is locked memory in some kernels.
    #[error("there is no memory for it: raise the limit of locked memory (ulimit -l, LimitMEMLOCK=) ({0})")]
    NoMemory(io::Error),
    /// It is an open file.
    #[error("there is no open file left for it: raise the limit (ulimit -n) ({0})")]
    NoFile(io::Error),
    /// It is there, and does not do what it should.
    #[error("a try failed ({0})")]
    Failed(io::Error),
}

impl NoRing {
    fn new(error: io::Error) -> Self {
        use io::ErrorKind::{InvalidInput, OutOfMemory, PermissionDenied, Unsupported};
        let forbidden = || {
            let setting = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled").unwrap_or_default();
            Some(setting.trim().to_owned()).filter(|setting| !matches!(&**setting, "" | "0"))
        };
        match error.kind() {
            // ENOSYS, and flags that it does not know.
            Unsupported | InvalidInput => Self::TooOld(error),
            PermissionDenied => forbidden().map_or(Self::Forbidden(error), Self::Disabled),
            OutOfMemory => Self::NoMemory(error),
            _ if error.raw_os_error().is_some_and(is_no_file) => Self::NoFile(error),
            _ => Self::Failed(error),
        }
    }
}

fn is_no_file(code: i32) -> bool {
    let errno = rustix::io::Errno::from_raw_os_error(code);
    matches!(errno, rustix::io::Errno::MFILE | rustix::io::Errno::NFILE)
}

/// Tries whether this process can send through io_uring.
///
/// # Errors
/// Why it cannot.
pub fn try_ring() -> Result<(), NoRing> {
    // When a ring ends, the kernel interrupts a thread that has used it, whatever that waits for then: EINTR, once. So
    // this thread ends first.
    let tried = std::thread::Builder::new().name("try-io-uring".to_owned()).spawn(try_here);
    let result = tried.map_err(NoRing::new)?.join();
    result.unwrap_or_else(|_| Err(NoRing::Failed(io::Error::other("a panic"))))
}

fn try_here() -> Result<(), NoRing> {
    let mut ring = Ring(Some(Sends::new().map_err(NoRing::new)?));
    let pair = || UnixStream::pair().map_err(NoRing::new);
    let [(first, mut at_first), (second, mut at_second)] = [pair()?, pair()?];
    let sends = [Send { socket: first.as_fd(), bytes: b"1" }, Send { socket: second.as_fd(), bytes: b"23" }];
    let mut taken = [0; 2];
    ring.send(&sends, &mut taken).map_err(NoRing::new)?;
    if taken != [1, 2] {
        return Err(NoRing::Failed(io::Error::other("nothing was sent")));
    }
    let mut came = [0; 3];
    let read = at_first.read_exact(&mut came[..1]).and_then(|()| at_second.read_exact(&mut came[1..]));
    match read {
        Ok(()) if came == *b"123" => Ok(()),
        Ok(()) => Err(NoRing::Failed(io::Error::other("something else was sent"))),
        Err(error) => Err(NoRing::Failed(error)),
    }
}

impl Ring {
    /// Makes one for the calling thread, which alone may use it.
    pub(crate) fn make() -> Self {
        let made = Sends::new().map_err(NoRing::new);
        if let Err(error) = &made {
            tracing::warn!(%error, "this thread sends with a system call for each socket: there is no io_uring for it");
        }
        Self(made.ok())
    }

    /// No ring: nothing is sent through it.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    #[inline]
    pub(crate) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Sends, without waiting for sockets whose buffers are full, and puts into `taken` how many bytes each socket took.
    /// Of what it took none, as of one that is full or broken, a plain `send` tells the reason.
    ///
    /// # Errors
    /// If the ring fails; it is gone then. `taken` is right all the same.
    pub(crate) fn send(&mut self, sends: &[Send<'_>], taken: &mut [usize]) -> io::Result<()> {
        let Some(ring) = &mut self.0 else { return Ok(()) };
        let result = ring.send(sends, taken);
        if result.is_err() {
            self.0 = None;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A ring, unless the system has none.
    fn ring() -> Option<Ring> {
        try_ring().inspect_err(|error| println!("SKIPPED: there is no io_uring: {error}")).ok()?;
        Some(Ring::make())
    }

    fn pair() -> (UnixStream, UnixStream) {
        let (socket, peer) = UnixStream::pair().unwrap();
        peer.set_nonblocking(true).unwrap();
        (socket, peer)
    }

    #[test]
    fn each_socket_gets_its_own_bytes_and_each_send_its_own_result_also_beside_one_that_is_full_or_broken() {
        let Some(mut ring) = ring() else { return };
        let (mut full, peer_of_full) = pair();
        full.set_nonblocking(true).unwrap();
        while full.write(&[0; 4096]).is_ok() {}
        // It blocks, and is not waited for all the same.
        full.set_nonblocking(false).unwrap();
        let (broken, gone) = pair();
        drop(gone);
        let pairs: Vec<_> = (0..40).map(|_| pair()).collect();
        let texts: Vec<_> = (0..40).map(|place| "x".repeat(place + 1)).collect();
        for _ in 0..3 {
            let mut sends: Vec<_> = pairs
                .iter()
                .zip(&texts)
                .map(|((socket, _), text)| Send { socket: socket.as_fd(), bytes: text.as_bytes() })
                .collect();
            sends.insert(20, Send { socket: full.as_fd(), bytes: b"full" });
            sends.insert(7, Send { socket: broken.as_fd(), bytes: b"broken" });
            let mut taken = vec![usize::MAX; sends.len()];
            ring.send(&sends, &mut taken).unwrap();
            assert_eq!((taken.remove(7), taken.remove(20)), (0, 0));
            assert_eq!(taken, (1..=40).collect::<Vec<_>>());
            for ((_, mut peer), text) in pairs.iter().map(|(socket, peer)| (socket, peer)).zip(&texts) {
                let mut came = [0; 100];
                let count = peer.read(&mut came).unwrap();
                assert_eq!(&came[..count], text.as_bytes());
            }
        }
        assert_eq!(broken.take_error().unwrap().map(|error| error.kind()), None);
        drop(peer_of_full);
    }

    #[test]
    fn a_socket_takes_what_it_has_room_for() {
        let Some(mut ring) = ring() else { return };
        let ((one, mut peer), (other, _peer)) = (pair(), pair());
        let (large, mut taken) = (vec![b'l'; 8 << 20], [0; 2]);
        let sends =
            [Send { socket: one.as_fd(), bytes: &large }, Send { socket: other.as_fd(), bytes: b"o" }];
        ring.send(&sends, &mut taken).unwrap();
        assert!((1..large.len()).contains(&taken[0]) && taken[1] == 1, "{taken:?}");
        let mut came = Vec::new();
        let _ = peer.read_to_end(&mut came);
        assert_eq!(came.len(), taken[0]);
    }

    #[test]
    fn of_a_batch_that_is_too_large_the_rest_is_left_to_the_caller() {
        let Some(mut ring) = ring() else { return };
        let (socket, mut peer) = pair();
        let sends: Vec<_> = (0..200).map(|_| Send { socket: socket.as_fd(), bytes: b"." }).collect();
        let mut taken = vec![0; sends.len()];
        ring.send(&sends, &mut taken).unwrap();
        let sent: usize = taken.iter().sum();
        assert!((1..200).contains(&sent) && taken[..sent].iter().all(|taken| *taken == 1));
        assert_eq!(peer.read(&mut [0; 1000]).unwrap(), sent);
    }

    #[test]
    fn a_ring_that_fails_is_gone_and_what_was_not_sent_is_not_sent_later() {
        let Some(mut ring) = ring() else { return };
        let (socket, mut peer) = pair();
        // Another thread than the one that made it may not use it (IORING_SETUP_SINGLE_ISSUER).
        std::thread::scope(|scope| {
            let failed = scope.spawn(|| {
                let sends = [(); 2].map(|()| Send { socket: socket.as_fd(), bytes: b"x" });
                let mut taken = [usize::MAX; 2];
                let result = ring.send(&sends, &mut taken);
                (result.is_err(), ring.is_there(), taken)
            });
            assert_eq!(failed.join().unwrap(), (true, false, [0; 2]));
        });
        assert!(ring.send(&[Send { socket: socket.as_fd(), bytes: b"x" }], &mut [0]).is_ok());
        assert_eq!(peer.read(&mut [0; 10]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn whoever_tries_is_not_interrupted_afterwards() {
        for _ in 0..20 {
            let _ = try_ring();
            let (mut socket, _peer) = pair();
            socket.set_read_timeout(Some(std::time::Duration::from_millis(10))).unwrap();
            assert_eq!(socket.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        }
    }

    #[test]
    fn why_there_is_no_ring_says_what_to_do() {
        let why = |code| NoRing::new(io::Error::from_raw_os_error(code)).to_string();
        for (errno, what) in [
            (rustix::io::Errno::NOSYS, "needs Linux 6.1"),
            (rustix::io::Errno::INVAL, "needs Linux 6.1"),
            (rustix::io::Errno::PERM, "permit"),
            (rustix::io::Errno::ACCESS, "permit"),
            (rustix::io::Errno::NOMEM, "ulimit -l"),
            (rustix::io::Errno::MFILE, "ulimit -n"),
            (rustix::io::Errno::NFILE, "ulimit -n"),
            (rustix::io::Errno::IO, "a try failed"),
        ] {
            assert!(why(errno.raw_os_error()).contains(what), "{}", why(errno.raw_os_error()));
        }
    }
}
