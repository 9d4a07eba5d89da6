use super::known;
use crate::domain::token::Scope;
use domain::{IntegrationId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// An integration as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    pub token_hash: Vec<u8>,
    /// In order, without repetitions; none: its token is not valid.
    pub scopes: Vec<Scope>,
}

/// An integration as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: IntegrationId,
    pub scopes: Vec<Scope>,
    /// When its token was made.
    pub token_at: Timestamp,
}

/// False if the integration exists.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: &IntegrationId,
    integration: &Integration,
    at: Timestamp,
) -> Result<bool> {
    let scopes: Vec<String> = integration.scopes.iter().map(|scope| scope.word().to_owned()).collect();
    let done = sqlx::query!(
        "INSERT INTO integration (workspace_id, id, token_hash, scopes, token_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        id.as_str(),
        integration.token_hash,
        &scopes,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert integration")?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(db: &mut PgConnection, workspace: &WorkspaceId, id: &IntegrationId) -> Result<Option<Integration>> {
    let row = sqlx::query!(
        "SELECT token_hash, scopes FROM integration WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("get integration")?;
    row.map(|row| {
        Ok(Integration {
            token_hash: row.token_hash,
            scopes: scopes(&row.scopes)?,
        })
    })
    .transpose()
}

/// Those after an id, in order of id.
pub async fn list(db: &mut PgConnection, workspace: &WorkspaceId, after: &str, limit: i64) -> Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"SELECT id, scopes, token_at AS "token_at: jiff_sqlx::Timestamp" FROM integration
           WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3"#,
        workspace.as_str(),
        after,
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list integrations")?;
    rows.into_iter()
        .map(|row| {
            Ok(Listed {
                id: IntegrationId::parse(&row.id)?,
                scopes: scopes(&row.scopes)?,
                token_at: row.token_at.to_jiff(),
            })
        })
        .collect()
}

fn scopes(words: &[String]) -> Result<Vec<Scope>> {
    let scope = |word: &String| known(Scope::from_word(word), "integration.scopes");
    words.iter().map(scope).collect()
}

/// False if there is no such integration.
pub async fn replace_token(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: &IntegrationId,
    token_hash: &[u8],
    at: Timestamp,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE integration SET token_hash = $3, token_at = $4 WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id.as_str(),
        token_hash,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("replace token")?;
    Ok(done.rows_affected() == 1)
}

/// False if there is no such integration.
pub async fn replace_scopes(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: &IntegrationId,
    scopes: &[Scope],
) -> Result<bool> {
    let scopes: Vec<String> = scopes.iter().map(|scope| scope.word().to_owned()).collect();
    let done = sqlx::query!(
        "UPDATE integration SET scopes = $3 WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id.as_str(),
        &scopes,
    )
    .execute(db)
    .await
    .or_fault("replace scopes")?;
    Ok(done.rows_affected() == 1)
}
