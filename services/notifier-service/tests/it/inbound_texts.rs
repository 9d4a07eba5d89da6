//! What people write to our number.

use crate::harness::{Customer, Harness, PHONE, SOON, Tested};
use anyhow::Context;
use domain::Clock;
use events::common::{AuthorRole, ChannelKind};
use events::event::{ChannelChanged, ConversationReachable};
use events::stamp;
use rpc::contacts;
use rpc::notifier::get_opt_out_request::Address;
use rpc::notifier::{DeliveryStatus, FollowUpState, GetOptOutRequest};
use testkit::{SmsFault, WrittenText};

/// An address and its contact's name.
type Known = (contacts::Address, String);

impl Harness {
    /// Somebody writes to the workspace's number.
    pub async fn written(&self, sid: &str, from: &str, body: &str) -> u16 {
        let url = format!("{}/v1/callbacks/sms/acme/inbound", self.public_url);
        self.sms.write(&url, sid, from, body).await
    }

    fn phone_of(&self, customer: &Customer) -> String {
        let truth = self.truth();
        truth.contexts[&customer.conversation.to_string()].phone_address.clone()
    }

    /// The customer gives another number; the address that was given before is nobody's any more, and is returned.
    async fn give_phone(&self, customer: &Customer, phone: &str) -> anyhow::Result<(String, Known)> {
        let before = self.phone_of(customer);
        let known = self.truth().addresses.remove(&before);
        self.change_context(customer, |context| context.phone_address = phone.to_owned());
        self.publish(&ConversationReachable {
            conversation: customer.conversation.to_string(),
            phone_address: phone.to_owned(),
            version: 9,
            at: Some(stamp(self.clock.now())),
            ..Default::default()
        })
        .await?;
        self.caught_up().await?;
        Ok((before, known.context("the address that was given")?))
    }

    pub async fn opted_out(&self) -> anyhow::Result<bool> {
        let request = GetOptOutRequest {
            workspace: "acme".into(),
            address: Some(Address::Phone(PHONE.into())),
        };
        Ok(self.client.clone().get_opt_out(request).await?.into_inner().opted_out)
    }
}

#[tokio::test]
async fn a_reply_to_a_text_is_the_customers_message_in_its_conversation_and_ends_the_follow_up() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    assert_eq!(notifier.written("SM1", PHONE, "Yes, the blue one please").await, 200);
    assert_eq!(
        notifier.written("SM1", PHONE, "Yes, the blue one please").await,
        200,
        "a repeat"
    );
    let replies = notifier.truth().replies.clone();
    assert_eq!(replies.len(), 2, "the owner knows the second by its client id");
    for reply in &replies {
        assert_eq!(reply.conversation, customer.conversation.to_string());
        assert_eq!(
            (reply.client_id.as_str(), reply.author()),
            ("text:SM1", AuthorRole::Customer)
        );
        assert_eq!(reply.text, "Yes, the blue one please");
    }
    notifier.post(&customer, 3, AuthorRole::Customer, true).await?;
    notifier.state(&customer, FollowUpState::Done).await?;
    notifier.advance(3600).await;
    assert_eq!(notifier.sent().await, (1, 0), "no mail after a reply");
    assert!(!notifier.opted_out().await?);
    Ok(())
}

#[tokio::test]
async fn stop_counts_once_at_once_and_the_agent_sees_it() -> Tested {
    let notifier = Harness::start().await?;
    notifier.texted().await?;
    assert_eq!(notifier.written("SM1", PHONE, " stop ").await, 200);
    assert!(notifier.opted_out().await?);
    assert_eq!(notifier.truth().replies.len(), 1);
    assert_eq!(notifier.written("SM2", PHONE, "Start").await, 200);
    assert!(!notifier.opted_out().await?);
    // The provider calls for the first one again: START is the newer word.
    assert_eq!(notifier.written("SM1", PHONE, " stop ").await, 200);
    assert!(!notifier.opted_out().await?);
    assert_eq!(notifier.written("SM3", PHONE, "please stop").await, 200);
    assert!(!notifier.opted_out().await?, "only the whole text counts");
    Ok(())
}

