//! The cryptography of signed tokens, by the library that TLS uses here too: HS256, EdDSA, ES256 and RS256. The
//! `jsonwebtoken` crate brings others, which would be a second implementation of everything in one binary.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey,
};
use ring::{hmac, signature};

/// What to call before anything is signed or verified.
pub(super) fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| Ok(Box::new(Signing::new(*algorithm, key)?)),
        verifier_factory: |algorithm, key| Ok(Box::new(Verifying::new(*algorithm, key)?)),
        key_utils: KeyUtils::new_unimplemented(),
    };
    // It stays the first one, which is this one.
    let _ = PROVIDER.install_default();
}

/// A private key.
pub(super) enum Private {
    Hs256(hmac::Key),
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

struct Signing {
    algorithm: Algorithm,
    key: Private,
}

struct Verifying {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Private {
    pub(super) fn new(key: &EncodingKey) -> Result<Self> {
        let bytes = key.as_bytes();
        Ok(match key.family() {
            AlgorithmFamily::Hmac => Self::Hs256(hmac::Key::new(hmac::HMAC_SHA256, bytes)),
            // OpenSSL leaves the public key out.
            AlgorithmFamily::Ed => Self::EdDsa(
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).map_err(|_| ErrorKind::InvalidEddsaKey)?,
            ),
            AlgorithmFamily::Ec => Self::Es256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes, &SystemRandom::new())
                    .map_err(|_| ErrorKind::InvalidEcdsaKey)?,
            ),
            AlgorithmFamily::Rsa => Self::Rs256(
                RsaKeyPair::from_der(bytes).map_err(|why| ErrorKind::InvalidRsaKey(why.to_string()))?,
            ),
        })
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Hs256(_) => Algorithm::HS256,
            Self::EdDsa(_) => Algorithm::EdDSA,
            Self::Es256(_) => Algorithm::ES256,
            Self::Rs256(_) => Algorithm::RS256,
        }
    }
}

impl Signing {
    fn new(algorithm: Algorithm, key: &EncodingKey) -> Result<Self> {
        let key = Private::new(key)?;
        if key.algorithm() != algorithm {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Ok(Self { algorithm, key })
    }
}

impl Signer<Vec<u8>> for Signing {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        Ok(match &self.key {
            Private::Hs256(key) => hmac::sign(key, message).as_ref().to_vec(),
            Private::EdDsa(key) => key.sign(message).as_ref().to_vec(),
            Private::Es256(key) => key.sign(&random, message).map_err(Error::from_source)?.as_ref().to_vec(),
            Private::Rs256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(Error::from_source)?;
                signature
            }
        })
    }
}

impl JwtSigner for Signing {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifying {
    fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self> {
        let fits = matches!(
            (algorithm, key.family()),
            (Algorithm::HS256, AlgorithmFamily::Hmac)
                | (Algorithm::EdDSA, AlgorithmFamily::Ed)
                | (Algorithm::ES256, AlgorithmFamily::Ec)
                | (Algorithm::RS256, AlgorithmFamily::Rsa)
        );
        if fits { Ok(Self { algorithm, key: key.clone() }) } else { Err(ErrorKind::InvalidAlgorithm.into()) }
    }
}

impl Verifier<Vec<u8>> for Verifying {
    fn verify(&self, message: &[u8], given: &Vec<u8>) -> std::result::Result<(), Error> {
        let with = |algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(message, given)
        };
        let verified = match (self.algorithm, self.key.kind()) {
            (Algorithm::HS256, DecodingKeyKind::SecretOrDer(key)) => {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), message, given)
            }
            (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(key)) => with(&ED25519, key),
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(key)) => with(&ECDSA_P256_SHA256_FIXED, key),
            (Algorithm::RS256, DecodingKeyKind::SecretOrDer(key)) => with(&RSA_PKCS1_2048_8192_SHA256, key),
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, given)
            }
            _ => Err(ring::error::Unspecified),
        };
        verified.map_err(Error::from_source)
    }
}

impl JwtVerifier for Verifying {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
