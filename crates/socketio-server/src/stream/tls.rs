//! A TLS session on a TCP socket (rustls), which is read and written like a plain socket. What the session still has to
//! send is one record at most: nothing more is taken before that has gone.

use rustls::{InvalidMessage, ServerConfig, ServerConnection};
use std::{
    cell::{Cell, RefCell},
    io::{self, IoSlice, Read, Write},
    net::Shutdown,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{Interest, ReadBuf},
    net::TcpStream,
};

/// Bytes that become one record (RFC 8446, section 5.1).
const RECORD: usize = 16 << 10;
/// The most bytes of a record on the wire (RFC 5246, section 6.2.3).
const SEALED: u64 = (RECORD + 2048 + 5) as u64;

/// A session that belongs to one shard's runtime.
#[derive(Debug)]
pub(crate) struct TlsStream {
    tcp: TcpStream,
    session: RefCell<ServerConnection>,
    /// Bytes that have been decrypted and not read.
    readable: Cell<usize>,
    /// The peer says nothing more.
    has_ended: Cell<bool>,
    /// The socket failed when the peer was told of the end. The system reports that once only.
    has_failed: Cell<bool>,
}

/// A session on its way from one runtime to another.
#[derive(Debug)]
pub(crate) struct DetachedTls {
    tcp: std::net::TcpStream,
    session: ServerConnection,
    readable: usize,
}

/// What is spoken in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
    /// The handshake was all, as for an authority that checks whether a name leads here (RFC 8737).
    Nothing,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    /// The client has gone, or the socket failed.
    #[error("the connection was lost in its TLS handshake ({0})")]
    Lost(#[from] io::Error),
    /// It speaks something else, as with http:// for https://.
    #[error("the client does not speak TLS")]
    NotTls,
    /// The two do not agree.
    #[error("the TLS handshake failed: {0}")]
    Refused(rustls::Error),
}

impl DetachedTls {
    /// A session that has not shaken hands.
    pub(crate) fn new(tcp: std::net::TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        let mut session = ServerConnection::new(config).map_err(io::Error::other)?;
        session.set_buffer_limit(Some(RECORD));
        Ok(Self { tcp, session, readable: 0 })
    }

    pub(crate) fn attach(self) -> io::Result<TlsStream> {
        let tcp = TcpStream::from_std(self.tcp)?;
        Ok(TlsStream {
            tcp,
            session: RefCell::new(self.session),
            readable: Cell::new(self.readable),
            has_ended: Cell::new(false),
            has_failed: Cell::new(false),
        })
    }
}

impl TlsStream {
    pub(crate) fn detach(self) -> io::Result<DetachedTls> {
        let Self { tcp, session, readable, .. } = self;
        Ok(DetachedTls { tcp: tcp.into_std()?, session: session.into_inner(), readable: readable.get() })
    }

    /// What is spoken (RFC 7301), once hands have been shaken.
    pub(crate) fn protocol(&self) -> Protocol {
        match self.session.borrow().alpn_protocol() {
            None | Some(b"http/1.1") => Protocol::Http1,
            Some(b"h2") => Protocol::Http2,
            Some(_) => Protocol::Nothing,
        }
    }

    /// The socket below.
    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Shakes hands. However long that may take is the caller's to limit.
    pub(crate) async fn shake_hands(&self) -> Result<(), HandshakeError> {
        loop {
            while let Err(error) = self.try_flush() {
                if error.kind() != io::ErrorKind::WouldBlock {
                    return Err(error.into());
                }
                self.tcp.writable().await?;
            }
            if !self.session.borrow().is_handshaking() {
                return Ok(());
            }
            self.tcp.readable().await?;
            match self.take_in() {
                Ok(Some(0)) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(_) => {}
                Err(Broken::Socket(error)) => return Err(error.into()),
                Err(Broken::Clear) => return Err(HandshakeError::NotTls),
                Err(Broken::Session(error)) => return Err(HandshakeError::Refused(error)),
            }
        }
    }

