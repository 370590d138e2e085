//! One Redis or Valkey: connecting to it, and what it says of itself.

use super::library::Library;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, PushInfo, RedisError,
};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// The oldest version that has functions.
const OLDEST: (u32, u32) = (7, 0);
/// For a connection to be made and greeted.
const CONNECT: Duration = Duration::from_secs(2);

/// Where Redis is, and as whom Alert comes. It prints without the password.
#[derive(Clone)]
pub struct Address {
    info: ConnectionInfo,
    shown: String,
}

/// A text that is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "redis://HOST:PORT, rediss://HOST:PORT with TLS, or unix:///PATH, with user:password@ before the host where needed"
)]
pub struct NotAnAddress;

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It does not answer.
    #[error("{0} does not answer ({1}): start it there, or correct --redis")]
    Away(String, RedisError),
    /// It lets nobody in without a password, or not with this one.
    #[error("{0} refuses the user or the password ({1}): give them in --redis as redis://USER:PASSWORD@HOST")]
    Refused(String, RedisError),
    /// It is too old.
    #[error("{0} is Redis {1}; Alert needs Redis 7.0 or newer, or Valkey")]
    TooOld(String, String),
    /// It only follows another one.
    #[error("{0} is a replica; give the address of its master in --redis")]
    Replica(String),
    /// It does not take the library.
    #[error(
        "{0} does not take Alert's functions ({1}): allow FUNCTION, FCALL, PUBLISH and SUBSCRIBE to its user"
    )]
    Library(String, RedisError),
}

/// A connection, and what is on the other side.
pub(super) struct Connected {
    pub(super) connection: MultiplexedConnection,
    /// Names this start of this Redis: another one may not have what it had.
    pub(super) token: String,
    /// What whoever runs it should know.
    pub(super) warnings: Vec<String>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.shown)
    }
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim();
        let info = text.into_connection_info().map_err(|_| NotAnAddress)?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let shown = shown(text);
        Ok(Self { info: info.set_redis_settings(settings), shown })
    }

    /// As it was given, without the password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// A connection that hands over what Redis pushes.
    pub(super) async fn subscriber(
        &self,
        pushes: UnboundedSender<PushInfo>,
    ) -> Result<MultiplexedConnection, RedisError> {
        let config = config().set_push_sender(pushes);
        Client::open(self.info.clone())?.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Connects, and makes sure that it is a master with the library.
    pub(super) async fn connect(&self, library: &Library) -> Result<Connected, ConnectError> {
        let away = |error: RedisError| ConnectError::Away(self.shown.clone(), error);
        let client = Client::open(self.info.clone()).map_err(away)?;
        let connection = client.get_multiplexed_async_connection_with_config(&config()).await;
        let mut connection = connection.map_err(|error| self.refused(error))?;
        let info: String =
            redis::cmd("INFO").query_async(&mut connection).await.map_err(|error| self.refused(error))?;
        let info = Info::parse(&info);
        let version = info.get("redis_version");
        if number(version) < OLDEST {
            return Err(ConnectError::TooOld(self.shown.clone(), version.to_owned()));
        }
        if info.get("role") != "master" {
            return Err(ConnectError::Replica(self.shown.clone()));
        }
        let mut load = redis::cmd("FUNCTION");
        load.arg("LOAD").arg(library.code());
        match load.query_async::<String>(&mut connection).await {
            Err(error) if !error.to_string().contains("already exists") => {
                return Err(ConnectError::Library(self.shown.clone(), error));
            }
            _ => {}
        }
        let token = info.get("master_replid").to_owned();
        Ok(Connected { connection, token, warnings: info.warnings() })
    }

    fn refused(&self, error: RedisError) -> ConnectError {
        let is_refused = error.kind() == redis::ErrorKind::AuthenticationFailed
            || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"));
        if is_refused {
            ConnectError::Refused(self.shown.clone(), error)
        } else {
            ConnectError::Away(self.shown.clone(), error)
        }
    }
}

/// What `INFO` says.
struct Info<'a>(HashMap<&'a str, &'a str>);

impl<'a> Info<'a> {
    fn parse(text: &'a str) -> Self {
        Self(text.lines().filter_map(|line| line.trim().split_once(':')).collect())
    }

    fn get(&self, key: &str) -> &'a str {
        self.0.get(key).copied().unwrap_or_default()
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.get("aof_enabled") != "1" {
            warnings.push(
                "Redis keeps no append-only file: messages that were acknowledged are lost when it dies; set appendonly yes"
                    .to_owned(),
            );
        }
        let policy = self.get("maxmemory_policy");
        if self.get("maxmemory") != "0" && policy != "noeviction" {
            warnings.push(format!(
                "Redis throws data away when its memory is full (maxmemory-policy {policy}): set it to noeviction"
            ));
        }
        warnings
    }
}

fn config() -> AsyncConnectionConfig {
    // Waiting for answers is bounded where the calls are made.
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(None)
}

/// Major and minor version.
fn number(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
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
        assert_eq!(format!("{:?}", Address::parse("redis://:secret@db").unwrap()), "redis://@db");
        assert_eq!(Address::parse("db:6379").unwrap_err(), NotAnAddress);
    }

    #[test]
    fn given_a_version_then_it_is_compared_by_its_numbers() {
        assert!(number("6.2.14") < OLDEST && number("7.0.15") >= OLDEST && number("10.1") > OLDEST);
        assert!(number("") < OLDEST);
    }
}
