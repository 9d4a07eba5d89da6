use super::super::mime::Unreadable;
use super::*;
use proptest::prelude::*;

macro_rules! mails {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../tests/mails/", $name, ".eml")).as_slice())),+]
    };
}

/// As real mail programs and servers write them.
const MAILS: &[(&str, &[u8])] = mails![
    "gmail_en",
    "gmail_pl",
    "gmail_fr",
    "outlook_en",
    "outlook_pl",
    "outlook_fr",
    "apple_en",
    "apple_pl",
    "apple_fr",
    "thunderbird_bottom",
    "html_only",
    "latin2",
    "attachments",
    "only_quote",
    "auto_rfc3834",
    "auto_exchange",
    "auto_precedence",
    "auto_list",
    "auto_old",
    "auto_null_path",
    "auto_daemon",
    "dsn_failed",
    "dsn_delayed",
    "dsn_delivered",
    "malformed",
];

fn mail(name: &str) -> &'static [u8] {
    MAILS
        .iter()
        .find(|(given, _)| *given == name)
        .expect("a mail of the corpus")
        .1
}

fn content(name: &str) -> Content {
    read(mail(name), Some("ann@example.com")).expect(name).content
}

#[test]
fn own_words_are_found_whatever_program_wrote_them() {
    for (name, words) in [
        ("gmail_en", "Yes please, keep one for me.\n\nSecond paragraph."),
        ("gmail_pl", "Dzień dobry, poproszę żółty."),
        ("gmail_fr", "Oui, le bleu s'il vous plaît."),
        ("outlook_en", "Tuesday is fine.\n\nRegards\nAnn"),
        ("outlook_pl", "We wtorek mi pasuje."),
        ("outlook_fr", "Mardi me convient."),
        ("apple_en", "Like in this picture:\n\nAnd the lid.\n📎 IMG_0042.jpeg"),
        ("apple_pl", "Zgadza się."),
        ("apple_fr", "C'est exact."),
        ("thunderbird_bottom", "Blue.\n\nTwo."),
        ("html_only", "Tak, dwie sztuki & pokrywka.\nPozdrawiam"),
        ("latin2", "Zażółć gęślą jaźń."),
        ("attachments", "See the file.\n📎 Faktura święta.pdf\n📎 notes.txt"),
    ] {
        assert_eq!(content(name), Content::Words(Some(words.to_owned())), "{name}");
        let read = read(mail(name), None).expect(name);
        assert_eq!(
            read.from.map(|from| from.normalised()).as_deref(),
            Some("ann@example.com")
        );
        assert!(is_posted_mail(&format!("mail:{}", read.id)) && read.id.len() == 32);
    }
    assert_eq!(content("only_quote"), Content::Words(None));
}

#[test]
fn what_programs_send_is_nobodys_words() {
    for (name, why) in [
        ("auto_rfc3834", "Auto-Submitted"),
        ("auto_exchange", "X-Auto-Response-Suppress"),
        ("auto_precedence", "Precedence"),
        ("auto_list", "List-*"),
        ("auto_old", "X-Autoreply"),
        ("auto_null_path", "null return path"),
        ("auto_daemon", "mailer-daemon"),
    ] {
        assert_eq!(content(name), Content::Automatic(why), "{name}");
    }
    for sender in ["", "<>"] {
        let read = read(mail("gmail_en"), Some(sender)).expect("a mail");
        assert_eq!(read.content, Content::Automatic("null return path"));
    }
}

#[test]
fn a_report_says_which_mail_and_what_became_of_it() {
    for (name, arrived, status) in [
        ("dsn_failed", Arrived::No, "5.1.1"),
        ("dsn_delayed", Arrived::Open, "4.4.1"),
        ("dsn_delivered", Arrived::Yes, "2.0.0"),
    ] {
        let report = Report {
            arrived,
            status: status.to_owned(),
            message_id: Some("MESSAGE-ID".to_owned()),
            recipients: vec![Email::parse("ann@example.com").expect("an address"); 2],
        };
        assert_eq!(content(name), Content::Report(report), "{name}");
    }
}

