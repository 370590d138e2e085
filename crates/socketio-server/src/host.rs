//! The host names that a server answers to. Another site can point its own name at this server (DNS rebinding), and its
//! page would then pass for one of ours; but the browser still sends that name in `Host`.
//!
//! Names that nobody can own on the internet need not be listed: addresses, names without a dot, and the domains
//! reserved for local networks.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Domains that no registry sells (RFC 6761, RFC 6762, RFC 8375, and ICANN's for private use).
const LOCAL: [&str; 4] = ["localhost", "local", "home.arpa", "internal"];

/// Which hosts a server answers to.
#[derive(Clone, Debug, Default)]
pub struct HostPolicy {
    names: Vec<HostPattern>,
    advice: String,
    refused: Arc<AtomicU64>,
}

/// A host name, `*.` before one for all names below it, or `*` for every name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    /// This name, in lower case.
    Name(String),
    /// Every name below this one.
    Below(String),
    /// Every name.
    Any,
}

/// Why a text is not a host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a host name without scheme and port, as in chat.example.org; `*.example.org` for all below it; or `*`"
)]
pub struct HostPatternError;

impl HostPolicy {
    /// Answers to these names too. A client that asks for another is told so, and then `advice`.
    pub fn new(names: impl IntoIterator<Item = HostPattern>, advice: &str) -> Self {
        Self { names: names.into_iter().collect(), advice: advice.to_owned(), refused: Arc::default() }
    }

    /// Answers to these names as well.
    #[must_use]
    pub fn and(mut self, names: impl IntoIterator<Item = HostPattern>) -> Self {
        self.names.extend(names);
        self
    }

    /// Whether this host, as written in a URL, without the port, is one of ours.
    pub fn allows(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        is_local(&host) || self.names.iter().any(|name| name.matches(&host))
    }

    /// Counts a request that was refused, and returns how many that makes.
    pub(crate) fn count_refused(&self) -> u64 {
        self.refused.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn advice(&self) -> &str {
        &self.advice
    }
}

impl HostPattern {
    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Name(name) => name == host,
            Self::Below(domain) => is_below(host, domain),
            Self::Any => true,
        }
    }
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        let text = text.trim().to_ascii_lowercase();
        let (make, name): (fn(String) -> Self, &str) = match text.strip_prefix("*.") {
            _ if text == "*" => return Ok(Self::Any),
            Some(domain) => (Self::Below, domain),
            None => (Self::Name, &text),
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        let is_label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if name.split('.').all(is_label) { Ok(make(name.to_owned())) } else { Err(HostPatternError) }
    }
}

/// The host of `host:port`, if it is one.
pub(crate) fn without_port(authority: &str) -> Option<&str> {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if authority.starts_with('[') {
        let (host, port) = authority.split_at(authority.find(']')? + 1);
        let port_is_right = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return (is_ipv6(host) && port_is_right).then_some(host);
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (!host.is_empty() && host.bytes().all(is_name) && is_port(port)).then_some(host)
}

fn is_local(host: &str) -> bool {
    !host.contains('.')
        || host.parse::<Ipv4Addr>().is_ok()
        || is_short_address(host)
        || is_ipv6(host)
        || LOCAL.iter().any(|domain| is_below(host, domain))
}

/// An IPv4 address with fewer than four parts, as in `127.1`. No name ends in a number (URL Standard, "host parsing").
fn is_short_address(host: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    host.split('.').count() < 4 && host.split('.').all(is_number)
}

/// In brackets, and with dots if it holds an IPv4 address.
fn is_ipv6(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.len() > 1 && front.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(names: &[&str], host: &str) -> bool {
        HostPolicy::new(names.iter().map(|name| name.parse().unwrap()), "").allows(host)
    }

    #[test]
    fn what_nobody_can_own_on_the_internet_needs_no_list() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "127.0.0.1",
            "192.168.1.10",
            "8.8.8.8",
            "127.1",
            "127.0.1",
            "2130706433",
            "[::ffff:127.0.0.1]",
            "[fe80::1]",
            "[::1]",
            "[2001:db8::7]",
            "server",
            "my_server",
            "server.local",
            "a.b.local",
            "x.localhost",
            "chat.internal",
            "pi.home.arpa",
        ] {
            assert!(allows(&[], host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.com",
            "local.evil.com",
            "127.0.0.1.evil.com",
            "evillocal.com",
            "a.xlocal",
            "1.2.3.4.5",
            "1.2.3.evil.com",
            "127.1.evil.com",
            "1..2",
            "127.0.0.256",
            ".local",
        ] {
            assert!(!allows(&[], host), "{host}");
        }
    }

    #[test]
    fn listed_names_are_answered() {
        assert!(allows(&["chat.example.org"], "Chat.Example.ORG."));
        assert!(!allows(&["chat.example.org"], "x.chat.example.org"));
        assert!(!allows(&["chat.example.org"], "evilchat.example.org"));
        assert!(allows(&["*.school.org"], "a.school.org") && allows(&["*.school.org"], "a.b.school.org"));
        assert!(!allows(&["*.school.org"], "school.org") && !allows(&["*.school.org"], "evilschool.org"));
        assert!(allows(&["*"], "evil.com"));
    }

    #[test]
    fn a_name_is_a_name() {
        for text in ["", "http://a.b", "a.b:80", "a..b", "a/b", "*.", "a.*", "**", "ä.de", "[::1]", "a b"] {
            assert_eq!(text.parse::<HostPattern>(), Err(HostPatternError), "{text:?}");
        }
    }

    #[test]
    fn a_host_is_read_without_its_port() {
        for (authority, host) in [
            ("a", "a"),
            ("a.b:80", "a.b"),
            ("a:", "a"),
            ("1.2.3.4:5000", "1.2.3.4"),
            ("[::1]", "[::1]"),
            ("[::1]:5000", "[::1]"),
        ] {
            assert_eq!(without_port(authority), Some(host), "{authority}");
        }
        for authority in
            ["", ":80", "a:b", "a:80:80", "::1", "[::1", "[::1]x", "[a]", "me@a", "a b", "a/b", "a,b", "ä"]
        {
            assert_eq!(without_port(authority), None, "{authority}");
        }
    }
}
