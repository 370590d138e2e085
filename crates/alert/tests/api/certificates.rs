//! Certificates that sign themselves, made with openssl.

use std::path::PathBuf;
use std::process::Command;

use crate::server::Server;

/// A folder with certificates.
pub(crate) struct Folder(tempfile::TempDir);

/// Options of `openssl req` for a small key.
const SMALL: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1";

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn openssl(&self, words: &str) {
        let made =
            Command::new("openssl").args(words.split_whitespace()).current_dir(&self.0).output().unwrap();
        assert!(made.status.success(), "{made:?}");
    }

    /// A certificate with its key, in `NAME.pem` and `NAME.key`.
    pub(crate) fn certificate(&self, name: &str, hosts: &str, days: i32) {
        self.openssl(&format!(
            "req -x509 -nodes {SMALL} -days {days} -subj /CN={name} -addext subjectAltName={hosts} -keyout {name}.key -out {name}.pem"
        ));
    }

    /// The flags that name them.
    pub(crate) fn flags(&self, names: &[&str]) -> Vec<String> {
        let flag =
            |flag: &str, file: String| [flag.to_owned(), self.path(&file).to_str().unwrap().to_owned()];
        names
            .iter()
            .flat_map(|name| {
                [flag("--tls-cert", format!("{name}.pem")), flag("--tls-key", format!("{name}.key"))].concat()
            })
            .collect()
    }

    pub(crate) fn start(&self, names: &[&str], more: &[&str]) -> Server {
        let flags = self.flags(names);
        let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
        Server::start(&flags)
    }
}
