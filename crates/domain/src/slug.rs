//! Ids that people choose: lower-case letters, digits and hyphens.

use crate::Invalid;

const MAX: usize = 32;

fn check(field: &'static str, text: &str) -> Result<(), Invalid> {
    let fits = !text.is_empty()
        && text.len() <= MAX
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits {
        Ok(())
    } else {
        Err(Invalid::new(field, "needs 1 to 32 characters out of a-z, 0-9 and '-'"))
    }
}

macro_rules! slugs {
    ($($(#[$doc:meta])* $name:ident, $field:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                check($field, text).map(|()| Self(text.to_owned()))
            }

            /// Reads a field where the empty string means 'none'.
            pub fn parse_optional(text: &str) -> Result<Option<Self>, Invalid> {
                if text.is_empty() { Ok(None) } else { Self::parse(text).map(Some) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                check($field, &text).map(|()| Self(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

slugs! {
    /// A tenant. Everything begins with it.
    WorkspaceId, "workspace";
    /// One entry point of a workspace.
    ChannelId, "channel";
    /// A group of agents.
    TeamId, "team";
    /// A person who answers.
    AgentId, "agent";
    /// Another system.
    IntegrationId, "integration";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_that_could_break_a_subject_is_refused() {
        for bad in ["", "a.b", "a*", ">", "A", "ä", "a b", &"a".repeat(33)] {
            assert!(WorkspaceId::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(WorkspaceId::parse("acme-2").expect("a slug").as_str(), "acme-2");
    }
}
