use std::time::Duration;

use lettre::message::MultiPart;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use testkit::{MailFault, SmtpSink};

const TO: &str = "ola@example.com";

fn mail() -> Message {
    Message::builder()
        .from("Shop <shop@example.com>".parse().expect("an address"))
        .reply_to("reply+token@example.com".parse().expect("an address"))
        .to(format!("Ola <{TO}>").parse().expect("an address"))
        .message_id(Some("<one@homing.invalid>".to_owned()))
        .in_reply_to("<zero@homing.invalid>".to_owned())
        .subject("Odpowiedź: żółć")
        .multipart(MultiPart::alternative_plain_html(
            ".dot first\nzażółć".to_owned(),
            "<p>zażółć</p>".to_owned(),
        ))
        .expect("a mail")
}

fn transport(sink: &SmtpSink) -> AsyncSmtpTransport<Tokio1Executor> {
    testkit::install_crypto();
    AsyncSmtpTransport::<Tokio1Executor>::from_url(sink.url())
        .expect("a URL")
        .timeout(Some(Duration::from_secs(1)))
        .build()
}

#[tokio::test]
async fn a_mail_is_kept_with_its_parts() -> anyhow::Result<()> {
    let sink = SmtpSink::start().await?;
    transport(&sink).send(mail()).await?;
    let kept = sink.nth(TO, 1, Duration::from_secs(2)).await?;
    assert_eq!(kept.envelope_from, "shop@example.com");
    assert_eq!(kept.from.as_deref(), Some("shop@example.com"));
    assert_eq!(kept.to, [TO]);
    assert_eq!(kept.subject.as_deref(), Some("Odpowiedź: żółć"));
    assert_eq!(kept.message_id.as_deref(), Some("one@homing.invalid"));
    assert_eq!(kept.in_reply_to.as_deref(), Some("zero@homing.invalid"));
    assert_eq!(kept.reply_to.as_deref(), Some("reply+token@example.com"));
    assert!(
        kept.text
            .as_deref()
            .is_some_and(|text| text.starts_with(".dot first") && text.contains("zażółć"))
    );
    assert!(kept.html.as_deref().is_some_and(|html| html.contains("<p>zażółć</p>")));
    assert_eq!(kept.header("message-id"), Some("<one@homing.invalid>"));
    Ok(())
}

#[tokio::test]
async fn each_fault_fails_one_mail() -> anyhow::Result<()> {
    let sink = SmtpSink::start().await?;
    for (fault, permanent, kept) in [
        (MailFault::RefuseRecipient, true, 0),
        (MailFault::Greylist, false, 0),
        (MailFault::Unavailable, false, 0),
        (MailFault::RefuseContent, true, 0),
        (MailFault::DropAfterData, false, 0),
        (MailFault::AcceptThenDrop, false, 1),
    ] {
        sink.fail_next(fault);
        let error = transport(&sink).send(mail()).await.expect_err("fails");
        assert_eq!(error.is_permanent(), permanent, "{fault:?}: {error}");
        assert_eq!(sink.mails().len(), kept, "{fault:?}");
    }
    sink.fail_next(MailFault::AcceptThenHang);
    let answer = tokio::time::timeout(Duration::from_millis(300), transport(&sink).send(mail())).await;
    assert!(
        answer.is_err(),
        "lettre itself does not limit the wait for the last answer"
    );
    transport(&sink).send(mail()).await?;
    assert_eq!(sink.to(TO).len(), 3);
    Ok(())
}
