use super::callback::Callback;
use super::open_case::OpenCase;
use super::outcome::record_accepted;
use super::timeline::evidence;
use super::{App, kind};
use crate::domain::{Move, Receipt, Status, Step, Turn};
use crate::outbound::postgres::delivery::{self, Delivery};
use crate::outbound::postgres::receipt;
use crate::outbound::text_providers::{Report, not_authentic};
use domain::{DeliveryId, WorkspaceId};
use events::event::{DeliveryDelivered, DeliveryUndelivered};
use events::stamp;
use fault::{Code, Fault, Result, codes};
use store::Tx;

/// What a provider tells of a delivery.
pub(crate) struct Told<'a> {
    pub receipt: Receipt,
    pub provider_id: &'a str,
    /// In its own words.
    pub status: &'a str,
    /// Why it did not arrive, where that is known.
    pub code: Option<&'static Code>,
}

impl Told<'_> {
    fn moved(&self, row: &Delivery) -> Result<Move> {
        let turn = Turn::Receipt(self.receipt);
        row.status.take(turn, row.attempts > 0).map_err(Fault::internal)
    }
}

fn note_useless(row: &Delivery, status: &str) {
    if matches!(row.status, Status::Failed | Status::Cancelled) {
        tracing::error!(delivery = %row.id, status, "a receipt for a delivery that was given up");
    }
}

impl App {
    /// Checks who calls, then takes what the provider says. Repeats and late ones change nothing.
    /// `code` stood in the callback's path.
    pub async fn record_receipt(
        &self,
        workspace: &WorkspaceId,
        id: DeliveryId,
        code: &str,
        callback: &Callback,
    ) -> Result<()> {
        if !self.keys.is_receipt_code(workspace, id, code) {
            return Err(not_authentic());
        }
        let named = callback.in_address("provider")?;
        let mut tx = self.store.begin(workspace).await?;
        let seen = delivery::read_delivery(&mut tx, workspace, id).await?;
        let seen = seen.ok_or_else(|| Fault::not_found("delivery"))?;
        let provider = named.unwrap_or_else(|| seen.provider.clone());
        let report = self.texts.read_receipt(&provider, callback.called())?;
        self.take_text_report(tx, workspace, &seen, &provider, &report).await
    }

    /// Keeps what a provider told of a delivery, and moves it if that is news.
    pub(crate) async fn take_text_report(
        &self,
        mut tx: Tx,
        workspace: &WorkspaceId,
        seen: &Delivery,
        provider: &str,
        report: &Report,
    ) -> Result<()> {
        let (provider_id, status) = (report.provider_id.as_str(), report.status.as_str());
        let Some(receipt) = report.receipt else {
            tracing::debug!(status, "a status that says nothing about the outcome");
            return Ok(());
        };
        if provider != seen.provider {
            // It said that it took nothing, and another one was asked since.
            tracing::error!(delivery = %seen.id, provider, taker = seen.provider, status, "a receipt of another provider");
            return Ok(());
        }
        let told = Told {
            receipt,
            provider_id,
            status,
            code: report.code,
        };
        // Receipts climb a lattice, so one that changes nothing now never will: no need for the lock.
        let stays = seen.attempts > 0 && told.moved(seen)? == Move::Stay;
        if stays {
            note_useless(seen, status);
            receipt::add_receipt(&mut tx, workspace, seen.id, provider_id, status, self.now()).await?;
            return tx.commit().await;
        }
        let (mut open, row) = self.open_delivery(&mut tx, workspace, seen).await?;
        if receipt::add_receipt(&mut tx, workspace, seen.id, provider_id, status, open.now).await? {
            self.take_receipt(&mut tx, &mut open, row, &told).await?;
        }
        self.commit(tx, open).await
    }

    /// Moves a delivery by what its provider told. What is true settles an unknown outcome too.
    pub(crate) async fn take_receipt(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        mut row: Delivery,
        told: &Told<'_>,
    ) -> Result<()> {
        let Told {
            provider_id, status, ..
        } = *told;
        let before = row.status;
        let Move::To(after) = told.moved(&row)? else {
            note_useless(&row, status);
            return Ok(());
        };
        (row.status, row.status_at, row.due_at) = (after, open.now, None);
        row.provider_id.get_or_insert_with(|| provider_id.to_owned());
        row.reason = if after == Status::Undelivered {
            let usual = match row.step {
                Step::Text => &codes::SMS_REFUSED,
                Step::Mail => &codes::MAIL_REFUSED,
            };
            told.code.unwrap_or(usual).name.into()
        } else {
            String::new()
        };
        // A call that is still going on keeps its lease; it will find the delivery accepted.
        open.save_delivery(tx, &row, before == Status::Attempting).await?;
        if !matches!(before, Status::Accepted | Status::Undelivered) {
            record_accepted(tx, open, &row);
        }
        let (workspace, at) = (&open.workspace, Some(stamp(open.now)));
        let (delivery, conversation) = (row.id.to_string(), row.conversation.to_string());
        let kind = kind(&row).into();
        match after {
            Status::Delivered => tx.record(
                workspace,
                &DeliveryDelivered {
                    delivery,
                    conversation,
                    kind,
                    at,
                    seq: row.seq,
                },
            ),
            Status::Undelivered => tx.record(
                workspace,
                &DeliveryUndelivered {
                    delivery,
                    conversation,
                    kind,
                    reason: row.reason.clone(),
                    at,
                    seq: row.seq,
                },
            ),
            _ => {}
        }
        let mut seen = evidence(&open.case);
        seen.insert("provider_status".into(), status.to_owned());
        seen.insert("provider_id".into(), provider_id.to_owned());
        self.after(tx, open, &row, after.word(), seen).await
    }
}
