//! The socket of an HTTP/2 connection: how long an unfinished frame and a client that takes nothing may last, what
//! unfinished heads count as, and frames that say nothing, which are read more slowly and end the connection.

use super::frames::Frames;
use crate::{
    bounds::Charge,
    connection::intake::Intake,
    engine::Engine,
    http::timed_io::TimedWrite,
    shard::Shard,
    stream::{PeerAddr, Stream},
};
use std::{
    future::Future,
    io::{self, IoSlice},
    net::Shutdown,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Instant,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// Bytes of a response for which one frame may come that makes room for more.
const ROOM: usize = 1 << 10;
/// Such frames that may be in hand.
const MOST_ROOM: usize = 1000;

pub(super) struct WatchedIo<E: Engine> {
    stream: Rc<Stream>,
    shard: Rc<Shard<E>>,
    frames: Frames,
    /// When the frame or head that is coming in was first waited for.
    unfinished_since: Option<Instant>,
    /// For that, or for the end of being held back.
    sleep: Pin<Box<Sleep>>,
    intake: Intake,
    /// A proxy speaks for many.
    is_proxy: bool,
    is_held: bool,
    /// The turn was over when it was last to be read from.
    has_let_others_run: bool,
    /// Bytes written since a frame that makes room came.
    written: usize,
    charge: Charge,
    write: TimedWrite,
}

impl<E: Engine> WatchedIo<E> {
    pub(super) fn new(stream: Rc<Stream>, shard: &Rc<Shard<E>>, peer: PeerAddr) -> Self {
        Self {
            stream,
            frames: Frames::default(),
            unfinished_since: None,
            sleep: Box::pin(tokio::time::sleep(std::time::Duration::ZERO)),
            intake: Intake::default(),
            is_proxy: shard.config.proxies.is_proxy(&peer),
            is_held: false,
            has_let_others_run: false,
            written: 0,
            charge: Charge::none(shard.hub.held()),
            write: TimedWrite::new(shard.config.http.write),
            shard: Rc::clone(shard),
        }
    }

    /// Waits while too many frames have come that say nothing.
    fn poll_held(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<io::Result<()>> {
        if !self.is_held {
            let Some(wait) = self.intake.wait(now, &self.shard.config) else { return Poll::Ready(Ok(())) };
            if let Err(reason) = self.intake.hold(now) {
                return Poll::Ready(Err(io::Error::other(reason.to_string())));
            }
            self.sleep.as_mut().reset((now + wait).into());
            self.is_held = true;
        }
        ready!(self.sleep.as_mut().poll(cx));
        self.is_held = false;
        Poll::Ready(Ok(()))
    }

    fn note(&mut self, bytes: &[u8], now: Instant) -> io::Result<()> {
        let came = self.frames.pass(bytes);
        self.written = self.written.min(MOST_ROOM * ROOM);
        let free = came.room.min(self.written / ROOM);
        self.written -= free * ROOM;
        let idle = came.idle + came.room - free;
        if idle > 0 && !self.is_proxy {
            self.intake.take_idle_frames(now, idle);
        }
        if came.completed || !self.frames.is_unfinished() {
            self.unfinished_since = None;
        }
        self.charge.set(self.frames.unfinished()).map_err(io::Error::other)
    }

    /// Waits until what is unfinished is overdue.
    fn poll_overdue(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<io::Result<()>> {
        if !self.frames.is_unfinished() {
            return Poll::Pending;
        }
        let limits = &self.shard.config.http;
        let limit = if self.frames.is_in_body() { limits.body } else { limits.head };
        let deadline = (*self.unfinished_since.get_or_insert(now) + limit).into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn note_written(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = written {
            self.written = self.written.saturating_add(count);
        }
        written
    }
}

impl<E: Engine> AsyncRead for WatchedIo<E> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let now = Instant::now();
        // The library reads until there is nothing more.
        if this.shard.turn_is_over(now) && !std::mem::replace(&mut this.has_let_others_run, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        this.has_let_others_run = false;
        ready!(this.poll_held(cx, now))?;
        let before = buf.filled().len();
        match this.stream.poll_read(cx, buf) {
            Poll::Ready(result) => {
                this.note(&buf.filled()[before..], now)?;
                Poll::Ready(result)
            }
            Poll::Pending => this.poll_overdue(cx, now),
        }
    }
}

impl<E: Engine> AsyncWrite for WatchedIo<E> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = this.write.poll(&this.stream, cx, |stream| stream.try_write(bytes));
        this.note_written(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = this.write.poll(&this.stream, cx, |stream| stream.try_write_vectored(slices));
        this.note_written(written)
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
