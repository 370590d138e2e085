//! The socket of an HTTP connection, with a limit on how long each thing may take. hyper has one timer, for a request's
//! head, which also runs between requests; a head, a quiet keep-alive and a stalled reader need three.

use super::framing::Framing;
use super::head::last_words;
use crate::{bounds::Charge, config::HttpTimeouts, hub::Hub, stream::Stream};
use smallvec::SmallVec;
use std::{
    cell::{Cell, RefCell},
    future::Future,
    io::{self, IoSlice},
    net::Shutdown,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// Bytes of a response that are copied rather than gathered by the system.
const ONE_PIECE: usize = 1024;

/// What the HTTP connection is doing: known to the socket and to the service behind it.
#[derive(Debug)]
pub(crate) struct HttpClock {
    phase: Cell<Phase>,
    framing: RefCell<Framing>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Between two requests.
    Idle(Since),
    /// The first byte of a request has come.
    Head(Since),
    /// The service has the request. It limits the body itself.
    Busy,
}

/// When a phase first waited for the socket. Most heads come in one piece, which needs no clock.
type Since = Option<Instant>;

impl HttpClock {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self { phase: Cell::new(Phase::Idle(None)), framing: RefCell::default() })
    }

    /// The service has a request, with a body of this many bytes or a chunked one. Returns whether a line of its head
    /// ended in LF alone.
    pub(crate) fn begin(&self, body: Option<u64>) -> bool {
        self.phase.set(Phase::Busy);
        self.framing.borrow_mut().begin(body)
    }

    /// The response is complete.
    pub(crate) fn end(&self) {
        let has_next = self.framing.borrow().has_next();
        self.phase.set(if has_next { Phase::Head(None) } else { Phase::Idle(None) });
    }

    fn bytes_came(&self, bytes: &[u8]) {
        self.framing.borrow_mut().pass(bytes);
        if let Phase::Idle(_) = self.phase.get() {
            self.phase.set(Phase::Head(None));
        }
    }

    /// A response is still under way, though the service has handed it over.
    fn bytes_went(&self) {
        if let Phase::Idle(_) = self.phase.get() {
            self.end();
        }
    }

    fn deadline(&self, limits: &HttpTimeouts) -> Option<Instant> {
        let now = |since: Since| Some(since.unwrap_or_else(Instant::now));
        let mut phase = self.phase.get();
        let deadline = match &mut phase {
            Phase::Idle(since) => {
                *since = now(*since);
                since.map(|since| since + limits.idle)
            }
            Phase::Head(since) => {
                *since = now(*since);
                since.map(|since| since + limits.head)
            }
            Phase::Busy => None,
        };
        self.phase.set(phase);
        deadline
    }
}

pub(crate) struct TimedIo {
    stream: Rc<Stream>,
    clock: Rc<HttpClock>,
    limits: HttpTimeouts,
    /// The charge for a head that is not complete.
    charge: Charge,
    read_sleep: Pin<Box<Sleep>>,
    write: TimedWrite,
}

/// How long a socket may take no more.
pub(super) struct TimedWrite {
    limit: Duration,
    /// Set while it takes no more.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl TimedWrite {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, sleep: None }
    }

    pub(super) fn poll(
        &mut self,
        stream: &Stream,
        cx: &mut Context<'_>,
        write: impl Fn(&Stream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let written = stream.poll_write(cx, write);
        if written.is_ready() {
            self.sleep = None;
            return written;
        }
        let limit = self.limit;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        sleep.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    pub(super) fn poll_flush(&mut self, stream: &Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if stream.try_flush().is_ok() {
            return Poll::Ready(Ok(()));
        }
        self.poll(stream, cx, |stream| stream.try_flush().map(|()| 0)).map_ok(|_| ())
    }
}

impl TimedIo {
    pub(crate) fn new(stream: Rc<Stream>, clock: Rc<HttpClock>, limits: HttpTimeouts, hub: &Hub) -> Self {
        let read_sleep = Box::pin(tokio::time::sleep(Duration::ZERO));
        let write = TimedWrite::new(limits.write);
        Self { stream, clock, limits, charge: Charge::none(hub.held()), read_sleep, write }
    }

    pub(crate) fn into_stream(self) -> Rc<Stream> {
        self.stream
    }

    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(deadline) = self.clock.deadline(&self.limits) else {
            return Poll::Pending;
        };
        if self.read_sleep.deadline() != deadline.into() {
            self.read_sleep.as_mut().reset(deadline.into());
        }
        self.read_sleep.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_written(
        &mut self,
        cx: &mut Context<'_>,
        write: impl Fn(&Stream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let written = self.write.poll(&self.stream, cx, write);
        if let Poll::Ready(Ok(_)) = written {
            self.clock.bytes_went();
        }
        written
    }
}

impl AsyncRead for TimedIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match this.stream.poll_read(cx, buf) {
            Poll::Ready(result) => {
                if buf.filled().len() > before {
                    this.clock.bytes_came(&buf.filled()[before..]);
                    if let Err(full) = this.charge.set(this.clock.framing.borrow().unfinished()) {
                        // hyper has no request yet that it could answer.
                        let _ = this.stream.try_write(&last_words(full));
                        return Poll::Ready(Err(io::Error::other(full)));
                    }
                }
                Poll::Ready(result)
            }
            Poll::Pending => this.poll_overdue(cx),
        }
    }
}

impl AsyncWrite for TimedIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_written(cx, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // The answer to a poll is small: copying it into one piece and `send` costs less than `writev`.
        let is_small = slices.iter().map(|slice| slice.len()).sum::<usize>() <= ONE_PIECE;
        self.get_mut().poll_written(cx, |stream| {
            if !is_small {
                return stream.try_write_vectored(slices);
            }
            let mut piece = SmallVec::<[u8; ONE_PIECE]>::new();
            slices.iter().for_each(|slice| piece.extend_from_slice(slice));
            stream.try_write(&piece)
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.write.poll_flush(&this.stream, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.shut(Shutdown::Write);
        Poll::Ready(Ok(()))
    }
}
