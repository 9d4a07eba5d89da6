//! Where agents open a conversation: a URL of the workspace's own console, with places for the conversation.

use super::automatic::check_link;
use domain::{ConversationId, Invalid};
use uuid::Uuid;

const FIELD: &str = "console_url";
const CONVERSATION: &str = "{conversation}";
const NUMBER: &str = "{number}";
/// Of this machine, for those who try it.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Refuses what is no place for agents. Empty is: none is known.
pub fn check(url: &str) -> Result<(), Invalid> {
    if url.is_empty() {
        return Ok(());
    }
    let filled = link(url, ConversationId(Uuid::max()), u64::MAX);
    check_link(FIELD, &filled)?;
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    if scheme != "https" && !HERE.contains(&host) {
        return Err(Invalid::new(
            FIELD,
            "must begin with https://: what agents see is for them alone",
        ));
    }
    if authority.contains('{') || filled.contains(['{', '}']) {
        let remedy = "may have {conversation} and {number} behind its host, and no other braces";
        return Err(Invalid::new(FIELD, remedy));
    }
    Ok(())
}

/// Where this conversation is opened; empty where no place is known.
pub fn link(url: &str, conversation: ConversationId, number: u64) -> String {
    url.replace(CONVERSATION, &conversation.to_string())
        .replace(NUMBER, &number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_place_of_the_workspaces_own_is_taken() {
        for good in [
            "",
            "https://desk.example/",
            "https://desk.example:8443/c/{conversation}?n={number}#{number}",
            "http://localhost:5173/{number}",
            "http://[::1]:5173/{number}",
            "http://127.0.0.1/",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "desk.example",
            "http://desk.example/{number}",
            "http://localhost.example/",
            "http://localhost:pass@evil.example/",
            "https://{number}.example/",
            "https://desk.example/{agent}",
            "https://desk.example/{number",
            "https://ann:secret@desk.example/",
            "https://desk.example/ż",
            "https://desk.example/a b",
            "javascript:alert(1)",
            "https://",
        ] {
            assert_eq!(check(bad).map_err(|wrong| wrong.field), Err(FIELD), "{bad}");
        }
        let long = format!("https://desk.example/{}{{conversation}}", "x".repeat(450));
        assert!(check(&long).is_err(), "too long once it is filled in");
    }

    #[test]
    fn a_link_names_its_conversation() {
        let id = ConversationId(Uuid::from_u128(7));
        let url = "https://desk.example/c/{conversation}?n={number}";
        assert_eq!(link(url, id, 42), format!("https://desk.example/c/{id}?n=42"));
        assert_eq!(link("", id, 42), "");
    }
}
