//! All certificates of the server: chosen by the name that a client asks for, and read again when their files change.

use super::certificate::Renewal;
use super::{ACME_TLS, Certificate, CertificateError, SelfSignedError, self_signed};
use crate::config::CertificateFiles;
use crate::file_stamp::{LOOK, Stamp, stamp};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// Between two looks at the calendar.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The certificates that are shown now.
#[derive(Debug)]
pub struct Certificates {
    files: Vec<CertificateFiles>,
    /// Set if an authority gives them.
    ordered: Option<Ordered>,
    now: RwLock<Arc<[Certificate]>>,
    stamps: Mutex<Vec<Stamp>>,
}

/// Certificates that can be shown.
pub struct ReadAgain(Arc<[Certificate]>);

/// Certificates that may be missing, since an authority gives them.
#[derive(Debug)]
struct Ordered {
    domains: Vec<String>,
    /// What is shown instead of one that is missing.
    stand_in: Arc<CertifiedKey>,
    /// What the authority is shown for a name. Entries leave with their [`Shown`].
    proofs: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

/// What an authority is shown while this lives.
pub(crate) struct Shown {
    certificates: Arc<Certificates>,
    domain: String,
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(ordered) = &self.certificates.ordered {
            ordered.proofs.write().unwrap_or_else(PoisonError::into_inner).remove(&self.domain);
        }
    }
}

impl Certificates {
    /// Reads them.
    ///
    /// # Errors
    /// If one of them cannot be used.
    pub fn load(files: Vec<CertificateFiles>) -> Result<Self, CertificateError> {
        let stamps = stamps(&files);
        let now = load_all(&files)?;
        Ok(Self { files, ordered: None, now: RwLock::new(now), stamps: Mutex::new(stamps) })
    }

    /// Reads those that an authority has given so far for these names, each in its file.
    ///
    /// # Errors
    /// If nothing can be shown instead of one that is missing.
    pub fn ordered(domains: Vec<String>, files: Vec<CertificateFiles>) -> Result<Self, SelfSignedError> {
        let stand_in = Arc::new(self_signed::stand_in(&domains)?);
        let stamps = stamps(&files);
        let now = load_present(&files);
        let ordered = Some(Ordered { domains, stand_in, proofs: RwLock::default() });
        Ok(Self { files, ordered, now: RwLock::new(now), stamps: Mutex::new(stamps) })
    }

    /// Whether an authority gives them.
    pub fn are_from_an_authority(&self) -> bool {
        self.ordered.is_some()
    }

    /// Shows this to the authority that asks for the name, for as long as what is returned lives.
    pub(crate) fn show_proof(self: &Arc<Self>, domain: &str, proof: CertifiedKey) -> Shown {
        if let Some(ordered) = &self.ordered {
            let mut proofs = ordered.proofs.write().unwrap_or_else(PoisonError::into_inner);
            proofs.insert(domain.to_owned(), Arc::new(proof));
        }
        Shown { certificates: Arc::clone(self), domain: domain.to_owned() }
    }

    /// When the certificate for a name begins and ends, if there is one.
    pub(crate) fn times(&self, domain: &str) -> Option<(SystemTime, SystemTime)> {
        self.shown().iter().find(|one| one.is_for(domain)).map(|one| (one.from, one.until))
    }

