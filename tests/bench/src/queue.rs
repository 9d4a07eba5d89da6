//! routing-service by itself: 1,000 agents and 10,000 who wait. How long after a change of capacity the agent hears of the alert, and
//! how many of those who wait are served a second.

use crate::figures::{Latency, latency, rate};
use crate::homing::Homing;
use anyhow::{Context, Result, ensure};
use events::common::ChannelKind;
use events::event::RequestState;
use futures::{StreamExt, TryStreamExt, stream};
use rpc::routing::queue_service_client::QueueServiceClient;
use rpc::routing::routing_service_client::RoutingServiceClient;
use rpc::routing::{
    AcceptAlertRequest, AgentProfile, Chats, ListRequestsRequest, SetAgentProfileRequest, WatchAlertsRequest,
};
use sqlx::PgPool;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tonic::transport::Channel;

pub const AGENTS: usize = 1_000;
pub const WAITING: usize = 10_000;
const TEAMS: usize = 10;
/// Agents whose alerts are waited for, one after the other.
const HEARD: usize = 200;
const CHANGES_A_SECOND: u32 = 20;
/// Chats that each of the others takes.
const CHATS: usize = 10;
/// Calls that wait for their answer at once.
const WINDOW: usize = 32;
const WORKSPACE: &str = "queue";

/// Agents who are there and take nothing yet, as their own words leave them.
const FILL_AGENTS: &str = "
  INSERT INTO agent (workspace_id, agent, availability, since, version, teams, languages, console)
    SELECT $1, 'agent-' || n, 'available', now(), 1, ARRAY['team-' || n % $3], '{}', gen_random_uuid() FROM generate_series(0, $2 - 1) n";
const FILL_LOADS: &str = "
  INSERT INTO agent_load (workspace_id, agent, kind, capacity, in_use, is_open, last_given_at)
    SELECT $1, 'agent-' || n, kind, 0, 0, true, '-infinity'
    FROM generate_series(0, $2 - 1) n CROSS JOIN unnest(ARRAY['web', 'sms', 'email', 'whatsapp', 'facebook', 'instagram', 'voice']) kind";
const FILL_STAFFING: &str = "
  INSERT INTO team_staffing (workspace_id, team, is_staffed, version)
    SELECT $1, 'team-' || n, false, 1 FROM generate_series(0, $2 - 1) n UNION ALL SELECT $1, '', false, 1";
/// Conversations that came in a second after each other, an hour to be alerted to.
const FILL_REQUESTS: &str = "
  INSERT INTO request (workspace_id, id, channel, kind, team, language, state, priority, waiting_since, is_admin, alert_seconds, passes,
      passed, conversation_id, version)
    SELECT $1, gen_random_uuid(), 'web', 'web', 'team-' || n % $3, 'en', 'waiting', 5, now() - interval '1 second' * ($2 - n), false, 3600,
      '[]', '{}', gen_random_uuid(), 1 FROM generate_series(0, $2 - 1) n";

/// What was measured.
pub struct Measured {
    pub alert: Latency,
    /// Waiting requests that became alerts, and were accepted, a second.
    pub assigned: f64,
}

pub async fn measure(homing: &Homing) -> Result<Measured> {
    let rows = homing.database("routing").await?;
    fill(&rows).await?;
    let channel = homing.routing()?;
    positions(&channel, &rows, WAITING).await?;
    let alert = alerts(&channel).await?;
    positions(&channel, &rows, WAITING - HEARD).await?;
    Ok(Measured {
        alert,
        assigned: assignments(&channel, &rows).await?,
    })
}

async fn fill(rows: &PgPool) -> Result<()> {
    let (agents, waiting, teams) = (AGENTS as i64, WAITING as i64, TEAMS as i64);
    for fill in [FILL_AGENTS, FILL_REQUESTS] {
        let count = if fill == FILL_AGENTS { agents } else { waiting };
        sqlx::query(fill)
            .bind(WORKSPACE)
            .bind(count)
            .bind(teams)
            .execute(rows)
            .await?;
    }
    sqlx::query(FILL_LOADS)
        .bind(WORKSPACE)
        .bind(agents)
        .execute(rows)
        .await?;
    sqlx::query(FILL_STAFFING)
        .bind(WORKSPACE)
        .bind(teams)
        .execute(rows)
        .await?;
    sqlx::query("ANALYZE").execute(rows).await?;
    Ok(())
}

