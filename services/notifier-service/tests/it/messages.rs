//! What agents write on a channel of texts goes out as it stands: once, in its order, and its end is told.

use crate::harness::{Customer, Harness, PHONE, SOON, Tested};
use crate::peers::PART;
use crate::words::posted;
use domain::{Clock, EventId, WorkspaceId};
use events::common::{AuthorRole, ChannelKind, MessageKind};
use events::event::{
    ChannelChanged, DeliveryAccepted, DeliveryAttempting, DeliveryDelivered, DeliveryFailed, DeliveryPurpose,
    DeliveryUndelivered, DeliveryUnknown,
};
use events::stamp;
use jiff::SignedDuration;
use rpc::notifier::{Delivery, DeliveryStatus};
use testkit::{ReceiptMode, SmsFault, eventually};
use uuid::Uuid;

impl Harness {
    /// The channel that carries texts, with the settings as they stand.
    pub async fn publish_texts(&self, version: u64) -> Tested {
        self.publish(&ChannelChanged {
            channel: "sms".into(),
            version,
            kind: ChannelKind::Sms.into(),
            settings: Some(self.settings.clone()),
            at: Some(stamp(self.clock.now())),
        })
        .await
    }

    /// Somebody who writes texts, and whose first one was heard of.
    pub async fn texting(&self) -> anyhow::Result<Customer> {
        let customer = self.make_up(AuthorRole::Customer, "sms", true, false);
        self.publish_texts(1).await?;
        self.start_conversation(&customer, "").await?;
        self.post(&customer, 1, AuthorRole::Customer, true).await?;
        self.caught_up().await?;
        Ok(customer)
    }

    pub fn bodies(&self) -> Vec<String> {
        self.sms.messages().into_iter().map(|text| text.body).collect()
    }

    /// The delivery of a message, once it has this status.
    pub async fn message(&self, customer: &Customer, seq: u64, status: DeliveryStatus) -> anyhow::Result<Delivery> {
        let of = |delivery: &&Delivery| delivery.seq == seq && delivery.status() == status;
        let told = self
            .becomes(customer, status.as_str_name(), |told| {
                told.deliveries.iter().any(|one| of(&one))
            })
            .await?;
        Ok(told.deliveries.iter().find(of).expect("it was there").clone())
    }

    /// The next answer, and the reason why it is not sent.
    pub async fn refused(&self, customer: &Customer, seq: u64) -> anyhow::Result<String> {
        self.answer(customer, seq).await?;
        Ok(self.message(customer, seq, DeliveryStatus::Failed).await?.reason)
    }
}

#[tokio::test]
async fn what_agents_and_bots_write_goes_out_once_as_it_stands() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.texting().await?;
    let now = Some(stamp(notifier.clock.now()));
    notifier.answer(&customer, 2).await?;
    for copy in 0..3 {
        let answer = posted(&customer, 2, AuthorRole::Agent, true, now);
        notifier
            .publish_as(EventId(Uuid::from_u128(1000 + copy)), &answer, None)
            .await?;
    }
    notifier.post(&customer, 3, AuthorRole::Bot, false).await?;
    notifier.post(&customer, 4, AuthorRole::System, false).await?;
    notifier.message(&customer, 2, DeliveryStatus::Delivered).await?;
    notifier.message(&customer, 3, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.sent().await, (2, 0));
    assert_eq!(notifier.bodies(), ["message 2 <b>", "message 3 <b>"]);
    let attempting: Vec<DeliveryAttempting> = notifier.facts(2).await?;
    assert_eq!(attempting.iter().map(|fact| fact.seq).collect::<Vec<_>>(), [2, 3]);
    assert!(attempting.iter().all(|fact| fact.purpose() == DeliveryPurpose::Message));
    let accepted: Vec<DeliveryAccepted> = notifier.facts(2).await?;
    assert_eq!(accepted.iter().map(|fact| fact.seq).collect::<Vec<_>>(), [2, 3]);
    let delivered: Vec<DeliveryDelivered> = notifier.facts(2).await?;
    assert_eq!((delivered.len(), delivered[0].seq + delivered[1].seq), (2, 5));
    let told = notifier.explain(&customer).await?;
    assert!(told.follow_ups.is_empty());
    assert_eq!(told.summary, "Messages go out as they are written: 2 delivered.");
    let links = "SELECT count(*) FROM return_link WHERE $1 = ''";
    assert_eq!(notifier.count(links, "").await?, 0, "words without a link need none");
    assert_eq!(notifier.truth().holds.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_message_waits_for_the_one_before_it() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.texting().await?;
    notifier.sms.fail_next(SmsFault::TooMany);
    notifier.answer(&customer, 2).await?;
    notifier
        .becomes(&customer, "to be tried again", |told| {
            told.timeline.iter().any(|line| line.what == "to be tried again")
        })
        .await?;
    notifier.answer(&customer, 3).await?;
    notifier.answer(&customer, 4).await?;
    assert_eq!(notifier.sent().await, (0, 0), "the first one has its pause");
    assert_eq!(notifier.sms.calls(), 1);
    notifier.advance(5).await;
    notifier.message(&customer, 4, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.bodies(), ["message 2 <b>", "message 3 <b>", "message 4 <b>"]);
    // The first one fails for good: the next ones go on.
    notifier.sms.fail_next(SmsFault::Refuse(21211));
    assert_eq!(notifier.refused(&customer, 5).await?, "sms.provider_refused");
    notifier.answer(&customer, 6).await?;
    notifier.message(&customer, 6, DeliveryStatus::Delivered).await?;
    Ok(())
}

