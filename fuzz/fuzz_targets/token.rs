//! A token is read without a panic, and counts only if the key has signed it: of what is signed here, only what says
//! nothing that it must not.
#![no_main]

use alert_core::access::Right;
use alert_core::wire::v1::Limits;
use alert_server::auth::token::{Key, Shown, verify};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use ring::hmac;
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const LIMITS: Limits = Limits { name_chars: 64, room_chars: 128, msg_bytes: 16384 };

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| Key::read_all(SECRET).unwrap_or_default());

/// A token with these claims, whatever they are.
fn signed(claims: &str) -> String {
    let head = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), head.as_bytes());
    format!("{head}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let now = UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    let _ = Shown::of(&text);
    let _ = Key::read_all(&text);
    // Nobody guesses 256 bits.
    assert!(verify(&KEYS, &text, &LIMITS, now).is_err());
    if let Ok(read) = verify(&KEYS, &signed(&text), &LIMITS, now) {
        assert!(read.expires > now && read.grants.len() <= 100);
        assert!(read.name.is_none_or(|name| name.as_str().chars().count() <= LIMITS.name_chars));
        assert!(read.grants.iter().all(|grant| grant.rights.iter().all(|right| Right::ALL.contains(&right))));
    }
});
