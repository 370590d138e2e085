//! One Redis or Valkey: connecting to it, and what it says of itself.

use super::library::Library;
use crate::config::RedisAddress;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, PushInfo, RedisError};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// The oldest version that has functions.
const OLDEST: (u32, u32) = (7, 0);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no thread for it.
    #[error("the system gives no thread for Redis ({0}): raise its limits")]
    Thread(std::io::Error),
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
    /// Names this start of this Redis; another one may have lost what it had.
    pub(super) token: String,
    /// What whoever runs it should know.
    pub(super) warnings: Vec<String>,
}

/// A connection that hands over what Redis pushes.
pub(super) async fn subscriber(
    address: &RedisAddress,
    pushes: UnboundedSender<PushInfo>,
) -> Result<MultiplexedConnection, RedisError> {
    let config = config().set_push_sender(pushes);
    Client::open(address.info())?.get_multiplexed_async_connection_with_config(&config).await
}

/// Connects, and makes sure that it is a master with the library.
pub(super) async fn connect(address: &RedisAddress, library: &Library) -> Result<Connected, ConnectError> {
    let shown = address.shown();
    let refused = |error| ConnectError::of(shown, error);
    let client = Client::open(address.info()).map_err(refused)?;
    let connection = client.get_multiplexed_async_connection_with_config(&config()).await;
    let mut connection = connection.map_err(refused)?;
    let info: String = redis::cmd("INFO").query_async(&mut connection).await.map_err(refused)?;
    let info = Info::parse(&info);
    let version = info.get("redis_version");
    if number(version) < OLDEST {
        return Err(ConnectError::TooOld(shown.to_owned(), version.to_owned()));
    }
    if info.get("role") != "master" {
        return Err(ConnectError::Replica(shown.to_owned()));
    }
    let mut load = redis::cmd("FUNCTION");
    load.arg("LOAD").arg(library.code());
    match load.query_async::<String>(&mut connection).await {
        Err(error) if !error.to_string().contains("already exists") => {
            return Err(ConnectError::Library(shown.to_owned(), error));
        }
        _ => {}
    }
    let token = info.get("master_replid").to_owned();
    Ok(Connected { connection, token, warnings: info.warnings() })
}

impl ConnectError {
    fn of(shown: &str, error: RedisError) -> Self {
        let is_refused = error.kind() == redis::ErrorKind::AuthenticationFailed
            || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"));
        if is_refused { Self::Refused(shown.to_owned(), error) } else { Self::Away(shown.to_owned(), error) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_version_then_it_is_compared_by_its_numbers() {
        assert!(number("6.2.14") < OLDEST && number("7.0.15") >= OLDEST && number("10.1") > OLDEST);
        assert!(number("") < OLDEST);
    }
}