#[tokio::test]
async fn a_message_outlives_an_outage_of_its_provider() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.texting().await?;
    notifier.sms.fail_always(Some(SmsFault::TooMany));
    notifier.answer(&customer, 2).await?;
    for (tries, pause) in [(1, 5), (2, 20), (3, 60), (4, 300)] {
        notifier
            .becomes(&customer, "to be tried again", |told| {
                let again = told.timeline.iter().filter(|line| line.what == "to be tried again");
                again.count() == tries
            })
            .await?;
        if tries == 4 {
            notifier.sms.fail_always(None);
        }
        notifier.advance(pause).await;
    }
    notifier.message(&customer, 2, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.bodies(), ["message 2 <b>"]);
    Ok(())
}

#[tokio::test]
async fn a_message_whose_fact_was_overtaken_goes_out_first_and_once() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.texting().await?;
    let now = notifier.clock.now();
    // Its owner has it, and the fact is still on its way.
    notifier.know(&customer, 2, AuthorRole::Agent, true, "first", now);
    notifier
        .say(&customer, 3, AuthorRole::Agent, true, "second", now)
        .await?;
    notifier.message(&customer, 3, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.bodies(), ["first", "second"]);
    notifier
        .publish(&posted(&customer, 2, AuthorRole::Agent, true, Some(stamp(now))))
        .await?;
    assert_eq!(notifier.sent().await, (2, 0));
    // What was written long before is another matter: it was heard of, or is too old.
    notifier.know(
        &customer,
        4,
        AuthorRole::Agent,
        true,
        "long ago",
        now - SignedDuration::from_mins(5),
    );
    notifier
        .say(&customer, 5, AuthorRole::Agent, true, "third", now)
        .await?;
    notifier.message(&customer, 5, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.bodies(), ["first", "second", "third"]);
    Ok(())
}

#[tokio::test]
async fn a_message_may_come_before_everything_else_is_told_of() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.make_up(AuthorRole::Agent, "sms", true, false);
    // An agent opens it, and the customer never wrote.
    notifier.consent(&customer);
    notifier.answer(&customer, 1).await?;
    notifier.message(&customer, 1, DeliveryStatus::Delivered).await?;
    notifier.start_conversation(&customer, "").await?;
    notifier.publish_texts(1).await?;
    notifier.caught_up().await?;
    notifier.answer(&customer, 2).await?;
    notifier.message(&customer, 2, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.sent().await, (2, 0));
    let told = notifier.explain(&customer).await?;
    assert!(told.follow_ups.is_empty(), "such a channel brings nobody back");
    Ok(())
}

