//! Everything that is kept of one person, to be deleted at once.

use crate::domain::{AddressKind, Erased, Trace};
use domain::{ContactId, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// By what leftovers of these contacts are known: their addresses. In a transaction that sees them all.
pub async fn traces(db: &mut PgConnection, workspace: &WorkspaceId, contacts: &[ContactId]) -> Result<Vec<Trace>> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let rows = sqlx::query!(
        "SELECT kind, value, value_norm FROM address WHERE workspace_id = $1 AND contact_id = ANY($2)",
        workspace.as_str(),
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("read addresses of person")?;
    let read = rows.into_iter().map(|row| match AddressKind::from_word(&row.kind) {
        Some(AddressKind::Phone) => Trace::Number(row.value_norm),
        Some(AddressKind::Email) => Trace::Word(row.value_norm),
        Some(AddressKind::External) | None => Trace::Word(row.value),
    });
    Ok(read.collect())
}

/// Deletes everything that is kept of these locked contacts, and says how much. In a transaction that sees all addresses.
/// In this order: what refers to something goes before it.
pub async fn erase(db: &mut PgConnection, workspace: &WorkspaceId, contacts: &[ContactId]) -> Result<Erased> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let mut erased = Erased::new();
    macro_rules! delete {
        ($($what:literal: $sql:literal;)+) => {$(
            let deleted = sqlx::query!($sql, workspace.as_str(), &ids).execute(&mut *db).await.or_fault("erase person")?;
            *erased.entry($what.to_owned()).or_default() += deleted.rows_affected();
        )+};
    }
    delete! {
        "conflicts": "DELETE FROM contact_conflict WHERE workspace_id = $1 AND contact_id = ANY($2)";
        "conflicts": "DELETE FROM contact_conflict WHERE workspace_id = $1 AND other_contact = ANY($2)";
        "captures": "DELETE FROM captured WHERE workspace_id = $1 AND contact_id = ANY($2)";
        "captures": "DELETE FROM captured k USING address a WHERE a.workspace_id = $1 AND a.contact_id = ANY($2)
           AND k.workspace_id = a.workspace_id AND k.address_id = a.id";
        "consent_addresses": "DELETE FROM consent_address k USING address a WHERE a.workspace_id = $1 AND a.contact_id = ANY($2)
           AND k.workspace_id = a.workspace_id AND k.address_id = a.id";
        "consent_addresses": "DELETE FROM consent_address k USING consent c WHERE c.workspace_id = $1 AND c.contact_id = ANY($2)
           AND k.workspace_id = c.workspace_id AND k.consent_id = c.id";
        "consents": "DELETE FROM consent WHERE workspace_id = $1 AND contact_id = ANY($2)";
        "withdrawals": "DELETE FROM withdrawal WHERE workspace_id = $1 AND contact_id = ANY($2)";
        "purposes": "DELETE FROM address_purpose p USING address a WHERE a.workspace_id = $1 AND a.contact_id = ANY($2)
           AND p.workspace_id = a.workspace_id AND p.address_id = a.id";
        "addresses": "DELETE FROM address WHERE workspace_id = $1 AND contact_id = ANY($2)";
        "purchase_versions": "DELETE FROM purchase_version v USING purchase p WHERE p.workspace_id = $1 AND p.owner_id = ANY($2)
           AND v.workspace_id = p.workspace_id AND v.purchase_id = p.id";
        "purchase_lines": "DELETE FROM purchase_line l USING purchase p WHERE p.workspace_id = $1 AND p.owner_id = ANY($2)
           AND l.workspace_id = p.workspace_id AND l.purchase_id = p.id";
        "purchase_parcels": "DELETE FROM purchase_parcel l USING purchase p WHERE p.workspace_id = $1 AND p.owner_id = ANY($2)
           AND l.workspace_id = p.workspace_id AND l.purchase_id = p.id";
        "purchases": "DELETE FROM purchase WHERE workspace_id = $1 AND owner_id = ANY($2)";
        "data": "DELETE FROM contact_data WHERE workspace_id = $1 AND contact_id = ANY($2)";
        "changes": "DELETE FROM contact_change WHERE workspace_id = $1 AND contact_id = ANY($2)";
        "tags": "DELETE FROM contact_tag t USING contact c WHERE c.workspace_id = $1 AND c.id = ANY($2)
           AND t.workspace_id = c.workspace_id AND t.contact_id = c.id AND t.tag = ANY(c.tags)";
        "merges": "DELETE FROM contact_merge WHERE workspace_id = $1 AND (contact_id = ANY($2) OR into_id = ANY($2))";
        "contacts": "DELETE FROM contact WHERE workspace_id = $1 AND id = ANY($2)";
    }
    erased.retain(|_, count| *count > 0);
    Ok(erased)
}
