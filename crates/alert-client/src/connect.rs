//! The way to a server, for every command: the name, the TCP connection or the Unix socket, a proxy if the environment
//! names one, TLS.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::UnixStream;
use tokio::time::{Instant, timeout_at};
use tower::{Service, ServiceExt, service_fn};

use super::address::ServerAddress;
use super::pipe::Pipe;
use super::proxy::Proxy;
use super::tls::{self, TlsError};

/// A server and the way to it.
#[derive(Clone, Debug)]
pub struct Route {
    /// The server.
    pub address: ServerAddress,
    /// The proxy to go through.
    pub proxy: Option<Proxy>,
}

/// A connection to a server, encrypted or not.
pub(super) type Stream = TokioIo<MaybeHttpsStream<TokioIo<Pipe>>>;
/// What makes connections for an HTTP client.
pub(super) type Connector = HttpsConnector<Dialer>;

/// Which step to a server failed, and what to do.
#[derive(Clone, Debug, Error)]
pub enum ConnectError {
    /// The name has no address.
    #[error(
        "there is no host {host} here ({problem}): check its spelling in --url, and this machine's network"
    )]
    Dns {
        /// The name.
        host: String,
        /// What the system says.
        problem: String,
    },
    /// A host without a server at that port.
    #[error("nothing listens at {address}: check the port in --url, and that the server runs (alert serve)")]
    Refused {
        /// Scheme, host and port.
        address: ServerAddress,
    },
    /// A Unix socket that is not there, or not for this user.
    #[error("{address} cannot be opened ({problem}): check the path in --url, and that the server runs")]
    Socket {
        /// Its path.
        address: ServerAddress,
        /// What the system says.
        problem: String,
    },
    /// No answer in time.
    #[error("{address} did not answer in time: check --url, and firewalls on the way to it")]
    TimedOut {
        /// Scheme, host and port.
        address: ServerAddress,
    },
    /// The proxy refuses, or fails.
    #[error(
        "the proxy {proxy} does not connect to {address} ({problem}): it has to allow CONNECT to that port; or name \
         the host in NO_PROXY"
    )]
    Proxy {
        /// Its address.
        proxy: String,
        /// Scheme, host and port.
        address: ServerAddress,
        /// What is wrong with it.
        problem: String,
    },
    /// Anything else that goes wrong on the way there.
    #[error("{address} cannot be reached ({problem}): check this machine's network")]
    Unreachable {
        /// Scheme, host and port.
        address: ServerAddress,
        /// What the system says.
        problem: String,
    },
    /// The connection is there, but cannot be encrypted.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// For all addresses of a host together.
const TIME_TO_CONNECT: Duration = Duration::from_secs(10);

impl Route {
    /// A `path` at the server. Proxies are told the port even if it is the default.
    #[expect(clippy::expect_used, reason = "an address was read as a URL, and paths are encoded")]
    pub(super) fn uri(&self, path: &str) -> Uri {
        let url = format!("{}{path}", self.address.origin());
        url.parse().expect("a URL")
    }

    /// Makes connections to the server. The system's certificates are read only if needed.
    pub(super) fn connector(&self) -> Result<(Connector, Arc<AtomicBool>), TlsError> {
        let config = if self.address.is_tls() { tls::tls_config()? } else { tls::trusting_nobody() };
        let has_connected = Arc::new(AtomicBool::new(false));
        let dialer = Dialer { route: self.clone(), has_connected: Arc::clone(&has_connected) };
        let builder = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1();
        Ok((builder.wrap_connector(dialer), has_connected))
    }

    /// Connects to the server, by `deadline` at the latest.
    ///
    /// # Errors
    /// [`ConnectError`] says which step failed.
    pub(super) async fn connect(&self, deadline: Instant) -> Result<Stream, ConnectError> {
        let (connector, _) = self.connector()?;
        match timeout_at(deadline, connector.oneshot(self.uri("/"))).await {
            Ok(Ok(stream)) => Ok(TokioIo::new(stream)),
            Ok(Err(problem)) => Err(ConnectError::of(&self.address, &*problem)),
            Err(_) => Err(ConnectError::TimedOut { address: self.address.clone() }),
        }
    }

