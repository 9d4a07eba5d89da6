use super::{App, check_version};
use crate::domain::form::check_input;
use crate::outbound::postgres::input_form::{self, InputForm};
use crate::outbound::postgres::workspace as tenant;
use domain::WorkspaceId;
use fault::{Fault, Result};

/// More would be no list to choose from.
const MAX_FORMS: i64 = 200;

impl App {
    /// Makes or replaces a form that agents can offer. Its version then. `version` is the one the caller has seen; 0:
    /// whatever it is.
    pub async fn set_input_form(&self, workspace: &WorkspaceId, wanted: InputForm, version: u64) -> Result<u64> {
        check_input(&wanted.title, &wanted.fields)?;
        let mut tx = self.store.begin(workspace).await?;
        let missing = || Fault::not_found("workspace");
        tenant::lock(&mut tx, workspace).await?.ok_or_else(missing)?;
        let before = input_form::get(&mut tx, workspace, &wanted.name).await?;
        let at_version = before.as_ref().map_or(0, |before| before.version);
        check_version(version, at_version, "forms")?;
        match before {
            Some(before) if before.title == wanted.title && before.fields == wanted.fields => return Ok(at_version),
            None if input_form::count(&mut tx, workspace).await? >= MAX_FORMS => {
                let remedy = "cannot be added: a workspace has at most 200 forms";
                return Err(Fault::invalid("form", remedy));
            }
            _ => {}
        }
        let next = InputForm {
            version: at_version + 1,
            changed_at: self.now(),
            ..wanted
        };
        input_form::set(&mut tx, workspace, &next).await?;
        tx.commit().await?;
        Ok(next.version)
    }
}
