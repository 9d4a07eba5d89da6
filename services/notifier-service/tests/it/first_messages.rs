//! What agents write to people who have not written themselves: only with their consent, by day, and within the limits.

use crate::harness::{Customer, Harness, PHONE, Tested};
use events::common::AuthorRole;
use events::event::DeliveryFailed;
use rpc::contacts::WithdrawnBy;
use rpc::notifier::DeliveryStatus;

impl Harness {
    /// The customer's number, as contacts-service calls it.
    fn number_of(&self, customer: &Customer) -> String {
        let context = &self.truth().contexts[&customer.conversation.to_string()];
        context.phone_address.clone()
    }

    /// A consent for outreach names the customer's number.
    pub fn consent(&self, customer: &Customer) {
        let number = self.number_of(customer);
        self.truth().consents.insert(number);
    }

    /// A conversation that an agent opened with somebody in Poland, at this moment.
    async fn opened_at(&self, at: &str) -> anyhow::Result<Customer> {
        self.clock.set(at.parse()?);
        let customer = self.make_up(AuthorRole::Agent, "sms", true, false);
        self.publish_texts(1).await?;
        self.start_conversation(&customer, "").await?;
        Ok(customer)
    }

    async fn waits_for_the_morning(&self, customer: &Customer) -> Tested {
        self.becomes(customer, "put off", |told| {
            let mut put_off = told.timeline.iter().filter(|line| line.what == "postponed");
            put_off
                .next_back()
                .is_some_and(|line| line.facts["why"] == "quiet_hours")
        })
        .await?;
        Ok(())
    }
}

#[tokio::test]
async fn without_a_consent_nobody_is_written_to_first() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.opened_at("2026-11-23T10:00:00Z").await?;
    assert_eq!(notifier.refused(&customer, 1).await?, "send.no_consent");
    assert!(notifier.truth().holds.is_empty(), "nothing was held");
    let failed: Vec<DeliveryFailed> = notifier.facts(1).await?;
    assert_eq!((failed[0].seq, failed[0].reason.as_str()), (1, "send.no_consent"));
    let told = notifier.explain(&customer).await?.summary;
    assert!(told.contains("consent for outreach"), "{told}");
    // With one it goes out; who has written needs none.
    notifier.consent(&customer);
    notifier.answer(&customer, 2).await?;
    notifier.message(&customer, 2, DeliveryStatus::Delivered).await?;
    notifier.post(&customer, 3, AuthorRole::Customer, true).await?;
    notifier.truth().consents.clear();
    notifier.answer(&customer, 4).await?;
    notifier.message(&customer, 4, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.bodies(), ["message 2 <b>", "message 4 <b>"]);
    Ok(())
}

#[tokio::test]
async fn a_first_message_waits_for_the_morning_and_a_withdrawal_in_the_night_holds() -> Tested {
    let notifier = Harness::start().await?;
    // 20:30 in Warsaw, on a channel without quiet hours.
    let withdrawn = notifier.opened_at("2026-11-22T19:30:00Z").await?;
    let asked = notifier.opened_at("2026-11-22T19:30:00Z").await?;
    for customer in [&withdrawn, &asked] {
        notifier.consent(customer);
        notifier.answer(customer, 1).await?;
        notifier.waits_for_the_morning(customer).await?;
    }
    assert!(notifier.truth().holds.is_empty(), "what waits blocks no balance");
    notifier.clock.set("2026-11-23T07:59:59Z".parse()?);
    assert_eq!(notifier.sent().await, (0, 0), "one second before nine in Warsaw");
    let number = notifier.number_of(&withdrawn);
    notifier.truth().consents.remove(&number);
    // Spread over ten minutes.
    notifier.advance(601).await;
    let told = notifier.message(&withdrawn, 1, DeliveryStatus::Failed).await?;
    assert_eq!(told.reason, "send.no_consent");
    notifier.message(&asked, 1, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.sent().await, (1, 0));
    Ok(())
}

#[tokio::test]
async fn a_channels_own_quiet_hours_hold_for_first_messages_too() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.text_quiet_hours = "23:00-10:00".into();
    // 9:30 in Warsaw.
    let customer = notifier.opened_at("2026-11-23T08:30:00Z").await?;
    notifier.consent(&customer);
    notifier.answer(&customer, 1).await?;
    notifier.waits_for_the_morning(&customer).await?;
    // What comes after it looks once whether it is its turn, and waits as long.
    notifier.answer(&customer, 2).await?;
    notifier.caught_up().await?;
    notifier.advance(31).await;
    let behind = "SELECT count(*) FROM delivery WHERE seq = 2 AND due_at >= '2026-11-23T09:00:00Z' AND $1 = ''";
    testkit::eventually("the second one waits", crate::harness::SOON, async || {
        (notifier.count(behind, "").await.ok()? == 1).then_some(())
    })
    .await?;
    assert_eq!(notifier.sent().await, (0, 0));
    notifier.clock.set("2026-11-23T09:10:01Z".parse()?);
    notifier.message(&customer, 2, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.bodies(), ["message 1 <b>", "message 2 <b>"]);
    Ok(())
}

