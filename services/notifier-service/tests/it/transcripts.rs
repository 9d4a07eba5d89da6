//! Copies of conversations by mail: asked for, and at the end.

use crate::harness::{Customer, EMAIL, Harness, SOON, Tested};
use crate::words::posted;
use domain::{Clock, EventId, Timestamp};
use events::common::{AuthorRole, Carriage};
use events::event::{
    ConversationReachable, ConversationResolved, ConversationTranscriptRequested, DeliveryAccepted, DeliveryPurpose,
};
use events::stamp;
use jiff::SignedDuration;
use rpc::notifier::set_opt_out_request::Address;
use rpc::notifier::{Delivery, DeliveryStatus, SetOptOutRequest};
use uuid::Uuid;

impl Harness {
    /// Settings under which mails are not limited and the channel's are told of.
    async fn mailing() -> anyhow::Result<Self> {
        let mut notifier = Self::start().await?;
        notifier.settings.mails_per_address_per_day = 100;
        Ok(notifier)
    }

    /// An agent writes; nothing is followed up.
    async fn tell(&self, customer: &Customer, seq: u64) -> Tested {
        self.post(customer, seq, AuthorRole::Agent, false).await
    }

    /// The conversation was resolved at this moment.
    async fn end(&self, customer: &Customer, last_seq: u64, at: Timestamp) -> Tested {
        self.change_context(customer, |context| context.resolved = true);
        self.publish(&ConversationResolved {
            conversation: customer.conversation.to_string(),
            version: 1,
            at: Some(stamp(at)),
            last_seq,
        })
        .await
    }

    /// The customer asked for a copy now, and everything before that was heard of.
    async fn ask_for_copy(&self, customer: &Customer, transcript: u128, up_to_seq: u64) -> Tested {
        self.caught_up().await?;
        self.publish(&ConversationTranscriptRequested {
            conversation: customer.conversation.to_string(),
            transcript: Uuid::from_u128(transcript).to_string(),
            up_to_seq,
            at: Some(stamp(self.clock.now())),
        })
        .await
    }

    /// The copies of a conversation, once all that is to be done is done.
    async fn copies(&self, customer: &Customer) -> anyhow::Result<Vec<Delivery>> {
        self.quiet().await?;
        let deliveries = self.explain(customer).await?.deliveries;
        assert!(
            deliveries
                .iter()
                .all(|delivery| delivery.purpose() == DeliveryPurpose::Transcript)
        );
        Ok(deliveries)
    }
}

#[tokio::test]
async fn a_copy_tells_what_was_said_by_whom_and_when_but_no_notes() -> Tested {
    let notifier = Harness::start().await?;
    notifier.clock.set("2026-07-01T21:30:00Z".parse()?);
    let customer = notifier.customer(false, true).await?;
    notifier.change_context(&customer, |context| context.time_zone = "Europe/Warsaw".into());
    notifier.tell(&customer, 2).await?;
    notifier.say_by_itself(&customer, 3, Carriage::Channel).await?;
    notifier.post(&customer, 4, AuthorRole::System, false).await?;
    notifier.post(&customer, 5, AuthorRole::Bot, false).await?;
    notifier.ask_for_copy(&customer, 1, 5).await?;
    let mail = notifier.smtp.nth(EMAIL, 1, SOON).await?;
    // What is said afterwards stands in the next copy.
    notifier.tell(&customer, 6).await?;
    assert_eq!(mail.subject.as_deref(), Some("Acme: copy of your conversation no. 42"));
    let text = mail.text.clone().unwrap_or_default();
    for (seq, who) in [(1, "You"), (2, "Acme"), (3, "Acme"), (5, "Acme")] {
        let said = format!("{who} (2026-07-01 23:30):\n\nmessage {seq} <b>\n");
        assert!(text.replace("\r\n", "\n").contains(&said), "{said} in {text}");
    }
    let html = mail.html.clone().unwrap_or_default();
    assert!(
        html.contains("<b>You</b>") && html.contains("message 5 &lt;b&gt;"),
        "{html}"
    );
    for words in [&text, &html] {
        assert!(
            words.contains("Europe/Warsaw") && !words.contains("message 4"),
            "{words}"
        );
    }
    assert!(mail.header("List-Unsubscribe").is_some());
    assert!(mail.reply_to.is_some_and(|address| address.starts_with("reply+acme.")));
    let accepted = notifier.facts::<DeliveryAccepted>(1).await?;
    assert_eq!(
        (accepted[0].purpose(), accepted[0].seq),
        (DeliveryPurpose::Transcript, 0)
    );
    // Told again, it is the same copy.
    notifier.ask_for_copy(&customer, 1, 5).await?;
    assert_eq!(notifier.copies(&customer).await?.len(), 1);
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

#[tokio::test]
async fn a_copy_waits_until_its_channel_is_told_of() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.make_up(AuthorRole::Customer, "web", false, true);
    let now = notifier.clock.now();
    notifier.know(&customer, 1, AuthorRole::Customer, true, "Hello?", now);
    notifier.ask_for_copy(&customer, 1, 1).await?;
    let waits = notifier.delivery(&customer, DeliveryStatus::Due).await?;
    notifier.publish_channel(1).await?;
    notifier.start_conversation(&customer, "").await?;
    notifier.caught_up().await?;
    notifier.advance(2).await;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    let copies = notifier.copies(&customer).await?;
    assert_eq!(copies.len(), 1);
    assert_eq!(copies[0].delivery, waits.deliveries[0].delivery);
    Ok(())
}

