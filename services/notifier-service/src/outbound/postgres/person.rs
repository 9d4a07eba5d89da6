//! What is kept beside the case of a conversation whose person is erased.

use domain::{ConversationId, PhoneE164, WorkspaceId};
use fault::Result;
use store::{OrFault, Tx};

/// Deletes a conversation's return links; says how many.
pub async fn erase_links(tx: &mut Tx, workspace: &WorkspaceId, conversation: ConversationId) -> Result<u64> {
    let erased = sqlx::query!(
        "DELETE FROM return_link WHERE workspace_id = $1 AND conversation = $2",
        workspace.as_str(),
        conversation.0
    )
    .execute(&mut **tx)
    .await
    .or_fault("erase return links")?;
    Ok(erased.rows_affected())
}

/// Deletes the addresses that a conversation's mails are answered to; says how many.
pub async fn erase_reply_addresses(tx: &mut Tx, workspace: &WorkspaceId, conversation: ConversationId) -> Result<u64> {
    let erased = sqlx::query!(
        "DELETE FROM reply_address WHERE workspace_id = $1 AND conversation = $2",
        workspace.as_str(),
        conversation.0
    )
    .execute(&mut **tx)
    .await
    .or_fault("erase reply addresses")?;
    Ok(erased.rows_affected())
}

/// Deletes texts of these numbers that are still being joined; says how many. Few texts are: they are looked through.
pub async fn erase_joining_texts(tx: &mut Tx, workspace: &WorkspaceId, numbers: &[PhoneE164]) -> Result<u64> {
    let numbers: Vec<String> = numbers.iter().map(|number| number.expose().to_owned()).collect();
    let erased = sqlx::query!(
        "DELETE FROM joining_text WHERE workspace_id = $1 AND sender = ANY($2)",
        workspace.as_str(),
        &numbers
    )
    .execute(&mut **tx)
    .await
    .or_fault("erase joining texts")?;
    Ok(erased.rows_affected())
}
