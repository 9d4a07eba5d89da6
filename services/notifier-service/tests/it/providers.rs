//! Several providers: who takes a text, who takes it next, and who is left alone.

use crate::harness::{Customer, EMAIL, Harness, PHONE, SOON, Tested};
use crate::peers::PART;
use anyhow::Context;
use events::common::MessageKind;
use rpc::notifier::{DeliveryStatus, ExplainFollowUpResponse};
use std::path::PathBuf;
use tempfile::TempDir;
use testkit::{ReceiptMode, SmsFault, SmsOptions, SmsSink, WrittenText};

/// Providers: `smsc` speaks Kannel's language, `main` Twilio's, `seoul` Aligo's. Texts to Poland go through the first, then the
/// second; to Japan through `smsc` alone; to Korea through `seoul`, then `smsc`; to the rest through `main`.
pub struct Providers {
    pub notifier: Harness,
    pub smsc: SmsSink,
    pub main: SmsSink,
    pub seoul: SmsSink,
    _folder: TempDir,
}

impl Providers {
    pub async fn start() -> anyhow::Result<Self> {
        let (smsc, main) = (
            SmsSink::start(SmsOptions::default()).await?,
            SmsSink::start(SmsOptions::default()).await?,
        );
        let seoul = SmsSink::start(SmsOptions::default()).await?;
        let folder = tempfile::tempdir()?;
        let file = write(&folder, &smsc, &main, &seoul)?;
        let notifier = Harness::with([("HOMING_NOTIFIER_TEXT_PROVIDERS", file.to_str().context("a path")?)]).await?;
        Ok(Self {
            notifier,
            smsc,
            main,
            seoul,
            _folder: folder,
        })
    }

    /// A customer whose text is due.
    async fn due(&self, email: bool) -> anyhow::Result<Customer> {
        let customer = self.notifier.customer(true, email).await?;
        self.notifier.leave(&customer).await?;
        self.notifier.answer(&customer, 2).await?;
        self.notifier.armed(&customer).await?;
        self.notifier.advance(30).await;
        Ok(customer)
    }

    /// What each of them took.
    fn count(&self) -> (usize, usize) {
        (self.smsc.messages().len(), self.main.messages().len())
    }
}

fn write(folder: &TempDir, smsc: &SmsSink, main: &SmsSink, seoul: &SmsSink) -> anyhow::Result<PathBuf> {
    let secret = |name: &str, value: &str| -> anyhow::Result<PathBuf> {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{value}\n"))?;
        Ok(path)
    };
    let config = serde_json::json!({
        "providers": [
            { "name": "smsc", "kind": "kannel", "base_url": smsc.url(), "username": smsc.options().account_sid,
              "password_file": secret("password", &smsc.options().auth_token)?,
              "inbound_token_file": secret("inbound", "let me in")? },
            { "name": "main", "kind": "twilio", "base_url": main.url(), "account_sid": main.options().account_sid,
              "auth_token_file": secret("token", &main.options().auth_token)? },
            { "name": "seoul", "kind": "aligo", "base_url": seoul.url(), "user_id": seoul.options().account_sid,
              "key_file": secret("key", &seoul.options().auth_token)? },
        ],
        "routes": { "PL": ["smsc", "main"], "JP": ["smsc"], "KR": ["seoul", "smsc"], "*": ["main"] },
    });
    let path = folder.path().join("providers.json");
    std::fs::write(&path, config.to_string())?;
    Ok(path)
}

fn lines<'a>(told: &'a ExplainFollowUpResponse, what: &str) -> Vec<&'a std::collections::HashMap<String, String>> {
    let lines = told.timeline.iter().filter(|line| line.what == what);
    lines.map(|line| &line.facts).collect()
}

