//! Facts and settings as their owners would tell them.

use crate::harness::Customer;
use events::common::{AuthorRole, ChannelSettings, FieldRule, FollowUpPolicy, PresenceSource};
use events::event::MessagePosted;

pub fn posted(
    customer: &Customer,
    seq: u64,
    author: AuthorRole,
    follow_up: bool,
    at: Option<prost_types::Timestamp>,
) -> MessagePosted {
    MessagePosted {
        conversation: customer.conversation.to_string(),
        seq,
        message: uuid::Uuid::from_u128(u128::from(seq)).to_string(),
        author: author.into(),
        follow_up,
        at,
        ..Default::default()
    }
}

/// The defaults, without the confirmation.
pub fn settings() -> ChannelSettings {
    ChannelSettings {
        phone: FieldRule::Optional.into(),
        email: FieldRule::Optional.into(),
        name: FieldRule::Optional.into(),
        policy: FollowUpPolicy::TextThenEmail.into(),
        presence_source: PresenceSource::Widget.into(),
        follow_up: true,
        bot_answers_follow_up: false,
        confirmation_text: false,
        debounce_ms: 30_000,
        ceiling_ms: 120_000,
        escalation_ms: 600_000,
        unread_mail_ms: 60_000,
        language: "en".into(),
        business_name: "Acme".into(),
        default_country: "PL".into(),
        allowed_origins: vec!["https://shop.example".into()],
        texts_per_number_per_day: 3,
        mails_per_address_per_day: 3,
        text_quiet_hours: String::new(),
        mail_quiet_hours: String::new(),
        text_from: String::new(),
        text_countries: vec![],
        team: String::new(),
        transcript_at_end: true,
        follow_up_verified_only: false,
    }
}

/// The token in a text's or mail's link.
pub fn token_in(text: &str) -> &str {
    let (_, rest) = text.split_once("/r/acme.").expect("a return link");
    rest.get(..22).expect("a token of 22 characters")
}
