//! From an address to a stream of bytes: the name, the TCP connection, TLS. One function for each step, and one for
//! all of them.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::client::TlsStream;

use super::address::ServerAddress;
use super::tls::{self, TlsError};

/// A connection to a server, encrypted or not.
#[derive(Debug)]
pub enum Stream {
    /// `http`
    Tcp(TcpStream),
    /// `https`
    Tls(Box<TlsStream<TcpStream>>),
}

/// Which step to a server failed, and what to do.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The name has no address.
    #[error(
        "there is no host {host} here ({problem}): check its spelling in --url, and this machine's network"
    )]
    Dns {
        /// The name.
        host: String,
        /// What the system says.
        problem: io::Error,
    },
    /// A host without a server at that port.
    #[error("nothing listens at {address}: check the port in --url, and that the server runs (alert serve)")]
    Refused {
        /// Scheme, host and port.
        address: ServerAddress,
    },
    /// No answer within the time.
    #[error("{address} did not answer in time: check --url, and firewalls on the way to it")]
    TimedOut {
        /// Scheme, host and port.
        address: ServerAddress,
    },
    /// Anything else that the system says of the way there.
    #[error("{address} cannot be reached ({problem}): check this machine's network")]
    Unreachable {
        /// Scheme, host and port.
        address: ServerAddress,
        /// What the system says.
        problem: io::Error,
    },
    /// The connection is there, and cannot be encrypted.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Connects to a server, by `deadline` at the latest.
///
/// # Errors
/// [`ConnectError`] says which step failed.
pub async fn connect(address: &ServerAddress, deadline: Instant) -> Result<Stream, ConnectError> {
    let way = async {
        let tcp = connect_tcp(address, &resolve(address).await?, deadline).await?;
        if !address.is_tls() {
            return Ok(Stream::Tcp(tcp));
        }
        let encrypted = tls::handshake(tls::tls_config()?, address, tcp).await?;
        Ok(Stream::Tls(Box::new(encrypted)))
    };
    let late = |_| Err(ConnectError::TimedOut { address: address.clone() });
    timeout_at(deadline, way).await.unwrap_or_else(late)
}

/// The addresses that the system knows for a server's host, in its order; at least one.
///
/// # Errors
/// [`ConnectError::Dns`].
pub async fn resolve(address: &ServerAddress) -> Result<Vec<SocketAddr>, ConnectError> {
    let host = address.host();
    let found = tokio::net::lookup_host((&*host, address.port())).await;
    let found = found
        .map(|found| found.collect::<Vec<_>>())
        .and_then(|found| if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) });
    found.map_err(|problem| ConnectError::Dns { host: host.into_owned(), problem })
}

/// Connects to the first of `candidates` that answers. They are tried in turn and share the time until `deadline`.
///
/// # Errors
/// What went wrong with the last one.
pub async fn connect_tcp(
    address: &ServerAddress,
    candidates: &[SocketAddr],
    deadline: Instant,
) -> Result<TcpStream, ConnectError> {
    let mut last = ConnectError::TimedOut { address: address.clone() };
    for (tried, candidate) in candidates.iter().enumerate() {
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now)
            / u32::try_from(candidates.len() - tried).unwrap_or(u32::MAX);
        match timeout_at(now + share, TcpStream::connect(candidate)).await {
            Ok(Ok(stream)) => {
                // Small messages are to go at once; a system that cannot do that is only slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(problem)) => last = ConnectError::from_system(address, problem),
            Err(_) => last = ConnectError::TimedOut { address: address.clone() },
        }
    }
    Err(last)
}

impl ConnectError {
    fn from_system(address: &ServerAddress, problem: io::Error) -> Self {
        let address = address.clone();
        match problem.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused { address },
            io::ErrorKind::TimedOut => Self::TimedOut { address },
            _ => Self::Unreachable { address, problem },
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
