//! The keys that tokens are signed with, as files hold them: PEM, a JSON Web Key or a set of them, or secrets.

use alert_core::access::SignedBy;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::digest::{Context, SHA256};
use ring::signature::KeyPair;

use super::ring::{Private, install};

/// A key, and the one algorithm that it is for.
pub struct Key {
    pub(super) algorithm: Algorithm,
    /// What a token may name it by.
    pub(super) id: Option<Box<str>>,
    pub(super) public: DecodingKey,
    /// Without it, tokens are verified and none is signed.
    pub(super) private: Option<EncodingKey>,
}

/// Why a file gives no keys. Nothing of the file is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is nothing in it.
    #[error("it is empty; `alert token keygen` makes a key")]
    Empty,
    /// A secret is too short.
    #[error(
        "its line {0} is shorter than 32 bytes: a secret has at least that many, as `openssl rand -hex 32` prints them"
    )]
    ShortSecret(usize),
    /// It is neither PEM nor JSON nor text.
    #[error("it is no JSON Web Key, and no set of them")]
    NotAJwk,
    /// No key in a set can be used.
    #[error("none of its keys can be used: RSA, EC on P-256, Ed25519 and oct keys for signatures can")]
    NoneOfUse,
    /// A PEM block is of no use.
    #[error(
        "its PEM block {0} cannot be used: it must be an Ed25519, P-256 or RSA key, as PUBLIC KEY or as PRIVATE KEY (PKCS#8)"
    )]
    Pem(usize),
    /// A certificate is no key.
    #[error("it is a certificate: `openssl x509 -pubkey -noout` prints its public key, which counts here")]
    Certificate,
    /// An RSA key is too short.
    #[error("its RSA key has less than 2048 bits")]
    ShortRsa,
    /// There are too many.
    #[error("it has more than {MOST} keys")]
    TooMany,
}

/// As many as somebody who changes keys needs, since a token may have to be tried with each.
pub(super) const MOST: usize = 16;
/// RFC 7518, section 3.2: as long as the hash.
const LEAST_SECRET: usize = 32;
/// The DER form of an RSA public key with 2048 bits is a little longer than this.
const LEAST_RSA: usize = 256;

impl Key {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// If it gives no keys, or one that would never verify anything.
    pub fn read_all(text: &str) -> Result<Vec<Self>, KeyError> {
        install();
        let text = text.trim();
        let keys = if text.starts_with('{') {
            from_json(text)?
        } else if text.contains("-----BEGIN ") {
            let blocks = pem_blocks(text).enumerate();
            blocks.map(|(index, block)| from_pem(block, index + 1)).collect::<Result<_, _>>()?
        } else {
            from_secrets(text)?
        };
        match keys.len() {
            0 => Err(KeyError::Empty),
            1..=MOST => Ok(keys),
            _ => Err(KeyError::TooMany),
        }
    }

    /// Its algorithm, as tokens name it.
    pub fn algorithm(&self) -> &'static str {
        match self.algorithm {
            Algorithm::EdDSA => "EdDSA",
            Algorithm::ES256 => "ES256",
            Algorithm::RS256 => "RS256",
            _ => "HS256",
        }
    }

    /// Whether tokens can be signed with it.
    pub fn signs(&self) -> bool {
        self.private.is_some()
    }

    /// Tells it from others.
    pub fn mark(&self) -> SignedBy {
        let mut hash = Context::new(&SHA256);
        hash.update(self.algorithm().as_bytes());
        match self.public.kind() {
            DecodingKeyKind::SecretOrDer(key) => hash.update(key),
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                [n, e].into_iter().for_each(|part| hash.update(part))
            }
        }
        let mut mark = [0; 32];
        mark.copy_from_slice(hash.finish().as_ref());
        SignedBy(mark)
    }

    fn secret(bytes: &[u8]) -> Option<Self> {
        let public = DecodingKey::from_secret(bytes).ok()?;
        let private = EncodingKey::from_secret(bytes).ok();
        Some(Self { algorithm: Algorithm::HS256, id: None, public, private })
    }

    /// Fails unless it can verify something.
    fn checked(self) -> Result<Self, KeyError> {
        match (self.algorithm, self.public.kind()) {
            (
                Algorithm::RS256,
                DecodingKeyKind::RsaModulusExponent { n: key, .. } | DecodingKeyKind::SecretOrDer(key),
            ) if key.len() < LEAST_RSA => Err(KeyError::ShortRsa),
            (Algorithm::HS256, DecodingKeyKind::SecretOrDer(key)) if key.len() < LEAST_SECRET => {
                Err(KeyError::ShortSecret(1))
            }
            // Its point, uncompressed, on this curve and no larger one.
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(key)) if key.len() != 65 => {
                Err(KeyError::NoneOfUse)
            }
            (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(key)) if key.len() != 32 => {
                Err(KeyError::NoneOfUse)
            }
            _ => Ok(self),
        }
    }
}

