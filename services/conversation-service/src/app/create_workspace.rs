use super::{App, exists};
use crate::domain::console;
use crate::domain::settings::check_name;
use crate::outbound::postgres::workspace::{self, Workspace};
use domain::{Language, WorkspaceId};
use events::{event, stamp};
use fault::{Fault, Result};

impl App {
    /// Creates a tenant; the same again answers the present state.
    pub async fn create_workspace(&self, id: &WorkspaceId, wanted: Workspace) -> Result<Workspace> {
        check_workspace(&wanted)?;
        let now = self.now();
        let mut tx = self.store.begin(id).await?;
        if workspace::insert(&mut tx, id, &wanted, now).await? {
            let fact = event::WorkspaceCreated {
                name: wanted.name.clone(),
                time_zone: wanted.time_zone.clone(),
                language: wanted.language.clone(),
                at: Some(stamp(now)),
            };
            tx.record(id, &fact);
            tx.commit().await?;
            return Ok(wanted);
        }
        match workspace::get(&mut tx, id).await? {
            Some(present) if present == wanted => Ok(present),
            _ => Err(exists("workspace")),
        }
    }
}

/// Refuses what no workspace can be, naming the field.
pub(super) fn check_workspace(wanted: &Workspace) -> Result<()> {
    check_name("name", &wanted.name)?;
    Language::parse(&wanted.language)?;
    console::check(&wanted.console_url)?;
    if domain::time_zone(&wanted.time_zone).is_none() {
        let remedy = "needs an IANA time zone, for example Europe/Warsaw";
        return Err(Fault::invalid("time_zone", remedy));
    }
    Ok(())
}
