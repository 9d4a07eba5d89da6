//! Tokens, codes and keyed hashes, all made from one secret: a crash can make them again, and none can be guessed.

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{DeliveryId, WorkspaceId};

/// 128 bits.
const TOKEN_BYTES: usize = 16;
/// The same in base 36.
const REPLY_DIGITS: usize = 25;
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Shorter secrets could be guessed.
const SECRET_BYTES: usize = 32;

/// The secret, split by purpose: what is known of one tells nothing of another.
#[derive(Clone)]
pub struct Keys {
    link: hmac::Key,
    receipt: hmac::Key,
    reply: hmac::Key,
    unsubscribe: hmac::Key,
    address: hmac::Key,
}

impl Keys {
    /// `None` if the secret is shorter than 32 characters.
    pub fn new(secret: &str) -> Option<Self> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let derive = |purpose: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, purpose).as_ref());
        (secret.len() >= SECRET_BYTES).then(|| Self {
            link: derive(b"return-link"),
            receipt: derive(b"receipt"),
            reply: derive(b"reply"),
            unsubscribe: derive(b"unsubscribe"),
            address: derive(b"address"),
        })
    }

    /// The token of a delivery's return link: 22 characters.
    pub fn link_token(&self, delivery: DeliveryId) -> String {
        URL_SAFE_NO_PAD.encode(cut(&hmac::sign(&self.link, delivery.0.as_bytes())))
    }

    /// The code in the path of a delivery's status callback: 22 characters.
    pub fn receipt_code(&self, workspace: &WorkspaceId, delivery: DeliveryId) -> String {
        URL_SAFE_NO_PAD.encode(cut(&signed(&self.receipt, workspace, delivery)))
    }

    /// Whether a callback bears the delivery's code; takes the same time either way.
    pub fn is_receipt_code(&self, workspace: &WorkspaceId, delivery: DeliveryId, code: &str) -> bool {
        let right = self.receipt_code(workspace, delivery);
        constant_time::verify_slices_are_equal(right.as_bytes(), code.as_bytes()).is_ok()
    }

    /// The token of the address that a mail is answered to: 25 digits and small letters, since mail servers may change
    /// the case and take no more.
    pub fn reply_token(&self, delivery: DeliveryId) -> String {
        let tag = hmac::sign(&self.reply, delivery.0.as_bytes());
        let mut rest = cut(&tag).iter().fold(0, |number, byte| number << 8 | u128::from(*byte));
        let mut digits = [b'0'; REPLY_DIGITS];
        for digit in digits.iter_mut().rev() {
            *digit = DIGITS[usize::try_from(rest % 36).expect("less than 36")];
            rest /= 36;
        }
        digits.into_iter().map(char::from).collect()
    }

    /// The token of a mail's unsubscribe link: the delivery and its code, 43 characters. Never ends.
    pub fn unsubscribe_token(&self, workspace: &WorkspaceId, delivery: DeliveryId) -> String {
        let code = signed(&self.unsubscribe, workspace, delivery);
        URL_SAFE_NO_PAD.encode([delivery.0.as_bytes(), cut(&code)].concat())
    }

    /// The delivery whose unsubscribe link this is; `None` if it is not one of ours.
    pub fn unsubscribed_from(&self, workspace: &WorkspaceId, token: &str) -> Option<DeliveryId> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, code) = bytes.split_at_checked(TOKEN_BYTES)?;
        let delivery = DeliveryId(uuid::Uuid::from_slice(id).ok()?);
        let right = signed(&self.unsubscribe, workspace, delivery);
        constant_time::verify_slices_are_equal(cut(&right), code).ok()?;
        Some(delivery)
    }

    /// The keyed hash of an address within a workspace; `normalised` has one spelling per address.
    pub fn address_mac(&self, workspace: &WorkspaceId, normalised: &str) -> Vec<u8> {
        let text = [workspace.as_str(), normalised].join("\0");
        hmac::sign(&self.address, text.as_bytes()).as_ref().to_vec()
    }
}

/// What of a link's token is stored.
pub fn token_hash(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

fn signed(key: &hmac::Key, workspace: &WorkspaceId, delivery: DeliveryId) -> hmac::Tag {
    let text = [workspace.as_str().as_bytes(), &[0], delivery.0.as_bytes()].concat();
    hmac::sign(key, &text)
}

fn cut(tag: &hmac::Tag) -> &[u8] {
    &tag.as_ref()[..TOKEN_BYTES]
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn every_delivery_and_every_purpose_has_its_own() {
        let keys = Keys::new(&"k".repeat(32)).expect("long enough");
        let acme = WorkspaceId::parse("acme").expect("a slug");
        let (one, two) = (DeliveryId(Uuid::from_u128(1)), DeliveryId(Uuid::from_u128(2)));
        assert_eq!(keys.link_token(one).len(), 22);
        assert_eq!(keys.link_token(one), keys.link_token(one));
        assert_ne!(keys.link_token(one), keys.link_token(two));
        assert_ne!(keys.link_token(one), keys.receipt_code(&acme, one));
        assert!(keys.is_receipt_code(&acme, one, &keys.receipt_code(&acme, one)));
        assert!(!keys.is_receipt_code(&acme, two, &keys.receipt_code(&acme, one)));
        let other = WorkspaceId::parse("other").expect("a slug");
        let token = keys.unsubscribe_token(&acme, one);
        assert_eq!((token.len(), keys.unsubscribed_from(&acme, &token)), (43, Some(one)));
        assert_eq!(keys.unsubscribed_from(&other, &token), None);
        for cut_off in 0..token.len() {
            assert_eq!(keys.unsubscribed_from(&acme, &token[..cut_off]), None);
        }
        let far = DeliveryId(Uuid::from_u128(u128::MAX));
        let forged = keys.unsubscribe_token(&acme, far)[..20].to_owned() + &token[20..];
        assert_eq!(keys.unsubscribed_from(&acme, &forged), None);
        assert_ne!(keys.address_mac(&acme, "+48600"), keys.address_mac(&other, "+48600"));
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(Keys::new("short").is_none());
    }
}
