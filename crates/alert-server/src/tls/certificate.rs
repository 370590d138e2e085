//! One certificate with its key, from files, and what is wrong with it in words.

use crate::config::{CertificateFiles, secret_file};
use alert_settings::file::{self, FileError};
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// How long before its end a certificate is worth a warning.
const SOON: Duration = Duration::from_secs(14 * 24 * 3600);

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {path} ({1}): name the file with --tls-cert or --tls-key, and let Alert's user read it", path = .0.display())]
    File(PathBuf, FileError),
    /// There is no certificate in it.
    #[error("{} holds no certificate in PEM (-----BEGIN CERTIFICATE-----): name the file of the certificate with --tls-cert", .0.display())]
    NoCertificate(PathBuf),
    /// A PEM block is damaged.
    #[error("{path} is damaged ({1}): make it again", path = .0.display())]
    Pem(PathBuf, pem::Error),
    /// The first certificate makes no sense.
    #[error("the certificate in {path} cannot be read ({1})", path = .0.display())]
    Certificate(PathBuf, String),
    /// There is no key in it.
    #[error("{} holds no private key in PEM (-----BEGIN PRIVATE KEY-----): name the file of the key with --tls-key", .0.display())]
    NoKey(PathBuf),
    /// The key has a password.
    #[error("the key in {} has a password, which nobody could type at a start: write it without, as `openssl pkey -in {} -out FILE` does", .0.display(), .0.display())]
    Encrypted(PathBuf),
    /// The key's kind is not known.
    #[error("the key in {path} cannot be used ({1}): use ECDSA with P-256 or P-384, Ed25519, or RSA of 2048 bits or more", path = .0.display())]
    Key(PathBuf, rustls::Error),
    /// The key is another one's.
    #[error("the key in {} does not belong to the certificate in {}: name the key that it was made with", .0.display(), .1.display())]
    OtherKey(PathBuf, PathBuf),
}

/// Who renews a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    ByHand,
    ByItself,
}

/// A certificate, ready to be shown.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    /// Host names that it is for, in lower case; a wildcard is written `*.example.org`.
    pub(super) names: Vec<String>,
    pub(super) from: SystemTime,
    pub(super) until: SystemTime,
    /// Where others may read its key.
    loose: Option<String>,
    chain: PathBuf,
}

impl Certificate {
    pub(super) fn load(files: &CertificateFiles) -> Result<Self, CertificateError> {
        let text = match file::read(&files.chain) {
            Ok(file) => file.text,
            // DER, perhaps.
            Err(FileError::NotUtf8(_)) => return Err(CertificateError::NoCertificate(files.chain.clone())),
            Err(error) => return Err(CertificateError::File(files.chain.clone(), error)),
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(text.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| CertificateError::Pem(files.chain.clone(), error))?;
        let Some(first) = chain.first() else {
            return Err(CertificateError::NoCertificate(files.chain.clone()));
        };
        let unreadable = |error: String| CertificateError::Certificate(files.chain.clone(), error);
        let (_, parsed) = X509Certificate::from_der(first).map_err(|error| unreadable(error.to_string()))?;
        let names = names(&parsed);
        let (from, until) = (time(parsed.validity().not_before), time(parsed.validity().not_after));
        let (key, loose) = read_key(&files.key)?;
        let key = ring::sign::any_supported_type(&key)
            .map_err(|error| CertificateError::Key(files.key.clone(), error))?;
        let key = CertifiedKey::new(chain, key);
        match key.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(CertificateError::OtherKey(files.key.clone(), files.chain.clone()));
            }
            Err(error) => return Err(unreadable(error.to_string())),
        }
        Ok(Self { key: Arc::new(key), names, from, until, loose, chain: files.chain.clone() })
    }

    /// Whether it is for a host name, given in lower case.
    pub(super) fn is_for(&self, host: &str) -> bool {
        // A wildcard stands for one label (RFC 6125, section 6.4.3).
        let under = host.split_once('.').map(|(_, parent)| parent);
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(parent) => under == Some(parent),
            None => name == host,
        })
    }

    /// What whoever runs the server should know.
    pub(super) fn warnings(&self, now: SystemTime, renewal: Renewal) -> Vec<String> {
        let soon = match renewal {
            Renewal::ByHand => SOON,
            // Some last for days.
            Renewal::ByItself => SOON.min(self.until.duration_since(self.from).unwrap_or_default() / 4),
        };
        let chain = self.chain.display();
        let mut warnings: Vec<String> = self.loose.clone().into_iter().collect();
        let day = |time: SystemTime| {
            let text = humantime::format_rfc3339_seconds(time).to_string();
            text.split('T').next().unwrap_or_default().to_owned()
        };
        if self.until <= now {
            warnings.push(format!(
                "the certificate in {chain} expired on {}: browsers refuse it until it is renewed",
                day(self.until)
            ));
        } else if self.until <= now + soon {
            warnings.push(format!("the certificate in {chain} expires on {}: renew it", day(self.until)));
        }
        if self.from > now {
            warnings.push(format!(
                "the certificate in {chain} is not valid before {}: is this machine's clock right?",
                day(self.from)
            ));
        }
        if self.names.is_empty() {
            warnings.push(format!(
                "the certificate in {chain} names no host in its subject alternative names: browsers refuse it"
            ));
        }
        warnings
    }
}

fn read_key(path: &Path) -> Result<(PrivateKeyDer<'static>, Option<String>), CertificateError> {
    let file::TextFile { text, metadata } = file::read(path).map_err(|error| match error {
        FileError::NotUtf8(_) => CertificateError::NoKey(path.to_owned()),
        error => CertificateError::File(path.to_owned(), error),
    })?;
    let loose = secret_file::warning(path, &metadata);
    match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
        Ok(key) => Ok((key, loose)),
        Err(_) if text.contains("ENCRYPTED") => Err(CertificateError::Encrypted(path.to_owned())),
        Err(pem::Error::NoItemsFound) => Err(CertificateError::NoKey(path.to_owned())),
        Err(error) => Err(CertificateError::Pem(path.to_owned(), error)),
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    }
}

fn time(time: x509_parser::time::ASN1Time) -> SystemTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(seconds)
}
