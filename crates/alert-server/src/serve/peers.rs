//! The other servers that share the rooms, as the runtime asks for them: to pass on requests of their sessions.

use crate::log::redis::{Shared, Unavailable};
use alert_core::position::Run;
use socketio_server::{Later, PeerKey, Peers, ServerName};
use std::fmt;

/// Those who have a lease in Redis.
pub(super) struct Nodes {
    shared: Shared,
    this: Run,
    key: PeerKey,
}

impl Nodes {
    /// Makes this server, which is reached at `address`, one of them.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub(super) async fn join(
        shared: Shared,
        this: Run,
        address: Option<String>,
    ) -> Result<Self, Unavailable> {
        let key = shared.node_key().await?;
        shared.announce(address).await?;
        Ok(Self { shared, this, key })
    }
}

impl Peers for Nodes {
    fn this(&self) -> ServerName {
        ServerName::new(self.this.number())
    }

    fn key(&self) -> &PeerKey {
        &self.key
    }

    fn find(&self, server: ServerName) -> Later<'_, Option<String>> {
        Box::pin(async move { self.shared.find(Run::new(server.number())).await?.address.clone() })
    }

    fn ended(&self, server: ServerName) -> Later<'_, ()> {
        Box::pin(self.shared.ended(Run::new(server.number())))
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nodes")
    }
}
