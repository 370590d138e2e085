//! The connections to other servers over which requests are passed on. One that is free is used again.

use crate::{
    bounds::{Full as Bound, Place},
    engine::Engine,
    peers::ServerName,
    shard::Shard,
    stream::Stream,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::{Future, poll_fn},
    io,
    net::Shutdown,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{Notify, oneshot},
    time::timeout,
};

/// How long another server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// Free connections that a shard keeps to one server; more are closed.
const MOST_FREE: usize = 64;
/// How long one may be free: less than the other server allows.
const FREE: Duration = Duration::from_secs(20);

/// A connection to another server.
pub(crate) struct Line {
    to: ServerName,
    sender: SendRequest<Full<Bytes>>,
    pub(crate) stream: Rc<Stream>,
    sent: Rc<Sent>,
    /// What came behind the last response, when that has ended HTTP.
    rest: oneshot::Receiver<Bytes>,
    place: Place,
    /// It has carried a request: the other server may be about to close it.
    is_used: bool,
}

/// The connections of a shard that are free, since when, in the order of that. They leave with the next request, or in
/// [`close_old`].
#[derive(Default)]
pub(crate) struct FreeLines(RefCell<HashMap<ServerName, Vec<(Instant, Line)>>>);

/// Why there is no connection.
pub(crate) enum NoLine {
    /// There are too many of all kinds.
    Full(Bound),
    /// Nobody answers.
    Gone,
}

impl Line {
    /// One that is free.
    pub(crate) async fn free<E: Engine>(shard: &Rc<Shard<E>>, server: ServerName) -> Option<Self> {
        loop {
            let mut line = shard.lines.take(server)?;
            if line.sender.ready().await.is_ok() {
                return Some(line);
            }
        }
    }

    /// A new one.
    pub(crate) async fn new<E: Engine>(
        shard: &Rc<Shard<E>>,
        server: ServerName,
        address: &str,
    ) -> Result<Self, NoLine> {
        let place = Place::take(shard.hub.held(), true, None).map_err(NoLine::Full)?;
        let connected = timeout(CONNECT, TcpStream::connect(address)).await;
        let gone = |why: String| {
            tracing::debug!(node = %server, address, error = why, "another server does not answer");
            NoLine::Gone
        };
        let stream = match connected {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(gone(error.to_string())),
            Err(_) => return Err(gone("it takes too long".to_owned())),
        };
        stream.set_nodelay(true).map_err(|error| gone(error.to_string()))?;
        let stream = Rc::new(Stream::Tcp(stream));
        let sent = Rc::<Sent>::default();
        let io = TokioIo::new(LineIo { stream: Rc::clone(&stream), sent: Rc::clone(&sent) });
        let (sender, mut connection) = http1::handshake(io).await.map_err(|error| gone(error.to_string()))?;
        let (tell, rest) = oneshot::channel();
        tokio::task::spawn_local(async move {
            if poll_fn(|cx| connection.poll_without_shutdown(cx)).await.is_ok() {
                let _ = tell.send(connection.into_parts().read_buf);
            }
        });
        Ok(Self { to: server, sender, stream, sent, rest, place, is_used: false })
    }

    /// Sends a request. Where the other server has closed the connection before it got it, it comes back.
    pub(crate) fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> impl Future<Output = Result<Response<Incoming>, Option<Request<Full<Bytes>>>>> + use<> {
        let may_be_closed = std::mem::replace(&mut self.is_used, true);
        self.sent.is_so.set(false);
        let answer = self.sender.try_send_request(request);
        async move {
            match answer.await {
                Ok(answer) => Ok(answer),
                Err(mut failed) => Err(failed.take_message().filter(|_| may_be_closed)),
            }
        }
    }

    /// Ends this side once the request has been sent, so that the other server answers with what there is.
    pub(crate) async fn end_this_side(&self) {
        while !self.sent.is_so.get() {
            self.sent.changed.notified().await;
        }
        self.stream.shut(Shutdown::Write);
    }

    /// Keeps it for another request. Its response has come whole.
    pub(crate) fn keep<E: Engine>(self, shard: &Rc<Shard<E>>) {
        if !self.sender.is_closed() {
            shard.lines.put(shard, self);
        }
    }

    /// After a 101: the stream, what has come over it already, and its place in the bounds.
    pub(crate) async fn into_stream(self) -> Option<(Rc<Stream>, Bytes, Place)> {
        drop(self.sender);
        Some((self.stream, self.rest.await.ok()?, self.place))
    }
}

/// Whether a request without a body has been written: its head goes out in one piece.
#[derive(Default)]
struct Sent {
    is_so: Cell<bool>,
    changed: Notify,
}

/// The stream as hyper takes it.
struct LineIo {
    stream: Rc<Stream>,
    sent: Rc<Sent>,
}

impl AsyncRead for LineIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_read(cx, buf)
    }
}

impl AsyncWrite for LineIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream.poll_write(cx, |stream| stream.try_write(bytes));
        if written.is_ready() {
            self.sent.is_so.set(true);
            self.sent.changed.notify_one();
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.shut(Shutdown::Write);
        Poll::Ready(Ok(()))
    }
}

impl FreeLines {
    fn take(&self, server: ServerName) -> Option<Line> {
        let mut all = self.0.borrow_mut();
        let free = all.get_mut(&server)?;
        let (_, line) = free.pop()?;
        Some(line)
    }

    fn put<E: Engine>(&self, shard: &Rc<Shard<E>>, line: Line) {
        let mut all = self.0.borrow_mut();
        if all.is_empty() {
            tokio::task::spawn_local(close_old(Rc::clone(shard)));
        }
        let free = all.entry(line.to).or_default();
        if free.len() < MOST_FREE {
            free.push((Instant::now(), line));
        }
    }
}

/// Closes connections that nobody needs, until there is none.
async fn close_old<E: Engine>(shard: Rc<Shard<E>>) {
    loop {
        tokio::time::sleep(FREE / 2).await;
        let mut all = shard.lines.0.borrow_mut();
        for free in all.values_mut() {
            free.retain(|(since, line)| since.elapsed() < FREE && !line.sender.is_closed());
        }
        all.retain(|_, free| !free.is_empty());
        if all.is_empty() {
            return;
        }
    }
}