    /// Takes up what an authority has just given.
    pub(crate) fn take_up(&self) {
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) = stamps(&self.files);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = load_present(&self.files);
    }

    /// Reads them again, without showing them yet.
    ///
    /// # Errors
    /// If one cannot be used.
    pub fn read_again(&self) -> Result<ReadAgain, CertificateError> {
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) = stamps(&self.files);
        match &self.ordered {
            None => load_all(&self.files).map(ReadAgain),
            Some(_) => Ok(ReadAgain(load_present(&self.files))),
        }
    }

    /// Shows those from now on. Returns whether they are others.
    pub fn show(&self, ReadAgain(new): ReadAgain) -> bool {
        let chain = |one: &Certificate| one.key.cert.clone();
        let is_other = !self.shown().iter().map(chain).eq(new.iter().map(chain));
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = new;
        self.warn();
        is_other
    }

    /// Shows what is in the files now. If one cannot be used, those of before stay.
    fn reload(&self) {
        match self.read_again() {
            Ok(new) => {
                self.show(new);
                tracing::info!("the TLS certificates have been read again");
            }
            Err(error) => tracing::error!("the TLS certificates of before stay: {error}"),
        }
    }

    /// Reads them again whenever their files change, and says each day what will have to be done about them.
    pub async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.warn();
        let mut warned = SystemTime::now();
        loop {
            ticks.tick().await;
            let found = stamps(&self.files);
            if *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) != found {
                // Both files of a pair are written one after the other.
                tokio::time::sleep(LOOK).await;
                self.reload();
                warned = SystemTime::now();
            } else if warned.elapsed().is_ok_and(|since| since >= DAY) {
                self.warn();
                warned = SystemTime::now();
            }
        }
    }

    /// The host names that none of them is for.
    pub fn lack<'a>(&self, hosts: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let now = self.shown();
        let is_lacking = |host: &&str| {
            let host = host.to_ascii_lowercase();
            match &self.ordered {
                Some(ordered) => !ordered.domains.contains(&host),
                None => !now.iter().any(|one| one.is_for(&host)),
            }
        };
        hosts.into_iter().filter(is_lacking).collect()
    }

    /// The host names that they are for; a wildcard is written `*.example.org`.
    pub fn names(&self) -> Vec<String> {
        match &self.ordered {
            Some(ordered) => ordered.domains.clone(),
            None => self.shown().iter().flat_map(|one| one.names.clone()).collect(),
        }
    }

    fn shown(&self) -> Arc<[Certificate]> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// When the first of them ends.
    pub fn until(&self) -> Option<SystemTime> {
        self.shown().iter().map(|one| one.until).min()
    }

    /// What whoever runs the server should know.
    pub fn warnings(&self) -> Vec<String> {
        let now = SystemTime::now();
        let renewal = if self.ordered.is_some() { Renewal::ByItself } else { Renewal::ByHand };
        self.shown().iter().flat_map(|one| one.warnings(now, renewal)).collect()
    }

    fn warn(&self) {
        self.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let now = self.shown();
        let asked = hello.server_name().map(str::to_ascii_lowercase);
        if let (Some(ordered), Some(host)) = (&self.ordered, &asked) {
            // An authority offers nothing else (RFC 8737, section 3).
            if hello
                .alpn()
                .is_some_and(|mut offered| offered.next() == Some(ACME_TLS) && offered.next().is_none())
            {
                return ordered.proofs.read().unwrap_or_else(PoisonError::into_inner).get(host).cloned();
            }
            if ordered.domains.contains(host) && !now.iter().any(|one| one.is_for(host)) {
                return Some(Arc::clone(&ordered.stand_in));
            }
        }
        let fitting = asked.and_then(|host| now.iter().find(|one| one.is_for(&host)));
        // Without a name that fits, the first one: its name shows the user what is wrong.
        let one = fitting.or(now.first()).map(|one| Arc::clone(&one.key));
        one.or_else(|| self.ordered.as_ref().map(|ordered| Arc::clone(&ordered.stand_in)))
    }
}

fn load_all(files: &[CertificateFiles]) -> Result<Arc<[Certificate]>, CertificateError> {
    files.iter().map(Certificate::load).collect()
}

/// Those that are there. One that cannot be used is ordered again.
fn load_present(files: &[CertificateFiles]) -> Arc<[Certificate]> {
    let present = files.iter().filter(|files| files.chain.exists());
    let usable = present.filter_map(|files| {
        Certificate::load(files).inspect_err(|error| tracing::warn!("it is ordered again: {error}")).ok()
    });
    usable.collect()
}

fn stamps(files: &[CertificateFiles]) -> Vec<Stamp> {
    files.iter().flat_map(|files| [stamp(&files.chain), stamp(&files.key)]).collect()
}
