//! The server under test: what its URL says, and where that leads.

use std::net::{SocketAddr, ToSocketAddrs};

use http::Uri;
use thiserror::Error;

/// Where Socket.IO lives on every server that speaks v1.
const PATH: &str = "/socket.io/";

/// The address of a server, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `http://host:port`, for people.
    pub url: String,
    /// `host:port`, for the `Host` header and the look-up.
    pub host: String,
    /// The path of Socket.IO.
    pub path: String,
}

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// TLS.
    #[error(
        "https is not supported yet: measure the server without the TLS proxy in front of it, as in \
         http://127.0.0.1:5000"
    )]
    Https,
    /// Anything else that is not an address of a server.
    #[error("{0:?} is not the address of a server; give it as in http://127.0.0.1:5000")]
    Invalid(String),
}

impl Target {
    /// Reads `http://host:port`; the scheme may be missing, and the address of the web page (`/v1`) will do.
    ///
    /// # Errors
    /// [`TargetError`], which says what to give instead.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let invalid = || TargetError::Invalid(text.to_owned());
        let uri: Uri = text.trim().parse().map_err(|_| invalid())?;
        match uri.scheme_str() {
            None | Some("http" | "ws") => {}
            Some("https" | "wss") => return Err(TargetError::Https),
            Some(_) => return Err(invalid()),
        }
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(invalid)?;
        let path = match uri.path().trim_end_matches('/') {
            "" | "/v1" => PATH.to_owned(),
            path if path.ends_with("/socket.io") => format!("{path}/"),
            _ => return Err(invalid()),
        };
        let host = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
        Ok(Self { url: format!("http://{host}"), host, path })
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
        Target { url: format!("http://{host}"), host: host.to_owned(), path: path.to_owned() }
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
    fn given_https_then_it_says_that_this_is_not_supported_and_what_to_do() {
        assert_eq!(Target::parse("https://example.org"), Err(TargetError::Https));
        assert!(TargetError::Https.to_string().contains("not supported yet"));
    }

    #[test]
    fn given_something_else_then_it_is_refused() {
        for text in ["", "/v1", "ftp://a", "http://", "http://a:1/chat", "http://user@a:1", "a b"] {
            assert_eq!(Target::parse(text), Err(TargetError::Invalid(text.to_owned())), "{text}");
        }
    }
}
