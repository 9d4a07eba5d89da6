//! Opening hours of teams.

use super::{loaded, stored};
use domain::{OpenRange, OpeningHours, TeamId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::BTreeMap;
use store::OrFault;

/// Hours as they are kept; ranges in words.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    time_zone: String,
    /// From Monday on.
    week: [Vec<String>; 7],
    special_days: BTreeMap<Date, Vec<String>>,
}

impl Kept {
    fn new(hours: &OpeningHours) -> Self {
        let words = |ranges: &[OpenRange]| ranges.iter().map(OpenRange::to_string).collect::<Vec<_>>();
        Self {
            time_zone: hours.zone_name().to_owned(),
            week: hours.week().each_ref().map(|ranges| words(ranges)),
            special_days: hours
                .special()
                .iter()
                .map(|(day, ranges)| (*day, words(ranges)))
                .collect(),
        }
    }

    pub(super) fn hours(self) -> Result<OpeningHours> {
        let mut week: [Vec<OpenRange>; 7] = Default::default();
        for (day, words) in week.iter_mut().zip(&self.week) {
            *day = ranges(words)?;
        }
        let special = self.special_days.iter().map(|(day, words)| Ok((*day, ranges(words)?)));
        Ok(OpeningHours::new(
            &self.time_zone,
            week,
            special.collect::<Result<_>>()?,
        )?)
    }
}

fn ranges(words: &[String]) -> Result<Vec<OpenRange>> {
    let ranges: Result<Vec<_>, _> = words.iter().map(|word| OpenRange::parse(word)).collect();
    ranges.map_err(Fault::from)
}

/// Hours and version of a team; without either: `(None, 0)`. `None`: there is no such team.
pub async fn get(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: &TeamId,
) -> Result<Option<(Option<OpeningHours>, u64)>> {
    let row = sqlx::query!(
        r#"SELECT o.version AS "version?", o.hours AS "hours?: Json<Kept>"
           FROM team t LEFT JOIN opening_hours o ON o.workspace_id = t.workspace_id AND o.team_id = t.id
           WHERE t.workspace_id = $1 AND t.id = $2"#,
        workspace.as_str(),
        team.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("get opening hours")?;
    let Some(row) = row else { return Ok(None) };
    let hours = row.hours.map(|kept| kept.0.hours()).transpose()?;
    Ok(Some((hours, row.version.map_or(0, loaded))))
}

/// Under the lock of [`workspace::lock`](super::workspace::lock).
pub async fn set(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: &TeamId,
    hours: Option<&OpeningHours>,
    version: u64,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO opening_hours (workspace_id, team_id, version, hours, changed_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace_id, team_id)
           DO UPDATE SET version = excluded.version, hours = excluded.hours, changed_at = excluded.changed_at",
        workspace.as_str(),
        team.as_str(),
        stored(version),
        hours.map(|hours| Json(Kept::new(hours))) as _,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("set opening hours")?;
    Ok(())
}
