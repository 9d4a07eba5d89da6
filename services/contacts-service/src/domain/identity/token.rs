use super::{Algorithm, IdentityKey};
use crate::domain::{AddressValue, ExternalId, Phone};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Email, Invalid, PersonName, Timestamp, WorkspaceId};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Bytes of a token.
const LENGTH: usize = 8_192;
/// Seconds that a token may live.
const LIFE: i64 = 3_600;
/// Seconds that the signer's clock may be ahead of ours.
const AHEAD: i64 = 60;

/// Who a person is, as the workspace's own site says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub external: ExternalId,
    pub name: Option<PersonName>,
    /// With what the site says of each: that it is proved to be theirs.
    pub addresses: Vec<(AddressValue, bool)>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    /// What must be understood: nothing is.
    crit: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    aud: Option<Audience>,
    iat: Option<i64>,
    exp: Option<i64>,
    nbf: Option<i64>,
    name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    phone_number: Option<String>,
    #[serde(default)]
    phone_number_verified: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }
}

/// Reads an identity token (a signed JWT) for a workspace. Refused with the reason, which repeats nothing of it.
pub fn verify(token: &str, keys: &[IdentityKey], workspace: &WorkspaceId, now: Timestamp) -> Result<Identity, Invalid> {
    let wrong = |remedy: &str| Invalid::new("token", remedy);
    if token.is_empty() {
        return Err(wrong("is missing"));
    }
    let form =
        "is not a signed token: head, claims and signature in base64url with points between them, 8,192 bytes at most";
    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = parts[..] else {
        return Err(wrong(form));
    };
    if token.len() > LENGTH {
        return Err(wrong(form));
    }
    let head: Head = part(head).ok_or_else(|| wrong(form))?;
    if head.crit.is_some() {
        return Err(wrong("asks in crit for what is not understood here; leave it out"));
    }
    let algorithm = Algorithm::from_word(&head.alg)
        .ok_or_else(|| wrong("is signed in another way than EdDSA or ES256, or not at all"))?;
    let named = |key: &&IdentityKey| head.kid.as_ref().is_none_or(|kid| *kid == key.key);
    let mut known = keys.iter().filter(named).peekable();
    if known.peek().is_none() {
        return Err(wrong("names a key that the workspace does not have (any more)"));
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| wrong(form))?;
    let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
    // A key signs in its own way alone, whatever the token says.
    let mut fitting = known.filter(|key| key.algorithm == algorithm);
    if !fitting.any(|key| key.signed(signed.as_bytes(), &signature)) {
        return Err(wrong("has a signature that fits no key of the workspace"));
    }
    let claims: Claims =
        part(body).ok_or_else(|| wrong("has claims of another form than JSON with sub, aud, iat and exp"))?;
    in_time(&claims, now).map_err(wrong)?;
    if !claims
        .aud
        .as_ref()
        .is_some_and(|audience| audience.has(workspace.as_str()))
    {
        return Err(wrong("is for another audience; aud must be the workspace"));
    }
    identity(claims)
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

fn in_time(claims: &Claims, now: Timestamp) -> Result<(), &'static str> {
    let now = now.as_second();
    let (Some(begin), Some(end)) = (claims.iat, claims.exp) else {
        return Err("needs iat and exp, in seconds since 1970");
    };
    if end <= now {
        return Err("is expired; sign another one");
    }
    if begin.max(claims.nbf.unwrap_or(begin)) > now.saturating_add(AHEAD) {
        return Err("is from the future; set the clock of who signs");
    }
    if end.saturating_sub(begin) > LIFE {
        return Err("lives longer than an hour; exp must be 3,600 after iat at most");
    }
    Ok(())
}