    /// Says something to a peer that does not speak TLS, and waits until it has ended its side: a socket that is closed
    /// with unread bytes in it is reset, and a reset can overtake what was said.
    pub(crate) async fn say_in_clear(&self, bytes: &[u8]) {
        let _ = self.tcp.try_write(bytes);
        let _ = socket2::SockRef::from(&self.tcp).shutdown(Shutdown::Write);
        let mut ignored = [0; 1024];
        while self.tcp.readable().await.is_ok() {
            match self.tcp.try_read(&mut ignored) {
                Ok(0) => break,
                Ok(_) => tokio::task::yield_now().await,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
    }

    /// Whether something can be read that the socket knows nothing of.
    pub(crate) fn has_read_ahead(&self) -> bool {
        self.readable.get() > 0
    }

    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.session.borrow_mut().reader().read(buffer);
            match read {
                Ok(count) => {
                    self.readable.set(self.readable.get().saturating_sub(count));
                    return Ok(count);
                }
                // The end of what is carried says itself whether it is complete.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                Err(_) => {}
            }
            match self.take_in() {
                Ok(Some(_)) => {}
                Ok(None) => return Err(io::ErrorKind::WouldBlock.into()),
                Err(Broken::Socket(error)) => return Err(error),
                Err(Broken::Clear) => return Err(io::ErrorKind::InvalidData.into()),
                Err(Broken::Session(error)) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
    }

    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            if !self.has_read_ahead() {
                ready!(self.tcp.poll_read_ready(cx))?;
            }
            match self.try_read(buf.initialize_unfilled()) {
                Ok(count) => {
                    buf.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Takes what fits, and hands as much of it as possible to the socket: [`TlsStream::try_flush`] does the rest.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_flush()?;
        let mut session = self.session.borrow_mut();
        let mut taken = 0;
        while taken < bytes.len() {
            taken += session.writer().write(&bytes[taken..])?;
            match flush(&mut session, &self.tcp) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Like [`TlsStream::try_write`], a record at a time.
    pub(crate) fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_flush()?;
        let mut session = self.session.borrow_mut();
        let taken = session.writer().write_vectored(slices)?;
        match flush(&mut session, &self.tcp) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Hands to the socket what is left of earlier writes.
    pub(crate) fn try_flush(&self) -> io::Result<()> {
        flush(&mut self.session.borrow_mut(), &self.tcp)
    }

    /// Ends one or both directions. The peer is told, if the socket has room for that.
    pub(crate) fn shut(&self, how: Shutdown) {
        let mut session = self.session.borrow_mut();
        session.send_close_notify();
        if flush(&mut session, &self.tcp).is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock) {
            self.has_failed.set(true);
        }
        let _ = socket2::SockRef::from(&self.tcp).shutdown(how);
    }

    /// Returns when the socket has failed, as with a reset.
    pub(crate) async fn failed(&self) {
        if !self.has_failed.get() {
            // This fails only when the runtime ends.
            let _ = self.tcp.ready(Interest::ERROR).await;
        }
    }

    /// Returns when the peer has ended its side, unless something to read came before that.
    pub(crate) async fn peer_ends(&self) {
        while !self.has_ended.get() {
            if self.has_read_ahead() {
                std::future::pending::<()>().await;
            }
            if self.tcp.readable().await.is_err() || self.take_in().is_err() {
                return;
            }
        }
    }

    /// The most bytes that were taken and that the socket has not.
    pub(crate) fn unflushed(&self) -> u64 {
        if self.session.borrow().wants_write() { SEALED } else { 0 }
    }

    /// Reads once from the socket. Returns how many bytes came, if any did.
    fn take_in(&self) -> Result<Option<usize>, Broken> {
        let mut session = self.session.borrow_mut();
        let count = match session.read_tls(&mut Socket(&self.tcp)) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(Broken::Socket(error)),
        };
        let state = match session.process_new_packets() {
            // Not even an alert: it would spoil what can be said to whoever does not speak TLS.
            Err(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
                return Err(Broken::Clear);
            }
            state => state,
        };
        // Answers to what came, such as an alert. If there is no room for them now, they go with what is written next.
        let _ = flush(&mut session, &self.tcp);
        let state = state.map_err(Broken::Session)?;
        self.readable.set(state.plaintext_bytes_to_read());
        self.has_ended.set(count == 0 || state.peer_has_closed());
        Ok(Some(count))
    }
}

enum Broken {
    Socket(io::Error),
    /// This is no TLS.
    Clear,
    Session(rustls::Error),
}

fn flush(session: &mut ServerConnection, tcp: &TcpStream) -> io::Result<()> {
    while session.wants_write() {
        match session.write_tls(&mut Socket(tcp)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What a session reads from and writes to.
struct Socket<'a>(&'a TcpStream);

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.try_read(buffer)?;
        if 0 < count && count < buffer.len() {
            // See `Stream::note_read`.
            let _ = self.0.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
        Ok(count)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            // `send` costs less than `writev`.
            [one] => self.0.try_write(one),
            more => self.0.try_write_vectored(more),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
