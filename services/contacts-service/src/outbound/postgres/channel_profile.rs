use super::unreadable;
use crate::domain::{ChannelProfile, KeptProfile, ProfileField, ProfileValue};
use domain::{AddressId, ContactId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use store::OrFault;

/// Keeps what a channel tells of whom it knows by an address. Of each field what was told last counts, and of two values of one moment
/// the greater one, so that the order in which they come does not matter.
pub async fn keep(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    address: AddressId,
    told: &ChannelProfile,
    now: Timestamp,
) -> Result<()> {
    // A clock that runs ahead counts as ours.
    let at = told.at.map_or(now, |at| at.min(now));
    let fields: Vec<String> = told.values.keys().map(|field| field.word().to_owned()).collect();
    let values: Vec<String> = told.values.values().map(|value| value.expose().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO channel_profile AS p (workspace_id, address_id, channel, field, value, at)
         SELECT $1, $2, $3, g.field, g.value, $6 FROM UNNEST($4::text[], $5::text[]) AS g(field, value)
         ON CONFLICT (workspace_id, address_id, channel, field) DO UPDATE SET value = EXCLUDED.value, at = EXCLUDED.at
         WHERE (p.at, p.value) < (EXCLUDED.at, EXCLUDED.value)",
        workspace.as_str(),
        address.0,
        told.channel.as_str(),
        &fields,
        &values,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("keep profile")?;
    Ok(())
}

/// What channels tell of a contact, by channel and address.
pub async fn of_contact(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: ContactId,
) -> Result<Vec<KeptProfile>> {
    let rows = sqlx::query!(
        "SELECT p.address_id, p.channel, p.field, p.value, p.at FROM address a
         JOIN channel_profile p ON p.workspace_id = a.workspace_id AND p.address_id = a.id
         WHERE a.workspace_id = $1 AND a.contact_id = $2",
        workspace.as_str(),
        contact.0,
    )
    .fetch_all(db)
    .await
    .or_fault("read profiles of contact")?;
    let mut profiles: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for row in rows {
        let field = ProfileField::from_word(&row.field).ok_or_else(|| unreadable("channel_profile.field"))?;
        let value = (ProfileValue::stored(row.value), row.at.to_jiff());
        profiles
            .entry((row.channel, row.address_id))
            .or_default()
            .insert(field, value);
    }
    let kept = profiles.into_iter().map(|((channel, address), values)| KeptProfile {
        channel,
        address: AddressId(address),
        values,
    });
    Ok(kept.collect())
}
