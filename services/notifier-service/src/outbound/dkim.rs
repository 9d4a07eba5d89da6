//! Signatures of mails (DKIM: RFC 6376, Ed25519: RFC 8463), over header lines and body, both in their relaxed form.

use crate::domain::mime::split_head;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fault::{Fault, Result};
use std::fmt::Write;
use std::sync::Arc;

/// What is signed of each mail. Those that come again at the end can not be added later.
const SIGNED: [&str; 18] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "in-reply-to",
    "references",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "mime-version",
    "content-type",
    "from",
    "to",
    "subject",
    "date",
    "reply-to",
];

#[derive(Clone)]
enum Key {
    Ed25519(Arc<Ed25519KeyPair>),
    Rsa(Arc<RsaKeyPair>),
}

/// Signs mails for a domain. Cheap to clone.
#[derive(Clone)]
pub struct Dkim {
    domain: String,
    selector: String,
    key: Key,
}

impl Dkim {
    /// `pem`: a private key, RSA of at least 2048 bit or Ed25519. Its public half stands in the DNS at
    /// `<selector>._domainkey.<domain>`.
    pub fn new(domain: &str, selector: &str, pem: &str) -> Result<Self> {
        let fits = |name: &str| {
            let label = |label: &str| {
                !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            };
            name.len() <= 253 && name.split('.').all(label)
        };
        if !fits(domain) || !domain.contains('.') {
            let remedy = "must be a domain, for example shop.example";
            return Err(Fault::invalid("HOMING_NOTIFIER_DKIM_DOMAIN", remedy));
        }
        if !fits(selector) {
            let remedy =
                "must be given with a domain: the name under which the key stands in the DNS, for example mail2026";
            return Err(Fault::invalid("HOMING_NOTIFIER_DKIM_SELECTOR", remedy));
        }
        let key = key(pem).ok_or_else(|| {
            let remedy =
                "holds no private key that fits: PEM, RSA with 2048 to 8192 bit or Ed25519, without a password";
            Fault::invalid("HOMING_NOTIFIER_DKIM_KEY", remedy)
        })?;
        Ok(Self {
            domain: domain.to_owned(),
            selector: selector.to_owned(),
            key,
        })
    }

    /// The mail with its signature in front. `at`: seconds since 1970.
    pub fn sign(&self, mail: &[u8], at: i64) -> Result<Vec<u8>> {
        let header = self.header(mail, &SIGNED, at)?;
        Ok([header.as_bytes(), mail].concat())
    }

    /// The header line that signs a mail.
    fn header(&self, mail: &[u8], names: &[&str], at: i64) -> Result<String> {
        let (head, body) = split_head(mail);
        let algorithm = match &self.key {
            Key::Ed25519(_) => "ed25519-sha256",
            Key::Rsa(_) => "rsa-sha256",
        };
        let hash = STANDARD.encode(digest(&SHA256, &relaxed_body(body)));
        let (domain, selector) = (&self.domain, &self.selector);
        let mut value = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={domain}; i=@{domain};\r\n q=dns/txt; s={selector}; t={at};\r\n h="
        );
        for (number, name) in names.iter().enumerate() {
            match number {
                0 => {}
                number if number % 5 == 0 => value.push_str(" :\r\n "),
                _ => value.push_str(" : "),
            }
            value.push_str(name);
        }
        value.push_str(";\r\n bh=");
        value.push_str(&hash);
        value.push_str(";\r\n b=");
        let signature = STANDARD.encode(self.key.sign(signed(head, names, &value).as_bytes())?);
        for line in signature.as_bytes().chunks(70) {
            value.push_str(std::str::from_utf8(line).map_err(Fault::internal)?);
            value.push_str("\r\n ");
        }
        Ok(format!("DKIM-Signature: {}\r\n", value.trim_end()))
    }
}

impl std::fmt::Debug for Dkim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dkim({}, {})", self.domain, self.selector)
    }
}

