//! Everything that is kept of one person, to be deleted at once.

use crate::domain::{AddressKind, Erased, PageScopedId, Trace};
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};
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
        Some(AddressKind::PageScoped) => {
            let id = PageScopedId::stored(&row.value);
            Trace::Word(id.map_or(row.value, |id| id.expose().to_owned()))
        }
        Some(AddressKind::External) | None => Trace::Word(row.value),
    });
    Ok(read.collect())
}

/// Everything that is kept of these contacts, as it is kept, by kind, from a place on. In a transaction that sees all addresses.
pub async fn export(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
    (from, limit): (u64, u64),
) -> Result<Vec<(String, serde_json::Value)>> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let number = |number: u64| i64::try_from(number).map_err(Fault::internal);
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", data - 'workspace_id' AS "data!" FROM (
             SELECT 1 AS place, 'contact' AS kind, id::text AS key, to_jsonb(c) AS data FROM contact c
             WHERE c.workspace_id = $1 AND c.id = ANY($2)
             UNION ALL
             SELECT 2, 'address', id::text, to_jsonb(a) || jsonb_build_object('purposes',
               address_purposes(a.workspace_id, a.id, a.contact_id)) FROM address a
             WHERE a.workspace_id = $1 AND a.contact_id = ANY($2)
             UNION ALL
             SELECT 2, 'profile', r.address_id || r.channel || r.field, to_jsonb(r) FROM channel_profile r
             JOIN address a ON a.workspace_id = r.workspace_id AND a.id = r.address_id
             WHERE a.workspace_id = $1 AND a.contact_id = ANY($2)
             UNION ALL
             SELECT 3, 'capture', id::text, to_jsonb(k) FROM captured k WHERE k.workspace_id = $1 AND k.contact_id = ANY($2)
             UNION ALL
             SELECT 4, 'data', contact_id || key, to_jsonb(d) FROM contact_data d
             WHERE d.workspace_id = $1 AND d.contact_id = ANY($2)
             UNION ALL
             SELECT 5, 'change', contact_id || lpad(version::text, 20, '0'), to_jsonb(h) FROM contact_change h
             WHERE h.workspace_id = $1 AND h.contact_id = ANY($2)
             UNION ALL
             SELECT 6, 'merge', id::text, to_jsonb(m) FROM contact_merge m
             WHERE m.workspace_id = $1 AND (m.contact_id = ANY($2) OR m.into_id = ANY($2))
             UNION ALL
             SELECT 7, 'conflict', id::text, to_jsonb(o) FROM contact_conflict o
             WHERE o.workspace_id = $1 AND (o.contact_id = ANY($2) OR o.other_contact = ANY($2))
             UNION ALL
             SELECT 8, 'consent', id::text, to_jsonb(s) || jsonb_build_object('addresses',
               (SELECT jsonb_agg(n.address_id) FROM consent_address n
                WHERE n.workspace_id = s.workspace_id AND n.consent_id = s.id))
             FROM consent s WHERE s.workspace_id = $1 AND s.contact_id = ANY($2)
             UNION ALL
             SELECT 9, 'withdrawal', contact_id || at::text, to_jsonb(w) FROM withdrawal w
             WHERE w.workspace_id = $1 AND w.contact_id = ANY($2)
             UNION ALL
             SELECT 10, 'purchase', id::text, to_jsonb(p) || jsonb_build_object(
               'lines', (SELECT jsonb_agg(to_jsonb(l) - 'workspace_id') FROM purchase_line l
                 WHERE l.workspace_id = p.workspace_id AND l.purchase_id = p.id),
               'parcels', (SELECT jsonb_agg(to_jsonb(l) - 'workspace_id') FROM purchase_parcel l
                 WHERE l.workspace_id = p.workspace_id AND l.purchase_id = p.id),
               'data', (SELECT jsonb_object_agg(l.key, l.value) FROM purchase_data l
                 WHERE l.workspace_id = p.workspace_id AND l.purchase_id = p.id),
               'versions', (SELECT jsonb_agg(to_jsonb(l) - 'workspace_id' - 'digest') FROM purchase_version l
                 WHERE l.workspace_id = p.workspace_id AND l.purchase_id = p.id))
             FROM purchase p WHERE p.workspace_id = $1 AND p.owner_id = ANY($2)) kept
           ORDER BY place, key LIMIT $3 OFFSET $4"#,
        workspace.as_str(),
        &ids,
        number(limit)?,
        number(from)?,
    )
    .fetch_all(db)
    .await
    .or_fault("export person")?;
    Ok(rows.into_iter().map(|row| (row.kind, row.data)).collect())
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
        "profiles": "DELETE FROM channel_profile r USING address a WHERE a.workspace_id = $1 AND a.contact_id = ANY($2)
           AND r.workspace_id = a.workspace_id AND r.address_id = a.id";
        "purposes": "DELETE FROM address_purpose p USING address a WHERE a.workspace_id = $1 AND a.contact_id = ANY($2)
           AND p.workspace_id = a.workspace_id AND p.address_id = a.id";
        "addresses": "DELETE FROM address WHERE workspace_id = $1 AND contact_id = ANY($2)";
        "purchase_versions": "DELETE FROM purchase_version v USING purchase p WHERE p.workspace_id = $1 AND p.owner_id = ANY($2)
           AND v.workspace_id = p.workspace_id AND v.purchase_id = p.id";
        "purchase_lines": "DELETE FROM purchase_line l USING purchase p WHERE p.workspace_id = $1 AND p.owner_id = ANY($2)
           AND l.workspace_id = p.workspace_id AND l.purchase_id = p.id";
        "purchase_parcels": "DELETE FROM purchase_parcel l USING purchase p WHERE p.workspace_id = $1 AND p.owner_id = ANY($2)
           AND l.workspace_id = p.workspace_id AND l.purchase_id = p.id";
        "purchase_data": "DELETE FROM purchase_data d USING purchase p WHERE p.workspace_id = $1 AND p.owner_id = ANY($2)
           AND d.workspace_id = p.workspace_id AND d.purchase_id = p.id";
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
