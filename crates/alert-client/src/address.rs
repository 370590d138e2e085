//! Where a server is, as people write it.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use rustls::pki_types::{DnsName, ServerName};
use thiserror::Error;
use url::{ParseError, Url};

/// The address of a server: scheme, host and port, or a Unix socket. `Display` is how people write it, as in
/// `http://127.0.0.1:5000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress(Arc<Parts>);

#[derive(Debug, PartialEq, Eq)]
struct Parts {
    tls: bool,
    host: ServerName<'static>,
    port: u16,
    /// Where the server listens, if not at the host.
    socket: Option<PathBuf>,
}

/// Why a text is not the address of a server.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// A server behind a proxy under a path.
    #[error(
        "{0:?} has a path, and Alert does not work below one: give its host alone, as in https://alert.example.org"
    )]
    Path(String),
    /// Neither scheme nor port.
    #[error("{0:?} does not say how to connect: write https:// or http:// before it, or :PORT behind it")]
    SchemeMissing(String),
    /// A scheme of something else.
    #[error("{text:?} begins with {scheme}:, and there is http:, https:, ws:, wss: and unix:")]
    Scheme {
        /// The whole text.
        text: String,
        /// What it begins with.
        scheme: String,
    },
    /// A port that no server can have.
    #[error("{text:?} has {port:?} for a port, which is a number from 1 to 65535")]
    Port {
        /// The whole text.
        text: String,
        /// What follows the colon.
        port: String,
    },
    /// There is no host.
    #[error("{0:?} names no host: give it as in http://127.0.0.1:5000 or https://alert.example.org")]
    HostMissing(String),
    /// An IPv6 address without brackets.
    #[error("{0:?} has several colons: an IPv6 address stands in brackets, as in http://[::1]:5000")]
    Brackets(String),
    /// A user before the host.
    #[error("{0:?} names a user, and Alert asks for none there: leave it out, up to the @")]
    User(String),
    /// `unix:` without a path.
    #[error("{0:?} names no Unix socket: give its path, as in unix:/run/alert.sock")]
    SocketMissing(String),
    /// Anything else.
    #[error(
        "{text:?} is not the address of a server ({problem}): give it as in http://127.0.0.1:5000 or \
         https://alert.example.org"
    )]
    Invalid {
        /// The whole text.
        text: String,
        /// What is wrong with it.
        problem: ParseError,
    },
}

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;
const UNIX: &str = "unix:";

impl ServerAddress {
    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.0.tls
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.0.tls { "https" } else { "http" }
    }

    /// The host, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> Cow<'_, str> {
        self.0.host.to_str()
    }

    /// The port; the scheme's default if none was given.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// The Unix socket, if it is one.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        self.0.socket.as_deref()
    }

    /// The host, with its port if that is not the scheme's default: for the `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        let usual = if self.0.tls { HTTPS_PORT } else { HTTP_PORT };
        if self.0.port == usual { self.bracketed() } else { format!("{}:{}", self.bracketed(), self.0.port) }
    }

    /// The host with its port, always.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        format!("{}:{}", self.bracketed(), self.0.port)
    }

    /// Scheme, host and port, even for a Unix socket: the origin of this server's pages.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority())
    }

    /// The name that the server's certificate must be for.
    #[must_use]
    pub fn server_name(&self) -> &ServerName<'static> {
        &self.0.host
    }

    fn bracketed(&self) -> String {
        let host = self.host();
        if host.contains(':') { format!("[{host}]") } else { host.into_owned() }
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    /// Reads `http://host:port`, `https://host`, `host:port` or `unix:/path`; the address of the web page (`/v1`) will
    /// do, with a room too, and so will `ws://` and `wss://`.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let named = || text.to_owned();
        if let Some(path) = text.strip_prefix(UNIX) {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(AddressError::SocketMissing(named())) } else { Ok(unix(path)) };
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        let tls = match scheme.as_deref() {
            None | Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            Some(other) => return Err(AddressError::Scheme { text: named(), scheme: other.to_owned() }),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(AddressError::User(named()));
        }
        if !authority.starts_with('[') && authority.matches(':').count() > 1 {
            return Err(AddressError::Brackets(named()));
        }
        let port = authority.rsplit(']').next().and_then(|end| end.split_once(':')).map(|(_, port)| port);
        let has_host = !authority.is_empty() && !authority.starts_with(':');
        let url = Url::parse(&format!("{}://{rest}", if tls { "https" } else { "http" }));
        let (url, host) = match url {
            _ if !has_host => return Err(AddressError::HostMissing(named())),
            Err(ParseError::EmptyHost) => return Err(AddressError::HostMissing(named())),
            Err(problem) if problem != ParseError::InvalidPort => {
                return Err(AddressError::Invalid { text: named(), problem });
            }
            Err(_) => (None, None),
            Ok(url) => {
                let host = url.host().map(|host| host.to_owned());
                (Some(url), host)
            }
        };
        let number = url.as_ref().and_then(Url::port_or_known_default).filter(|&number| number != 0);
        let (Some(url), Some(host), Some(number), false) = (url, host, number, port == Some("")) else {
            return Err(AddressError::Port { text: named(), port: port.unwrap_or_default().to_owned() });
        };
        if scheme.is_none() && port.is_none() {
            return Err(AddressError::SchemeMissing(named()));
        }
        let host = match host {
            url::Host::Domain(name) => ServerName::try_from(name)
                .map_err(|_| AddressError::Invalid { text: named(), problem: ParseError::IdnaError })?,
            url::Host::Ipv4(ip) => ServerName::from(std::net::IpAddr::from(ip)),
            url::Host::Ipv6(ip) => ServerName::from(std::net::IpAddr::from(ip)),
        };
        // The page's address as a browser shows it, with a room behind it.
        let is_page = match url.path().trim_end_matches('/') {
            "" => url.query().is_none() && url.fragment().is_none(),
            path => matches!(path, "/v1" | "/v1/chat"),
        };
        if !is_page {
            return Err(AddressError::Path(named()));
        }
        Ok(Self(Arc::new(Parts { tls, host, port: number, socket: None })))
    }
}