impl Key {
    fn sign(&self, data: &[u8]) -> Result<Vec<u8>> {
        match self {
            // Of Ed25519, RFC 8463 signs the hash.
            Self::Ed25519(key) => Ok(key.sign(digest(&SHA256, data).as_ref()).as_ref().to_vec()),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature)
                    .map_err(|_| Fault::internal("a mail could not be signed"))?;
                Ok(signature)
            }
        }
    }
}

fn key(pem: &str) -> Option<Key> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (kind, rest) = rest.split_once("-----")?;
    let (base64, _) = rest.split_once("-----END ")?;
    let der = STANDARD.decode(base64.split_whitespace().collect::<String>()).ok()?;
    match kind {
        "PRIVATE KEY" => {
            let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok();
            let ed25519 = ed25519.map(|key| Key::Ed25519(Arc::new(key)));
            ed25519.or_else(|| Some(Key::Rsa(Arc::new(RsaKeyPair::from_pkcs8(&der).ok()?))))
        }
        "RSA PRIVATE KEY" => Some(Key::Rsa(Arc::new(RsaKeyPair::from_der(&der).ok()?))),
        _ => None,
    }
}

/// What is signed: the named header lines, the last of a name first, then the signature's own without its value.
fn signed(head: &[u8], names: &[&str], value: &str) -> String {
    let head = String::from_utf8_lossy(head);
    let mut lines: Vec<(String, String)> = Vec::new();
    for line in head.split_inclusive("\r\n") {
        match lines.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            Some((_, value)) => value.push_str(line),
            None => {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                lines.push((name.trim().to_ascii_lowercase(), value.to_owned()));
            }
        }
    }
    let mut data = String::new();
    for name in names {
        if let Some(at) = lines.iter().rposition(|(given, _)| given == name) {
            let (name, value) = lines.remove(at);
            write!(data, "{name}:{}\r\n", relaxed(&value)).expect("a string takes everything");
        }
    }
    data.push_str("dkim-signature:");
    data.push_str(&relaxed(value));
    data
}

/// On one line, with one space where there was any, and none at the ends.
fn relaxed(value: &str) -> String {
    let words = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Lines with one space where there was any and none at their ends, without empty ones at the end.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let end = line.iter().rposition(|byte| !b" \t\r\n".contains(byte));
        let line = &line[..end.map_or(0, |end| end + 1)];
        let mut gap = false;
        for byte in line {
            if matches!(byte, b' ' | b'\t') {
                gap = true;
                continue;
            }
            if std::mem::take(&mut gap) {
                text.push(b' ');
            }
            text.push(*byte);
        }
        text.extend(b"\r\n");
    }
    while text.ends_with(b"\r\n\r\n") {
        text.truncate(text.len() - 2);
    }
    if text == b"\r\n" { Vec::new() } else { text }
}

/// What a test knows of a signature.
#[cfg(test)]
pub mod check {
    use super::*;
    use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    /// The seed of RFC 8463's example.
    pub const ED25519_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    /// Its public half, as it stands in the DNS.
    pub const ED25519_PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    /// Whether the first header line signs the mail with the key whose public half is given.
    pub fn verifies(mail: &[u8], public: &str) -> bool {
        let (head, body) = split_head(mail);
        let text = String::from_utf8_lossy(head).into_owned();
        let mut own = String::new();
        for line in text.split_inclusive("\r\n") {
            if !own.is_empty() && !line.starts_with(' ') {
                break;
            }
            own.push_str(line);
        }
        let rest = &head[own.len()..];
        let value = own.strip_prefix("DKIM-Signature:").unwrap_or_default();
        let tag = |name: &str| {
            let tags = value.split(';').filter_map(|tag| tag.trim().split_once('='));
            let found = tags
                .filter(|(given, _)| *given == name)
                .map(|(_, value)| value.to_owned())
                .next();
            found.unwrap_or_default()
        };
        let bare = |value: String| value.split_whitespace().collect::<String>();
        let names = bare(tag("h"));
        let names: Vec<&str> = names.split(':').collect();
        let (unsigned, _) = value.rsplit_once("b=").unwrap_or_default();
        let data = signed(rest, &names, &format!("{unsigned}b="));
        let signature = STANDARD.decode(bare(tag("b"))).unwrap_or_default();
        let public = STANDARD.decode(public).unwrap_or_default();
        let fits = if tag("a") == "rsa-sha256" {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public).verify(data.as_bytes(), &signature)
        } else {
            UnparsedPublicKey::new(&ED25519, public).verify(digest(&SHA256, data.as_bytes()).as_ref(), &signature)
        };
        fits.is_ok() && bare(tag("bh")) == STANDARD.encode(digest(&SHA256, &relaxed_body(body)))
    }
}

