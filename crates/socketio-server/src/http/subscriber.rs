//! A subscriber: a socket whose HTTP response never ends by itself, as in Server-Sent Events. It hears its rooms and
//! says nothing. The response is chunked, since programs read an unchunked one in large blocks and hear late; for
//! HTTP/1.0 it ends with the connection (RFC 9112, section 6.3).

use crate::engineio::websocket::read_on;
use crate::{
    bounds::Place,
    connection::{CloseReason, Output, Transport, queue::Queue},
    engine::Engine,
    frame::Frame,
    http::{
        app::{EndFn, Subscriber},
        http2::Outlet,
    },
    shard::{ConnectionOf, Shard},
    stream::{Sink as _, Stream},
};
use http::{Version, response};
use std::{net::Shutdown, rc::Rc};
use tokio::sync::Notify;

/// A subscriber's side of a connection.
pub(crate) struct Subscribed {
    pub(crate) carrier: Carrier,
    pub(crate) keep_alive: Rc<Frame>,
    /// What ends the response.
    pub(crate) last: Rc<Frame>,
    /// Told at the close.
    pub(crate) closed: Rc<Notify>,
    /// The application's callback.
    pub(crate) at_end: Option<EndFn>,
}

/// What carries the response.
#[derive(Clone)]
pub(crate) enum Carrier {
    Socket(Rc<Stream>),
    Http2(Rc<Outlet>),
}

impl Carrier {
    pub(crate) fn socket(&self) -> Option<Rc<Stream>> {
        match self {
            Self::Socket(stream) => Some(Rc::clone(stream)),
            Self::Http2(_) => None,
        }
    }

    pub(crate) fn outlet(&self) -> Option<Rc<Outlet>> {
        match self {
            Self::Socket(_) => None,
            Self::Http2(outlet) => Some(Rc::clone(outlet)),
        }
    }

    pub(crate) fn cut_off(&self) {
        match self {
            Self::Socket(stream) => stream.shut(Shutdown::Both),
            Self::Http2(outlet) => outlet.shut(Shutdown::Both),
        }
    }
}

/// Makes a subscriber of a socket whose request has been answered with `head`, in the request's version.
pub(crate) fn take_over<E: Engine>(
    shard: &Rc<Shard<E>>,
    stream: Rc<Stream>,
    head: &response::Parts,
    subscriber: Subscriber,
    (place, session_place): (Place, Option<Place>),
) {
    let carrier = Carrier::Socket(Rc::clone(&stream));
    let (connection, closed) = open(shard, carrier, Some(head), subscriber, session_place);
    let shard = Rc::clone(shard);
    tokio::task::spawn_local(async move {
        let _counted = (shard.count_socket(), place);
        read_on(&shard, &stream).await;
        outlive_half_close(&shard, &connection, &stream, &closed).await;
        lose(&shard, &connection);
    });
}

/// Opens a subscriber's connection. Its response begins with `head`, unless that has been sent. Returns what is told at
/// its close.
pub(super) fn open<E: Engine>(
    shard: &Rc<Shard<E>>,
    carrier: Carrier,
    head: Option<&response::Parts>,
    subscriber: Subscriber,
    place: Option<Place>,
) -> (ConnectionOf<E>, Rc<Notify>) {
    let keep_alive = Rc::new(Frame::chunk(subscriber.keep_alive));
    let closed = Rc::new(Notify::new());
    let is_chunked = head.is_some_and(|head| head.version >= Version::HTTP_11);
    let connection = shard.insert(Transport::Subscriber(Box::new(Subscribed {
        carrier,
        keep_alive: Rc::clone(&keep_alive),
        last: Rc::new(Frame::raw(if is_chunked { b"0\r\n\r\n" } else { b"" })),
        closed: Rc::clone(&closed),
        at_end: None,
    })));
    connection.place.set(place);
    if !is_chunked {
        connection.queue.replace(Queue::without_chunks());
    }
    connection.confirmed.set(true);
    shard.arm(&connection);
    if let Some(head) = head {
        shard.push(&connection, &Rc::new(Frame::raw(&head_bytes(head, is_chunked))));
    }
    // At once, so that a client that waits for a first byte knows that it is listening.
    shard.push(&connection, &keep_alive);
    let at_end = (subscriber.open)(&shard.hub, connection.id);
    if let Transport::Subscriber(subscribed) = &mut *connection.transport.borrow_mut() {
        subscribed.at_end = Some(at_end);
    }
    if shard.shutting_down.get() {
        shard.close(&connection, CloseReason::Shutdown);
    }
    (connection, closed)
}

/// Closes the connection of a subscriber that has gone.
pub(super) fn lose<E: Engine>(shard: &Rc<Shard<E>>, connection: &ConnectionOf<E>) {
    shard.close(connection, CloseReason::ConnectionLost);
}

/// A client may end its side after the request and go on listening (RFC 9112, section 9.6). Whether it does, or has
/// gone, shows when something is sent: if nobody is there, a reset comes back.
async fn outlive_half_close<E: Engine>(
    shard: &Rc<Shard<E>>,
    connection: &ConnectionOf<E>,
    stream: &Stream,
    closed: &Notify,
) {
    if connection.closed.get() {
        return;
    }
    let keep_alive = match &*connection.transport.borrow() {
        Transport::Subscriber(subscribed) => Rc::clone(&subscribed.keep_alive),
        Transport::WebSocket(_) | Transport::Polling(_) => return,
    };
    shard.push(connection, &keep_alive);
    shard.flush(connection);
    if connection.output.get() == Output::Broken || connection.closed.get() {
        return;
    }
    tokio::select! {
        () = stream.failed() => {}
        () = closed.notified() => {}
    }
}

fn head_bytes(head: &response::Parts, is_chunked: bool) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {} {}\r\n", head.status.as_u16(), head.status.canonical_reason().unwrap_or(""))
            .into_bytes();
    for (name, value) in &head.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    if is_chunked {
        bytes.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    bytes.extend_from_slice(b"connection: close\r\n\r\n");
    bytes
}
