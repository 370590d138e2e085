//! Connects to a host: resolves its name, and connects to those of its addresses that are reached and to no others, so that
//! a name which leads elsewhere a moment later changes nothing.

use super::reach::Reach;
use http::Uri;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Names that are looked up at a time: each takes a thread for as long as the system waits, whoever has given up.
const MOST_LOOK_UPS: usize = 16;
/// Addresses of a host that are tried, and how long each.
const MOST_TRIED: usize = 4;
const TIME: Duration = Duration::from_secs(4);

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// There is no such host.
    #[error("its name is not found")]
    NoSuchName,
    /// All addresses of it are of networks that are not for everybody.
    #[error(
        "its name does not lead to a public address: nothing is sent to private networks, unless whoever runs the server \
         allows that (outbound_networks)"
    )]
    NotPublic,
    /// It would be read on the way.
    #[error("http:// leads to the networks of outbound_networks alone: use https://")]
    NotHttps,
    /// Nobody is there.
    #[error("it cannot be reached: {0}")]
    Unreached(Box<str>),
}

#[derive(Clone)]
pub(super) struct Connect {
    reach: Arc<Reach>,
    look_ups: Arc<Semaphore>,
}

impl Connect {
    pub(super) fn new(reach: Arc<Reach>) -> Self {
        Self { reach, look_ups: Arc::new(Semaphore::new(MOST_LOOK_UPS)) }
    }

    async fn connect(self, uri: Uri) -> Result<TcpStream, ConnectError> {
        let is_plain = uri.scheme_str() != Some("https");
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let found = self.look_up(host, port).await.map_err(|_| ConnectError::NoSuchName)?;
        if found.is_empty() {
            return Err(ConnectError::NoSuchName);
        }
        let mut reached: Vec<_> =
            found.into_iter().filter(|address| self.reach.admits(address.ip()).is_ok()).collect();
        if reached.is_empty() {
            return Err(ConnectError::NotPublic);
        }
        if is_plain {
            reached.retain(|address| self.reach.names(address.ip()));
        }
        let mut problem = ConnectError::NotHttps;
        for address in reached.into_iter().take(MOST_TRIED) {
            match timeout(TIME, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // A small request is not to wait for more.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => problem = ConnectError::Unreached(error.to_string().into()),
                Err(_) => problem = ConnectError::Unreached("nobody answers there".into()),
            }
        }
        Err(problem)
    }

    async fn look_up(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        // It is never closed.
        let permit = Arc::clone(&self.look_ups).acquire_owned().await.ok();
        let found = tokio::task::spawn_blocking(move || {
            let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
            drop(permit);
            found
        });
        found.await?
    }
}

impl tower::Service<Uri> for Connect {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connect = self.clone();
        Box::pin(async move { connect.connect(uri).await.map(TokioIo::new) })
    }
}
