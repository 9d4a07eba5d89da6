//! Whether and how a customer is brought back.

use crate::harness::{EMAIL, Harness, PHONE, SOON, Tested};
use crate::words::{posted, token_in};
use domain::Clock;
use events::common::{AuthorRole, FollowUpPolicy, PresenceCause, PresenceState};
use events::event::{
    DeliveryAccepted, DeliveryAttempting, DeliveryPurpose, FollowUpEnd, FollowUpEnded, FollowUpStarted,
};
use rpc::notifier::{DeliveryStatus, FollowUpState, RedeemReturnLinkRequest, ResolveReturnLinkRequest};

#[tokio::test]
async fn a_customer_who_left_gets_a_text_then_a_mail_and_returns_by_the_link() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    assert_eq!(notifier.sent().await, (0, 0), "the debounce holds it back");
    notifier.advance(30).await;
    let text = notifier.sms.nth(PHONE, 1, SOON).await?;
    for needed in ["Ann", "Acme", "42", "STOP"] {
        assert!(text.body.contains(needed), "{needed} in {}", text.body);
    }
    assert!(!text.body.contains("message 2"), "the answer stands behind the link");
    assert_eq!(text.validity_period, Some(900));
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    let parts = notifier.truth().holds.values().map(|(_, parts)| *parts).sum::<u32>();
    assert_eq!(parts, text.segments, "our count is the provider's");

    notifier.advance(599).await;
    assert_eq!(notifier.sent().await, (1, 0), "the customer has time to respond");
    notifier.advance(2).await;
    let mail = notifier.smtp.nth(EMAIL, 1, SOON).await?;
    let (text_part, html) = (mail.text.unwrap_or_default(), mail.html.unwrap_or_default());
    assert!(text_part.contains("message 1 <b>") && text_part.contains("message 2 <b>"));
    assert!(html.contains("message 2 &lt;b&gt;"));
    assert_eq!(mail.subject.as_deref(), Some("Acme: your conversation no. 42"));
    notifier.delivery(&customer, DeliveryStatus::Accepted).await?;

    let token = token_in(&text_part).to_owned();
    let resolve = ResolveReturnLinkRequest {
        workspace: "acme".into(),
        token: token.clone(),
    };
    let page = notifier.client.clone().resolve_return_link(resolve).await?.into_inner();
    assert_eq!(page.page_url, "https://shop.example/cart");
    assert_eq!(
        notifier.explain(&customer).await?.follow_ups[0].state(),
        FollowUpState::Running
    );
    let redeem = RedeemReturnLinkRequest {
        workspace: "acme".into(),
        token,
    };
    let back = notifier.client.clone().redeem_return_link(redeem).await?.into_inner();
    assert_eq!(back.conversation, customer.conversation.to_string());
    assert_eq!(back.visitor, customer.visitor.to_string());
    notifier.read(&customer, 2).await?;
    let told = notifier
        .becomes(&customer, "ended with both causes", |told| {
            told.follow_ups[0].end_causes.len() == 2
        })
        .await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::Returned);
    assert_eq!(
        told.summary,
        "Sent: text delivered, e-mail accepted; it ended because the customer returned."
    );

    let started: Vec<FollowUpStarted> = notifier.facts(1).await?;
    assert_eq!((started.len(), started[0].from_seq), (1, 2));
    assert_eq!(notifier.facts::<DeliveryAttempting>(2).await?.len(), 2);
    let accepted: Vec<DeliveryAccepted> = notifier.facts(2).await?;
    assert_eq!(accepted[0].country, "PL");
    assert_eq!(accepted[0].purpose(), DeliveryPurpose::FollowUp);
    let ended: Vec<FollowUpEnded> = notifier.facts(1).await?;
    assert_eq!((ended[0].reason(), ended[0].to_seq), (FollowUpEnd::Returned, 2));
    Ok(())
}

