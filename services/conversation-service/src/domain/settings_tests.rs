use super::*;

fn web() -> Settings {
    Settings::default_for(ChannelKind::Web, "Acme")
}

#[test]
fn defaults_are_possible_for_every_kind() {
    for kind in ChannelKind::ALL {
        Settings::create(kind, "Acme", &web(), &[]).expect("defaults are possible");
    }
}

#[test]
fn only_masked_fields_change() {
    let wanted = Settings {
        debounce_ms: 0,
        escalation_ms: 1,
        ..web()
    };
    let changed = web()
        .change(ChannelKind::Web, &wanted, &[Field::DebounceMs])
        .expect("possible");
    assert_eq!((changed.debounce_ms, changed.escalation_ms), (0, 600_000));
}

#[test]
fn each_range_names_its_field() {
    let cases: [(Field, Settings, &str); 12] = [
        (
            Field::TextFrom,
            Settings {
                text_from: "+48 732".into(),
                ..web()
            },
            "text_from",
        ),
        (
            Field::TextCountries,
            Settings {
                text_countries: vec!["PL".into(), "XY".into()],
                ..web()
            },
            "text_countries",
        ),
        (
            Field::DebounceMs,
            Settings {
                debounce_ms: 600_001,
                ..web()
            },
            "debounce_ms",
        ),
        (
            Field::CeilingMs,
            Settings {
                ceiling_ms: 29_999,
                ..web()
            },
            "ceiling_ms",
        ),
        (
            Field::EscalationMs,
            Settings {
                escalation_ms: limits::WAIT_MS + 1,
                ..web()
            },
            "escalation_ms",
        ),
        (
            Field::UnreadMailMs,
            Settings {
                unread_mail_ms: limits::WAIT_MS + 1,
                ..web()
            },
            "unread_mail_ms",
        ),
        (
            Field::TextsPerNumberPerDay,
            Settings {
                texts_per_number_per_day: 0,
                ..web()
            },
            "texts_per_number_per_day",
        ),
        (
            Field::MailsPerAddressPerDay,
            Settings {
                mails_per_address_per_day: 101,
                ..web()
            },
            "mails_per_address_per_day",
        ),
        (
            Field::Language,
            Settings {
                language: "de".into(),
                ..web()
            },
            "language",
        ),
        (
            Field::DefaultCountry,
            Settings {
                default_country: "pl".into(),
                ..web()
            },
            "default_country",
        ),
        (
            Field::BusinessName,
            Settings {
                business_name: "x".repeat(61),
                ..web()
            },
            "business_name",
        ),
        (
            Field::PresenceSource,
            Settings {
                presence_source: PresenceSource::None,
                ..web()
            },
            "policy",
        ),
    ];
    for (field, wanted, name) in cases {
        assert_eq!(
            web().change(ChannelKind::Web, &wanted, &[field]).expect_err(name).field,
            name
        );
    }
}

#[test]
fn a_channel_without_presence_gets_the_mail_policy() {
    let wanted = Settings {
        presence_source: PresenceSource::None,
        ..web()
    };
    let settings = Settings::create(ChannelKind::Web, "Acme", &wanted, &[Field::PresenceSource]).expect("possible");
    assert_eq!(settings.policy, Policy::EmailOnUnread);
}

#[test]
fn origins_are_origins() {
    for good in ["https://shop.example", "http://localhost:5173"] {
        assert!(is_origin(good), "{good}");
    }
    for bad in [
        "shop.example",
        "https://",
        "https://a/b",
        "https://user@a",
        "https://a:0",
        "ftp://a",
        "*",
    ] {
        assert!(!is_origin(bad), "{bad}");
    }
}
