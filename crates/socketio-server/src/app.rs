//! What answers the requests that are not for Engine.IO: a tower service that the product supplies.

use crate::{
    connection::{CloseReason, ConnectionId},
    hub::Hub,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Full, combinators::UnsyncBoxBody};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};
use tower::util::BoxCloneService;

/// A request for the application. The body is complete, and no larger than [`crate::Config::max_payload`]; the
/// extensions hold the [`crate::PeerAddr`].
pub type AppRequest = Request<Full<Bytes>>;

/// The application's answer.
pub type AppResponse = Response<AppBody>;

/// The body of an answer; it may be a stream.
pub type AppBody = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The application.
pub type App = BoxCloneService<AppRequest, AppResponse, Infallible>;

/// Put into a response's extensions, makes the socket a listener: after the response's head it gets, byte for byte,
/// what is sent to it ([`crate::Publication::bytes`]), until one side ends it. The response's own body is dropped.
///
/// A listener is a connection like others: it may join rooms, and is closed as a slow consumer.
#[derive(Clone)]
pub struct Listen {
    open: Arc<Mutex<Option<OpenFn>>>,
    pub(crate) keep_alive: &'static [u8],
}

type OpenFn = Box<dyn FnOnce(&Hub, ConnectionId) -> EndFn + Send>;

/// Called once, when a listener's connection has ended.
pub type EndFn = Box<dyn FnOnce(&CloseReason)>;

impl Listen {
    /// `open` is called once with the new connection's name, on the thread that owns it; what it returns is called
    /// when the connection ends. `keep_alive` is sent once a ping interval.
    pub fn new(
        keep_alive: &'static [u8],
        open: impl FnOnce(&Hub, ConnectionId) -> EndFn + Send + 'static,
    ) -> Self {
        Self { open: Arc::new(Mutex::new(Some(Box::new(open)))), keep_alive }
    }

    pub(crate) fn open(&self, hub: &Hub, connection: ConnectionId) -> Option<EndFn> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        open.map(|open| open(hub, connection))
    }
}
