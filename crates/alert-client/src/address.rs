//! Where a server is, as people write it.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use http::Uri;
use rustls::pki_types::ServerName;
use thiserror::Error;

/// The address of a server: scheme, host and port. `Display` is its URL, as in `http://127.0.0.1:5000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    tls: bool,
    host: ServerName<'static>,
    port: u16,
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
    /// Anything else.
    #[error(
        "{0:?} is not the address of a server: give it as in http://127.0.0.1:5000 or https://alert.example.org"
    )]
    Invalid(String),
}

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

impl ServerAddress {
    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// The host, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> Cow<'_, str> {
        self.host.to_str()
    }

    /// The port, the scheme's own where none was given.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host with its port where that is not the scheme's own: for the `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = self.host();
        let host = if host.contains(':') { format!("[{host}]") } else { host.into_owned() };
        let usual = if self.tls { HTTPS_PORT } else { HTTP_PORT };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// The name that the server's certificate has to be for.
    #[must_use]
    pub fn server_name(&self) -> &ServerName<'static> {
        &self.host
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    /// Reads `http://host:port`, `https://host` or `host:port`; the address of the web page (`/v1`) will do.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let invalid = || AddressError::Invalid(text.to_owned());
        let has_scheme = text.contains("://");
        let uri = if has_scheme { text.parse() } else { format!("http://{text}").parse() };
        let uri: Uri = uri.map_err(|_| invalid())?;
        let tls = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            _ => return Err(invalid()),
        };
        let authority = uri.authority().ok_or_else(invalid)?;
        let host = authority.host();
        let port = match authority.as_str().strip_prefix(host) {
            Some("") if !has_scheme => return Err(AddressError::SchemeMissing(text.to_owned())),
            Some("") => {
                if tls {
                    HTTPS_PORT
                } else {
                    HTTP_PORT
                }
            }
            // None is a user's name before the host.
            rest => rest.and_then(port).ok_or_else(invalid)?,
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let host = ServerName::try_from(host.to_owned()).map_err(|_| invalid())?;
        match uri.path().trim_end_matches('/') {
            "" | "/v1" if uri.query().is_none() => Ok(Self { tls, host, port }),
            _ => Err(AddressError::Path(text.to_owned())),
        }
    }
}

/// `:5000`
fn port(text: &str) -> Option<u16> {
    text.strip_prefix(':')?.parse().ok().filter(|&port| port != 0)
}

impl Display for ServerAddress {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}", self.scheme(), self.authority())
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
            (" localhost:5000/v1 ", "http://localhost:5000", "localhost", 5000),
            ("http://localhost:5000/v1/", "http://localhost:5000", "localhost", 5000),
            ("http://example.org", "http://example.org", "example.org", 80),
            ("https://example.org/", "https://example.org", "example.org", 443),
            ("HTTPS://example.org:8443", "https://example.org:8443", "example.org", 8443),
            ("wss://example.org", "https://example.org", "example.org", 443),
            ("https://example.org:80", "https://example.org:80", "example.org", 80),
            ("http://my_host:5000", "http://my_host:5000", "my_host", 5000),
            ("[::1]:5000", "http://[::1]:5000", "::1", 5000),
            ("https://[2001:DB8::1]/v1", "https://[2001:db8::1]", "2001:db8::1", 443),
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
        for text in
            ["https://example.org/alert", "localhost:5000/v1/chat", "http://a/v1?room=x", "http://a/v1/v1"]
        {
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
    fn given_something_else_then_it_is_refused() {
        for text in [
            "",
            "/v1",
            "ftp://a",
            "http://",
            "http://user@a:1",
            "user:pw@a:1",
            "a b",
            "http://a:",
            "http://a:0",
            "http://a:65536",
            "http://a:x",
            "::1",
            "http://[::1",
            "http://a..b",
            "http://b\u{e4}r:1",
        ] {
            assert_eq!(parse(text), Err(AddressError::Invalid(text.to_owned())), "{text}");
        }
    }
}
