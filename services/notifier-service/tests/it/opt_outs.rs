//! Who wants no more texts gets none.

use crate::harness::{Customer, EMAIL, Harness, PHONE, SOON, Tested};
use crate::limits::{due, mailed_because};
use domain::Clock;
use events::common::{AuthorRole, ChannelKind};
use events::event::ChannelChanged;
use events::stamp;
use jiff::SignedDuration;
use rpc::notifier::set_opt_out_request::Address;
use rpc::notifier::{GetOptOutRequest, SetOptOutRequest, get_opt_out_request};
use testkit::eventually;

async fn is_opted_out(notifier: &Harness) -> anyhow::Result<bool> {
    let request = GetOptOutRequest {
        workspace: "acme".into(),
        address: Some(get_opt_out_request::Address::Phone(PHONE.into())),
    };
    let told = notifier.client.clone().get_opt_out(request).await?.into_inner();
    Ok(told.opted_out)
}

#[tokio::test]
async fn who_opted_out_gets_no_text_and_can_come_back() -> Tested {
    let notifier = Harness::start().await?;
    let opt = |opted_out: bool| SetOptOutRequest {
        workspace: "acme".into(),
        address: Some(Address::Phone(PHONE.into())),
        opted_out,
    };
    assert!(!is_opted_out(&notifier).await?, "nothing was said yet");
    notifier.client.clone().set_opt_out(opt(true)).await?;
    assert!(is_opted_out(&notifier).await?);
    let customer = due(&notifier).await?;
    mailed_because(&notifier, &customer, 1, "send.opted_out").await?;
    notifier.client.clone().set_opt_out(opt(false)).await?;
    assert!(!is_opted_out(&notifier).await?);
    due(&notifier).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    let unclear = SetOptOutRequest {
        workspace: "acme".into(),
        address: Some(Address::Phone("600700123".into())),
        opted_out: true,
    };
    let refused = notifier
        .client
        .clone()
        .set_opt_out(unclear)
        .await
        .expect_err("no E.164");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    Ok(())
}

/// A customer whose messages come by text; the fact of the channel may be missing.
async fn by_text(notifier: &Harness, told: bool) -> anyhow::Result<Customer> {
    let customer = notifier.make_up(AuthorRole::Customer, "sms", true, false);
    if told {
        let channel = ChannelChanged {
            channel: "sms".into(),
            version: 1,
            kind: ChannelKind::Sms.into(),
            settings: Some(notifier.settings.clone()),
            at: Some(stamp(notifier.clock.now())),
        };
        notifier.publish(&channel).await?;
        notifier.start_conversation(&customer, "").await?;
        notifier.caught_up().await?;
    }
    Ok(customer)
}

async fn writes(notifier: &Harness, customer: &Customer, seq: u64, text: &str) -> Tested {
    let now = notifier.clock.now();
    notifier.say(customer, seq, AuthorRole::Customer, true, text, now).await
}

#[tokio::test]
async fn stop_by_text_opts_out_and_start_opts_in() -> Tested {
    let notifier = Harness::start().await?;
    let texting = by_text(&notifier, true).await?;
    writes(&notifier, &texting, 1, "please stop it").await?;
    notifier.caught_up().await?;
    assert!(!is_opted_out(&notifier).await?, "only the whole text counts");
    writes(&notifier, &texting, 2, " Stop ").await?;
    notifier.caught_up().await?;
    assert!(is_opted_out(&notifier).await?);
    let customer = due(&notifier).await?;
    mailed_because(&notifier, &customer, 1, "send.opted_out").await?;
    writes(&notifier, &texting, 3, "Yes").await?;
    notifier.caught_up().await?;
    assert!(!is_opted_out(&notifier).await?, "a yes takes a stop back");
    writes(&notifier, &texting, 4, "STOP").await?;
    notifier.advance(1).await;
    writes(&notifier, &texting, 5, "START").await?;
    notifier.caught_up().await?;
    due(&notifier).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    // Heard of late: the newer word stands.
    let earlier = notifier.clock.now() - SignedDuration::from_mins(30);
    notifier
        .say(&texting, 6, AuthorRole::Customer, true, "STOP", earlier)
        .await?;
    notifier.caught_up().await?;
    assert!(!is_opted_out(&notifier).await?);
    Ok(())
}

#[tokio::test]
async fn stop_counts_before_the_channel_is_told_of() -> Tested {
    let notifier = Harness::start().await?;
    let texting = by_text(&notifier, false).await?;
    writes(&notifier, &texting, 1, "STOP").await?;
    eventually("opted out", SOON, async || {
        is_opted_out(&notifier).await.ok()?.then_some(())
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn in_a_chat_stop_is_a_word_like_any_other() -> Tested {
    let notifier = Harness::start().await?;
    for (texts, word) in [(1, "cancel"), (2, "STOP"), (3, "end")] {
        let customer = notifier.customer(true, true).await?;
        writes(&notifier, &customer, 2, word).await?;
        notifier.leave(&customer).await?;
        notifier.answer(&customer, 3).await?;
        notifier.armed(&customer).await?;
        notifier.advance(30).await;
        notifier.sms.nth(PHONE, texts, SOON).await?;
    }
    assert!(!is_opted_out(&notifier).await?);
    assert!(notifier.smtp.to(EMAIL).is_empty());
    Ok(())
}
