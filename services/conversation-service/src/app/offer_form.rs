use super::record::record;
use super::send_automatic_message::is_newest;
use super::tend_form::changed;
use super::{App, exists, retry};
use crate::domain::conversation::Conversation;
use crate::domain::form::{Field, FieldKind, Form, FormKind, FormState};
use crate::domain::settings::{Channel, ChannelKind, FieldRule, Settings};
use crate::outbound::postgres::{channel, conversation, form, input_form};
use domain::{ConversationId, FormId, WorkspaceId};
use fault::{Fault, Result};
use store::Tx;

impl App {
    /// Opens one of the workspace's own forms in a conversation, in place of what is open there; the same request again
    /// answers it as it stands.
    pub async fn offer_form(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        request_id: &str,
        name: &str,
    ) -> Result<Form> {
        retry(|| self.offer(workspace, id, request_id, name)).await
    }

    async fn offer(&self, workspace: &WorkspaceId, id: ConversationId, request_id: &str, name: &str) -> Result<Form> {
        let mut tx = self.store.begin(workspace).await?;
        let locked = conversation::lock(&mut tx, workspace, id).await?;
        let conversation = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        if let Some(made) = form::get_by_request(&mut tx, workspace, id, request_id).await? {
            let same = matches!(&made.kind, FormKind::Input { name: made, .. } if made == name);
            return if same {
                Ok(made)
            } else {
                Err(exists("form").of("request_id"))
            };
        }
        is_newest(&conversation)?;
        let channel = shows_forms(&mut tx, workspace, &conversation).await?;
        let found = input_form::get(&mut tx, workspace, name).await?;
        let input = found.ok_or_else(|| Fault::invalid("name", "is no form of this workspace; set it first"))?;
        may_ask(&input.fields, &channel.settings)?;
        let now = self.now();
        self.withdraw_form(&mut tx, workspace, id, |_| true).await?;
        let offered = Form {
            id: FormId::generate(self.store.entropy()),
            conversation: id,
            kind: FormKind::Input {
                name: input.name,
                version: input.version,
            },
            state: FormState::Open,
            page: 1,
            title: input.title,
            fields: input.fields,
            given_name: String::new(),
            consent: None,
        };
        form::insert_open(&mut tx, workspace, &offered, request_id, now).await?;
        record(&mut tx, workspace, &changed(&offered, now), None);
        tx.commit().await?;
        Ok(offered)
    }
}

/// The channel; only a widget shows forms.
async fn shows_forms(tx: &mut Tx, workspace: &WorkspaceId, conversation: &Conversation) -> Result<Channel> {
    let found = channel::get(tx, workspace, &conversation.channel).await?;
    let channel = found.ok_or_else(|| Fault::not_found("channel"))?;
    if channel.kind == ChannelKind::Web && conversation.visitor.is_some() {
        return Ok(channel);
    }
    let remedy = "is of no visitor of a web channel: only a widget can show a form";
    Err(Fault::invalid("conversation", remedy))
}

/// A field that the channel has switched off would be stored without a purpose.
fn may_ask(fields: &[Field], settings: &Settings) -> Result<()> {
    let off = fields.iter().find(|field| match field.kind {
        FieldKind::Name => settings.name == FieldRule::Off,
        FieldKind::Email => settings.email == FieldRule::Off,
        FieldKind::Phone => settings.phone == FieldRule::Off,
        _ => false,
    });
    match off {
        None => Ok(()),
        Some(field) => {
            let remedy = format!(
                "asks in '{}' for what the conversation's channel has switched off",
                field.key
            );
            Err(Fault::invalid("name", remedy))
        }
    }
}
