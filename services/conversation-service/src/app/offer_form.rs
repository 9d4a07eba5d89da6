use super::record::record;
use super::tend_form::changed;
use super::{App, exists, retry};
use crate::domain::conversation::Conversation;
use crate::domain::form::{Form, FormKind, FormState};
use crate::domain::settings::ChannelKind;
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
        shows_forms(&mut tx, workspace, &conversation).await?;
        let found = input_form::get(&mut tx, workspace, name).await?;
        let input = found.ok_or_else(|| Fault::invalid("name", "is no form of this workspace; set it first"))?;
        let now = self.now();
        if let Some(mut open) = form::get_open(&mut tx, workspace, id).await? {
            open.state = FormState::Withdrawn;
            open.given_name.clear();
            form::update(&mut tx, workspace, &open, None).await?;
        }
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
        };
        form::insert_open(&mut tx, workspace, &offered, request_id, now).await?;
        record(&mut tx, workspace, &changed(&offered, now), None);
        tx.commit().await?;
        Ok(offered)
    }
}

/// Only a widget shows forms.
async fn shows_forms(tx: &mut Tx, workspace: &WorkspaceId, conversation: &Conversation) -> Result<()> {
    let channel = channel::get(tx, workspace, &conversation.channel).await?;
    let is_web = channel.is_some_and(|channel| channel.kind == ChannelKind::Web);
    if is_web && conversation.visitor.is_some() {
        return Ok(());
    }
    let remedy = "is of no visitor of a web channel: only a widget can show a form";
    Err(Fault::invalid("conversation", remedy))
}
