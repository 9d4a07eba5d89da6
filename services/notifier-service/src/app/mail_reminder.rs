//! Reminders by mail: of a conversation that an agent starred, if they are not there when they are reminded. They are mails to people who
//! work here: nothing is held or metered, and neither limits nor opt-outs of customers are asked.

use super::App;
use super::open_case::Cause;
use super::outcome::MAIL_RETRIES;
use super::timeline::{entry, facts};
use crate::domain::Step;
use crate::domain::inbound_mail::{Arrived, Report};
use crate::domain::reminder::{self, Handed, Reminder, ReminderMail, State};
use crate::domain::render;
use crate::domain::reply_address::reminder_id;
use crate::outbound::Outcome;
use crate::outbound::mail_smtp::{Mail, PROVIDER};
use crate::outbound::postgres::reminder_mail;
use domain::{AgentId, ConversationId, Email, WorkspaceId};
use events::event::ReminderDue;
use events::instant;
use fault::{Fault, Result};
use jiff::SignedDuration;
use store::Tx;
use tokio::time::Instant;
use uuid::Uuid;

/// Name of the inbox rows: which reminders were heard of.
const REMINDED: &str = "notifier.reminder";
/// The call has to fit into the rest of the lease: what took longer to ask starts over.
const CHECK_LIMIT: SignedDuration = SignedDuration::from_secs(12);

impl App {
    /// An agent is reminded: a mail is due, once for each telling.
    pub async fn note_reminder(&self, workspace: &WorkspaceId, fact: ReminderDue) -> Result<()> {
        let conversation = ConversationId::parse(&fact.conversation)?;
        let agent = AgentId::parse(&fact.agent)?;
        let told_at = instant(fact.at).ok_or_else(|| Fault::invalid("at", "is missing"))?;
        let mut tx = self.store.begin(workspace).await?;
        let telling = format!("{conversation}.{agent}.{}", fact.version);
        if !tx.first_time(workspace, REMINDED, &telling).await? {
            return Ok(());
        }
        let now = self.now();
        let mail = ReminderMail::new(self.store.entropy().id(), conversation, agent, told_at, now);
        reminder_mail::add(&mut tx, workspace, &mail).await?;
        tx.commit().await?;
        self.store.due_at(now);
        Ok(())
    }