#[tokio::test]
async fn while_the_owner_is_away_the_provider_is_told_to_come_again_and_stop_counts_all_the_same() -> Tested {
    let notifier = Harness::start().await?;
    notifier.texted().await?;
    notifier.truth().conversation_away = true;
    assert_eq!(notifier.written("SM1", PHONE, "STOP").await, 503);
    assert!(notifier.opted_out().await?);
    notifier.truth().conversation_away = false;
    assert_eq!(notifier.written("SM1", PHONE, "STOP").await, 200);
    assert_eq!(notifier.truth().replies.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_text_of_somebody_new_opens_a_conversation_where_texts_are_answered() -> Tested {
    let notifier = Harness::start().await?;
    let stranger = "+48600999888";
    assert_eq!(
        notifier.written("SM1", stranger, "Are you open today?").await,
        404,
        "nowhere to put it"
    );
    let channel = ChannelChanged {
        channel: "texts".into(),
        version: 1,
        kind: ChannelKind::Sms.into(),
        settings: Some(notifier.settings.clone()),
        at: Some(stamp(notifier.clock.now())),
    };
    notifier.publish(&channel).await?;
    notifier.caught_up().await?;
    assert_eq!(notifier.written("SM1", stranger, "Are you open today?").await, 200);
    let opened = notifier.truth().opened.clone();
    assert_eq!(opened.len(), 1);
    assert_eq!(
        (opened[0].channel.as_str(), opened[0].request_id.as_str()),
        ("texts", "text:SM1")
    );
    assert_eq!(
        (opened[0].author(), opened[0].text.as_str()),
        (AuthorRole::Customer, "Are you open today?")
    );
    assert_eq!(
        opened[0].contact.as_ref().map(|given| given.phone.as_str()),
        Some(stranger)
    );
    // What they write next goes there too, again as well; a keyword of yet another stranger opens nothing.
    for _ in 0..2 {
        assert_eq!(notifier.written("SM2", stranger, "On Sunday?").await, 200);
    }
    assert_eq!(notifier.written("SM3", "+48600999777", "STOP").await, 200);
    assert_eq!(notifier.truth().opened.len(), 1);
    let replies = notifier.truth().replies.clone();
    let place = uuid::Uuid::from_u128(1).to_string();
    assert_eq!(replies.len(), 2);
    assert!(
        replies
            .iter()
            .all(|reply| reply.conversation == place && reply.client_id == "text:SM2")
    );
    Ok(())
}

#[tokio::test]
async fn what_is_not_the_providers_or_not_a_text_changes_nothing() -> Tested {
    let notifier = Harness::start().await?;
    notifier.texted().await?;
    assert_eq!(
        notifier.written("SM1", "Amazon", "STOP").await,
        400,
        "a sender's name cannot be answered"
    );
    assert_eq!(
        notifier.written("SM2", PHONE, "  ").await,
        200,
        "an empty text says nothing"
    );
    let url = format!("{}/v1/callbacks/sms/acme/inbound", notifier.public_url);
    let forged = reqwest::Client::new()
        .post(&url)
        .header("X-Twilio-Signature", "AAAA")
        .form(&[("From", PHONE), ("Body", "STOP"), ("MessageSid", "SM3")]);
    assert_eq!(forged.send().await?.status(), 401);
    assert!(!notifier.opted_out().await?);
    assert!(notifier.truth().replies.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_text_that_went_nowhere_draws_no_replies() -> Tested {
    let notifier = Harness::start().await?;
    let reached = notifier.texted().await?;
    let phone = notifier.phone_of(&reached);
    // Another conversation with the same number, whose text the provider refuses.
    let refused = notifier.customer(true, false).await?;
    notifier.give_phone(&refused, &phone).await?;
    notifier.sms.fail_next(SmsFault::Refuse(21211));
    notifier.leave(&refused).await?;
    notifier.answer(&refused, 2).await?;
    notifier.armed(&refused).await?;
    notifier.advance(30).await;
    notifier.delivery(&refused, DeliveryStatus::Failed).await?;
    assert_eq!(notifier.written("SM1", PHONE, "Yes").await, 200);
    let reply = notifier.truth().replies[0].conversation.clone();
    assert_eq!(reply, reached.conversation.to_string());
    Ok(())
}

#[tokio::test]
async fn who_has_a_wrong_number_does_not_speak_for_the_customer() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.texted().await?;
    let right = notifier.customer(true, false).await?;
    let right = notifier.phone_of(&right);
    let changed = notifier.truth().addresses.get_mut(&right).map(|(address, _)| {
        address.value = "+48600555444".into();
    });
    assert!(changed.is_some());
    let wrong = notifier.give_phone(&customer, &right).await?;
    notifier.truth().addresses.insert(wrong.0, wrong.1);
    assert_eq!(notifier.written("SM1", PHONE, "Wrong number!").await, 404);
    assert!(notifier.truth().replies.is_empty());
    assert_eq!(notifier.written("SM2", PHONE, "STOP").await, 200);
    assert!(notifier.opted_out().await?, "but they are not written to again");
    Ok(())
}

impl Harness {
    /// A customer of this channel got its text, from this sender; with the number that another one gave.
    async fn texted_on(&self, channel: &str, from: &str, same: Option<&Customer>) -> anyhow::Result<Customer> {
        let customer = self.make_up(AuthorRole::Customer, channel, true, false);
        if let Some(shared) = same.map(|other| self.phone_of(other)) {
            let own = self.phone_of(&customer);
            self.truth().addresses.remove(&own);
            self.change_context(&customer, |context| context.phone_address = shared);
        }
        let settings = events::common::ChannelSettings {
            text_from: from.into(),
            ..self.settings.clone()
        };
        self.change_context(&customer, |context| context.settings = Some(settings.clone()));
        self.publish(&ChannelChanged {
            channel: channel.into(),
            version: 1,
            kind: ChannelKind::Web.into(),
            settings: Some(settings),
            at: Some(stamp(self.clock.now())),
        })
        .await?;
        self.start_conversation(&customer, &customer.visitor.to_string())
            .await?;
        self.post(&customer, 1, AuthorRole::Customer, true).await?;
        self.leave(&customer).await?;
        self.answer(&customer, 2).await?;
        self.armed(&customer).await?;
        self.advance(30).await;
        self.delivery(&customer, DeliveryStatus::Delivered).await?;
        Ok(customer)
    }

    async fn texts_channel(&self, channel: &str, from: &str) -> Tested {
        let settings = events::common::ChannelSettings {
            text_from: from.into(),
            ..self.settings.clone()
        };
        self.publish(&ChannelChanged {
            channel: channel.into(),
            version: 1,
            kind: ChannelKind::Sms.into(),
            settings: Some(settings),
            at: Some(stamp(self.clock.now())),
        })
        .await
    }

    async fn written_to(&self, to: &str, sid: &str, from: &str) -> u16 {
        let url = format!("{}/v1/callbacks/sms/acme/inbound?channel=rest", self.public_url);
        let text = WrittenText {
            sid,
            from,
            to,
            body: "Hello",
            ..WrittenText::default()
        };
        self.sms.write_text(&url, &text).await
    }
}

#[tokio::test]
async fn each_channel_texts_from_its_own_number_and_what_is_written_to_it_answers_its_text() -> Tested {
    let notifier = Harness::start().await?;
    let first = notifier.texted_on("shop", "+48732000001", None).await?;
    notifier.texted_on("garage", "Garage", Some(&first)).await?;
    let third = notifier.texted_on("salon", "+48732000003", Some(&first)).await?;
    let senders: Vec<String> = notifier.sms.messages().into_iter().map(|text| text.from).collect();
    assert_eq!(senders, ["+48732000001", "Garage", "+48732000003"]);
    let told = notifier.explain(&first).await?;
    let line = told
        .timeline
        .iter()
        .find(|line| line.what == "attempting")
        .context("a line")?;
    assert_eq!(line.facts["sender"], "+48732000001");
    // The same customer answers the older text by writing to its number.
    assert_eq!(notifier.written_to("+48732000001", "SM1", PHONE).await, 200);
    assert_eq!(notifier.written_to("+48732000003", "SM2", PHONE).await, 200);
    assert_eq!(notifier.written_to("+48732000009", "SM3", PHONE).await, 200);
    let places: Vec<String> = notifier
        .truth()
        .replies
        .iter()
        .map(|reply| reply.conversation.clone())
        .collect();
    let (first, third) = (first.conversation.to_string(), third.conversation.to_string());
    assert_eq!(places, [first, third.clone(), third], "else the newest text");
    Ok(())
}

#[tokio::test]
async fn the_number_that_a_stranger_writes_to_decides_the_channel() -> Tested {
    let notifier = Harness::start().await?;
    notifier.texts_channel("garage", "+48732000002").await?;
    notifier.texts_channel("shop", "+48732000001").await?;
    notifier.texts_channel("rest", "").await?;
    notifier.caught_up().await?;
    assert_eq!(notifier.written_to("+48732000001", "SM1", "+48600999801").await, 200);
    assert_eq!(notifier.written_to("+48732000002", "SM2", "+48600999802").await, 200);
    assert_eq!(notifier.written_to("+48732000009", "SM3", "+48600999803").await, 200);
    let url = format!("{}/v1/callbacks/sms/acme/inbound", notifier.public_url);
    assert_eq!(notifier.sms.write(&url, "SM4", "+48600999804", "Hello").await, 200);
    let channels: Vec<String> = notifier
        .truth()
        .opened
        .iter()
        .map(|opened| opened.channel.clone())
        .collect();
    assert_eq!(channels, ["shop", "garage", "rest", "rest"]);
    Ok(())
}

#[tokio::test]
async fn the_agent_reads_where_a_texts_pictures_lie() -> Tested {
    let notifier = Harness::start().await?;
    notifier.texted().await?;
    let url = format!("{}/v1/callbacks/sms/acme/inbound", notifier.public_url);
    let pictures = ["https://api.twilio.com/m/1", "https://api.twilio.com/m/2"];
    let text = WrittenText {
        body: "This one",
        media: &pictures,
        ..WrittenText::default()
    };
    assert_eq!(notifier.sms.write_text(&url, &text).await, 200);
    let picture = WrittenText {
        sid: "SM2",
        media: &pictures[..1],
        ..WrittenText::default()
    };
    assert_eq!(notifier.sms.write_text(&url, &picture).await, 200);
    let said: Vec<String> = notifier
        .truth()
        .replies
        .iter()
        .map(|reply| reply.text.clone())
        .collect();
    let [first, second] = pictures;
    assert_eq!(said, [format!("This one\n{first}\n{second}"), first.to_owned()]);
    Ok(())
}
