//! What comes back on a mail of ours: the customer's answer, somebody else's, a program's, a mail server's report.

use super::App;
use super::record_receipt::Told;
use super::timeline::{entry, facts};
use crate::domain::inbound_mail::{self, Arrived, Content, InboundMail, Report};
use crate::domain::keys::token_hash;
use crate::domain::render::foreign_mail;
use crate::domain::{Receipt, Step, reply_address as name};
use crate::outbound::contacts::{Recipient, Serves};
use crate::outbound::postgres::delivery::Delivery;
use crate::outbound::postgres::reply_address::{self, ReplyAddress};
use crate::outbound::postgres::send_limit::{Scope, Use, use_limits};
use crate::outbound::postgres::{channel, delivery, receipt};
use domain::limits::MAIL_BYTES;
use domain::{DeliveryId, Email, Language, WorkspaceId};
use fault::{Fault, Kind, Result, codes};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Mails to one reply address in a day (UTC). No person writes as many; a program that does not say that it is one does,
/// and would fill the conversation.
const MAILS_PER_DAY: u64 = 100;

/// What is kept of a mail that was counted.
const COUNTED: &str = "counted";

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
        if let Content::Report(report) = &mail.content {
            return self.take_report(&workspace, place.delivery, &mail, report).await;
        }
        if self.is_full(&workspace, (&place, &mail), &hash).await? {
            return self.refuse_more(&workspace, &place, &mail).await;
        }
        let outcome = self.take_mail(&workspace, &place, &mail).await?;
        // Counted once it is taken: what has to be handed over again is no second mail.
        self.count_mail(&workspace, (&place, &mail), &hash).await?;
        Ok(outcome)
    }

    /// What is no report.
    async fn take_mail(&self, workspace: &WorkspaceId, place: &ReplyAddress, mail: &InboundMail) -> Result<Outcome> {
        match &mail.content {
            Content::Report(_) => Err(nobody_reads()),
            Content::Automatic(why) => {
                self.note_mail(workspace, place, &mail.id, "automatic mail", why)
                    .await?;
                Ok(Outcome::Automatic)
            }
            Content::Words(None) => {
                self.note_mail(workspace, place, &mail.id, "empty mail", "").await?;
                Ok(Outcome::Empty)
            }
            Content::Words(Some(words)) => self.post_mail(workspace, place, mail, words).await,
        }
    }

    fn day(&self) -> Date {
        self.now().to_zoned(TimeZone::UTC).date()
    }

    /// Whether an address had its mails of today, and this is another one.
    async fn is_full(
        &self,
        workspace: &WorkspaceId,
        (place, mail): (&ReplyAddress, &InboundMail),
        hash: &[u8],
    ) -> Result<bool> {
        let mut tx = self.store.begin(workspace).await?;
        if !receipt::add_receipt(&mut tx, workspace, place.delivery, &mail.id, COUNTED, self.now()).await? {
            return Ok(false);
        }
        let one = Use::new(Scope::Reply(hash), 1, MAILS_PER_DAY);
        // Looked at only: it is not committed.
        Ok(use_limits(&mut tx, workspace, self.day(), &[one]).await?.is_some())
    }

    /// Once, however often it is handed over.
    async fn count_mail(
        &self,
        workspace: &WorkspaceId,
        (place, mail): (&ReplyAddress, &InboundMail),
        hash: &[u8],
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        if !receipt::add_receipt(&mut tx, workspace, place.delivery, &mail.id, COUNTED, self.now()).await? {
            return Ok(());
        }
        let one = Use::new(Scope::Reply(hash), 1, MAILS_PER_DAY);
        match use_limits(&mut tx, workspace, self.day(), &[one]).await? {
            // Another one was faster; this one is taken.
            Some(_) => Ok(()),
            None => tx.commit().await,
        }
    }

    /// One line in the history a day; a program's mail is taken all the same, since a refusal would be answered.
    async fn refuse_more(&self, workspace: &WorkspaceId, place: &ReplyAddress, mail: &InboundMail) -> Result<Outcome> {
        let once = format!("limit {}", self.day());
        let why = format!("{MAILS_PER_DAY} came to this address today");
        self.note_mail(workspace, place, &once, "mails refused", &why).await?;
        match mail.content {
            Content::Automatic(_) => Ok(Outcome::Automatic),
            Content::Words(_) | Content::Report(_) => {
                let remedy = format!("gets at most {MAILS_PER_DAY} mails a day (UTC); try again tomorrow");
                Err(Fault::new(&codes::RATE_LIMITED, remedy).of("recipient"))
            }
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
                self.note_mail(workspace, place, &mail.id, "flagged mail", "another sender")
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
        let asked = self
            .contacts
            .get_address(workspace, place.address, Serves::Support)
            .await;
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
        let message_id = report.message_id.as_deref();
        if let Some((workspace, reminder)) = message_id.and_then(name::parse_reminder_id) {
            let taken = self.take_reminder_report(&workspace, reminder, report).await?;
            return taken.map(|()| Outcome::Bounce).ok_or_else(nobody_reads);
        }
        let told_of = message_id.and_then(name::parse_message_id);
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
            code: None,
            receipt,
            provider_id: &mail.id,
            status: status.trim_end(),
        };
        let mut tx = self.store.begin(workspace).await?;
        let seen = delivery::read_delivery(&mut tx, workspace, id).await?;
        tx.commit().await?;
        let seen = seen.filter(|seen| seen.step == Step::Mail).ok_or_else(nobody_reads)?;
        if !self.names_recipient(workspace, &seen, report).await? {
            return self.disbelieve(workspace, &seen, mail).await;
        }
        let mut tx = self.store.begin(workspace).await?;
        let (mut open, row) = self.open_delivery(&mut tx, workspace, &seen).await?;
        if receipt::add_receipt(&mut tx, workspace, id, told.provider_id, told.status, open.now).await? {
            self.take_receipt(&mut tx, &mut open, row, &told).await?;
        }
        self.commit(tx, open).await?;
        Ok(Outcome::Bounce)
    }

    /// Whether a report is about whom the mail went to. Where that is forgotten, nobody can tell.
    async fn names_recipient(&self, workspace: &WorkspaceId, seen: &Delivery, report: &Report) -> Result<bool> {
        let Some(address) = seen.attempted_address else {
            return Ok(false);
        };
        match self.contacts.get_address(workspace, address, Serves::Support).await {
            Ok((Recipient::Email(email), _)) => {
                let same = |named: &Email| named.normalised() == email.normalised();
                Ok(report.recipients.iter().any(same))
            }
            Ok(_) => Ok(false),
            Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::PermissionDenied) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// A report that names somebody else: taken, since nobody would hear of a refusal, noted once, and nothing more.
    async fn disbelieve(&self, workspace: &WorkspaceId, seen: &Delivery, mail: &InboundMail) -> Result<Outcome> {
        let what = "report not believed";
        let mut tx = self.store.begin(workspace).await?;
        let (mut open, row) = self.open_delivery(&mut tx, workspace, seen).await?;
        if receipt::add_receipt(&mut tx, workspace, row.id, &mail.id, what, open.now).await? {
            let why = facts([("why", "it does not name whom the mail went to".to_owned())]);
            let line = entry(open.now, what, row.follow_up, Some(row.id), why);
            open.lines.push(line);
        }
        self.settle_case(&mut tx, &mut open, None, super::open_case::Cause::Own)
            .await?;
        self.commit(tx, open).await?;
        Ok(Outcome::Bounce)
    }

    /// A line in the history, once for each `name`.
    async fn note_mail(
        &self,
        workspace: &WorkspaceId,
        place: &ReplyAddress,
        name: &str,
        what: &str,
        why: &str,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let mut open = self.open_case(&mut tx, workspace, place.conversation).await?;
        let id = place.delivery;
        if receipt::add_receipt(&mut tx, workspace, id, name, what, open.now).await? {
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
