//! What is in a token, for whoever looks at one. Nothing is verified here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alert_core::access::{Revoked, TokenId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The header and the claims of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// How it is signed.
    pub header: Value,
    /// What it says.
    pub claims: Value,
}

impl Shown {
    /// Takes a token apart; `None` if it is none.
    pub fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let (header, claims) = (parts.next()??, parts.next()??);
        parts.next()??;
        if parts.next().is_some() {
            return None;
        }
        let read = |bytes: Vec<u8>| serde_json::from_slice(&bytes).ok().filter(Value::is_object);
        Some(Self { header: read(header)?, claims: read(claims)? })
    }

    /// What takes it back, if it can be, and when it ends by itself: a moment later, since nobody's clock is exact.
    pub fn revocable(&self) -> Option<(Revoked, Option<SystemTime>)> {
        let id = self.claims["jti"].as_str().and_then(TokenId::parse)?;
        let seconds =
            self.claims["exp"].as_f64().filter(|seconds| (0.0..253_402_300_800.0).contains(seconds));
        let expires = seconds.map(|seconds| UNIX_EPOCH + Duration::from_secs_f64(seconds + 60.0));
        Some((Revoked::Token(id), expires))
    }
}
