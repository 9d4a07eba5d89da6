//! What the notifier did, waited for as long as it takes.

use crate::harness::{Harness, SOON, Tested};
use crate::telling::Customer;
use events::Fact;
use rpc::notifier::explain_follow_up_request::Of;
use rpc::notifier::{DeliveryStatus, ExplainFollowUpRequest, ExplainFollowUpResponse, FollowUpState};
use std::sync::Mutex;
use testkit::eventually;

/// Nothing becomes of any delivery any more, but by a receipt.
pub fn is_settled(told: &ExplainFollowUpResponse) -> bool {
    let open = [
        DeliveryStatus::Due,
        DeliveryStatus::Checking,
        DeliveryStatus::Attempting,
        DeliveryStatus::Unknown,
    ];
    told.deliveries
        .iter()
        .all(|delivery| !open.contains(&delivery.status()))
}

impl Harness {
    pub async fn explain(&self, customer: &Customer) -> anyhow::Result<ExplainFollowUpResponse> {
        let request = ExplainFollowUpRequest {
            workspace: self.workspace.to_string(),
            of: Some(Of::Conversation(customer.conversation.to_string())),
        };
        Ok(self.client.clone().explain_follow_up(request).await?.into_inner())
    }

    /// Waits until the explanation is as wanted, and returns it.
    pub async fn becomes(
        &self,
        customer: &Customer,
        what: &str,
        wanted: impl Fn(&ExplainFollowUpResponse) -> bool,
    ) -> anyhow::Result<ExplainFollowUpResponse> {
        let last = Mutex::new(None);
        let found = eventually(what, SOON, async || {
            let told = self.explain(customer).await.ok()?;
            let fits = wanted(&told);
            *last.lock().expect("nobody panics with it") = Some(told.clone());
            fits.then_some(told)
        })
        .await;
        found.map_err(|missed| anyhow::anyhow!("{missed}; last seen: {:#?}", last.lock().expect("no panic")))
    }

    /// Waits until no call is under way: the clock stands still meanwhile, as the leases count on.
    pub async fn no_calls(&self) -> Tested {
        let busy = "SELECT count(*) FROM delivery WHERE status IN ('checking', 'attempting') AND $1 = ''";
        let over = eventually("no call is under way", SOON, async || {
            let calls = self.count(busy, "").await.ok()?;
            (calls == 0).then_some(())
        });
        Ok(over.await?)
    }

    pub async fn state(&self, customer: &Customer, state: FollowUpState) -> anyhow::Result<ExplainFollowUpResponse> {
        self.becomes(customer, state.as_str_name(), |told| {
            told.follow_ups.first().is_some_and(|newest| newest.state() == state)
        })
        .await
    }

    /// Armed for a moment: the timers know of it.
    pub async fn armed(&self, customer: &Customer) -> anyhow::Result<ExplainFollowUpResponse> {
        self.becomes(customer, "armed", |told| {
            told.follow_ups.first().is_some_and(|newest| newest.due_at.is_some())
        })
        .await
    }

    pub async fn delivery(
        &self,
        customer: &Customer,
        status: DeliveryStatus,
    ) -> anyhow::Result<ExplainFollowUpResponse> {
        self.becomes(customer, status.as_str_name(), |told| {
            told.deliveries.last().is_some_and(|newest| newest.status() == status)
        })
        .await
    }

    /// Waits until every fact published so far is handled and acknowledged.
    pub async fn caught_up(&self) -> Tested {
        let context = async_nats::jetstream::new(self.bus.client().clone());
        eventually("every fact is handled", SOON, async || {
            let stream = context.get_stream(events::FACTS.name).await.ok()?;
            let consumer = stream.consumer_info("notifier").await.ok()?;
            (consumer.num_pending == 0 && consumer.num_ack_pending == 0).then_some(())
        })
        .await?;
        Ok(())
    }

    /// Waits until nothing is left to do at this moment, then counts texts and mails.
    pub async fn sent(&self) -> (usize, usize) {
        self.quiet().await.expect("nothing is left to do");
        (self.sms.messages().len(), self.smtp.mails().len())
    }

    /// Facts of one kind that the notifier published so far.
    pub async fn facts<F: Fact>(&self, count: usize) -> anyhow::Result<Vec<F>> {
        let found = eventually(format!("{count} facts {}", F::TYPE), SOON, async || {
            let facts = self.published::<F>().await.ok()?;
            (facts.len() >= count).then_some(facts)
        })
        .await?;
        Ok(found)
    }

    async fn published<F: Fact>(&self) -> anyhow::Result<Vec<F>> {
        use async_nats::jetstream;
        let context = jetstream::new(self.bus.client().clone());
        let stream = context.get_stream(events::FACTS.name).await?;
        let state = &stream.cached_info().state;
        let (mut facts, mut next, last) = (vec![], state.first_sequence, state.last_sequence);
        while next <= last {
            if let Ok(message) = stream.get_raw_message(next).await
                && message.subject.ends_with(&format!(".{}.{}", F::AGGREGATE, F::EVENT))
            {
                facts.push(F::decode(message.payload)?);
            }
            next += 1;
        }
        Ok(facts)
    }
}
