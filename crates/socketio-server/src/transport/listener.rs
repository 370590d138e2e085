//! A listener: a socket whose HTTP response goes on and on, as in Server-Sent Events. It hears its rooms and says
//! nothing. The response ends with the connection, so it needs no length and no chunks (RFC 9112, section 6.3).

use super::websocket::read_on;
use crate::{
    app::{EndFn, Listen},
    connection::{CloseReason, Transport},
    engine::Engine,
    frame::Frame,
    shard::Shard,
    stream::Stream,
};
use http::response;
use std::rc::Rc;

/// What a listener's connection is on.
pub(crate) struct Listener {
    pub(crate) stream: Rc<Stream>,
    pub(crate) keep_alive: Rc<Frame>,
    /// The application's.
    pub(crate) at_end: Option<EndFn>,
}

/// Makes a listener of a socket whose request has been answered with `head`.
pub(crate) fn open<E: Engine>(shard: &Rc<Shard<E>>, stream: Stream, head: &response::Parts, listen: &Listen) {
    let stream = Rc::new(stream);
    let keep_alive = Rc::new(Frame::raw(listen.keep_alive));
    let transport = Transport::Listener(Listener { stream: Rc::clone(&stream), keep_alive, at_end: None });
    let connection = shard.insert(transport);
    connection.confirmed.set(true);
    shard.arm(&connection);
    shard.push(&connection, &Rc::new(Frame::raw(&head_bytes(head))));
    let at_end = listen.open(&shard.hub, connection.id);
    if let Transport::Listener(listener) = &mut *connection.transport.borrow_mut() {
        listener.at_end = at_end;
    }
    if shard.shutting_down.get() {
        shard.close(&connection, CloseReason::Shutdown);
    }
    let shard = Rc::clone(shard);
    tokio::task::spawn_local(async move {
        let _socket = shard.count_socket();
        read_on(&shard, &stream).await;
        shard.close(&connection, CloseReason::ConnectionLost);
    });
}

fn head_bytes(head: &response::Parts) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {} {}\r\n", head.status.as_u16(), head.status.canonical_reason().unwrap_or(""))
            .into_bytes();
    for (name, value) in &head.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"connection: close\r\n\r\n");
    bytes
}
