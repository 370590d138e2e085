//! Which web pages may speak to this server: the `Origin` header is compared with our own address and a list of
//! others. A request without the header is not from a foreign page: browsers leave it out only on same-origin GETs,
//! and programs that are not browsers have no page.

use http::{HeaderMap, HeaderValue, header};
use std::{fmt, ops::Range};
use url::Url;

/// What a server accepts as the origin of a page.
#[derive(Clone, Debug, Default)]
pub struct OriginPolicy {
    own: Option<Origin>,
    listed: Vec<OriginPattern>,
    any: bool,
}

/// What [`OriginPolicy::judge`] found out about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginVerdict {
    /// There is no `Origin` header.
    Absent,
    /// The page is ours: its host and port are those that the request went to, or those of the public URL.
    Own(HeaderValue),
    /// A foreign page that is listed.
    Listed(HeaderValue),
    /// A foreign page that is not listed, but every page may connect (`*`).
    Any,
    /// A foreign page that may not connect.
    Refused(HeaderValue),
}

/// A page's origin, as in `https://example.org:8443`, or the opaque origin `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    text: String,
    /// Where the host is in it; empty for `null`.
    host: Range<usize>,
}

/// One origin, or those of all hosts below a domain, as in `https://*.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginPattern {
    /// This one.
    One(Origin),
    /// Those with this one's scheme and port whose host is below its host.
    Below(Origin),
}

/// Why a text is not an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an origin: {reason}")]
pub struct OriginError {
    text: String,
    reason: &'static str,
}

impl OriginError {
    /// What to write instead.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

const FORM: &str =
    "scheme and host, and the port where it is not the usual one, as in https://example.org:8443";
const NO_PORT: &str = "a port is a number from 1 to 65535; without the colon it is the usual one";
const NO_WILDCARD: &str = "`*.` may stand before a domain, as in https://*.example.org, and nowhere else";

impl OriginPolicy {
    /// Accepts pages of the address that requests go to, and of `own` (the public URL's origin) if that is given.
    pub fn new(own: Option<Origin>) -> Self {
        Self { own, ..Self::default() }
    }

    /// Lets pages of these origins connect too.
    pub fn allow(&mut self, origins: OriginPattern) {
        self.listed.push(origins);
    }

    /// Lets pages of every origin connect, without credentials.
    pub fn allow_any(&mut self) {
        self.any = true;
    }

    /// Judges the page that a request came from. Two headers cannot be relied on.
    pub fn judge(&self, headers: &HeaderMap) -> OriginVerdict {
        let mut values = headers.get_all(header::ORIGIN).into_iter();
        let Some(value) = values.next() else {
            return OriginVerdict::Absent;
        };
        let text = value.to_str().ok().filter(|_| values.next().is_none());
        if text.is_some_and(|text| is_of_host(text, headers)) {
            return OriginVerdict::Own(value.clone());
        }
        let origin = text.and_then(|text| Origin::parse(text).ok());
        if origin.is_some() && origin == self.own {
            OriginVerdict::Own(value.clone())
        } else if origin.is_some_and(|origin| self.listed.iter().any(|listed| listed.matches(&origin))) {
            OriginVerdict::Listed(value.clone())
        } else if self.any {
            OriginVerdict::Any
        } else {
            OriginVerdict::Refused(value.clone())
        }
    }
}

impl Origin {
    /// Reads an origin. `null` is one too, and so is `file:`, for whose pages browsers send `null`. The default port is
    /// dropped; `ws:` and `wss:` stand for the pages that they belong to.
    ///
    /// # Errors
    /// If there is no scheme or host, if the port is invalid, or if anything follows it.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let wrong = |reason| OriginError { text: text.to_owned(), reason };
        let (scheme, rest) = match text.split_once("://") {
            None if text.eq_ignore_ascii_case("null") => return Ok(Self::null()),
            parts => parts.ok_or(wrong(FORM))?,
        };
        let scheme = match &*scheme.to_ascii_lowercase() {
            "file" if matches!(rest, "" | "/") => return Ok(Self::null()),
            "ws" => "http".to_owned(),
            "wss" => "https".to_owned(),
            scheme => scheme.to_owned(),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains('*') {
            let is_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.contains('*'));
            return Err(wrong(if is_port { NO_PORT } else { NO_WILDCARD }));
        }
        if authority.is_empty()
            || authority.contains(|c: char| "/\\?#@".contains(c) || c.is_whitespace() || c.is_control())
        {
            return Err(wrong(FORM));
        }
        let url = Url::parse(&format!("{scheme}://{authority}/")).map_err(|error| match error {
            url::ParseError::InvalidPort => wrong(NO_PORT),
            _ => wrong(FORM),
        })?;
        if authority.ends_with(':') || url.port() == Some(0) {
            return Err(wrong(NO_PORT));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(wrong(FORM))?.to_ascii_lowercase();
        let start = scheme.len() + "://".len();
        let mut text = format!("{scheme}://{host}");
        if let Some(port) = url.port() {
            text.push_str(&format!(":{port}"));
        }
        Ok(Self { host: start..start + host.len(), text })
    }

    fn null() -> Self {
        Self { text: "null".to_owned(), host: 0..0 }
    }

    /// The origin as browsers write it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its host; nothing for `null`.
    pub fn host(&self) -> &str {
        &self.text[self.host.clone()]
    }

