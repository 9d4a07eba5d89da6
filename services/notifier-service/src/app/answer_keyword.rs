//! Whoever writes STOP, START or HELP is told what that does, where their provider does not do so itself.

use super::App;
use super::open_case::Cause;
use super::timeline::{entry, facts};
use crate::domain::inbound_text::InboundText;
use crate::domain::keywords::Keyword;
use crate::domain::{Purpose, Step};
use crate::outbound::postgres::delivery::Delivery;
use crate::outbound::postgres::follow_up::Trace;
use crate::outbound::postgres::send_limit::{Scope, Use, use_limits};
use domain::{ConversationId, DeliveryId, WorkspaceId};
use fault::Result;
use jiff::tz::TimeZone;

/// Name of the inbox rows: which texts were answered.
const ANSWERED: &str = "notifier.keyword";

impl App {
    /// Adds the answer to a keyword that was posted in this conversation: once for each text, and for each word of a number
    /// once in a UTC day, so that two programs that answer each other stop.
    pub(crate) async fn answer_keyword(
        &self,
        workspace: &WorkspaceId,
        (text, mac): (&InboundText, &[u8]),
        keyword: Keyword,
        place: ConversationId,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let mut open = self.open_case(&mut tx, workspace, place).await?;
        if !tx.first_time(workspace, ANSWERED, &text.provider_id).await? {
            return Ok(());
        }
        let trace = Trace::here(open.now);
        let id = DeliveryId::generate(self.store.entropy());
        let row = Delivery {
            medium: text.medium,
            ..Delivery::new(id, place, Purpose::Keyword(keyword), Step::Text, trace, open.now)
        };
        self.add_delivery(&mut tx, &mut open, row).await?;
        let seen = facts([("keyword", keyword.word().to_owned())]);
        open.lines
            .push(entry(open.now, "keyword to be answered", None, Some(id), seen));
        self.settle_case(&mut tx, &mut open, None, Cause::Own).await?;
        let key = [keyword.word().as_bytes(), &[0], mac].concat();
        let day = open.now.to_zoned(TimeZone::UTC).date();
        // Last: what passes the limit is not committed.
        if use_limits(&mut tx, workspace, day, &[Use::new(Scope::Keyword(&key), 1, 1)])
            .await?
            .is_some()
        {
            return Ok(());
        }
        self.commit(tx, open).await
    }
}
