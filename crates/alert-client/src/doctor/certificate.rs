//! TLS and the certificate. A bad certificate does not stop the examination: each thing that is wrong with it is
//! reported, and what is behind it is examined anyway.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::client::danger::ServerCertVerifier;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{AlertDescription, ClientConfig, RootCertStore};
use tokio::time::timeout;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use super::advice::Advice;
use super::door::Door;
use super::finding::{Check, Finding};
use super::site::{HttpError, PROMPT};
use super::witness::Witness;
use crate::{ServerAddress, TlsError, tls};

/// A certificate with less time left should have been renewed; some last for days only, of which it is this part.
const RENEWED_BEFORE: i64 = 14 * DAY;
const RENEWED_PART: i64 = 4;
const DAY: i64 = 24 * 60 * 60;
/// What Alert shows while it has no certificate from its authority.
const STAND_IN: &str = "Alert has no certificate yet";

/// What is found, and the configuration for the remaining checks, if there is a connection.
pub(super) async fn examine(
    address: &ServerAddress,
    door: &Door,
) -> (Vec<Finding>, Option<Arc<ClientConfig>>) {
    match open(address, door).await {
        Ok((tls, chain, roots, config)) => {
            let mut findings = vec![tls];
            findings.extend(judge(address, &chain, &roots, SystemTime::now()));
            (findings, Some(config))
        }
        Err(finding) => (vec![finding], None),
    }
}

type Opened = (Finding, Vec<CertificateDer<'static>>, RootCertStore, Arc<ClientConfig>);

async fn open(address: &ServerAddress, door: &Door) -> Result<Opened, Finding> {
    let failed = |seen: String, text: &str| Finding::failed(Check::Tls, seen, Advice::new(text));
    let here = "Install the certificates of the authorities on this machine (package ca-certificates), or name their \
                file in SSL_CERT_FILE.";
    let roots = tls::roots().map_err(|error| failed(error.to_string(), here))?;
    let mut config = tls::tls_config().map_err(|error| failed(error.to_string(), here))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let witness = Arc::new(Witness::new(config.crypto_provider().signature_verification_algorithms));
    config.dangerous().set_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>);
    let config = Arc::new(config);
    let started = std::time::Instant::now();
    let encrypt = async {
        door.encrypt(Arc::clone(&config), address).await.map_err(|error| match error {
            HttpError::Tls(TlsError::NotTls(_)) => failed(
                "what answers there does not speak TLS".to_owned(),
                &format!(
                    "If the server has no TLS, the URL begins with http://. If it should have, give it --acme-domain, or \
                     --tls-cert and --tls-key, or let a proxy do it: `listen {} ssl;` with ssl_certificate and ssl_certificate_key in nginx; Caddy does it by itself.",
                    address.port()
                ),
            ),
            HttpError::Tls(TlsError::Failed {
                problem: rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol),
                ..
            }) => {
                failed(
                    "it refuses HTTP/1.1, which WebSockets need".to_owned(),
                    "Let the proxy offer http/1.1 beside h2 (ALPN).",
                )
            }
            HttpError::Tls(error) => failed(error.to_string(), "Allow TLS 1.2 and 1.3 in the proxy: `ssl_protocols TLSv1.2 TLSv1.3;`."),
            error => failed(error.to_string(), ""),
        })
    };
    let late = |_| {
        let seen = format!("no TLS within {} s", PROMPT.as_secs());
        Err(failed(seen, "Check what listens on this port: it takes connections, and does not begin TLS."))
    };
    let stream = timeout(PROMPT, encrypt).await.unwrap_or_else(late)?;
    let took = super::network::time(started.elapsed());
    let version = match stream.get_ref().1.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
        other => format!("{other:?}"),
    };
    drop(stream);
    Ok((Finding::ok(Check::Tls, format!("{version} in {took}")), witness.seen(), roots, config))
}

