use super::*;
use crate::domain::render::{self, Frame, MailBody, Quote};
use crate::domain::transcript::{Said, Transcript};
use crate::outbound::dkim::check::{ED25519_KEY, ED25519_PUBLIC, verifies};
use domain::{Language, PersonName};
use testkit::{Authority, MailFault, SmtpSink, SmtpTls};

fn server(url: &str) -> Result<MailServer> {
    let from = Email::parse("notify@acme.example").expect("an address");
    MailServer::new(url, from, Duration::from_millis(500))
}

#[test]
fn the_url_says_how_to_connect() {
    let plain = server("smtp://127.0.0.1:2525").expect("a server");
    assert_eq!(
        (plain.port, plain.tls, plain.credentials.is_some()),
        (2525, Tls::None, false)
    );
    let start = server("smtp://u%40x:p%3a@mail.example?tls=required").expect("a server");
    assert_eq!((start.port, start.tls), (587, Tls::Upgraded));
    assert_eq!(start.credentials, Some(Credentials::new("u@x".into(), "p:".into())));
    let implicit = server("smtps://mail.example").expect("a server");
    assert_eq!((implicit.port, implicit.tls), (465, Tls::Implicit));
    assert!(server("http://mail.example").is_err());
}

#[test]
fn a_password_goes_to_another_machine_by_tls_only() {
    for open in [
        "smtp://u:p@mail.example",
        "smtp://u:p@10.0.0.7:25",
        "smtp://u:p@localhost.example?tls=no",
    ] {
        let fault = server(open).expect_err(open);
        assert_eq!(fault.field(), Some("HOMING_SMTP_URL"));
        let said = fault.to_string();
        assert!(said.contains("smtps://") && said.contains("?tls=required"), "{said}");
        assert!(!said.contains("u:p"), "{said}");
    }
    for safe in [
        "smtps://u:p@mail.example",
        "smtp://u:p@mail.example?tls=required",
        "smtp://u:p@127.0.0.1:2525",
        "smtp://u:p@[::1]:2525",
        "smtp://u:p@LocalHost",
        "smtp://mail.example",
    ] {
        assert!(server(safe).is_ok(), "{safe}");
    }
}

fn mail(to: &Email) -> Mail<'_> {
    Mail {
        to,
        business: "Acme, Inc.",
        subject: "Rozmowa nr 7 – żółw",
        text: "text",
        html: "<p>text</p>",
        id: "d1",
        conversation: "c1",
        reply_to: Some("reply+acme.0123"),
        unsubscribe: Some("https://chat.example/u/acme.x"),
        at: jiff::Timestamp::UNIX_EPOCH,
    }
}

const ACCEPTED: Outcome = Outcome::Accepted { provider_id: None };