/// What the server calls itself to those who come through a socket.
#[expect(clippy::expect_used, reason = "localhost is a name")]
fn unix(path: &str) -> ServerAddress {
    let host = ServerName::DnsName(DnsName::try_from("localhost").expect("a name"));
    ServerAddress(Arc::new(Parts { tls: false, host, port: HTTP_PORT, socket: Some(path.into()) }))
}

impl Display for ServerAddress {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match &self.0.socket {
            Some(path) => write!(out, "{UNIX}{}", path.display()),
            None => out.write_str(&self.origin()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ServerAddress, AddressError> {
        text.parse()
    }

    #[test]
    fn given_an_address_in_any_usual_form_then_it_is_read() {
        for (text, url, host, port) in [
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000", "127.0.0.1", 5000),
            ("localhost:5000", "http://localhost:5000", "localhost", 5000),
            ("localhost:80", "http://localhost", "localhost", 80),
            (" localhost:5000/v1 ", "http://localhost:5000", "localhost", 5000),
            ("http://localhost:5000/v1/", "http://localhost:5000", "localhost", 5000),
            ("localhost:5000/v1/chat", "http://localhost:5000", "localhost", 5000),
            ("localhost:5000/v1?room=x#top", "http://localhost:5000", "localhost", 5000),
            ("https://example.org/v1/chat?room=a%20b", "https://example.org", "example.org", 443),
            ("http://example.org", "http://example.org", "example.org", 80),
            ("https://example.org/", "https://example.org", "example.org", 443),
            ("HTTPS://Example.org:8443", "https://example.org:8443", "example.org", 8443),
            ("wss://example.org", "https://example.org", "example.org", 443),
            ("ws://example.org", "http://example.org", "example.org", 80),
            ("https://example.org:80", "https://example.org:80", "example.org", 80),
            ("http://my_host:5000", "http://my_host:5000", "my_host", 5000),
            ("http://b\u{e4}r:1", "http://xn--br-via:1", "xn--br-via", 1),
            ("http://a:65535", "http://a:65535", "a", 65535),
            ("[::1]:5000", "http://[::1]:5000", "::1", 5000),
            ("https://[2001:DB8::1]/v1", "https://[2001:db8::1]", "2001:db8::1", 443),
            ("unix:/run/alert.sock", "unix:/run/alert.sock", "localhost", 80),
            ("unix:///run/alert.sock", "unix:/run/alert.sock", "localhost", 80),
            ("unix:alert.sock", "unix:alert.sock", "localhost", 80),
        ] {
            let address = parse(text).unwrap();
            assert_eq!(
                (address.to_string().as_str(), &*address.host(), address.port()),
                (url, host, port),
                "{text}"
            );
            assert_eq!(address.is_tls(), url.starts_with("https"), "{text}");
        }
    }

    #[test]
    fn given_a_path_then_it_says_that_alert_does_not_work_below_one() {
        for text in [
            "https://example.org/alert",
            "http://a/v1/v1",
            "http://a/v2",
            "http://a/?x",
            "http://a/v1/rooms/x",
            "http://a/#x",
        ] {
            assert_eq!(parse(text), Err(AddressError::Path(text.to_owned())));
        }
    }

    #[test]
    fn given_a_bare_host_then_it_is_not_guessed_whether_to_encrypt() {
        for text in ["example.org", "localhost/v1", "[::1]"] {
            assert_eq!(parse(text), Err(AddressError::SchemeMissing(text.to_owned())));
        }
    }

    #[test]
    fn given_a_mistake_then_it_is_named() {
        for (text, mistake) in [
            ("", "\"\" names no host"),
            ("/v1", "\"/v1\" names no host"),
            ("http://", "\"http://\" names no host"),
            ("http://:5000", "\"http://:5000\" names no host"),
            (":5000", "\":5000\" names no host"),
            ("ftp://a", "begins with ftp:, and there is http:"),
            ("http://user@a:1", "names a user"),
            ("user:pw@a:1", "names a user"),
            ("http://a:", "has \"\" for a port, which is a number from 1 to 65535"),
            ("https://a:/v1", "has \"\" for a port"),
            ("http://a:0", "has \"0\" for a port"),
            ("http://a:65536", "has \"65536\" for a port"),
            ("a:99999999999999999999", "has \"99999999999999999999\" for a port"),
            ("http://a:x", "has \"x\" for a port"),
            ("[::1]:", "has \"\" for a port"),
            ("[::1]:65536", "has \"65536\" for a port"),
            ("::1", "an IPv6 address stands in brackets"),
            ("http://::1:5000", "an IPv6 address stands in brackets"),
            ("http://[::1", "is not the address of a server (invalid IPv6 address)"),
            ("a b:1", "is not the address of a server (invalid international domain name)"),
            ("http://a..b", "is not the address of a server"),
            ("http://1.2.3.4.5:1", "is not the address of a server (invalid IPv4 address)"),
            ("unix:", "\"unix:\" names no Unix socket"),
            ("unix://", "\"unix://\" names no Unix socket"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(mistake), "{text}: {error}");
        }
    }
}
