//! Debian's own Kannel and Postfix at the other end, instead of sinks of ours.

use crate::harness::{Customer, EMAIL, Harness, PHONE, SOON, Tested};
use anyhow::Context;
use rpc::notifier::{DeliveryStatus, ExplainFollowUpResponse};
use tempfile::TempDir;
use testkit::{Authority, Kannel, KannelPorts, Postfix, eventually};

const OURS: &str = "48732000000";

#[tokio::test]
async fn kannel_sends_reports_and_brings_answers() -> Tested {
    let ports = KannelPorts::choose()?;
    let folder = tempfile::tempdir()?;
    let secret = |name: &str, value: &str| -> anyhow::Result<String> {
        let path = folder.path().join(name);
        std::fs::write(&path, value)?;
        Ok(path.to_str().context("a path")?.to_owned())
    };
    let config = serde_json::json!({
        "providers": [{
            "name": "smsc", "kind": "kannel", "base_url": ports.url(), "username": "homing",
            "password_file": secret("password", "geheim")?, "inbound_token_file": secret("token", "let-me-in")?,
        }],
        "routes": { "*": ["smsc"] },
    });
    let file = secret("providers.json", &config.to_string())?;
    let notifier = Harness::with([("HOMING_NOTIFIER_TEXT_PROVIDERS", &file)]).await?;
    let door = format!("{}/v1/callbacks/sms/acme/inbound", notifier.public_url);
    let get = format!("{door}?provider=smsc&token=let-me-in&from=%p&to=%P&text=%b&charset=%C&id=%I");
    let mut kannel = Kannel::start(ports, &get).await?;
    let customer = notifier.customer(true, false).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    let told = notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(told.deliveries[0].provider, "smsc");
    let received = kannel.received();
    assert_eq!(received.len(), 1, "{received:?}");
    assert!(received[0].starts_with(&format!("<Homing {PHONE} ")), "{received:?}");
    assert!(received[0].contains("/r/acme."), "{received:?}");
    kannel.write(PHONE.trim_start_matches('+'), OURS, "Yes please").await?;
    let reply = async || notifier.truth().replies.first().cloned();
    let reply = eventually("the answer is posted", SOON, reply).await?;
    assert_eq!(
        (reply.conversation, reply.text.as_str()),
        (customer.conversation.to_string(), "Yes please")
    );
    Ok(())
}

/// A Postfix that knows `geheim`, and a customer whose mail was due at it by this password.
struct MailServer {
    postfix: Postfix,
    notifier: Harness,
    customer: Customer,
    _folder: TempDir,
}

impl MailServer {
    async fn start(password: &str) -> anyhow::Result<Self> {
        Self::answering(password, &[]).await
    }

    /// The first tries to reach the customer are answered so.
    async fn answering(password: &str, answers: &[&str]) -> anyhow::Result<Self> {
        let authority = Authority::new()?;
        let postfix = Postfix::start(&authority).await?;
        for answer in answers {
            postfix.answer_next(EMAIL, answer);
        }
        let folder = tempfile::tempdir()?;
        let trusted = folder.path().join("authority.pem");
        std::fs::write(&trusted, authority.certificate())?;
        let notifier = Harness::with([
            ("HOMING_SMTP_URL", postfix.url("homing", password).as_str()),
            ("HOMING_NOTIFIER_SMTP_CA", trusted.to_str().context("a path")?),
            ("HOMING_NOTIFIER_PROVIDER_TIMEOUT_MS", "5000"),
        ])
        .await?;
        let customer = notifier.customer(false, true).await?;
        notifier.leave(&customer).await?;
        notifier.answer(&customer, 2).await?;
        notifier.armed(&customer).await?;
        notifier.advance(90).await;
        Ok(Self {
            postfix,
            notifier,
            customer,
            _folder: folder,
        })
    }
}

