//! What agents write where the channel brings it to the customer as a text, or by WhatsApp.

use super::settings::ChannelKind;
use domain::limits::TEXT_CHARACTERS;
use domain::{AuthorRole, Invalid, MessageText};

/// Whether no channel of texts could carry it. What customers and programs of the workspace itself say is not carried.
pub fn is_too_long(author: AuthorRole, text: &MessageText) -> bool {
    matches!(author, AuthorRole::Agent | AuthorRole::Bot) && text.expose().chars().count() > TEXT_CHARACTERS
}

/// Refuses what this kind of channel cannot carry.
pub fn check(kind: ChannelKind, author: AuthorRole, text: &MessageText) -> Result<(), Invalid> {
    match kind {
        ChannelKind::Sms | ChannelKind::Whatsapp | ChannelKind::Voice if is_too_long(author, text) => {
            Err(Invalid::new(
                "text",
                "is longer than the 1,600 characters of a text; send it in parts",
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_carried_has_to_be_short() {
        let text = |length: usize| MessageText::parse(&"ż".repeat(length)).expect("a text");
        let (short, long) = (text(1600), text(1601));
        assert!(check(ChannelKind::Sms, AuthorRole::Agent, &short).is_ok());
        assert!(check(ChannelKind::Sms, AuthorRole::Agent, &long).is_err());
        assert!(check(ChannelKind::Whatsapp, AuthorRole::Bot, &long).is_err());
        assert!(check(ChannelKind::Sms, AuthorRole::Customer, &long).is_ok());
        assert!(check(ChannelKind::Web, AuthorRole::Agent, &long).is_ok());
    }
}
