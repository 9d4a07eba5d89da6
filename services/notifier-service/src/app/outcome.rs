//! The third step: what became of the provider call.

use super::open_case::{Cause, OpenCase};
use super::send::{purpose_on_wire, turned};
use super::settle_case::record_failed;
use super::timeline::{entry, evidence, facts};
use super::{App, kind};
use crate::domain::{Move, Purpose, Status, Step, Turn};
use crate::outbound::Outcome;
use crate::outbound::postgres::delivery::Delivery;
use domain::WorkspaceId;
use events::event::{DeliveryAccepted, DeliveryUnknown};
use events::stamp;
use fault::{Code, Fault, Result, codes};
use jiff::SignedDuration;
use std::time::Duration;
use store::Tx;

/// Pauses between tries of a text that was certainly not taken; after the last one the mail is due.
const TEXT_RETRIES: &[SignedDuration] = &[SignedDuration::from_secs(5), SignedDuration::from_secs(20)];
/// The same for what an agent wrote, instead of which nothing else is sent: an evening's outage.
const MESSAGE_RETRIES: &[SignedDuration] = &[
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(20),
    SignedDuration::from_secs(60),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
];
/// The same for mails: greylisting takes minutes, a mail server's maintenance hours.
pub(super) const MAIL_RETRIES: &[SignedDuration] = &[
    SignedDuration::from_secs(10),
    SignedDuration::from_secs(60),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
];
/// No provider call takes longer; the setting allows no more.
const LONGEST_CALL: SignedDuration = SignedDuration::from_secs(5);
/// What nobody tells the outcome of for this long ends unconfirmed; its hold stays.
pub(crate) const UNKNOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

impl App {
    /// Tx 3: what became of this attempt. What is said of an attempt that was settled since, or that a newer one
    /// follows, goes into the history and changes nothing.
    pub(crate) async fn record_outcome(
        &self,
        workspace: &WorkspaceId,
        sent: &Delivery,
        attempt: u32,
        outcome: Outcome,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let (mut open, row) = self.open_delivery(&mut tx, workspace, sent).await?;
        let taken = matches!(outcome, Outcome::Accepted { .. });
        if row.status.is_late(row.attempts, attempt, taken) {
            tracing::warn!(delivery = %row.id, attempt, newest = row.attempts, "a late outcome");
            let seen = facts([
                ("attempt", attempt.to_string()),
                ("newest_attempt", row.attempts.to_string()),
                ("outcome", outcome.word().to_owned()),
            ]);
            let line = entry(open.now, "late outcome", row.follow_up, Some(row.id), seen);
            open.lines.push(line);
            self.settle_case(&mut tx, &mut open, None, Cause::Own).await?;
            return self.commit(tx, open).await;
        }
        match outcome {
            Outcome::Accepted { provider_id } => {
                self.accept(&mut tx, &mut open, row, provider_id).await?;
            }
            Outcome::Refused { code, again } => self.retry_or_fail(&mut tx, &mut open, row, code, again).await?,
            Outcome::Unknown { code } => self.lost(&mut tx, &mut open, row, code, SignedDuration::ZERO).await?,
        }
        self.commit(tx, open).await
    }

    /// The lease ended between the attempt and its outcome: nobody knows whether the call was made, or is still going
    /// on in a process that was only slow.
    pub(crate) async fn lose(&self, mut tx: Tx, workspace: &WorkspaceId, seen: &Delivery) -> Result<()> {
        let code = match seen.step {
            Step::Text => &codes::SMS_UNKNOWN,
            Step::Mail => &codes::MAIL_UNKNOWN,
        };
        let (mut open, row) = self.open_delivery(&mut tx, workspace, seen).await?;
        // Settled while this waited for the lock.
        if (row.status, row.attempts) == (seen.status, seen.attempts) {
            self.lost(&mut tx, &mut open, row, code, LONGEST_CALL).await?;
        }
        self.commit(tx, open).await
    }

    /// The provider has it.
    pub(crate) async fn accept(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        mut row: Delivery,
        provider_id: Option<String>,
    ) -> Result<Delivery> {
        row.provider_id = row.provider_id.or(provider_id);
        let moved = row.status.take(Turn::Accept, true).map_err(Fault::internal)?;
        row.due_at = None;
        if let Move::To(status) = moved {
            (row.status, row.status_at) = (status, open.now);
            row.reason = String::new();
            open.save_delivery(tx, &row, false).await?;
            record_accepted(tx, open, &row);
            let mut seen = evidence(&open.case);
            seen.insert("provider".into(), row.provider.clone());
            seen.extend(row.provider_id.clone().map(|id| ("provider_id".to_owned(), id)));
            self.after(tx, open, &row, "accepted", seen).await?;
            return Ok(row);
        }
        // A receipt was faster and said so.
        open.save_delivery(tx, &row, false).await?;
        Ok(row)
    }

