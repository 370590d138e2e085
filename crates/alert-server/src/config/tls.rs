//! The files of the certificates that the server shows.

use std::fs::File;
use std::path::PathBuf;

use alert_settings::Allowed;

/// The files of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate and those between it and a root, in PEM.
    pub chain: PathBuf,
    /// Its private key, in PEM; it may be the same file.
    pub key: PathBuf,
}

/// The path of a file that is read when it is used.
///
/// # Errors
/// What is allowed instead, if it cannot be read now.
pub(super) fn file(text: &str) -> Result<PathBuf, Allowed> {
    match File::open(text) {
        Ok(_) => Ok(PathBuf::from(text)),
        Err(error) => Err(format!("a file that can be read ({error})")),
    }
}
