//! How channels start chats and give them to agents.

use super::{loaded, stored};
use crate::domain::channel_routing::ChannelRouting;
use ::domain::{ChannelId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use store::OrFault;

/// A channel's document and its version; of a channel that nobody set the defaults, as version 0.
pub(crate) async fn get(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    channel: &ChannelId,
) -> Result<(ChannelRouting, u64)> {
    let row = sqlx::query!(
        r#"SELECT version, routing AS "routing: Json<ChannelRouting>" FROM channel_routing
           WHERE workspace_id = $1 AND channel = $2"#,
        workspace.as_str(),
        channel.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("get channel routing")?;
    Ok(row.map_or_else(Default::default, |row| (row.routing.0, loaded(row.version))))
}

/// Writes a version, under the lock on the workspace's queue.
pub(crate) async fn set(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    (routing, version): (&ChannelRouting, u64),
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO channel_routing (workspace_id, channel, version, routing, changed_at, keep_opening_hours)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace_id, channel) DO UPDATE SET version = excluded.version, routing = excluded.routing,
           changed_at = excluded.changed_at, keep_opening_hours = excluded.keep_opening_hours",
        workspace.as_str(),
        channel.as_str(),
        stored(version),
        Json(routing) as _,
        at.to_sqlx() as _,
        routing.keep_opening_hours,
    )
    .execute(db)
    .await
    .or_fault("set channel routing")?;
    Ok(())
}
