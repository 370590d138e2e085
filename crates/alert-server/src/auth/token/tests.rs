//! Tokens that count and tokens that do not, with every kind of key.

use super::*;
use alert_core::access::{Grant, Right, Rights, Which};
use alert_core::names::RoomCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, encode};
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

pub(super) const RSA: &str = include_str!("tests/rsa.pem");
pub(super) const RSA_PUBLIC: &str = include_str!("tests/rsa.pub.pem");
pub(super) const P256: &str = include_str!("tests/p256.pem");
pub(super) const P256_PUBLIC: &str = include_str!("tests/p256.pub.pem");
pub(super) const ED25519: &str = include_str!("tests/ed25519.pem");
pub(super) const ED25519_PUBLIC: &str = include_str!("tests/ed25519.pub.pem");
pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef";

const LIMITS: Limits = Limits { name_chars: 64, room_chars: 128, msg_bytes: 16384 };

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(2_000_000_000)
}

fn keys(text: &str) -> Vec<Key> {
    Key::read_all(text).unwrap()
}

fn claims() -> Value {
    json!({ "sub": "ortega", "jti": "1", "exp": 2_000_000_600, "rooms": [{"name": "R1", "can": ["read", "speak"]}] })
}

fn sign(key: &Key, claims: &Value) -> String {
    encode(&Header::new(key.algorithm), claims, key.private.as_ref().unwrap()).unwrap()
}

fn check(keys: &[Key], token: &str) -> Result<Token, TokenError> {
    verify(keys, token, &LIMITS, now())
}

/// What becomes of these claims, signed as they must be.
fn read(claims: &Value) -> Result<Token, TokenError> {
    let keys = keys(SECRET);
    check(&keys, &sign(&keys[0], claims))
}

fn with(key: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[key] = value;
    claims
}

fn unsigned(header: &str, claims: &Value) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.", part(header), part(&claims.to_string()))
}

#[test]
fn a_token_signed_with_any_of_the_four_algorithms_counts_with_its_public_key() {
    for (private, public, algorithm) in [
        (RSA, RSA_PUBLIC, "RS256"),
        (P256, P256_PUBLIC, "ES256"),
        (ED25519, ED25519_PUBLIC, "EdDSA"),
        (SECRET, SECRET, "HS256"),
    ] {
        let (private, public) = (keys(private), keys(public));
        assert_eq!(public[0].algorithm(), algorithm);
        let token = sign(&private[0], &claims());
        for keys in [&private, &public] {
            let read = check(keys, &token).unwrap();
            assert_eq!((read.subject.as_str(), read.id.as_str()), ("ortega", "1"));
            assert_eq!(read.expires, now() + Duration::from_secs(600));
            let rooms = Which::Named(RoomCode::parse("R1", 64).unwrap());
            assert_eq!(*read.grants, [Grant { rooms, rights: Rights::OPEN }]);
        }
    }
}

#[test]
fn of_two_keys_either_counts_while_they_are_changed() {
    let (old, new) = (keys(P256), keys(ED25519));
    let both = keys(&format!("{P256_PUBLIC}\n{ED25519_PUBLIC}"));
    for key in [&old[0], &new[0]] {
        assert!(check(&both, &sign(key, &claims())).is_ok());
    }
    assert_eq!(check(&new, &sign(&old[0], &claims())).unwrap_err(), TokenError::OtherKey);
    let secrets = keys(&format!("# this year\n{SECRET}\n\nfedcba9876543210fedcba9876543210"));
    assert!(check(&secrets, &sign(&secrets[1], &claims())).is_ok());
}

