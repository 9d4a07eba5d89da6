use super::contact::name;
use super::unreadable;
use crate::domain::{
    Address, AddressKind, AddressValue, Bound, ExternalId, Found, Given, Owner, Owners, PageScopedId, Phone, Purpose,
    Zone,
};
use domain::{AddressId, ContactId, Country, Email, PhoneE164, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::HashMap;
use store::OrFault;
use uuid::Uuid;

/// Who has the given addresses, they and their contacts locked until the transaction ends. What moved to
/// another contact while a lock was waited for is left out: read again, it is found there.
pub async fn lock_owners(db: &mut PgConnection, workspace: &WorkspaceId, given: &Given) -> Result<Owners> {
    let norm = |value: Option<AddressValue>| value.map(|value| value.normalised());
    let rows = sqlx::query!(
        "SELECT a.id, a.kind, a.contact_id, c.name FROM address a
         JOIN contact c ON c.workspace_id = a.workspace_id AND c.id = a.contact_id
         WHERE a.workspace_id = $1 AND c.merged_into IS NULL
           AND ((a.kind = 'phone' AND a.value_norm = $2) OR (a.kind = 'email' AND a.value_norm = $3)
             OR (a.kind = 'page_scoped' AND a.value_norm = $4))
         ORDER BY c.id FOR UPDATE OF c FOR NO KEY UPDATE OF a",
        workspace.as_str(),
        norm(given.phone_value()),
        norm(given.email_value()),
        norm(given.page_value()),
    )
    .fetch_all(db)
    .await
    .or_fault("lock owners of addresses")?;
    let mut owners = Owners::default();
    for row in rows {
        let found = Found {
            address: AddressId(row.id),
            contact: ContactId(row.contact_id),
            name: name(row.name)?,
        };
        match AddressKind::from_word(&row.kind) {
            Some(AddressKind::Phone) => owners.phone = Some(found),
            Some(AddressKind::Email) => owners.email = Some(found),
            Some(AddressKind::PageScoped) => owners.page = Some(found),
            Some(AddressKind::External) | None => return Err(unreadable("address.kind")),
        }
    }
    Ok(owners)
}

/// Whose address this is.
pub async fn owner(db: &mut PgConnection, workspace: &WorkspaceId, value: &AddressValue) -> Result<Option<ContactId>> {
    let found = sqlx::query_scalar!(
        "SELECT contact_id FROM address WHERE workspace_id = $1 AND kind = $2 AND value_norm = $3",
        workspace.as_str(),
        value.kind().word(),
        value.normalised(),
    )
    .fetch_optional(db)
    .await
    .or_fault("look for owner of address")?;
    Ok(found.map(ContactId))
}

/// True where there is such an address, whatever it was given for.
pub async fn exists(db: &mut PgConnection, workspace: &WorkspaceId, id: AddressId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM address WHERE workspace_id = $1 AND id = $2) AS "found!""#,
        workspace.as_str(),
        id.0,
    )
    .fetch_one(db)
    .await
    .or_fault("look for address")?;
    Ok(found)
}

/// Those of these phone numbers and e-mail addresses that belong to the contact.
pub async fn owned(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: ContactId,
    addresses: &[AddressId],
) -> Result<Vec<AddressId>> {
    let ids: Vec<Uuid> = addresses.iter().map(|address| address.0).collect();
    let found = sqlx::query_scalar!(
        "SELECT id FROM address WHERE workspace_id = $1 AND id = ANY($2) AND contact_id = $3 AND kind IN ('phone', 'email')",
        workspace.as_str(),
        &ids,
        contact.0,
    )
    .fetch_all(db)
    .await
    .or_fault("look for addresses of contact")?;
    Ok(found.into_iter().map(AddressId).collect())
}

