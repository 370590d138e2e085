//! What answers the requests that are not for Engine.IO: a tower service that the product supplies.

use crate::{
    connection::{CloseReason, ConnectionId},
    hub::Hub,
};
use bytes::Bytes;
use http::{Request, Response, response};
use http_body_util::{Full, combinators::UnsyncBoxBody};
use std::convert::Infallible;
use tower::util::BoxCloneService;

/// A request for the application. The body is complete, and no larger than [`crate::Config::max_payload`]; the
/// extensions hold the [`crate::PeerAddr`].
pub type AppRequest = Request<Full<Bytes>>;

/// The application's answer.
pub enum AppAnswer {
    /// A response that ends.
    Whole(Response<AppBody>),
    /// The head of an open-ended response: after it the socket gets, byte for byte, what is sent to the subscriber
    /// ([`crate::Publication::bytes`]), until one side ends it. A request other than GET gets the head alone.
    Stream(response::Parts, Subscriber),
}

/// The body of an answer; it may be a stream.
pub type AppBody = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The application.
pub type App = BoxCloneService<AppRequest, AppAnswer, Infallible>;

/// Whoever hears rooms over plain HTTP: a connection like others, which may join rooms and is closed as a slow
/// consumer.
pub struct Subscriber {
    /// Sent first, and then once every ping interval.
    pub keep_alive: &'static [u8],
    /// Called once with the new connection's name, on the thread that owns it; what it returns is called when the
    /// connection has ended.
    pub open: OpenFn,
}

/// Opens a subscriber's connection.
pub type OpenFn = Box<dyn FnOnce(&Hub, ConnectionId) -> EndFn + Send>;

/// Called once, when a subscriber's connection has ended.
pub type EndFn = Box<dyn FnOnce(&CloseReason)>;