#[tokio::test]
async fn postfix_takes_mails_by_starttls_from_who_logs_in() -> Tested {
    let MailServer {
        postfix,
        notifier,
        customer,
        _folder,
    } = MailServer::start("geheim").await?;
    notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let stored = async || Some(postfix.mails()).filter(|mails| !mails.is_empty());
    let mails = eventually("Postfix stored a mail", SOON, stored).await?;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    for wanted in [
        "Return-Path: <notify@homing.example>\n",
        &format!("Delivered-To: {EMAIL}\n"),
        "with ESMTPSA",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n",
        "Auto-Submitted: auto-generated\n",
        "message 2",
    ] {
        assert!(mail.contains(wanted), "no {wanted:?} in {mail}");
    }
    let log = postfix.log();
    assert!(
        log.contains("sasl_username=homing") && log.contains("status=sent"),
        "{log}"
    );
    Ok(())
}

/// What Postfix wrote down of recipients that it did not take.
fn rejected(postfix: &Postfix) -> usize {
    let log = postfix.log();
    log.lines().filter(|line| line.contains(": reject: RCPT from ")).count()
}

fn attempts(told: &ExplainFollowUpResponse) -> usize {
    told.timeline.iter().filter(|line| line.what == "attempting").count()
}

#[tokio::test]
async fn a_recipient_that_postfix_refuses_for_good_is_not_tried_again() -> Tested {
    let server = MailServer::answering("geheim", &["550 5.1.1 No such user here"]).await?;
    let told = server
        .notifier
        .delivery(&server.customer, DeliveryStatus::Failed)
        .await?;
    assert_eq!(
        (told.deliveries[0].reason.as_str(), attempts(&told)),
        ("mail.refused", 1)
    );
    // Another try would be taken.
    for _ in 0..8 {
        server.notifier.advance(3 * 3600).await;
        server.notifier.quiet().await?;
    }
    let told = server.notifier.explain(&server.customer).await?;
    assert_eq!((told.deliveries.len(), attempts(&told)), (1, 1));
    assert_eq!((server.postfix.mails().len(), rejected(&server.postfix)), (0, 1));
    Ok(())
}

#[tokio::test]
async fn a_mail_that_postfix_greylists_is_tried_again_and_arrives_once() -> Tested {
    let grey = "450 4.2.0 Greylisted, come again later";
    let server = MailServer::answering("geheim", &[grey, grey]).await?;
    let MailServer {
        postfix,
        notifier,
        customer,
        ..
    } = &server;
    for tries in 1..=2 {
        let again = |told: &ExplainFollowUpResponse| {
            let lines = told.timeline.iter().filter(|line| line.what == "to be tried again");
            lines.count() == tries
        };
        notifier.becomes(customer, "to be tried again", again).await?;
        assert_eq!((postfix.mails().len(), rejected(postfix)), (0, tries));
        notifier.advance(3600).await;
    }
    let told = notifier.delivery(customer, DeliveryStatus::Accepted).await?;
    assert_eq!(attempts(&told), 3);
    let stored = async || Some(postfix.mails()).filter(|mails| !mails.is_empty());
    eventually("Postfix stored a mail", SOON, stored).await?;
    notifier.advance(24 * 3600).await;
    notifier.quiet().await?;
    assert_eq!((postfix.mails().len(), rejected(postfix)), (1, 2));
    Ok(())
}

#[tokio::test]
async fn postfix_gets_nothing_from_who_does_not_know_the_password() -> Tested {
    let MailServer {
        postfix,
        notifier,
        customer,
        _folder,
    } = MailServer::start("wrong").await?;
    let again = |told: &ExplainFollowUpResponse| told.timeline.iter().any(|line| line.what == "to be tried again");
    notifier.becomes(&customer, "to be tried again", again).await?;
    assert!(postfix.mails().is_empty());
    assert!(postfix.log().contains("authentication failed"), "{}", postfix.log());
    Ok(())
}
