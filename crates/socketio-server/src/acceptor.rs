//! Where clients connect: TCP addresses and Unix sockets, and the acceptor that deals the sockets to the shards.
//!
//! There is no `SO_REUSEPORT`: with it a second server on the same port would silently take half of the users.

use crate::{
    hub::Hub,
    shard::inbox::Command,
    stream::{DetachedStream, DetachedTls, PeerAddr},
};
use rustix::io::Errno;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::{
    collections::VecDeque,
    fmt, io,
    net::SocketAddr,
    os::{
        fd::OwnedFd,
        unix::{fs::FileTypeExt, net::UnixStream as StdUnixStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::watch,
};

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
    tls: Option<Arc<rustls::ServerConfig>>,
    /// The port of https, if everybody is sent there.
    to_https: Option<u16>,
    /// Whoever passed it keeps it open for the next server.
    is_passed: bool,
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
                socket.bind(&(*address).into())?;
                Self::tcp(socket, false)
            }
            ListenAddr::Unix(path) => {
                remove_stale(path)?;
                Ok(Self::new(Kind::Unix(UnixListener::bind(path)?), address.clone(), false))
            }
        }
    }

    /// Takes a socket that listens already, and that whoever passed it keeps open: clients that come between this
    /// server and the next wait in it. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// If it is no such socket.
    pub fn passed(socket: OwnedFd) -> io::Result<Self> {
        let socket = Socket::from(socket);
        let other =
            || io::Error::new(io::ErrorKind::InvalidInput, "it is no TCP or Unix socket that listens");
        if socket.r#type()? != Type::STREAM || !socket.is_listener()? {
            return Err(other());
        }
        let address = socket.local_addr()?;
        if address.as_socket().is_some() {
            return Self::tcp(socket, true);
        }
        let path = address.as_pathname().map(Path::to_owned);
        let name = || Some(format!("@{}", String::from_utf8_lossy(address.as_abstract_namespace()?)).into());
        let path = path.or_else(name).filter(|_| address.is_unix()).ok_or_else(other)?;
        socket.set_nonblocking(true)?;
        let listener = UnixListener::from_std(OwnedFd::from(socket).into())?;
        Ok(Self::new(Kind::Unix(listener), ListenAddr::Unix(path), true))
    }

    fn tcp(socket: Socket, is_passed: bool) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        // Accepted sockets inherit it. What a client has not taken then waits in its queue, where it is counted, and
        // not in megabytes of kernel buffers.
        #[cfg(target_os = "linux")]
        socket.set_tcp_notsent_lowat(UNSENT)?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        let address = ListenAddr::Tcp(listener.local_addr()?);
        Ok(Self::new(Kind::Tcp(listener), address, is_passed))
    }

    fn new(kind: Kind, address: ListenAddr, is_passed: bool) -> Self {
        Self { kind, address, tls: None, to_https: None, is_passed }
    }

    /// Whether it speaks TLS.
    pub fn has_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Speaks TLS to those who come by TCP.
    #[must_use]
    pub fn with_tls(mut self, config: Arc<rustls::ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Serves nothing, and sends everybody to https at this port.
    #[must_use]
    pub fn sending_to_https(mut self, port: u16) -> Self {
        self.to_https = Some(port);
        self
    }

    /// Whether it serves nothing, and sends everybody to https.
    pub fn sends_to_https(&self) -> bool {
        self.to_https.is_some()
    }

    /// The bound address, with the real port.
    pub fn address(&self) -> &ListenAddr {
        &self.address
    }

    /// Accepts until it is told to stop, and deals the sockets to the shards in turn, as fast as they take them.
    pub(crate) async fn accept(self, hub: Hub, mut stop: watch::Receiver<bool>) {
        let (mut waiting, mut last) = (VecDeque::new(), hub.shards() - 1);
        let mut last_log: Option<Instant> = None;
        let mut stopped = false;
        loop {
            while !waiting.is_empty()
                && let Some(arrival) = hub.arrivals().take(&mut last)
                && let Some((stream, peer)) = waiting.pop_front()
            {
                let to_https = self.to_https;
                hub.push(arrival.shard, Command::Accept { stream, peer, to_https, arrival });
            }
            if stopped && waiting.is_empty() {
                return;
            }
            let accepted = tokio::select! {
                accepted = self.accept_one(), if !stopped && waiting.len() < MOST_WAITING => accepted,
                () = hub.arrivals().free(), if !waiting.is_empty() => continue,
                Ok(()) = stop.changed(), if !stopped => {
                    stopped = true;
                    continue;
                }
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
                // It may have come before this server had the socket.
                #[cfg(target_os = "linux")]
                if self.is_passed {
                    SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT)?;
                }
                let stream = stream.into_std()?;
                let stream = match &self.tls {
                    None => DetachedStream::Tcp(stream),
                    Some(config) => {
                        DetachedStream::Tls(Box::new(DetachedTls::new(stream, Arc::clone(config))?))
                    }
                };
                Ok((stream, PeerAddr::Tcp(peer)))
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
        if let ListenAddr::Unix(path) = &self.address
            && !self.is_passed
        {
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
