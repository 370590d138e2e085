//! Secrets that all servers have in common: the first one makes them.

use super::{Shared, Unavailable};
use crate::config::SessionKey;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use socketio_server::PeerKey;

const KEY_BYTES: usize = 32;

impl Shared {
    /// The session key of all servers here.
    ///
    /// # Errors
    /// If Redis does not answer, or has something else there.
    pub async fn session_key(&self) -> Result<SessionKey, Unavailable> {
        let text = self.agree(self.0.keys.session_key(), SessionKey::random().to_text()).await?;
        SessionKey::parse(&text).map_err(|allowed| {
            tracing::error!(
                "the session key in Redis must be {allowed}: remove it there to have a new one made"
            );
            Unavailable
        })
    }

    /// What shows that a request comes from one of the servers here.
    ///
    /// # Errors
    /// If Redis does not answer, or has something else there.
    pub async fn node_key(&self) -> Result<PeerKey, Unavailable> {
        let mut proposal = [0; KEY_BYTES];
        getrandom::fill(&mut proposal).map_err(|_| Unavailable)?;
        let text = self.agree(self.0.keys.node_key(), URL_SAFE_NO_PAD.encode(proposal)).await?;
        PeerKey::parse(&text).ok_or_else(|| {
            tracing::error!(
                "the node key in Redis must be at least 32 letters, digits, - and _: remove it there to have a new one made"
            );
            Unavailable
        })
    }

    pub(super) async fn agree(&self, key: String, proposal: String) -> Result<String, Unavailable> {
        self.ask("agree", vec![key], vec![proposal.into_bytes()]).await
    }
}
