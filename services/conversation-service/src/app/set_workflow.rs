use super::{App, check_version};
use crate::domain::workflow::{Around, Trigger, Workflow};
use crate::outbound::postgres::workspace as tenant;
use crate::outbound::postgres::{agent, channel, input_form, workflow};
use domain::{TeamId, WorkspaceId};
use fault::{Fault, Result};
use store::Tx;

/// More would be no list to choose from.
const MAX_WORKFLOWS: usize = 200;

impl App {
    /// Makes or replaces a workflow; runs that are under way keep their steps. Its version then. `version` is the one the caller has seen; 0:
    /// whatever it is.
    pub async fn set_workflow(&self, workspace: &WorkspaceId, wanted: Workflow, version: u64) -> Result<u64> {
        let mut tx = self.store.begin(workspace).await?;
        let missing = || Fault::not_found("workspace");
        tenant::lock(&mut tx, workspace).await?.ok_or_else(missing)?;
        let all = workflow::list(&mut tx, workspace).await?;
        let before = all.iter().find(|one| one.key == wanted.key);
        let at_version = before.map_or(0, |before| before.version);
        check_version(version, at_version, "workflows")?;
        check(&mut tx, workspace, &wanted).await?;
        alone(&wanted, &all)?;
        if before.is_none() && all.len() >= MAX_WORKFLOWS {
            let remedy = "cannot be added: a workspace has at most 200 workflows";
            return Err(Fault::invalid("workflow", remedy));
        }
        let changed_at = before.map_or(wanted.changed_at, |before| before.changed_at);
        let same = Workflow {
            version: at_version,
            changed_at,
            ..wanted.clone()
        };
        if before == Some(&same) {
            return Ok(at_version);
        }
        let next = Workflow {
            version: at_version + 1,
            changed_at: self.now(),
            ..wanted
        };
        workflow::set(&mut tx, workspace, &next).await?;
        tx.commit().await?;
        Ok(next.version)
    }
}

/// Refuses steps that could not be done on the workflow's channel, as it is now.
async fn check(tx: &mut Tx, workspace: &WorkspaceId, wanted: &Workflow) -> Result<()> {
    let found = channel::get(tx, workspace, &wanted.channel).await?;
    let channel =
        found.ok_or_else(|| Fault::invalid("channel", "does not exist in this workspace; create it first"))?;
    let forms = input_form::list(tx, workspace).await?;
    let teams = agent::list_teams(tx, workspace).await?;
    let around = Around {
        channel: &channel,
        forms: &forms.into_iter().map(|form| (form.name, form.fields)).collect(),
        teams: &teams
            .iter()
            .map(|team| TeamId::parse(&team.id))
            .collect::<Result<_, _>>()?,
    };
    Ok(wanted.check(&around)?)
}

/// One workflow of a channel that is on begins by itself.
fn alone(wanted: &Workflow, all: &[Workflow]) -> Result<()> {
    let begins = |one: &Workflow| one.on && one.trigger == Trigger::FirstMessage && one.channel == wanted.channel;
    let other = all.iter().find(|one| one.key != wanted.key && begins(one));
    match other.filter(|_| begins(wanted)) {
        None => Ok(()),
        Some(other) => {
            let remedy = format!(
                "is that of '{}' already, on this channel; switch that off first",
                other.key
            );
            Err(Fault::invalid("trigger", remedy))
        }
    }
}
