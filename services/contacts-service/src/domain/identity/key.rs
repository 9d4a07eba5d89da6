use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Invalid;
use serde::Deserialize;

/// Characters of a key's name.
const NAME: usize = 100;

/// How identity tokens may be signed. Nothing else is taken: no shared secrets, which would have to be kept readable, and
/// no token without a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    EdDsa,
    Es256,
}

impl Algorithm {
    /// As in the head of a token, and as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::EdDsa, Self::Es256]
            .into_iter()
            .find(|known| known.word() == word)
    }
}

/// A public key of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityKey {
    /// Its name, as tokens have it in `kid`.
    pub key: String,
    pub algorithm: Algorithm,
    /// 32 bytes, or an uncompressed point of 65.
    pub public: Vec<u8>,
}

/// RFC 7517, as far as it is read. What else stands there is passed over, but for a private key.
#[derive(Deserialize)]
struct Jwk {
    kid: Option<String>,
    kty: String,
    crv: String,
    x: String,
    y: Option<String>,
    d: Option<serde::de::IgnoredAny>,
}

impl IdentityKey {
    /// Reads a public key as JWK: Ed25519, or P-256.
    pub fn parse(jwk: &str) -> Result<Self, Invalid> {
        let wrong = |remedy: &str| Invalid::new("jwk", remedy);
        let form =
            "needs a public key as JWK with kid, kty, crv and x: kty OKP with crv Ed25519, or kty EC with crv P-256";
        let read: Jwk = serde_json::from_str(jwk).map_err(|_| wrong(form))?;
        if read.d.is_some() {
            return Err(wrong(
                "is a private key; nobody else may have it: make another one, and send its public half",
            ));
        }
        let key = read.kid.unwrap_or_default();
        let named = (1..=NAME).contains(&key.chars().count()) && !key.chars().any(char::is_control);
        if !named {
            return Err(wrong("needs a kid of 1 to 100 characters"));
        }
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32);
        let x = part(&read.x).ok_or_else(|| wrong("needs an x of 32 bytes in base64url"))?;
        let (algorithm, public) = match (read.kty.as_str(), read.crv.as_str()) {
            ("OKP", "Ed25519") => (Algorithm::EdDsa, x),
            ("EC", "P-256") => {
                let y = read.y.as_deref().and_then(part);
                let y = y.ok_or_else(|| wrong("needs a y of 32 bytes in base64url"))?;
                (Algorithm::Es256, [vec![4], x, y].concat())
            }
            _ => return Err(wrong(form)),
        };
        Ok(Self { key, algorithm, public })
    }

    /// True where the owner of the key signed this.
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let fits = match self.algorithm {
            Algorithm::EdDsa => UnparsedPublicKey::new(&ED25519, &self.public).verify(message, signature),
            Algorithm::Es256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public).verify(message, signature)
            }
        };
        fits.is_ok()
    }
}
