//! Which versions of Alert can share rooms. Each has a library of its own in Redis, but the keys, what is in them and what
//! nodes tell each other are the same for all: that is what the wire version counts.

use super::about::About;
use super::{Shared, Unavailable, keys};
use std::collections::{BTreeMap, HashMap};

/// The version of what nodes say to each other and write in Redis. CONTRIBUTING.md says when it grows.
pub const WIRE: u32 = 5;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why this version of Alert must not touch what is in Redis.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Nodes are alive.
    #[error(
        "Alert {VERSION} (wire version {WIRE}) cannot share rooms with a server that is alive: {0}. Start the version that \
         runs there; or stop all servers of the other version first, and then start this one; or give this one another \
         --redis-prefix, which has rooms of its own"
    )]
    Alive(String),
    /// Nodes were.
    #[error(
        "what is in Redis under the prefix {prefix} was written by a version of Alert with wire version {written}, and Alert \
         {VERSION} reads wire version {WIRE}. Start a version that reads it, or give another --redis-prefix, which has \
         rooms of its own"
    )]
    Written {
        /// What its keys begin with.
        prefix: String,
        /// Its wire version.
        written: String,
    },
    /// Redis has stopped answering.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Shared {
    /// Makes sure that this version can work with the nodes that are alive, and with what there is in Redis.
    ///
    /// # Errors
    /// If it cannot.
    pub(super) async fn fits(&self) -> Result<(), WireError> {
        let said = self.ask("nodes", self.0.keys.nodes(), Vec::new()).await?;
        let strangers = strangers(&said);
        if !strangers.is_empty() {
            return Err(WireError::Alive(strangers.join("; ")));
        }
        let written = self.agree(self.0.keys.wire(), WIRE.to_string()).await?;
        if written != WIRE.to_string() {
            return Err(WireError::Written { prefix: self.0.keys.prefix().to_owned(), written });
        }
        Ok(())
    }
}

/// The nodes that this one cannot work with, in words and in order.
pub(super) fn strangers(said: &HashMap<String, String>) -> Vec<String> {
    let said: BTreeMap<_, _> = said.iter().collect();
    let strangers = said.into_iter().filter_map(|(node, said)| {
        let About { version, wire, address, .. } = About::parse(said);
        if wire == WIRE && keys::node(node).is_some() {
            return None;
        }
        let at = address.map(|address| format!(" at {address:?}")).unwrap_or_default();
        let of = match (version.as_str(), wire) {
            ("", 0) => "does not say which version it is".to_owned(),
            (version, wire) => format!("Alert {version:?}, wire version {wire}"),
        };
        Some(format!("server {node:?}{at} ({of})"))
    });
    strangers.collect()
}

/// What is wrong while a node and a stranger are alive together.
pub(super) fn beside(stranger: &str) -> String {
    format!(
        "{stranger} shares this server's Redis, and Alert {VERSION} (wire version {WIRE}) cannot work with it: stop one of \
         them, or start that one with another --redis-prefix"
    )
}
