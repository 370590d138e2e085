//! How to get to a server: the address that was found to work, or the only way there is, through a Unix socket or a
//! proxy.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::site::HttpError;
use crate::connect::ConnectError;
use crate::pipe::Pipe;
use crate::{Route, ServerAddress, TlsError};

#[derive(Clone, Debug)]
pub(super) enum Door {
    Address(SocketAddr),
    Route(Route),
}

impl Door {
    /// A connection without TLS.
    pub(super) async fn open(&self) -> io::Result<Pipe> {
        match self {
            Self::Address(socket) => {
                let tcp = TcpStream::connect(socket).await?;
                tcp.set_nodelay(true)?;
                Ok(Pipe::Tcp(tcp))
            }
            Self::Route(route) => route.dial().await.map_err(io::Error::other),
        }
    }

    /// A connection with TLS.
    pub(super) async fn encrypt(
        &self,
        config: Arc<ClientConfig>,
        address: &ServerAddress,
    ) -> Result<TlsStream<Pipe>, HttpError> {
        let pipe = self.open().await?;
        let name = address.server_name().clone();
        let encrypted = TlsConnector::from(config).connect(name, pipe).await;
        encrypted.map_err(|problem| match ConnectError::of(address, &problem) {
            ConnectError::Tls(problem) => HttpError::Tls(problem),
            _ => HttpError::Tls(TlsError::NotTls(address.clone())),
        })
    }
}
