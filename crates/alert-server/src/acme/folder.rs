//! Where the account and the certificates are kept: files of one authority are in a folder of their own, so that a
//! certificate for tries is never taken for a real one.

use crate::config::{AcmeSettings, CertificateFiles};
use sha2::{Digest, Sha256};
use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The folder of one authority.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn create(settings: &AcmeSettings) -> Result<Self, (PathBuf, io::Error)> {
        let url = settings.directory.as_str();
        let digest = Sha256::digest(url);
        let name = format!(
            "{}-{:02x}{:02x}{:02x}{:02x}",
            settings.directory.host_str().unwrap_or_default(),
            digest[0],
            digest[1],
            digest[2],
            digest[3]
        );
        let path = settings.folder.join(name);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        // It may be there and not be writable.
        let tried = made.and_then(|()| tempfile::NamedTempFile::new_in(&path));
        match tried {
            Ok(_) => Ok(Self(path)),
            Err(error) => Err((path, error)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The file of the account.
    pub(super) fn account(&self) -> PathBuf {
        self.0.join("account.json")
    }

    /// The file of a certificate and its key.
    pub(super) fn certificate(&self, domain: &str) -> CertificateFiles {
        let path = self.0.join(format!("{domain}.pem"));
        CertificateFiles { chain: path.clone(), key: path }
    }

    /// Keeps a certificate and its key.
    pub(super) fn keep(&self, domain: &str, pem: &str) -> io::Result<()> {
        self.write(&self.certificate(domain).chain, pem)
    }

    /// Replaces a file as a whole, for Alert's user alone.
    pub(super) fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        // Temporary files are made with mode 0600, which stays.
        let mut new = tempfile::NamedTempFile::new_in(&self.0)?;
        new.write_all(text.as_bytes())?;
        new.as_file().sync_all()?;
        new.persist(path).map_err(|failed| failed.error)?;
        Ok(())
    }
}
