//! An address that a user gives: https, or http in the networks that the operator names.

use super::reach::Reach;
use http::Uri;
use std::net::IpAddr;
use url::{Host, Url};

/// The most bytes of one.
const MOST: usize = 2048;

/// Where something is sent. It is shown as it was given, but for how a URL is written: nobody may hide where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(Uri);

/// Why nothing is sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is no URL.
    #[error("is not the address of a page on the web: give one such as https://example.org/hook")]
    NotAUrl,
    /// It is something else.
    #[error(
        "has to begin with https://; http:// leads only into a network that the server allows (outbound_networks)"
    )]
    NotHttps,
    /// It has a name and a password.
    #[error("must have no name and no password in it: whoever sees the address would see them")]
    Credentials,
    /// It is not for everybody.
    #[error(
        "does not lead to a public address: nothing is sent to this machine or to private networks, unless whoever runs the \
         server allows that (outbound_networks)"
    )]
    NotPublic,
    /// It is too long.
    #[error("is longer than {MOST} bytes")]
    TooLong,
}

impl TargetError {
    /// The same for programs, which may say it in their own words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotAUrl => "url_invalid",
            Self::NotHttps => "url_not_https",
            Self::Credentials => "url_with_password",
            Self::NotPublic => "url_not_public",
            Self::TooLong => "url_too_long",
        }
    }
}

impl Target {
    pub(super) fn parse(text: &str, reach: &Reach) -> Result<Self, TargetError> {
        if text.len() > MOST {
            return Err(TargetError::TooLong);
        }
        let mut url = Url::parse(text).map_err(|_| TargetError::NotAUrl)?;
        let address = match url.host() {
            None => {
                return Err(if url.scheme() == "https" {
                    TargetError::NotAUrl
                } else {
                    TargetError::NotHttps
                });
            }
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::from(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::from(address)),
        };
        match url.scheme() {
            "https" => {}
            // What a name leads to is seen when it is connected to.
            "http" if reach.names_any() && address.is_none_or(|address| reach.names(address)) => {}
            _ => return Err(TargetError::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        if address.is_some_and(|address| reach.admits(address).is_err()) {
            return Err(TargetError::NotPublic);
        }
        url.set_fragment(None);
        url.as_str().parse().map(Self).map_err(|_| TargetError::NotAUrl)
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }

    /// The host alone, for whoever must not see what else is in the address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, named: &[&str]) -> Result<String, TargetError> {
        let reach = Reach::new(named.iter().map(|network| network.parse().unwrap()).collect());
        Target::parse(text, &reach).map(|target| target.to_string())
    }

    #[test]
    fn given_an_address_then_it_is_https_and_written_in_one_way() {
        for (given, read) in [
            ("https://example.org/hook?a=b#c", "https://example.org/hook?a=b"),
            ("HTTPS://EXAMPLE.org", "https://example.org/"),
            ("https://b\u{fc}cher.example:8443/\u{e9}", "https://xn--bcher-kva.example:8443/%C3%A9"),
            ("https://1.1.1.1/", "https://1.1.1.1/"),
            ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ] {
            assert_eq!(parsed(given, &[]).as_deref(), Ok(read), "{given}");
        }
        for (given, problem) in [
            ("", TargetError::NotAUrl),
            ("example.org/hook", TargetError::NotAUrl),
            ("https://", TargetError::NotAUrl),
            ("http://example.org/", TargetError::NotHttps),
            ("ftp://example.org/", TargetError::NotHttps),
            ("file:///etc/passwd", TargetError::NotHttps),
            ("data:,x", TargetError::NotHttps),
            ("https://ada:secret@example.org/", TargetError::Credentials),
            ("https://ada@example.org/", TargetError::Credentials),
            (&format!("https://example.org/{}", "a".repeat(2048)), TargetError::TooLong),
        ] {
            assert_eq!(parsed(given, &[]), Err(problem), "{given}");
        }
    }

    #[test]
    fn given_an_address_that_is_not_public_however_it_is_written_then_it_is_refused() {
        for given in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://\u{ff11}27.0.0.1/",
        ] {
            assert_eq!(parsed(given, &[]), Err(TargetError::NotPublic), "{given}");
        }
    }

    #[test]
    fn given_networks_that_are_named_then_http_leads_there_and_nowhere_else() {
        let named = ["127.0.0.0/8"];
        assert_eq!(parsed("http://127.0.0.1:80/x", &named).as_deref(), Ok("http://127.0.0.1/x"));
        assert_eq!(parsed("https://127.0.0.1:8443/", &named).as_deref(), Ok("https://127.0.0.1:8443/"));
        assert_eq!(parsed("http://hooks.internal/", &named).as_deref(), Ok("http://hooks.internal/"));
        assert_eq!(parsed("http://1.1.1.1/", &named), Err(TargetError::NotHttps));
        assert_eq!(parsed("https://10.0.0.1/", &named), Err(TargetError::NotPublic));
    }
}
