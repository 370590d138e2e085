//! The client's side of TLS: whom it trusts, and a session between a socket and what is said on it.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use mio::net::TcpStream;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::error::Death;

/// What sessions with one server begin with.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Tls {
    /// For a server of this name, which has to be trusted by the system or by `SSL_CERT_FILE`.
    pub(super) fn new(name: &str) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut config =
            builder.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth();
        // Each member is another client: no handshake is spared.
        config.resumption = rustls::client::Resumption::disabled();
        let name = name.trim_matches(['[', ']']).to_owned();
        let name =
            ServerName::try_from(name).map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        Ok(Self { config: Arc::new(config), name })
    }

    pub(super) fn session(&self) -> io::Result<Box<Session>> {
        let mut connection =
            ClientConnection::new(Arc::clone(&self.config), self.name.clone()).map_err(io::Error::other)?;
        connection.set_buffer_limit(None);
        Ok(Box::new(Session(connection)))
    }
}

/// One session.
#[derive(Debug)]
pub(super) struct Session(ClientConnection);

impl Session {
    /// Takes bytes; [`Session::flush`] sends them.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Death> {
        Ok(self.0.writer().write_all(bytes)?)
    }

    /// Sends what the socket takes.
    pub(super) fn flush(&mut self, stream: &mut TcpStream) -> Result<(), Death> {
        while self.0.wants_write() {
            match self.0.write_tls(stream) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads once; `WouldBlock` when there is nothing, 0 at the end.
    pub(super) fn read(&mut self, stream: &mut TcpStream, scratch: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.reader().read(scratch) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
            self.0.read_tls(stream)?;
            let state = self.0.process_new_packets();
            // The handshake goes on, or the server is told why it does not.
            while self.0.wants_write() && self.0.write_tls(stream).is_ok() {}
            state.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        }
    }
}
