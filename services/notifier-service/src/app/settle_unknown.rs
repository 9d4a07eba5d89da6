use super::outcome::{UNKNOWN_FOR, give_up};
use super::{App, Told};
use crate::domain::{Step, Turn};
use crate::outbound::contacts::{Recipient, Serves};
use crate::outbound::postgres::delivery::Delivery;
use crate::outbound::text_providers::Found;
use domain::WorkspaceId;
use fault::{Fault, Result, codes};
use jiff::SignedDuration;

/// A text that was proved absent is tried once more, not for ever.
const TRIES: u32 = 2;

impl App {
    /// An outcome is still unknown when its time is over. Mail ends unconfirmed: it is never sent again. A text is
    /// looked up at the number that was texted: found, it was accepted; absent, it never was. What cannot be looked up
    /// stays unknown, and ends unconfirmed too.
    pub(crate) async fn settle_unknown(&self, workspace: &WorkspaceId, seen: &Delivery) -> Result<()> {
        match seen.step {
            Step::Mail => give_up(self, workspace, seen).await,
            Step::Text if self.settles_after(seen).is_none() => give_up(self, workspace, seen).await,
            Step::Text => match self.look_up(workspace, seen).await {
                Ok(found) => self.settle_text(workspace, seen, found).await,
                Err(fault) if self.is_over(seen) => {
                    tracing::warn!(code = fault.code().name, "never settled: {}", fault.chain());
                    give_up(self, workspace, seen).await
                }
                Err(fault) => {
                    tracing::warn!(code = fault.code().name, "the look-up has to wait: {}", fault.chain());
                    self.look_up_later(workspace, seen).await
                }
            },
        }
    }

    fn is_over(&self, seen: &Delivery) -> bool {
        let called = seen.attempted_at.unwrap_or(seen.status_at);
        self.now().duration_since(called) >= UNKNOWN_FOR
    }

    async fn look_up(&self, workspace: &WorkspaceId, seen: &Delivery) -> Result<Option<Found>> {
        // The number that was texted, which need not be the one that the customer has given since.
        let texted = seen.attempted_address;
        let texted = texted.ok_or_else(|| Fault::new(&codes::NO_ADDRESS, "nobody noted which number was texted"))?;
        match self.contacts.get_address(workspace, texted, Serves::Support).await? {
            (Recipient::Phone { number, .. }, _) => {
                let token = self.keys.link_token(seen.id);
                self.texts.look_up(&seen.provider, &number, &token).await
            }
            (Recipient::Email(_), _) => Err(Fault::internal("the phone address is an e-mail address")),
        }
    }

    async fn settle_text(&self, workspace: &WorkspaceId, seen: &Delivery, found: Option<Found>) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let (mut open, mut row) = self.open_delivery(&mut tx, workspace, seen).await?;
        if row.status != seen.status {
            // A receipt was faster.
            return Ok(());
        }
        match found {
            Some(found) => {
                row.provider_id = Some(found.provider_id.clone());
                row = self.accept(&mut tx, &mut open, row, None).await?;
                if let Some(receipt) = found.receipt {
                    let told = Told {
                        receipt,
                        provider_id: &found.provider_id,
                        status: "looked up",
                        code: None,
                    };
                    self.take_receipt(&mut tx, &mut open, row, &told).await?;
                }
            }
            None if row.attempts < TRIES => {
                row.status = super::send::turned(&row, Turn::Retry)?;
                // Only where its absence is proved it is tried again.
                row.tried = self.texts.others(row.medium, &row.country, &row.provider);
                (row.status_at, row.due_at) = (open.now, Some(open.now));
                open.save_delivery(&mut tx, &row, false).await?;
                let seen = super::timeline::evidence(&open.case);
                self.after(&mut tx, &mut open, &row, "proved absent", seen).await?;
            }
            None => {
                self.retry_or_fail(&mut tx, &mut open, row, &codes::SMS_UNREACHABLE, false)
                    .await?;
            }
        }
        self.commit(tx, open).await
    }

    async fn look_up_later(&self, workspace: &WorkspaceId, seen: &Delivery) -> Result<()> {
        let settle = self.texts.settles_after(&seen.provider).unwrap_or_default();
        let settle = SignedDuration::try_from(settle).map_err(Fault::internal)?;
        let mut tx = self.store.begin(workspace).await?;
        let (mut open, mut row) = self.open_delivery(&mut tx, workspace, seen).await?;
        if row.status == seen.status {
            row.due_at = Some(open.now + settle);
            open.save_delivery(&mut tx, &row, false).await?;
        }
        self.commit(tx, open).await
    }
}
