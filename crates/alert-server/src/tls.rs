//! TLS in the server: the certificates that it shows, read again when their files change; and what it asks others with.

mod certificate;
mod self_signed;
mod store;

use certificate::Certificate;
pub use certificate::CertificateError;
pub use self_signed::SelfSignedError;
pub(crate) use self_signed::make as self_signed;
pub use store::Certificates;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::Arc;

/// The protocol in which an authority asks whether a name leads here (RFC 8737).
const ACME_TLS: &[u8] = b"acme-tls/1";

/// What this server asks others with, whom it knows by these roots.
pub fn client_config(roots: RootCertStore) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    #[expect(
        clippy::expect_used,
        reason = "the provider is ring's own, which has the suites of both versions"
    )]
    let builder = builder.with_safe_default_protocol_versions().expect("TLS 1.2 and 1.3");
    builder.with_root_certificates(roots).with_no_client_auth()
}

/// What every TLS session of this server begins with.
pub fn server_config(certificates: &Arc<Certificates>) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    #[expect(
        clippy::expect_used,
        reason = "the provider is ring's own, which has the suites of both versions"
    )]
    let builder = builder.with_safe_default_protocol_versions().expect("TLS 1.2 and 1.3");
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::clone(certificates) as _);
    // A browser asks for a WebSocket over a connection of its own, for which it offers HTTP/1.1 alone.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if certificates.are_from_an_authority() {
        // For its question alone (RFC 8737); the runtime ends such a connection when hands are shaken.
        config.alpn_protocols.push(ACME_TLS.to_vec());
    }
    // Clients that come back save the server a signature.
    if let Ok(ticketer) = ring::Ticketer::new() {
        config.ticketer = ticketer;
    }
    // One is enough: a client has one connection that stays.
    config.send_tls13_tickets = 1;
    Arc::new(config)
}