/// Fails unless each of those who wait is told its place in its queue: the one that the rows say.
async fn positions(channel: &Channel, rows: &PgPool, count: usize) -> Result<()> {
    let sql = "SELECT id::text, row_number() OVER (PARTITION BY team ORDER BY priority, waiting_since, id)
               FROM request WHERE workspace_id = $1 AND state = 'waiting'";
    let places: HashMap<String, i64> = sqlx::query_as(sql)
        .bind(WORKSPACE)
        .fetch_all(rows)
        .await?
        .into_iter()
        .collect();
    ensure!(places.len() == count, "{} wait instead of {count}", places.len());
    let mut queue = QueueServiceClient::new(channel.clone());
    let mut request = ListRequestsRequest {
        workspace: WORKSPACE.into(),
        page_size: 500,
        ..Default::default()
    };
    let mut seen = 0;
    loop {
        let page = queue.list_requests(request.clone()).await?.into_inner();
        for one in page.requests.iter().filter(|one| one.state() == RequestState::Waiting) {
            let place = places.get(&one.request).copied();
            ensure!(
                place == Some(one.position.into()),
                "{} is told {}",
                one.request,
                one.position
            );
            seen += 1;
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    ensure!(seen == count, "{seen} of {count} are listed");
    Ok(())
}

fn agent(number: usize) -> String {
    format!("agent-{number}")
}

async fn take(channel: &Channel, number: usize, chats: u32) -> Result<()> {
    let web = Chats {
        kind: ChannelKind::Web.into(),
        chats,
    };
    let request = SetAgentProfileRequest {
        workspace: WORKSPACE.into(),
        agent: agent(number),
        profile: Some(AgentProfile {
            languages: Vec::new(),
            capacity: vec![web],
        }),
    };
    RoutingServiceClient::new(channel.clone())
        .set_agent_profile(request)
        .await?;
    Ok(())
}

/// From the call that lets an agent take one chat to the alert on their stream.
async fn alerts(channel: &Channel) -> Result<Latency> {
    let mut queue = QueueServiceClient::new(channel.clone());
    let mut heard = Vec::with_capacity(HEARD);
    for number in 0..HEARD {
        let watch = WatchAlertsRequest {
            workspace: WORKSPACE.into(),
            agent: agent(number),
        };
        heard.push(queue.watch_alerts(watch).await?.into_inner());
    }
    let mut tick = tokio::time::interval(Duration::from_secs(1) / CHANGES_A_SECOND);
    let mut samples = Vec::with_capacity(HEARD);
    for (number, mut alerts) in heard.into_iter().enumerate() {
        tick.tick().await;
        let since = Instant::now();
        let (set, alert) = tokio::join!(take(channel, number, 1), alerts.next());
        set?;
        samples.push(since.elapsed());
        let request = alert.context("the stream ended")??.request.context("a request")?;
        ensure!(
            request.state() == RequestState::Alerted,
            "no alert, but {:?}",
            request.state()
        );
    }
    Ok(latency(samples))
}

/// The other agents take ten chats each, and accept all that they are alerted to.
async fn assignments(channel: &Channel, rows: &PgPool) -> Result<f64> {
    let count = (AGENTS - HEARD) * CHATS;
    let since = Instant::now();
    let chats = u32::try_from(CHATS)?;
    stream::iter(HEARD..AGENTS)
        .map(|number| take(channel, number, chats))
        .buffer_unordered(WINDOW)
        .try_collect::<Vec<()>>()
        .await?;
    let sql = "SELECT id::text, assignee FROM request WHERE workspace_id = $1 AND state = 'alerted'";
    let alerted: Vec<(String, String)> = sqlx::query_as(sql).bind(WORKSPACE).fetch_all(rows).await?;
    ensure!(alerted.len() == count + HEARD, "{} alerts", alerted.len());
    stream::iter(alerted)
        .map(|(request, agent)| async move {
            let accept = AcceptAlertRequest {
                workspace: WORKSPACE.into(),
                request,
                agent,
            };
            QueueServiceClient::new(channel.clone()).accept_alert(accept).await?;
            anyhow::Ok(())
        })
        .buffer_unordered(WINDOW)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(rate(count, since))
}
