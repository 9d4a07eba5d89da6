//! What teams say by themselves.

use super::opening_hours::Kept;
use super::{known, loaded, stored};
use crate::domain::automatic::{AutomaticMessages, Voice};
use crate::domain::settings::{Channel, ChannelKind, Settings};
use domain::{ChannelId, Language, TeamId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use store::OrFault;

/// A team's name, what it says and the version of that; without any: version 0. `None`: there is no such team.
pub async fn get(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: &TeamId,
) -> Result<Option<(String, AutomaticMessages, u64)>> {
    let row = sqlx::query!(
        r#"SELECT t.name, a.version AS "version?", a.settings AS "settings?: Json<AutomaticMessages>"
           FROM team t LEFT JOIN automatic_messages a ON a.workspace_id = t.workspace_id AND a.team_id = t.id
           WHERE t.workspace_id = $1 AND t.id = $2"#,
        workspace.as_str(),
        team.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("get automatic messages")?;
    Ok(row.map(|row| {
        let messages = row.settings.map(|kept| kept.0).unwrap_or_default();
        (row.name, messages, row.version.map_or(0, loaded))
    }))
}

/// Under the lock of [`workspace::lock`](super::workspace::lock).
pub async fn set(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: &TeamId,
    messages: &AutomaticMessages,
    version: u64,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO automatic_messages (workspace_id, team_id, version, settings, changed_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace_id, team_id)
           DO UPDATE SET version = excluded.version, settings = excluded.settings, changed_at = excluded.changed_at",
        workspace.as_str(),
        team.as_str(),
        stored(version),
        Json(messages) as _,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("set automatic messages")?;
    Ok(())
}

/// What is said by itself on these channels; those without a team, or whose team says nothing, are not among them.
pub async fn voices(
    db: &mut PgConnection,
    wanted: &[(WorkspaceId, ChannelId)],
) -> Result<HashMap<(WorkspaceId, ChannelId), Voice>> {
    let workspaces: Vec<String> = wanted.iter().map(|(workspace, _)| workspace.to_string()).collect();
    let ids: Vec<String> = wanted.iter().map(|(_, id)| id.to_string()).collect();
    let rows = sqlx::query!(
        r#"SELECT c.workspace_id, c.id, c.kind, c.settings AS "settings: Json<Settings>", t.name,
                  a.settings AS "messages: Json<AutomaticMessages>", o.hours AS "hours?: Json<Kept>"
           FROM UNNEST($1::text[], $2::text[]) AS k (workspace_id, id)
           JOIN channel c ON c.workspace_id = k.workspace_id AND c.id = k.id
           JOIN team t ON t.workspace_id = c.workspace_id AND t.id = c.settings->>'team'
           JOIN automatic_messages a ON a.workspace_id = t.workspace_id AND a.team_id = t.id
           LEFT JOIN opening_hours o ON o.workspace_id = t.workspace_id AND o.team_id = t.id"#,
        &workspaces,
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("get what teams say by themselves")?;
    rows.into_iter()
        .map(|row| {
            let place = (WorkspaceId::parse(&row.workspace_id)?, ChannelId::parse(&row.id)?);
            let voice = Voice {
                channel: known(ChannelKind::from_word(&row.kind), "channel.kind")?,
                language: Language::parse(&row.settings.0.language)?,
                business_name: row.settings.0.business_name,
                team_name: row.name,
                messages: row.messages.0,
                hours: row.hours.map(|kept| kept.0.hours()).transpose()?,
            };
            Ok((place, voice))
        })
        .collect()
}

/// The same of one channel, as it stands here.
pub async fn voice_of(db: &mut PgConnection, workspace: &WorkspaceId, channel: &Channel) -> Result<Option<Voice>> {
    if channel.settings.team.is_empty() {
        return Ok(None);
    }
    let row = sqlx::query!(
        r#"SELECT t.name, a.settings AS "messages: Json<AutomaticMessages>", o.hours AS "hours?: Json<Kept>"
           FROM team t JOIN automatic_messages a ON a.workspace_id = t.workspace_id AND a.team_id = t.id
           LEFT JOIN opening_hours o ON o.workspace_id = t.workspace_id AND o.team_id = t.id
           WHERE t.workspace_id = $1 AND t.id = $2"#,
        workspace.as_str(),
        channel.settings.team,
    )
    .fetch_optional(db)
    .await
    .or_fault("get what a team says by itself")?;
    row.map(|row| {
        Ok(Voice {
            channel: channel.kind,
            language: Language::parse(&channel.settings.language)?,
            business_name: channel.settings.business_name.clone(),
            team_name: row.name,
            messages: row.messages.0,
            hours: row.hours.map(|kept| kept.0.hours()).transpose()?,
        })
    })
    .transpose()
}
