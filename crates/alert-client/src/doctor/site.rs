//! The server being examined. Each request gets a new connection, as a load balancer or a proxy may treat each
//! differently.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};

use super::door::Door;
use crate::{ServerAddress, TlsError};

/// Time for one request that is answered immediately.
pub(super) const PROMPT: Duration = Duration::from_secs(10);
/// No more than this of an answer is read.
const BODY_BYTES: usize = 256 * 1024;
pub(super) const USER_AGENT: &str = concat!("alert-doctor/", env!("CARGO_PKG_VERSION"));

pub(super) struct Site {
    address: ServerAddress,
    door: Door,
    tls: Option<Arc<ClientConfig>>,
}

/// A connection, encrypted or not.
pub(super) type Stream = Box<dyn ReadWrite>;

pub(super) trait ReadWrite: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> ReadWrite for T {}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// From connecting to the last byte.
    pub(super) took: Duration,
    /// When it came, by our clock.
    pub(super) at: SystemTime,
}

/// Why a request has no answer.
#[derive(Debug, Error)]
pub(super) enum HttpError {
    #[error("cannot connect ({0})")]
    Connect(#[from] io::Error),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("no answer within {} s", .0.as_secs())]
    Late(Duration),
    #[error("the answer is not HTTP")]
    NotHttp,
    #[error("the connection ended without an answer")]
    Closed,
    #[error("the answer breaks off ({0})")]
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

impl Site {
    pub(super) fn new(address: ServerAddress, door: Door, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { address, door, tls }
    }

    pub(super) fn address(&self) -> &ServerAddress {
        &self.address
    }

    pub(super) async fn connect(&self) -> Result<Stream, HttpError> {
        let open = async {
            Ok(match &self.tls {
                None => Box::new(self.door.open().await?) as Stream,
                Some(config) => Box::new(self.door.encrypt(Arc::clone(config), &self.address).await?),
            })
        };
        timeout(PROMPT, open).await.unwrap_or(Err(HttpError::Late(PROMPT)))
    }

    /// A request that still needs a body.
    pub(super) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.authority())
            .header(header::USER_AGENT, USER_AGENT)
    }

    pub(super) async fn get(&self, path: &str) -> Result<Reply, HttpError> {
        self.send(self.request(Method::GET, path), "", PROMPT).await
    }

    /// Sends a request and reads the answer to its end, within `limit`.
    #[expect(clippy::expect_used, reason = "paths and headers are our own, or were parsed before")]
    pub(super) async fn send(
        &self,
        request: http::request::Builder,
        body: impl Into<Bytes>,
        limit: Duration,
    ) -> Result<Reply, HttpError> {
        let request = request.body(Full::new(body.into())).expect("a request");
        let started = Instant::now();
        let exchange = async {
            let response = self.begin(request).await?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, BODY_BYTES).collect().await.map_err(HttpError::Broken)?;
            let took = started.elapsed();
            Ok(Reply {
                status: head.status,
                headers: head.headers,
                body: body.to_bytes(),
                took,
                at: SystemTime::now(),
            })
        };
        timeout(limit, exchange).await.unwrap_or(Err(HttpError::Late(limit)))
    }

    /// Sends a request and returns the response before its body has come. Dropping it ends the connection.
    pub(super) async fn begin(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, HttpError> {
        let stream = TokioIo::new(self.connect().await?);
        let (mut sender, connection) = http1::handshake(stream).await.map_err(HttpError::of)?;
        // It ends with the response or with the runtime.
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(HttpError::of)
    }
}

impl HttpError {
    fn of(error: hyper::Error) -> Self {
        let system = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        if error.is_parse() {
            Self::NotHttp
        } else if error.is_incomplete_message()
            || error.is_closed()
            || error.is_canceled()
            || system.is_some()
        {
            Self::Closed
        } else {
            Self::Broken(error.into())
        }
    }
}

impl Reply {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `nginx/1.22.1 answers 502 Bad Gateway`
    pub(super) fn summary(&self) -> String {
        summary(self.status, &self.headers)
    }
}

/// Who answered with which status, as far as the headers tell.
pub(super) fn summary(status: StatusCode, headers: &HeaderMap) -> String {
    let server = headers.get(header::SERVER).and_then(|server| server.to_str().ok());
    let server = server.map_or("the server", |server| server.get(..40).unwrap_or(server));
    format!("{server} answers {status}")
}
