//! Facts: deliveries settle holds, new workspaces open accounts, changed ones move them to another time zone.

use super::words;
use crate::app::{Billing, Learned, Taken, Told};
use crate::domain::{Mark, Receipt, Terms};
use bus::{BatchHandler, Handler};
use domain::{DeliveryId, Invalid};
use events::event::{
    DeliveryAccepted, DeliveryAttempting, DeliveryDelivered, DeliveryFailed, DeliveryUndelivered, WorkspaceChanged,
    WorkspaceCreated,
};
use events::{Received, headers, instant};
use fault::{Fault, Result, codes};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What `Deliveries` reads.
pub fn delivery_filters() -> Vec<String> {
    vec![
        events::fact_filter::<DeliveryAttempting>(),
        events::fact_filter::<DeliveryAccepted>(),
        events::fact_filter::<DeliveryFailed>(),
    ]
}

/// What `Receipts` reads.
pub fn receipt_filters() -> Vec<String> {
    vec![
        events::fact_filter::<DeliveryDelivered>(),
        events::fact_filter::<DeliveryUndelivered>(),
    ]
}

/// What `Workspaces` reads.
pub fn workspace_filters() -> Vec<String> {
    vec![
        events::fact_filter::<WorkspaceCreated>(),
        events::fact_filter::<WorkspaceChanged>(),
    ]
}

/// Settles holds, a batch in one transaction.
#[derive(Debug, Clone)]
pub struct Deliveries {
    billing: Billing,
}

impl Deliveries {
    pub fn new(billing: Billing) -> Self {
        Self { billing }
    }

    /// All in one transaction; if that fails, each workspace in its own, and where that fails each fact: one bad fact
    /// holds up no other.
    async fn settle(&self, learned: &[Learned]) -> Vec<Result<()>> {
        match learned {
            [] => return Vec::new(),
            [_] => return vec![self.billing.settle(learned).await],
            _ => {}
        }
        if self.billing.settle(learned).await.is_ok() {
            return learned.iter().map(|_| Ok(())).collect();
        }
        let mut results = Vec::with_capacity(learned.len());
        for of_workspace in learned.chunk_by(|one, next| one.workspace == next.workspace) {
            if self.billing.settle(of_workspace).await.is_ok() {
                results.extend(of_workspace.iter().map(|_| Ok(())));
                continue;
            }
            for item in of_workspace {
                results.push(self.billing.settle(std::slice::from_ref(item)).await);
            }
        }
        results
    }
}

impl BatchHandler for Deliveries {
    async fn handle(&self, batch: Vec<Received>) -> Vec<Result<()>> {
        let mut results: Vec<Result<()>> = batch.iter().map(|_| Ok(())).collect();
        let mut read_well = Vec::with_capacity(batch.len());
        for (at, message) in batch.iter().enumerate() {
            match read(message) {
                Ok(learned) => read_well.push((at, learned)),
                Err(fault) => results[at] = Err(fault),
            }
        }
        // A stable sort: what was learned of one workspace stays in its order.
        read_well.sort_by(|(_, one), (_, other)| one.workspace.cmp(&other.workspace));
        let (places, learned): (Vec<usize>, Vec<Learned>) = read_well.into_iter().unzip();
        for (at, result) in places.into_iter().zip(self.settle(&learned).await) {
            results[at] = result;
        }
        results
    }

    /// One writer per workspace: writers would only wait for each other's account.
    fn partition(&self, message: &Received) -> u64 {
        by_workspace(message)
    }
}

fn by_workspace(message: &Received) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.workspace().hash(&mut hasher);
    hasher.finish()
}

/// Keeps what receipts say, a batch in one transaction.
#[derive(Debug, Clone)]
pub struct Receipts {
    billing: Billing,
}

impl Receipts {
    pub fn new(billing: Billing) -> Self {
        Self { billing }
    }
}

impl BatchHandler for Receipts {
    /// All in one transaction; if that fails, each in its own.
    async fn handle(&self, batch: Vec<Received>) -> Vec<Result<()>> {
        let read: Vec<Result<Told>> = batch.iter().map(read_receipt).collect();
        let told: Vec<Told> = read.iter().filter_map(|read| read.as_ref().ok().cloned()).collect();
        let at_once = !told.is_empty() && self.billing.note_receipts(&told).await.is_ok();
        let mut results = Vec::with_capacity(read.len());
        for item in read {
            results.push(match item {
                Ok(_) if at_once => Ok(()),
                Ok(told) => self.billing.note_receipts(&[told]).await,
                Err(fault) => Err(fault),
            });
        }
        results
    }

    fn partition(&self, message: &Received) -> u64 {
        by_workspace(message)
    }
}

fn read_receipt(message: &Received) -> Result<Told> {
    let (delivery, receipt, at) = if message.is::<DeliveryDelivered>() {
        let fact = message.decode::<DeliveryDelivered>()?;
        (fact.delivery, Receipt::Delivered, fact.at)
    } else if message.is::<DeliveryUndelivered>() {
        let fact = message.decode::<DeliveryUndelivered>()?;
        (fact.delivery, Receipt::Undelivered, fact.at)
    } else {
        return Err(Fault::new(&codes::MALFORMED, "not a fact that billing reads"));
    };
    Ok(Told {
        key: (message.workspace().clone(), DeliveryId::parse(&delivery)?),
        receipt,
        at: instant(at).ok_or_else(|| Fault::new(&codes::MALFORMED, "has no time").of("at"))?,
    })
}

fn read(message: &Received) -> Result<Learned> {
    let mut taken = None;
    let (delivery, mark, terms) = if message.is::<DeliveryAttempting>() {
        (message.decode::<DeliveryAttempting>()?.delivery, Mark::Attempting, None)
    } else if message.is::<DeliveryAccepted>() {
        let fact = message.decode::<DeliveryAccepted>()?;
        taken = Some(Taken {
            provider: fact.provider.clone(),
            message: fact.provider_message.clone(),
        })
        .filter(|taken| !taken.message.is_empty());
        (fact.delivery.clone(), Mark::Accepted, terms(&fact).ok())
    } else if message.is::<DeliveryFailed>() {
        (message.decode::<DeliveryFailed>()?.delivery, Mark::Failed, None)
    } else {
        return Err(Fault::new(&codes::MALFORMED, "not a fact that billing reads"));
    };
    Ok(Learned {
        workspace: message.workspace().clone(),
        delivery: DeliveryId::parse(&delivery)?,
        mark,
        terms,
        taken,
        traceparent: message.header(headers::TRACEPARENT).map(str::to_owned),
    })
}

fn terms(fact: &DeliveryAccepted) -> Result<Terms, Invalid> {
    Terms::new(words::kind(fact.kind)?, words::country(&fact.country)?, fact.parts)
}

/// The version of a workspace that was only created.
const CREATED: u64 = 1;

/// Opens accounts, and keeps their time zones.
#[derive(Debug, Clone)]
pub struct Workspaces {
    billing: Billing,
}

impl Workspaces {
    pub fn new(billing: Billing) -> Self {
        Self { billing }
    }
}

impl Handler for Workspaces {
    async fn handle(&self, message: Received) -> Result<()> {
        let (time_zone, version) = if message.is::<WorkspaceChanged>() {
            let fact = message.decode::<WorkspaceChanged>()?;
            (fact.time_zone, fact.version)
        } else {
            (message.decode::<WorkspaceCreated>()?.time_zone, CREATED)
        };
        self.billing
            .open_account(message.workspace(), &time_zone, version)
            .await
    }
}
