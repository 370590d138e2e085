//! HTTP to the authority: https only, with the roots that the system trusts or those of `acme_ca`, and bounds on time
//! and size.

use super::{AcmeError, Fault};
use crate::config::AcmeSettings;
use crate::tls;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{CertificateError, RootCertStore};
use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long one request may take.
const TIME: Duration = Duration::from_secs(30);
/// The most bytes of an answer.
const MOST: usize = 1 << 20;

/// A client; clones share what the authority has asked for.
#[derive(Clone)]
pub(super) struct AcmeClient {
    http: Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>,
    retry_after: Arc<Mutex<Option<Duration>>>,
}

impl AcmeClient {
    pub(super) fn new(settings: &AcmeSettings) -> Result<Self, AcmeError> {
        let roots = roots(settings)?;
        let tls = tls::client_config(roots);
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build();
        Ok(Self { http: Client::builder(TokioExecutor::new()).build(connector), retry_after: Arc::default() })
    }

    pub(super) fn boxed(&self) -> Box<dyn HttpClient> {
        Box::new(self.clone())
    }

    /// How long the authority has asked to be left alone, since the last call.
    pub(super) fn take_retry_after(&self) -> Option<Duration> {
        self.retry_after.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn ask(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Fault> {
        let asked = async {
            let (head, body) = self.http.request(request).await.map_err(|error| reason(&error))?.into_parts();
            let body =
                Limited::new(body, MOST).collect().await.map_err(|error| error.to_string())?.to_bytes();
            Ok(Response::from_parts(head, Full::new(body)))
        };
        let answer = match tokio::time::timeout(TIME, asked).await {
            Ok(answer) => answer.map_err(Fault::Unreachable)?,
            Err(_) => return Err(Fault::Unreachable("it does not answer in time".to_owned())),
        };
        if matches!(answer.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            && let Some(seconds) = answer.headers().get(header::RETRY_AFTER)
            && let Some(seconds) = seconds.to_str().ok().and_then(|text| text.parse().ok())
        {
            let asked = Duration::from_secs(seconds);
            self.retry_after.lock().unwrap_or_else(PoisonError::into_inner).replace(asked);
        }
        Ok(BytesResponse::from(answer))
    }
}

impl HttpClient for AcmeClient {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move { client.ask(request).await.map_err(|fault| Error::Other(Box::new(fault))) })
    }
}

/// The innermost reason, which says most.
fn reason(error: &(dyn StdError + 'static)) -> String {
    let mut inner = error;
    loop {
        // What an `io::Error` wraps is not its source.
        let wrapped = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let next = match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => inner.source(),
        };
        match next {
            Some(next) => inner = next,
            None => break,
        }
    }
    match inner.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "its certificate is signed by nobody this machine trusts: name its root with --acme-ca".to_owned()
        }
        Some(rustls::Error::InvalidMessage(_)) => "it does not speak TLS: check --acme-directory".to_owned(),
        Some(error) => {
            format!("its certificate or its TLS cannot be accepted ({error}): check --acme-directory")
        }
        None => format!("it cannot be reached ({inner}): check --acme-directory and this machine's network"),
    }
}

fn roots(settings: &AcmeSettings) -> Result<RootCertStore, AcmeError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = &settings.ca else {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let problem = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
            return Err(AcmeError::NoRoots(problem));
        }
        return Ok(roots);
    };
    let wrong = |error: String| AcmeError::Ca(path.clone(), error);
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    for certificate in all.map_err(|error| wrong(error.to_string()))? {
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        Err(wrong("there is no -----BEGIN CERTIFICATE-----".to_owned()))
    } else {
        Ok(roots)
    }
}
