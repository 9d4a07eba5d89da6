use super::App;
use crate::domain::Carries;
use crate::domain::inbound_mail::is_posted_mail;
use crate::domain::inbound_text::is_posted_text;
use crate::domain::keywords::{Keyword, keyword};
use crate::outbound::contacts::{Recipient, Serves, by_phone};
use crate::outbound::postgres::opt_out;
use domain::{AddressId, ConversationId, WorkspaceId};
use events::instant;
use fault::Result;
use rpc::contacts::WithdrawnBy;

impl App {
    /// A customer's message: if it is a text that as a whole says STOP or START, it opts its number out or in. In a chat
    /// the same words are ordinary ones. `carries`: what the channel carries messages by, as far as it was told of.
    pub(crate) async fn read_keyword(
        &self,
        workspace: &WorkspaceId,
        conversation: ConversationId,
        seq: u64,
        carries: Option<Carries>,
    ) -> Result<()> {
        let Some(message) = self.conversations.read_message(workspace, conversation, seq).await? else {
            return Ok(());
        };
        if is_posted_text(&message.client_id) || is_posted_mail(&message.client_id) {
            return Ok(());
        }
        // YES counts from those who opted out only, which is looked up for the few who write a keyword.
        if matches!(keyword(&message.text, true), Some(Keyword::Help) | None) {
            return Ok(());
        }
        let carries = match carries {
            Some(carries) => carries,
            None => self.conversations.carries(workspace, conversation).await?,
        };
        let Carries::By(medium) = carries else {
            return Ok(());
        };
        let context = self.conversations.get_follow_up_context(workspace, conversation, seq);
        let Some(address) = AddressId::parse_optional(&context.await?.phone_address)? else {
            return Ok(());
        };
        let (Recipient::Phone { number, .. }, _) =
            self.contacts.get_address(workspace, address, Serves::Support).await?
        else {
            return Ok(());
        };
        let mac = self.keys.address_mac(workspace, &medium.address(number.expose()));
        let now = self.now();
        // The newest word counts, whichever is heard of first.
        let said_at = instant(message.at).unwrap_or(now).min(now);
        let mut tx = self.store.begin(workspace).await?;
        let held = opt_out::read_opt_out(&mut tx, workspace, &mac).await?;
        let out_already = held.is_some_and(|(opted_out, _)| opted_out);
        let opted_out = match keyword(&message.text, out_already) {
            Some(Keyword::Stop) => true,
            Some(Keyword::Start) => false,
            Some(Keyword::Help) | None => return Ok(()),
        };
        opt_out::set_opt_out(&mut tx, workspace, &mac, opted_out, said_at).await?;
        tx.commit().await?;
        match opted_out {
            true => {
                let how = (said_at, WithdrawnBy::Message);
                self.contacts.withdraw_outreach(workspace, by_phone(&number), how).await
            }
            false => Ok(()),
        }
    }
}
