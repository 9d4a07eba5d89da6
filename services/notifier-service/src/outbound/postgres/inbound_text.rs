use domain::{ConversationId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// Notes that a text came, by its provider's id; false if that was noted before. `unanswered`: a hash of it, until its
/// provider was told that we have it.
pub async fn add_inbound_text(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    provider_id: &str,
    (address_mac, unanswered): (&[u8], Option<&[u8]>),
    now: Timestamp,
) -> Result<bool> {
    let added = sqlx::query!(
        "INSERT INTO inbound_text (workspace_id, provider_id, address_mac, unanswered, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        provider_id,
        address_mac,
        unanswered,
        now.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("add inbound text")?;
    Ok(added.rows_affected() == 1)
}

/// The id of a text with this hash whose provider may not know yet that we have it. What is older than the first of
/// `since`, or was answered before the second, no longer counts.
pub async fn find_unanswered(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    unanswered: &[u8],
    (since, answered_since): (Timestamp, Timestamp),
) -> Result<Option<String>> {
    sqlx::query!(
        "UPDATE inbound_text SET unanswered = NULL
         WHERE workspace_id = $1 AND unanswered = $2 AND (at < $3 OR answered_at < $4)",
        workspace.as_str(),
        unanswered,
        since.to_sqlx() as _,
        answered_since.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("forget an unanswered text")?;
    sqlx::query_scalar!(
        "SELECT provider_id FROM inbound_text WHERE workspace_id = $1 AND unanswered = $2",
        workspace.as_str(),
        unanswered
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("find an unanswered text")
}

/// The text's provider was told that we have it: the same words are another text from now on. `unsure_since`: it may not
/// have heard that.
pub async fn answer_inbound_text(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    unanswered: &[u8],
    unsure_since: Option<Timestamp>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE inbound_text
         SET unanswered = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE unanswered END,
             answered_at = coalesce(answered_at, $3)
         WHERE workspace_id = $1 AND unanswered = $2",
        workspace.as_str(),
        unanswered,
        unsure_since.map(|since| since.to_sqlx()) as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("answer an inbound text")?;
    Ok(())
}

/// Where a text is posted, if that was decided.
pub async fn find_place(tx: &mut Tx, workspace: &WorkspaceId, provider_id: &str) -> Result<Option<ConversationId>> {
    let place = sqlx::query_scalar!(
        "SELECT conversation FROM inbound_text WHERE workspace_id = $1 AND provider_id = $2",
        workspace.as_str(),
        provider_id
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("find inbound text")?;
    Ok(place.flatten().map(Into::into))
}

/// Decides where a text is posted; the first decision stays.
pub async fn set_place(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    provider_id: &str,
    conversation: ConversationId,
) -> Result<()> {
    sqlx::query!(
        "UPDATE inbound_text SET conversation = $3
         WHERE workspace_id = $1 AND provider_id = $2 AND conversation IS NULL",
        workspace.as_str(),
        provider_id,
        conversation.0
    )
    .execute(&mut **tx)
    .await
    .or_fault("place inbound text")?;
    Ok(())
}

/// Where the newest text of a sender was posted.
pub async fn find_newest_place(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    address_mac: &[u8],
) -> Result<Option<ConversationId>> {
    let place = sqlx::query_scalar!(
        r#"SELECT conversation AS "conversation!" FROM inbound_text
           WHERE workspace_id = $1 AND address_mac = $2 AND conversation IS NOT NULL ORDER BY at DESC LIMIT 1"#,
        workspace.as_str(),
        address_mac
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("find the sender's newest text")?;
    Ok(place.map(Into::into))
}

/// When somebody, known by a keyed hash, last wrote.
pub async fn find_newest(tx: &mut Tx, workspace: &WorkspaceId, address_mac: &[u8]) -> Result<Option<Timestamp>> {
    let at = sqlx::query_scalar!(
        r#"SELECT at FROM inbound_text
           WHERE workspace_id = $1 AND address_mac = $2 AND conversation IS NOT NULL ORDER BY at DESC LIMIT 1"#,
        workspace.as_str(),
        address_mac
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("find when somebody last wrote")?;
    Ok(at.map(|at| at.to_jiff()))
}

/// Deletes some notes of all workspaces that are older than `before`; says how many. In a worker's transaction.
pub async fn prune_inbound_texts(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM inbound_text t
         USING (SELECT workspace_id, provider_id FROM inbound_text WHERE at < $1 LIMIT $2) old
         WHERE t.workspace_id = old.workspace_id AND t.provider_id = old.provider_id",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune inbound texts")?;
    Ok(pruned.rows_affected())
}
