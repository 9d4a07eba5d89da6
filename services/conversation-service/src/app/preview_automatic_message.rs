use super::App;
use crate::domain::automatic::{About, Kind, Setting, Voice, check_extra};
use crate::domain::settings::ChannelKind;
use crate::outbound::postgres::{automatic_messages, opening_hours, workspace as tenant};
use domain::{Language, TeamId, WorkspaceId};
use fault::{Fault, Result};

/// What stands for a link that agents give when they send the message.
const EXAMPLE: &str = "https://shop.example/pay/1";

impl App {
    /// The words of a message under settings that need not be saved. `language`: `None` for the workspace's.
    pub async fn preview_automatic_message(
        &self,
        workspace: &WorkspaceId,
        team: &TeamId,
        (kind, setting): (Kind, Setting),
        language: Option<Language>,
        by_text: bool,
    ) -> Result<String> {
        check_extra("message.extra_text", &setting.extra_text)?;
        let mut tx = self.store.begin(workspace).await?;
        let found = tenant::get(&mut tx, workspace).await?;
        let tenant = found.ok_or_else(|| Fault::not_found("workspace"))?;
        let found = automatic_messages::get(&mut tx, workspace, team).await?;
        let (team_name, mut messages, _) = found.ok_or_else(|| Fault::not_found("team"))?;
        let hours = opening_hours::get(&mut tx, workspace, team).await?;
        messages.messages.insert(kind, setting);
        let voice = Voice {
            channel: ChannelKind::Web,
            language: language.map_or_else(|| Language::parse(&tenant.language), Ok)?,
            business_name: tenant.name,
            team_name,
            messages,
            hours: hours.and_then(|(hours, _)| hours),
        };
        let link = if kind == Kind::AskPayment { EXAMPLE } else { "" };
        let about = About { note: "", link };
        Ok(voice.words(kind, about, by_text, self.now()))
    }
}
