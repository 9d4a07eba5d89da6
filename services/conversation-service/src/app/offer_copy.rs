//! The offer of a copy, which comes by itself after the end of a conversation.

use super::App;
use crate::domain::automatic::is_recent;
use crate::domain::conversation::Conversation;
use crate::domain::form::{Form, FormKind};
use crate::domain::settings::ChannelKind;
use crate::domain::transcript::{JUST_ASKED, goes_out_at_end};
use crate::outbound::postgres::{channel, form, transcript};
use domain::{FormId, Language, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use store::Tx;

impl App {
    /// Has nobody say any more who they are in a conversation that was resolved just now, and has a copy of it offered. When
    /// that comes, to be told of after the commit.
    pub(super) async fn end_forms(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        ended: &Conversation,
    ) -> Result<Option<Timestamp>> {
        // Only a widget shows forms.
        if ended.visitor.is_none() {
            return Ok(None);
        }
        self.withdraw_form(tx, workspace, ended.id, FormKind::asks_who).await?;
        self.offer_copy(tx, workspace, ended).await
    }

    /// Has a copy offered, in a moment, to the visitor of a web channel whose conversation has just ended, unless one goes out by
    /// itself, or another form is open: then it comes once that was filled in or dismissed (what is filled in comes after the
    /// end: the conversation is told as it was before). Once in a conversation. When it comes, to be told of after the commit.
    pub(super) async fn offer_copy(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        conversation: &Conversation,
    ) -> Result<Option<Timestamp>> {
        let now = self.now();
        let just_ended = conversation.resolved_at.is_some_and(|at| is_recent(at, now));
        if !just_ended || conversation.visitor.is_none() || !self.may_offer_copy(tx, workspace, conversation).await? {
            return Ok(None);
        }
        let found = channel::get(tx, workspace, &conversation.channel).await?;
        let channel = found.ok_or_else(|| Fault::not_found("channel"))?;
        if channel.kind != ChannelKind::Web || goes_out_at_end(conversation, &channel.settings) {
            return Ok(None);
        }
        let language = Language::parse(&channel.settings.language)?;
        let id = FormId::generate(self.store.entropy());
        let offer = Form::by_itself(id, conversation.id, FormKind::OfferCopy, &channel.settings, language);
        let Some(offer) = offer else {
            return Ok(None);
        };
        let at = now.checked_add(self.form_after).map_err(Fault::internal)?;
        let is_new = form::insert_due(tx, workspace, &offer, at, now).await?;
        Ok(is_new.then_some(at))
    }

    /// The customer has not gone on in another conversation, nor just asked for a copy, nor for as many as they may.
    pub(super) async fn may_offer_copy(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        ended: &Conversation,
    ) -> Result<bool> {
        if ended.continued_by.is_some() || ended.erased || !self.may_ask(tx, workspace, ended.id).await? {
            return Ok(false);
        }
        let since = self.now().checked_sub(JUST_ASKED).map_err(Fault::internal)?;
        Ok(transcript::count(tx, workspace, ended.id, since).await? == 0)
    }
}
