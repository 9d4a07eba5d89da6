//! What forbids a text or a mail: balance and limits.

use crate::harness::{Customer, EMAIL, Harness, PHONE, SOON, Tested};
use crate::peers::PART;
use rpc::contacts::{Address, AddressKind};
use rpc::notifier::DeliveryStatus;

pub async fn due(notifier: &Harness) -> anyhow::Result<Customer> {
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    Ok(customer)
}

pub async fn mailed_because(notifier: &Harness, customer: &Customer, mails: usize, reason: &str) -> Tested {
    notifier.smtp.nth(EMAIL, mails, SOON).await?;
    let told = notifier.delivery(customer, DeliveryStatus::Accepted).await?;
    assert_eq!(told.deliveries[0].reason, reason);
    assert_eq!(told.deliveries[0].status(), DeliveryStatus::Failed);
    Ok(())
}

#[tokio::test]
async fn what_the_balance_does_not_cover_goes_by_mail_at_once() -> Tested {
    let notifier = Harness::start().await?;
    notifier.truth().not_covered = true;
    let customer = due(&notifier).await?;
    mailed_because(&notifier, &customer, 1, "billing.not_covered").await?;
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

#[tokio::test]
async fn a_number_gets_three_texts_a_day() -> Tested {
    let notifier = Harness::start().await?;
    for sent in 1..=3 {
        due(&notifier).await?;
        notifier.sms.nth(PHONE, sent, SOON).await?;
    }
    let customer = due(&notifier).await?;
    mailed_because(&notifier, &customer, 1, "send.limit").await?;
    notifier.advance(24 * 3600).await;
    due(&notifier).await?;
    notifier.sms.nth(PHONE, 4, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn an_address_gets_three_mails_a_day_and_explain_says_so() -> Tested {
    let notifier = Harness::start().await?;
    let unread = async || {
        let customer = notifier.customer(false, true).await?;
        notifier.leave(&customer).await?;
        notifier.answer(&customer, 2).await?;
        notifier.armed(&customer).await?;
        notifier.advance(60).await;
        anyhow::Ok(customer)
    };
    for sent in 1..=3 {
        unread().await?;
        notifier.smtp.nth(EMAIL, sent, SOON).await?;
    }
    let customer = unread().await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[0].reason, "send.limit");
    assert!(told.summary.ends_with("has reached its limit."), "{}", told.summary);
    assert_eq!(notifier.sent().await, (0, 3));
    notifier.advance(24 * 3600).await;
    unread().await?;
    notifier.smtp.nth(EMAIL, 4, SOON).await?;
    // A hash is kept, no address.
    let hashes = "SELECT count(*) FROM send_limit WHERE scope = $1 AND length(key) = 32";
    assert_eq!(notifier.count(hashes, "address").await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_workspace_spends_no_more_than_its_daily_ceiling() -> Tested {
    let notifier = Harness::with([("HOMING_NOTIFIER_DAILY_MICRO_PU_CEILING", &PART.to_string())]).await?;
    due(&notifier).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    let customer = due(&notifier).await?;
    mailed_because(&notifier, &customer, 1, "send.limit").await
}

impl Harness {
    /// A customer with this number, who left, was answered and is due.
    async fn pumped(&self, number: &str, country: &str, visitor: Option<&Customer>) -> anyhow::Result<Customer> {
        let customer = self.prepared(number, country, visitor).await?;
        self.advance(30).await;
        Ok(customer)
    }

    /// A customer with this number, who left, was answered and is due in half a minute.
    pub async fn prepared(&self, number: &str, country: &str, visitor: Option<&Customer>) -> anyhow::Result<Customer> {
        let mut customer = self.make_up(events::common::AuthorRole::Customer, "web", true, false);
        if let Some(other) = visitor {
            let shared = other.visitor.to_string();
            customer.visitor = other.visitor;
            self.change_context(&customer, |context| context.visitor = shared);
        }
        let id = self.truth().contexts[&customer.conversation.to_string()]
            .phone_address
            .clone();
        let address = Address {
            address: id.clone(),
            kind: AddressKind::Phone.into(),
            value: number.into(),
            country: country.into(),
            ..Default::default()
        };
        self.truth().addresses.insert(id, (address, "Ann".into()));
        self.publish_channel(1).await?;
        self.start_conversation(&customer, &customer.visitor.to_string())
            .await?;
        self.post(&customer, 1, events::common::AuthorRole::Customer, true)
            .await?;
        self.leave(&customer).await?;
        self.answer(&customer, 2).await?;
        self.armed(&customer).await?;
        Ok(customer)
    }

    async fn refused_by(&self, customer: &Customer, limit: &str) -> Tested {
        let told = self.delivery(customer, DeliveryStatus::Failed).await?;
        assert_eq!(told.deliveries[0].reason, "send.limit");
        let line = told
            .timeline
            .iter()
            .find(|line| line.what == "refused")
            .expect("a line");
        assert_eq!(line.facts["limit"], limit);
        Ok(())
    }
}

#[tokio::test]
async fn a_block_of_numbers_gets_only_so_many_texts_a_day() -> Tested {
    let notifier = Harness::with([("HOMING_NOTIFIER_TEXTS_PER_PREFIX_PER_DAY", "2")]).await?;
    for number in ["+48600700001", "+48600709999"] {
        notifier.pumped(number, "PL", None).await?;
        notifier.sms.nth(number, 1, SOON).await?;
    }
    let third = notifier.pumped("+48600704711", "PL", None).await?;
    notifier.refused_by(&third, "prefix").await?;
    notifier.pumped("+48600710001", "PL", None).await?;
    notifier.sms.nth("+48600710001", 1, SOON).await?;
    notifier.advance(24 * 3600).await;
    notifier.pumped("+48600704711", "PL", None).await?;
    notifier.sms.nth("+48600704711", 1, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn a_visitor_causes_only_so_many_texts_whatever_numbers_they_give() -> Tested {
    let notifier = Harness::with([("HOMING_NOTIFIER_TEXTS_PER_VISITOR_PER_DAY", "1")]).await?;
    let first = notifier.pumped("+48600700001", "PL", None).await?;
    notifier.sms.nth("+48600700001", 1, SOON).await?;
    let second = notifier.pumped("+33600710001", "FR", Some(&first)).await?;
    notifier.refused_by(&second, "visitor").await?;
    notifier.pumped("+33600710001", "FR", None).await?;
    notifier.sms.nth("+33600710001", 1, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn texts_go_to_allowed_countries_only() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.text_countries = vec!["PL".into(), "FR".into()];
    let customer = notifier.pumped("+240222000111", "GQ", None).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[0].reason, "send.country");
    assert!(
        told.summary.ends_with("The channel allows no texts to this country."),
        "{}",
        told.summary
    );
    assert!(notifier.truth().holds.is_empty(), "nothing was held");
    notifier.pumped("+33600710001", "FR", None).await?;
    notifier.sms.nth("+33600710001", 1, SOON).await?;
    assert_eq!(notifier.sms.calls(), 1);
    Ok(())
}

#[tokio::test]
async fn a_fresh_session_causes_no_text_for_its_first_seconds() -> Tested {
    let mut notifier = Harness::with([("HOMING_NOTIFIER_SESSION_AGE_MS", "5000")]).await?;
    notifier.settings.confirmation_text = true;
    let customer = notifier.customer(true, false).await?;
    let told = notifier
        .becomes(&customer, "put off", |told| {
            told.timeline.iter().any(|line| line.what == "postponed")
        })
        .await?;
    let line = told
        .timeline
        .iter()
        .find(|line| line.what == "postponed")
        .expect("a line");
    assert_eq!(line.facts["why"], "young_session");
    assert_eq!((notifier.sms.calls(), notifier.truth().holds.len()), (0, 0));
    notifier.advance(5).await;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    Ok(())
}

/// Somebody opens one session after another, each with a number of a block that pays them, over three days.
#[tokio::test]
async fn pumping_spends_no_more_than_the_days_ceilings() -> Tested {
    let ceiling = (5 * PART).to_string();
    let notifier = Harness::with([
        ("HOMING_NOTIFIER_DAILY_MICRO_PU_CEILING", ceiling.as_str()),
        ("HOMING_NOTIFIER_TEXTS_PER_PREFIX_PER_DAY", "4"),
    ])
    .await?;
    for day in 1..=3 {
        let mut refused = Vec::new();
        for attack in 0..12 {
            // The first eight to one block, the rest each to another.
            let block = if attack < 8 { 7 } else { attack };
            let number = format!("+2402220{block:02}{attack:04}");
            let customer = notifier.pumped(&number, "GQ", None).await?;
            let told = notifier
                .becomes(&customer, "settled", |told| {
                    let status = told.deliveries.first().map(|delivery| delivery.status());
                    matches!(status, Some(DeliveryStatus::Delivered | DeliveryStatus::Failed))
                })
                .await?;
            let line = told.timeline.iter().find(|line| line.what == "refused");
            refused.extend(line.map(|line| line.facts["limit"].clone()));
        }
        let sent = notifier.sms.messages().len();
        assert_eq!(sent, 5 * day, "the day's ceiling, and the next day's is its own");
        assert_eq!(
            refused,
            [
                "prefix", "prefix", "prefix", "prefix", "micro_pu", "micro_pu", "micro_pu"
            ]
        );
        let spent = "SELECT COALESCE(max(used), 0)::bigint FROM send_limit WHERE scope = $1";
        assert!(notifier.count(spent, "micro_pu").await? <= 5 * PART);
        notifier.advance(24 * 3600 - 12 * 30).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_channel_may_follow_up_at_proved_addresses_only() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.follow_up_verified_only = true;
    let customer = notifier.pumped("+48600700001", "PL", None).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[0].reason, "send.not_verified");
    assert!(
        told.summary.ends_with(
            "The channel follows up only at addresses that are proved to be the customer's, and this one is not."
        ),
        "{}",
        told.summary
    );
    assert!(notifier.truth().holds.is_empty(), "nothing was held");
    notifier.prepared("+48600700002", "PL", None).await?;
    for (address, _) in notifier.truth().addresses.values_mut() {
        address.verified = true;
    }
    notifier.advance(31).await;
    notifier.sms.nth("+48600700002", 1, SOON).await?;
    assert_eq!(notifier.sms.calls(), 1);
    Ok(())
}
