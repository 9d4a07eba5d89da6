//! A month's usage of a million metered messages, read through billing's door.

use crate::figures::{Latency, latency};
use crate::homing::Homing;
use anyhow::{Context, Result, ensure};
use prost_types::Timestamp;
use rpc::billing::billing_service_client::BillingServiceClient;
use rpc::billing::{GetUsageRequest, UsageBy};
use sqlx::PgPool;
use std::time::Instant;

pub const MESSAGES: u64 = 1_000_000;
const WORKSPACE: &str = "usage";
const READS: usize = 100;
/// 2026-01-01T00:00:00Z, and a month later.
const MONTH: (i64, i64) = (1_767_225_600, 1_769_904_000);

/// As captures leave them: a message every 2.7 seconds of the month, to four countries in turn.
const FILL: &str = "
  INSERT INTO hold (workspace_id, id, kind, country, parts, amount, state, attempted, created_at, settled_at, metered)
    SELECT $1, gen_random_uuid(), 'sms', (ARRAY['PL', 'FR', 'DE', 'US'])[1 + n % 4], 1 + (n % 3)::int, 10000 * (1 + n % 3),
      'captured', true, at, at, true
    FROM (SELECT n, to_timestamp($2 + n::float8 * ($3 - $2) / $4) AS at FROM generate_series(0, $4 - 1) AS n) AS each";
const SUM: &str = "
  INSERT INTO usage (workspace_id, quarter, kind, country, messages, parts, amount)
    SELECT workspace_id, date_bin('15 minutes', settled_at, '2000-01-01T00:00:00Z'), kind, country, count(*), sum(parts), sum(amount)
    FROM hold WHERE workspace_id = $1 GROUP BY 1, 2, 3, 4";

/// How long one call takes that asks for the month, by day.
pub async fn read(homing: &Homing) -> Result<Latency> {
    homing.fund(WORKSPACE).await?;
    let rows: PgPool = homing.database("billing").await?;
    let month = |fill| sqlx::query(fill).bind(WORKSPACE);
    let (from, to) = (MONTH.0 as f64, MONTH.1 as f64);
    let fill = month(FILL).bind(from).bind(to).bind(MESSAGES as i64);
    fill.execute(&rows).await.context("fill")?;
    month(SUM).execute(&rows).await.context("sum")?;
    let mut client = BillingServiceClient::new(homing.billing()?);
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    let mut samples = Vec::with_capacity(READS);
    for _ in 0..READS {
        let request = GetUsageRequest {
            workspace: WORKSPACE.into(),
            from: at(MONTH.0),
            to: at(MONTH.1),
            by: UsageBy::Day.into(),
            ..Default::default()
        };
        let since = Instant::now();
        let usage = client.get_usage(request).await?.into_inner();
        samples.push(since.elapsed());
        ensure!(usage.total_messages == MESSAGES, "{} messages", usage.total_messages);
    }
    Ok(latency(samples))
}