/// Stores an address; false where somebody stored the same one meanwhile.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: AddressId,
    contact: ContactId,
    value: &AddressValue,
    at: Timestamp,
) -> Result<bool> {
    let country = value.country();
    let done = sqlx::query!(
        "INSERT INTO address (workspace_id, id, contact_id, kind, value, value_norm, country, verified, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT ON CONSTRAINT address_value DO NOTHING",
        workspace.as_str(),
        id.0,
        contact.0,
        value.kind().word(),
        value.stored(),
        value.normalised(),
        country.as_ref().map(Country::as_str),
        // Nobody types it: the page says who it is.
        value.kind() == AddressKind::PageScoped,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert address")?;
    Ok(done.rows_affected() == 1)
}

/// Notes what addresses were given for.
pub async fn give_purpose(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    addresses: &[AddressId],
    purpose: Purpose,
    at: Timestamp,
) -> Result<()> {
    let ids: Vec<Uuid> = addresses.iter().map(|address| address.0).collect();
    sqlx::query!(
        "INSERT INTO address_purpose (workspace_id, address_id, purpose, given_at)
         SELECT $1, a.id, $3, $4 FROM UNNEST($2::uuid[]) AS a(id)
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        &ids,
        purpose.word(),
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("give purpose to addresses")?;
    Ok(())
}

/// Notes that these addresses are proved to be their owner's.
pub async fn verify(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: ContactId,
    addresses: &[AddressId],
) -> Result<()> {
    let ids: Vec<Uuid> = addresses.iter().map(|address| address.0).collect();
    sqlx::query!(
        "UPDATE address SET verified = true
         WHERE workspace_id = $1 AND id = ANY($2) AND contact_id = $3 AND NOT verified",
        workspace.as_str(),
        &ids,
        contact.0,
    )
    .execute(db)
    .await
    .or_fault("verify addresses")?;
    Ok(())
}

/// Those of these contacts that have a phone number or an e-mail address besides these.
pub async fn reached_otherwise(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
    addresses: &[AddressId],
) -> Result<Vec<ContactId>> {
    let contacts: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let ids: Vec<Uuid> = addresses.iter().map(|address| address.0).collect();
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT contact_id FROM address
         WHERE workspace_id = $1 AND contact_id = ANY($2) AND kind <> 'external' AND id <> ALL($3)",
        workspace.as_str(),
        &contacts,
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("look for other addresses of contacts")?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// Those of these contacts that have an external id.
pub async fn identified(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
) -> Result<Vec<ContactId>> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT contact_id FROM address WHERE workspace_id = $1 AND contact_id = ANY($2) AND kind = 'external'",
        workspace.as_str(),
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("look for external ids of contacts")?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// Gives all addresses of a locked contact to another one; which they were.
pub async fn move_all(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    from: ContactId,
    to: ContactId,
) -> Result<Vec<AddressId>> {
    let moved = sqlx::query_scalar!(
        "UPDATE address SET contact_id = $3 WHERE workspace_id = $1 AND contact_id = $2 RETURNING id",
        workspace.as_str(),
        from.0,
        to.0,
    )
    .fetch_all(db)
    .await
    .or_fault("move addresses of contact")?;
    Ok(moved.into_iter().map(AddressId).collect())
}

/// Gives these addresses of a locked contact back to another one.
pub async fn move_back(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (from, to): (ContactId, ContactId),
    addresses: &[AddressId],
) -> Result<()> {
    let ids: Vec<Uuid> = addresses.iter().map(|address| address.0).collect();
    sqlx::query!(
        "UPDATE address SET contact_id = $3 WHERE workspace_id = $1 AND contact_id = $2 AND id = ANY($4)",
        workspace.as_str(),
        from.0,
        to.0,
        &ids,
    )
    .execute(db)
    .await
    .or_fault("move addresses back")?;
    Ok(())
}

/// One address and whose it is, bound to what they were given for.
pub async fn find(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: AddressId,
) -> Result<Option<Bound<(Address, Owner)>>> {
    let row = sqlx::query!(
        r#"SELECT a.id, a.kind, a.value, a.country, a.verified, c.name, c.time_zone,
             address_purposes(a.workspace_id, a.id, a.contact_id) AS "purposes!"
           FROM address a JOIN contact c ON c.workspace_id = a.workspace_id AND c.id = a.contact_id
           WHERE a.workspace_id = $1 AND a.id = $2"#,
        workspace.as_str(),
        id.0,
    )
    .fetch_optional(db)
    .await
    .or_fault("read address")?;
    let Some(row) = row else { return Ok(None) };
    let owner = Owner {
        name: name(row.name)?,
        time_zone: row.time_zone.map(Zone::stored),
    };
    let stored = AddressRow {
        id: row.id,
        kind: row.kind,
        value: row.value,
        country: row.country,
        verified: row.verified,
        purposes: row.purposes,
    };
    Ok(Some(stored.read()?.with(owner)))
}

/// The addresses of these contacts that the transaction may see, by contact, oldest first.
pub(super) async fn of_contacts(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Bound<Address>>>> {
    let rows = sqlx::query!(
        r#"SELECT a.contact_id, a.id, a.kind, a.value, a.country, a.verified,
             address_purposes(a.workspace_id, a.id, a.contact_id) AS "purposes!"
           FROM address a WHERE a.workspace_id = $1 AND a.contact_id = ANY($2) ORDER BY a.created_at, a.id"#,
        workspace.as_str(),
        contacts,
    )
    .fetch_all(db)
    .await
    .or_fault("read addresses of contacts")?;
    let mut addresses: HashMap<Uuid, Vec<Bound<Address>>> = HashMap::new();
    for row in rows {
        let stored = AddressRow {
            id: row.id,
            kind: row.kind,
            value: row.value,
            country: row.country,
            verified: row.verified,
            purposes: row.purposes,
        };
        addresses.entry(row.contact_id).or_default().push(stored.read()?);
    }
    Ok(addresses)
}

/// An address as it stands in its columns.
struct AddressRow {
    id: Uuid,
    kind: String,
    value: String,
    country: Option<String>,
    verified: bool,
    purposes: Vec<String>,
}

impl AddressRow {
    fn read(self) -> Result<Bound<Address>> {
        let value = match (AddressKind::from_word(&self.kind), self.country) {
            (Some(AddressKind::Phone), Some(country)) => AddressValue::Phone(Phone {
                number: PhoneE164::parse(&self.value).map_err(|_| unreadable("address.value"))?,
                country: Country::parse(&country).map_err(|_| unreadable("address.country"))?,
            }),
            (Some(AddressKind::Email), None) => {
                AddressValue::Email(Email::parse(&self.value).map_err(|_| unreadable("address.value"))?)
            }
            (Some(AddressKind::External), None) => {
                AddressValue::External(ExternalId::parse(&self.value).map_err(|_| unreadable("address.value"))?)
            }
            (Some(AddressKind::PageScoped), None) => {
                let id = PageScopedId::stored(&self.value);
                AddressValue::PageScoped(id.ok_or_else(|| unreadable("address.value"))?)
            }
            _ => return Err(unreadable("address.kind")),
        };
        let purposes = self
            .purposes
            .iter()
            .map(|word| Purpose::from_word(word).ok_or_else(|| unreadable("address_purpose.purpose")))
            .collect::<Result<_>>()?;
        Ok(Bound::new(
            Address {
                id: AddressId(self.id),
                value,
                verified: self.verified,
            },
            purposes,
        ))
    }
}
