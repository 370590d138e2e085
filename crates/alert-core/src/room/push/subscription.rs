//! Where a push service takes what is for a device, and what it is encrypted for. Whoever knows the address could have the
//! device told things, so nothing shows it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The longest address.
const MOST_BYTES: usize = 2048;

/// A subscription of a browser, as its `PushSubscription` gives it.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    endpoint: Box<str>,
    p256dh: [u8; 65],
    auth: [u8; 16],
}

/// Tells a device from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId([u8; 16]);

/// Something that is no subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "subscription must be what the browser's pushManager.subscribe gives: an endpoint (https) and, in keys, p256dh and auth"
)]
pub struct NotASubscription;

impl Subscription {
    /// Reads its parts, the keys in base64 for addresses, as browsers write them.
    ///
    /// # Errors
    /// If they are none.
    pub fn parse(endpoint: &str, p256dh: &str, auth: &str) -> Result<Self, NotASubscription> {
        let is_right = endpoint.len() <= MOST_BYTES && endpoint.bytes().all(|byte| byte.is_ascii_graphic());
        let p256dh: [u8; 65] = bytes(p256dh)?;
        // A point that is not compressed begins with 4.
        if !is_right || p256dh[0] != 4 {
            return Err(NotASubscription);
        }
        Ok(Self { endpoint: endpoint.into(), p256dh, auth: bytes(auth)? })
    }

    /// Where it takes messages.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The public key of the device: a point of P-256 that is not compressed.
    #[must_use]
    pub fn p256dh(&self) -> &[u8; 65] {
        &self.p256dh
    }

    /// What the device and whoever sends have in common.
    #[must_use]
    pub fn auth(&self) -> &[u8; 16] {
        &self.auth
    }

    /// Which device it is.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        DeviceId::of(&self.endpoint)
    }
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], NotASubscription> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| NotASubscription)?;
    bytes.try_into().map_err(|_| NotASubscription)
}

impl fmt::Debug for Subscription {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Subscription(hidden)")
    }
}

impl DeviceId {
    /// The device with this address.
    #[must_use]
    pub fn of(endpoint: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(endpoint).into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}
