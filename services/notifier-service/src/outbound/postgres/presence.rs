use super::{signed, unsigned, word};
use crate::domain::Presence;
use domain::{PresenceCause, PresenceState, VisitorId, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// Reads what is known of a visitor and holds it: a change of presence waits for this transaction and finds what it
/// did. Keeps the place of a visitor that was never seen.
pub async fn hold_presence(tx: &mut Tx, workspace: &WorkspaceId, visitor: VisitorId) -> Result<Presence> {
    let read = async |tx: &mut Tx| {
        sqlx::query!(
            "SELECT state, cause, since, epoch, version FROM presence_view
             WHERE workspace_id = $1 AND visitor = $2 FOR SHARE",
            workspace.as_str(),
            visitor.0
        )
        .fetch_optional(&mut **tx)
        .await
        .or_fault("hold presence")
    };
    let row = match read(tx).await? {
        Some(row) => Some(row),
        None => {
            sqlx::query!(
                "INSERT INTO presence_view (workspace_id, visitor, epoch, version) VALUES ($1, $2, 0, 0)
                 ON CONFLICT DO NOTHING",
                workspace.as_str(),
                visitor.0
            )
            .execute(&mut **tx)
            .await
            .or_fault("keep visitor's place")?;
            read(tx).await?
        }
    };
    let Some(row) = row else {
        return Ok(Presence::default());
    };
    let state = row
        .state
        .map(|text| word("presence_view.state", &text, PresenceState::from_word(&text)))
        .transpose()?;
    Ok(Presence {
        state,
        cause: row.cause.as_deref().and_then(PresenceCause::from_word),
        since: row.since.map(|since| since.to_jiff()),
        epoch: unsigned(row.epoch)?,
        version: unsigned(row.version)?,
    })
}

/// Keeps the higher (epoch, version).
pub async fn fold_presence(tx: &mut Tx, workspace: &WorkspaceId, visitor: VisitorId, told: &Presence) -> Result<()> {
    sqlx::query!(
        "INSERT INTO presence_view AS held (workspace_id, visitor, state, cause, since, epoch, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace_id, visitor) DO UPDATE SET state = excluded.state, cause = excluded.cause,
           since = excluded.since, epoch = excluded.epoch, version = excluded.version
         WHERE (held.epoch, held.version) < (excluded.epoch, excluded.version)",
        workspace.as_str(),
        visitor.0,
        told.state.map(PresenceState::word),
        told.cause.map(PresenceCause::word),
        told.since.map(|since| since.to_sqlx()) as _,
        signed(told.epoch)?,
        signed(told.version)?
    )
    .execute(&mut **tx)
    .await
    .or_fault("fold presence")?;
    Ok(())
}
