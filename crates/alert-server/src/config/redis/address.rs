//! The text that says where Redis is: one server, some servers of a cluster, or the sentinels that know the master.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use alert_settings::Allowed;
use percent_encoding::percent_decode_str;

/// One server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Its Unix socket.
    Socket(PathBuf),
    /// Its host name or IP address, and its port.
    Host(String, u16),
}

/// What a text says.
#[derive(Clone)]
pub(super) struct Parsed {
    /// At least one: of one Redis, of a cluster, or of sentinels.
    pub(super) places: Vec<Place>,
    /// What the sentinels call the master.
    pub(super) service: Option<String>,
    pub(super) is_tls: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: i64,
    /// Without the password.
    pub(super) shown: String,
}

const ALLOWED: &str = "redis://HOST:PORT, rediss://HOST:PORT for TLS, unix:///PATH, or \
     redis+sentinel://HOST:PORT,HOST:PORT/SERVICE, with USER:PASSWORD@ before the host where Redis asks for them";
const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

impl Parsed {
    /// Reads a text. What is wrong is said without repeating any of it: it may hold a password.
    pub(super) fn parse(text: &str) -> Result<Self, Allowed> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(ALLOWED)?;
        let (is_tls, by_sentinels) = match scheme {
            "redis" | "unix" => (false, false),
            "rediss" => (true, false),
            "redis+sentinel" | "redis-sentinel" => (false, true),
            "rediss+sentinel" | "rediss-sentinel" => (true, true),
            _ => return Err(ALLOWED.to_owned()),
        };
        // A password may hold a slash or an @, encoded or not; the path of a socket has no password before it.
        let (who, rest) = match rest.rsplit_once('@') {
            Some((who, rest)) if !who.starts_with('/') => (Some(who), rest),
            _ => (None, rest),
        };
        let (user, password) = match who.map(|who| who.split_once(':').unwrap_or((who, ""))) {
            Some((user, password)) => (given(user), given(password)),
            None => (None, None),
        };
        let shown = match &user {
            Some(user) => format!("{scheme}://{user}@{rest}"),
            None => format!("{scheme}://{rest}"),
        };
        let found =
            |places, service, database| Self { places, service, is_tls, user, password, database, shown };
        if scheme == "unix" {
            let (path, database) = match rest.split_once("?db=") {
                Some((path, database)) => (path, self::database(database)?),
                None => (rest, 0),
            };
            if !path.starts_with('/') || path.contains('?') {
                return Err("unix:///PATH, with ?db=NUMBER after it for another database than 0".to_owned());
            }
            return Ok(found(vec![Place::Socket(path.into())], None, database));
        }
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let port = if by_sentinels { SENTINEL_PORT } else { PORT };
        let places = hosts.split(',').map(|host| place(host, port)).collect::<Result<Vec<_>, _>>()?;
        if !by_sentinels {
            return Ok(found(places, None, database(path)?));
        }
        let (service, number) = path.split_once('/').unwrap_or((path, ""));
        if service.is_empty() || service.contains(['?', '=']) {
            return Err(
                "redis+sentinel://HOST:PORT,HOST:PORT/SERVICE, with the name by which the sentinels know the master"
                    .to_owned(),
            );
        }
        Ok(found(places, given(service), database(number)?))
    }
}

impl Display for Place {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(out, "unix://{}", path.display()),
            Self::Host(host, port) if host.contains(':') => write!(out, "[{host}]:{port}"),
            Self::Host(host, port) => write!(out, "{host}:{port}"),
        }
    }
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| percent_decode_str(text).decode_utf8_lossy().into_owned())
}

fn database(text: &str) -> Result<i64, Allowed> {
    if text.is_empty() {
        return Ok(0);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| format!("{ALLOWED}; after a slash, the number of a database"))
}

