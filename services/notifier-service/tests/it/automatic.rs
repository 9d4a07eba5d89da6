//! What teams say by themselves goes out as their agents' words do, and what answers a call goes by text.

use crate::harness::{Harness, Tested};
use domain::Clock;
use events::common::{AuthorRole, Carriage, ChannelKind};
use events::event::ChannelChanged;
use events::stamp;
use rpc::notifier::DeliveryStatus;

#[tokio::test]
async fn on_a_channel_of_texts_it_goes_out_in_its_turn() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.texting().await?;
    notifier.say_by_itself(&customer, 2, Carriage::Channel).await?;
    notifier.answer(&customer, 3).await?;
    // A note of the system is for agents.
    notifier.post(&customer, 4, AuthorRole::System, false).await?;
    notifier.message(&customer, 3, DeliveryStatus::Delivered).await?;
    notifier.caught_up().await?;
    assert_eq!(notifier.bodies(), ["message 2 <b>", "message 3 <b>"]);
    Ok(())
}

#[tokio::test]
async fn what_answers_a_call_goes_by_text_wherever_it_stands_and_nothing_else_does() -> Tested {
    let notifier = Harness::start().await?;
    // A chat on the web: what is written there is not brought by text.
    let customer = notifier.customer(true, false).await?;
    notifier.caught_up().await?;
    notifier.post(&customer, 2, AuthorRole::Agent, false).await?;
    notifier.say_by_itself(&customer, 3, Carriage::Channel).await?;
    // The call itself is a note.
    notifier.post(&customer, 4, AuthorRole::System, false).await?;
    notifier.say_by_itself(&customer, 5, Carriage::Text).await?;
    notifier.message(&customer, 5, DeliveryStatus::Delivered).await?;
    notifier.caught_up().await?;
    assert_eq!(notifier.bodies(), ["message 5 <b>"]);
    assert_eq!(notifier.sent().await, (1, 0), "nothing else is sent because of it");
    Ok(())
}

#[tokio::test]
async fn a_call_is_no_consent_to_be_written_to_but_is_answered() -> Tested {
    let notifier = Harness::start().await?;
    // Nobody has written here.
    let customer = notifier.customer_of(AuthorRole::Agent, true, false).await?;
    notifier.caught_up().await?;
    notifier.say_by_itself(&customer, 2, Carriage::Text).await?;
    notifier.message(&customer, 2, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.bodies(), ["message 2 <b>"]);
    Ok(())
}

#[tokio::test]
async fn on_a_channel_that_is_called_agents_answer_by_text_who_has_written() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.make_up(AuthorRole::Customer, "phone", true, false);
    let called = ChannelChanged {
        channel: "phone".into(),
        version: 1,
        kind: ChannelKind::Voice.into(),
        settings: Some(notifier.settings.clone()),
        at: Some(stamp(notifier.clock.now())),
    };
    notifier.publish(&called).await?;
    notifier.start_conversation(&customer, "").await?;
    notifier.caught_up().await?;
    notifier.say_by_itself(&customer, 2, Carriage::Text).await?;
    notifier.message(&customer, 2, DeliveryStatus::Delivered).await?;
    // A call is no word: to write first takes a consent.
    assert_eq!(notifier.refused(&customer, 3).await?, "send.no_consent");
    notifier.post(&customer, 4, AuthorRole::Customer, true).await?;
    notifier.caught_up().await?;
    notifier.answer(&customer, 5).await?;
    notifier.message(&customer, 5, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.bodies(), ["message 2 <b>", "message 5 <b>"]);
    Ok(())
}

#[tokio::test]
async fn whoever_calls_again_and_again_gets_no_more_texts_than_a_number_may() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, false).await?;
    notifier.caught_up().await?;
    for call in 1..=4_u64 {
        let seq = 2 * call;
        notifier.post(&customer, seq, AuthorRole::Customer, true).await?;
        notifier.say_by_itself(&customer, seq + 1, Carriage::Text).await?;
        let end = if call < 4 {
            DeliveryStatus::Delivered
        } else {
            DeliveryStatus::Failed
        };
        let delivery = notifier.message(&customer, seq + 1, end).await?;
        assert_eq!(delivery.reason, if call < 4 { "" } else { "send.limit" });
    }
    assert_eq!(notifier.bodies().len(), 3);
    Ok(())
}
