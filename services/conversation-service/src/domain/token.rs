//! API tokens: `<workspace>.<integration>.<43 characters>`. They carry the workspace because nothing can be looked up
//! before it is known. Only the digest of the secret is stored.

use aws_lc_rs::{constant_time, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{IntegrationId, WorkspaceId};
use std::fmt;

/// What an integration may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Ingest,
    Read,
    Write,
    Admin,
    Contacts,
    Facts,
    Privacy,
}

impl Scope {
    const ALL: [Self; 7] = [
        Self::Ingest,
        Self::Read,
        Self::Write,
        Self::Admin,
        Self::Contacts,
        Self::Facts,
        Self::Privacy,
    ];

    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::Contacts => "contacts",
            Self::Facts => "facts",
            Self::Privacy => "privacy",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

/// A token as it is shown once and presented ever after.
pub struct ApiToken {
    pub workspace: WorkspaceId,
    pub integration: IntegrationId,
    secret: [u8; 32],
}

impl ApiToken {
    pub fn new(workspace: WorkspaceId, integration: IntegrationId, secret: [u8; 32]) -> Self {
        Self {
            workspace,
            integration,
            secret,
        }
    }

    /// `None` for anything that no token of ours looks like.
    pub fn parse(text: &str) -> Option<Self> {
        let (names, secret) = text.rsplit_once('.')?;
        let (workspace, integration) = names.split_once('.')?;
        Some(Self {
            workspace: WorkspaceId::parse(workspace).ok()?,
            integration: IntegrationId::parse(integration).ok()?,
            secret: URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?,
        })
    }

    /// The whole token. For the one answer that shows it.
    pub fn expose(&self) -> String {
        format!(
            "{}.{}.{}",
            self.workspace,
            self.integration,
            URL_SAFE_NO_PAD.encode(self.secret)
        )
    }

    /// SHA-256 of the secret. The secret has 256 random bits, so no slow hash is needed.
    pub fn digest(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &self.secret).as_ref().to_vec()
    }

    /// True if `stored` is this token's digest; takes the same time either way.
    pub fn fits(&self, stored: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.digest(), stored).is_ok()
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiToken({}.{}, redacted)", self.workspace, self.integration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(fill: u8) -> ApiToken {
        ApiToken::new(
            WorkspaceId::parse("acme").expect("a slug"),
            IntegrationId::parse("helpdesk").expect("a slug"),
            [fill; 32],
        )
    }

    #[test]
    fn a_token_survives_its_text() {
        let text = token(7).expose();
        assert_eq!(text.len(), "acme.helpdesk.".len() + 43);
        let back = ApiToken::parse(&text).expect("a token");
        assert_eq!(
            (back.workspace.as_str(), back.integration.as_str()),
            ("acme", "helpdesk")
        );
        assert!(back.fits(&token(7).digest()) && !back.fits(&token(8).digest()));
        assert!(!format!("{back:?}").contains(&text[14..]));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let long = format!("{}A", token(7).expose());
        for bad in [
            "",
            "acme",
            "acme.helpdesk",
            "acme.helpdesk.x",
            "ACME.helpdesk.AAAA",
            &long,
            "a.b.c.d",
        ] {
            assert!(ApiToken::parse(bad).is_none(), "{bad}");
        }
    }
}