#[test]
fn whoever_forges_a_token_gets_nothing() {
    let (ours, public) = (keys(ED25519), keys(ED25519_PUBLIC));
    let good = sign(&ours[0], &claims());
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = head.split_once('.').unwrap();
    let other_claims = URL_SAFE_NO_PAD.encode(with("sub", json!("root")).to_string());
    // Nobody's key but one of the same kind.
    let theirs = keys(&keygen().unwrap());
    for (token, error) in [
        (sign(&theirs[0], &claims()), TokenError::Signature),
        (format!("{header}.{other_claims}.{signature}"), TokenError::Signature),
        (format!("{head}."), TokenError::Signature),
        (format!("{head}.{}", &signature[..40]), TokenError::Signature),
        (head.to_owned(), TokenError::Malformed),
        (format!("{good}."), TokenError::Malformed),
        (format!("{good}!"), TokenError::Malformed),
        (String::new(), TokenError::Malformed),
        ("..".to_owned(), TokenError::Malformed),
        ("rubbish".to_owned(), TokenError::Malformed),
        ("0123456789abcdef".to_owned(), TokenError::Malformed),
        (unsigned(r#"{"alg":"none"}"#, &claims()), TokenError::Malformed),
        (unsigned(r#"{"alg":"NONE","typ":"JWT"}"#, &claims()), TokenError::Malformed),
        (unsigned(r#"{"typ":"JWT"}"#, &claims()), TokenError::Malformed),
        (unsigned(r#"{"alg":"EdDSA"}"#, &claims()), TokenError::Signature),
        (unsigned(r#"{"alg":"HS256"}"#, &claims()), TokenError::OtherKey),
        (unsigned(r#"{"alg":"RS512"}"#, &claims()), TokenError::OtherKey),
        (unsigned(r#"{"alg":"EdDSA","crit":["b64"]}"#, &claims()), TokenError::Malformed),
        ("a".repeat(MOST_BYTES + 1), TokenError::TooLong),
    ] {
        assert_eq!(check(&public, &token).unwrap_err(), error, "{token}");
    }
}

#[test]
fn a_public_key_is_no_secret_to_sign_with() {
    let secret = jsonwebtoken::EncodingKey::from_secret(RSA_PUBLIC.as_bytes()).unwrap();
    let forged = encode(&Header::new(Algorithm::HS256), &claims(), &secret).unwrap();
    assert_eq!(check(&keys(RSA_PUBLIC), &forged).unwrap_err(), TokenError::OtherKey);
}

#[test]
fn a_token_that_names_its_key_is_verified_with_no_other() {
    let secret = URL_SAFE_NO_PAD.encode(SECRET);
    let jwk = |kid: &str| format!(r#"{{"kty":"oct","kid":"{kid}","alg":"HS256","k":"{secret}"}}"#);
    let named = keys(&format!(r#"{{"keys":[{},{}]}}"#, jwk("2025"), jwk("2026")));
    let token = |kid: Option<&str>| {
        let header = Header { kid: kid.map(Into::into), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims(), named[0].private.as_ref().unwrap()).unwrap()
    };
    for kid in [None, Some("2025"), Some("2026")] {
        assert!(check(&named, &token(kid)).is_ok(), "{kid:?}");
    }
    for kid in ["2024", "", "2025 "] {
        assert_eq!(check(&named, &token(Some(kid))).unwrap_err(), TokenError::OtherKey, "{kid:?}");
    }
    // A key that has no name of its own is one that its owner needs not tell from others.
    assert!(check(&keys(SECRET), &token(Some("2024"))).is_ok());
}

#[test]
fn a_token_counts_between_its_times() {
    let end = |exp: f64| read(&with("exp", json!(exp))).map(|token| token.expires);
    assert_eq!(end(2_000_000_001.5), Ok(now() + Duration::from_millis(1500)));
    assert_eq!(end(2_000_000_000.0), Err(TokenError::Expired));
    assert_eq!(end(0.0), Err(TokenError::Expired));
    for nbf in [json!(0), json!(2_000_000_000), json!(2_000_000_060)] {
        assert!(read(&with("nbf", nbf)).is_ok());
    }
    assert_eq!(read(&with("nbf", json!(2_000_000_061))).unwrap_err(), TokenError::NotYet);
    for exp in [json!(null), json!("2000000600"), json!(-1), json!(1e300), json!([]), json!(true)] {
        assert!(matches!(read(&with("exp", exp)), Err(TokenError::Claim(_))));
    }
}

#[test]
fn the_holder_s_name_is_what_the_token_says_or_its_subject_where_that_is_a_name() {
    let name = |claims: &Value| read(claims).map(|token| token.name.map(|name| name.as_str().to_owned()));
    assert_eq!(name(&claims()), Ok(Some("ortega".to_owned())));
    assert_eq!(name(&with("name", json!("Ms Ortega"))), Ok(Some("Ms Ortega".to_owned())));
    assert_eq!(name(&with("sub", json!(" ortega"))), Ok(None));
    assert_eq!(name(&with("sub", json!("x".repeat(200)))), Ok(None));
    for bad in [json!(""), json!("a\nb"), json!(5), json!("x".repeat(65))] {
        assert!(matches!(name(&with("name", bad)), Err(TokenError::Claim(_))));
    }
}

#[test]
fn a_token_that_says_what_it_must_not_does_not_count_at_all() {
    let room = |entry: Value| with("rooms", json!([entry]));
    let can = ["read"];
    for claims in [
        with("sub", json!(5)),
        with("sub", json!("")),
        with("sub", json!("a\u{0}b")),
        with("sub", json!("x".repeat(256))),
        with("jti", json!(null)),
        with("jti", json!(1)),
        with("rooms", json!(null)),
        with("rooms", json!({"name": "R1", "can": can})),
        with("rooms", json!(vec![json!({"name": "R1", "can": can}); 101])),
        room(json!("R1")),
        room(json!({"name": "R1"})),
        room(json!({"can": can})),
        room(json!({"name": "R1", "prefix": "R", "can": can})),
        room(json!({"name": "", "can": can})),
        room(json!({"name": 5, "can": can})),
        room(json!({"name": "R1", "can": "read"})),
        room(json!({"name": "R1", "can": ["write"]})),
        room(json!({"name": "R1", "can": ["read", 1]})),
        // Cleaned, each would let in more rooms than it says.
        room(json!({"prefix": " R", "can": can})),
        room(json!({"prefix": "R\u{200b}", "can": can})),
        room(json!({"prefix": "e\u{301}", "can": can})),
        room(json!({"prefix": "R\n", "can": can})),
        room(json!({"prefix": "x".repeat(1000), "can": can})),
    ] {
        assert!(matches!(read(&claims), Err(TokenError::Claim(_))), "{claims}");
    }
    assert_eq!(read(&with("aud", json!("shop"))).unwrap_err(), TokenError::OtherAudience);
    for aud in [json!("alert"), json!(["shop", "alert"])] {
        assert!(read(&with("aud", aud)).is_ok());
    }
    let grants = read(&with("rooms", json!([{"prefix": "", "can": []}, {"prefix": "Klasse ", "can": can}])));
    assert_eq!(grants.unwrap().grants.len(), 2);
}

#[test]
fn what_is_made_here_counts_here_and_can_be_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, keygen().unwrap()).unwrap();
    let grants = vec![
        Grant { rooms: Which::Prefix("class-".into()), rights: Rights::OPEN.with(Right::Moderate) },
        Grant { rooms: Which::Named(RoomCode::parse("R1", 64).unwrap()), rights: Rights::OPEN },
    ];
    let order = Order {
        sub: "ortega".to_owned(),
        name: Some("Ms Ortega".to_owned()),
        grants: grants.clone(),
        lifetime: Duration::from_secs(60),
    };
    let now = SystemTime::now();
    let minted = order.mint(&file, now).unwrap();
    let token = verify(&keys::read(&file).unwrap(), &minted.token, &LIMITS, now).unwrap();
    assert_eq!((*token.grants).to_vec(), grants);
    assert_eq!((token.id.as_str(), token.expires), (&*minted.jti, minted.expires));
    let shown = Shown::of(&minted.token).unwrap();
    assert_eq!((&shown.header["alg"], &shown.claims["name"]), (&json!("EdDSA"), &json!("Ms Ortega")));
    assert!(["", "a.b.c", "a.b", &format!("{}.", minted.token)].iter().all(|text| Shown::of(text).is_none()));

    std::fs::write(&file, ED25519_PUBLIC).unwrap();
    assert!(matches!(order.mint(&file, now), Err(MintError::NoPrivateKey(_))));
}

#[test]
fn a_token_that_is_changed_anywhere_counts_no_more() {
    let keys = keys(SECRET);
    let token = sign(&keys[0], &claims());
    // The last character of the signature has bits that stand for nothing.
    for at in 0..token.len() - 1 {
        for with in ["", "A", "z", "_", ".", "=", "\u{e9}", "\0"] {
            let changed = format!("{}{with}{}", &token[..at], &token[at + 1..]);
            assert!(changed == token || check(&keys, &changed).is_err(), "{changed}");
        }
    }
}
