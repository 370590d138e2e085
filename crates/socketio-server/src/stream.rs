//! The byte stream under a connection, whatever it is made of: TCP, TLS over TCP, or a Unix socket.

mod tls;
#[cfg(target_os = "linux")]
mod unacknowledged;

pub(crate) use tls::{DetachedTls, HandshakeError, Protocol, TlsStream};

use socket2::SockRef;
use std::{
    fmt,
    io::{self, IoSlice},
    net::{IpAddr, Shutdown, SocketAddr},
    os::fd::{AsFd, BorrowedFd},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{Interest, ReadBuf, Ready},
    net::{TcpStream, UnixStream},
};

/// A stream that belongs to one shard's runtime.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream>),
    Unix(UnixStream),
}

/// A stream on its way from one runtime to another.
#[derive(Debug)]
pub(crate) enum DetachedStream {
    Tcp(std::net::TcpStream),
    Tls(Box<DetachedTls>),
    Unix(std::os::unix::net::UnixStream),
}

/// What a connection's queue is written to.
pub(crate) trait Sink: 'static {
    /// Takes what there is room for.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Hands on what was taken: an error of the kind `WouldBlock` while not all of it is on its way.
    fn try_flush(&self) -> io::Result<()>;
    /// Returns when there may be room.
    fn writable(&self) -> impl Future<Output = io::Result<()>>;
    /// Ends one or both directions.
    fn shut(&self, how: Shutdown);
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerAddr {
    /// A TCP peer.
    Tcp(SocketAddr),
    /// A process on this machine, through a Unix socket.
    Unix,
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

impl PeerAddr {
    /// The peer's address, if it has one; an IPv4 address that came as IPv6 counts as IPv4.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) => Some(address.ip().to_canonical()),
            Self::Unix => None,
        }
    }
}

impl Stream {
    /// The socket, if its bytes are the stream's.
    pub(crate) fn plain(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Tcp(stream) => Some(stream.as_fd()),
            Self::Tls(_) => None,
            Self::Unix(stream) => Some(stream.as_fd()),
        }
    }

    pub(crate) async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Tls(stream) if stream.has_read_ahead() => Ok(()),
            Self::Tls(stream) => stream.tcp().readable().await,
            Self::Unix(stream) => stream.readable().await,
        }
    }

    pub(crate) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            Self::Tls(stream) => stream.tcp().writable().await,
            Self::Unix(stream) => stream.writable().await,
        }
    }

    /// Reads what is there. After a read that does not fill the buffer, [`Stream::readable`] waits for more.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self {
            Self::Tcp(stream) => stream.try_read(buffer),
            Self::Tls(stream) => return stream.try_read(buffer),
            Self::Unix(stream) => stream.try_read(buffer),
        }?;
        self.note_read(count, buffer.len());
        Ok(count)
    }

    /// Writes what the socket takes. TLS may take more, for which [`Stream::try_flush`] has to be called.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Tls(stream) => stream.try_write(bytes),
            Self::Unix(stream) => stream.try_write(bytes),
        }
    }

    /// Hands what was written to the socket: an error of the kind `WouldBlock` while it does not take all.
    #[inline]
    pub(crate) fn try_flush(&self) -> io::Result<()> {
        match self {
            Self::Tcp(_) | Self::Unix(_) => Ok(()),
            Self::Tls(stream) => stream.try_flush(),
        }
    }

    /// Ends one or both directions; whoever waits for the stream wakes up. If the peer was faster, that is no error.
    pub(crate) fn shut(&self, how: Shutdown) {
        let _ = match self {
            Self::Tcp(stream) => SockRef::from(stream).shutdown(how),
            Self::Tls(stream) => return stream.shut(how),
            Self::Unix(stream) => SockRef::from(stream).shutdown(how),
        };
    }

    /// Has the end of the stream reset it.
    pub(crate) fn reset_at_end(&self) {
        if let Self::Tcp(stream) = self {
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
    }

    /// Bytes that were written and that the peer's TCP has not acknowledged; `None` if that cannot be known. It cannot
    /// after a reset: a program that ends with unread bytes in its socket causes one, so TCP's acknowledgements prove
    /// nothing then.
    pub(crate) fn unacknowledged(&self) -> Option<u64> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Tcp(stream) if stream.peer_addr().is_ok() => unacknowledged::bytes(stream),
            // Its bytes are some more than those that were written, so this is too many rather than too few.
            #[cfg(target_os = "linux")]
            Self::Tls(stream) if stream.tcp().peer_addr().is_ok() => {
                unacknowledged::bytes(stream.tcp()).map(|bytes| bytes + stream.unflushed())
            }
            _ => None,
        }
    }

    pub(crate) fn detach(self) -> io::Result<DetachedStream> {
        Ok(match self {
            Self::Tcp(stream) => DetachedStream::Tcp(stream.into_std()?),
            Self::Tls(stream) => DetachedStream::Tls(Box::new(stream.detach()?)),
            Self::Unix(stream) => DetachedStream::Unix(stream.into_std()?),
        })
    }
}

