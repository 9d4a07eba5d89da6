//! Who writes STOP, START or HELP is told what it does, once, where the provider says nothing itself.

use crate::harness::{PHONE, Tested};
use crate::providers::Providers;
use anyhow::Context;
use events::event::DeliveryPurpose;
use testkit::WrittenText;

impl Providers {
    /// A text comes in through Kannel, which answers no keywords.
    async fn written(&self, id: &str, text: &str) -> anyhow::Result<u16> {
        let from = PHONE.trim_start_matches('+');
        let url = format!(
            "{}/v1/callbacks/sms/acme/inbound?provider=smsc&token=let+me+in&from={from}&to=%2B48732000000&charset=UTF-8\
             &text={text}&id={id}",
            self.notifier.public_url
        );
        Ok(reqwest::get(url).await?.status().as_u16())
    }

    /// How many texts went out in all, and the newest one.
    async fn newest(&self) -> anyhow::Result<(usize, String)> {
        self.notifier.quiet().await?;
        let texts = self.smsc.messages();
        let newest = texts.last().context("a text")?.body.clone();
        assert_eq!(self.main.messages().len(), 0);
        Ok((texts.len(), newest))
    }
}

#[tokio::test]
async fn a_keyword_gets_one_answer_a_day_where_its_provider_gives_none() -> Tested {
    let two = Providers::start().await?;
    let customer = two.notifier.texted().await?;
    for (id, word) in [("k1", "Info"), ("k1", "Info"), ("k2", "HELP"), ("k3", "Help+me")] {
        assert_eq!(two.written(id, word).await?, 200);
    }
    let (sent, text) = two.newest().await?;
    assert!(
        sent == 2 && text.starts_with("Acme: ") && text.contains("STOP"),
        "{sent}: {text}"
    );
    assert_eq!(two.notifier.truth().replies.len(), 4, "the agent sees each");
    let told = two.notifier.explain(&customer).await?;
    let answer = told.deliveries.last().context("a delivery")?;
    assert_eq!((answer.purpose(), answer.parts), (DeliveryPurpose::Keyword, 1));
    two.notifier.advance(24 * 3600).await;
    assert_eq!(two.written("k4", "help").await?, 200);
    assert_eq!(two.newest().await?.0, 3, "another day");

    for (id, word) in [("k5", "STOP"), ("k5", "STOP"), ("k6", "stop"), ("k7", "HELP")] {
        assert_eq!(two.written(id, word).await?, 200);
    }
    let (sent, text) = two.newest().await?;
    assert!(
        sent == 4 && text.contains("START"),
        "one for the STOP, nothing after it: {sent}: {text}"
    );
    two.notifier.advance(24 * 3600).await;
    assert_eq!(two.written("k8", "HELP").await?, 200);
    assert_eq!(two.newest().await?.0, 4, "whoever wants no more gets none");
    assert_eq!(two.written("k9", "START").await?, 200);
    assert!(two.newest().await?.1.contains("STOP"));
    // Twilio answers keywords itself.
    let url = format!(
        "{}/v1/callbacks/sms/acme/inbound?provider=main",
        two.notifier.public_url
    );
    let help = WrittenText {
        body: "HELP",
        ..WrittenText::default()
    };
    assert_eq!(two.main.write_text(&url, &help).await, 200);
    assert_eq!(two.newest().await?.0, 5);
    Ok(())
}
