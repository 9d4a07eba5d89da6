//! Copies of conversations: asked for by the customer, or sent by itself at the end.

use super::App;
use super::claim::Claimed;
use super::open_case::{Cause, OpenCase};
use super::timeline::{entry, evidence, facts};
use crate::domain::transcript::{self, MESSAGES, Occasion, Said, Transcript};
use crate::domain::{Purpose, Step};
use crate::outbound::postgres::delivery::{self, Delivery};
use crate::outbound::postgres::follow_up::Trace;
use crate::outbound::postgres::timeline::Entry;
use domain::{AuthorRole, ConversationId, DeliveryId, WorkspaceId};
use events::event::ConversationTranscriptRequested;
use events::{instant, role};
use fault::{Fault, Result};
use jiff::tz::TimeZone;
use rpc::conversation::Message;
use rpc::conversation::message::Content;
use store::Tx;

/// Name of the inbox rows: which requests were heard of.
const REQUESTED: &str = "notifier.transcript";
/// Messages that are read at once; their owner gives at most 200.
const PAGE: u64 = 100;

impl App {
    /// The customer is to get a copy: one for each request, unless the one of the end holds all of it.
    pub async fn note_transcript_requested(
        &self,
        workspace: &WorkspaceId,
        fact: ConversationTranscriptRequested,
    ) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        let at = instant(fact.at).ok_or_else(|| Fault::invalid("at", "is missing"))?;
        if fact.up_to_seq == 0 {
            return Err(Fault::invalid("up_to_seq", "is missing"));
        }
        let mut tx = self.store.begin(workspace).await?;
        let mut open = self.open_case(&mut tx, workspace, id).await?;
        if !tx.first_time(workspace, REQUESTED, &fact.transcript).await? {
            return Ok(());
        }
        // Facts may overtake each other: what was asked for before the end may be heard of after it.
        let before_end = open.case.conversation.ended.is_some_and(|ended| at <= ended.at);
        let sent_at_end = delivery::copied_up_to(&mut tx, workspace, id, &[Occasion::End]).await?;
        let why_not = if self.is_too_old(at) {
            Some("too_old")
        } else if before_end && sent_at_end >= fact.up_to_seq {
            Some("sent_at_end")
        } else {
            None
        };
        let line = match why_not {
            Some(why) => {
                let seen = facts([("reason", why.to_owned())]);
                entry(open.now, "copy not sent", None, None, seen)
            }
            None => {
                let trace = Trace::here(open.now);
                self.add_copy(&mut tx, &mut open, (Occasion::Requested, fact.up_to_seq), trace)
                    .await?
            }
        };
        open.lines.push(line);
        self.settle_case(&mut tx, &mut open, None, Cause::Fact).await?;
        self.commit(tx, open).await
    }

    /// Adds the copy of a conversation that has ended, unless there is one up to its end.
    pub(crate) async fn add_copy_at_end(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        trace: Trace,
    ) -> Result<Option<Entry>> {
        let Some(ended) = transcript::due_at_end(&open.case).filter(|ended| !self.is_too_old(ended.at)) else {
            return Ok(None);
        };
        let any = [Occasion::Requested, Occasion::End];
        let copied = delivery::copied_up_to(tx, &open.workspace, open.conversation, &any).await?;
        if copied >= ended.up_to {
            return Ok(None);
        }
        let line = self.add_copy(tx, open, (Occasion::End, ended.up_to), trace).await?;
        Ok(Some(line))
    }

    async fn add_copy(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        (occasion, up_to_seq): (Occasion, u64),
        trace: Trace,
    ) -> Result<Entry> {
        let id = DeliveryId::generate(self.store.entropy());
        let purpose = Purpose::Transcript(occasion);
        let fresh = Delivery::new(id, open.conversation, purpose, Step::Mail, trace, open.now);
        self.add_delivery(tx, open, Delivery { up_to_seq, ..fresh }).await?;
        let mut seen = evidence(&open.case);
        seen.insert("occasion".into(), occasion.word().into());
        seen.insert("up_to".into(), up_to_seq.to_string());
        Ok(entry(open.now, "copy due", None, Some(id), seen))
    }

    /// What a copy tells: the newest messages, as many as it has room for.
    pub(crate) async fn read_transcript(
        &self,
        claimed: &Claimed,
        time_zone: &str,
        business: &str,
    ) -> Result<Transcript> {
        let Claimed {
            workspace, delivery, ..
        } = claimed;
        let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
        let mut copy = Transcript::new(zone, business);
        // Everything from here on was read.
        let mut read_from = delivery.up_to_seq + 1;
        let oldest = read_from.saturating_sub(MESSAGES).max(1);
        while read_from > oldest && !copy.is_full() {
            let from = read_from.saturating_sub(PAGE).max(oldest);
            let page = self
                .conversations
                .list_messages(workspace, delivery.conversation, from - 1, read_from - from);
            let page = page.await?;
            for said in page.iter().rev().filter_map(said) {
                copy.add(&said);
            }
            read_from = from;
        }
        Ok(copy.without(read_from - 1))
    }
}

/// `None` for notes of the system, which are for agents. What is said by itself is the business's.
fn said(message: &Message) -> Option<Said<'_>> {
    let automatic = matches!(message.content, Some(Content::Automatic(_)));
    let author = role(message.author).filter(|author| *author != AuthorRole::System || automatic)?;
    Some(Said {
        by_customer: author == AuthorRole::Customer,
        text: &message.text,
        at: instant(message.at)?,
    })
}