    /// Scheme and port.
    fn around_host(&self) -> (&str, &str) {
        (&self.text[..self.host.start], &self.text[self.host.end..])
    }
}

impl OriginPattern {
    /// Reads an origin, with `*.` before its host or without.
    ///
    /// # Errors
    /// If it is not an origin without the `*.`.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        match text.split_once("://*.") {
            Some((scheme, domain)) => Origin::parse(&format!("{scheme}://{domain}"))
                .map(Self::Below)
                .map_err(|error| OriginError { text: text.to_owned(), reason: error.reason }),
            None => Origin::parse(text).map(Self::One),
        }
    }

    fn matches(&self, origin: &Origin) -> bool {
        match self {
            Self::One(one) => one == origin,
            Self::Below(domain) => {
                let front = origin.host().strip_suffix(domain.host());
                origin.around_host() == domain.around_host()
                    && front.is_some_and(|front| front.len() > 1 && front.ends_with('.'))
            }
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(origin) => f.write_str(origin.as_str()),
            Self::Below(domain) => {
                let (scheme, port) = domain.around_host();
                write!(f, "{scheme}*.{}{port}", domain.host())
            }
        }
    }
}

/// Whether this origin is that of the host that the request went to. Nothing is parsed, since it mostly is.
fn is_of_host(origin: &str, headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    [("http://", ":80"), ("https://", ":443")].into_iter().any(|(scheme, port)| {
        let is_scheme = origin.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        let without_port = |host: &str| host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
        is_scheme && without_port(&origin[scheme.len()..]) == without_port(host)
    })
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
        policy.allow(OriginPattern::parse("https://b.example:8443").unwrap());
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
    fn an_origin_has_one_form_however_it_is_written() {
        for (text, origin) in [
            ("https://Example.ORG:443/", "https://example.org"),
            ("http://example.org:80", "http://example.org"),
            ("http://example.org:443", "http://example.org:443"),
            ("wss://example.org", "https://example.org"),
            ("wss://example.org:443", "https://example.org"),
            ("WS://example.org:80/", "http://example.org"),
            ("ws://example.org:5000", "http://example.org:5000"),
            ("http://[::1]:5000", "http://[::1]:5000"),
            ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
            ("https://schüler.example", "https://xn--schler-5ya.example"),
            ("file://", "null"),
            ("file:///", "null"),
            ("NULL", "null"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("chrome-extension://AbCd", "chrome-extension://abcd"),
        ] {
            assert_eq!(Origin::parse(text).as_ref().map(Origin::as_str), Ok(origin), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_origin_is_an_error_that_names_it() {
        for (text, reason) in [
            ("", FORM),
            ("*", FORM),
            ("example.org", FORM),
            ("example.org:8443", FORM),
            ("https://", FORM),
            ("https://:443", FORM),
            ("https:///", FORM),
            ("https://a/b", FORM),
            ("https://a//", FORM),
            ("https://a?b", FORM),
            ("https://a#b", FORM),
            ("://a", FORM),
            ("https://a b", FORM),
            ("https://me@a", FORM),
            ("https://[::1", FORM),
            ("file:///home/me/page.html", FORM),
            ("http://localhost:", NO_PORT),
            ("http://localhost:*", NO_PORT),
            ("http://localhost:0", NO_PORT),
            ("http://localhost:65536", NO_PORT),
            ("http://localhost:80a", NO_PORT),
            ("ws://localhost:99999", NO_PORT),
            ("https://*", NO_WILDCARD),
            ("https://a.*.org", NO_WILDCARD),
            ("https://*.*.org", NO_WILDCARD),
            ("https://*a.org", NO_WILDCARD),
            ("https://*.", FORM),
        ] {
            let error = OriginPattern::parse(text).unwrap_err();
            assert_eq!(error.reason(), reason, "{text}");
            assert_eq!(error.to_string(), format!("`{text}` is not an origin: {reason}"));
        }
    }

    #[test]
    fn a_wildcard_stands_for_the_hosts_below_and_for_nothing_else() {
        let mut policy = OriginPolicy::default();
        let pattern = OriginPattern::parse("wss://*.School.org").unwrap();
        assert_eq!(pattern.to_string(), "https://*.school.org");
        policy.allow(pattern);
        for origin in ["https://a.school.org", "https://a.b.school.org", "https://A.SCHOOL.org:443"] {
            assert_eq!(
                judge(&policy, origin, "x"),
                OriginVerdict::Listed(origin.parse().unwrap()),
                "{origin}"
            );
        }
        for origin in [
            "https://school.org",
            "https://evilschool.org",
            "https://.school.org",
            "http://a.school.org",
            "https://a.school.org:8443",
            "https://a.school.org.evil.example",
            "null",
        ] {
            assert_eq!(
                judge(&policy, origin, "x"),
                OriginVerdict::Refused(origin.parse().unwrap()),
                "{origin}"
            );
        }
    }

    #[test]
    fn pages_of_files_have_the_origin_null() {
        let mut policy = OriginPolicy::default();
        policy.allow(OriginPattern::parse("file://").unwrap());
        for origin in ["null", "file://"] {
            assert_eq!(judge(&policy, origin, "x"), OriginVerdict::Listed(origin.parse().unwrap()));
        }
    }

    #[test]
    fn two_origins_are_not_ours() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "a.example".parse().unwrap());
        headers.append(header::ORIGIN, "http://a.example".parse().unwrap());
        headers.append(header::ORIGIN, "http://a.example".parse().unwrap());
        let mut policy = OriginPolicy::default();
        assert!(matches!(policy.judge(&headers), OriginVerdict::Refused(_)));
        policy.allow_any();
        assert_eq!(policy.judge(&headers), OriginVerdict::Any);
    }

    #[test]
    fn only_a_page_of_the_web_is_of_the_host() {
        let policy = OriginPolicy::default();
        let refused = OriginVerdict::Refused("capacitor://localhost".parse().unwrap());
        assert_eq!(judge(&policy, "capacitor://localhost", "localhost"), refused);
    }
}