fn from_secrets(text: &str) -> Result<Vec<Key>, KeyError> {
    let lines = text.lines().map(str::trim).enumerate();
    let secrets = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let read = |(index, line): (usize, &str)| {
        let secret = Some(line.as_bytes()).filter(|bytes| bytes.len() >= LEAST_SECRET);
        secret.and_then(Key::secret).ok_or(KeyError::ShortSecret(index + 1))
    };
    secrets.map(read).collect()
}

fn from_json(text: &str) -> Result<Vec<Key>, KeyError> {
    let set = serde_json::from_str::<JwkSet>(text).map(|set| set.keys);
    let keys = set.or_else(|_| serde_json::from_str::<Jwk>(text).map(|key| vec![key]));
    let keys = keys.map_err(|_| KeyError::NotAJwk)?;
    let is_empty = keys.is_empty();
    // A set may also have keys for other uses.
    let usable: Vec<Key> = keys.iter().filter_map(from_jwk).map(Key::checked).collect::<Result<_, _>>()?;
    if usable.is_empty() && !is_empty { Err(KeyError::NoneOfUse) } else { Ok(usable) }
}

fn from_jwk(jwk: &Jwk) -> Option<Key> {
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        AlgorithmParameters::OctetKey(_) => Algorithm::HS256,
        _ => return None,
    };
    let is_for = |name: &KeyAlgorithm| {
        let own = match algorithm {
            Algorithm::RS256 => KeyAlgorithm::RS256,
            Algorithm::ES256 => KeyAlgorithm::ES256,
            Algorithm::EdDSA => KeyAlgorithm::EdDSA,
            _ => KeyAlgorithm::HS256,
        };
        *name == own
    };
    let is_of_use = jwk.common.key_algorithm.as_ref().is_none_or(is_for)
        && jwk.common.public_key_use.as_ref().is_none_or(|its| *its == PublicKeyUse::Signature);
    let public = DecodingKey::from_jwk(jwk).ok().filter(|_| is_of_use)?;
    let private = match (algorithm, public.try_get_as_bytes()) {
        (Algorithm::HS256, Ok(bytes)) => EncodingKey::from_secret(bytes).ok(),
        _ => None,
    };
    Some(Key { algorithm, id: jwk.common.key_id.as_deref().map(Into::into), public, private })
}

/// Each block, from its first line to its last.
fn pem_blocks(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("-----BEGIN ").map(|(at, _)| &text[at..]);
    starts.map(|rest| {
        let end =
            rest.find("-----END ").and_then(|at| rest[at + 9..].find("-----").map(|more| at + 9 + more + 5));
        &rest[..end.unwrap_or(rest.len())]
    })
}

fn from_pem(block: &str, number: usize) -> Result<Key, KeyError> {
    if block.starts_with("-----BEGIN CERTIFICATE") {
        return Err(KeyError::Certificate);
    }
    let bytes = block.as_bytes();
    let found =
        if block.starts_with("-----BEGIN PUBLIC KEY") || block.starts_with("-----BEGIN RSA PUBLIC KEY") {
            let public = DecodingKey::from_ed_pem(bytes).or_else(|_| DecodingKey::from_ec_pem(bytes));
            public.or_else(|_| DecodingKey::from_rsa_pem(bytes)).ok().map(|public| (public, None))
        } else {
            let private = EncodingKey::from_ed_pem(bytes).or_else(|_| EncodingKey::from_ec_pem(bytes));
            let private = private.or_else(|_| EncodingKey::from_rsa_pem(bytes)).ok();
            private.and_then(|private| Some((public_of(&private)?, Some(private))))
        };
    let (public, private) = found.ok_or(KeyError::Pem(number))?;
    let algorithm = match public.family() {
        AlgorithmFamily::Ed => Algorithm::EdDSA,
        AlgorithmFamily::Ec => Algorithm::ES256,
        AlgorithmFamily::Rsa => Algorithm::RS256,
        AlgorithmFamily::Hmac => return Err(KeyError::Pem(number)),
    };
    let key = Key { algorithm, id: None, public, private }.checked();
    key.map_err(|error| if error == KeyError::NoneOfUse { KeyError::Pem(number) } else { error })
}

fn public_of(private: &EncodingKey) -> Option<DecodingKey> {
    match Private::new(private).ok()? {
        Private::Hs256(_) => None,
        Private::EdDsa(pair) => Some(DecodingKey::from_ed_der(pair.public_key().as_ref())),
        Private::Es256(pair) => Some(DecodingKey::from_ec_der(pair.public_key().as_ref())),
        Private::Rs256(pair) => Some(DecodingKey::from_rsa_der(pair.public().as_ref())),
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Key")
            .field("algorithm", &self.algorithm)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
