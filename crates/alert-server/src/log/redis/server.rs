//! One Redis or Valkey: connecting to it, and what it says of itself.

mod error;
mod facts;
mod greeting;
mod info;

use super::library::Library;
use crate::config::{Place, RedisAddress};
pub use error::ConnectError;
pub use facts::Facts;
use info::Info;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, PushInfo, RedisError};
use std::time::Duration;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);

/// A connection to a master, and what is on the other side.
pub(super) struct Connected {
    pub(super) connection: MultiplexedConnection,
    /// Names this start of this Redis; another one may have lost what it had.
    pub(super) token: String,
    /// What whoever runs it should know.
    pub(super) warnings: Vec<String>,
}

/// A connection to whatever Redis is there.
pub(super) struct Dialled {
    pub(super) connection: MultiplexedConnection,
    pub(super) is_master: bool,
    pub(super) is_in_cluster: bool,
    token: String,
    warnings: Vec<String>,
}

/// A connection that hands over what Redis pushes.
pub(super) async fn subscriber(
    address: &RedisAddress,
    place: &Place,
    push: impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static,
) -> Result<MultiplexedConnection, ConnectError> {
    Ok(master(address, place, &config().set_push_sender(push)).await?.connection)
}

/// Connects to a master, and makes sure that it has the library.
pub(super) async fn connect(
    address: &RedisAddress,
    place: &Place,
    library: &Library,
) -> Result<Connected, ConnectError> {
    let Dialled { mut connection, token, warnings, .. } = master(address, place, &config()).await?;
    let mut load = redis::cmd("FUNCTION");
    load.arg("LOAD").arg(library.code());
    match load.query_async::<String>(&mut connection).await {
        Err(error) if !has(&mut connection, library).await => {
            Err(match ConnectError::of(&place.to_string(), &error, address.is_tls()) {
                ConnectError::Away(shown, text) => ConnectError::Library(shown, text),
                other => other,
            })
        }
        _ => Ok(Connected { connection, token, warnings }),
    }
}

/// Whether the library is there already. It is asked when Redis does not load it: one that is full takes nothing, but can
/// be read.
async fn has(connection: &mut MultiplexedConnection, library: &Library) -> bool {
    let mut list = redis::cmd("FUNCTION");
    list.arg("LIST").arg("LIBRARYNAME").arg(library.name());
    list.query_async::<Vec<redis::Value>>(connection).await.is_ok_and(|found| !found.is_empty())
}

async fn master(
    address: &RedisAddress,
    place: &Place,
    config: &AsyncConnectionConfig,
) -> Result<Dialled, ConnectError> {
    let dialled = dial(address, place, config).await?;
    if dialled.is_master { Ok(dialled) } else { Err(ConnectError::Replica(place.to_string())) }
}

/// Connects to a Redis that is new enough.
pub(super) async fn dial(
    address: &RedisAddress,
    place: &Place,
    config: &AsyncConnectionConfig,
) -> Result<Dialled, ConnectError> {
    let shown = place.to_string();
    let refused = |error: RedisError| ConnectError::of(&shown, &error, address.is_tls());
    let client = address.client(place).map_err(refused)?;
    let mut connection = match client.get_multiplexed_async_connection_with_config(config).await {
        Ok(connection) => connection,
        Err(error) => {
            let greeting = greeting::of(place, &error).await;
            return Err(ConnectError::of_greeting(&shown, &greeting).unwrap_or_else(|| refused(error)));
        }
    };
    let text: String = redis::cmd("INFO").query_async(&mut connection).await.map_err(refused)?;
    let info = Info::parse(&text);
    if info.get("redis_mode") == "sentinel" {
        return Err(ConnectError::Sentinel(shown));
    }
    if !info.is_new_enough() {
        return Err(ConnectError::TooOld(shown, info.get("redis_version").to_owned()));
    }
    Ok(Dialled {
        connection,
        is_master: info.get("role") == "master",
        is_in_cluster: info.get("cluster_enabled") == "1",
        token: info.get("run_id").to_owned(),
        warnings: info.warnings(&shown),
    })
}

pub(super) fn config() -> AsyncConnectionConfig {
    // Waiting for the answers to calls is bounded where they are made; INFO and the others are short.
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(None)
}