    /// Connects, but leaves TLS to the caller, if there is any.
    ///
    /// # Errors
    /// [`ConnectError`] says which step failed.
    pub(super) async fn dial(&self) -> Result<Pipe, ConnectError> {
        let address = &self.address;
        if let Some(path) = address.socket() {
            let opened = UnixStream::connect(path).await;
            return opened.map(Pipe::Unix).map_err(|problem| {
                let problem = problem.to_string();
                ConnectError::Socket { address: address.clone(), problem }
            });
        }
        let mut tcp = HttpConnector::new_with_resolver(service_fn(look_up));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(TIME_TO_CONNECT));
        #[expect(clippy::expect_used, reason = "an address was read as a URL")]
        let target: Uri =
            format!("{}://{}", address.scheme(), address.host_and_port()).parse().expect("a URL");
        let stream = match &self.proxy {
            None => tcp.oneshot(target).await.map_err(|problem| ConnectError::of(address, &problem))?,
            Some(proxy) => {
                let mut tunnel = Tunnel::new(proxy.uri.clone(), tcp);
                if let Some(auth) = &proxy.auth {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                tunnel.oneshot(target).await.map_err(|problem| ConnectError::Proxy {
                    proxy: proxy.to_string(),
                    address: address.clone(),
                    problem: last_cause(&problem),
                })?
            }
        };
        Ok(Pipe::Tcp(stream.into_inner()))
    }
}

/// Makes connections, without TLS.
#[derive(Clone)]
pub(super) struct Dialer {
    route: Route,
    has_connected: Arc<AtomicBool>,
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<Pipe>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Pipe>, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    /// Connects to the one server there is, whatever the URI says.
    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { route, has_connected } = self.clone();
        Box::pin(async move {
            let pipe = route.dial().await?;
            has_connected.store(true, Ordering::Relaxed);
            Ok(TokioIo::new(pipe))
        })
    }
}

/// A name that the system does not know.
#[derive(Debug, Error)]
#[error("{problem}")]
struct NoSuchHost {
    host: String,
    problem: String,
}

async fn look_up(name: Name) -> Result<std::vec::IntoIter<std::net::SocketAddr>, NoSuchHost> {
    let found = tokio::net::lookup_host((name.as_str(), 0)).await;
    let found = found.map(|found| found.collect::<Vec<_>>().into_iter());
    found.map_err(|problem| NoSuchHost { host: name.as_str().to_owned(), problem: problem.to_string() })
}

impl ConnectError {
    /// What is behind an error of the libraries.
    pub(super) fn of(address: &ServerAddress, error: &(dyn Error + 'static)) -> Self {
        let address = address.clone();
        for cause in causes(error) {
            if let Some(ours) = cause.downcast_ref::<Self>() {
                return ours.clone();
            }
            if let Some(NoSuchHost { host, problem }) = cause.downcast_ref() {
                return Self::Dns { host: host.clone(), problem: problem.clone() };
            }
            if let Some(problem) = cause.downcast_ref::<rustls::Error>() {
                return TlsError::of(address, problem).into();
            }
        }
        let kind = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
        match kind {
            Some(io::ErrorKind::ConnectionRefused) => Self::Refused { address },
            Some(io::ErrorKind::TimedOut) => Self::TimedOut { address },
            Some(
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe,
            ) if address.is_tls() => TlsError::NotTls(address).into(),
            _ => Self::Unreachable { address, problem: last_cause(error) },
        }
    }
}

/// An error and what is behind it, down to the first cause.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // The standard library shows the inner error of an `io::Error` only like this.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// The first cause, in words.
fn last_cause(error: &(dyn Error + 'static)) -> String {
    let text = causes(error).last().unwrap_or(error).to_string();
    text.trim_start_matches("tunnel error: ").to_owned()
}
