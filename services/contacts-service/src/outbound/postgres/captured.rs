use super::contact::name;
use super::unreadable;
use crate::domain::{Capture, CapturedValue};
use domain::{AddressId, ContactId, PersonName, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// The newest that are shown of one contact.
const NEWEST: i64 = 200;

/// Keeps that a person gave these in a channel; the same in the same channel only once, as it was given first.
pub async fn keep(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    given: &[(Uuid, ContactId, CapturedValue)],
    channel: Option<&str>,
    at: Timestamp,
) -> Result<()> {
    let ids: Vec<Uuid> = given.iter().map(|(id, ..)| *id).collect();
    let contacts: Vec<Uuid> = given.iter().map(|(_, contact, _)| contact.0).collect();
    let (mut addresses, mut names) = (vec![], vec![]);
    for (.., value) in given {
        match value {
            CapturedValue::Address(address) => {
                addresses.push(Some(address.0));
                names.push(None);
            }
            CapturedValue::Name(name) => {
                addresses.push(None);
                names.push(Some(PersonName::expose(name).to_owned()));
            }
        }
    }
    sqlx::query!(
        "INSERT INTO captured (workspace_id, id, contact_id, address_id, name, channel, at)
         SELECT $1, g.id, g.contact, g.address, g.name, $6, $7
         FROM UNNEST($2::uuid[], $3::uuid[], $4::uuid[], $5::text[]) AS g(id, contact, address, name)
         ON CONFLICT ON CONSTRAINT captured_once DO NOTHING",
        workspace.as_str(),
        &ids,
        &contacts,
        addresses as _,
        names as _,
        channel,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("keep what was captured")?;
    Ok(())
}

/// What was given for these contacts, newest first.
pub async fn list(db: &mut PgConnection, workspace: &WorkspaceId, contacts: &[ContactId]) -> Result<Vec<Capture>> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let rows = sqlx::query!(
        "SELECT address_id, name, channel, at FROM captured WHERE workspace_id = $1 AND contact_id = ANY($2)
         ORDER BY at DESC, id DESC LIMIT $3",
        workspace.as_str(),
        &ids,
        NEWEST,
    )
    .fetch_all(db)
    .await
    .or_fault("list what was captured")?;
    rows.into_iter()
        .map(|row| {
            let what = match (row.address_id, name(row.name)?) {
                (Some(address), None) => CapturedValue::Address(AddressId(address)),
                (None, Some(name)) => CapturedValue::Name(name),
                _ => return Err(unreadable("captured.name")),
            };
            Ok(Capture {
                what,
                channel: row.channel,
                at: row.at.to_jiff(),
            })
        })
        .collect()
}
