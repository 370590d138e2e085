//! What a Redis says of itself, for whoever runs it.

use super::{Dialled, Info};
use crate::config::Place;
use redis::RedisError;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A Redis that is used.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Where it is.
    pub place: String,
    /// `Redis` or `Valkey`, and its version.
    pub version: String,
    /// `master`: a replica is not used.
    pub role: String,
    /// How many follow it.
    pub replicas: u64,
    /// Bytes that it uses.
    pub memory: u64,
    /// Bytes that it may use, if there is a limit.
    pub most_memory: Option<u64>,
    /// What it does at the limit, as in `noeviction`.
    pub policy: String,
    /// Whether it keeps an append-only file.
    pub has_aof: bool,
    /// Whether the last write to it has failed.
    pub has_failed: bool,
    /// Its clock.
    pub at: SystemTime,
    /// What is wrong with how it is set up.
    pub warnings: Vec<String>,
}

impl Dialled {
    /// Asks for them.
    pub(in crate::log::redis) async fn facts(mut self, place: &Place) -> Result<Facts, RedisError> {
        let text: String = redis::cmd("INFO").query_async(&mut self.connection).await?;
        let info = Info::parse(&text);
        let number = |key| info.get(key).parse::<u64>().unwrap_or(0);
        let version = match (info.get("valkey_version"), info.get("redis_version")) {
            ("", redis) => format!("Redis {redis}"),
            (valkey, _) => format!("Valkey {valkey}"),
        };
        let has_aof = info.get("aof_enabled") == "1";
        Ok(Facts {
            place: place.to_string(),
            version,
            role: info.get("role").to_owned(),
            replicas: number("connected_slaves"),
            memory: number("used_memory"),
            most_memory: Some(number("maxmemory")).filter(|bytes| *bytes > 0),
            policy: info.get("maxmemory_policy").to_owned(),
            has_aof,
            has_failed: has_aof && info.get("aof_last_write_status") != "ok",
            at: UNIX_EPOCH + Duration::from_micros(number("server_time_usec")),
            warnings: self.warnings,
        })
    }
}
