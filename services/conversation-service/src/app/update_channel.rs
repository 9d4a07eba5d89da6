use super::{App, check_version};
use crate::domain::settings::{Channel, Field, Settings};
use crate::outbound::postgres::{agent, channel};
use crate::wire;
use domain::{ChannelId, TeamId, Timestamp, WorkspaceId};
use events::{event, stamp};
use fault::{Fault, Result};
use store::Tx;

impl App {
    /// Changes the settings named in `mask`. `version` is the one the caller has seen; 0: whatever it is.
    pub async fn update_channel(
        &self,
        workspace: &WorkspaceId,
        id: &ChannelId,
        settings: &Settings,
        mask: &[Field],
        version: u64,
    ) -> Result<Channel> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let present = channel::lock(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("channel"))?;
        check_version(version, present.version, "channel")?;
        let settings = present.settings.change(present.kind, settings, mask)?;
        if settings == present.settings {
            return Ok(present);
        }
        // One that it had before stays, whoever was given it since.
        if settings.text_from != present.settings.text_from {
            self.may_send_as(&mut tx, workspace, &settings.text_from).await?;
        }
        if settings.team != present.settings.team {
            known_team(&mut tx, workspace, &settings.team).await?;
        }
        let next = Channel {
            settings,
            version: present.version + 1,
            ..present
        };
        channel::update(&mut tx, workspace, &next, now).await?;
        tx.record(workspace, &changed(&next, now));
        tx.commit().await?;
        Ok(next)
    }
}

/// Refuses teams that do not exist; teams are never removed.
pub(super) async fn known_team(tx: &mut Tx, workspace: &WorkspaceId, team: &str) -> Result<()> {
    if !team.is_empty() && agent::team_name(tx, workspace, &TeamId::parse(team)?).await?.is_none() {
        return Err(Fault::invalid(
            "settings.team",
            "does not exist in this workspace; create it first",
        ));
    }
    Ok(())
}

/// The fact of a created or changed channel.
pub fn changed(channel: &Channel, at: Timestamp) -> event::ChannelChanged {
    event::ChannelChanged {
        channel: channel.id.to_string(),
        version: channel.version,
        kind: wire::kind(channel.kind).into(),
        settings: Some(wire::settings(&channel.settings)),
        at: Some(stamp(at)),
    }
}
