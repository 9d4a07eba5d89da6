//! Before, between and instead of the steps of a follow-up.

use crate::harness::{EMAIL, Harness, PHONE, SOON, Tested};
use crate::limits::due;
use events::common::{AuthorRole, FollowUpPolicy, PresenceCause, PresenceState};
use rpc::notifier::set_opt_out_request::Address;
use rpc::notifier::{DeliveryStatus, FollowUpState, SetOptOutRequest};

#[tokio::test]
async fn who_reads_or_returns_after_the_text_gets_no_mail() -> Tested {
    let notifier = Harness::start().await?;
    for (texts, returns) in [(1, false), (2, true)] {
        let customer = due(&notifier).await?;
        notifier.sms.nth(PHONE, texts, SOON).await?;
        notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
        if returns {
            notifier.come_back(&customer).await?;
        } else {
            notifier.read(&customer, 2).await?;
        }
        notifier.state(&customer, FollowUpState::Done).await?;
        notifier.advance(3600).await;
        assert_eq!(notifier.sent().await, (texts, 0));
    }
    Ok(())
}

#[tokio::test]
async fn texts_and_mails_are_in_the_channels_language() -> Tested {
    let mut notifier = Harness::start().await?;
    let told = [
        ("pl", "odpowiada w rozmowie nr 42", "Acme: Twoja rozmowa nr 42"),
        ("fr", "vous a répondu, no 42", "Acme : votre conversation no 42"),
    ];
    for (number, (language, text, subject)) in (1..).zip(told) {
        notifier.settings.language = language.into();
        let customer = due(&notifier).await?;
        let arrived = notifier.sms.nth(PHONE, number, SOON).await?;
        assert!(arrived.body.contains(text), "{}", arrived.body);
        notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
        notifier.advance(600).await;
        let mail = notifier.smtp.nth(EMAIL, number, SOON).await?;
        assert_eq!(mail.subject.as_deref(), Some(subject));
    }
    Ok(())
}

#[tokio::test]
async fn a_bots_answer_starts_a_follow_up_only_where_the_channel_says_so() -> Tested {
    let mut notifier = Harness::start().await?;
    let customer = notifier.customer(true, false).await?;
    notifier.leave(&customer).await?;
    notifier.post(&customer, 2, AuthorRole::Bot, true).await?;
    notifier.caught_up().await?;
    notifier.advance(600).await;
    assert_eq!(notifier.sent().await, (0, 0));
    notifier.read(&customer, 2).await?;
    notifier.settings.bot_answers_follow_up = true;
    notifier.publish_channel(99).await?;
    let customer = notifier.customer(true, false).await?;
    notifier.leave(&customer).await?;
    notifier.post(&customer, 2, AuthorRole::Bot, true).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn answers_in_quick_succession_are_told_of_once() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    for seq in 2..=4 {
        notifier.answer(&customer, seq).await?;
        notifier.caught_up().await?;
        notifier.advance(20).await;
    }
    assert_eq!(
        notifier.sent().await,
        (0, 0),
        "20 s after the last, 60 s after the first"
    );
    notifier.advance(10).await;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    notifier.advance(601).await;
    let mail = notifier.smtp.nth(EMAIL, 1, SOON).await?.text.unwrap_or_default();
    for seq in 2..=4 {
        assert!(mail.contains(&format!("message {seq} ")), "answer {seq} in {mail}");
    }
    let told = notifier.explain(&customer).await?;
    assert_eq!(told.follow_ups.len(), 1);
    Ok(())
}

#[tokio::test]
async fn answers_without_end_are_told_of_at_the_ceiling() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, false).await?;
    notifier.leave(&customer).await?;
    for seq in 2..=7 {
        assert_eq!(notifier.sent().await, (0, 0), "before answer {seq}");
        notifier.answer(&customer, seq).await?;
        notifier.caught_up().await?;
        notifier.advance(20).await;
    }
    notifier.sms.nth(PHONE, 1, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn a_mail_alone_goes_after_the_debounce_to_who_closed_the_page() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.policy = FollowUpPolicy::EmailOnUnread.into();
    notifier.publish_channel(99).await?;
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(29).await;
    assert_eq!(notifier.sent().await, (0, 0));
    notifier.advance(1).await;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    assert_eq!(notifier.sent().await, (0, 1), "no text under this policy");
    Ok(())
}

#[tokio::test]
async fn while_nobody_can_tell_where_the_customer_is_nothing_is_sent() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier
        .presence(&customer, PresenceState::Unknown, PresenceCause::GatewayLost)
        .await?;
    notifier.answer(&customer, 2).await?;
    notifier.state(&customer, FollowUpState::Deferred).await?;
    notifier.advance(3600).await;
    assert_eq!(notifier.sent().await, (0, 0), "our outage is not their absence");
    notifier.leave(&customer).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn a_confirmation_respects_opt_out_balance_and_the_days_limit() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.confirmation_text = true;
    notifier.publish_channel(99).await?;
    let opt = |opted_out| SetOptOutRequest {
        workspace: "acme".into(),
        address: Some(Address::Phone(PHONE.into())),
        opted_out,
    };
    let refused = async |reason: &str| {
        let customer = notifier.customer(true, false).await?;
        let told = notifier.delivery(&customer, DeliveryStatus::Failed).await?;
        assert_eq!(told.deliveries[0].reason, reason);
        anyhow::Ok(())
    };
    notifier.client.clone().set_opt_out(opt(true)).await?;
    refused("send.opted_out").await?;
    notifier.client.clone().set_opt_out(opt(false)).await?;
    notifier.truth().not_covered = true;
    refused("billing.not_covered").await?;
    notifier.truth().not_covered = false;
    for _ in 0..3 {
        let customer = notifier.customer(true, false).await?;
        notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    }
    refused("send.limit").await?;
    assert_eq!(notifier.sent().await, (3, 0));
    Ok(())
}

#[tokio::test]
async fn a_long_text_is_held_with_as_many_parts_as_the_provider_counts() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.business_name = "Żółta Księgarnia na Rogu Świętojańskiej i Długiej, Gdańsk".into();
    notifier.publish_channel(99).await?;
    let customer = notifier.customer(true, false).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    let text = notifier.sms.nth(PHONE, 1, SOON).await?;
    let parts: u32 = notifier.truth().holds.values().map(|(_, parts)| *parts).sum();
    assert!(text.segments >= 2, "{} parts", text.segments);
    assert_eq!(parts, text.segments);
    Ok(())
}
