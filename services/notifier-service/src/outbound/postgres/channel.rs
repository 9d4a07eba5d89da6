use super::signed;
use crate::domain::{Medium, Settings};
use domain::{ChannelId, ConversationId, WorkspaceId};
use fault::{Fault, Result};
use store::{OrFault, Tx};

/// Keeps the place of a channel that nobody told of yet: the telling waits for this transaction and finds what it did.
pub async fn keep_channel(tx: &mut Tx, workspace: &WorkspaceId, channel: &ChannelId) -> Result<()> {
    sqlx::query!(
        "INSERT INTO channel_view (workspace_id, channel, version) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        channel.as_str()
    )
    .execute(&mut **tx)
    .await
    .or_fault("keep channel's place")?;
    Ok(())
}

/// Keeps the higher version.
pub async fn fold_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    version: u64,
    settings: &Settings,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO channel_view (workspace_id, channel, version, settings) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, channel) DO UPDATE SET version = excluded.version, settings = excluded.settings
         WHERE channel_view.version < excluded.version",
        workspace.as_str(),
        channel.as_str(),
        signed(version)?,
        serde_json::to_value(settings).map_err(Fault::internal)?
    )
    .execute(&mut **tx)
    .await
    .or_fault("fold channel")?;
    Ok(())
}

/// A channel of this workspace whose customers write by this medium, and whether it is the one whose texts come from `ours`.
/// Else one without a number of its own goes before the others.
pub async fn find_channel_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    medium: Medium,
    ours: &str,
) -> Result<Option<(ChannelId, bool)>> {
    let found = sqlx::query!(
        r#"SELECT channel, COALESCE(settings ->> 'text_from' = $2, false) AS "by_number!" FROM channel_view
           WHERE workspace_id = $1 AND (settings ->> $3)::boolean
           ORDER BY 2 DESC, settings ->> 'text_from' IS NULL DESC, channel LIMIT 1"#,
        workspace.as_str(),
        ours,
        medium.word()
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("find a channel of texts")?;
    found
        .map(|row| Ok((ChannelId::parse(&row.channel)?, row.by_number)))
        .transpose()
}

/// Whether people of a channel may be called by a name; `None` while nobody told of the channel.
pub async fn takes_names(tx: &mut Tx, workspace: &WorkspaceId, channel: &ChannelId) -> Result<Option<bool>> {
    let takes = sqlx::query_scalar!(
        "SELECT (settings ->> 'name')::boolean FROM channel_view WHERE workspace_id = $1 AND channel = $2",
        workspace.as_str(),
        channel.as_str()
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("read whether a channel takes names")?;
    Ok(takes.flatten())
}

/// Settings of a conversation's channel, as they stand now; `None` while nobody told of them.
pub async fn read_settings_of(tx: &mut Tx, workspace: &WorkspaceId, id: ConversationId) -> Result<Option<Settings>> {
    let settings = sqlx::query_scalar!(
        "SELECT c.settings FROM conversation_view v
         JOIN channel_view c ON c.workspace_id = v.workspace_id AND c.channel = v.channel
         WHERE v.workspace_id = $1 AND v.conversation = $2",
        workspace.as_str(),
        id.0
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("read a conversation's settings")?;
    let settings = settings.flatten().map(serde_json::from_value);
    settings.transpose().map_err(Fault::internal)
}