#[tokio::test]
async fn mails_go_by_tls_to_a_server_that_the_authority_signed_for_and_to_no_other() {
    let (trusted, other) = (Authority::new().expect("one"), Authority::new().expect("another"));
    let to = Email::parse("ann@example.com").expect("an address");
    let unreachable = Outcome::Refused {
        code: &codes::MAIL_UNREACHABLE,
        again: true,
    };
    for tls in [SmtpTls::Implicit, SmtpTls::Upgraded] {
        for login in [None, Some(("mailer", "a-secret"))] {
            let sink = SmtpSink::secured(&trusted, tls, login).await.expect("a sink");
            let url = sink.url();
            let with = |authority: &Authority| server(url)?.trusting(authority.certificate());
            let server_of = with(&trusted).expect("a server");
            for _ in 0..3 {
                assert_eq!(server_of.send(&mail(&to)).await, ACCEPTED, "{tls:?} {login:?}");
            }
            assert_eq!(
                (sink.mails().len(), sink.connections()),
                (3, 1),
                "one connection for all"
            );
            // Nothing was taken, so it may be tried again once this is mended.
            let stranger = with(&other).expect("a server");
            assert_eq!(stranger.send(&mail(&to)).await, unreachable, "{tls:?}");
            let public = server(url).expect("a server");
            assert_eq!(public.send(&mail(&to)).await, unreachable, "{tls:?}");
            if login.is_some() {
                let wrong = server(&url.replace("a-secret", "guessed")).expect("a server");
                let wrong = wrong.trusting(trusted.certificate()).expect("a server");
                assert_eq!(wrong.send(&mail(&to)).await, unreachable, "{tls:?}");
                let nobody = server(&url.replace("mailer:a-secret@", "")).expect("a server");
                let nobody = nobody.trusting(trusted.certificate()).expect("a server");
                let refused = Outcome::Refused {
                    code: &codes::MAIL_REFUSED,
                    again: false,
                };
                assert_eq!(nobody.send(&mail(&to)).await, refused, "530 is for good");
            }
            assert_eq!(sink.mails().len(), 3);
        }
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_mail_where_tls_is_required() {
    let sink = SmtpSink::start().await.expect("a sink");
    let required = server(&format!("{}?tls=required", sink.url())).expect("a server");
    let to = Email::parse("ann@example.com").expect("an address");
    assert!(matches!(
        required.send(&mail(&to)).await,
        Outcome::Refused { again: true, .. }
    ));
    assert!(sink.mails().is_empty());
    for bad in [
        "",
        "no certificates",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let fault = server(sink.url()).expect("a server").trusting(bad).expect_err(bad);
        assert_eq!(fault.field(), Some("HOMING_NOTIFIER_SMTP_CA"));
    }
}

#[tokio::test]
async fn a_mail_arrives_with_a_signature_that_verifies() {
    let sink = SmtpSink::start().await.expect("a sink");
    let dkim = Dkim::new("acme.example", "mail2026", ED25519_KEY).expect("a key");
    let signing = server(sink.url()).expect("a server").signing(dkim);
    let to = Email::parse("ann@example.com").expect("an address");
    let mail = Mail {
        text: "dots\r\n.\r\n..\r\nand  spaces \r\n\r\n\r\n",
        ..mail(&to)
    };
    assert_eq!(signing.send(&mail).await, ACCEPTED);
    let arrived = sink.mails().pop().expect("a mail");
    assert!(verifies(&arrived.raw, ED25519_PUBLIC));
    let signature = arrived.header("DKIM-Signature").unwrap_or_default();
    for part in [
        "d=acme.example;",
        "s=mail2026;",
        "list-unsubscribe :",
        "list-unsubscribe-post",
    ] {
        assert!(signature.contains(part), "{part} in {signature}");
    }
    let unsigned = String::from_utf8_lossy(&arrived.raw).replace("/u/acme.x", "/u/acme.y");
    assert!(!verifies(unsigned.as_bytes(), ED25519_PUBLIC));
}

#[tokio::test]
async fn before_the_data_nothing_was_taken_and_after_it_nobody_knows() {
    let sink = SmtpSink::start().await.expect("a sink");
    let server = server(sink.url()).expect("a server");
    let to = Email::parse("ann@example.com").expect("an address");
    let mail = mail(&to);
    let refused = |again| Outcome::Refused {
        code: if again {
            &codes::MAIL_UNREACHABLE
        } else {
            &codes::MAIL_REFUSED
        },
        again,
    };
    let lost = Outcome::Unknown {
        code: &codes::MAIL_UNKNOWN,
    };
    for (fault, outcome) in [
        (MailFault::RefuseRecipient, refused(false)),
        (MailFault::Greylist, refused(true)),
        (MailFault::Unavailable, refused(true)),
        (MailFault::RefuseContent, refused(false)),
        (MailFault::AcceptThenDrop, lost.clone()),
        (MailFault::DropAfterData, lost.clone()),
        (MailFault::AcceptThenHang, lost),
    ] {
        sink.fail_next(fault);
        assert_eq!(server.send(&mail).await, outcome, "{fault:?}");
    }
    let before = sink.mails().len();
    for _ in 0..2 {
        assert_eq!(server.send(&mail).await, Outcome::Accepted { provider_id: None });
    }
    let mails = sink.mails();
    assert_eq!(mails.len(), before + 2);
    let sent = mails.last().expect("a mail");
    assert_eq!(sent.subject.as_deref(), Some("Rozmowa nr 7 – żółw"));
    assert_eq!(sent.message_id.as_deref(), Some("d1@acme.example"));
    assert_eq!(sent.in_reply_to.as_deref(), Some("conversation-c1@acme.example"));
    assert_eq!(sent.reply_to.as_deref(), Some("reply+acme.0123@acme.example"));
    assert_eq!(sent.header("Auto-Submitted"), Some("auto-generated"));
    assert!(sent.text.is_some() && sent.html.is_some());
}

/// What a mail may have: some mail programs show no more.
const MAIL_BYTES: usize = 100 * 1024;

fn frame(language: Language, name: &PersonName) -> Frame<'_> {
    Frame {
        language,
        business: "Księgarnia & Café",
        number: 42,
        name: Some(name),
        link: "https://chat.example/r/acme.AAAAAAAAAAAAAAAAAAAAAA",
        unsubscribe: "https://chat.example/u/acme.BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
    }
}

fn rendered(language: Language, texts: &[&str]) -> MailBody {
    let name = PersonName::parse("Łucja").expect("a name");
    let frame = frame(language, &name);
    let quotes: Vec<Quote> = texts
        .iter()
        .map(|text| Quote::new(text, jiff::Timestamp::UNIX_EPOCH))
        .collect();
    let (question, answers) = quotes.split_first().expect("a question");
    render::follow_up_mail(&frame, Some(question), answers, 12)
}

fn composed(server: &MailServer, body: &MailBody) -> Vec<u8> {
    let to = Email::parse("ann@example.com").expect("an address");
    let mail = Mail {
        business: "Księgarnia & Café",
        subject: &body.subject,
        text: &body.text,
        html: &body.html,
        id: "0192f000-0000-7000-8000-00000000c0de.acme",
        conversation: "0192f000-0000-7000-8000-0000000000c1",
        reply_to: Some("reply+acme.0000000000000000000000001"),
        ..mail(&to)
    };
    server.compose(&mail).expect("a mail")
}

/// `UPDATE_GOLDEN=1` rewrites the files; look at the difference.
#[test]
fn a_mail_is_what_it_was() {
    let texts = [
        "Is <this> one red?",
        "Tak, żółty też jest.\nDwa zostały.",
        "Oui, & à bientôt 🙂",
    ];
    let unsigned = server("smtp://127.0.0.1:25").expect("a server");
    let dkim = Dkim::new("acme.example", "mail2026", ED25519_KEY).expect("a key");
    let signing = unsigned.clone().signing(dkim);
    for (server, language, name) in [
        (&unsigned, Language::English, "en"),
        (&unsigned, Language::Polish, "pl"),
        (&unsigned, Language::French, "fr"),
        (&signing, Language::English, "signed"),
    ] {
        compare(&format!("mail_{name}"), composed(server, &rendered(language, &texts)));
    }
    for (language, name) in [
        (Language::English, "en"),
        (Language::Polish, "pl"),
        (Language::French, "fr"),
    ] {
        compare(
            &format!("transcript_{name}"),
            composed(&unsigned, &copied(language, &texts, 12)),
        );
    }
}

fn compare(name: &str, mail: Vec<u8>) {
    let mail = String::from_utf8(mail).expect("ASCII").replace("\r\n", "\n");
    let file = format!("{}/tests/golden/{name}.eml", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &mail).expect("the folder of golden mails");
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(mail == golden, "{file} is not what is sent now:\n{mail}");
}

/// A copy of these, the oldest first, and without so many earlier ones.
fn copied(language: Language, texts: &[&str], earlier: u64) -> MailBody {
    let name = PersonName::parse("Łucja").expect("a name");
    let frame = frame(language, &name);
    let zone = jiff::tz::TimeZone::get("Europe/Warsaw").expect("a zone");
    let mut copy = Transcript::new(zone, frame.business);
    for (index, text) in texts.iter().enumerate().rev() {
        copy.add(&Said {
            by_customer: index % 2 == 0,
            text,
            at: jiff::Timestamp::UNIX_EPOCH,
        });
    }
    render::transcript_mail(&frame, &copy.without(earlier))
}

#[test]
fn a_mail_stays_small_whatever_people_wrote() {
    let server = server("smtp://127.0.0.1:25").expect("a server");
    for letter in [
        "a", "&", "\"", "=", "ż", "żaaa", "aż", "🙂", "a🙂", "\n", "= ", " \n", "\t", "я",
    ] {
        let text = letter.repeat(5000);
        let texts = [text.as_str(); 11];
        for language in [Language::English, Language::Polish, Language::French] {
            let bytes = composed(&server, &rendered(language, &texts)).len();
            assert!(bytes < MAIL_BYTES, "{bytes} bytes of {letter:?}");
            for (length, count) in [(5000, 11), (60, 500), (1, 500)] {
                let text = letter.repeat(length);
                let bytes = composed(&server, &copied(language, &vec![text.as_str(); count], 1)).len();
                assert!(bytes < MAIL_BYTES, "{bytes} bytes of a copy of {count} {letter:?}");
            }
        }
    }
}

#[test]
fn a_boundary_is_short_enough_for_the_longest_workspace() {
    let id = |last: char| format!("018f4e3a-0000-7000-8000-00000000000{last}.{}", "w".repeat(63));
    assert_eq!(boundary(&id('1')).len(), 70);
    assert_ne!(boundary(&id('1')), boundary(&id('2')));
    assert_eq!(boundary("0.acme"), "=_0.acme");
}
