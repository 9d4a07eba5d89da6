//! What was recorded of a run, decided once more.

use anyhow::{Result, ensure};
use domain::{TimeScale, WorkspaceId};
use fault::Fault;
use notifier_service::simulation::{Message, Policies, Tally, simulate};

use crate::commands::{export, simulate as recordings};
use crate::scenario::{Customer, World};

/// The recorded facts under the same policy send the same messages to the same conversations; how many. Left out is who
/// opted out: a replay does not know of it.
pub(super) async fn same_again(world: &World, opted_out: &Customer) -> Result<usize> {
    let workspace = WorkspaceId::parse(&world.workspace).map_err(Fault::from)?;
    let scale = TimeScale::parse(&world.endpoints.time_scale.to_string()).map_err(Fault::from)?;
    let context = async_nats::jetstream::new(world.endpoints.nats_client().await?);
    let mut facts = recordings::Facts::default();
    let line = |line: serde_json::Value| facts.take(&line.to_string());
    export::recorded(&context, &world.clients.workspaces, &workspace, None, line).await?;
    let recording = facts.recording();
    let sent = |tally: &Tally| -> Vec<(String, Message)> {
        let sent = tally
            .sent
            .iter()
            .map(|sent| (sent.conversation.to_string(), sent.message));
        let mut sent: Vec<_> = sent.filter(|(to, _)| *to != opted_out.conversation).collect();
        sent.sort();
        sent
    };
    let was = sent(&recording.tally()?);
    let again = sent(&simulate(&recording, &Policies::default(), scale)?);
    ensure!(was == again, "{was:?} was sent, and decided again it is {again:?}");
    Ok(was.len())
}
