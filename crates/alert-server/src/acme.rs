//! Certificates from an authority that speaks ACME (RFC 8555), checked over TLS on the server's own addresses
//! (TLS-ALPN-01, RFC 8737): ordered when they are missing, renewed when two thirds of their time have passed.

mod account;
mod client;
mod fault;
mod folder;
mod order;
mod schedule;

use crate::config::{AcmeSettings, CertificateFiles};
use crate::tls::Certificates;
use crate::web::Readiness;
use account::Accounts;
use client::AcmeClient;
use fault::Fault;
use folder::Folder;
use schedule::Schedule;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Between two looks at the clock: it may be set, and the machine may sleep.
const LOOK: Duration = Duration::from_secs(600);

/// Why certificates cannot be obtained at all.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// Nothing can be kept.
    #[error("the certificates cannot be kept in {path} ({1}): name another folder with --acme-dir, or let Alert's user write to it", path = .0.display())]
    Folder(PathBuf, std::io::Error),
    /// The authority's own certificate could not be checked.
    #[error("{path} holds no certificate in PEM ({1}): name the file of the authority's root with --acme-ca", path = .0.display())]
    Ca(PathBuf, String),
    /// The same, for want of roots.
    #[error(
        "this machine has no certificates to check the authority with{0}: install them (package ca-certificates), or name a file with --acme-ca"
    )]
    NoRoots(String),
}

/// Obtains and renews the certificates.
pub struct Acme {
    settings: AcmeSettings,
    folder: Folder,
    client: AcmeClient,
}

/// Looks into what the settings name, and changes nothing.
///
/// # Errors
/// If certificates could not be obtained like that.
pub fn check(settings: &AcmeSettings) -> Result<(), AcmeError> {
    AcmeClient::new(settings).map(|_| ())
}

impl Acme {
    /// Makes the folder, if it is not there.
    ///
    /// # Errors
    /// If certificates cannot be obtained at all.
    pub fn new(settings: &AcmeSettings) -> Result<Self, AcmeError> {
        let folder = Folder::create(settings).map_err(|(path, error)| AcmeError::Folder(path, error))?;
        Ok(Self { settings: settings.clone(), folder, client: AcmeClient::new(settings)? })
    }

    /// Where the certificates are, or will be.
    pub fn files(&self) -> Vec<CertificateFiles> {
        self.settings.domains.iter().map(|domain| self.folder.certificate(domain)).collect()
    }

    /// Sees to the certificates for as long as the server runs.
    pub async fn run(self, certificates: Arc<Certificates>, readiness: Readiness) {
        let mut accounts = Accounts::new(&self.settings, &self.folder, &self.client);
        let mut all: Vec<(String, Schedule)> =
            self.settings.domains.iter().map(|domain| (domain.clone(), Schedule::default())).collect();
        loop {
            let mut next = LOOK;
            for (domain, schedule) in &mut all {
                let times = certificates.times(domain);
                let wait = schedule.wait(times, SystemTime::now());
                if wait > Duration::ZERO {
                    next = next.min(wait);
                    continue;
                }
                let obtained = self.obtain(&mut accounts, domain, &certificates).await;
                let pause = match &obtained {
                    Ok(()) => schedule.succeeded(),
                    Err(fault) => schedule.failed(fault, self.client.take_retry_after()),
                };
                self.tell(domain, &certificates, obtained.err(), pause, &readiness);
                next = next.min(pause);
            }
            tokio::time::sleep(next).await;
        }
    }

    async fn obtain(
        &self,
        accounts: &mut Accounts<'_>,
        domain: &str,
        certificates: &Arc<Certificates>,
    ) -> Result<(), Fault> {
        let pem = match order::place(accounts.get().await?, domain, certificates).await {
            // The authority has forgotten it, as one for tests does.
            Err(fault) if fault.is_unknown_account() => {
                accounts.forget();
                order::place(accounts.get().await?, domain, certificates).await?
            }
            placed => placed?,
        };
        self.folder.keep(domain, &pem).map_err(|error| Fault::Kept(self.folder.path().to_owned(), error))?;
        certificates.take_up();
        Ok(())
    }

    fn tell(
        &self,
        domain: &str,
        certificates: &Certificates,
        fault: Option<Fault>,
        pause: Duration,
        readiness: &Readiness,
    ) {
        let until = certificates.times(domain).map(|(_, until)| humantime::format_rfc3339_seconds(until));
        let authority = self.settings.directory.host_str().unwrap_or_default();
        let Some(fault) = fault else {
            let until = until.map(|until| until.to_string()).unwrap_or_default();
            tracing::info!(domain, authority, until, "a certificate has been obtained");
            return readiness.set_trouble(domain, None);
        };
        let reason = fault.words(domain, authority);
        let what = match until {
            Some(until) => {
                format!("the certificate for {domain}, which ends at {until}, could not be renewed")
            }
            None => format!("there is no certificate for {domain}"),
        };
        let next = humantime::format_duration(Duration::from_secs(pause.as_secs()));
        tracing::error!(domain, authority, "{what}: {reason}. The next try is in {next}");
        readiness.set_trouble(domain, Some(format!("{what}: {reason}")));
    }
}
