//! Workflows of channels.

use super::{known, loaded, stored};
use crate::domain::workflow::{Step, Trigger, Workflow};
use domain::{ChannelId, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use store::OrFault;

struct Row {
    workspace_id: String,
    key: String,
    channel_id: String,
    trigger: String,
    is_on: bool,
    steps: Json<Vec<Step>>,
    version: i64,
    changed_at: jiff_sqlx::Timestamp,
}

impl Row {
    fn workflow(self) -> Result<Workflow> {
        Ok(Workflow {
            key: self.key,
            channel: ChannelId::parse(&self.channel_id)?,
            trigger: known(Trigger::from_word(&self.trigger), "workflow.trigger")?,
            on: self.is_on,
            steps: self.steps.0,
            version: loaded(self.version),
            changed_at: self.changed_at.to_jiff(),
        })
    }
}

macro_rules! workflows {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT w.workspace_id, w.key, w.channel_id, w.trigger, w.is_on, w.steps AS "steps: Json<Vec<Step>>", w.version,
                      w.changed_at
               FROM "# + $tail,
            $($argument),*
        )
    };
}

pub async fn get(db: &mut PgConnection, workspace: &WorkspaceId, key: &str) -> Result<Option<Workflow>> {
    let row = workflows!(
        "workflow w WHERE w.workspace_id = $1 AND w.key = $2",
        workspace.as_str(),
        key
    )
    .fetch_optional(db)
    .await
    .or_fault("get workflow")?;
    row.map(Row::workflow).transpose()
}

/// By key.
pub async fn list(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<Workflow>> {
    let rows = workflows!(
        "workflow w WHERE w.workspace_id = $1 ORDER BY w.key",
        workspace.as_str()
    )
    .fetch_all(db)
    .await
    .or_fault("list workflows")?;
    rows.into_iter().map(Row::workflow).collect()
}

/// Those that the first message begins on these channels.
pub async fn of_first_messages(
    db: &mut PgConnection,
    channels: &[(WorkspaceId, ChannelId)],
) -> Result<HashMap<(WorkspaceId, ChannelId), Workflow>> {
    let workspaces: Vec<String> = channels.iter().map(|(workspace, _)| workspace.to_string()).collect();
    let ids: Vec<String> = channels.iter().map(|(_, id)| id.to_string()).collect();
    let rows = workflows!(
        "UNNEST($1::text[], $2::text[]) AS k (workspace_id, id)
         CROSS JOIN LATERAL (
           SELECT * FROM workflow n WHERE n.workspace_id = k.workspace_id AND n.channel_id = k.id
             AND n.is_on AND n.trigger = 'first_message' OFFSET 0) w",
        &workspaces,
        &ids
    )
    .fetch_all(db)
    .await
    .or_fault("get workflows of first messages")?;
    rows.into_iter()
        .map(|row| {
            let workspace = WorkspaceId::parse(&row.workspace_id)?;
            let workflow = row.workflow()?;
            Ok(((workspace, workflow.channel.clone()), workflow))
        })
        .collect()
}

/// Under the lock of [`workspace::lock`](super::workspace::lock).
pub async fn set(db: &mut PgConnection, workspace: &WorkspaceId, workflow: &Workflow) -> Result<()> {
    sqlx::query!(
        "INSERT INTO workflow (workspace_id, key, channel_id, trigger, is_on, steps, version, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (workspace_id, key) DO UPDATE SET channel_id = $3, trigger = $4, is_on = $5, steps = $6, version = $7,
           changed_at = $8",
        workspace.as_str(),
        workflow.key,
        workflow.channel.as_str(),
        workflow.trigger.word(),
        workflow.on,
        Json(&workflow.steps) as _,
        stored(workflow.version),
        workflow.changed_at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("set workflow")?;
    Ok(())
}
