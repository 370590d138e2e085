//! The server under test: what its URL says, and where that leads.

use std::net::{SocketAddr, ToSocketAddrs};

use http::Uri;
use thiserror::Error;

/// Where Socket.IO lives on every server that speaks v1.
const PATH: &str = "/socket.io/";

/// The address of a server, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `http://host:port` or `https://host:port`, for people.
    pub url: String,
    /// `host:port`, for the `Host` header and the look-up.
    pub host: String,
    /// The path of Socket.IO.
    pub path: String,
    /// Whether it speaks TLS.
    pub tls: bool,
}

/// The text is not the address of a server.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not the address of a server; give it as in http://127.0.0.1:5000")]
pub struct TargetError(String);

impl Target {
    /// Reads `http://host:port` or `https://host:port`; the scheme may be missing, and the address of the web page (`/v1`) will do.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let invalid = || TargetError(text.to_owned());
        let uri: Uri = text.trim().parse().map_err(|_| invalid())?;
        let tls = match uri.scheme_str() {
            None | Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            Some(_) => return Err(invalid()),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(invalid)?;
        let path = match uri.path().trim_end_matches('/') {
            "" | "/v1" => PATH.to_owned(),
            path if path.ends_with("/socket.io") => format!("{path}/"),
            _ => return Err(invalid()),
        };
        let host =
            format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(if tls { 443 } else { 80 }));
        let scheme = if tls { "https" } else { "http" };
        Ok(Self { url: format!("{scheme}://{host}"), host, path, tls })
    }

    /// The host alone, which its certificate has to be for.
    pub(super) fn name(&self) -> &str {
        self.host.rsplit_once(':').map_or(&self.host, |(name, _)| name)
    }

    /// Asks the system for the address; IPv4 first if a name has both.
    pub(super) fn look_up(&self) -> std::io::Result<SocketAddr> {
        let addresses: Vec<SocketAddr> = self.host.to_socket_addrs()?.collect();
        let first = addresses.iter().find(|address| address.is_ipv4()).or_else(|| addresses.first());
        first.copied().ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str, path: &str) -> Target {
        Target { url: format!("http://{host}"), host: host.to_owned(), path: path.to_owned(), tls: false }
    }

    #[test]
    fn given_an_address_in_any_usual_form_then_it_is_read() {
        for text in
            ["http://localhost:5000", "localhost:5000", "ws://localhost:5000/", "http://localhost:5000/v1"]
        {
            assert_eq!(Target::parse(text), Ok(target("localhost:5000", "/socket.io/")), "{text}");
        }
        assert_eq!(Target::parse("http://[::1]:5000"), Ok(target("[::1]:5000", "/socket.io/")));
        assert_eq!(Target::parse("http://example.org"), Ok(target("example.org:80", "/socket.io/")));
        assert_eq!(Target::parse("http://a:1/x/socket.io"), Ok(target("a:1", "/x/socket.io/")));
    }

    #[test]
    fn given_https_then_its_port_is_443_and_its_name_is_what_the_certificate_is_for() {
        for (text, url, name) in [
            ("https://example.org", "https://example.org:443", "example.org"),
            ("wss://[::1]:8443/", "https://[::1]:8443", "[::1]"),
        ] {
            let target = Target::parse(text).unwrap();
            assert!(target.tls && target.url == url && target.name() == name, "{target:?}");
        }
    }

    #[test]
    fn given_something_else_then_it_is_refused() {
        for text in ["", "/v1", "ftp://a", "http://", "http://a:1/chat", "http://user@a:1", "a b"] {
            assert_eq!(Target::parse(text), Err(TargetError(text.to_owned())), "{text}");
        }
    }
}