#[cfg(test)]
mod tests {
    use super::check::{ED25519_KEY, ED25519_PUBLIC, verifies};
    use super::*;
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::KeyPair;

    /// RFC 8463, appendix A.3.
    const EXAMPLE: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
        To: Suzie Q <suzie@shopping.example.net>\r\n\
        Subject: Is dinner ready?\r\n\
        Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
        Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
        Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

    fn pem(kind: &str, der: &[u8]) -> String {
        format!(
            "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
            STANDARD.encode(der)
        )
    }

    #[test]
    fn the_example_of_the_rfc_gets_the_rfcs_signature() {
        let names = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
        let dkim = Dkim::new("football.example.com", "brisbane", ED25519_KEY).expect("a key");
        let header = dkim
            .header(EXAMPLE.as_bytes(), &names, 1_528_637_909)
            .expect("a signature");
        let bare: String = header.split_whitespace().collect();
        assert!(
            bare.contains("bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"),
            "{header}"
        );
        let signature = "b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==";
        assert!(bare.ends_with(signature), "{header}");
        assert!(header.lines().all(|line| line.len() <= 78), "{header}");
        assert!(verifies(format!("{header}{EXAMPLE}").as_bytes(), ED25519_PUBLIC));
    }

    #[test]
    fn rsa_signs_too_and_what_was_changed_does_not_verify() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS 8");
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("X.509");
        let public = STANDARD.encode(public.as_ref());
        let dkim = Dkim::new("football.example.com", "s", &pem("PRIVATE KEY", der.as_ref())).expect("a key");
        let mail = dkim.sign(EXAMPLE.as_bytes(), 1).expect("a signature");
        assert!(verifies(&mail, &public));
        let text = String::from_utf8(mail).expect("text");
        for (from, to) in [("hungry", "thirsty"), ("ready", "over"), ("Suzie", "Susan")] {
            assert!(!verifies(text.replace(from, to).as_bytes(), &public), "{to}");
        }
        let more = text.replace("Subject: Is", "Subject: Buy this\r\nSubject: Is");
        assert!(!verifies(more.as_bytes(), &public), "no second subject");
        assert!(
            verifies(text.replace("We lost", "We \t lost").as_bytes(), &public),
            "white space is one"
        );
    }

    #[test]
    fn what_cannot_sign_is_named() {
        let refused = |domain: &str, selector: &str, pem: &str| {
            let fault = Dkim::new(domain, selector, pem).expect_err("refused");
            fault.field().unwrap_or_default().to_owned()
        };
        assert_eq!(refused("shop", "s", ED25519_KEY), "HOMING_NOTIFIER_DKIM_DOMAIN");
        assert_eq!(
            refused("shop.example", "", ED25519_KEY),
            "HOMING_NOTIFIER_DKIM_SELECTOR"
        );
        for bad in [
            "",
            "no key",
            &pem("PRIVATE KEY", b"x"),
            &pem("CERTIFICATE", b"x"),
            "-----BEGIN PRIVATE KEY-----",
        ] {
            assert_eq!(refused("shop.example", "s", bad), "HOMING_NOTIFIER_DKIM_KEY", "{bad}");
        }
    }
}
