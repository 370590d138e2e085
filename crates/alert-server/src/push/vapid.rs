//! Who this server is for push services (VAPID, RFC 8292): a key that is derived from the session key, so that all servers
//! which share rooms have the same one, and it is kept where that is.

use super::encrypt::expand;
use crate::config::SessionKey;
use alert_core::room::push::Subscription;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long what is shown to a push service counts: RFC 8292 allows a day.
const COUNTS: Duration = Duration::from_secs(12 * 3600);
/// It is made anew when it counts for less than this, so that clocks may differ.
const LEFT: Duration = Duration::from_secs(6 * 3600);
/// Push services that something is kept for. There are a handful; all are forgotten when there are more.
const MOST_SERVICES: usize = 64;

/// The server's key, and what it shows to each push service.
pub struct Vapid {
    key: SigningKey,
    /// Whom push services may write to: `mailto:` or `https:`.
    contact: Box<str>,
    shown: Mutex<HashMap<Box<str>, (HeaderValue, SystemTime)>>,
}

impl Vapid {
    /// The key of the servers with this session key.
    pub fn new(session_key: &SessionKey, contact: Box<str>) -> Self {
        let extracted = Salt::new(HKDF_SHA256, b"alert").extract(session_key.bytes());
        // Of 2^32 keys, one is none: then the next is taken.
        let mut keys = (0_u8..=u8::MAX).filter_map(|try_number| {
            let bytes: [u8; 32] = expand(&extracted, &[b"vapid", &[try_number]]);
            SigningKey::from_slice(&bytes).ok()
        });
        #[expect(clippy::expect_used, reason = "256 of them are not all none")]
        let key = keys.next().expect("a key");
        Self { key, contact, shown: Mutex::default() }
    }

    /// The public key in base64, as browsers take it.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.verifying_key().to_sec1_point(false).as_bytes())
    }

    /// What a push service is shown with each message.
    pub fn authorization(&self, subscription: &Subscription, now: SystemTime) -> HeaderValue {
        let service = origin(subscription.endpoint());
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((value, until)) = shown.get(service)
            && until.duration_since(now).is_ok_and(|left| left > LEFT && left <= COUNTS)
        {
            return value.clone();
        }
        if shown.len() >= MOST_SERVICES {
            shown.clear();
        }
        let until = now + COUNTS;
        let value = self.sign(service, until);
        shown.insert(service.into(), (value.clone(), until));
        value
    }

    #[expect(clippy::expect_used, reason = "base64 is visible ASCII")]
    fn sign(&self, service: &str, until: SystemTime) -> HeaderValue {
        let until = until.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = serde_json::json!({ "aud": service, "exp": until, "sub": self.contact });
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        let signed = format!(
            "{}.{}",
            encode(br#"{"typ":"JWT","alg":"ES256"}"#),
            encode(claims.to_string().as_bytes())
        );
        let signature: Signature = self.key.sign(signed.as_bytes());
        let signature = encode(&signature.to_bytes());
        let mut value: HeaderValue =
            format!("vapid t={signed}.{signature}, k={}", self.public()).try_into().expect("a header value");
        value.set_sensitive(true);
        value
    }
}

/// The scheme and the host of an address, with the port where there is one.
fn origin(endpoint: &str) -> &str {
    let host = endpoint.find("://").map_or(0, |at| at + 3);
    let end = endpoint[host..].find('/').map_or(endpoint.len(), |at| host + at);
    &endpoint[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;

    fn vapid(key: u8) -> Vapid {
        let key = SessionKey::parse(&base64::engine::general_purpose::STANDARD.encode([key; 32])).unwrap();
        Vapid::new(&key, "mailto:ops@example.org".into())
    }

    fn device(endpoint: &str) -> Subscription {
        let key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        Subscription::parse(endpoint, key, "BTBZMqHH6r4Tts7J_aSIgg").unwrap()
    }

    #[test]
    fn given_the_same_session_key_then_servers_have_the_same_key_and_with_another_one_another() {
        assert_eq!(vapid(1).public(), vapid(1).public());
        assert_ne!(vapid(1).public(), vapid(2).public());
        assert_eq!(URL_SAFE_NO_PAD.decode(vapid(1).public()).unwrap().len(), 65);
    }

    #[test]
    fn given_a_push_service_then_it_can_verify_who_sends_and_that_it_is_meant() {
        let now = UNIX_EPOCH + Duration::from_secs(1_764_400_000);
        let vapid = vapid(1);
        let shown = vapid.authorization(&device("https://push.example:8443/a/b?c"), now);
        let shown = shown.to_str().unwrap().strip_prefix("vapid t=").unwrap();
        let (token, key) = shown.split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let claims: serde_json::Value =
            serde_json::from_slice(&decode(signed.split_once('.').unwrap().1)).unwrap();
        assert_eq!(
            claims,
            serde_json::json!({
                "aud": "https://push.example:8443",
                "exp": 1_764_400_000 + COUNTS.as_secs(),
                "sub": "mailto:ops@example.org",
            })
        );
        let key = VerifyingKey::from_sec1_bytes(&decode(key)).unwrap();
        let signature = Signature::from_slice(&decode(signature)).unwrap();
        key.verify(signed.as_bytes(), &signature).unwrap();
    }

    #[test]
    fn given_a_service_that_was_shown_something_then_it_is_shown_the_same_until_it_counts_for_hours_only() {
        let now = UNIX_EPOCH + Duration::from_secs(1_764_400_000);
        let vapid = vapid(1);
        let shown = |seconds| {
            vapid.authorization(&device("https://push.example/a"), now + Duration::from_secs(seconds))
        };
        let first = shown(0);
        assert_eq!(shown(6 * 3600 - 1), first);
        assert_ne!(shown(6 * 3600), first);
        assert_eq!(shown(0), first, "a clock that was put back has it signed anew, to the same");
    }
}