    /// Nothing was taken.
    pub(crate) async fn retry_or_fail(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        mut row: Delivery,
        code: &'static Code,
        again: bool,
    ) -> Result<()> {
        let (provider, pause) = (row.provider.clone(), self.next_try(&mut row, again)?);
        let turn = if pause.is_some() { Turn::Retry } else { Turn::Fail };
        let moved = row.status.take(turn, true).map_err(Fault::internal)?;
        let Move::To(status) = moved else {
            // A receipt says otherwise, and it is right.
            return Ok(());
        };
        (row.status, row.status_at) = (status, open.now);
        row.due_at = pause.map(|pause| open.now + pause);
        row.reason = code.name.into();
        open.save_delivery(tx, &row, false).await?;
        let mut seen = evidence(&open.case);
        seen.insert("reason".into(), code.name.into());
        seen.insert("provider".into(), provider);
        let what = match row.due_at {
            Some(_) if !row.tried.is_empty() => "to be tried elsewhere",
            Some(until) => {
                seen.insert("until".into(), until.to_string());
                "to be tried again"
            }
            None => {
                record_failed(tx, &open.workspace, &row, open.now);
                "failed"
            }
        };
        self.after(tx, open, &row, what, seen).await
    }

    /// Nothing was taken: how long to wait before it is tried again, if it is. A text goes to the next provider of its
    /// country at once, as far as there is one; then all of them have their pauses together.
    fn next_try(&self, row: &mut Delivery, again: bool) -> Result<Option<SignedDuration>> {
        if !again {
            return Ok(None);
        }
        let pauses = match row.step {
            Step::Text if row.purpose == Purpose::Message => MESSAGE_RETRIES,
            Step::Text => TEXT_RETRIES,
            Step::Mail => MAIL_RETRIES,
        };
        if row.step == Step::Text {
            row.tried.push(row.provider.clone());
            if self.texts.has_another(row.medium, &row.country, &row.tried) {
                return Ok(Some(SignedDuration::ZERO));
            }
            row.tried.clear();
        }
        let round = usize::try_from(row.rounds).map_err(Fault::internal)?;
        row.rounds += 1;
        Ok(pauses.get(round).copied())
    }

    /// How long after a call an absent text proves that it was never taken. `None`: nothing proves that. What has no link
    /// in it cannot be told from another text with the same words.
    pub(crate) fn settles_after(&self, row: &Delivery) -> Option<Duration> {
        self.texts
            .settles_after(&row.provider)
            .filter(|_| row.purpose.has_link())
    }

    /// It may have been taken; the call is over after `still` at the latest.
    async fn lost(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        mut row: Delivery,
        code: &'static Code,
        still: SignedDuration,
    ) -> Result<()> {
        let moved = row.status.take(Turn::Lose, true).map_err(Fault::internal)?;
        let Move::To(status) = moved else {
            return Ok(());
        };
        let over = open.now + still;
        (row.status, row.status_at) = (status, open.now);
        row.due_at = Some(match row.step {
            Step::Text => match self.settles_after(&row) {
                Some(settle) => over + SignedDuration::try_from(settle).map_err(Fault::internal)?,
                None => over + UNKNOWN_FOR,
            },
            Step::Mail => over + UNKNOWN_FOR,
        });
        row.reason = code.name.into();
        open.save_delivery(tx, &row, false).await?;
        tx.record(
            &open.workspace,
            &DeliveryUnknown {
                delivery: row.id.to_string(),
                follow_up: row.follow_up.map(|id| id.to_string()).unwrap_or_default(),
                conversation: row.conversation.to_string(),
                kind: kind(&row).into(),
                reason: code.name.into(),
                at: Some(stamp(open.now)),
                seq: row.seq,
            },
        );
        let mut seen = evidence(&open.case);
        seen.insert("reason".into(), code.name.into());
        seen.extend(row.due_at.map(|until| ("settled_by".to_owned(), until.to_string())));
        self.after(tx, open, &row, "unknown", seen).await
    }
}

/// Says that a provider took the delivery: its hold is captured.
pub(crate) fn record_accepted(tx: &mut Tx, open: &OpenCase, row: &Delivery) {
    tx.record(
        &open.workspace,
        &DeliveryAccepted {
            delivery: row.id.to_string(),
            follow_up: row.follow_up.map(|id| id.to_string()).unwrap_or_default(),
            conversation: row.conversation.to_string(),
            purpose: purpose_on_wire(row.purpose).into(),
            kind: kind(row).into(),
            country: row.country.clone(),
            parts: row.parts,
            provider: row.provider.clone(),
            provider_message: row.provider_id.clone().unwrap_or_default(),
            at: Some(stamp(open.now)),
            seq: row.seq,
        },
    );
}

/// Ends what nobody tells the outcome of.
pub(crate) async fn give_up(app: &App, workspace: &WorkspaceId, seen: &Delivery) -> Result<()> {
    let mut tx = app.store.begin(workspace).await?;
    let (mut open, mut row) = app.open_delivery(&mut tx, workspace, seen).await?;
    if row.status != Status::Unknown {
        // A receipt was faster.
        return Ok(());
    }
    row.status = turned(&row, Turn::GiveUp)?;
    (row.status_at, row.due_at) = (open.now, None);
    open.save_delivery(&mut tx, &row, false).await?;
    let seen = evidence(&open.case);
    app.after(&mut tx, &mut open, &row, "unconfirmed", seen).await?;
    app.commit(tx, open).await
}
