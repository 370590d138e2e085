//! Which web pages may speak to this server: the `Origin` header held against our own address and a list of
//! others. A request without the header is not from a foreign page: browsers leave it out only on same-origin GETs,
//! and programs that are not browsers have no page.

use http::{HeaderMap, HeaderValue, header};

/// What a server accepts as the origin of a page.
#[derive(Clone, Debug, Default)]
pub struct OriginPolicy {
    own: Option<Origin>,
    listed: Vec<Origin>,
    any: bool,
}

/// What [`OriginPolicy::judge`] found out about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginVerdict {
    /// There is no `Origin` header.
    Absent,
    /// The page is ours: its host and port are the ones that the request went to, or those of the public URL.
    Own(HeaderValue),
    /// A foreign page that is listed.
    Listed(HeaderValue),
    /// A foreign page that is not listed, where every page may connect (`*`).
    Any,
    /// A foreign page that may not connect.
    Refused(HeaderValue),
}

/// A page's origin, as in `https://example.org:8443`, or the opaque origin `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// Why a text is not an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an origin: write scheme and host, and the port where it is not the usual one, as in https://example.org:8443"
)]
pub struct OriginError(String);

impl OriginPolicy {
    /// Accepts pages of the address that requests go to, and of `own` (the public URL's origin) where it is given.
    pub fn new(own: Option<Origin>) -> Self {
        Self { own, ..Self::default() }
    }

    /// Lets pages of `origin` connect too.
    pub fn allow(&mut self, origin: Origin) {
        self.listed.push(origin);
    }

    /// Lets pages of every origin connect, without credentials.
    pub fn allow_any(&mut self) {
        self.any = true;
    }

    /// Judges the page that a request came from.
    pub fn judge(&self, headers: &HeaderMap) -> OriginVerdict {
        let Some(value) = headers.get(header::ORIGIN) else {
            return OriginVerdict::Absent;
        };
        let origin = value.to_str().ok().and_then(|text| Origin::parse(text).ok());
        let Some(origin) = origin else {
            return if self.any { OriginVerdict::Any } else { OriginVerdict::Refused(value.clone()) };
        };
        if self.own.as_ref() == Some(&origin) || origin.is_host_of(headers) {
            OriginVerdict::Own(value.clone())
        } else if self.listed.contains(&origin) {
            OriginVerdict::Listed(value.clone())
        } else if self.any {
            OriginVerdict::Any
        } else {
            OriginVerdict::Refused(value.clone())
        }
    }
}

impl Origin {
    /// Reads an origin as browsers write it; `null` is one too. The default port of http and https is dropped.
    ///
    /// # Errors
    /// When there is no scheme or host, or when anything follows the port.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let wrong = || OriginError(text.to_owned());
        let lower = text.trim_end_matches('/').to_ascii_lowercase();
        if lower == "null" {
            return Ok(Self(lower));
        }
        let (scheme, host) = lower.split_once("://").ok_or_else(wrong)?;
        let scheme_fits =
            !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        let authority: http::uri::Authority = host.parse().map_err(|_| wrong())?;
        if !scheme_fits || authority.host().is_empty() || host.contains('@') {
            return Err(wrong());
        }
        Ok(Self(format!("{scheme}://{}", without_default_port(host, scheme))))
    }

    /// The origin as browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_host_of(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let Some((host, (scheme, own))) = host.zip(self.0.split_once("://")) else {
            return false;
        };
        without_default_port(&host.to_ascii_lowercase(), scheme) == own
    }
}

fn without_default_port<'a>(host: &'a str, scheme: &str) -> &'a str {
    let suffix = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return host,
    };
    host.strip_suffix(suffix).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(policy: &OriginPolicy, origin: &str, host: &str) -> OriginVerdict {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, origin.parse().unwrap());
        headers.insert(header::HOST, host.parse().unwrap());
        policy.judge(&headers)
    }

    #[test]
    fn a_page_of_the_host_that_it_speaks_to_is_ours() {
        let policy = OriginPolicy::default();
        for (origin, host) in [
            ("http://a.example", "a.example"),
            ("http://A.example", "a.EXAMPLE"),
            ("http://a.example", "a.example:80"),
            ("https://a.example", "a.example:443"),
            ("http://127.0.0.1:5000", "127.0.0.1:5000"),
            ("http://[::1]:5000", "[::1]:5000"),
        ] {
            assert_eq!(
                judge(&policy, origin, host),
                OriginVerdict::Own(origin.parse().unwrap()),
                "{origin} {host}"
            );
        }
    }

    #[test]
    fn a_foreign_page_is_refused_unless_it_is_listed() {
        let mut policy = OriginPolicy::new(Some(Origin::parse("https://alert.example/").unwrap()));
        policy.allow(Origin::parse("https://b.example:8443").unwrap());
        let refused = |text: &str| OriginVerdict::Refused(text.parse().unwrap());
        assert_eq!(judge(&policy, "https://c.example", "a"), refused("https://c.example"));
        assert_eq!(judge(&policy, "https://b.example", "a"), refused("https://b.example"));
        assert_eq!(judge(&policy, "http://a:5001", "a:5000"), refused("http://a:5001"));
        assert_eq!(judge(&policy, "null", "a"), refused("null"));
        assert_eq!(judge(&policy, "rubbish", "a"), refused("rubbish"));
        let listed = OriginVerdict::Listed("https://b.example:8443".parse().unwrap());
        assert_eq!(judge(&policy, "https://b.example:8443", "a"), listed);
        let own = OriginVerdict::Own("https://alert.example".parse().unwrap());
        assert_eq!(judge(&policy, "https://alert.example", "127.0.0.1:5000"), own);
        policy.allow_any();
        assert_eq!(judge(&policy, "https://c.example", "a"), OriginVerdict::Any);
        assert_eq!(judge(&policy, "https://b.example:8443", "a"), listed);
    }

    #[test]
    fn what_is_not_an_origin_is_an_error() {
        for text in ["", "example.org", "https://", "https://a/b", "://a", "https://a b", "https://me@a"] {
            assert!(Origin::parse(text).is_err(), "{text:?}");
        }
    }
}
