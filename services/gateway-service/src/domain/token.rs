//! Public secrets: `<workspace>.<base64url>`. The workspace stands in front because nothing can be looked up before it
//! is known; only the hash is stored.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Invalid, WorkspaceId};
use std::fmt;

/// 128 bits in base64url; ours have 256 (43 characters).
const SHORTEST: usize = 22;
const LONGEST: usize = 86;

/// A session, a ticket or the token of a return link. Debug prints the workspace only.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    workspace: WorkspaceId,
    secret: String,
}

/// SHA-256 of a token's secret part: what tables and caches hold.
pub type TokenHash = [u8; 32];

impl Token {
    /// A new token out of 256 unguessable bits.
    pub fn mint(workspace: WorkspaceId, secret: [u8; 32]) -> Self {
        Self {
            workspace,
            secret: URL_SAFE_NO_PAD.encode(secret),
        }
    }

    /// Reads `<workspace>.<22 to 86 characters of base64url>`. `field` is the name by which the caller knows it.
    pub fn parse(text: &str, field: &'static str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new(field, "is not a token of the form <workspace>.<secret>");
        let (workspace, secret) = text.split_once('.').ok_or_else(wrong)?;
        let fits = (SHORTEST..=LONGEST).contains(&secret.len())
            && secret
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !fits {
            return Err(wrong());
        }
        Ok(Self {
            workspace: WorkspaceId::parse(workspace).map_err(|_| wrong())?,
            secret: secret.to_owned(),
        })
    }

    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// The part after the workspace and the dot.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    pub fn hash(&self) -> TokenHash {
        hash(&self.secret)
    }

    /// The whole token, for the one answer that shows it.
    pub fn expose(&self) -> String {
        format!("{}.{}", self.workspace, self.secret)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}.redacted)", self.workspace)
    }
}

/// SHA-256 of a secret.
pub fn hash(secret: &str) -> TokenHash {
    let digest = digest::digest(&digest::SHA256, secret.as_bytes());
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// Makes a client's own id unique among sessions, so that two customers (or a customer and an agent) that count
/// 1, 2, 3 never meet. Same session and id: same result, which is what makes repeats harmless.
pub fn scoped_id(session: &TokenHash, client_id: &str) -> String {
    format!("{}:{client_id}", URL_SAFE_NO_PAD.encode(&session[..12]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn workspace() -> WorkspaceId {
        WorkspaceId::parse("acme").expect("a slug")
    }

    proptest! {
        #[test]
        fn a_minted_token_is_read_back(secret: [u8; 32]) {
            let token = Token::mint(workspace(), secret);
            prop_assert_eq!(Token::parse(&token.expose(), "session").expect("a token"), token);
        }

        #[test]
        fn nothing_makes_the_parser_panic(text in ".*") {
            let _ = Token::parse(&text, "session");
        }
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_repeated() {
        let long = format!("acme.{}", "a".repeat(87));
        for bad in [
            "",
            "acme",
            "acme.",
            "acme.short",
            ".aaaaaaaaaaaaaaaaaaaaaa",
            "AC.aaaaaaaaaaaaaaaaaaaaaa",
            "acme.aaaaaaaaaaaaaaaaaaaaa+",
            "acme.helpdesk.aaaaaaaaaaaaaaaaaaaaaa",
            &long,
        ] {
            let refused = Token::parse(bad, "ticket").expect_err("not a token");
            assert_eq!(refused.field, "ticket");
            assert!(bad.len() < 8 || !refused.to_string().contains(bad));
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = Token::mint(workspace(), [7; 32]);
        assert_eq!(format!("{token:?}"), "Token(acme.redacted)");
    }

    #[test]
    fn client_ids_of_two_sessions_differ() {
        assert_ne!(scoped_id(&[1; 32], "1"), scoped_id(&[2; 32], "1"));
        assert_eq!(scoped_id(&[1; 32], &"x".repeat(64)).len(), 81);
    }
}