/// What is spoken with a client that can speak HTTP/2. WebSockets have been offered HTTP/1.1 alone before, as browsers do.
pub(super) async fn protocols(address: &ServerAddress, door: &Door, config: &ClientConfig) -> Finding {
    let mut config = config.clone();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let check = Check::Protocols;
    match timeout(PROMPT, door.encrypt(Arc::new(config), address)).await {
        Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            Finding::ok(check, "HTTP/2 for pages and event streams, HTTP/1.1 for WebSockets")
        }
        Ok(Ok(_)) => Finding::ok(
            check,
            "HTTP/1.1 alone: a browser has six connections, so a seventh tab with an event stream waits",
        ),
        Ok(Err(error)) => {
            let advice =
                Advice::new("Let the proxy speak HTTP/2 or HTTP/1.1 with clients that offer both (ALPN).");
            Finding::failed(check, format!("a client that offers HTTP/2 is refused ({error})"), advice)
        }
        Err(_) => Finding::failed(
            check,
            format!("no TLS within {} s for a client that offers HTTP/2", PROMPT.as_secs()),
            Advice::new("Check what listens on this port."),
        ),
    }
}

/// Name, dates and issuer, each on its own: a certificate may be wrong in several ways.
fn judge(
    address: &ServerAddress,
    chain: &[CertificateDer<'static>],
    roots: &RootCertStore,
    now: SystemTime,
) -> Vec<Finding> {
    let unreadable = || {
        let advice = Advice::new("Get another certificate: this one cannot be read.");
        vec![Finding::failed(Check::CertificateIssuer, "it is not a certificate of X.509 version 3", advice)]
    };
    let Some((leaf, intermediates)) = chain.split_first() else { return unreadable() };
    let Ok((_, certificate)) = X509Certificate::from_der(leaf) else { return unreadable() };
    let Ok(parsed) = ParsedCertificate::try_from(leaf) else { return unreadable() };
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    vec![
        name(address, &certificate, &parsed),
        dates(&certificate, i64::try_from(now.as_secs()).unwrap_or(i64::MAX)),
        issuer(&certificate, &parsed, intermediates, roots, now),
    ]
}

fn name(
    address: &ServerAddress,
    certificate: &X509Certificate<'_>,
    parsed: &ParsedCertificate<'_>,
) -> Finding {
    let names = names(certificate);
    let host = address.host();
    if verify_server_name(parsed, address.server_name()).is_ok() {
        return Finding::ok(Check::CertificateName, format!("it is for {names}"));
    }
    let text = format!(
        "Use the name that the certificate is for in the URL, or get a certificate for {host}. If the server has one, \
         the request met another server block: check server_name."
    );
    let mut advice = Advice::new(text);
    // Authorities issue certificates only for DNS names.
    if matches!(address.server_name(), ServerName::DnsName(_)) && host != "localhost" {
        advice = advice
            .nginx([
                &format!("# after: certbot certonly --nginx -d {host}"),
                &format!("server_name {host};"),
                &format!("ssl_certificate     /etc/letsencrypt/live/{host}/fullchain.pem;"),
                &format!("ssl_certificate_key /etc/letsencrypt/live/{host}/privkey.pem;"),
            ])
            .caddy([
                &format!("{host} {{    # Caddy gets the certificate by itself"),
                "    reverse_proxy 127.0.0.1:5000",
                "}",
            ]);
    }
    Finding::failed(Check::CertificateName, format!("it is not for {host}, but for {names}"), advice)
}

fn names(certificate: &X509Certificate<'_>) -> String {
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let names = alternatives.iter().flat_map(|names| &names.value.general_names);
    let names: Vec<String> = names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes).ok().map(|ip| std::net::Ipv4Addr::from(ip).to_string()),
                _ => <[u8; 16]>::try_from(*bytes).ok().map(|ip| std::net::Ipv6Addr::from(ip).to_string()),
            },
            _ => None,
        })
        .collect();
    match names.len() {
        0 => "no host (subjectAltName is missing, and its subject does not count)".to_owned(),
        1..=5 => names.join(", "),
        more => format!("{}, and {} more", names[..5].join(", "), more - 5),
    }
}

