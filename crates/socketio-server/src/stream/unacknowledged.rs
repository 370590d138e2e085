//! What the kernel knows about bytes that were written to a TCP socket.
#![expect(unsafe_code, reason = "no crate asks for it: SIOCOUTQ (tcp(7))")]

use std::os::fd::{AsFd, AsRawFd};

/// Bytes that were written and that the peer has not acknowledged.
pub(super) fn bytes(socket: impl AsFd) -> Option<u64> {
    let mut count: libc::c_int = 0;
    // SAFETY: the descriptor is borrowed, so it is open. SIOCOUTQ has the number of TIOCOUTQ, and writes one int.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut count) };
    u64::try_from(count).ok().filter(|_| result == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
        time::{Duration, Instant},
    };

    fn soon(mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(15), "never came true");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn what_the_peer_has_taken_is_not_counted_and_what_it_has_no_room_for_is() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(&[1; 1000]).unwrap();
        // Nobody has read it: the peer's kernel has it.
        soon(|| bytes(&socket) == Some(0));
        socket.set_nonblocking(true).unwrap();
        let mut written = 1000;
        while let Ok(count) = socket.write(&[1; 65_536]) {
            written += count;
        }
        assert!(bytes(&socket).unwrap() > 0);
        let mut taken = vec![0; written];
        peer.read_exact(&mut taken).unwrap();
        soon(|| bytes(&socket) == Some(0));
    }
}
