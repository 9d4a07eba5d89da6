//! Messages by WhatsApp: in, out, and apart from texts.

use crate::harness::{Customer, Harness, PHONE, SOON, Tested};
use crate::peers::PART;
use anyhow::Context;
use domain::Clock;
use events::common::{AuthorRole, ChannelKind, MessageKind};
use events::event::{ChannelChanged, DeliveryAccepted, DeliveryFailed, DeliveryUndelivered};
use events::stamp;
use rpc::notifier::get_opt_out_request::Address;
use rpc::notifier::set_opt_out_request::Address as SetAddress;
use rpc::notifier::{DeliveryStatus, GetOptOutRequest, SetOptOutRequest};
use testkit::{ReceiptMode, SmsFault, WrittenText};

const SENDER: &str = "+48732000077";
const TO: &str = "whatsapp:+48600700123";
/// Nobody of whom the owners know.
const STRANGER: &str = "whatsapp:+48600999888";

async fn start() -> anyhow::Result<Harness> {
    Harness::with([("HOMING_NOTIFIER_WHATSAPP_FROM", SENDER)]).await
}

impl Harness {
    async fn publish_whatsapp(&self) -> Tested {
        self.publish(&ChannelChanged {
            channel: "whatsapp".into(),
            version: 1,
            kind: ChannelKind::Whatsapp.into(),
            settings: Some(self.settings.clone()),
            at: Some(stamp(self.clock.now())),
        })
        .await
    }

    /// Somebody whose conversation is by WhatsApp; they have written just now.
    async fn whatsapping(&self) -> anyhow::Result<Customer> {
        let customer = self.make_up(AuthorRole::Customer, "whatsapp", true, false);
        self.publish_whatsapp().await?;
        self.start_conversation(&customer, "").await?;
        self.post(&customer, 1, AuthorRole::Customer, true).await?;
        self.caught_up().await?;
        Ok(customer)
    }

    async fn written_by(&self, from: &str, sid: &str, body: &str) -> u16 {
        self.written_with(from, sid, body, &[]).await
    }

    async fn written_with(&self, from: &str, sid: &str, body: &str, media: &[&str]) -> u16 {
        let url = format!("{}/v1/callbacks/sms/acme/inbound", self.public_url);
        let text = WrittenText {
            sid,
            from,
            to: "whatsapp:+48732000077",
            body,
            media,
            profile: Some("Ola W."),
        };
        self.sms.write_text(&url, &text).await
    }

    /// From texts, and from WhatsApp.
    async fn opt_outs(&self) -> anyhow::Result<(bool, bool)> {
        let request = GetOptOutRequest {
            workspace: "acme".into(),
            address: Some(Address::Phone(PHONE.into())),
        };
        let told = self.client.clone().get_opt_out(request).await?.into_inner();
        Ok((told.opted_out, told.whatsapp_opted_out))
    }

    async fn set_opt_out(&self, opted_out: bool) -> Tested {
        let request = SetOptOutRequest {
            workspace: "acme".into(),
            address: Some(SetAddress::Phone(PHONE.into())),
            opted_out,
        };
        self.client.clone().set_opt_out(request).await?;
        Ok(())
    }

    /// The next answer, and the reason why it is not sent.
    async fn kept_back(&self, customer: &Customer, seq: u64) -> anyhow::Result<String> {
        self.answer(customer, seq).await?;
        let told = self.delivery(customer, DeliveryStatus::Failed).await?;
        Ok(told.deliveries.last().context("a delivery")?.reason.clone())
    }
}

#[tokio::test]
async fn what_agents_write_on_a_channel_of_whatsapp_goes_out_there_at_its_price() -> Tested {
    let notifier = start().await?;
    notifier.sms.set_receipts(ReceiptMode::Read);
    let customer = notifier.whatsapping().await?;
    let long = "ż".repeat(1600);
    let now = notifier.clock.now();
    notifier.say(&customer, 2, AuthorRole::Agent, true, &long, now).await?;
    let message = notifier.sms.nth(TO, 1, SOON).await?;
    assert_eq!(
        (message.from.as_str(), message.kind.as_str()),
        ("whatsapp:+48732000077", "WhatsApp")
    );
    assert_eq!((message.body, message.validity_period), (long, None));
    let told = notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    let delivery = &told.deliveries[0];
    assert_eq!((delivery.kind(), delivery.parts), (MessageKind::Whatsapp, 1));
    assert_eq!((delivery.micro_pu, delivery.seq), (PART / 2, 2));
    let accepted: Vec<DeliveryAccepted> = notifier.facts(1).await?;
    assert_eq!(
        (accepted[0].kind(), accepted[0].country.as_str()),
        (MessageKind::Whatsapp, "PL")
    );
    assert!(notifier.sms.to(PHONE).is_empty(), "no text");
    Ok(())
}

