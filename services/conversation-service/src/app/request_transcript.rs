use super::record::record;
use super::{App, exists, not_erased, retry};
use crate::domain::conversation::{Conversation, Reach};
use crate::domain::given::Given;
use crate::domain::settings::Channel;
use crate::domain::transcript::{PER_DAY, Transcript, day_of};
use crate::outbound::postgres::{channel, conversation, transcript};
use domain::{AuthorRole, ConversationId, TranscriptId, WorkspaceId};
use events::event::ConversationTranscriptRequested;
use events::stamp;
use fault::{Fault, Result, codes};
use store::Tx;

/// A copy that is asked for.
#[derive(Debug)]
pub struct Asked {
    pub conversation: ConversationId,
    /// 1 to 100 characters.
    pub request_id: String,
    /// With the address that it is to go to, if one is named.
    pub given: Given,
}

impl App {
    /// Has a copy of a conversation mailed to its customer: to the address that is named, which becomes the conversation's, else to
    /// its own.
    pub async fn request_transcript(&self, workspace: &WorkspaceId, asked: Asked) -> Result<Transcript> {
        let channel = self.asked_in(workspace, &asked).await?;
        // As in AddContact: a field that is switched off is refused, none is required.
        let given = asked
            .given
            .clone()
            .check(&channel.settings, channel.kind, AuthorRole::Agent);
        let given = given.map_err(|refused| of_email(refused.into()))?;
        let reach = self.capture(workspace, &given, &channel).await.map_err(of_email)?;
        retry(|| self.request_once(workspace, &asked, reach)).await
    }

    /// The conversation's channel. What is too often is refused before an address is kept.
    async fn asked_in(&self, workspace: &WorkspaceId, asked: &Asked) -> Result<Channel> {
        let mut tx = self.store.begin(workspace).await?;
        let present = conversation::get(&mut tx, workspace, asked.conversation)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        not_erased(&present)?;
        let stored = transcript::get(&mut tx, workspace, asked.conversation, &asked.request_id).await?;
        if stored.is_none() && !self.may_ask(&mut tx, workspace, asked.conversation).await? {
            return Err(too_often());
        }
        channel::get(&mut tx, workspace, &present.channel)
            .await?
            .ok_or_else(|| Fault::not_found("channel"))
    }

    /// Whether one more may be asked for today.
    pub(super) async fn may_ask(&self, tx: &mut Tx, workspace: &WorkspaceId, id: ConversationId) -> Result<bool> {
        Ok(transcript::count(tx, workspace, id, day_of(self.now())).await? < PER_DAY)
    }

    async fn request_once(&self, workspace: &WorkspaceId, asked: &Asked, given: Reach) -> Result<Transcript> {
        let id = asked.conversation;
        let mut tx = self.store.begin(workspace).await?;
        let mut conversation = conversation::lock(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        if let Some(stored) = transcript::get(&mut tx, workspace, id, &asked.request_id).await? {
            return if given.email.is_none_or(|email| email == stored.email) {
                Ok(stored)
            } else {
                Err(exists("transcript").of("request_id"))
            };
        }
        not_erased(&conversation)?;
        if !self.may_ask(&mut tx, workspace, id).await? {
            return Err(too_often());
        }
        let new = self
            .ask_for_copy(&mut tx, workspace, &mut conversation, &asked.request_id, given)
            .await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Asks for a copy of a conversation that is locked: to the address that is given now, which becomes its own, else to the one
    /// that it has.
    pub(super) async fn ask_for_copy(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        conversation: &mut Conversation,
        request_id: &str,
        given: Reach,
    ) -> Result<Transcript> {
        let (id, now) = (conversation.id, self.now());
        let reach = conversation.reach.with(given);
        if let Some(change) = conversation.reach(reach, now) {
            conversation::update(tx, &[(workspace, conversation)]).await?;
            record(tx, workspace, &change, None);
        }
        let missing = || {
            Fault::invalid(
                "email",
                "is missing: no e-mail address was given in this conversation; say where to send it",
            )
        };
        let new = Transcript {
            id: TranscriptId::generate(self.store.entropy()),
            email: conversation.reach.email.ok_or_else(missing)?,
            up_to_seq: conversation.last_seq,
            at: now,
        };
        transcript::insert(tx, workspace, id, request_id, &new).await?;
        tx.record(
            workspace,
            &ConversationTranscriptRequested {
                conversation: id.to_string(),
                transcript: new.id.to_string(),
                up_to_seq: new.up_to_seq,
                at: Some(stamp(now)),
            },
        );
        Ok(new)
    }
}

fn too_often() -> Fault {
    let remedy = format!("{PER_DAY} copies of this conversation were asked for today; ask again tomorrow (UTC)");
    Fault::new(&codes::RATE_LIMITED, remedy)
}

/// Callers know the address as a field of its own.
fn of_email(fault: Fault) -> Fault {
    match fault.field() {
        Some("contact.email") => fault.of("email"),
        _ => fault,
    }
}
