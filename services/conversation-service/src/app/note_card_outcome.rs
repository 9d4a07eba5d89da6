//! What shops tell of cards.

use super::get_card::{Said, find};
use super::ingest_events::{CardTold, remember};
use super::post_message::lock_newest;
use super::record::{record, record_card};
use super::{App, retry};
use crate::domain::conversation::{Closed, Content, Draft};
use crate::outbound::postgres::{card, conversation, message};
use domain::{AuthorRole, MessageId, MessageText};
use fault::{Fault, Result, codes};
use store::{Tenure, Tx};

impl App {
    /// Notes what came of a card; where it names a place to go on, its agent's next message says so.
    pub(super) async fn note_card_outcome(&self, told: CardTold, tenure: Option<&Tenure>) -> Result<()> {
        retry(|| self.note_once(&told, tenure)).await
    }

    async fn note_once(&self, told: &CardTold, tenure: Option<&Tenure>) -> Result<()> {
        let workspace = &told.workspace;
        let mut tx = self.store.begin(workspace).await?;
        if let Some(tenure) = tenure
            && !tx.hold(tenure).await?
        {
            return Err(Fault::new(&codes::UNAVAILABLE, "another replica takes events now"));
        }
        if !remember(&mut tx, told.sent(), self.now()).await? {
            return Ok(());
        }
        let missing = || Fault::invalid("subject", "names no card of this workspace");
        let named = find(&mut tx, workspace, told.card).await?.ok_or_else(missing)?;
        conversation::lock(&mut tx, workspace, named.conversation).await?;
        // Under the lock: another word may have come meanwhile.
        let said = find(&mut tx, workspace, told.card).await?.ok_or_else(missing)?;
        let Some(next) = said.outcome.after(told.outcome.clone()) else {
            return tx.commit().await;
        };
        let place = (said.conversation, said.message.seq);
        card::put(&mut tx, workspace, told.card, place, &next).await?;
        card::count_change(&mut tx, workspace, said.conversation).await?;
        record_card(&mut tx, workspace, (&said.card, place), &next, told.trace.as_deref());
        if next.shows_a_way(&said.outcome) {
            let words = format!("{}\n{}", said.card.title, next.url);
            self.show_way(&mut tx, told, &said, (&words, next.version)).await?;
        }
        tx.commit().await
    }

    /// Says where the customer goes on, in the name of who said the card, in the conversation that they read now. What was erased
    /// meanwhile stays as it is.
    async fn show_way(&self, tx: &mut Tx, told: &CardTold, said: &Said, (words, version): (&str, u64)) -> Result<()> {
        let workspace = &told.workspace;
        let (mut conversation, _) = lock_newest(tx, workspace, said.conversation).await?;
        if conversation.erased {
            return Ok(());
        }
        let draft = Draft {
            id: MessageId::generate(self.store.entropy()),
            author: AuthorRole::Agent,
            agent: said.message.draft.agent.clone(),
            text: MessageText::parse(words)?,
            // It is said now, whenever the shop did its part.
            at: self.now(),
            follow_up: true,
            client_id: Some(format!("card/{}/{version}", said.card.id)),
            foreign: None,
            content: Content::Words,
        };
        let posted = conversation.post_in_name_of(draft);
        let (message, change) = posted.map_err(|Closed| Fault::internal("an agent was taken for a customer"))?;
        conversation::update(tx, &[(workspace, &conversation)]).await?;
        message::insert(tx, &[(workspace, &message)]).await?;
        record(tx, workspace, &change, told.trace.as_deref());
        Ok(())
    }
}
