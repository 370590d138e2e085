//! HTTP/2 on a TLS socket (RFC 9113): pages, the API, long-polling and subscribers, each request on a stream of its own.
//! WebSockets stay on HTTP/1.1: RFC 8441 is not offered. A stream cannot be taken over, so a subscriber's is written to
//! like a socket (`outlet`).

mod body;
mod exchange;
mod frames;
mod outlet;
mod watched_io;

pub(crate) use body::Http2Body;
pub(crate) use outlet::Outlet;

use super::connection::MAX_HEAD;
use crate::{bounds::Full, bounds::Place, engine::Engine, shard::Shard, stream::PeerAddr, stream::Stream};
use bytes::Bytes;
use exchange::Exchange;
use h2::server::{Builder, Connection};
use std::{
    cell::Cell,
    future::{Future, poll_fn},
    net::Shutdown,
    rc::Rc,
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};
use watched_io::WatchedIo;

/// Streams of a connection that are open at a time: what RFC 9113 (section 6.5.2) asks for at least.
const MOST_STREAMS: u32 = 100;
/// Bytes of bodies that a client may send ahead of whoever reads them: on a stream, and on all of them.
const WINDOW: u32 = 64 << 10;
/// Bytes of a response that wait in its stream.
const SEND_BUFFER: usize = 64 << 10;
/// How long a client may take to end a connection that has no streams any more.
const PARTING: Duration = Duration::from_secs(1);

/// Serves a socket whose client has chosen HTTP/2.
pub(super) async fn serve<E: Engine>(
    shard: Rc<Shard<E>>,
    stream: Rc<Stream>,
    peer: PeerAddr,
    // Held to the end.
    _place: Place,
) {
    let limits = shard.config.http;
    let open = Rc::new(Streams::default());
    let until = Instant::now() + limits.last_request;
    let wind_up = async {
        shard.winding_up.notified().await;
        // Whoever has just been let in is answered.
        let _ = tokio::time::timeout_at(until, open.begun.notified()).await;
    };
    tokio::pin!(wind_up);
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(MAX_HEAD as u32)
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buffer_size(SEND_BUFFER);
    let io = WatchedIo::new(Rc::clone(&stream), &shard, peer);
    let handshake = tokio::time::timeout(limits.head, builder.handshake::<_, Bytes>(io));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = &mut wind_up => return,
    };
    match shaken {
        Ok(Ok(connection)) => {
            let ended = accept(&shard, connection, peer, &open, wind_up.as_mut()).await;
            if let Err(error) = ended {
                tracing::debug!(%peer, %error, "HTTP/2 connection ended");
            }
        }
        Ok(Err(error)) => tracing::debug!(%peer, %error, "HTTP/2 did not begin"),
        Err(_) => tracing::debug!(%peer, "HTTP/2 took too long to begin"),
    }
    stream.shut(Shutdown::Write);
}

/// What a client is told whose connection is not served: the server's settings, which have to come first, and GOAWAY
/// with ENHANCE_YOUR_CALM and the reason (RFC 9113, sections 3.4 and 6.8).
pub(super) fn last_words(full: Full) -> Vec<u8> {
    let reason = full.to_string();
    // The texts are short.
    let length = u8::try_from(8 + reason.len()).unwrap_or(8);
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let goaway = [0, 0, length, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b];
    [&settings[..], &goaway, &reason.as_bytes()[..usize::from(length) - 8]].concat()
}

/// Takes requests until the connection ends, is quiet for too long, or has to end for a shutdown.
async fn accept<E: Engine>(
    shard: &Rc<Shard<E>>,
    mut connection: Connection<WatchedIo<E>, Bytes>,
    peer: PeerAddr,
    open: &Rc<Streams>,
    mut wind_up: std::pin::Pin<&mut impl Future<Output = ()>>,
) -> Result<(), h2::Error> {
    let mut is_ending = false;
    loop {
        let quiet = if is_ending { PARTING } else { shard.config.http.idle };
        tokio::select! {
            biased;
            accepted = poll_fn(|cx| {
                shard.begin_turn();
                connection.poll_accept(cx)
            }) => match accepted {
                Some(Ok((request, respond))) => {
                    let exchange = Exchange { shard: Rc::clone(shard), peer, open: open.begin(), respond };
                    tokio::task::spawn_local(exchange.run(request));
                }
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
            () = &mut wind_up, if !is_ending => {
                connection.graceful_shutdown();
                is_ending = true;
            }
            () = open.are_quiet_for(quiet) => {
                if is_ending {
                    return Ok(());
                }
                connection.graceful_shutdown();
                is_ending = true;
            }
        }
    }
}

/// The streams of a connection that are open.
struct Streams {
    count: Cell<usize>,
    /// When there was last one.
    last: Cell<Instant>,
    changed: Notify,
    /// Told of each that begins.
    begun: Notify,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            count: Cell::new(0),
            last: Cell::new(Instant::now()),
            changed: Notify::new(),
            begun: Notify::new(),
        }
    }
}

impl Streams {
    fn begin(self: &Rc<Self>) -> OpenStream {
        self.count.update(|count| count + 1);
        self.changed.notify_one();
        self.begun.notify_one();
        OpenStream(Rc::clone(self))
    }

    /// Returns when there has been none for so long.
    async fn are_quiet_for(&self, time: Duration) {
        loop {
            let quiet = async {
                match self.count.get() {
                    0 => tokio::time::sleep_until(self.last.get() + time).await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                () = quiet => return,
                () = self.changed.notified() => {}
            }
        }
    }
}

/// An open stream.
struct OpenStream(Rc<Streams>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.count.update(|count| count - 1);
        self.0.last.set(Instant::now());
        self.0.changed.notify_one();
    }
}