#[tokio::test]
async fn a_text_through_kannel_is_told_delivered_by_its_report() -> Tested {
    let two = Providers::start().await?;
    let customer = two.due(false).await?;
    let told = two.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(told.deliveries[0].provider, "smsc");
    let text = two.smsc.nth(PHONE, 1, SOON).await?;
    assert_eq!((text.from.as_str(), text.validity_period), ("Homing", Some(900)));
    assert_eq!(two.count(), (1, 0));
    let reported = testkit::eventually("both reports are answered", SOON, async || {
        let text = two.smsc.nth(PHONE, 1, SOON).await.ok()?;
        (text.callbacks.len() == 2).then_some(text.callbacks)
    });
    assert!(reported.await?.iter().all(|(_, answer)| *answer == 204));
    Ok(())
}

#[tokio::test]
async fn what_one_could_not_take_the_next_one_does_at_once() -> Tested {
    let two = Providers::start().await?;
    two.smsc.fail_next(SmsFault::TooMany);
    let customer = two.due(true).await?;
    let told = two.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(
        (told.deliveries.len(), told.deliveries[0].provider.as_str()),
        (1, "main")
    );
    let attempts: Vec<&str> = lines(&told, "attempting")
        .iter()
        .map(|line| line["provider"].as_str())
        .collect();
    assert_eq!(attempts, ["smsc", "main"]);
    let elsewhere = lines(&told, "to be tried elsewhere");
    assert_eq!((elsewhere.len(), elsewhere[0]["provider"].as_str()), (1, "smsc"));
    assert_eq!(two.count(), (0, 1));
    Ok(())
}

#[tokio::test]
async fn what_is_refused_for_good_or_may_have_been_taken_goes_nowhere_else() -> Tested {
    let two = Providers::start().await?;
    two.smsc.fail_next(SmsFault::Refuse(1));
    let customer = two.due(false).await?;
    let told = two.notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[0].reason, "sms.provider_refused");
    two.smsc.set_receipts(ReceiptMode::Lost);
    two.smsc.fail_next(SmsFault::AcceptThenDrop);
    let customer = two.due(false).await?;
    two.notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    two.notifier.advance(24 * 3600).await;
    two.notifier.delivery(&customer, DeliveryStatus::Unconfirmed).await?;
    assert_eq!((two.count(), two.main.calls()), ((1, 0), 0));
    Ok(())
}

#[tokio::test]
async fn when_nobody_could_all_are_tried_again_after_a_pause_then_mail() -> Tested {
    let two = Providers::start().await?;
    two.smsc.fail_always(Some(SmsFault::TooMany));
    two.main.fail_always(Some(SmsFault::TooMany));
    let customer = two.due(true).await?;
    for round in 1..=2 {
        let again = |told: &ExplainFollowUpResponse| lines(told, "to be tried again").len() == round;
        two.notifier.becomes(&customer, "the next round", again).await?;
        two.notifier.advance(20).await;
    }
    two.notifier.smtp.nth(EMAIL, 1, SOON).await?;
    assert_eq!((two.smsc.calls(), two.main.calls()), (3, 3));
    Ok(())
}

#[tokio::test]
async fn a_provider_that_keeps_failing_is_left_alone_and_tried_again() -> Tested {
    let two = Providers::start().await?;
    two.smsc.fail_always(Some(SmsFault::TooMany));
    let mut customers = Vec::new();
    for number in 0..10 {
        customers.push(
            two.notifier
                .prepared(&format!("+4860070{number}001"), "PL", None)
                .await?,
        );
    }
    two.notifier.advance(30).await;
    for customer in &customers {
        let told = two.notifier.delivery(customer, DeliveryStatus::Delivered).await?;
        assert_eq!(told.deliveries[0].provider, "main");
    }
    assert_eq!(two.smsc.calls(), 10);
    // Half a minute later one call tries it again; who has nobody else waits for the next such time.
    let japanese = two.notifier.prepared("+819012345678", "JP", None).await?;
    two.notifier.advance(30).await;
    let again = |told: &ExplainFollowUpResponse| !lines(told, "to be tried again").is_empty();
    two.notifier.becomes(&japanese, "tried once", again).await?;
    two.notifier.advance(5).await;
    let waits = |told: &ExplainFollowUpResponse| {
        let whys = lines(told, "postponed").into_iter().map(|line| line["why"].clone());
        whys.collect::<Vec<_>>() == ["provider_down"]
            && told
                .summary
                .contains("no provider of texts can be reached; the next try is at 2")
    };
    two.notifier
        .becomes(&japanese, "waiting for the provider", waits)
        .await?;
    let polish = two.notifier.prepared("+48600799001", "PL", None).await?;
    two.notifier.advance(20).await;
    assert_eq!(two.smsc.calls(), 11);
    two.smsc.fail_always(None);
    two.notifier.advance(10).await;
    // Both are due now: whichever comes first tries it, and the other one may have to wait for what becomes of that.
    two.notifier.delivery(&polish, DeliveryStatus::Delivered).await?;
    two.notifier.no_calls().await?;
    two.notifier.advance(60).await;
    let told = two.notifier.delivery(&japanese, DeliveryStatus::Delivered).await?;
    assert_eq!(
        (lines(&told, "attempting").len(), told.deliveries[0].provider.as_str()),
        (2, "smsc")
    );
    Ok(())
}

