//! Steps of workflows, when their time has come.

use super::App;
use super::offer_form::shows_forms;
use super::record::record;
use super::set_tag::Tagged;
use crate::domain::conversation::{Change, Content, Conversation, Draft, Message};
use crate::domain::form::FormKind;
use crate::domain::run::{Run, Skip};
use crate::domain::workflow::{Step, is_greeted};
use crate::outbound::postgres::{channel, conversation, form, input_form, message, run};
use crate::wire;
use domain::{AuthorRole, FormId, MessageId, MessageText, RunId, TeamId, Timestamp, WorkspaceId};
use events::event::ConversationHandedOver;
use events::stamp;
use fault::{Fault, Result};
use std::time::Duration;
use store::Tx;
use uuid::Uuid;

impl App {
    /// Goes on with a run whose time has come, as far as it goes: every step commits together with what it did and with what is due next. Repeated it
    /// changes nothing; who crashes half-way leaves the row to the next one.
    pub async fn tend_run(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let id = RunId(id);
        let mut tx = self.store.begin(workspace).await?;
        let Some(found) = run::get(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        let mut tagged = None;
        if let Some(Step::SetTag { tag }) = found.next_step() {
            drop(tx);
            tagged = Some(self.set_tag(workspace, &found, tag).await?);
            tx = self.store.begin(workspace).await?;
        }
        let locked = conversation::lock(&mut tx, workspace, found.conversation).await?;
        let mut conversation = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        let Some(mut run) = run::get(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        let before = run.clone();
        let said = self
            .go_on(&mut tx, workspace, (&mut run, &mut conversation), tagged)
            .await?;
        if run == before {
            return Ok(());
        }
        if !said.is_empty() {
            conversation::update(&mut tx, &[(workspace, &conversation)]).await?;
            let rows: Vec<_> = said.iter().map(|message| (workspace, message)).collect();
            message::insert(&mut tx, &rows).await?;
        }
        let due = self.save_run(&mut tx, workspace, &mut run, None).await?;
        tx.commit().await?;
        self.tell_due(due);
        Ok(())
    }

    /// Does steps until one has to wait, or asks what is asked outside of transactions. What was said by them.
    async fn go_on(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        (run, conversation): (&mut Run, &mut Conversation),
        mut tagged: Option<Tagged>,
    ) -> Result<Vec<Message>> {
        let now = self.now();
        if let Some((late, unanswered)) = run.wake(now) {
            metrics::workflow_late(Duration::try_from(late).unwrap_or_default());
            if let Some(form) = unanswered {
                self.withdraw_asked(tx, workspace, conversation.id, form).await?;
            }
        }
        let mut said = Vec::new();
        while let Some(step) = run.next_step().cloned() {
            match step {
                Step::Greet { .. } if is_greeted(&conversation.served) => run.skip(Skip::Served, now),
                Step::Greet { text } | Step::Message { text } => {
                    let (message, change) = self.say(conversation, run, &text, now)?;
                    record(tx, workspace, &change, None);
                    said.push(message);
                    run.pass(now);
                }
                Step::Wait { seconds } => run.wait(seconds, None, now),
                Step::AskForm { form, seconds } => match self.ask(tx, workspace, conversation, run, &form).await? {
                    Ok(asked) => run.wait(seconds, Some(asked), now),
                    Err(why) => run.skip(why, now),
                },
                Step::SetTag { .. } => match tagged.take().filter(|tagged| tagged.step == run.at) {
                    Some(Tagged { skip: None, .. }) => run.pass(now),
                    Some(Tagged { skip: Some(why), .. }) => run.skip(why, now),
                    None => break,
                },
                Step::HandOver { team } => {
                    tx.record(workspace, &handed_over(conversation, run, &team, now));
                    run.pass(now);
                }
            }
        }
        Ok(said)
    }

    fn say(&self, conversation: &mut Conversation, run: &Run, text: &str, now: Timestamp) -> Result<(Message, Change)> {
        let step = wire::step_number(run.at);
        let draft = Draft {
            id: MessageId::generate(self.store.entropy()),
            author: AuthorRole::Bot,
            agent: None,
            text: MessageText::parse(text)?,
            at: now,
            follow_up: false,
            client_id: Some(client_id(run, step)),
            foreign: None,
            content: Content::Workflow { run: run.id, step },
        };
        Ok(conversation.post(draft).expect("others than customers may always post"))
    }

    /// Opens the form of a step in place of what is open, or says why that cannot be. What somebody has offered is not taken away.
    async fn ask(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        conversation: &Conversation,
        run: &Run,
        name: &str,
    ) -> Result<Result<FormId, Skip>> {
        let found = channel::get(tx, workspace, &conversation.channel).await?;
        let channel = found.ok_or_else(|| Fault::not_found("channel"))?;
        if !shows_forms(&channel, conversation) {
            return Ok(Err(Skip::NoWidget));
        }
        let found = input_form::get(tx, workspace, name).await?;
        let input = found.ok_or_else(|| Fault::internal("a form that a workflow names is gone"))?;
        if channel.settings.first_off(&input.fields).is_some() {
            return Ok(Err(Skip::FormOff));
        }
        let open = form::get_open(tx, workspace, conversation.id).await?;
        if open.is_some_and(|open| matches!(open.kind, FormKind::Input { .. })) {
            return Ok(Err(Skip::FormOpen));
        }
        self.withdraw_form(tx, workspace, conversation.id, |_| true).await?;
        let request_id = client_id(run, wire::step_number(run.at));
        let opened = self
            .open_input(tx, workspace, conversation.id, input, (&request_id, None))
            .await?;
        Ok(Ok(opened.id))
    }
}

/// By this id what a step says, or asks, is known.
fn client_id(run: &Run, step: u32) -> String {
    format!("workflow:{}:{step}", run.id)
}

fn handed_over(conversation: &Conversation, run: &Run, team: &TeamId, now: Timestamp) -> ConversationHandedOver {
    ConversationHandedOver {
        conversation: conversation.id.to_string(),
        team: team.to_string(),
        run: run.id.to_string(),
        last_seq: conversation.last_seq,
        at: Some(stamp(now)),
    }
}