fn dates(certificate: &X509Certificate<'_>, now: i64) -> Finding {
    let check = Check::CertificateDates;
    let validity = certificate.validity();
    let (begin, end) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    let (since, until) = (date(validity.not_before), date(validity.not_after));
    let renew = "Renew it, and have that done by itself: `systemctl status certbot.timer`, `certbot renew`, and then \
                 `systemctl reload nginx`, as nginx reads certificates only when it starts or reloads. Caddy renews by itself, and \
                 Alert what it has ordered (--acme-domain): its log and /readyz say why it could not.";
    if now < begin {
        let advice =
            "Check the clocks of the server and of this machine (timedatectl), or wait until it begins.";
        return Finding::failed(check, format!("it is not valid before {since}"), Advice::new(advice));
    }
    if now > end {
        let ago = days((now - end) / DAY);
        return Finding::failed(check, format!("it expired on {until}, {ago} ago"), Advice::new(renew));
    }
    let left = end - now;
    let seen = format!("{since} to {until}, {} left", days(left / DAY));
    if left < RENEWED_BEFORE.min((end - begin) / RENEWED_PART) {
        Finding::warning(check, seen, Advice::new(renew))
    } else {
        Finding::ok(check, seen)
    }
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

fn date(time: ASN1Time) -> String {
    time.to_datetime().date().to_string()
}

fn issuer(
    certificate: &X509Certificate<'_>,
    parsed: &ParsedCertificate<'_>,
    intermediates: &[CertificateDer<'_>],
    roots: &RootCertStore,
    now: Duration,
) -> Finding {
    let check = Check::CertificateIssuer;
    let issuer = certificate.issuer();
    let common = issuer.iter_common_name().next().and_then(|name| name.as_str().ok());
    let organization = issuer.iter_organization().next().and_then(|name| name.as_str().ok());
    let by = match (organization, common) {
        (Some(organization), Some(common)) => format!("{organization} ({common})"),
        (one, other) => one.or(other).unwrap_or("somebody without a name").to_owned(),
    };
    // Its own dates are left to another check.
    let validity = certificate.validity();
    let within = |time: ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
    let (begin, end) = (within(validity.not_before), within(validity.not_after));
    let at = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs().min(end).max(begin)));
    let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms.all;
    let trusted = rustls::client::verify_server_cert_signed_by_trust_anchor(
        parsed,
        roots,
        intermediates,
        at,
        algorithms,
    );
    let Err(error) = trusted else { return Finding::ok(check, format!("signed by {by}, trusted here")) };
    if certificate.issuer() == certificate.subject() && common == Some(STAND_IN) {
        let text = "Alert has ordered a certificate (--acme-domain) and has not got it. Its log and /readyz say why; port 443 of \
                    the name has to lead from the internet to a TCP address of --listen, with TLS untouched on the way.";
        return Finding::failed(check, "it only stands in until Alert has one", Advice::new(text));
    }
    let own = "Get a certificate from an authority that browsers trust (Let's Encrypt costs nothing; Alert gets one by \
               itself with --acme-domain, and so does Caddy). For a network of your own, install the authority's certificate on every client; the doctor \
               reads SSL_CERT_FILE.";
    if certificate.issuer() == certificate.subject() {
        return Finding::failed(check, "it is signed by itself, which nobody trusts", Advice::new(own));
    }
    let seen = format!("signed by {by}, who is not trusted here");
    if intermediates.is_empty() {
        let text = format!(
            "The server sends its certificate alone. If {by} is an authority that browsers trust, send the intermediate \
             certificates with it: the file with the whole chain. {own}"
        );
        let advice = Advice::new(text)
            .nginx(["ssl_certificate /etc/letsencrypt/live/alert.example.org/fullchain.pem;"]);
        return Finding::failed(check, seen, advice);
    }
    Finding::failed(check, format!("{seen} ({error})"), Advice::new(own))
}