    /// A reminder's mail is due, or whoever was at it died. A fault means: an owner is away, and it is asked again when the lease ends.
    pub async fn take_reminder(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let claimed_at = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let Some(seen) = reminder_mail::lock(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        drop(tx);
        match seen.state {
            State::Due if self.is_too_old(seen.told_at) => self.end_reminder(workspace, &seen, State::TooLate).await,
            State::Due => {
                let asked = (
                    self.conversations
                        .get_reminder(workspace, seen.conversation, &seen.agent),
                    self.agents.is_there(workspace, &seen.agent),
                );
                let (reminder, is_there) = tokio::try_join!(asked.0, asked.1)?;
                match reminder::address(reminder.as_ref(), is_there) {
                    Err(state) => self.end_reminder(workspace, &seen, state).await,
                    Ok(_) if self.now().duration_since(claimed_at) > CHECK_LIMIT => Ok(()),
                    Ok(to) => match &reminder {
                        Some(reminder) => self.mail_reminder(workspace, &seen, reminder, to).await,
                        None => Ok(()),
                    },
                }
            }
            // Its process died: nobody knows whether the mail left.
            State::Attempting => self.settle_reminder(workspace, &seen, Handed::Lost).await,
            over => self.end_reminder(workspace, &seen, over).await,
        }
    }

    /// The attempt is committed before the mail server is called, and its outcome after it.
    async fn mail_reminder(
        &self,
        workspace: &WorkspaceId,
        seen: &ReminderMail,
        reminder: &Reminder,
        to: &Email,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let found = reminder_mail::lock(&mut tx, workspace, seen.id).await?;
        let Some(mut mail) = found else { return Ok(()) };
        if !mail.attempt(seen, self.keys.address_mac(workspace, &to.normalised())) {
            return Ok(());
        }
        reminder_mail::save(&mut tx, workspace, &mail, true).await?;
        tx.commit().await?;
        let body = render::reminder_mail(reminder);
        let message = Mail {
            to,
            business: &reminder.business,
            subject: &body.subject,
            text: &body.text,
            html: &body.html,
            id: &reminder_id(workspace, mail.id),
            conversation: &mail.conversation.to_string(),
            reply_to: None,
            unsubscribe: None,
            at: self.now(),
        };
        let began = Instant::now();
        let outcome = self.mails.send(&message).await;
        self.metrics.called(Step::Mail, PROVIDER, &outcome, began.elapsed());
        let handed = match outcome {
            Outcome::Accepted { .. } => Handed::Taken,
            Outcome::Refused { again, .. } => Handed::Refused { again },
            Outcome::Unknown { .. } => Handed::Lost,
        };
        self.settle_reminder(workspace, &mail, handed).await
    }

    /// Notes what became of the attempt that is seen, unless that was settled since.
    async fn settle_reminder(&self, workspace: &WorkspaceId, seen: &ReminderMail, handed: Handed) -> Result<()> {
        let now = self.now();
        self.change_reminder(workspace, seen.id, |mail| {
            mail.settle(seen.attempts, handed, MAIL_RETRIES, now)
        })
        .await
    }

    /// Ends what is as it was seen.
    async fn end_reminder(&self, workspace: &WorkspaceId, seen: &ReminderMail, state: State) -> Result<()> {
        self.change_reminder(workspace, seen.id, |mail| {
            let is_same = mail == seen;
            if is_same {
                mail.end(state);
            }
            is_same
        })
        .await
    }

    async fn change_reminder(
        &self,
        workspace: &WorkspaceId,
        id: Uuid,
        change: impl FnOnce(&mut ReminderMail) -> bool,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let found = reminder_mail::lock(&mut tx, workspace, id).await?;
        let Some(mut mail) = found else { return Ok(()) };
        if !change(&mut mail) {
            return Ok(());
        }
        self.keep_reminder(tx, workspace, &mail).await
    }

    /// Writes one back that is locked. How it ends stands in the conversation's history.
    async fn keep_reminder(&self, mut tx: Tx, workspace: &WorkspaceId, mail: &ReminderMail) -> Result<()> {
        reminder_mail::save(&mut tx, workspace, mail, false).await?;
        if let Some(at) = mail.due_at {
            tx.commit().await?;
            self.store.due_at(at);
            return Ok(());
        }
        let mut open = self.open_case(&mut tx, workspace, mail.conversation).await?;
        let seen = facts([
            ("agent", mail.agent.to_string()),
            ("outcome", mail.state.word().to_owned()),
        ]);
        open.lines.push(entry(open.now, "agent reminded", None, None, seen));
        self.settle_case(&mut tx, &mut open, None, Cause::Own).await?;
        self.commit(tx, open).await?;
        self.metrics.reminded(mail.state);
        Ok(())
    }

    /// A mail server reports on a reminder's mail. Believed only if it names whom that went to; else nothing moves.
    pub(super) async fn take_reminder_report(
        &self,
        workspace: &WorkspaceId,
        id: Uuid,
        report: &Report,
    ) -> Result<Option<()>> {
        let mut tx = self.store.begin(workspace).await?;
        let Some(mut mail) = reminder_mail::lock(&mut tx, workspace, id).await? else {
            return Ok(None);
        };
        let arrived = match report.arrived {
            Arrived::Yes => true,
            Arrived::No => false,
            Arrived::Open => return Ok(Some(())),
        };
        let is_whom = |named: &Email| mail.sent_to == Some(self.keys.address_mac(workspace, &named.normalised()));
        if !report.recipients.iter().any(is_whom) || !mail.report(arrived) {
            return Ok(Some(()));
        }
        if !arrived {
            tracing::warn!(%workspace, agent = %mail.agent, status = report.status, "a mail that reminds an agent did not arrive");
        }
        self.keep_reminder(tx, workspace, &mail).await.map(Some)
    }
}