#[tokio::test]
async fn outside_whatsapps_window_nothing_is_attempted_and_the_reason_is_told() -> Tested {
    let notifier = start().await?;
    let customer = notifier.whatsapping().await?;
    notifier.advance(24 * 3600).await;
    assert_eq!(notifier.kept_back(&customer, 2).await?, "whatsapp.window_closed");
    assert_eq!(notifier.sms.calls(), 0);
    // They write again, be it in another conversation.
    assert_eq!(notifier.written_by(TO, "SM1", "Still there?").await, 200);
    notifier.answer(&customer, 3).await?;
    notifier.sms.nth(TO, 1, SOON).await?;
    // WhatsApp knows better than we do, at once or later.
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    notifier.sms.fail_next(SmsFault::Refuse(63016));
    assert_eq!(notifier.kept_back(&customer, 4).await?, "whatsapp.window_closed");
    notifier.sms.set_receipts(ReceiptMode::Failed(63016));
    notifier.answer(&customer, 5).await?;
    notifier.delivery(&customer, DeliveryStatus::Undelivered).await?;
    let undelivered: Vec<DeliveryUndelivered> = notifier.facts(1).await?;
    assert_eq!(
        (undelivered[0].seq, undelivered[0].reason.as_str()),
        (5, "whatsapp.window_closed")
    );
    let failed: Vec<DeliveryFailed> = notifier.facts(2).await?;
    assert_eq!(failed.iter().map(|fact| fact.seq).collect::<Vec<_>>(), [2, 4]);
    // An agent who opens a conversation with somebody who never wrote, though they agreed to be written to.
    let silent = notifier.make_up(AuthorRole::Agent, "whatsapp", true, false);
    notifier.truth().addresses.values_mut().for_each(|(address, _)| {
        address.value = "+48600700999".into();
    });
    notifier.consent(&silent);
    notifier.start_conversation(&silent, "").await?;
    assert_eq!(notifier.kept_back(&silent, 1).await?, "whatsapp.window_closed");
    Ok(())
}

#[tokio::test]
async fn without_a_whatsapp_sender_nothing_goes_that_way() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.whatsapping().await?;
    assert_eq!(notifier.kept_back(&customer, 2).await?, "whatsapp.no_sender");
    assert_eq!((notifier.sms.calls(), notifier.truth().holds.len()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_stop_by_one_way_says_nothing_of_the_other() -> Tested {
    let notifier = start().await?;
    let customer = notifier.whatsapping().await?;
    notifier.answer(&customer, 2).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.written_by(TO, "SM1", "Stop").await, 200);
    assert_eq!(notifier.opt_outs().await?, (false, true));
    assert_eq!(notifier.kept_back(&customer, 3).await?, "send.opted_out");
    notifier.texted().await?;
    assert_eq!(notifier.sms.to(PHONE).len(), 1, "texts go on");
    assert_eq!(notifier.written("SM2", PHONE, "STOP").await, 200);
    assert_eq!(notifier.written_by(TO, "SM3", "START").await, 200);
    assert_eq!(notifier.opt_outs().await?, (true, false));
    let replies = notifier.truth().replies.clone();
    let last = replies.last().context("a reply")?;
    assert_eq!(
        (last.client_id.as_str(), last.conversation.clone()),
        ("text:SM3", customer.conversation.to_string())
    );
    notifier.set_opt_out(true).await?;
    assert_eq!(
        notifier.opt_outs().await?,
        (true, true),
        "an operator's word holds for both"
    );
    notifier.set_opt_out(false).await?;
    notifier.answer(&customer, 4).await?;
    notifier.sms.nth(TO, 2, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn what_comes_by_whatsapp_lands_where_it_was_answered_or_opens_a_conversation_of_its_own() -> Tested {
    let notifier = start().await?;
    assert_eq!(
        notifier.written_by(STRANGER, "SM1", "Open today?").await,
        404,
        "nowhere to put it"
    );
    let customer = notifier.whatsapping().await?;
    notifier.answer(&customer, 2).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    // A text of the same number belongs elsewhere: nobody texted them, and no channel of texts is there.
    assert_eq!(notifier.written("SM2", PHONE, "By text").await, 404);
    for _ in 0..2 {
        assert_eq!(notifier.written_by(TO, "SM3", "Thanks").await, 200);
    }
    let replies = notifier.truth().replies.clone();
    assert!(
        replies
            .iter()
            .all(|reply| reply.conversation == customer.conversation.to_string())
    );
    assert_eq!((replies.len(), replies[0].client_id.as_str()), (2, "text:SM3"));
    assert_eq!(notifier.written_by(STRANGER, "SM4", "Open today?").await, 200);
    let opened = notifier.truth().opened.clone();
    let given = opened[0].contact.clone().context("contact data")?;
    assert_eq!(opened[0].channel, "whatsapp");
    assert_eq!((given.phone.as_str(), given.name.as_str()), ("+48600999888", "Ola W."));
    Ok(())
}

#[tokio::test]
async fn a_channel_that_was_told_of_before_whatsapp_was_known_is_asked_about() -> Tested {
    let notifier = start().await?;
    let customer = notifier.whatsapping().await?;
    let forget = "WITH old AS (UPDATE channel_view SET settings = settings - 'whatsapp' WHERE channel = $1 RETURNING 1)
        SELECT count(*) FROM old";
    assert_eq!(notifier.count(forget, "whatsapp").await?, 1);
    notifier.answer(&customer, 2).await?;
    notifier.sms.nth(TO, 1, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn pictures_that_come_by_whatsapp_are_lines_of_its_conversation_too() -> Tested {
    let notifier = start().await?;
    let customer = notifier.whatsapping().await?;
    notifier.answer(&customer, 2).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    let pictures = ["https://api.twilio.com/m/1", "https://api.twilio.com/m/2"];
    assert_eq!(notifier.written_with(TO, "SM1", "Here", &pictures).await, 200);
    assert_eq!(notifier.written_with(TO, "SM2", "", &pictures).await, 200);
    assert_eq!(notifier.written_with(STRANGER, "SM3", "", &pictures).await, 200);
    let truth = notifier.truth();
    let said = truth
        .replies
        .iter()
        .map(|reply| (reply.conversation.clone(), reply.text.clone()));
    let said: Vec<_> = said.collect();
    let (id, lines) = (customer.conversation.to_string(), pictures.join("\n"));
    assert_eq!(said, [(id.clone(), format!("Here\n{lines}")), (id, lines.clone())]);
    let opened: Vec<&str> = truth.opened.iter().map(|opened| opened.text.as_str()).collect();
    assert_eq!(opened, [lines]);
    Ok(())
}