#[tokio::test]
async fn first_messages_count_for_a_numbers_day() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.texts_per_number_per_day = 2;
    let customer = notifier.opened_at("2026-11-23T10:00:00Z").await?;
    notifier.consent(&customer);
    for seq in 1..=2 {
        notifier.answer(&customer, seq).await?;
        notifier.message(&customer, seq, DeliveryStatus::Delivered).await?;
    }
    assert_eq!(notifier.refused(&customer, 3).await?, "send.limit");
    // What is said to somebody who has answered does not.
    notifier.post(&customer, 4, AuthorRole::Customer, true).await?;
    notifier.answer(&customer, 5).await?;
    notifier.message(&customer, 5, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.sent().await, (3, 0));
    Ok(())
}

#[tokio::test]
async fn who_writes_in_the_evening_is_answered_before_the_morning() -> Tested {
    let notifier = Harness::start().await?;
    // 19:30 in Warsaw; at half past eight the second one is put off.
    let customer = notifier.opened_at("2026-11-22T18:30:00Z").await?;
    notifier.consent(&customer);
    notifier.answer(&customer, 1).await?;
    notifier.message(&customer, 1, DeliveryStatus::Delivered).await?;
    notifier.clock.set("2026-11-22T19:30:00Z".parse()?);
    notifier.answer(&customer, 2).await?;
    notifier.waits_for_the_morning(&customer).await?;
    notifier.post(&customer, 3, AuthorRole::Customer, true).await?;
    notifier.message(&customer, 2, DeliveryStatus::Delivered).await?;
    notifier.answer(&customer, 4).await?;
    notifier.message(&customer, 4, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.bodies(), ["message 1 <b>", "message 2 <b>", "message 4 <b>"]);
    Ok(())
}

#[tokio::test]
async fn a_first_message_is_taken_back_by_resolving_its_conversation() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.opened_at("2026-11-22T19:30:00Z").await?;
    notifier.consent(&customer);
    notifier.answer(&customer, 1).await?;
    notifier.waits_for_the_morning(&customer).await?;
    notifier.change_context(&customer, |context| context.resolved = true);
    notifier.clock.set("2026-11-23T08:10:01Z".parse()?);
    let told = notifier.message(&customer, 1, DeliveryStatus::Failed).await?;
    assert_eq!(told.reason, "send.cancelled");
    assert_eq!(notifier.sent().await, (0, 0));
    Ok(())
}

#[tokio::test]
async fn changed_quiet_hours_let_go_first_messages_too() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.text_quiet_hours = "23:00-11:00".into();
    // Half past nine in Warsaw.
    let customer = notifier.opened_at("2026-11-23T08:30:00Z").await?;
    notifier.consent(&customer);
    notifier.answer(&customer, 1).await?;
    notifier.waits_for_the_morning(&customer).await?;
    notifier.settings.text_quiet_hours.clear();
    let settings = notifier.settings.clone();
    notifier.change_context(&customer, |context| context.settings = Some(settings));
    notifier.publish_texts(99).await?;
    notifier.message(&customer, 1, DeliveryStatus::Delivered).await?;
    Ok(())
}

#[tokio::test]
async fn hours_that_leave_no_time_are_a_reason() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.text_quiet_hours = "08:45-20:00".into();
    let customer = notifier.opened_at("2026-11-23T10:00:00Z").await?;
    notifier.consent(&customer);
    assert_eq!(notifier.refused(&customer, 1).await?, "send.no_hour");
    Ok(())
}

#[tokio::test]
async fn who_says_stop_takes_back_what_they_agreed_to() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.opened_at("2026-11-23T10:00:00Z").await?;
    notifier.consent(&customer);
    notifier.answer(&customer, 1).await?;
    notifier.message(&customer, 1, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.written("SM1", PHONE, "Thank you").await, 200);
    assert!(notifier.truth().withdrawn.is_empty());
    assert_eq!(notifier.written("SM2", PHONE, "STOP").await, 200);
    let by_message = (PHONE.to_owned(), WithdrawnBy::Message);
    assert_eq!(notifier.truth().withdrawn, vec![by_message.clone()]);
    // The provider brings it again: the same moment, so nothing more.
    assert_eq!(notifier.written("SM2", PHONE, "STOP").await, 200);
    assert_eq!(notifier.truth().withdrawn, vec![by_message; 2]);
    // After a START an old STOP that is brought again takes nothing back.
    assert_eq!(notifier.written("SM3", PHONE, "START").await, 200);
    assert_eq!(notifier.written("SM2", PHONE, "STOP").await, 200);
    assert_eq!(notifier.truth().withdrawn.len(), 2);
    Ok(())
}
