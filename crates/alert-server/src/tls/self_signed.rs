//! Certificates that sign themselves: to prove something to an authority, and until there is a real one.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum SelfSignedError {
    /// It could not be made.
    #[error("a certificate could not be made ({0})")]
    Made(#[from] rcgen::Error),
    /// Its key is of no use.
    #[error("a key could not be used ({0})")]
    Key(#[from] rustls::Error),
}

/// Makes a key and has it sign its certificate.
pub(crate) fn make(params: &CertificateParams) -> Result<CertifiedKey, SelfSignedError> {
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let signer = ring::sign::any_supported_type(&der)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], signer))
}

/// What is shown for these names until an authority has given certificates. Browsers refuse it, and can say why.
pub(super) fn stand_in(domains: &[String]) -> Result<CertifiedKey, SelfSignedError> {
    let mut params = CertificateParams::new(domains)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Alert has no certificate yet");
    make(&params)
}
