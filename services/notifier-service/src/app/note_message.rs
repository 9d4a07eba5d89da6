use super::App;
use super::open_case::Cause;
use crate::domain::message::is_carried;
use crate::domain::{Carries, Medium, Settings};
use crate::outbound::postgres::delivery;
use domain::{AuthorRole, ConversationId, WorkspaceId};
use events::common::Carriage;
use events::event::MessagePosted;
use events::{instant, role};
use fault::{Fault, Result};

/// Name of the inbox rows: which answers were heard of before.
const HEARD: &str = "notifier.answer";

impl App {
    /// A message was posted: an answer may start a follow-up, or goes out as it stands, a reply ends one.
    pub async fn note_message(&self, workspace: &WorkspaceId, fact: MessagePosted) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        let author = role(fact.author).ok_or_else(|| Fault::invalid("author", "is not a known role"))?;
        let at = instant(fact.at).ok_or_else(|| Fault::invalid("at", "is missing"))?;
        let mut tx = self.store.begin(workspace).await?;
        let mut open = self.open_case(&mut tx, workspace, id).await?;
        let too_old = self.is_too_old(at);
        open.case
            .conversation
            .posted(fact.seq, author, fact.follow_up, at, too_old);
        let answer = author == AuthorRole::Agent && fact.follow_up;
        if answer && tx.first_time(workspace, HEARD, &fact.message).await? {
            open.case.heard = Some((fact.seq, at));
        }
        let carries = match fact.automatic() {
            Carriage::Text => Some(Carries::By(Medium::Sms)),
            // Not told of yet: the owner is asked.
            _ => open.case.settings.as_ref().and_then(Settings::carries),
        };
        let goes_out = is_carried(author, fact.automatic());
        if let (Some(Carries::By(medium)), true) = (carries, goes_out) {
            self.note_carried(&mut tx, &mut open, medium, &fact).await?;
        }
        self.settle_case(&mut tx, &mut open, None, Cause::Fact).await?;
        // To somebody who has written, what waited for the morning may go now.
        let wakes = author == AuthorRole::Customer && matches!(carries, Some(Carries::By(_)));
        if wakes && delivery::check_again(&mut tx, workspace, id, open.now).await? {
            open.arm(Some(open.now));
        }
        self.commit(tx, open).await?;
        match (author, carries) {
            (_, Some(Carries::Nothing)) => Ok(()),
            (AuthorRole::Customer, carries) => self.read_keyword(workspace, id, fact.seq, carries).await,
            (_, None) if goes_out => self.carry_if_asked(workspace, id, &fact).await,
            _ => Ok(()),
        }
    }
}