#[tokio::test]
async fn who_stays_and_reads_gets_nothing_and_explain_says_why() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.answer(&customer, 2).await?;
    let told = notifier.state(&customer, FollowUpState::Watching).await?;
    assert_eq!(
        told.summary,
        "Nothing is sent yet: the customer is on the page and has not read the answer."
    );
    notifier.read(&customer, 2).await?;
    let told = notifier.state(&customer, FollowUpState::Done).await?;
    assert_eq!(told.summary, "Nothing was sent: the customer read the answer.");
    let ended = told.timeline.iter().find(|line| line.what == "ended").expect("an end");
    assert_eq!(ended.facts["presence"], "online");
    assert_eq!(ended.facts["causes"], "read");
    notifier.leave(&customer).await?;
    notifier.advance(3600).await;
    assert_eq!(notifier.sent().await, (0, 0));
    Ok(())
}

#[tokio::test]
async fn who_reads_replies_or_returns_within_the_debounce_gets_nothing() -> Tested {
    let notifier = Harness::start().await?;
    for reason in [FollowUpEnd::Read, FollowUpEnd::Replied, FollowUpEnd::Returned] {
        let customer = notifier.customer(true, true).await?;
        notifier.leave(&customer).await?;
        notifier.answer(&customer, 2).await?;
        notifier.armed(&customer).await?;
        notifier.advance(10).await;
        match reason {
            FollowUpEnd::Read => notifier.read(&customer, 2).await?,
            FollowUpEnd::Replied => notifier.post(&customer, 3, AuthorRole::Customer, true).await?,
            _ => notifier.come_back(&customer).await?,
        }
        let told = notifier.state(&customer, FollowUpState::Done).await?;
        assert_eq!(told.follow_ups[0].end_reason(), reason);
        notifier.advance(60).await;
        assert_eq!(notifier.sent().await, (0, 0), "{reason:?}");
    }
    Ok(())
}

#[tokio::test]
async fn leaving_with_an_answer_unread_starts_it_too() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, false).await?;
    notifier.answer(&customer, 2).await?;
    notifier.state(&customer, FollowUpState::Watching).await?;
    notifier.advance(300).await;
    assert_eq!(notifier.sent().await, (0, 0), "the customer is on the page");
    notifier
        .presence(&customer, PresenceState::Offline, PresenceCause::Idle)
        .await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    notifier.advance(600).await;
    let told = notifier.state(&customer, FollowUpState::Done).await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::Exhausted);
    assert_eq!(notifier.sent().await, (1, 0));
    Ok(())
}

#[tokio::test]
async fn without_an_address_nothing_is_sent_and_the_reason_is_recorded() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(false, false).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    let told = notifier.state(&customer, FollowUpState::Done).await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::NoAddress);
    assert_eq!(
        told.summary,
        "Nothing was sent: no phone number and no e-mail address was given."
    );
    assert_eq!(notifier.sent().await, (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_number_that_another_system_gave_is_not_texted_and_explain_says_why() -> Tested {
    let notifier = Harness::start().await?;
    for (email, reason) in [(false, FollowUpEnd::NoPresence), (true, FollowUpEnd::Exhausted)] {
        let customer = notifier.make_up(AuthorRole::Customer, "web", true, email);
        notifier.change_context(&customer, |context| context.visitor = String::new());
        notifier.publish_channel(1).await?;
        notifier.start_conversation(&customer, "").await?;
        notifier.post(&customer, 1, AuthorRole::Customer, true).await?;
        notifier.answer(&customer, 2).await?;
        notifier.armed(&customer).await?;
        notifier.advance(60).await;
        if email {
            notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
            notifier.advance(600).await;
        }
        let told = notifier.state(&customer, FollowUpState::Done).await?;
        assert_eq!(told.follow_ups[0].end_reason(), reason);
        if !email {
            assert_eq!(
                told.summary,
                "Nothing was sent: no presence is told for this customer, so texts are not used, and no e-mail address \
                 was given."
            );
        }
    }
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

#[tokio::test]
async fn answers_that_must_not_be_followed_up_are_not() -> Tested {
    let mut notifier = Harness::start().await?;
    let agents = notifier.customer_of(AuthorRole::Agent, true, true).await?;
    notifier.leave(&agents).await?;
    notifier.answer(&agents, 1).await?;
    let told = notifier.state(&agents, FollowUpState::Done).await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::AgentOpened);

    let marked = notifier.customer(true, true).await?;
    notifier.leave(&marked).await?;
    notifier.post(&marked, 2, AuthorRole::Agent, false).await?;
    let told = notifier.state(&marked, FollowUpState::Done).await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::Marked);

    let bots = notifier.customer(true, true).await?;
    notifier.leave(&bots).await?;
    notifier.post(&bots, 2, AuthorRole::Bot, true).await?;
    notifier.post(&bots, 3, AuthorRole::System, true).await?;

    notifier.settings.follow_up = false;
    notifier.publish_channel(2).await?;
    let off = notifier.customer(true, true).await?;
    notifier.leave(&off).await?;
    notifier.answer(&off, 2).await?;
    let told = notifier.state(&off, FollowUpState::Done).await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::SwitchedOff);
    notifier.advance(3600).await;
    assert_eq!(notifier.sent().await, (0, 0));
    assert!(notifier.explain(&bots).await?.follow_ups.is_empty());
    Ok(())
}

