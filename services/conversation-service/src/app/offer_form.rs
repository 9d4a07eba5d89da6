use super::record::record;
use super::send_automatic_message::is_newest;
use super::tend_form::changed;
use super::{App, exists, retry};
use crate::domain::conversation::Conversation;
use crate::domain::form::{Form, FormKind, FormState};
use crate::domain::run::Heard;
use crate::domain::settings::{Channel, ChannelKind};
use crate::domain::workflow;
use crate::outbound::postgres::input_form::InputForm;
use crate::outbound::postgres::{channel, conversation, form, input_form};
use domain::{ConversationId, FormId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff::SignedDuration;
use store::Tx;

/// Who comes back within a day still finds what they were asked; then it makes room for what comes by itself.
const A_DAY: u32 = 24 * 3_600;

/// One of the workspace's own forms that an agent offers.
#[derive(Debug)]
pub struct Offer {
    /// 1 to 100 characters.
    pub request_id: String,
    pub name: String,
    /// How long it stays open; 0: a day.
    pub seconds: u32,
}

impl App {
    /// Opens one of the workspace's own forms in a conversation, in place of what is open there, for so long; the same request again
    /// answers it as it stands.
    pub async fn offer_form(&self, workspace: &WorkspaceId, id: ConversationId, wanted: &Offer) -> Result<Form> {
        if wanted.seconds != 0 {
            workflow::check_seconds(wanted.seconds)?;
        }
        retry(|| self.offer(workspace, id, wanted)).await
    }

    async fn offer(&self, workspace: &WorkspaceId, id: ConversationId, wanted: &Offer) -> Result<Form> {
        let Offer {
            request_id,
            name,
            seconds,
        } = wanted;
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
        let found = channel::get(&mut tx, workspace, &conversation.channel).await?;
        let channel = found.ok_or_else(|| Fault::not_found("channel"))?;
        if !shows_forms(&channel, &conversation) {
            let remedy = "is of no visitor of a web channel: only a widget can show a form";
            return Err(Fault::invalid("conversation", remedy));
        }
        let found = input_form::get(&mut tx, workspace, name).await?;
        let input = found.ok_or_else(|| Fault::invalid("name", "is no form of this workspace; set it first"))?;
        if let Some(off) = channel.settings.first_off(&input.fields) {
            let remedy = format!(
                "asks in '{}' for what the conversation's channel has switched off",
                off.key
            );
            return Err(Fault::invalid("name", remedy));
        }
        let due = match self.withdraw_form(&mut tx, workspace, id, |_| true).await? {
            Some(gone) => self.tell_run(&mut tx, workspace, id, Heard::Withdrawn(gone)).await?,
            None => None,
        };
        let seconds = if *seconds == 0 { A_DAY } else { *seconds };
        let until = self.now().checked_add(SignedDuration::from_secs(seconds.into()));
        let until = until.map_err(Fault::internal)?;
        let offered = self
            .open_input(&mut tx, workspace, id, input, (request_id, Some(until)))
            .await?;
        tx.commit().await?;
        self.tell_due(due);
        self.tell_due(Some(until));
        Ok(offered)
    }

    /// Opens one of the workspace's own forms, until a time if one is given; no other is open in the conversation, whose lock is held.
    pub(super) async fn open_input(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: ConversationId,
        input: InputForm,
        request: (&str, Option<Timestamp>),
    ) -> Result<Form> {
        let now = self.now();
        let opened = Form {
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
        form::insert_open(tx, workspace, &opened, request, now).await?;
        record(tx, workspace, &changed(&opened, now), None);
        Ok(opened)
    }
}

/// Only a widget shows forms.
pub(super) fn shows_forms(channel: &Channel, conversation: &Conversation) -> bool {
    channel.kind == ChannelKind::Web && conversation.visitor.is_some()
}
