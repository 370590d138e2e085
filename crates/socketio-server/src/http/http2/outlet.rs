//! A subscriber's HTTP/2 stream, written to like a socket: it takes what the client's windows and its own small buffer
//! have room for, and the rest waits in the connection's queue.

use crate::stream::Sink;
use bytes::Bytes;
use h2::{Reason, SendStream};
use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    net::Shutdown,
    task::{Context, Poll},
};
use tokio::sync::Notify;

/// What a subscriber's events go into.
pub(crate) struct Outlet {
    stream: RefCell<SendStream<Bytes>>,
    /// Told when there is room again: only while [`Outlet::ends`] is awaited, since a stream wakes one task.
    room: Notify,
}

impl Outlet {
    pub(super) fn new(stream: SendStream<Bytes>) -> Self {
        Self { stream: RefCell::new(stream), room: Notify::new() }
    }

    /// Returns when the client has ended the stream, or the connection has ended.
    pub(super) async fn ends(&self) {
        poll_fn(|cx| self.poll_end(cx)).await;
    }

    fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut stream = self.stream.borrow_mut();
        while let Poll::Ready(Some(Ok(_))) = stream.poll_capacity(cx) {
            self.room.notify_one();
        }
        stream.poll_reset(cx).map(|_| ())
    }
}

impl Sink for Outlet {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let mut stream = self.stream.borrow_mut();
        stream.reserve_capacity(bytes.len());
        let count = stream.capacity().min(bytes.len());
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        stream.send_data(Bytes::copy_from_slice(&bytes[..count]), false).map_err(io::Error::other)?;
        Ok(count)
    }

    fn try_flush(&self) -> io::Result<()> {
        Ok(())
    }

    async fn writable(&self) -> io::Result<()> {
        self.room.notified().await;
        Ok(())
    }

    fn shut(&self, how: Shutdown) {
        let mut stream = self.stream.borrow_mut();
        match how {
            // It may have ended already.
            Shutdown::Write => drop(stream.send_data(Bytes::new(), true)),
            Shutdown::Read | Shutdown::Both => stream.send_reset(Reason::CANCEL),
        }
    }
}
