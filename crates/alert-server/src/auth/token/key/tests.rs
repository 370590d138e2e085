//! Files that give keys, and those that give none.

use super::super::tests::{ED25519, ED25519_PUBLIC, P256, P256_PUBLIC, RSA, RSA_PUBLIC, SECRET};
use super::*;

fn read(text: &str) -> Result<Vec<(&'static str, bool)>, KeyError> {
    Ok(Key::read_all(text)?.iter().map(|key| (key.algorithm(), key.signs())).collect())
}

fn jwk(more: &str) -> String {
    format!(r#"{{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"{more}}}"#)
}

#[test]
fn a_file_gives_the_keys_in_it_with_the_algorithm_of_each() {
    for (text, keys) in [
        (RSA.to_owned(), vec![("RS256", true)]),
        (RSA_PUBLIC.to_owned(), vec![("RS256", false)]),
        (P256.to_owned(), vec![("ES256", true)]),
        (P256_PUBLIC.to_owned(), vec![("ES256", false)]),
        (ED25519.to_owned(), vec![("EdDSA", true)]),
        (ED25519_PUBLIC.replace('\n', "\r\n"), vec![("EdDSA", false)]),
        (format!("words before\n{RSA_PUBLIC}\n\nbetween\n{ED25519}"), vec![("RS256", false), ("EdDSA", true)]),
        (format!(" {SECRET} \n"), vec![("HS256", true)]),
        (format!("{SECRET}\n# old\n{SECRET}x\n"), vec![("HS256", true); 2]),
        (jwk(""), vec![("HS256", true)]),
        (format!(r#"{{"keys":[{},{}]}}"#, jwk(r#","alg":"HS256""#), jwk(r#","use":"sig""#)), vec![("HS256", true); 2]),
        (
            // RFC 8037, A.2, and one that is for something else.
            format!(
                r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}},{}]}}"#,
                jwk(r#","use":"enc""#)
            ),
            vec![("EdDSA", false)],
        ),
        (
            r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}"#
                .to_owned(),
            vec![("ES256", false)],
        ),
    ] {
        assert_eq!(read(&text).unwrap(), keys, "{text}");
    }
}

#[test]
fn a_file_that_gives_no_key_says_what_is_wrong_and_nothing_of_itself() {
    let many = format!("{SECRET}\n").repeat(17);
    for (text, error) in [
        ("", KeyError::Empty),
        (" \n# nothing\n", KeyError::Empty),
        ("too-short", KeyError::ShortSecret(1)),
        (&format!("{SECRET}\n\nshort"), KeyError::ShortSecret(3)),
        ("{}", KeyError::NoneOfUse),
        ("{\"keys\":", KeyError::NotAJwk),
        (r#"{"keys":[]}"#, KeyError::Empty),
        (&jwk(r#","alg":"HS512""#), KeyError::NoneOfUse),
        (&jwk(r#","alg":"RS256""#), KeyError::NoneOfUse),
        (r#"{"kty":"oct","k":"c2hvcnQ"}"#, KeyError::ShortSecret(1)),
        (include_str!("../tests/p384.pub.pem"), KeyError::Pem(1)),
        (include_str!("../tests/rsa1024.pub.pem"), KeyError::ShortRsa),
        (&format!("{RSA}\n{}", include_str!("../tests/p384.pub.pem")), KeyError::Pem(2)),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", KeyError::Certificate),
        ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", KeyError::Pem(1)),
        ("-----BEGIN PUBLIC KEY-----\nMIIB", KeyError::Pem(1)),
        ("-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----", KeyError::Pem(1)),
        (&many, KeyError::TooMany),
    ] {
        assert_eq!(read(text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn nothing_that_is_printed_of_a_key_is_secret() {
    let keys = format!("{:?}", Key::read_all(&format!("{SECRET}\n")).unwrap());
    assert!(!keys.contains("0123456789"), "{keys}");
}
