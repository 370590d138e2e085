//! Certificates from an authority that speaks ACME: for which names, from which authority, and where they are kept.

use std::net::IpAddr;
use std::path::PathBuf;

use alert_settings::{Allowed, Environment, Source};
use socketio_server::ListenAddr;
use url::Url;

use super::{Config, Reader, tls};

/// Authorities that have a word for them.
const KNOWN: [(&str, &str); 2] = [
    ("letsencrypt", "https://acme-v02.api.letsencrypt.org/directory"),
    ("staging", "https://acme-staging-v02.api.letsencrypt.org/directory"),
];

/// Where an authority asks (RFC 8737, section 3).
const HTTPS: u16 = 443;

/// Names that one authority is asked for; each has a certificate of its own.
const MOST_DOMAINS: usize = 100;

/// How certificates are obtained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeSettings {
    /// Host names, in lower case; at least one, none twice.
    pub domains: Vec<String>,
    /// Whom the authority may write to.
    pub email: Option<String>,
    /// The URL of the authority's directory.
    pub directory: Url,
    /// The certificates that its own is checked with, in PEM; otherwise those that the system trusts.
    pub ca: Option<PathBuf>,
    /// Where the account and the certificates are kept.
    pub folder: PathBuf,
}

impl Reader {
    /// How certificates are ordered.
    pub(super) fn acme(&mut self, environment: &Environment) -> Option<AcmeSettings> {
        let domains = self.many("acme_domain", domain);
        let email = self.optional("acme_email", email);
        let directory = self.one("acme_directory", directory);
        let ca = self.optional("acme_ca", tls::file);
        let folder = self.optional("acme_dir", folder);
        if domains.is_empty() {
            return None;
        }
        let Some(folder) = folder.or_else(|| environment.acme_folder()) else {
            self.refuse(
                "acme_dir",
                "a folder: without HOME and STATE_DIRECTORY there is no other place".to_owned(),
            );
            return None;
        };
        Some(AcmeSettings { domains, email, directory, ca, folder })
    }
}

impl Config {
    /// What may keep an authority from finding this server.
    pub(super) fn acme_warnings(&self, environment: &Environment) -> Vec<String> {
        let Some(acme) = &self.acme else { return Vec::new() };
        let names = acme.domains.join(", ");
        let is_https =
            |address: &ListenAddr| matches!(address, ListenAddr::Tcp(address) if address.port() == HTTPS);
        let mut warnings = Vec::new();
        // systemd may pass sockets of any port.
        if !self.listen.iter().any(is_https) && environment.get("LISTEN_FDS").is_none() {
            warnings.push(format!(
                "the authority asks for {names} at port {HTTPS}, which listen does not have: have that port passed on to here"
            ));
        }
        if self.history.redis.is_some() {
            warnings.push(format!(
                "if other servers have the names {names} too, the authority may ask one of those, which refuses it: give all of \
                 them one certificate with --tls-cert then"
            ));
        }
        warnings
    }

    /// Checks what no single value shows.
    pub(super) fn check_acme(&self, reader: &mut Reader) {
        let Some(acme) = &self.acme else {
            for name in ["acme_email", "acme_directory", "acme_ca", "acme_dir"] {
                if reader.0.given[name].source != Source::Default {
                    reader.refuse(name, "nothing without acme_domain: no certificate is ordered".to_owned());
                }
            }
            return;
        };
        if !self.tls.is_empty() {
            reader.refuse(
                "acme_domain",
                "nothing where tls_cert is set: certificates come from files or from an authority".to_owned(),
            );
        }
        let twice = |(index, domain)| acme.domains[..index].contains(domain);
        if acme.domains.len() > MOST_DOMAINS || acme.domains.iter().enumerate().any(twice) {
            reader.refuse("acme_domain", format!("each name once, and at most {}", MOST_DOMAINS));
        }
        if !self.listen.iter().any(|address| matches!(address, ListenAddr::Tcp(_))) {
            let allowed = "nothing without a TCP address in listen: there the authority checks the names";
            reader.refuse("acme_domain", allowed.to_owned());
        }
    }
}