fn identity(claims: Claims) -> Result<Identity, Invalid> {
    let of_token = |invalid: Invalid, claim: &str| Invalid::new("token", format!("{claim} {}", invalid.remedy));
    let external = ExternalId::parse(claims.sub.as_deref().unwrap_or_default());
    let external = external.map_err(|invalid| of_token(invalid, "sub"))?;
    let name = claims.name.as_deref().map(PersonName::parse).transpose();
    let mut addresses = vec![];
    if let Some(phone) = &claims.phone_number {
        let phone = Phone::parse(phone, None).map_err(|invalid| of_token(invalid, "phone_number"))?;
        addresses.push((AddressValue::Phone(phone), claims.phone_number_verified));
    }
    if let Some(email) = &claims.email {
        let email = Email::parse(email).map_err(|invalid| of_token(invalid, "email"))?;
        addresses.push((AddressValue::Email(email), claims.email_verified));
    }
    Ok(Identity {
        external,
        name: name.map_err(|invalid| of_token(invalid, "name"))?,
        addresses,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    use serde_json::{Value, json};

    const NOW: i64 = 1_790_000_000;

    fn encoded(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn ed(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key")
    }

    fn public(kid: &str, pair: &Ed25519KeyPair) -> IdentityKey {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": encoded(pair.public_key())});
        IdentityKey::parse(&jwk.to_string()).expect("a key")
    }

    fn claims() -> Value {
        json!({"sub": "u-7", "aud": "acme", "iat": NOW - 10, "exp": NOW + 600, "name": "Ann", "email": "Ann@Example.com",
            "email_verified": true, "phone_number": "+48600700123"})
    }

    fn with(claim: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[claim] = value;
        claims
    }

    fn token(head: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let signed = format!("{}.{}", encoded(head.to_string()), encoded(claims.to_string()));
        format!("{signed}.{}", encoded(sign(signed.as_bytes())))
    }

    fn read(token: &str, keys: &[IdentityKey]) -> Result<Identity, Invalid> {
        let now = Timestamp::from_second(NOW).expect("in range");
        verify(token, keys, &WorkspaceId::parse("acme").expect("a slug"), now)
    }

    fn signed(claims: &Value) -> String {
        let sign = |message: &[u8]| ed(1).sign(message).as_ref().to_vec();
        token(&json!({"alg": "EdDSA", "kid": "k1"}), claims, sign)
    }

    #[test]
    fn a_token_of_either_key_says_who_a_person_is() {
        let keys = [public("k0", &ed(2)), public("k1", &ed(1))];
        let identity = read(&signed(&claims()), &keys).expect("an identity");
        assert_eq!(identity.external.expose(), "u-7");
        assert_eq!(
            identity.name.map(|name| name.expose().to_owned()).as_deref(),
            Some("Ann")
        );
        let addresses: Vec<_> = identity
            .addresses
            .iter()
            .map(|(value, proved)| (value.expose(), *proved))
            .collect();
        assert_eq!(addresses, [("+48600700123", false), ("Ann@example.com", true)]);
        // Without a name of the key each is tried; several audiences are fine if ours is one.
        let sign = |message: &[u8]| ed(2).sign(message).as_ref().to_vec();
        let other = token(&json!({"alg": "EdDSA"}), &with("aud", json!(["x", "acme"])), sign);
        assert!(read(&other, &keys).is_ok());
    }

    #[test]
    fn a_token_may_be_signed_with_p_256() {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).expect("a key");
        let point = pair.public_key().as_ref();
        let jwk =
            json!({"kty": "EC", "crv": "P-256", "kid": "k1", "x": encoded(&point[1..33]), "y": encoded(&point[33..])});
        let key = IdentityKey::parse(&jwk.to_string()).expect("a key");
        let sign = |message: &[u8]| pair.sign(&random, message).expect("signed").as_ref().to_vec();
        let head = json!({"alg": "ES256", "kid": "k1"});
        assert!(read(&token(&head, &claims(), sign), std::slice::from_ref(&key)).is_ok());
        // The way of signing is the key's, not the token's.
        let other = token(&json!({"alg": "EdDSA", "kid": "k1"}), &claims(), sign);
        assert!(read(&other, &[key]).expect_err("refused").remedy.contains("signature"));
    }

    #[test]
    fn what_proves_nothing_is_refused_with_its_reason() {
        let keys = [public("k1", &ed(1))];
        let whole = signed(&claims());
        let (head, rest) = whole.split_once('.').expect("parts");
        let unsigned = format!("{}.{}.", encoded(r#"{"alg":"none"}"#), encoded(claims().to_string()));
        let changed = format!(
            "{head}.{}.{}",
            encoded(with("sub", json!("u-8")).to_string()),
            whole.rsplit_once('.').expect("parts").1
        );
        let foreign = token(&json!({"alg": "EdDSA", "kid": "k1"}), &claims(), |message| {
            ed(3).sign(message).as_ref().to_vec()
        });
        let gone = token(&json!({"alg": "EdDSA", "kid": "k9"}), &claims(), |message| {
            ed(1).sign(message).as_ref().to_vec()
        });
        for (token, word) in [
            (String::new(), "is missing"),
            ("abc".into(), "not a signed token"),
            (format!("{head}.{rest}.x"), "not a signed token"),
            (format!("{head}.{rest}{}", "A".repeat(LENGTH)), "not a signed token"),
            (unsigned, "or not at all"),
            (
                token(&json!({"alg": "HS256"}), &claims(), |_| vec![1; 32]),
                "EdDSA or ES256",
            ),
            (changed, "signature"),
            (foreign, "signature"),
            (gone, "(any more)"),
            (signed(&with("exp", json!(NOW))), "is expired"),
            (signed(&with("exp", json!(NOW + 3_591))), "longer than an hour"),
            (signed(&with("exp", json!(i64::MAX))), "longer than an hour"),
            (signed(&with("iat", json!(NOW + 61))), "from the future"),
            (signed(&with("nbf", json!(NOW + 61))), "from the future"),
            (signed(&with("iat", Value::Null)), "needs iat and exp"),
            (signed(&with("aud", json!("globex"))), "another audience"),
            (signed(&with("aud", Value::Null)), "another audience"),
            (signed(&with("sub", Value::Null)), "sub needs"),
            (signed(&with("sub", json!(7))), "another form"),
            (signed(&with("email", json!("@"))), "email needs"),
            (signed(&with("phone_number", json!("600700123"))), "phone_number needs"),
        ] {
            let refused = read(&token, &keys).expect_err(word);
            assert!(
                refused.field == "token" && refused.remedy.contains(word),
                "{word}: {refused}"
            );
            assert!(!refused.remedy.contains("u-7"), "{refused}");
        }
        assert!(read(&whole, &[]).expect_err("no key").remedy.contains("(any more)"));
    }

    #[test]
    fn a_private_key_is_not_taken() {
        let x = encoded([1; 32]);
        let of = |jwk: Value| IdentityKey::parse(&jwk.to_string()).expect_err("refused");
        let secret = of(json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x, "d": x}));
        assert!(secret.remedy.contains("private"), "{secret}");
        for jwk in [
            json!({"kty": "OKP", "crv": "Ed25519", "x": x}),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "AA"}),
            json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": x}),
            json!({"kty": "RSA", "kid": "k", "n": x, "e": "AQAB"}),
            json!("k"),
        ] {
            assert_eq!(of(jwk).field, "jwk");
        }
    }
}