#[tokio::test]
async fn people_write_back_through_kannel() -> Tested {
    let two = Providers::start().await?;
    let customer = two.due(false).await?;
    two.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    let url = format!(
        "{}/v1/callbacks/sms/acme/inbound?provider=smsc",
        two.notifier.public_url
    );
    let get = async |rest: &str| -> anyhow::Result<u16> {
        Ok(reqwest::get(format!("{url}&{rest}")).await?.status().as_u16())
    };
    let said = "from=48600700123&to=%2B48732000000&text=%00T%00a%00k&charset=UTF-16BE&id=k1";
    assert_eq!(get(&format!("token=wrong&{said}")).await?, 401);
    assert!(two.notifier.truth().replies.is_empty());
    for _ in 0..2 {
        assert_eq!(get(&format!("token=let+me+in&{said}")).await?, 200);
    }
    let replies = two.notifier.truth().replies.clone();
    assert_eq!(replies.len(), 2, "a repeat is posted under the same name");
    let conversation = customer.conversation.to_string();
    assert!(
        replies
            .iter()
            .all(|reply| reply.conversation == conversation && reply.text == "Tak" && reply.client_id == "text:k1")
    );
    // The other provider's webhook works beside it.
    let twilio = format!(
        "{}/v1/callbacks/sms/acme/inbound?provider=main",
        two.notifier.public_url
    );
    let text = WrittenText {
        body: "Nie",
        ..WrittenText::default()
    };
    assert_eq!(two.main.write_text(&twilio, &text).await, 200);
    assert_eq!(two.notifier.truth().replies.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_korean_text_is_an_sms_or_an_lms_by_its_bytes_and_priced_so() -> Tested {
    let mut two = Providers::start().await?;
    let number = "+821012345678";
    let customer = two.notifier.prepared(number, "KR", None).await?;
    two.notifier.advance(30).await;
    let told = two.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let text = two.seoul.nth("01012345678", 1, SOON).await?;
    assert_eq!(
        (text.kind.as_str(), text.title.as_deref()),
        ("LMS", Some("Acme")),
        "{}",
        text.body
    );
    let delivery = &told.deliveries[0];
    assert_eq!(
        (delivery.kind(), delivery.parts, delivery.micro_pu),
        (MessageKind::Lms, 1, 3 * PART)
    );
    // A business whose name EUC-KR lacks: somebody else takes it, at the same price as was held.
    two.notifier.settings.business_name = "Zażółć".into();
    two.notifier.publish_channel(2).await?;
    let customer = two.notifier.prepared("+821012345679", "KR", None).await?;
    two.notifier.advance(30).await;
    let told = two.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(
        (told.deliveries[0].provider.as_str(), told.deliveries[0].kind()),
        ("smsc", MessageKind::Sms)
    );
    assert_eq!((two.seoul.calls(), two.smsc.calls()), (1, 1));
    Ok(())
}
