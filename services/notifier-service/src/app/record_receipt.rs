use super::open_case::OpenCase;
use super::outcome::record_accepted;
use super::timeline::evidence;
use super::{App, kind};
use crate::domain::{Move, Receipt, Status, Turn};
use crate::outbound::postgres::{delivery, receipt};
use crate::outbound::sms_twilio;
use domain::{DeliveryId, WorkspaceId};
use events::event::{DeliveryDelivered, DeliveryUndelivered};
use events::stamp;
use fault::{Fault, Result, codes};
use store::Tx;

/// A provider's status callback as it came.
#[derive(Debug, Clone)]
pub struct Callback {
    /// Code in its path.
    pub code: String,
    /// Public URL exactly as it was called.
    pub url: String,
    pub params: Vec<(String, String)>,
    /// Value of `X-Twilio-Signature`.
    pub signature: String,
}

impl Callback {
    fn param(&self, names: [&str; 2]) -> Option<&str> {
        let find = |wanted: &str| self.params.iter().find(|(name, _)| name == wanted);
        names.into_iter().find_map(find).map(|(_, value)| value.as_str())
    }
}

impl App {
    /// Checks who calls, then takes what the provider says. Repeats and late ones change nothing.
    pub async fn record_receipt(&self, workspace: &WorkspaceId, id: DeliveryId, callback: &Callback) -> Result<()> {
        let authentic = self.keys.is_receipt_code(workspace, id, &callback.code)
            && self
                .texts
                .is_signed(&callback.url, &callback.params, &callback.signature);
        if !authentic {
            return Err(Fault::new(
                &codes::SIGNATURE,
                "the signature does not fit; check the account's token and the public URL",
            ));
        }
        let missing = |field| Fault::invalid(field, "is missing");
        let status = callback.param(["MessageStatus", "SmsStatus"]);
        let status = status.ok_or_else(|| missing("MessageStatus"))?;
        let provider_id = callback.param(["MessageSid", "SmsSid"]);
        let provider_id = provider_id.ok_or_else(|| missing("MessageSid"))?;
        let Some(told) = sms_twilio::receipt(status) else {
            tracing::debug!(status, "a status that says nothing about the outcome");
            return Ok(());
        };
        let mut tx = self.store.begin(workspace).await?;
        let seen = delivery::read_delivery(&mut tx, workspace, id).await?;
        let seen = seen.ok_or_else(|| Fault::not_found("delivery"))?;
        let mut open = self.open_case(&mut tx, workspace, seen.conversation).await?;
        if receipt::add_receipt(&mut tx, workspace, id, provider_id, status, open.now).await? {
            self.take_receipt(&mut tx, &mut open, id, told, provider_id, status)
                .await?;
        }
        tx.commit().await?;
        self.store.due_changed();
        Ok(())
    }

    /// Moves a delivery by what its provider told. What is true settles an unknown outcome too.
    pub(crate) async fn take_receipt(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        id: DeliveryId,
        told: Receipt,
        provider_id: &str,
        status: &str,
    ) -> Result<()> {
        let Some(mut row) = delivery::read_delivery(tx, &open.workspace, id).await? else {
            return Err(Fault::not_found("delivery"));
        };
        let before = row.status;
        let moved = before
            .take(Turn::Receipt(told), row.attempts > 0)
            .map_err(Fault::internal)?;
        let Move::To(after) = moved else {
            if matches!(before, Status::Failed | Status::Cancelled) {
                tracing::error!(delivery = %id, status, "a receipt for a delivery that was given up");
            }
            return Ok(());
        };
        (row.status, row.status_at, row.due_at) = (after, open.now, None);
        row.provider_id.get_or_insert_with(|| provider_id.to_owned());
        row.reason = if after == Status::Undelivered {
            codes::SMS_REFUSED.name.into()
        } else {
            String::new()
        };
        // A call that is still going on keeps its lease; it will find the delivery accepted.
        delivery::save_delivery(tx, &open.workspace, &row, before == Status::Attempting).await?;
        if !matches!(before, Status::Accepted | Status::Undelivered) {
            record_accepted(tx, open, &row);
        }
        let (workspace, at) = (&open.workspace, Some(stamp(open.now)));
        let (delivery, conversation) = (row.id.to_string(), row.conversation.to_string());
        let kind = kind(row.step).into();
        match after {
            Status::Delivered => tx.record(
                workspace,
                &DeliveryDelivered {
                    delivery,
                    conversation,
                    kind,
                    at,
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
