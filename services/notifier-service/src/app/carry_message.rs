//! Messages that their channel brings to the customer: each has one delivery, and they go out in the order in which they
//! were written.

use super::App;
use super::check::Checked;
use super::open_case::{Cause, OpenCase};
use super::timeline::{entry, facts};
use crate::domain::message::{LOOK_BACK, is_carried, may_be_overtaken};
use crate::domain::{Carries, Medium, Purpose, Step};
use crate::outbound::postgres::carried_message;
use crate::outbound::postgres::delivery::{self, Delivery};
use crate::outbound::postgres::follow_up::Trace;
use domain::{AuthorRole, ConversationId, DeliveryId, Timestamp, WorkspaceId};
use events::common::Carriage;
use events::event::MessagePosted;
use events::{instant, role};
use fault::{Fault, Result};
use jiff::SignedDuration;
use rpc::conversation::Message;
use rpc::conversation::message::Content;
use store::Tx;

/// Name of the inbox rows: which messages were too old when they were first heard of.
const TOO_OLD: &str = "notifier.old_message";
/// Whoever waits behind an earlier message is called by it; after this it looks by itself.
const TURN: SignedDuration = SignedDuration::from_secs(30);

/// What an agent wrote, as its owner has it.
#[derive(Default)]
pub(crate) struct Carried {
    /// Empty: the message is gone, or there is none.
    pub words: String,
    /// No agent wrote it: whoever makes bots answer, or is answered by itself, causes the text.
    pub by_program: bool,
    /// It answers a call.
    pub answers_call: bool,
    /// Messages right before it whose facts may not have come yet.
    pub earlier: Vec<u64>,
}

impl App {
    /// An agent's message was heard of on a channel that carries it: it gets its delivery, once.
    pub(crate) async fn note_carried(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        medium: Medium,
        fact: &MessagePosted,
    ) -> Result<()> {
        let at = instant(fact.at).ok_or_else(|| Fault::invalid("at", "is missing"))?;
        if !self.is_too_old(at) {
            return self.carry_message(tx, open, medium, fact.seq).await;
        }
        let place = carried_message::find_place(tx, &open.workspace, open.conversation, (fact.seq, medium)).await?;
        if !place.is_taken && tx.first_time(&open.workspace, TOO_OLD, &fact.message).await? {
            let seen = facts([("seq", fact.seq.to_string()), ("reason", "too_old".to_owned())]);
            open.lines.push(entry(open.now, "message not sent", None, None, seen));
        }
        Ok(())
    }

    /// The same where nobody told yet what the channel is: its owner is asked.
    pub(crate) async fn carry_if_asked(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        fact: &MessagePosted,
    ) -> Result<()> {
        let Carries::By(medium) = self.conversations.carries(workspace, id).await? else {
            return Ok(());
        };
        let mut tx = self.store.begin(workspace).await?;
        let mut open = self.open_case(&mut tx, workspace, id).await?;
        self.note_carried(&mut tx, &mut open, medium, fact).await?;
        self.settle_case(&mut tx, &mut open, None, Cause::Fact).await?;
        self.commit(tx, open).await
    }

    /// Adds a message's delivery unless it has one: due now, or once those before it are through.
    async fn carry_message(&self, tx: &mut Tx, open: &mut OpenCase, medium: Medium, seq: u64) -> Result<()> {
        let place = carried_message::find_place(tx, &open.workspace, open.conversation, (seq, medium)).await?;
        if place.is_taken {
            return Ok(());
        }
        let id = DeliveryId::generate(self.store.entropy());
        let trace = Trace::here(open.now);
        let fresh = Delivery::new(id, open.conversation, Purpose::Message, Step::Text, trace, open.now);
        let mut row = Delivery { seq, medium, ..fresh };
        if place.is_behind {
            row.due_at = Some(open.now + TURN);
            delivery::add_delivery(tx, &open.workspace, &row, None).await?;
            open.arm(row.due_at);
        } else {
            self.add_delivery(tx, open, row).await?;
        }
        let seen = facts([("seq", seq.to_string())]);
        open.lines.push(entry(open.now, "message due", None, Some(id), seen));
        Ok(())
    }

    /// What a delivery's message says, and what was written right before it.
    pub(crate) async fn read_carried(&self, workspace: &WorkspaceId, row: &Delivery) -> Result<Carried> {
        if row.purpose != Purpose::Message {
            return Ok(Carried::default());
        }
        let after = row.seq.saturating_sub(LOOK_BACK + 1);
        let messages = self
            .conversations
            .list_messages(workspace, row.conversation, after, LOOK_BACK + 1);
        let messages = messages.await?;
        let Some(own) = messages.iter().find(|message| message.seq == row.seq) else {
            return Ok(Carried::default());
        };
        let (written, carriage) = (written_at(own)?, carriage(own));
        let mut earlier = Vec::new();
        for message in messages.iter().filter(|message| message.seq < row.seq) {
            // What answers calls goes by text wherever it stands, and waits for nothing but its kind.
            let alike = (self::carriage(message) == Carriage::Text) == (carriage == Carriage::Text);
            let carried = role(message.author).is_some_and(|author| is_carried(author, self::carriage(message)));
            if carried && alike && may_be_overtaken(written_at(message)?, written) {
                earlier.push(message.seq);
            }
        }
        Ok(Carried {
            words: own.text.clone(),
            by_program: role(own.author) != Some(AuthorRole::Agent),
            answers_call: carriage == Carriage::Text,
            earlier,
        })
    }

    /// Until when a message waits for those before it, also for those whose facts it has overtaken. `None`: it is its turn.
    pub(crate) async fn wait_for_turn(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        row: &Delivery,
        checked: &Checked,
    ) -> Result<Option<Timestamp>> {
        if row.purpose != Purpose::Message {
            return Ok(None);
        }
        for seq in &checked.carried.earlier {
            self.carry_message(tx, open, row.medium, *seq).await?;
        }
        let place = carried_message::find_place(tx, &open.workspace, open.conversation, (row.seq, row.medium)).await?;
        Ok(place.is_behind.then(|| open.now + TURN))
    }

    /// A message's delivery came to rest: the next one of its conversation need not wait any longer.
    pub(crate) async fn call_next_message(&self, tx: &mut Tx, open: &mut OpenCase, row: &Delivery) -> Result<()> {
        if row.purpose == Purpose::Message
            && !row.status.is_under_way()
            && carried_message::call_next(tx, &open.workspace, open.conversation, row.medium, open.now).await?
        {
            open.arm(Some(open.now));
        }
        Ok(())
    }
}

/// How an automatic message goes out; unspecified: it is none.
fn carriage(message: &Message) -> Carriage {
    match &message.content {
        Some(Content::Automatic(automatic)) => automatic.carriage(),
        _ => Carriage::Unspecified,
    }
}

fn written_at(message: &Message) -> Result<Timestamp> {
    instant(message.at).ok_or_else(|| Fault::internal("a message without its time"))
}
