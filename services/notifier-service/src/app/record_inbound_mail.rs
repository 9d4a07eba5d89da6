//! What comes back on a mail of ours: the customer's answer, somebody else's, a program's, a mail server's report.

use super::App;
use super::record_receipt::Told;
use super::timeline::{entry, facts};
use crate::domain::inbound_mail::{self, Arrived, Content, InboundMail, Report};
use crate::domain::keys::token_hash;
use crate::domain::render::foreign_mail;
use crate::domain::{Receipt, Step, reply_address as name};
use crate::outbound::contacts::Recipient;
use crate::outbound::postgres::reply_address::{self, ReplyAddress};
use crate::outbound::postgres::{channel, delivery, receipt};
use domain::limits::MAIL_BYTES;
use domain::{DeliveryId, Email, Language, WorkspaceId};
use fault::{Fault, Kind, Result, codes};

/// A mail with its envelope.
pub struct Envelope {
    pub recipient: String,
    /// Empty: the null sender; `None`: not known.
    pub sender: Option<String>,
    pub mail: Vec<u8>,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Posted,
    Flagged,
    Automatic,
    Bounce,
    Empty,
}

impl App {
    /// Posts what the customer wrote into the conversation that the mail was about, or into the one that continues it.
    /// What anybody else wrote to that address becomes a note beside it; what programs write is only noted in the
    /// history; reports move the delivery like receipts. The same mail again changes nothing, and nothing of a mail is
    /// kept here: after a fault that says 'unavailable' it has to be handed over again.
    pub async fn record_inbound_mail(&self, envelope: &Envelope) -> Result<Outcome> {
        if envelope.mail.len() > MAIL_BYTES {
            return Err(Fault::new(&codes::TOO_LARGE, "is larger than 10 MiB").of("mail"));
        }
        let Some((workspace, token)) = name::parse(&envelope.recipient) else {
            return self.record_report(envelope).await;
        };
        let hash = token_hash(&token);
        let mut tx = self.store.begin(&workspace).await?;
        let found = reply_address::find_reply_address(&mut tx, &workspace, &hash, self.now()).await?;
        tx.commit().await?;
        let mail = read(envelope)?;
        let Some(place) = found else {
            return unread(&mail);
        };
        match &mail.content {
            Content::Report(report) => self.take_report(&workspace, place.delivery, &mail, report).await,
            Content::Automatic(why) => {
                self.note_mail(&workspace, &place, &mail, "automatic mail", why).await?;
                Ok(Outcome::Automatic)
            }
            Content::Words(None) => {
                self.note_mail(&workspace, &place, &mail, "empty mail", "").await?;
                Ok(Outcome::Empty)
            }
            Content::Words(Some(words)) => self.post_mail(&workspace, &place, &mail, words).await,
        }
    }

    async fn post_mail(
        &self,
        workspace: &WorkspaceId,
        place: &ReplyAddress,
        mail: &InboundMail,
        words: &str,
    ) -> Result<Outcome> {
        let request = mail.request_id();
        let posted = if self.is_the_customers(workspace, place, mail.from.as_ref()).await? {
            let posted = self
                .conversations
                .post_reply(workspace, place.conversation, &request, words);
            (posted.await, Outcome::Posted)
        } else {
            let note = foreign_mail(self.language_of(workspace, place).await?, mail.from.as_ref(), words);
            let posted = self
                .conversations
                .post_note(workspace, place.conversation, &request, &note);
            (posted.await, Outcome::Flagged)
        };
        match posted {
            // A mail that was changed on another way here.
            (Err(fault), outcome) if fault.kind() == Kind::AlreadyExists => Ok(outcome),
            (Err(fault), _) => Err(fault),
            (Ok(()), Outcome::Flagged) => {
                self.note_mail(workspace, place, mail, "flagged mail", "another sender")
                    .await?;
                Ok(Outcome::Flagged)
            }
            (Ok(()), outcome) => Ok(outcome),
        }
    }

