use super::update_channel::{changed, known_team};
use super::{App, exists};
use crate::domain::settings::{Channel, ChannelKind, Field, Settings};
use crate::outbound::postgres::{channel, workspace};
use domain::{ChannelId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Creates a channel with `settings` where `mask` says so and defaults elsewhere; the same again answers the
    /// present state.
    pub async fn create_channel(
        &self,
        workspace: &WorkspaceId,
        id: ChannelId,
        kind: ChannelKind,
        settings: &Settings,
        mask: &[Field],
    ) -> Result<Channel> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let tenant = workspace::get(&mut tx, workspace)
            .await?
            .ok_or_else(|| Fault::not_found("workspace"))?;
        let settings = Settings::create(kind, &tenant.name, settings, mask)?;
        let wanted = Channel {
            id,
            kind,
            settings,
            version: 1,
        };
        if let Some(present) = channel::get(&mut tx, workspace, &wanted.id).await? {
            // Whoever changed it since then did so on purpose: the wish is compared with what was created.
            let same = present.kind == kind && (present.version > 1 || present.settings == wanted.settings);
            return if same { Ok(present) } else { Err(exists("channel")) };
        }
        if channel::is_full(&mut tx, workspace).await? {
            return Err(Fault::invalid(
                "channel",
                "cannot be added: a workspace has at most 1,000 channels",
            ));
        }
        self.may_send_as(&mut tx, workspace, &wanted.settings.text_from).await?;
        known_team(&mut tx, workspace, &wanted.settings.team).await?;
        if !channel::insert(&mut tx, workspace, &wanted, now).await? {
            return Err(exists("channel"));
        }
        tx.record(workspace, &changed(&wanted, now));
        tx.commit().await?;
        Ok(wanted)
    }
}
