//! Whether a server on this machine serves: one request to where it listens, for containers and scripts. Its certificate
//! is for the names that users see and not for this address, so nobody judges it, and no secret is sent.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use crate::doctor::Witness;

/// Where a server of this machine listens.
#[derive(Clone, Debug)]
pub enum Listening {
    /// A TCP address, with TLS or without.
    Tcp(SocketAddr, bool),
    /// A Unix socket.
    Unix(PathBuf),
}

impl Display for Listening {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address, _) => here(*address).fmt(out),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

/// Why a server does not count as serving.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// Nothing is there.
    #[error("nothing answers: {0}")]
    Unreachable(#[from] io::Error),
    /// It does not answer in time.
    #[error("there is no answer within {} s", PATIENCE.as_secs())]
    Late,
    /// TLS is not possible here.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// What answers speaks no HTTP.
    #[error("what answers is no HTTP: {0}")]
    Http(#[from] hyper::Error),
    /// It says that it does not serve, or is something else.
    #[error("the answer is {0}: {1}")]
    Answer(StatusCode, String),
}

const PATIENCE: Duration = Duration::from_secs(5);
const MOST_BYTES: usize = 4096;

/// Asks once. The answer is for people.
///
/// # Errors
/// If it does not serve.
pub async fn health(listening: &Listening) -> Result<String, HealthError> {
    tokio::time::timeout(PATIENCE, ask(listening)).await.map_err(|_| HealthError::Late)?
}

async fn ask(listening: &Listening) -> Result<String, HealthError> {
    match listening {
        Listening::Unix(path) => send(UnixStream::connect(path).await?).await,
        Listening::Tcp(address, false) => send(TcpStream::connect(here(*address)).await?).await,
        Listening::Tcp(address, true) => {
            let address = here(*address);
            // Without the certificates that a system trusts, which a container may not have.
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let witness = Arc::new(Witness::new(provider.signature_verification_algorithms));
            let config =
                ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
            let config = config.dangerous().with_custom_certificate_verifier(witness).with_no_client_auth();
            let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
            let name = ServerName::IpAddress(address.ip().into());
            send(connector.connect(name, TcpStream::connect(address).await?).await?).await
        }
    }
}

/// An address that this machine reaches it at.
fn here(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

async fn send(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<String, HealthError> {
    let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/livez").header(header::HOST, "localhost").body(Empty::<Bytes>::new());
    let answer = client.send_request(request.unwrap_or_default()).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await;
    let text =
        body.map(|body| String::from_utf8_lossy(&body.to_bytes()).trim().to_owned()).unwrap_or_default();
    if status == StatusCode::OK { Ok(text) } else { Err(HealthError::Answer(status, text)) }
}