/// Reads a host name that an authority can be asked for.
///
/// # Errors
/// What is allowed instead.
fn domain(text: &str) -> Result<String, Allowed> {
    let name = text.trim().to_ascii_lowercase();
    if name.starts_with("*.") {
        return Err("a host name without a wildcard: list each name, or give --tls-cert a certificate with a wildcard".to_owned());
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name = name.len() <= 253
        && name.parse::<IpAddr>().is_err()
        && name.bytes().any(|byte| byte.is_ascii_alphabetic())
        && name.split('.').all(is_label);
    let allowed = "a host name that leads to this server, as in alert.example.org; without https:// and port, other scripts as xn--";
    if is_name { Ok(name) } else { Err(allowed.to_owned()) }
}

/// Reads an address for mail.
///
/// # Errors
/// What is allowed instead.
fn email(text: &str) -> Result<String, Allowed> {
    let text = text.trim();
    let is_address = text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !user.contains(':') && host.contains('.') && !host.contains('@')
    });
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b",?&%<>\"".contains(&byte));
    if is_address && is_plain {
        Ok(text.to_owned())
    } else {
        Err("an address as in admin@example.org".to_owned())
    }
}

/// Reads a folder, which may be made later.
///
/// # Errors
/// What is allowed instead.
fn folder(text: &str) -> Result<PathBuf, Allowed> {
    let path = PathBuf::from(text);
    match path.metadata() {
        Ok(found) if !found.is_dir() => Err("a folder, which need not be there yet".to_owned()),
        _ => Ok(path),
    }
}

/// Reads which authority is asked.
///
/// # Errors
/// What is allowed instead.
fn directory(text: &str) -> Result<Url, Allowed> {
    let text = text.trim();
    let text = KNOWN.iter().find(|(word, _)| *word == text).map_or(text, |(_, url)| url);
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.username().is_empty());
    url.ok_or_else(|| {
        "letsencrypt, staging (Let's Encrypt's authority for tries), or the https:// URL of a directory"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_name_then_it_is_one_that_an_authority_gives_certificates_for() {
        for good in ["alert.example.org", "a.b", "localhost", "xn--mnchen-3ya.example", "1a.example"] {
            assert_eq!(domain(&format!(" {} ", good.to_ascii_uppercase())), Ok(good.to_owned()));
        }
        let long = format!("{}.example", "a".repeat(64));
        for bad in [
            "",
            ".",
            "a..b",
            "-a.example",
            "a-.example",
            "10.0.0.5",
            "[::1]",
            "1.2",
            "a.example:443",
            "https://a.example",
            "a.example/",
            "a_b.example",
            "m\u{fc}nchen.example",
            "a.example.",
            &long,
        ] {
            assert!(domain(bad).is_err_and(|allowed| allowed.contains("alert.example.org")), "{bad}");
        }
        assert!(domain("*.example.org").is_err_and(|allowed| allowed.contains("--tls-cert")));
    }

    #[test]
    fn given_a_word_or_a_url_then_it_is_an_authority() {
        for (text, host) in [
            ("letsencrypt", "acme-v02.api.letsencrypt.org"),
            ("staging", "acme-staging-v02.api.letsencrypt.org"),
            ("https://ca.internal:9000/acme/acme/directory", "ca.internal"),
        ] {
            assert_eq!(directory(text).unwrap().host_str(), Some(host));
        }
        for bad in ["", "production", "http://ca.internal/directory", "ca.internal", "https://"] {
            assert!(directory(bad).is_err_and(|allowed| allowed.contains("staging")), "{bad}");
        }
    }

    #[test]
    fn given_an_address_then_mail_can_go_there() {
        assert_eq!(email(" admin@example.org "), Ok("admin@example.org".to_owned()));
        for bad in
            ["", "admin", "@example.org", "admin@", "a@b@c.d", "mailto:a@b.c", "a b@c.d", "a@b.c,d@e.f"]
        {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
