use super::unreadable;
use crate::domain::{By, Consent, KeptConsent, Purpose, Withdrawal, Wording};
use domain::{AddressId, ContactId, ConversationId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// Writes a consent; false where its request is known.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (id, request_id): (Uuid, &str),
    consent: &Consent,
    at: Timestamp,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO consent (workspace_id, id, contact_id, purpose, form, form_version, language, conversation_id,
           request_id, given_at, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT ON CONSTRAINT consent_request DO NOTHING",
        workspace.as_str(),
        id,
        consent.contact.0,
        consent.purpose.word(),
        consent.wording.form,
        i32::try_from(consent.wording.version).unwrap_or(i32::MAX),
        consent.wording.language,
        consent.conversation.map(|conversation| conversation.0),
        request_id,
        consent.given_at.to_sqlx() as _,
        at.to_sqlx() as _,
    )
    .execute(&mut *db)
    .await
    .or_fault("insert consent")?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let addresses: Vec<Uuid> = consent.addresses.iter().map(|address| address.0).collect();
    sqlx::query!(
        "INSERT INTO consent_address (workspace_id, consent_id, address_id)
         SELECT $1, $2, a.id FROM UNNEST($3::uuid[]) AS a(id)",
        workspace.as_str(),
        id,
        &addresses,
    )
    .execute(db)
    .await
    .or_fault("insert addresses of consent")?;
    Ok(true)
}

/// The contact of the consent that a request recorded.
pub async fn of_request(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    request_id: &str,
) -> Result<Option<(Uuid, ContactId)>> {
    let row = sqlx::query!(
        "SELECT id, contact_id FROM consent WHERE workspace_id = $1 AND request_id = $2",
        workspace.as_str(),
        request_id,
    )
    .fetch_optional(db)
    .await
    .or_fault("look for request of consent")?;
    Ok(row.map(|row| (row.id, ContactId(row.contact_id))))
}

/// Every consent of these contacts, oldest first, with what ended it among everything that they took back.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
    withdrawals: &[Withdrawal],
) -> Result<Vec<KeptConsent>> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let rows = sqlx::query!(
        r#"SELECT c.id, c.contact_id, c.purpose, c.form, c.form_version, c.language, c.conversation_id, c.given_at,
             ARRAY(SELECT a.address_id FROM consent_address a
                   WHERE a.workspace_id = c.workspace_id AND a.consent_id = c.id ORDER BY a.address_id) AS "addresses!"
           FROM consent c WHERE c.workspace_id = $1 AND c.contact_id = ANY($2) ORDER BY c.given_at, c.id"#,
        workspace.as_str(),
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("list consents")?;
    rows.into_iter()
        .map(|row| {
            let consent = Consent {
                contact: ContactId(row.contact_id),
                purpose: purpose(&row.purpose)?,
                addresses: row.addresses.into_iter().map(AddressId).collect(),
                wording: Wording {
                    form: row.form,
                    version: row.form_version.unsigned_abs(),
                    language: row.language,
                },
                conversation: row.conversation_id.map(ConversationId),
                given_at: row.given_at.to_jiff(),
            };
            Ok(KeptConsent::new(row.id, consent, withdrawals))
        })
        .collect()
}

/// Everything that a contact took back, oldest first.
pub async fn withdrawals(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: ContactId,
) -> Result<Vec<Withdrawal>> {
    let rows = sqlx::query!(
        "SELECT purpose, at, by FROM withdrawal WHERE workspace_id = $1 AND contact_id = $2 ORDER BY at",
        workspace.as_str(),
        contact.0,
    )
    .fetch_all(db)
    .await
    .or_fault("list withdrawals")?;
    rows.into_iter()
        .map(|row| {
            Ok(Withdrawal {
                purpose: purpose(&row.purpose)?,
                at: row.at.to_jiff(),
                by: By::from_word(&row.by).ok_or_else(|| unreadable("withdrawal.by"))?,
            })
        })
        .collect()
}

/// Writes what these contacts took back; the same moment only once.
pub async fn withdraw(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
    withdrawal: Withdrawal,
) -> Result<()> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    sqlx::query!(
        "INSERT INTO withdrawal (workspace_id, contact_id, purpose, at, by)
         SELECT $1, c.id, $3, $4, $5 FROM UNNEST($2::uuid[]) AS c(id)
         ON CONFLICT (workspace_id, contact_id, purpose, at) DO NOTHING",
        workspace.as_str(),
        &ids,
        withdrawal.purpose.word(),
        withdrawal.at.to_sqlx() as _,
        withdrawal.by.word(),
    )
    .execute(db)
    .await
    .or_fault("insert withdrawal")?;
    Ok(())
}

fn purpose(word: &str) -> Result<Purpose> {
    Purpose::from_word(word).ok_or_else(|| unreadable("purpose"))
}
