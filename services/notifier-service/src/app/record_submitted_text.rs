//! What a provider that is spoken to by SMPP tells of our texts: what it calls them, how they ended, and answers that
//! came later than anybody waited.

use super::App;
use crate::domain::Receipt;
use crate::outbound::Outcome;
use crate::outbound::postgres::{delivery, submitted_part};
use crate::outbound::text_providers::Report;
use domain::{DeliveryId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// A provider took one of a delivery's `parts` and calls it so from now on.
    pub async fn record_submitted_part(
        &self,
        workspace: &WorkspaceId,
        delivery: DeliveryId,
        (provider, provider_id): (&str, &str),
        parts: u32,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let of = (provider, provider_id);
        submitted_part::add_submitted_part(&mut tx, workspace, of, delivery, parts, self.now()).await?;
        tx.commit().await
    }

    /// An attempt's answer came after it was given up waiting for: true all the same, unless a newer attempt follows.
    pub async fn record_late_answer(
        &self,
        workspace: &WorkspaceId,
        delivery: DeliveryId,
        attempt: u32,
        outcome: Outcome,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let seen = delivery::read_delivery(&mut tx, workspace, delivery).await?;
        tx.commit().await?;
        let seen = seen.ok_or_else(|| Fault::not_found("delivery"))?;
        self.record_outcome(workspace, &seen, attempt, outcome).await
    }

    /// What a provider tells of a part, whose workspace only its id says. A text arrived when all of its parts did.
    pub async fn record_text_report(&self, provider: &str, report: &Report) -> Result<()> {
        let of = (provider, report.provider_id.as_str());
        let mut tx = self.store.begin_as_worker().await?;
        let found = submitted_part::find_submitted_part(&mut tx, of).await?;
        tx.commit().await?;
        let (workspace, delivery) = found.ok_or_else(|| Fault::not_found("text"))?;
        let mut tx = self.store.begin(&workspace).await?;
        let seen = delivery::read_delivery(&mut tx, &workspace, delivery).await?;
        let seen = seen.ok_or_else(|| Fault::not_found("delivery"))?;
        let mut report = report.clone();
        if report.receipt == Some(Receipt::Arrived)
            && !submitted_part::arrive_submitted_part(&mut tx, &workspace, delivery, of).await?
        {
            report.receipt = Some(Receipt::Taken);
        }
        self.take_text_report(tx, &workspace, &seen, provider, &report).await
    }
}
