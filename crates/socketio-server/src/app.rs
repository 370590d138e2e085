//! What answers the requests that are not for Engine.IO: a tower service that the product supplies.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Full, combinators::UnsyncBoxBody};
use std::convert::Infallible;
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
