//! Where the Redis or Valkey is that several servers share.

use std::fmt::{self, Debug, Formatter};
use std::time::Duration;

use alert_settings::Allowed;
use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

/// How Redis is used.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// Where it is.
    pub address: RedisAddress,
    /// What all keys begin with.
    pub prefix: String,
    /// How long it has to answer.
    pub timeout: Duration,
}

/// Where Redis is, and as whom Alert comes. It prints without the password.
#[derive(Clone)]
pub struct RedisAddress {
    info: ConnectionInfo,
    shown: String,
}

const ALLOWED: &str = "redis://HOST:PORT, rediss://HOST:PORT for TLS, or unix:///PATH, with USER:PASSWORD@ before the host where it asks for them";
const MOST_PREFIX: usize = 64;

impl RedisAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// What is allowed instead.
    pub fn parse(text: &str) -> Result<Self, Allowed> {
        let text = text.trim();
        let info = text.into_connection_info().map_err(|_| ALLOWED.to_owned())?;
        // Events come as pushes, which the older protocol does not have.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Ok(Self { info: info.set_redis_settings(settings), shown: shown(text) })
    }

    /// As it was given, without the password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// For the library that connects.
    pub(crate) fn info(&self) -> ConnectionInfo {
        self.info.clone()
    }
}

impl Debug for RedisAddress {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(&self.shown)
    }
}

/// What keys begin with: nothing that a hash tag could be taken from.
pub(super) fn prefix(text: &str) -> Result<String, Allowed> {
    let text = text.trim();
    let is_good = (1..=MOST_PREFIX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    is_good.then(|| text.to_owned()).ok_or_else(|| format!("1 to {MOST_PREFIX} letters, digits, and - _ . :"))
}

/// Without what stands before the last @, but for the user.
fn shown(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            let user = text[scheme + 3..at].split(':').next().unwrap_or_default();
            format!("{}://{user}@{}", &text[..scheme], &text[at + 1..])
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_an_address_then_it_is_shown_without_its_password() {
        for (text, shown) in [
            ("redis://db:6379", "redis://db:6379"),
            ("redis://alert:se:cr@et@db/2", "redis://alert@db/2"),
            ("redis://:secret@db", "redis://@db"),
            ("rediss://u:p@db:6380", "rediss://u@db:6380"),
        ] {
            assert_eq!(super::shown(text), shown, "{text}");
        }
        assert_eq!(format!("{:?}", RedisAddress::parse("redis://:secret@db").unwrap()), "redis://@db");
        assert!(RedisAddress::parse("db:6379").is_err());
    }

    #[test]
    fn given_a_prefix_then_it_has_nothing_that_redis_reads_a_meaning_into() {
        for good in ["alert", "school:alert-2"] {
            assert_eq!(prefix(good), Ok(good.to_owned()));
        }
        for bad in ["", "{a}", "a b", "a*", "\u{e9}", &"a".repeat(65)] {
            assert!(prefix(bad).is_err(), "{bad}");
        }
    }
}