fn place(text: &str, port: u16) -> Result<Place, Allowed> {
    let (host, given) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(ALLOWED)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| "an IPv6 address in brackets".to_owned())?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(ALLOWED)?) })
        }
        None => match text.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err(format!("{ALLOWED}; an IPv6 address stands in brackets: [::1]:6379"));
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_name = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || "?#@=&".contains(c));
    let port = given.map_or(Some(port), |port| port.parse().ok().filter(|port| *port != 0));
    match port {
        Some(port) if is_name => Ok(Place::Host(host.to_owned(), port)),
        _ => Err(ALLOWED.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(host: &str, port: u16) -> Place {
        Place::Host(host.to_owned(), port)
    }

    #[test]
    fn given_an_address_then_it_says_where_redis_is_and_shows_no_password() {
        let db = || vec![host("db", 6379)];
        let two = |port| vec![host("a", port), host("b", 7)];
        for (text, places, user, password, database, shown) in [
            ("redis://db:6379", db(), None, None, 0, "redis://db:6379"),
            (" redis://db/2\n", db(), None, None, 2, "redis://db/2"),
            ("redis://alert:se:cr@et/x@db", db(), Some("alert"), Some("se:cr@et/x"), 0, "redis://alert@db"),
            ("redis://:p%40%2F@db", db(), None, Some("p@/"), 0, "redis://db"),
            ("redis://alert@db", db(), Some("alert"), None, 0, "redis://alert@db"),
            (
                "rediss://u:p@[::1]:6380",
                vec![host("::1", 6380)],
                Some("u"),
                Some("p"),
                0,
                "rediss://u@[::1]:6380",
            ),
            (
                "redis://[2001:db8::1]",
                vec![host("2001:db8::1", 6379)],
                None,
                None,
                0,
                "redis://[2001:db8::1]",
            ),
            ("redis://:p@a,b:7", two(6379), None, Some("p"), 0, "redis://a,b:7"),
            ("redis+sentinel://:p@a,b:7/one", two(26379), None, Some("p"), 0, "redis+sentinel://a,b:7/one"),
            ("redis-sentinel://a,b:7/one/3", two(26379), None, None, 3, "redis-sentinel://a,b:7/one/3"),
            ("unix:///run/a@b", vec![Place::Socket("/run/a@b".into())], None, None, 0, "unix:///run/a@b"),
            (
                "unix://u:p@/run/r?db=1",
                vec![Place::Socket("/run/r".into())],
                Some("u"),
                Some("p"),
                1,
                "unix://u@/run/r?db=1",
            ),
        ] {
            let parsed = Parsed::parse(text).unwrap_or_else(|allowed| panic!("{text}: {allowed}"));
            assert_eq!(parsed.places, places, "{text}");
            assert_eq!((parsed.user.as_deref(), parsed.password.as_deref()), (user, password), "{text}");
            assert_eq!((parsed.database, &*parsed.shown), (database, shown), "{text}");
            assert_eq!(parsed.is_tls, text.contains("rediss"), "{text}");
            assert_eq!(parsed.service.is_some(), text.contains("sentinel"), "{text}");
        }
    }

    #[test]
    fn given_anything_else_then_what_is_allowed_is_said_and_nothing_is_repeated() {
        for text in [
            "",
            "db:6379",
            "http://db",
            "redis:secret@db",
            "redis://",
            "redis://:secret@",
            "redis://:secret@db:port",
            "redis://:secret@db:0",
            "redis://:secret@db:65536",
            "redis://:secret@db/name",
            "redis://:secret@db/-1",
            "redis://:secret@db/1/2",
            "redis://:secret@db?db=secret",
            "redis://a,,b",
            "redis://::1",
            "redis://[db]",
            "redis://[::1",
            "redis://[::1]6379",
            "redis+sentinel://:secret@a",
            "redis+sentinel://a/",
            "redis+sentinel://a/?master=secret",
            "sentinel://a/one",
            "unix://run/redis",
            "unix:///run/redis?user=secret",
            "unix:///run/redis?db=secret",
        ] {
            let Err(allowed) = Parsed::parse(text) else { panic!("{text}") };
            assert!(!allowed.contains("secret") && !allowed.is_empty(), "{text}: {allowed}");
        }
    }
}
