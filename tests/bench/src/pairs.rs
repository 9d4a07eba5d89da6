//! Billing by itself: pairs of hold and capture a second over many accounts and on a hot one, and how long a hold takes
//! at a steady rate. A pair is measured from the call to the commit of its capture.

use crate::figures::{Latency, latency, rate};
use crate::homing::Homing;
use anyhow::{Context, Result};
use bus::Bus;
use domain::{EventId, WorkspaceId};
use events::Outgoing;
use events::common::MessageKind;
use events::event::DeliveryAccepted;
use futures::{StreamExt, TryStreamExt, stream};
use rpc::billing::billing_service_client::BillingServiceClient;
use rpc::billing::{HoldRequest, HoldState};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use testkit::eventually;
use tonic::transport::Channel;
use uuid::Uuid;

pub const ACCOUNTS: usize = 1_000;
pub const PAIRS: usize = 20_000;
/// Calls that wait for their answer at once.
const WINDOW: usize = 500;
/// Facts in one publish.
const BATCH: usize = 250;

pub struct Books {
    client: BillingServiceClient<Channel>,
    bus: Bus,
    rows: PgPool,
    accounts: Vec<WorkspaceId>,
    /// Deliveries so far: each has an id of its own.
    deliveries: u128,
}

impl Books {
    /// Opens and funds the accounts.
    pub async fn open(homing: &Homing) -> Result<Self> {
        let accounts: Vec<WorkspaceId> = (0..ACCOUNTS)
            .map(|number| WorkspaceId::parse(&format!("pairs-{number}")))
            .collect::<Result<_, _>>()?;
        stream::iter(&accounts)
            .map(|account| homing.fund(account.as_str()))
            .buffer_unordered(32)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(Self {
            client: BillingServiceClient::new(homing.billing()?),
            bus: homing.bus().await?,
            rows: homing.database("billing").await?,
            accounts,
            deliveries: 0,
        })
    }

    /// Pairs a second, spread over this many accounts.
    pub async fn pairs(&mut self, accounts: usize) -> Result<f64> {
        let captured = self.captured().await?;
        let deliveries = self.next(PAIRS);
        let since = Instant::now();
        let (client, bus, all) = (&self.client, &self.bus, &self.accounts);
        let account = |delivery: u128| &all[delivery as usize % accounts];
        stream::iter(deliveries)
            .map(|delivery| async move {
                hold(client.clone(), account(delivery), delivery).await?;
                anyhow::Ok(delivery)
            })
            .buffer_unordered(WINDOW)
            .ready_chunks(BATCH)
            .map(|held| async move {
                let held: Vec<u128> = held.into_iter().collect::<Result<_>>()?;
                let facts: Vec<Outgoing> = held.into_iter().map(|id| accepted(account(id), id)).collect();
                for result in bus.publish(&facts).await {
                    result?;
                }
                anyhow::Ok(())
            })
            .buffer_unordered(4)
            .try_collect::<Vec<()>>()
            .await?;
        let wanted = captured + PAIRS as i64;
        eventually("every hold is captured", Duration::from_secs(120), async || {
            (self.captured().await.ok()? >= wanted).then_some(())
        })
        .await?;
        Ok(rate(PAIRS, since))
    }

    /// How long holds take that are asked for at a steady rate, whether the ones before are answered or not.
    pub async fn hold_at(&mut self, per_second: usize, seconds: usize) -> Result<Latency> {
        let deliveries = self.next(per_second * seconds);
        let mut tick = tokio::time::interval(Duration::from_secs(1) / u32::try_from(per_second)?);
        let mut calls = Vec::new();
        for delivery in deliveries {
            tick.tick().await;
            let (client, account) = (self.client.clone(), self.accounts[delivery as usize % ACCOUNTS].clone());
            calls.push(tokio::spawn(async move {
                let since = Instant::now();
                hold(client, &account, delivery).await?;
                anyhow::Ok(since.elapsed())
            }));
        }
        let mut samples = Vec::with_capacity(calls.len());
        for call in calls {
            samples.push(call.await??);
        }
        Ok(latency(samples))
    }

    fn next(&mut self, count: usize) -> std::ops::Range<u128> {
        let first = self.deliveries;
        self.deliveries += count as u128;
        first..self.deliveries
    }

    async fn captured(&self) -> Result<i64> {
        let sql = "SELECT count(*) FROM hold WHERE state = 'captured' AND workspace_id LIKE 'pairs-%'";
        Ok(sqlx::query_scalar(sql).fetch_one(&self.rows).await?)
    }
}

async fn hold(mut client: BillingServiceClient<Channel>, account: &WorkspaceId, delivery: u128) -> Result<()> {
    let request = HoldRequest {
        workspace: account.to_string(),
        delivery: id(delivery).to_string(),
        kind: MessageKind::Sms.into(),
        country: "PL".into(),
        parts: 1,
    };
    let answer = client.hold(request).await?.into_inner();
    let held = (answer.state() == HoldState::Held).then_some(());
    held.with_context(|| format!("the hold is {:?}", answer.state()))
}

fn accepted(account: &WorkspaceId, delivery: u128) -> Outgoing {
    let fact = DeliveryAccepted {
        delivery: id(delivery).to_string(),
        kind: MessageKind::Sms.into(),
        country: "PL".into(),
        parts: 1,
        ..Default::default()
    };
    Outgoing::new(
        EventId(id(delivery)),
        account,
        "notifier",
        jiff::Timestamp::UNIX_EPOCH,
        &fact,
    )
}

fn id(delivery: u128) -> Uuid {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + delivery)
}
