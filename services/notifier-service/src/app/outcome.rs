//! The third step: what became of the provider call.

use super::open_case::{OpenCase, record_failed};
use super::send::{purpose_on_wire, turned};
use super::timeline::evidence;
use super::{App, kind};
use crate::domain::{Move, Status, Step, Turn};
use crate::outbound::Outcome;
use crate::outbound::postgres::delivery::{self, Delivery};
use domain::{DeliveryId, WorkspaceId};
use events::event::{DeliveryAccepted, DeliveryUnknown};
use events::stamp;
use fault::{Code, Fault, Result, codes};
use jiff::SignedDuration;
use store::Tx;

/// Pauses between tries of a text that was certainly not taken; after the last one the mail is due.
const TEXT_RETRIES: &[SignedDuration] = &[SignedDuration::from_secs(5), SignedDuration::from_secs(20)];
/// The same for mails: greylisting takes minutes, a mail server's maintenance hours.
const MAIL_RETRIES: &[SignedDuration] = &[
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
    /// Tx 3.
    pub(crate) async fn record_outcome(
        &self,
        workspace: &WorkspaceId,
        sent: &Delivery,
        outcome: Outcome,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let mut open = self.open_case(&mut tx, workspace, sent.conversation).await?;
        let Some(row) = delivery::read_delivery(&mut tx, workspace, sent.id).await? else {
            return Err(Fault::internal(format!("delivery {} is gone", sent.id)));
        };
        match outcome {
            Outcome::Accepted { provider_id } => self.accept(&mut tx, &mut open, row, provider_id).await?,
            Outcome::Refused { code, again } => self.retry_or_fail(&mut tx, &mut open, row, code, again).await?,
            Outcome::Unknown { code } => self.lost(&mut tx, &mut open, row, code, SignedDuration::ZERO).await?,
        }
        tx.commit().await?;
        self.store.due_changed();
        Ok(())
    }

    /// The lease ended between the attempt and its outcome: nobody knows whether the call was made, or is still going
    /// on in a process that was only slow.
    pub(crate) async fn lose(&self, mut tx: Tx, workspace: &WorkspaceId, seen: &Delivery) -> Result<()> {
        let code = match seen.step {
            Step::Text => &codes::SMS_UNKNOWN,
            Step::Mail => &codes::MAIL_UNKNOWN,
        };
        let mut open = self.open_case(&mut tx, workspace, seen.conversation).await?;
        if let Some(row) = delivery::read_delivery(&mut tx, workspace, seen.id).await? {
            self.lost(&mut tx, &mut open, row, code, LONGEST_CALL).await?;
        }
        tx.commit().await?;
        self.store.due_changed();
        Ok(())
    }

    /// The provider has it.
    pub(crate) async fn accept(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        mut row: Delivery,
        provider_id: Option<String>,
    ) -> Result<()> {
        row.provider_id = row.provider_id.or(provider_id);
        let moved = row.status.take(Turn::Accept, true).map_err(Fault::internal)?;
        row.due_at = None;
        if let Move::To(status) = moved {
            (row.status, row.status_at) = (status, open.now);
            row.reason = String::new();
            delivery::save_delivery(tx, &open.workspace, &row, false).await?;
            record_accepted(tx, open, &row);
            let mut seen = evidence(&open.case);
            seen.insert("provider".into(), row.provider.clone());
            seen.extend(row.provider_id.clone().map(|id| ("provider_id".to_owned(), id)));
            return self.after(tx, open, &row, "accepted", seen).await;
        }
        // A receipt was faster and said so.
        delivery::save_delivery(tx, &open.workspace, &row, false).await
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
        let pauses = match row.step {
            Step::Text => TEXT_RETRIES,
            Step::Mail => MAIL_RETRIES,
        };
        let tries = usize::try_from(row.attempts.saturating_sub(1)).map_err(Fault::internal)?;
        let pause = pauses.get(tries).filter(|_| again);
        let turn = if pause.is_some() { Turn::Retry } else { Turn::Fail };
        let moved = row.status.take(turn, true).map_err(Fault::internal)?;
        let Move::To(status) = moved else {
            // A receipt says otherwise, and it is right.
            return Ok(());
        };
        (row.status, row.status_at) = (status, open.now);
        row.due_at = pause.map(|pause| open.now + *pause);
        row.reason = code.name.into();
        delivery::save_delivery(tx, &open.workspace, &row, false).await?;
        let mut seen = evidence(&open.case);
        seen.insert("reason".into(), code.name.into());
        let what = match row.due_at {
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
            Step::Text => over + SignedDuration::try_from(self.texts.settle()).map_err(Fault::internal)?,
            Step::Mail => over + UNKNOWN_FOR,
        });
        row.reason = code.name.into();
        delivery::save_delivery(tx, &open.workspace, &row, false).await?;
        tx.record(
            &open.workspace,
            &DeliveryUnknown {
                delivery: row.id.to_string(),
                follow_up: row.follow_up.map(|id| id.to_string()).unwrap_or_default(),
                conversation: row.conversation.to_string(),
                kind: kind(row.step).into(),
                reason: code.name.into(),
                at: Some(stamp(open.now)),
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
            kind: kind(row.step).into(),
            country: row.country.clone(),
            parts: row.parts,
            provider: row.provider.clone(),
            at: Some(stamp(open.now)),
        },
    );
}

/// Ends what nobody tells the outcome of.
pub(crate) async fn give_up(app: &App, workspace: &WorkspaceId, id: DeliveryId) -> Result<()> {
    let mut tx = app.store.begin(workspace).await?;
    let Some(seen) = delivery::read_delivery(&mut tx, workspace, id).await? else {
        return Ok(());
    };
    let mut open = app.open_case(&mut tx, workspace, seen.conversation).await?;
    let Some(mut row) = delivery::read_delivery(&mut tx, workspace, id).await? else {
        return Ok(());
    };
    if row.status != Status::Unknown {
        // A receipt was faster.
        return Ok(());
    }
    row.status = turned(&row, Turn::GiveUp)?;
    (row.status_at, row.due_at) = (open.now, None);
    delivery::save_delivery(&mut tx, workspace, &row, false).await?;
    let seen = evidence(&open.case);
    app.after(&mut tx, &mut open, &row, "unconfirmed", seen).await?;
    tx.commit().await?;
    app.store.due_changed();
    Ok(())
}