#[test]
fn what_is_malformed_is_read_as_far_as_it_goes_or_refused() {
    assert!(matches!(content("malformed"), Content::Words(_)));
    for nothing in [b"".as_slice(), b"\r\n\r\nhello", b"hello\n\nhello", b"\0\0\0"] {
        assert_eq!(read(nothing, None), Err(Unreadable::NoMail), "{nothing:?}");
    }
    let nul = read(b"From: a@b.example\n\nHe\0llo\x07", None).expect("a mail");
    assert_eq!(nul.content, Content::Words(Some("Hello".into())));
    let long = [b"From: a@b.example\n\n".as_slice(), "żółw ".repeat(40_000).as_bytes()].concat();
    let Content::Words(Some(words)) = read(&long, None).expect("a mail").content else {
        panic!("words");
    };
    assert!(words.len() <= limits::MESSAGE_BYTES);
}

/// Parts within parts, each within a multipart of its own.
fn nested(depth: usize) -> Vec<u8> {
    let mut mail = b"From: a@b.example\n".to_vec();
    for level in 0..depth {
        mail.extend(format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n").bytes());
    }
    mail.extend(b"\nHello");
    mail
}

#[test]
fn a_bomb_does_not_go_off() {
    assert_eq!(
        read(&nested(10), None).expect("a mail").content,
        Content::Words(Some("Hello".into()))
    );
    assert_eq!(read(&nested(11), None), Err(Unreadable::Deep));
    assert_eq!(read(&nested(100_000), None), Err(Unreadable::Deep));
    let head = "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n";
    let many = format!("{head}{}", "--x\n\n".repeat(2_000_000));
    assert_eq!(read(many.as_bytes(), None), Err(Unreadable::ManyParts));
    let heads = format!("From: a@b.example\n{}", "X: y\n".repeat(1_000_000));
    assert_eq!(read(heads.as_bytes(), None), Err(Unreadable::LongHead));
    // Mails within mails, plain and encoded, are attachments and are not opened.
    let within = format!(
        "From: a@b.example\n{}",
        "Content-Type: message/rfc822\n\n".repeat(300_000)
    );
    assert_eq!(
        read(within.as_bytes(), None).expect("a mail").content,
        Content::Words(Some("📎 ?".into()))
    );
    let html = format!(
        "From: a@b.example\nContent-Type: text/html\n\n{}",
        "<div>".repeat(1_000_000)
    );
    assert_eq!(
        read(html.as_bytes(), None).expect("a mail").content,
        Content::Words(None)
    );
}

#[test]
fn of_several_writers_none_is_believed() {
    let from = |head: &str| {
        let mail = read(format!("{head}\n\nhello").as_bytes(), None).expect("a mail");
        mail.from.map(|from| from.normalised())
    };
    assert_eq!(from("From: Ann <Ann@b.example>").as_deref(), Some("ann@b.example"));
    for head in [
        "From: x@evil.example\nFrom: ann@b.example",
        "From: ann@b.example\nFrom: x@evil.example",
        "From: ann@b.example, x@evil.example",
        "From: Ann",
        "Subject: from nobody",
    ] {
        assert_eq!(from(head), None, "{head}");
    }
}

#[test]
fn the_same_mail_has_the_same_name_and_another_one_another() {
    let id = |name: &str| read(mail(name), None).expect(name).id;
    assert_eq!(id("gmail_en"), id("gmail_en"));
    assert_ne!(id("gmail_en"), id("gmail_pl"));
    let unnamed = |text: &str| {
        read(format!("From: a@b.example\n\n{text}").as_bytes(), None)
            .expect("a mail")
            .id
    };
    assert_ne!(unnamed("one"), unnamed("two"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn anything_can_be_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&bytes, None);
    }

    #[test]
    fn a_damaged_mail_can_be_read_or_refused(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = which.get(MAILS).1.to_vec();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(bytes.len()) + 1);
        if let Ok(InboundMail { content: Content::Words(Some(words)), .. }) = read(&bytes, None) {
            prop_assert!(words.len() <= limits::MESSAGE_BYTES && !words.contains('\0') && !words.is_empty());
        }
    }
}
