//! Where clients connect: TCP addresses and Unix sockets, and the acceptor that deals the sockets to the shards.
//!
//! There is no `SO_REUSEPORT`: with it a second server on the same port would silently take half of the users.

use crate::{
    hub::Hub,
    shard::inbox::Command,
    stream::{DetachedStream, PeerAddr},
};
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    collections::VecDeque,
    fmt, io,
    net::SocketAddr,
    os::unix::{fs::FileTypeExt, net::UnixStream as StdUnixStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, UnixListener};

/// Connections that may wait to be accepted; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;
/// Sockets that wait for their shards before others have to wait in the kernel.
const MOST_WAITING: usize = 16_384;
/// Bytes that the kernel accepts for a socket beyond what it may send right away.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 256 << 10;
/// How long accepting pauses when no file descriptor is free.
const PAUSE: Duration = Duration::from_millis(100);

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddr {
    /// A TCP address; port 0 lets the system choose.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A bound address.
#[derive(Debug)]
pub struct Acceptor {
    kind: Kind,
    address: ListenAddr,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Acceptor {
    /// Binds an address. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// What the system says; `AddrInUse` also if another process answers on the Unix socket.
    pub fn bind(address: &ListenAddr) -> io::Result<Self> {
        match address {
            ListenAddr::Tcp(address) => {
                let socket = Socket::new(Domain::for_address(*address), Type::STREAM, Some(Protocol::TCP))?;
                socket.set_reuse_address(true)?;
                socket.set_nonblocking(true)?;
                // Accepted sockets inherit it. What a client has not taken then waits in its queue, where it is
                // counted, and not in megabytes of kernel buffers.
                #[cfg(target_os = "linux")]
                socket.set_tcp_notsent_lowat(UNSENT)?;
                socket.bind(&(*address).into())?;
                socket.listen(BACKLOG)?;
                let listener = TcpListener::from_std(socket.into())?;
                let address = ListenAddr::Tcp(listener.local_addr()?);
                Ok(Self { kind: Kind::Tcp(listener), address })
            }
            ListenAddr::Unix(path) => {
                remove_stale(path)?;
                Ok(Self { kind: Kind::Unix(UnixListener::bind(path)?), address: address.clone() })
            }
        }
    }

    /// The bound address, with the real port.
    pub fn address(&self) -> &ListenAddr {
        &self.address
    }

    /// Accepts until it is dropped, and deals the sockets to the shards in turn, as fast as they take them.
    pub(crate) async fn accept(self, hub: Hub) {
        let (mut waiting, mut last) = (VecDeque::new(), hub.shards() - 1);
        let mut last_log: Option<Instant> = None;
        loop {
            while !waiting.is_empty()
                && let Some(arrival) = hub.arrivals().take(&mut last)
                && let Some((stream, peer)) = waiting.pop_front()
            {
                hub.push(arrival.shard, Command::Accept { stream, peer, arrival });
            }
            let accepted = tokio::select! {
                accepted = self.accept_one(), if waiting.len() < MOST_WAITING => accepted,
                () = hub.arrivals().free(), if !waiting.is_empty() => continue,
            };
            match accepted {
                Ok(socket) => waiting.push_back(socket),
                Err(error) if is_out_of_files(&error) => {
                    if last_log.is_none_or(|last| last.elapsed() >= Duration::from_secs(1)) {
                        last_log = Some(Instant::now());
                        tracing::error!(
                            address = %self.address, %error,
                            "cannot accept connections: raise the open-file limit (ulimit -n, LimitNOFILE=)"
                        );
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                // The client gave up while waiting. The next one may be fine.
                Err(error) => {
                    tracing::debug!(address = %self.address, %error, "a connection was not accepted")
                }
            }
        }
    }

    async fn accept_one(&self) -> io::Result<(DetachedStream, PeerAddr)> {
        match &self.kind {
            Kind::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((DetachedStream::Tcp(stream.into_std()?), PeerAddr::Tcp(peer)))
            }
            Kind::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((DetachedStream::Unix(stream.into_std()?), PeerAddr::Unix))
            }
        }
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        if let ListenAddr::Unix(path) = &self.address {
            // Somebody may have removed it already, and the next start would remove it too.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Removes a socket file that a server left behind, but not one that a server answers on.
fn remove_stale(path: &Path) -> io::Result<()> {
    // A connection to a file of another kind is refused too, but that file is the user's.
    if !path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket()) {
        return Ok(());
    }
    match StdUnixStream::connect(path) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        // Nothing is there, or the bind will fail and say why.
        Err(_) => Ok(()),
    }
}

fn is_out_of_files(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_accepted_socket_keeps_little_that_it_cannot_send() {
        let listener = Acceptor::bind(&ListenAddr::Tcp(([127, 0, 0, 1], 0).into())).unwrap();
        let ListenAddr::Tcp(address) = *listener.address() else { unreachable!("TCP was asked for") };
        let _client = std::net::TcpStream::connect(address).unwrap();
        let (DetachedStream::Tcp(stream), _) = listener.accept_one().await.unwrap() else {
            unreachable!("TCP was asked for")
        };
        assert_eq!(socket2::SockRef::from(&stream).tcp_notsent_lowat().unwrap(), UNSENT);
    }
}