#[tokio::test]
async fn what_forbids_a_message_is_told_with_its_sequence() -> Tested {
    let ceiling = (2 * PART).to_string();
    let mut notifier = Harness::with([("HOMING_NOTIFIER_DAILY_MICRO_PU_CEILING", ceiling.as_str())]).await?;
    let customer = notifier.texting().await?;
    notifier.truth().not_covered = true;
    assert_eq!(notifier.refused(&customer, 2).await?, "billing.not_covered");
    notifier.truth().not_covered = false;
    notifier.truth().no_price = true;
    assert_eq!(notifier.refused(&customer, 3).await?, "billing.price_missing");
    notifier.truth().no_price = false;
    notifier.settings.text_countries = vec!["FR".into()];
    notifier.change_context(&customer, |context| context.settings = Some(notifier.settings.clone()));
    assert_eq!(notifier.refused(&customer, 4).await?, "send.country");
    notifier.settings.text_countries = vec![];
    notifier.change_context(&customer, |context| context.settings = Some(notifier.settings.clone()));
    let now = notifier.clock.now();
    for (seq, length, status) in [(5, 1601, DeliveryStatus::Failed), (6, 160, DeliveryStatus::Delivered)] {
        let text = "x".repeat(length);
        notifier
            .say(&customer, seq, AuthorRole::Agent, true, &text, now)
            .await?;
        let delivery = notifier.message(&customer, seq, status).await?;
        let too_long = delivery.reason == "send.too_long";
        assert_eq!(
            too_long,
            status == DeliveryStatus::Failed,
            "{length}: {}",
            delivery.reason
        );
    }
    assert_eq!(notifier.written("SM1", PHONE, "STOP").await, 200);
    assert_eq!(notifier.refused(&customer, 7).await?, "send.opted_out");
    assert_eq!(notifier.written("SM2", PHONE, "START").await, 200);
    notifier.answer(&customer, 8).await?;
    notifier.message(&customer, 8, DeliveryStatus::Delivered).await?;
    assert_eq!(
        notifier.refused(&customer, 9).await?,
        "send.limit",
        "of the workspace's day"
    );
    let failed: Vec<DeliveryFailed> = notifier.facts(6).await?;
    let told: Vec<(u64, &str)> = failed.iter().map(|fact| (fact.seq, fact.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            (2, "billing.not_covered"),
            (3, "billing.price_missing"),
            (4, "send.country"),
            (5, "send.too_long"),
            (7, "send.opted_out"),
            (9, "send.limit"),
        ]
    );
    assert_eq!(notifier.sent().await, (2, 0));
    let told = notifier.explain(&customer).await?.summary;
    assert!(
        told.starts_with("Messages go out as they are written: 2 delivered, 6 failed. Message 9"),
        "{told}"
    );
    Ok(())
}

#[tokio::test]
async fn neither_quiet_hours_nor_limits_of_follow_ups_hold_up_what_an_agent_writes() -> Tested {
    let mut notifier = Harness::with([
        ("HOMING_NOTIFIER_SESSION_AGE_MS", "600000"),
        ("HOMING_NOTIFIER_TEXTS_PER_VISITOR_PER_DAY", "1"),
        ("HOMING_NOTIFIER_TEXTS_PER_PREFIX_PER_DAY", "1"),
    ])
    .await?;
    let hour = notifier
        .clock
        .now()
        .to_zoned(jiff::tz::TimeZone::get("Europe/Warsaw")?)
        .hour();
    notifier.settings.text_quiet_hours = format!("{:02}:00-{:02}:00", (hour + 22) % 24, (hour + 2) % 24);
    notifier.settings.texts_per_number_per_day = 1;
    let customer = notifier.texting().await?;
    for seq in 2..=5 {
        notifier.answer(&customer, seq).await?;
    }
    notifier.message(&customer, 5, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.sent().await, (4, 0));
    let used = "SELECT COALESCE(sum(used), 0)::bigint FROM send_limit WHERE scope = $1";
    assert_eq!(
        (
            notifier.count(used, "number").await?,
            notifier.count(used, "workspace").await?
        ),
        (0, 4)
    );
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_stays_unknown_and_is_never_sent_again() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.texting().await?;
    notifier.sms.set_receipts(ReceiptMode::Lost);
    notifier.sms.fail_next(SmsFault::AcceptThenServerError);
    notifier.answer(&customer, 2).await?;
    notifier.message(&customer, 2, DeliveryStatus::Unknown).await?;
    let unknown: Vec<DeliveryUnknown> = notifier.facts(1).await?;
    assert_eq!(unknown[0].seq, 2);
    // The next one need not wait for it.
    notifier.answer(&customer, 3).await?;
    notifier.message(&customer, 3, DeliveryStatus::Accepted).await?;
    // Long after any look-up, whose words would be another message's too.
    notifier.advance(3600).await;
    assert_eq!(notifier.sent().await, (2, 0));
    notifier.message(&customer, 2, DeliveryStatus::Unknown).await?;
    notifier.advance(23 * 3600).await;
    notifier.message(&customer, 2, DeliveryStatus::Unconfirmed).await?;
    assert_eq!((notifier.sent().await, notifier.sms.calls()), ((2, 0), 2));
    // A receipt settles it where there is one.
    notifier.sms.set_receipts(ReceiptMode::Undelivered);
    notifier.sms.fail_next(SmsFault::AcceptThenDrop);
    notifier.answer(&customer, 4).await?;
    notifier.message(&customer, 4, DeliveryStatus::Undelivered).await?;
    assert_eq!(notifier.facts::<DeliveryUndelivered>(1).await?[0].seq, 4);
    Ok(())
}