#[tokio::test]
async fn copies_are_in_the_channels_language() -> Tested {
    let mut notifier = Harness::start().await?;
    for (number, language, subject, you) in [
        (1, "pl", "Acme: kopia Twojej rozmowy nr 42", "Ty ("),
        (2, "fr", "Acme : copie de votre conversation no 42", "Vous ("),
    ] {
        notifier.settings.language = language.into();
        let customer = notifier.customer(false, true).await?;
        notifier.ask_for_copy(&customer, number, 1).await?;
        let mail = notifier.smtp.nth(EMAIL, usize::try_from(number)?, SOON).await?;
        assert_eq!(mail.subject.as_deref(), Some(subject));
        assert!(mail.text.is_some_and(|text| text.contains(you)));
    }
    Ok(())
}

#[tokio::test]
async fn at_the_end_who_wrote_and_gave_an_address_gets_one_copy() -> Tested {
    let mut notifier = Harness::mailing().await?;
    let now = notifier.clock.now();
    let customer = notifier.customer(false, true).await?;
    notifier.tell(&customer, 2).await?;
    for _ in 0..2 {
        notifier.end(&customer, 2, now).await?;
    }
    let mail = notifier.smtp.nth(EMAIL, 1, SOON).await?;
    assert!(mail.text.is_some_and(|text| text.contains("message 2")));
    // Something that is folded later settles the case again.
    notifier.read(&customer, 2).await?;
    let copies = notifier.copies(&customer).await?;
    assert_eq!((copies.len(), copies[0].status()), (1, DeliveryStatus::Accepted));

    let without_address = notifier.customer(true, false).await?;
    notifier.end(&without_address, 1, now).await?;
    let silent = notifier.customer_of(AuthorRole::Agent, false, true).await?;
    notifier.tell(&silent, 1).await?;
    notifier.end(&silent, 1, now).await?;
    let not_told = notifier.customer(false, true).await?;
    notifier.end(&not_told, 0, now).await?;
    // Brought in from elsewhere.
    let old = notifier.customer(false, true).await?;
    notifier.end(&old, 1, now - SignedDuration::from_hours(25)).await?;
    notifier.settings.transcript_at_end = false;
    notifier.publish_channel(2).await?;
    let off = notifier.customer(false, true).await?;
    notifier.end(&off, 1, now).await?;
    for customer in [&without_address, &silent, &not_told, &old, &off] {
        assert!(notifier.copies(customer).await?.is_empty());
    }
    assert_eq!(notifier.sent().await, (0, 1));
    // Whoever asks gets one all the same.
    notifier.ask_for_copy(&off, 1, 1).await?;
    notifier.smtp.nth(EMAIL, 2, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_given_after_the_end_gets_what_it_asks_for_and_no_more() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(false, false).await?;
    notifier.end(&customer, 1, notifier.clock.now()).await?;
    notifier.advance(5).await;
    let given = notifier.make_up(AuthorRole::Customer, "web", false, true);
    let address = notifier.started(&given, "").email_address;
    notifier.change_context(&customer, |context| context.email_address = address.clone());
    notifier
        .publish(&ConversationReachable {
            conversation: customer.conversation.to_string(),
            email_address: address,
            version: 1,
            at: Some(stamp(notifier.clock.now())),
            ..Default::default()
        })
        .await?;
    assert!(notifier.copies(&customer).await?.is_empty());
    notifier.ask_for_copy(&customer, 1, 1).await?;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    assert_eq!(notifier.copies(&customer).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_order_of_facts_changes_nothing() -> Tested {
    let notifier = Harness::start().await?;
    notifier.publish_channel(1).await?;
    let customer = notifier.make_up(AuthorRole::Customer, "web", false, true);
    let now = notifier.clock.now();
    notifier.know(&customer, 1, AuthorRole::Customer, true, "Hello?", now);
    notifier.end(&customer, 1, now).await?;
    notifier
        .publish(&posted(&customer, 1, AuthorRole::Customer, true, Some(stamp(now))))
        .await?;
    assert!(
        notifier.copies(&customer).await?.is_empty(),
        "nobody told of an address yet"
    );
    notifier.start_conversation(&customer, "").await?;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    assert_eq!(notifier.copies(&customer).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn who_has_a_copy_up_to_the_end_needs_no_second_one() -> Tested {
    let notifier = Harness::mailing().await?;
    let now = notifier.clock.now();
    let asked = notifier.customer(false, true).await?;
    notifier.ask_for_copy(&asked, 1, 1).await?;
    assert_eq!(notifier.copies(&asked).await?.len(), 1);
    notifier.end(&asked, 1, now).await?;
    assert_eq!(notifier.copies(&asked).await?.len(), 1);

    // The request was made before the end, and is heard of after it.
    let overtaken = notifier.customer(false, true).await?;
    notifier.end(&overtaken, 1, now).await?;
    assert_eq!(notifier.copies(&overtaken).await?.len(), 1);
    notifier.ask_for_copy(&overtaken, 2, 1).await?;
    assert_eq!(notifier.copies(&overtaken).await?.len(), 1);
    let told = notifier.explain(&overtaken).await?;
    let line = told.timeline.iter().find(|line| line.what == "copy not sent");
    assert_eq!(line.map(|line| line.facts["reason"].as_str()), Some("sent_at_end"));
    // Who asks afterwards wants another one.
    notifier.advance(60).await;
    notifier.ask_for_copy(&overtaken, 3, 1).await?;
    assert_eq!(notifier.copies(&overtaken).await?.len(), 2);

    let later = notifier.customer(false, true).await?;
    notifier.ask_for_copy(&later, 4, 1).await?;
    // Heard of before the end: one that the end overtook would be spared.
    assert_eq!(notifier.copies(&later).await?.len(), 1);
    notifier.tell(&later, 2).await?;
    notifier.end(&later, 2, notifier.clock.now()).await?;
    assert_eq!(notifier.copies(&later).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn copies_go_out_in_quiet_hours_but_not_beyond_limits_nor_to_who_opted_out() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.clock.set("2026-11-22T22:30:00Z".parse()?);
    notifier.settings.mail_quiet_hours = "20:00-07:00".into();
    notifier.settings.mails_per_address_per_day = 1;
    let customer = notifier.customer(false, true).await?;
    notifier.ask_for_copy(&customer, 1, 1).await?;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    notifier.ask_for_copy(&customer, 2, 1).await?;
    let copies = notifier.copies(&customer).await?;
    assert_eq!((copies.len(), copies[1].reason.as_str()), (2, "send.limit"));
    notifier.advance(24 * 3600).await;
    let opted_out = SetOptOutRequest {
        workspace: "acme".into(),
        address: Some(Address::Email(EMAIL.into())),
        opted_out: true,
    };
    notifier.client.clone().set_opt_out(opted_out).await?;
    let other = notifier.customer(false, true).await?;
    notifier.end(&other, 1, notifier.clock.now()).await?;
    assert_eq!(notifier.copies(&other).await?[0].reason, "send.opted_out");
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

#[tokio::test]
async fn whoever_opens_chat_after_chat_mails_no_more_strangers_than_a_day_has_copies() -> Tested {
    let mut notifier = Harness::with([("HOMING_NOTIFIER_COPIES_PER_WORKSPACE_PER_DAY", "2")]).await?;
    notifier.settings.mails_per_address_per_day = 100;
    for number in 1..=3 {
        let customer = notifier.customer(false, true).await?;
        notifier.ask_for_copy(&customer, number, 1).await?;
        let copies = notifier.copies(&customer).await?;
        assert_eq!(copies[0].reason, if number < 3 { "" } else { "send.limit" });
        if number == 3 {
            let told = notifier.explain(&customer).await?;
            let line = told.timeline.iter().find(|line| line.what == "refused");
            assert_eq!(line.map(|line| line.facts["limit"].as_str()), Some("copies"));
            // What goes out by itself at the end is an agent's doing, and another day has its own.
            notifier.advance(61).await;
            notifier.end(&customer, 2, notifier.clock.now()).await?;
            notifier.smtp.nth(EMAIL, 3, SOON).await?;
        }
    }
    notifier.advance(24 * 3600).await;
    let customer = notifier.customer(false, true).await?;
    notifier.ask_for_copy(&customer, 4, 1).await?;
    notifier.smtp.nth(EMAIL, 4, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn what_changed_before_the_mail_left_holds() -> Tested {
    let notifier = Harness::start().await?;
    let switched_off = notifier.customer(false, true).await?;
    notifier.change_context(&switched_off, |context| {
        if let Some(settings) = &mut context.settings {
            settings.transcript_at_end = false;
        }
    });
    notifier.end(&switched_off, 1, notifier.clock.now()).await?;
    assert_eq!(notifier.copies(&switched_off).await?[0].reason, "send.switched_off");
    let erased = notifier.customer(false, true).await?;
    notifier.change_context(&erased, |context| context.email_address.clear());
    notifier.ask_for_copy(&erased, 1, 1).await?;
    assert_eq!(notifier.copies(&erased).await?[0].reason, "send.no_address");
    // Asked for so long ago that nobody remembers.
    let old = notifier.customer(false, true).await?;
    let asked = ConversationTranscriptRequested {
        conversation: old.conversation.to_string(),
        transcript: Uuid::from_u128(2).to_string(),
        up_to_seq: 1,
        at: Some(stamp(notifier.clock.now() - SignedDuration::from_hours(25))),
    };
    notifier.publish_as(EventId(Uuid::from_u128(2)), &asked, None).await?;
    assert!(notifier.copies(&old).await?.is_empty());
    assert_eq!(notifier.sent().await, (0, 0));
    Ok(())
}

#[tokio::test]
async fn of_a_long_conversation_the_newest_are_told_and_the_rest_is_counted() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(false, true).await?;
    let now = notifier.clock.now();
    for seq in 2..=620 {
        notifier.know(&customer, seq, AuthorRole::Agent, false, &format!("word {seq}."), now);
    }
    notifier.ask_for_copy(&customer, 1, 620).await?;
    let mail = notifier.smtp.nth(EMAIL, 1, SOON).await?;
    let text = mail.text.clone().unwrap_or_default();
    assert!(text.contains("word 620.") && text.contains("word 121.") && !text.contains("word 120."));
    assert!(text.contains("too long: 120."), "{}", &text[..300]);

    // Few, but all that one may write: the mail stays below 100 KB.
    for seq in 601..=620 {
        notifier.know(&customer, seq, AuthorRole::Agent, false, &"ż & <b> ".repeat(6_000), now);
    }
    notifier.ask_for_copy(&customer, 2, 620).await?;
    let mail = notifier.smtp.nth(EMAIL, 2, SOON).await?;
    assert!(mail.raw.len() < 100 * 1024, "{} bytes", mail.raw.len());
    assert!(mail.text.is_some_and(|text| text.contains("too long: 617.")));
    Ok(())
}

#[tokio::test]
async fn killed_while_checking_the_same_copy_goes_out_once() -> Tested {
    let mut notifier = Harness::start().await?;
    let customer = notifier.customer(false, true).await?;
    notifier.caught_up().await?;
    notifier.truth().conversation_hangs = true;
    notifier.end(&customer, 1, notifier.clock.now()).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Checking).await?;
    notifier.kill().await;
    notifier.truth().conversation_hangs = false;
    notifier.run().await?;
    notifier.advance(31).await;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    let copies = notifier.copies(&customer).await?;
    assert_eq!(copies.len(), 1);
    assert_eq!(copies[0].delivery, told.deliveries[0].delivery);
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}
