//! HTTP to addresses that users give, such as webhooks: the one way out for them. Only to addresses that the whole internet
//! reaches, or that `outbound_networks` names; that is looked at for the very address that is connected to. No redirect is
//! followed, no proxy asked, and time and size are bounded.

mod answer;
mod connect;
mod reach;
mod target;

use crate::tls;
pub use answer::Answer;
use bytes::Bytes;
use connect::Connect;
pub use connect::ConnectError;
use http::{HeaderMap, Method, Request};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ipnet::IpNet;
pub use reach::{Kind, Reach};
use rustls::RootCertStore;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;
pub use target::{Target, TargetError};
use tokio::sync::{OnceCell, Semaphore};

/// How long an exchange may take, from the name to the head of the answer.
pub const TIME: Duration = Duration::from_secs(20);
/// The longest head of an answer.
const MOST_HEAD_BYTES: usize = 64 << 10;
/// Exchanges at a time; others wait.
const MOST_AT_A_TIME: usize = 64;
/// How long a connection is kept for the next request.
const KEPT: Duration = Duration::from_secs(30);

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// It is not reached, or not to be.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It is not who it says.
    #[error("its certificate or its TLS cannot be accepted: {0}")]
    Tls(String),
    /// It takes too long.
    #[error("it does not answer within {} s", TIME.as_secs())]
    Late,
    /// The connection ended, or it does not speak HTTP.
    #[error("it does not answer as HTTP does: {0}")]
    Broken(String),
    /// The machine trusts nobody.
    #[error(
        "this machine has no root certificates: install ca-certificates, or name a file in SSL_CERT_FILE"
    )]
    NoRoots,
}

/// The client. Clones share its connections.
#[derive(Clone)]
pub struct Outbound(Arc<Shared>);

struct Shared {
    reach: Arc<Reach>,
    places: Semaphore,
    /// How long an exchange may take.
    time: Duration,
    /// Made with the first request: reading the roots takes a while.
    http: OnceCell<Http>,
}

struct Http {
    client: Client<HttpsConnector<Connect>, Full<Bytes>>,
    has_roots: bool,
}

impl Outbound {
    /// A client that may reach these networks besides the public ones.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self::within(TIME, networks)
    }

    fn within(time: Duration, networks: Vec<IpNet>) -> Self {
        Self(Arc::new(Shared {
            reach: Arc::new(Reach::new(networks)),
            places: Semaphore::new(MOST_AT_A_TIME),
            time,
            http: OnceCell::new(),
        }))
    }

    /// One that reaches the same, with places of its own: what many others wait for does not hold it up.
    #[must_use]
    pub fn apart(&self) -> Self {
        let Shared { reach, time, .. } = &*self.0;
        Self(Arc::new(Shared {
            reach: Arc::clone(reach),
            places: Semaphore::new(MOST_AT_A_TIME),
            time: *time,
            http: OnceCell::new(),
        }))
    }

    /// Reads an address that a user gives. What its name leads to is looked at when it is connected to.
    ///
    /// # Errors
    /// If nothing is sent there.
    pub fn target(&self, text: &str) -> Result<Target, TargetError> {
        Target::parse(text, &self.0.reach)
    }

    /// Posts something and reads the answer, whatever its status is. A redirect is an answer like others.
    ///
    /// # Errors
    /// If there is none.
    pub async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, OutboundError> {
        // Waiting for a place does not count as the other side's time. It is never closed.
        let _place = self.0.places.acquire().await;
        let http = self.0.http.get_or_init(|| self.http()).await;
        if !http.has_roots && target.uri().scheme_str() == Some("https") {
            return Err(OutboundError::NoRoots);
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target.uri().clone();
        *request.headers_mut() = headers;
        match tokio::time::timeout(self.0.time, http.client.request(request)).await {
            Ok(Ok(answer)) => Ok(Answer::read(answer).await),
            Ok(Err(error)) => Err(OutboundError::of(&error)),
            Err(_) => Err(OutboundError::Late),
        }
    }

    async fn http(&self) -> Http {
        let roots = tokio::task::spawn_blocking(roots).await.unwrap_or_else(|_| RootCertStore::empty());
        let has_roots = !roots.is_empty();
        let tls = tls::client_config(roots);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connect::new(Arc::clone(&self.0.reach)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT)
            .pool_max_idle_per_host(1)
            .http1_max_buf_size(MOST_HEAD_BYTES)
            .build(connector);
        Http { client, has_roots }
    }
}

impl OutboundError {
    /// The innermost reason, which says most.
    fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut inner = error;
        loop {
            if let Some(error) = inner.downcast_ref::<ConnectError>() {
                return Self::Connect(error.clone());
            }
            if let Some(error) = inner.downcast_ref::<rustls::Error>() {
                return Self::Tls(error.to_string());
            }
            // What an `io::Error` wraps is not its source.
            let wrapped = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            match wrapped.map(|wrapped| wrapped as &(dyn StdError + 'static)).or_else(|| inner.source()) {
                Some(next) => inner = next,
                None => return Self::Broken(inner.to_string()),
            }
        }
    }
}

/// What the system trusts, or what `SSL_CERT_FILE` names.
fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

#[cfg(test)]
mod tests;