    /// Only who got the mail speaks for the customer, and only while that is the customer's address there.
    async fn is_the_customers(
        &self,
        workspace: &WorkspaceId,
        place: &ReplyAddress,
        from: Option<&Email>,
    ) -> Result<bool> {
        let asked = self.contacts.get_address(workspace, place.address).await;
        let wrote_to = match asked {
            Ok((Recipient::Email(email), _)) => email,
            Ok(_) => return Ok(false),
            // Erased: the conversation is nobody's any more.
            Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::PermissionDenied) => {
                return Err(nobody_reads());
            }
            Err(fault) => return Err(fault),
        };
        let same = from.is_some_and(|from| from.normalised() == wrote_to.normalised());
        Ok(same && place.is_theirs)
    }

    async fn language_of(&self, workspace: &WorkspaceId, place: &ReplyAddress) -> Result<Language> {
        let mut tx = self.store.begin(workspace).await?;
        let settings = channel::read_settings_of(&mut tx, workspace, place.conversation).await?;
        tx.commit().await?;
        Ok(settings.map_or(Language::English, |settings| settings.language()))
    }

    /// A mail to another address of ours: only a report is expected there, and names our mail by its Message-ID.
    async fn record_report(&self, envelope: &Envelope) -> Result<Outcome> {
        let mail = read(envelope)?;
        let Content::Report(report) = &mail.content else {
            return unread(&mail);
        };
        let told_of = report.message_id.as_deref().and_then(name::parse_message_id);
        let (workspace, delivery) = told_of.ok_or_else(nobody_reads)?;
        self.take_report(&workspace, delivery, &mail, report).await
    }

    /// Moves the delivery of a mail as receipts do.
    async fn take_report(
        &self,
        workspace: &WorkspaceId,
        id: DeliveryId,
        mail: &InboundMail,
        report: &Report,
    ) -> Result<Outcome> {
        let told_of = report.message_id.as_deref().and_then(name::parse_message_id);
        if told_of.is_some_and(|told_of| told_of != (workspace.clone(), id)) {
            return Err(nobody_reads());
        }
        let (receipt, status) = match report.arrived {
            Arrived::No => (Receipt::NotArrived, format!("failed {}", report.status)),
            Arrived::Yes => (Receipt::Arrived, format!("delivered {}", report.status)),
            Arrived::Open => return Ok(Outcome::Bounce),
        };
        let told = Told {
            receipt,
            provider_id: &mail.id,
            status: status.trim_end(),
        };
        let mut tx = self.store.begin(workspace).await?;
        let seen = delivery::read_delivery(&mut tx, workspace, id).await?;
        let seen = seen.filter(|seen| seen.step == Step::Mail).ok_or_else(nobody_reads)?;
        let (mut open, row) = self.open_delivery(&mut tx, workspace, &seen).await?;
        if receipt::add_receipt(&mut tx, workspace, id, told.provider_id, told.status, open.now).await? {
            self.take_receipt(&mut tx, &mut open, row, &told).await?;
        }
        self.commit(tx, open).await?;
        Ok(Outcome::Bounce)
    }

    /// A line in the history, once.
    async fn note_mail(
        &self,
        workspace: &WorkspaceId,
        place: &ReplyAddress,
        mail: &InboundMail,
        what: &str,
        why: &str,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let mut open = self.open_case(&mut tx, workspace, place.conversation).await?;
        let id = place.delivery;
        if receipt::add_receipt(&mut tx, workspace, id, &mail.id, what, open.now).await? {
            let follow_up = open.case.follow_up.as_ref().map(|follow_up| follow_up.id);
            let seen = facts([("why", why.to_owned())]);
            open.lines.push(entry(open.now, what, follow_up, Some(id), seen));
        }
        self.settle_case(&mut tx, &mut open, None, super::open_case::Cause::Own)
            .await?;
        self.commit(tx, open).await
    }
}

fn read(envelope: &Envelope) -> Result<InboundMail> {
    let read = inbound_mail::read(&envelope.mail, envelope.sender.as_deref());
    read.map_err(|unreadable| Fault::invalid("mail", unreadable.to_string()))
}

/// A mail to an address that nobody reads. A program's is taken all the same: refusing it would have a mail server answer it.
fn unread(mail: &InboundMail) -> Result<Outcome> {
    match mail.content {
        Content::Automatic(_) => Ok(Outcome::Automatic),
        Content::Words(_) | Content::Report(_) => Err(nobody_reads()),
    }
}

fn nobody_reads() -> Fault {
    let remedy =
        "nobody reads this address: it is unknown, revoked or expired, or the mail is no report on one of ours";
    Fault::new(&codes::NOT_FOUND, remedy).of("recipient")
}