impl Sink for Stream {
    #[inline]
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write(bytes)
    }

    #[inline]
    fn try_flush(&self) -> io::Result<()> {
        self.try_flush()
    }

    fn writable(&self) -> impl Future<Output = io::Result<()>> {
        self.writable()
    }

    fn shut(&self, how: Shutdown) {
        self.shut(how);
    }
}

impl DetachedStream {
    /// Attaches the stream to the runtime that this is called on.
    pub(crate) fn attach(self) -> io::Result<Stream> {
        Ok(match self {
            Self::Tcp(stream) => Stream::Tcp(TcpStream::from_std(stream)?),
            Self::Tls(stream) => Stream::Tls(Box::new(stream.attach()?)),
            Self::Unix(stream) => Stream::Unix(UnixStream::from_std(stream)?),
        })
    }
}

impl Stream {
    /// Like [`tokio::io::AsyncRead`], but for a shared stream.
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        loop {
            let result = match self {
                Self::Tcp(stream) => {
                    ready!(stream.poll_read_ready(cx))?;
                    stream.try_read_buf(buf)
                }
                Self::Tls(stream) => return stream.poll_read(cx, buf),
                Self::Unix(stream) => {
                    ready!(stream.poll_read_ready(cx))?;
                    stream.try_read_buf(buf)
                }
            };
            match result {
                Ok(count) => {
                    self.note_read(count, room);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// After a read that did not fill its buffer nothing is left, which saves the system call that would say so. epoll
    /// and kqueue wake whoever waits for what comes later: tokio's own `poll_read` relies on that too.
    fn note_read(&self, count: usize, room: usize) {
        if 0 < count && count < room {
            let nothing = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
            let _ = match self {
                Self::Tcp(stream) => stream.try_io(Interest::READABLE, nothing),
                // It does this itself, for what is encrypted.
                Self::Tls(_) => Ok(()),
                Self::Unix(stream) => stream.try_io(Interest::READABLE, nothing),
            };
        }
    }

    /// Writes, waiting with the runtime's help while that is not possible.
    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&Self) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match self {
                Self::Tcp(stream) => ready!(stream.poll_write_ready(cx))?,
                Self::Tls(stream) => ready!(stream.tcp().poll_write_ready(cx))?,
                Self::Unix(stream) => ready!(stream.poll_write_ready(cx))?,
            }
            match write(self) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    pub(crate) fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write_vectored(slices),
            Self::Tls(stream) => stream.try_write_vectored(slices),
            Self::Unix(stream) => stream.try_write_vectored(slices),
        }
    }

    /// Returns when the peer has ended its side, unless something to read came before that.
    pub(crate) async fn peer_ends(&self) {
        if let Self::Tls(stream) = self {
            return stream.peer_ends().await;
        }
        if !self.ready(Interest::READABLE).await.is_ok_and(|ready| !ready.is_read_closed()) {
            return;
        }
        std::future::pending().await
    }

    /// Returns when the stream has failed, as with a reset.
    pub(crate) async fn failed(&self) {
        if let Self::Tls(stream) = self {
            return stream.failed().await;
        }
        // This fails only when the runtime ends.
        let _ = self.ready(Interest::ERROR).await;
    }

    async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Self::Tcp(stream) => stream.ready(interest).await,
            Self::Tls(stream) => stream.tcp().ready(interest).await,
            Self::Unix(stream) => stream.ready(interest).await,
        }
    }
}
