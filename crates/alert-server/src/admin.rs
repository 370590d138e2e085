//! The listener for whoever runs the server: apart from the users' addresses and their bounds, so that it answers when
//! they are used up. It is bounded itself.

use crate::config::{Config, ListenError};
use crate::tls::{self, Certificates};
use crate::web::AdminService;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socketio_server::{AppBody, ListenAddr, PeerAddr};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Sockets at a time; others wait in the kernel.
const MOST_SOCKETS: usize = 64;
/// For a TLS handshake, for a request's head, and for its body.
const LIMIT: Duration = Duration::from_secs(10);
/// The most bytes of a request's body.
const MOST_BYTES: usize = 64 << 10;
/// After an error of the system, most likely that no file is free.
const PAUSE: Duration = Duration::from_millis(100);

/// A bound address.
pub(crate) struct Listener {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    sockets: Arc<Semaphore>,
}

/// Binds every address of `admin_listen`. With certificates, those that other machines reach speak TLS.
///
/// # Errors
/// If one cannot be bound.
pub(crate) async fn bind(
    config: &Config,
    certificates: Option<&Arc<Certificates>>,
) -> Result<Vec<Listener>, ListenError> {
    let mut bound = Vec::new();
    let sockets = Arc::new(Semaphore::new(MOST_SOCKETS));
    for address in &config.admin_listen {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|problem| ListenError::new(ListenAddr::Tcp(*address), problem))?;
        let certificates = certificates.filter(|_| !address.ip().to_canonical().is_loopback());
        let tls = certificates.map(|certificates| {
            // HTTP/1.1 alone, whatever the users' addresses speak.
            let mut tls = (*tls::server_config(certificates)).clone();
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
            TlsAcceptor::from(Arc::new(tls))
        });
        bound.push(Listener { listener, tls, sockets: Arc::clone(&sockets) });
    }
    Ok(bound)
}

impl Listener {
    /// Where it is, as a browser is told.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let address = self.listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
        format!("{scheme}://{address}")
    }

    /// Answers for as long as the process lives.
    pub(crate) async fn serve(self, service: AdminService) {
        loop {
            // The semaphore is never closed.
            let Ok(permit) = Arc::clone(&self.sockets).acquire_owned().await else { return };
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::error!(%error, "a connection to admin_listen was not accepted");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let (tls, service) = (self.tls.clone(), service.clone());
            tokio::spawn(async move {
                serve_one(stream, peer, tls, service).await;
                drop(permit);
            });
        }
    }
}

async fn serve_one(stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, service: AdminService) {
    // Answers are small, and must not wait for more.
    let _ = stream.set_nodelay(true);
    match tls {
        None => converse(stream, peer, service).await,
        Some(tls) => match timeout(LIMIT, tls.accept(stream)).await {
            Ok(Ok(stream)) => converse(stream, peer, service).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS handshake on admin_listen"),
            Err(_) => tracing::debug!(%peer, "the TLS handshake on admin_listen took too long"),
        },
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    service: AdminService,
) {
    let answer = service_fn(move |request| answer(service.clone(), request, peer));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(LIMIT)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "a connection to admin_listen ended");
    }
}

async fn answer(
    service: AdminService,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response<AppBody>, Infallible> {
    let (head, body) = request.into_parts();
    let body = match timeout(LIMIT, Limited::new(body, MOST_BYTES).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Ok(refused(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(_) => return Ok(refused(StatusCode::REQUEST_TIMEOUT)),
    };
    let mut request = Request::from_parts(head, Full::new(body));
    request.extensions_mut().insert(PeerAddr::Tcp(peer));
    service.oneshot(request).await
}

fn refused(status: StatusCode) -> Response<AppBody> {
    let mut response = Response::new(Full::default().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}
