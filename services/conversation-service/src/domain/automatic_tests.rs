use super::*;
use crate::domain::conversation::{Opening, Reach};
use domain::{AgentId, ChannelId, OpenRange};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A Monday, 2026-01-05, at this hour in UTC.
fn monday(hour: i64) -> Timestamp {
    Timestamp::from_second(1_767_571_200 + hour * 3600).expect("in range")
}

/// Open from 9 to 17 from Monday to Friday.
fn office() -> OpeningHours {
    let day = || vec![OpenRange::parse("09:00-17:00").expect("a range")];
    let week = [day(), day(), day(), day(), day(), Vec::new(), Vec::new()];
    OpeningHours::new("UTC", week, BTreeMap::new()).expect("hours")
}

fn on(kinds: &[Kind]) -> AutomaticMessages {
    let setting = Setting {
        on: true,
        ..Setting::default()
    };
    AutomaticMessages {
        messages: kinds.iter().map(|kind| (*kind, setting.clone())).collect(),
        ..AutomaticMessages::default()
    }
}

fn voice(channel: ChannelKind, messages: AutomaticMessages) -> Voice {
    Voice {
        channel,
        language: Language::English,
        business_name: "Acme".into(),
        team_name: "Parcels".into(),
        messages,
        hours: Some(office()),
    }
}

fn conversation() -> Conversation {
    Conversation::open(Opening {
        id: Uuid::from_u128(1).into(),
        channel: ChannelId::parse("web").expect("a slug"),
        visitor: None,
        reach: Reach::default(),
        page_url: String::new(),
        opened_by: AuthorRole::Customer,
        outreach: false,
        at: monday(0),
        external: None,
        team: None,
    })
}

fn post(conversation: &mut Conversation, author: AuthorRole, text: &str, at: Timestamp) {
    let draft = Draft {
        id: Uuid::from_u128(9).into(),
        author,
        agent: (author == AuthorRole::Agent).then(|| AgentId::parse("anna").expect("a slug")),
        text: MessageText::parse(text).expect("a text"),
        at,
        follow_up: true,
        client_id: None,
        foreign: None,
        content: Content::Words,
    };
    let draft = conversation.understood(draft);
    conversation.post(draft).expect("it is open to this");
}

#[test]
fn what_is_said_to_a_message_depends_on_channel_hours_and_who_serves() {
    use ChannelKind::{Email, Facebook, Sms, Voice as Calls, Web, Whatsapp};
    let all = on(&Kind::ALL);
    for (channel, is_first, hour, expected) in [
        (Web, true, 10, Some(Kind::FirstMessage)),
        (Web, false, 10, None),
        (Web, true, 20, Some(Kind::ChatOutOfHours)),
        (Web, false, 20, None),
        (Facebook, true, 20, Some(Kind::FirstMessage)),
        (Sms, true, 10, None),
        (Sms, true, 20, Some(Kind::TextOutOfHours)),
        (Sms, false, 20, Some(Kind::TextOutOfHours)),
        (Whatsapp, true, 10, Some(Kind::FirstMessage)),
        (Whatsapp, false, 20, Some(Kind::TextOutOfHours)),
        (Email, true, 20, None),
        (Calls, true, 20, None),
    ] {
        let at = monday(hour);
        let said = voice(channel, all.clone()).reaction(&conversation(), is_first, at, at);
        assert_eq!(said, expected, "{channel:?} at {hour}");
    }
    let mut served = conversation();
    post(&mut served, AuthorRole::Bot, "Hello, I am a bot.", monday(20));
    let web = voice(ChannelKind::Web, all);
    assert_eq!(web.reaction(&served, true, monday(20), monday(20)), None);
    post(&mut served, AuthorRole::Agent, "Hello, I am not.", monday(20));
    let taken_over = web.reaction(&served, true, monday(20), monday(20));
    assert_eq!(taken_over, Some(Kind::ChatOutOfHours));
    // What is off is not said; what is old neither.
    let off = voice(ChannelKind::Web, on(&[Kind::TextOutOfHours]));
    assert_eq!(off.reaction(&conversation(), true, monday(20), monday(20)), None);
    assert_eq!(web.reaction(&conversation(), true, monday(10), monday(11)), None);
}

