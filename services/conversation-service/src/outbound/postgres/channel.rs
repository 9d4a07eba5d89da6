use super::{known, loaded, stored};
use crate::domain::settings::{Channel, ChannelKind, Settings, transcript_at_end};
use domain::{ChannelId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use store::OrFault;

/// More would make listing slow; nobody has as many entry points.
const MAX_CHANNELS: i64 = 1_000;

struct Row {
    workspace_id: String,
    id: String,
    kind: String,
    version: i64,
    settings: Value,
}

impl Row {
    fn channel(self) -> Result<Channel> {
        let kind = known(ChannelKind::from_word(&self.kind), "channel.kind")?;
        Ok(Channel {
            id: ChannelId::parse(&self.id)?,
            kind,
            settings: settings(kind, self.settings)?,
            version: loaded(self.version),
        })
    }
}

/// What was stored before a setting was there has the default of its kind.
fn settings(kind: ChannelKind, mut kept: Value) -> Result<Settings> {
    if let Some(kept) = kept.as_object_mut() {
        kept.entry("transcript_at_end")
            .or_insert_with(|| transcript_at_end(kind).into());
    }
    serde_json::from_value(kept).map_err(Fault::internal)
}

macro_rules! channels {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            "SELECT workspace_id, id, kind, version, settings FROM channel " + $tail,
            $($argument),*
        )
    };
}

/// False if the channel exists.
pub async fn insert(db: &mut PgConnection, workspace: &WorkspaceId, channel: &Channel, at: Timestamp) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO channel (workspace_id, id, kind, version, settings, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        channel.id.as_str(),
        channel.kind.word(),
        stored(channel.version),
        Json(&channel.settings) as _,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert channel")?;
    Ok(done.rows_affected() == 1)
}

pub async fn update(db: &mut PgConnection, workspace: &WorkspaceId, channel: &Channel, at: Timestamp) -> Result<()> {
    sqlx::query!(
        "UPDATE channel SET version = $3, settings = $4, changed_at = $5 WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        channel.id.as_str(),
        stored(channel.version),
        Json(&channel.settings) as _,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("update channel")?;
    Ok(())
}

pub async fn get(db: &mut PgConnection, workspace: &WorkspaceId, id: &ChannelId) -> Result<Option<Channel>> {
    let row = channels!("WHERE workspace_id = $1 AND id = $2", workspace.as_str(), id.as_str())
        .fetch_optional(db)
        .await
        .or_fault("get channel")?;
    row.map(Row::channel).transpose()
}

/// Like [`get`], and nobody else changes it until the transaction ends.
pub async fn lock(db: &mut PgConnection, workspace: &WorkspaceId, id: &ChannelId) -> Result<Option<Channel>> {
    let row = channels!(
        "WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE",
        workspace.as_str(),
        id.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("lock channel")?;
    row.map(Row::channel).transpose()
}

/// In order of id.
pub async fn list(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<Channel>> {
    let rows = channels!(
        "WHERE workspace_id = $1 ORDER BY id LIMIT $2",
        workspace.as_str(),
        MAX_CHANNELS
    )
    .fetch_all(db)
    .await
    .or_fault("list channels")?;
    rows.into_iter().map(Row::channel).collect()
}

pub async fn is_full(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<bool> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM channel WHERE workspace_id = $1"#,
        workspace.as_str()
    )
    .fetch_one(db)
    .await
    .or_fault("count channels")?;
    Ok(count >= MAX_CHANNELS)
}

/// Those of the named channels that exist.
pub async fn get_many(
    db: &mut PgConnection,
    wanted: &[(WorkspaceId, ChannelId)],
) -> Result<HashMap<(WorkspaceId, ChannelId), Channel>> {
    let workspaces: Vec<String> = wanted.iter().map(|(workspace, _)| workspace.to_string()).collect();
    let ids: Vec<String> = wanted.iter().map(|(_, id)| id.to_string()).collect();
    let rows = channels!(
        "WHERE (workspace_id, id) IN (SELECT * FROM UNNEST($1::text[], $2::text[]))",
        &workspaces,
        &ids
    )
    .fetch_all(db)
    .await
    .or_fault("get channels")?;
    rows.into_iter()
        .map(|row| {
            let workspace = WorkspaceId::parse(&row.workspace_id)?;
            let channel = row.channel()?;
            Ok(((workspace, channel.id.clone()), channel))
        })
        .collect()
}
