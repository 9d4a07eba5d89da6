use super::signed;
use crate::domain::Settings;
use domain::{ChannelId, WorkspaceId};
use fault::{Fault, Result};
use store::{OrFault, Tx};

/// Reads a channel's settings. If nobody told of it yet, keeps its place, so that the telling waits for this
/// transaction and finds what it did.
pub async fn read_channel(tx: &mut Tx, workspace: &WorkspaceId, channel: &ChannelId) -> Result<Option<Settings>> {
    let read = async |tx: &mut Tx| {
        sqlx::query_scalar!(
            "SELECT settings FROM channel_view WHERE workspace_id = $1 AND channel = $2",
            workspace.as_str(),
            channel.as_str()
        )
        .fetch_optional(&mut **tx)
        .await
        .or_fault("read channel")
    };
    let settings = match read(tx).await? {
        Some(settings) => settings,
        None => {
            sqlx::query!(
                "INSERT INTO channel_view (workspace_id, channel, version) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING",
                workspace.as_str(),
                channel.as_str()
            )
            .execute(&mut **tx)
            .await
            .or_fault("keep channel's place")?;
            read(tx).await?.flatten()
        }
    };
    settings
        .map(serde_json::from_value)
        .transpose()
        .map_err(Fault::internal)
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
