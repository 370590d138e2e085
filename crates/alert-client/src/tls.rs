//! TLS with the certificates that the system trusts, and what is wrong when it fails.

use std::sync::Arc;

use alert_settings::Environment;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use thiserror::Error;

use super::address::ServerAddress;

/// Why a connection cannot be encrypted.
#[derive(Clone, Debug, Error)]
pub enum TlsError {
    /// The system trusts no authority.
    #[error(
        "this machine has no certificates to check servers with{0}: install them (package ca-certificates), or name a \
         file in SSL_CERT_FILE"
    )]
    NoRoots(String),
    /// What the variable names is not there.
    #[error("SSL_CERT_FILE names {file}, which cannot be read: {problem}")]
    NoCertificates {
        /// What it names.
        file: String,
        /// What the system says.
        problem: String,
    },
    /// The certificate has expired.
    #[error("the certificate of {0} has expired: renew it on the server, or set this machine's clock right")]
    Expired(ServerAddress),
    /// The certificate is not valid yet.
    #[error("the certificate of {0} is not valid yet: set this machine's clock right")]
    NotYetValid(ServerAddress),
    /// No authority that the system trusts has signed it.
    #[error(
        "the certificate of {0} is not signed by anybody this machine trusts: send the whole chain from the server, \
         or name the authority's file in SSL_CERT_FILE"
    )]
    UnknownIssuer(ServerAddress),
    /// It may sign others, as `openssl req -x509` makes them; rustls takes none of a server that may.
    #[error(
        "the certificate of {0} is an authority's, not a server's: make it with -addext basicConstraints=critical,CA:FALSE"
    )]
    Authority(ServerAddress),
    /// It is for another host.
    #[error("the certificate is for {names}, not for {}: use that name in --url, or get one for this name", address.host())]
    WrongName {
        /// Scheme, host and port.
        address: ServerAddress,
        /// The names that it is for.
        names: String,
    },
    /// It is wrong in another way.
    #[error("the certificate of {address} cannot be accepted: {problem}")]
    Certificate {
        /// Scheme, host and port.
        address: ServerAddress,
        /// What the TLS library says.
        problem: CertificateError,
    },
    /// The other side speaks something else.
    #[error("{0} does not speak TLS: if it is a server without it, write http:// in --url")]
    NotTls(ServerAddress),
    /// Anything else.
    #[error("{address} and this program cannot agree on TLS: {problem}")]
    Failed {
        /// Scheme, host and port.
        address: ServerAddress,
        /// What the TLS library says.
        problem: rustls::Error,
    },
}

/// Trusts what the system trusts, or `SSL_CERT_FILE` and `SSL_CERT_DIR`. Reading them takes some milliseconds, so call
/// this only if needed.
///
/// # Errors
/// [`TlsError::NoRoots`].
pub(super) fn tls_config() -> Result<ClientConfig, TlsError> {
    Ok(trusting(roots()?))
}

/// For connections without TLS, for which the library needs a configuration all the same.
pub(super) fn trusting_nobody() -> ClientConfig {
    trusting(RootCertStore::empty())
}

#[expect(clippy::expect_used, reason = "ring supports the protocol versions that rustls has by default")]
fn trusting(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions that ring supports")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The authorities that the system trusts.
pub(super) fn roots() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    // The library passes over a file that is not there.
    if let Some(file) = Environment::of_process().get("SSL_CERT_FILE")
        && let Err(problem) = std::fs::metadata(&file)
    {
        return Err(TlsError::NoCertificates { file, problem: problem.to_string() });
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let problem = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
        return Err(TlsError::NoRoots(problem));
    }
    Ok(roots)
}

impl TlsError {
    /// What is wrong, in the words of the TLS library.
    pub(super) fn of(address: ServerAddress, problem: &rustls::Error) -> Self {
        match problem {
            rustls::Error::InvalidCertificate(problem) => Self::of_certificate(address, problem.clone()),
            rustls::Error::InvalidMessage(_) => Self::NotTls(address),
            problem => Self::Failed { address, problem: problem.clone() },
        }
    }

    fn of_certificate(address: ServerAddress, problem: CertificateError) -> Self {
        match problem {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired(address),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid(address)
            }
            // `BadSignature` comes if an authority of the same name is trusted, with another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer(address),
            CertificateError::NotValidForName => Self::WrongName { address, names: "another".to_owned() },
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::WrongName { address, names: names(&presented) }
            }
            // There is no other way to know it without the library below rustls.
            CertificateError::Other(other) if other.to_string().ends_with("CaUsedAsEndEntity") => {
                Self::Authority(address)
            }
            problem => Self::Certificate { address, problem },
        }
    }
}

/// `DnsName("example.org")` is how the TLS library writes a name.
fn names(presented: &[String]) -> String {
    let plain = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
    if presented.is_empty() {
        "no name".to_owned()
    } else {
        presented.iter().map(plain).collect::<Vec<_>>().join(", ")
    }
}