#[tokio::test]
async fn old_messages_that_are_brought_in_are_not_sent() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.texting().await?;
    let old = notifier.clock.now() - SignedDuration::from_hours(25);
    for _ in 0..2 {
        notifier.say(&customer, 2, AuthorRole::Agent, true, "old", old).await?;
    }
    assert_eq!(notifier.sent().await, (0, 0));
    let told = notifier.explain(&customer).await?;
    let lines: Vec<&str> = told.timeline.iter().map(|line| line.what.as_str()).collect();
    assert_eq!((told.deliveries.len(), lines), (0, vec!["message not sent"]));
    Ok(())
}

#[tokio::test]
async fn killed_while_checking_or_inside_the_call_a_message_is_sent_once() -> Tested {
    let mut notifier = Harness::start().await?;
    let customer = notifier.texting().await?;
    notifier.sms.set_receipts(ReceiptMode::Lost);
    notifier.truth().conversation_hangs = true;
    notifier.answer(&customer, 2).await?;
    notifier.message(&customer, 2, DeliveryStatus::Checking).await?;
    notifier.kill().await;
    notifier.truth().conversation_hangs = false;
    notifier.run().await?;
    notifier.answer(&customer, 3).await?;
    notifier.caught_up().await?;
    assert_eq!(
        notifier.sms.calls(),
        0,
        "the dead one's lease still holds, and the next waits for it"
    );
    notifier.advance(31).await;
    notifier.message(&customer, 3, DeliveryStatus::Accepted).await?;
    assert_eq!(notifier.bodies(), ["message 2 <b>", "message 3 <b>"]);

    notifier.sms.fail_next(SmsFault::AcceptThenHang);
    notifier.answer(&customer, 4).await?;
    let sink = notifier.sms.clone();
    eventually("the call has begun", SOON, async || (sink.calls() == 3).then_some(())).await?;
    notifier.kill().await;
    notifier.run().await?;
    notifier.answer(&customer, 5).await?;
    notifier.caught_up().await?;
    notifier.advance(31).await;
    notifier.message(&customer, 4, DeliveryStatus::Unknown).await?;
    notifier.message(&customer, 5, DeliveryStatus::Accepted).await?;
    notifier.advance(3600).await;
    notifier.quiet().await?;
    assert_eq!(notifier.sms.calls(), 4);
    assert_eq!(notifier.bodies()[2..], ["message 4 <b>", "message 5 <b>"]);
    Ok(())
}

#[tokio::test]
async fn each_workspace_carries_its_own_messages() -> Tested {
    let mut notifier = Harness::start().await?;
    let customer = notifier.texting().await?;
    assert_eq!(notifier.written("SM1", PHONE, "STOP").await, 200);
    assert_eq!(notifier.refused(&customer, 2).await?, "send.opted_out");
    // The same conversation, channel and number in another one.
    notifier.workspace = WorkspaceId::parse("globex")?;
    notifier.publish_texts(1).await?;
    notifier.start_conversation(&customer, "").await?;
    notifier.answer(&customer, 2).await?;
    let delivery = notifier.message(&customer, 2, DeliveryStatus::Delivered).await?;
    assert_eq!(
        (delivery.purpose(), delivery.kind()),
        (DeliveryPurpose::Message, MessageKind::Sms)
    );
    assert_eq!(notifier.sent().await, (1, 0));
    Ok(())
}