#[test]
fn words_are_put_together_from_what_is_on() {
    let mut messages = on(&[]);
    let setting = Setting {
        on: true,
        business_name: true,
        team_name: true,
        extra_text: "Faster: 22 100 20 30.".into(),
    };
    messages.messages.insert(Kind::ChatOutOfHours, setting);
    messages.contact_page = "https://acme.example/contact".into();
    let mut said = voice(ChannelKind::Web, messages);
    let at = monday(20);
    assert_eq!(
        said.words(Kind::ChatOutOfHours, About::default(), false, at),
        "Acme, Parcels: We are closed now. Leave your message and we will answer when we are back. \
         We open again on 6/1/2026 at 09:00. Faster: 22 100 20 30."
    );
    assert_eq!(
        said.words(Kind::ContactPage, About::default(), false, at),
        "All ways to reach us: https://acme.example/contact"
    );
    let about = About {
        note: "For order 1207.",
        link: "https://pay.example/1",
    };
    assert_eq!(
        said.words(Kind::AskPayment, about, false, at),
        "Please pay here: https://pay.example/1 For order 1207."
    );
    said.language = Language::Polish;
    assert_eq!(
        said.words(Kind::AskMedia, About::default(), false, at),
        "Prosimy o przesłanie zdjęcia lub filmu."
    );
    assert_eq!(
        said.words(Kind::AskMedia, About::default(), true, at),
        "Prosimy o przeslanie zdjecia lub filmu."
    );
}

/// All names and further words are of right-to-left scripts, so every Latin letter is ours.
#[test]
fn every_word_of_ours_stands_in_the_words() {
    let (name, more) = ("\u{5d7}\u{5e0}\u{5d5}\u{5ea}", "\u{645}\u{62a}\u{649}");
    let mut messages = on(&Kind::ALL);
    for setting in messages.messages.values_mut() {
        (setting.business_name, setting.team_name) = (true, true);
        setting.extra_text = more.into();
    }
    messages.contact_page = "//1/2".into();
    let mut said = voice(ChannelKind::Web, messages);
    said.business_name = name.into();
    said.team_name = name.into();
    let words = words::pseudo();
    let about = About {
        note: more,
        link: "//3/4",
    };
    for kind in Kind::ALL {
        for by_text in [false, true] {
            let text = said.put_together(&words, kind, about, by_text, monday(20));
            assert!(!text.chars().any(|letter| letter.is_ascii_alphabetic()), "{text}");
            let ours = |letter: char| ('\u{ff21}'..='\u{ff5a}').contains(&letter);
            assert!(
                text.contains(ours) && text.contains(name) && text.contains(more),
                "{text}"
            );
        }
    }
}

#[test]
fn what_could_not_be_said_is_refused_by_its_field() {
    let mut long = on(&[Kind::FirstMessage]);
    for setting in long.messages.values_mut() {
        setting.extra_text = "x".repeat(301);
    }
    assert_eq!(
        long.check().expect_err("too long").field,
        "messages.first_message.extra_text"
    );
    let mut unknown = on(&[Kind::AskRating]);
    for setting in unknown.messages.values_mut() {
        setting.extra_text = "Dear { $name }, thank you".into();
    }
    let wrong = unknown.check().expect_err("an unknown part");
    assert_eq!(wrong.field, "messages.ask_rating.extra_text");
    assert!(wrong.remedy.contains("{ $name }"), "{}", wrong.remedy);
    let without_page = on(&[Kind::ContactPage]);
    assert_eq!(without_page.check().expect_err("no page").field, "contact_page");
    for page in ["acme.example", "https://", "https://user@acme.example", "https://a b"] {
        let messages = AutomaticMessages {
            contact_page: page.into(),
            ..on(&[])
        };
        assert_eq!(messages.check().expect_err(page).field, "contact_page");
    }
}

proptest! {
    /// Whoever writes whenever, in one closed period it is told once that the team is closed, and never while it is open.
    #[test]
    fn a_closed_period_is_told_of_once(minutes in prop::collection::vec(0_i64..4 * 24 * 60, 1..40)) {
        let said = voice(ChannelKind::Sms, on(&[Kind::TextOutOfHours]));
        let mut minutes = minutes;
        minutes.sort_unstable();
        let mut conversation = conversation();
        let mut told = Vec::new();
        for minute in minutes {
            let at = monday(0) + SignedDuration::from_mins(minute);
            post(&mut conversation, AuthorRole::Customer, "Is it there?", at);
            if let Some(kind) = said.reaction(&conversation, false, at, at) {
                let carried = (kind, Carriage::Channel);
                said.say(&mut conversation, carried, About::default(), Uuid::from_u128(3).into(), at);
                let until = said.closed_until(at);
                prop_assert!(until.is_some(), "told while open");
                told.push(until);
            } else {
                prop_assert!(said.closed_until(at).is_none() || told.contains(&said.closed_until(at)));
            }
        }
        let count = told.len();
        told.dedup();
        prop_assert_eq!(told.len(), count);
    }
}
