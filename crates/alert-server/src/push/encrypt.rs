//! What a push service carries, so that it cannot read it (RFC 8291: `aes128gcm` of RFC 8188, in one record).

use alert_core::room::push::Subscription;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};

/// The size of a record. Push services take no more, and a message is one.
const RECORD: u32 = 4096;
const SALT: usize = 16;
/// What the last record ends with.
const LAST: u8 = 2;

/// A message cannot be encrypted for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key of the subscription is no point of P-256")]
pub struct NotAKey;

/// Whether a device has a key that can be encrypted for.
pub(super) fn has_key(subscription: &Subscription) -> bool {
    PublicKey::from_sec1_bytes(subscription.p256dh()).is_ok()
}

/// Encrypts a short message for a device, with a key and a salt that are used once.
///
/// # Errors
/// If the device's key is none.
pub(super) fn encrypt(subscription: &Subscription, message: &[u8]) -> Result<Vec<u8>, NotAKey> {
    let mut salt = [0; SALT];
    random(&mut salt);
    encrypt_with(&secret(), salt, subscription, message)
}

fn encrypt_with(
    secret: &SecretKey,
    salt: [u8; SALT],
    subscription: &Subscription,
    message: &[u8],
) -> Result<Vec<u8>, NotAKey> {
    let device = PublicKey::from_sec1_bytes(subscription.p256dh()).map_err(|_| NotAKey)?;
    let public = secret.public_key().to_sec1_point(false);
    let public = public.as_bytes();
    let shared = secret.diffie_hellman(&device);
    let extracted = Salt::new(HKDF_SHA256, subscription.auth()).extract(shared.raw_secret_bytes());
    let keying: [u8; 32] = expand(&extracted, &[b"WebPush: info\0", subscription.p256dh(), public]);
    let extracted = Salt::new(HKDF_SHA256, &salt).extract(&keying);
    let key: [u8; 16] = expand(&extracted, &[b"Content-Encoding: aes128gcm\0"]);
    let nonce: [u8; NONCE_LEN] = expand(&extracted, &[b"Content-Encoding: nonce\0"]);
    let mut record = message.to_vec();
    record.push(LAST);
    seal(&key, nonce, &mut record);
    let mut body = Vec::with_capacity(SALT + 5 + public.len() + record.len());
    body.extend(salt);
    body.extend(RECORD.to_be_bytes());
    // 65 bytes.
    body.push(public.len() as u8);
    body.extend(public);
    body.extend(record);
    Ok(body)
}

#[expect(clippy::expect_used, reason = "the key has its length, and a short record is sealed")]
fn seal(key: &[u8; 16], nonce: [u8; NONCE_LEN], record: &mut Vec<u8>) {
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).expect("16 bytes"));
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::empty(), record).expect("a short record");
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

#[expect(clippy::expect_used, reason = "HKDF gives up to 8,160 bytes")]
pub(super) fn expand<const N: usize>(key: &Prk, info: &[&[u8]]) -> [u8; N] {
    let mut bytes = [0; N];
    key.expand(info, Bytes(N)).and_then(|expanded| expanded.fill(&mut bytes)).expect("a few bytes");
    bytes
}

/// A new key. Of 2^32 texts of random bytes, one is none.
fn secret() -> SecretKey {
    loop {
        let mut bytes = [0; 32];
        random(&mut bytes);
        if let Ok(key) = SecretKey::from_slice(&bytes) {
            return key;
        }
    }
}

#[expect(clippy::expect_used, reason = "a system without random numbers cannot serve")]
fn random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system gives random numbers");
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    #[test]
    fn given_the_keys_of_rfc_8291_appendix_a_then_the_body_is_the_one_that_stands_there() {
        let subscription = Subscription::parse(
            "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        )
        .unwrap();
        let secret = SecretKey::from_slice(&decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt = decode("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let body =
            encrypt_with(&secret, salt, &subscription, b"When I grow up, I want to be a watermelon").unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn given_the_same_message_twice_then_no_bytes_tell_that() {
        let subscription = Subscription::parse(
            "https://push.example.net/",
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        )
        .unwrap();
        let [one, other] = [(), ()].map(|()| encrypt(&subscription, b"Ice").unwrap());
        assert!(one[..16] != other[..16] && one[21..86] != other[21..86] && one[86..] != other[86..]);
    }

    #[test]
    fn given_a_point_that_is_not_on_the_curve_then_nothing_is_encrypted_for_it() {
        let mut point = [1; 65];
        point[0] = 4;
        let point = URL_SAFE_NO_PAD.encode(point);
        let subscription =
            Subscription::parse("https://push.example.net/", &point, "BTBZMqHH6r4Tts7J_aSIgg").unwrap();
        assert!(!has_key(&subscription));
        assert_eq!(encrypt(&subscription, b"Ice"), Err(NotAKey));
    }
}
