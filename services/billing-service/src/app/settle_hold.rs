use super::{Billing, Learned};
use crate::domain::{CannotSettle, Hold, Outcome};
use crate::outbound::postgres::{hold, settlement};
use domain::{DeliveryId, WorkspaceId};
use fault::{Fault, Result, codes};

impl Billing {
    /// Settles a hold as a person says, with a note of how that is known. The hold as it is then.
    pub async fn settle_hold(
        &self,
        workspace: &WorkspaceId,
        delivery: DeliveryId,
        outcome: Outcome,
        note: &str,
    ) -> Result<Hold> {
        let mut tx = self.store.begin(workspace).await?;
        let key = (workspace.clone(), delivery);
        let held = hold::lock(&mut tx, std::slice::from_ref(&key)).await?;
        let (_, held) = held.first().ok_or_else(|| {
            Fault::new(
                &codes::NOT_FOUND,
                "nothing was ever held for this delivery; see 'homing charges'",
            )
            .of("delivery")
        })?;
        let Some(mark) = held.settled_by(outcome).map_err(refused)? else {
            return Ok(*held);
        };
        let learned = Learned {
            workspace: workspace.clone(),
            delivery,
            mark,
            terms: None,
            taken: None,
            traceparent: rpc::traceparent(&tracing::Span::current()),
        };
        self.take_in(&mut tx, &[learned]).await?;
        settlement::note(&mut tx, workspace, delivery, outcome, note, self.now()).await?;
        let settled = hold::lock(&mut tx, &[key]).await?;
        let (_, settled) = settled
            .first()
            .ok_or_else(|| Fault::internal("a locked hold is gone"))?;
        tx.commit().await?;
        Ok(*settled)
    }
}

fn refused(why: CannotSettle) -> Fault {
    Fault::new(&codes::HOLD_SETTLED, why.to_string()).of("delivery")
}