#[tokio::test]
async fn mail_alone_goes_out_while_the_page_is_open_but_untouched() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.policy = FollowUpPolicy::EmailOnUnread.into();
    let customer = notifier.customer(true, true).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(59).await;
    assert_eq!(notifier.sent().await, (0, 0));
    notifier.advance(1).await;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

#[tokio::test]
async fn the_first_message_is_confirmed_once() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.confirmation_text = true;
    let customer = notifier.customer(true, true).await?;
    let text = notifier.sms.nth(PHONE, 1, SOON).await?;
    assert!(text.body.contains("has your message"), "{}", text.body);
    notifier.post(&customer, 2, AuthorRole::Customer, true).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(told.deliveries[0].purpose(), DeliveryPurpose::Confirmation);
    assert!(told.follow_ups.is_empty());
    assert_eq!(notifier.sent().await, (1, 0));
    Ok(())
}

#[tokio::test]
async fn answers_after_the_last_send_open_a_follow_up_of_their_own_an_hour_later() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.texted().await?;
    notifier.advance(60).await;
    notifier.answer(&customer, 3).await?;
    let told = notifier
        .becomes(&customer, "a second follow-up", |told| told.follow_ups.len() == 2)
        .await?;
    assert_eq!(told.follow_ups[1].end_reason(), FollowUpEnd::Superseded);
    assert_eq!(told.follow_ups[0].from_seq, 3);
    notifier.advance(3500).await;
    assert_eq!(notifier.sent().await, (1, 0));
    notifier.advance(45).await;
    notifier.sms.nth(PHONE, 2, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn without_debounce_the_text_goes_out_at_once() -> Tested {
    let mut notifier = Harness::start().await?;
    (notifier.settings.debounce_ms, notifier.settings.ceiling_ms) = (0, 0);
    let customer = notifier.customer(true, false).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!((told.follow_ups.len(), told.deliveries.len()), (1, 1));
    Ok(())
}

#[tokio::test]
async fn an_answer_that_was_read_before_we_heard_of_it_is_explained_too() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.read(&customer, 2).await?;
    notifier.caught_up().await?;
    let at = Some(events::stamp(notifier.clock.now()));
    for _ in 0..2 {
        notifier
            .publish(&posted(&customer, 2, AuthorRole::Agent, true, at))
            .await?;
    }
    notifier.caught_up().await?;
    let told = notifier.explain(&customer).await?;
    assert_eq!(told.summary, "Nothing was sent: the customer read the answer.");
    assert_eq!(told.follow_ups.len(), 1);
    Ok(())
}
