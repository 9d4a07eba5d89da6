//! The names under which mails come back: the address that one is answered to, and its Message-ID.

use domain::{DeliveryId, WorkspaceId};
use uuid::Uuid;

/// What begins the local part.
const REPLY: &str = "reply+";

/// The part before the @ of the address that a mail is answered to: 64 characters at most, as many as mail servers take.
pub fn local_part(workspace: &WorkspaceId, token: &str) -> String {
    format!("{REPLY}{workspace}.{token}")
}

/// Workspace and token of an envelope recipient; `None`: an address of another kind. Mail servers may change the case.
pub fn parse(recipient: &str) -> Option<(WorkspaceId, String)> {
    let recipient = recipient.trim().trim_start_matches('<').trim_end_matches('>');
    let (local, _) = recipient.rsplit_once('@')?;
    let local = local.to_ascii_lowercase();
    let (workspace, token) = local.strip_prefix(REPLY)?.split_once('.')?;
    Some((WorkspaceId::parse(workspace).ok()?, token.to_owned()))
}

/// What a mail's Message-ID has before its @.
pub fn message_id(workspace: &WorkspaceId, delivery: DeliveryId) -> String {
    format!("{delivery}.{workspace}")
}

/// The delivery of a Message-ID, if it can be one of ours.
pub fn parse_message_id(id: &str) -> Option<(WorkspaceId, DeliveryId)> {
    let (local, _) = id
        .trim()
        .trim_start_matches('<')
        .trim_end_matches('>')
        .rsplit_once('@')?;
    let (delivery, workspace) = local.split_once('.')?;
    Some((WorkspaceId::parse(workspace).ok()?, DeliveryId::parse(delivery).ok()?))
}

/// What begins the Message-ID of a reminder's mail.
const REMINDER: &str = "reminder-";

/// What the Message-ID of a reminder's mail has before its @.
pub fn reminder_id(workspace: &WorkspaceId, reminder: Uuid) -> String {
    format!("{REMINDER}{reminder}.{workspace}")
}

/// The reminder's mail of a Message-ID, if it can be one of ours.
pub fn parse_reminder_id(id: &str) -> Option<(WorkspaceId, Uuid)> {
    let (local, _) = id
        .trim()
        .trim_start_matches('<')
        .trim_end_matches('>')
        .rsplit_once('@')?;
    let (reminder, workspace) = local.strip_prefix(REMINDER)?.split_once('.')?;
    Some((WorkspaceId::parse(workspace).ok()?, Uuid::parse_str(reminder).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::Keys;

    #[test]
    fn a_name_is_found_again_in_any_case_and_fits_a_mail_server() {
        let long = WorkspaceId::parse(&"w".repeat(32)).expect("a slug");
        let keys = Keys::new(&"k".repeat(32)).expect("long enough");
        for number in [0, 1, u128::MAX] {
            let delivery = DeliveryId(uuid::Uuid::from_u128(number));
            let token = keys.reply_token(delivery);
            let local = local_part(&long, &token);
            assert_eq!(local.len(), 64);
            let read = Some((long.clone(), token));
            assert_eq!(parse(&format!("{local}@mail.example")), read);
            assert_eq!(parse(&format!("<{}@MAIL.example>", local.to_uppercase())), read);
            let id = format!("<{}@mail.example>", message_id(&long, delivery));
            assert_eq!(parse_message_id(&id), Some((long.clone(), delivery)));
        }
    }

    #[test]
    fn a_reminder_is_found_again_and_is_no_delivery() {
        let acme = WorkspaceId::parse("acme").expect("a slug");
        let id = format!("<{}@mail.example>", reminder_id(&acme, Uuid::from_u128(7)));
        assert_eq!(parse_reminder_id(&id), Some((acme.clone(), Uuid::from_u128(7))));
        assert_eq!(parse_message_id(&id), None);
        let delivery = format!("<{}@mail.example>", message_id(&acme, DeliveryId(Uuid::from_u128(7))));
        for other in [delivery.as_str(), "reminder-1.acme@x", "reminder-.@x", "x"] {
            assert_eq!(parse_reminder_id(other), None, "{other}");
        }
    }

    #[test]
    fn other_addresses_are_not_ours() {
        for other in [
            "",
            "@",
            "notify@x.example",
            "reply+@x",
            "reply+acme@x",
            "reply+Ac me.t@x",
            "reply+acme.t",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
        for other in [
            "<CAB+1@mail.example>",
            "x",
            "<.acme@x>",
            "<0192f000-0000-7000-8000-00000000c0de@x>",
        ] {
            assert_eq!(parse_message_id(other), None, "{other}");
        }
    }
}
