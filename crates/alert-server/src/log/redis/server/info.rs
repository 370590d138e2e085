//! What a Redis says of itself (`INFO`), and what whoever runs it should know.

use std::collections::HashMap;

/// What `INFO` says.
pub(super) struct Info<'a>(HashMap<&'a str, &'a str>);

impl<'a> Info<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        Self(text.lines().filter_map(|line| line.trim().split_once(':')).collect())
    }

    pub(super) fn get(&self, key: &str) -> &'a str {
        self.0.get(key).copied().unwrap_or_default()
    }

    /// The oldest version that has functions is 7.0. Valkey goes on from 7.2.
    pub(super) fn is_new_enough(&self) -> bool {
        number(self.get("redis_version")) >= (7, 0)
    }

    /// What is wrong with how this Redis is set up, which is at `place`.
    pub(super) fn warnings(&self, place: &str) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.get("aof_enabled") != "1" {
            warnings.push(format!(
                "Redis ({place}) keeps no append-only file: messages that were acknowledged are lost when it dies; set \
                 appendonly yes"
            ));
        }
        let policy = self.get("maxmemory_policy");
        if self.get("maxmemory") != "0" && policy != "noeviction" {
            warnings.push(format!(
                "Redis ({place}) throws data away when its memory is full (maxmemory-policy {policy}): set it to noeviction"
            ));
        }
        // With a single replica it would stop a master whose replica is restarted. INFO has the field where it is set.
        let replicas: usize = self.get("connected_slaves").parse().unwrap_or(0);
        if replicas > 1 && self.get("min_slaves_good_slaves").is_empty() {
            warnings.push(format!(
                "Redis ({place}) goes on alone when it is cut off, and what it acknowledges then is lost when another \
                 one takes over: set min-replicas-to-write 1"
            ));
        }
        warnings
    }
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
        for (version, is_new) in
            [("6.2.14", false), ("7.0.15", true), ("7.2.4", true), ("10.1", true), ("", false)]
        {
            assert_eq!(Info::parse(&format!("redis_version:{version}")).is_new_enough(), is_new, "{version}");
        }
    }

    #[test]
    fn given_a_redis_that_may_lose_what_it_has_then_that_is_said() {
        for (info, words) in [
            ("aof_enabled:1\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru", None),
            ("aof_enabled:1\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction", None),
            ("aof_enabled:0\r\nmaxmemory:0", Some("appendonly yes")),
            ("aof_enabled:1\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru", Some("noeviction")),
            ("aof_enabled:1\r\nmaxmemory:0\r\nconnected_slaves:1", None),
            ("aof_enabled:1\r\nmaxmemory:0\r\nconnected_slaves:2", Some("min-replicas-to-write 1")),
            ("aof_enabled:1\r\nmaxmemory:0\r\nconnected_slaves:2\r\nmin_slaves_good_slaves:2", None),
        ] {
            let warnings = Info::parse(info).warnings("db:6379");
            assert_eq!(warnings.len(), usize::from(words.is_some()), "{info}: {warnings:?}");
            assert!(
                warnings
                    .iter()
                    .all(|warning| warning.contains(words.unwrap()) && warning.contains("(db:6379)"))
            );
        }
    }
}
