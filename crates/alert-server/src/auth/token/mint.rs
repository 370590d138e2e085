//! Making tokens and keys, and showing what is in a token: what `alert token` does.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alert_core::access::{Grant, Right, Which};
use jsonwebtoken::{Header, encode};
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};

use super::{KeyFileError, keys};
use crate::config::PublicUrl;

/// A token to be made.
#[derive(Clone, Debug)]
pub struct Order {
    /// Whose it is.
    pub sub: String,
    /// What its holder is called, if that is not `sub`.
    pub name: Option<String>,
    /// What it grants.
    pub grants: Vec<Grant>,
    /// How long it counts.
    pub lifetime: Duration,
}

/// A token that was made.
#[derive(Clone)]
pub struct Minted {
    /// The token: a secret, until it expires.
    pub token: String,
    /// What `alert token revoke` takes it back by.
    pub jti: String,
    /// When it expires.
    pub expires: SystemTime,
}

/// Why none was made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The file gives no key.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// It gives only public ones.
    #[error("{0} has no private key, and only that can sign; `alert token keygen` makes one")]
    NoPrivateKey(String),
    /// The system gives no random numbers, or the key is broken.
    #[error("the token cannot be signed: {0}")]
    Signing(String),
}

impl Order {
    /// Makes the token, with the first private key of a file.
    ///
    /// # Errors
    /// If there is none.
    pub fn mint(&self, keys: &Path, now: SystemTime) -> Result<Minted, MintError> {
        let found = keys::read(keys)?;
        let signing = found.iter().find_map(|key| Some((key, key.private.as_ref()?)));
        let (key, private) = signing.ok_or_else(|| MintError::NoPrivateKey(keys.display().to_string()))?;
        let failed = |why: String| MintError::Signing(why);
        let mut random = [0; 12];
        getrandom::fill(&mut random).map_err(|error| failed(error.to_string()))?;
        let jti: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        // Whole seconds, rounded up: nobody gets less than was meant.
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let exp = (now + self.lifetime).as_secs() + 1;
        let rooms: Vec<Value> = self.grants.iter().map(entry).collect();
        let mut claims = json!({ "sub": self.sub, "rooms": rooms, "exp": exp, "jti": jti });
        if let Some(name) = &self.name {
            claims["name"] = json!(name);
        }
        let header = Header { kid: key.id.as_deref().map(Into::into), ..Header::new(key.algorithm) };
        let token = encode(&header, &claims, private).map_err(|error| failed(error.to_string()))?;
        Ok(Minted { token, jti, expires: UNIX_EPOCH + Duration::from_secs(exp) })
    }
}

impl Minted {
    /// A personal link: to the web page, for the only room that the token is for, if there is one. The token is behind the
    /// `#`, which browsers send to nobody.
    pub fn link(&self, url: &PublicUrl, grants: &[Grant]) -> String {
        let room = match grants {
            [Grant { rooms: Which::Named(room), .. }] => {
                let mut query = form_urlencoded::Serializer::new(String::new());
                format!("?{}", query.append_pair("room", room.as_str()).finish())
            }
            _ => String::new(),
        };
        format!("{}/v1{room}#token={}", url.as_str(), self.token)
    }
}

fn entry(grant: &Grant) -> Value {
    let can: Vec<&str> = grant.rights.iter().map(Right::as_str).collect();
    match &grant.rooms {
        Which::Named(name) => json!({ "name": name, "can": can }),
        Which::Prefix(prefix) => json!({ "prefix": prefix, "can": can }),
    }
}

/// A new Ed25519 key, as PEM.
///
/// # Errors
/// If the system gives no random numbers.
pub fn keygen() -> Result<String, MintError> {
    let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
    let pair = pair.map_err(|error| MintError::Signing(error.to_string()))?;
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair.as_ref());
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
}
