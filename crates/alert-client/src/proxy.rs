//! The proxy that the environment names for a server: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, and `NO_PROXY` for
//! hosts that are reached without one.

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use alert_settings::{ConfigError, Environment};
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

use super::address::ServerAddress;

/// An HTTP proxy that reaches a server with `CONNECT`.
#[derive(Clone, Debug)]
pub struct Proxy {
    pub(super) uri: Uri,
    /// It has the password, so it is never printed.
    pub(super) auth: Option<HeaderValue>,
}

const ALLOWED: &str = "an HTTP proxy, as in http://USER:PASSWORD@proxy.example.org:3128; SOCKS, and TLS with the proxy \
                       itself, are not supported. NO_PROXY names hosts that are reached without it";

impl Proxy {
    /// The proxy for `address`, if there is one. This machine is always reached without one.
    ///
    /// # Errors
    /// If a value does not name a proxy that can be used.
    pub fn find(address: &ServerAddress, environment: &Environment) -> Result<Option<Self>, ConfigError> {
        if address.socket().is_some() || is_here(address) {
            return Ok(None);
        }
        // A web server passes the client's header `Proxy` to its CGI programs as HTTP_PROXY.
        let http = if environment.get("REQUEST_METHOD").is_some() { "http_proxy" } else { "HTTP_PROXY" };
        let own = if address.is_tls() { ["HTTPS_PROXY", "https_proxy"] } else { [http, "http_proxy"] };
        let names = own.into_iter().chain(["ALL_PROXY", "all_proxy"]);
        let Some((name, value)) = names.filter_map(|name| Some((name, environment.get(name)?))).next() else {
            return Ok(None);
        };
        let no = environment.get("NO_PROXY").or_else(|| environment.get("no_proxy")).unwrap_or_default();
        let target: Uri = format!("http://{}/", address.host_and_port()).parse().unwrap_or_default();
        if Matcher::builder().all("http://any:1").no(no).build().intercept(&target).is_none() {
            return Ok(None);
        }
        let found = Matcher::builder().all(value).build().intercept(&target);
        match found.filter(|found| found.uri().scheme_str() == Some("http")) {
            Some(found) => Ok(Some(Self { uri: found.uri().clone(), auth: found.basic_auth().cloned() })),
            None => Err(ConfigError::Value {
                name: "proxy",
                // It may hold a password.
                value: "(hidden)".to_owned(),
                origin: name.to_owned(),
                allowed: ALLOWED.to_owned(),
            }),
        }
    }
}

fn is_here(address: &ServerAddress) -> bool {
    let host = address.host();
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

impl Display for Proxy {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let authority = self.uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        write!(out, "http://{authority}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let found = Proxy::find(&url.parse().unwrap(), &Environment::from(variables));
        let shown = |proxy: Proxy| {
            format!("{proxy} {:?}", proxy.auth.as_ref().map(|auth| auth.to_str().unwrap().to_owned()))
        };
        found.map(|found| found.map_or("none".to_owned(), shown)).map_err(|error| error.to_string())
    }

    #[test]
    fn given_variables_then_the_proxy_is_that_of_the_scheme_or_that_of_all() {
        let all = [("HTTPS_PROXY", "http://s:1"), ("http_proxy", "p:2"), ("ALL_PROXY", "http://all:3/")];
        for (url, variables, wanted) in [
            ("https://a", &all[..], "http://s:1 None"),
            ("http://a", &all, "http://p:2 None"),
            ("https://a", &all[2..], "http://all:3 None"),
            ("http://a", &all[2..], "http://all:3 None"),
            ("http://a", &all[..1], "none"),
            ("https://a", &[("HTTPS_PROXY", "")], "none"),
            ("http://a", &[("HTTP_PROXY", "http://p:1"), ("REQUEST_METHOD", "GET")], "none"),
            ("https://a", &[("https_proxy", "http://u%40x:p@p:1")], "http://p:1 Some(\"Basic dUB4OnA=\")"),
        ] {
            assert_eq!(proxy(url, variables).as_deref(), Ok(wanted), "{url} {variables:?}");
        }
    }

    #[test]
    fn given_a_host_of_no_proxy_or_this_machine_then_there_is_none() {
        let with = |no| [("ALL_PROXY", "http://p:1"), ("NO_PROXY", no)];
        for (url, no, is_direct) in [
            ("https://a.example.org", "example.org", true),
            ("https://a.example.org", "x, .example.org", true),
            ("https://a.example.org", "*", true),
            ("https://example.com", "example.org", false),
            ("http://10.1.2.3:5000", "10.0.0.0/8", true),
            ("http://11.1.2.3:5000", "10.0.0.0/8", false),
            ("http://127.0.0.1:5000", "", true),
            ("http://127.9.9.9:5000", "", true),
            ("http://localhost:5000", "", true),
            ("http://[::1]:5000", "", true),
            ("unix:/run/alert.sock", "", true),
        ] {
            assert_eq!(proxy(url, &with(no)).as_deref() == Ok("none"), is_direct, "{url} {no}");
        }
    }

    #[test]
    fn given_a_proxy_that_cannot_be_used_then_its_variable_is_named_and_no_password_shown() {
        for value in ["socks5://u:secret@p:1", "https://u:secret@p:1", "ftp://u:secret@p", "http://", "::"] {
            let error = proxy("https://a", &[("ALL_PROXY", value)]).unwrap_err();
            assert!(
                error.contains("proxy = (hidden) (from ALL_PROXY)") && error.contains("SOCKS"),
                "{error}"
            );
            assert!(!error.contains("secret"));
        }
    }
}
