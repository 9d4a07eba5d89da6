//! A delivery's way to its provider: claimed, checked, attempted, recorded. No remote call happens inside a
//! transaction, and each step can be the last one before a crash: the row says where to go on.

use super::App;
use super::claim::Claimed;
use crate::domain::{Move, Purpose, Status, Turn, Why};
use crate::outbound::Outcome;
use crate::outbound::postgres::delivery::{self, Delivery};
use domain::{DeliveryId, Timestamp, WorkspaceId};
use events::event::DeliveryPurpose;
use fault::{Fault, Result, codes};
use jiff::SignedDuration;
use store::Tx;
use tracing::{Instrument, Span};

/// Waits under this continue the trace that armed them; longer ones begin a new one with a link.
const SAME_TRACE: SignedDuration = SignedDuration::from_secs(5);
/// A call that would begin later than this could outlast the lease.
const CALL_LIMIT: SignedDuration = SignedDuration::from_secs(14);
/// Between two rounds of asking while an owner is away: doubles from the first to the second.
const ASK_AGAIN: (SignedDuration, SignedDuration) = (SignedDuration::from_secs(2), SignedDuration::from_secs(60));

impl App {
    /// A delivery's time has come.
    pub async fn take_delivery(&self, workspace: &WorkspaceId, id: DeliveryId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let Some(seen) = delivery::read_delivery(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        let span = span_of(&seen, self.now());
        async {
            match seen.status {
                Status::Due | Status::Checking => match self.claim(tx, workspace, &seen).await? {
                    Some(claimed) => self.send(claimed).await,
                    None => Ok(()),
                },
                Status::Attempting => self.lose(tx, workspace, &seen).await,
                Status::Unknown => {
                    tx.commit().await?;
                    self.settle_unknown(workspace, &seen).await
                }
                // Nothing waits for these; a receipt was faster than the timer.
                _ => self.stop_timer(tx, workspace, &seen).await,
            }
        }
        .instrument(span)
        .await
    }

    /// What is claimed goes to its provider, as far as the owners and the decision let it.
    pub(crate) async fn send(&self, claimed: Claimed) -> Result<()> {
        let checked = match self.check(&claimed).await {
            Ok(checked) => checked,
            Err(fault) => return self.ask_later(&claimed, &fault).await,
        };
        let Some((attempt, message)) = self.attempt(&claimed, checked).await? else {
            return Ok(());
        };
        if self.now().duration_since(claimed.at) > CALL_LIMIT {
            // This process was stopped for a while: others may be settling the attempt by now.
            return Ok(());
        }
        let outcome = self.call(&claimed, attempt, &message).await;
        let opted_out = matches!(&outcome, Outcome::Refused { code, .. } if *code == &codes::OPTED_OUT);
        self.record_outcome(&claimed.workspace, &claimed.delivery, attempt, outcome)
            .await?;
        if opted_out {
            // They told the provider: the next text would be refused as well, until they tell us otherwise.
            let mac = self.mac_of(&claimed.workspace, claimed.delivery.medium, &message);
            self.set_opt_out(&claimed.workspace, &mac, true).await?;
        }
        Ok(())
    }

    /// An owner does not answer: later, with growing pauses.
    async fn ask_later(&self, claimed: &Claimed, fault: &Fault) -> Result<()> {
        tracing::warn!(code = fault.code().name, "an owner does not answer: {}", fault.chain());
        let doubled = ASK_AGAIN.0 * (1 << claimed.delivery.checks.saturating_sub(1).min(5));
        let Claimed {
            workspace, delivery, ..
        } = claimed;
        let mut tx = self.store.begin(workspace).await?;
        let (mut open, row) = self.open_delivery(&mut tx, workspace, delivery).await?;
        let until = open.now + doubled.min(ASK_AGAIN.1);
        if row.status == Status::Checking {
            self.postpone(&mut tx, &mut open, row, until, Why::OwnerAway).await?;
        }
        self.commit(tx, open).await
    }

    async fn stop_timer(&self, mut tx: Tx, workspace: &WorkspaceId, seen: &Delivery) -> Result<()> {
        let (mut open, mut row) = self.open_delivery(&mut tx, workspace, seen).await?;
        row.due_at = None;
        open.save_delivery(&mut tx, &row, false).await?;
        self.commit(tx, open).await
    }
}

/// The status after a turn that must be possible.
pub(crate) fn turned(row: &Delivery, turn: Turn) -> Result<Status> {
    match row.status.take(turn, row.attempts > 0).map_err(Fault::internal)? {
        Move::To(status) => Ok(status),
        Move::Stay => Ok(row.status),
    }
}

pub(crate) fn purpose_on_wire(purpose: Purpose) -> DeliveryPurpose {
    match purpose {
        Purpose::FollowUp => DeliveryPurpose::FollowUp,
        Purpose::Confirmation => DeliveryPurpose::Confirmation,
        Purpose::Message => DeliveryPurpose::Message,
        Purpose::Keyword(_) => DeliveryPurpose::Keyword,
        Purpose::Transcript(_) => DeliveryPurpose::Transcript,
    }
}

/// A span that continues the trace of what armed the delivery, or links to it after a longer wait.
pub(crate) fn span_of(row: &Delivery, now: Timestamp) -> Span {
    let span = tracing::info_span!(
        parent: None,
        "send",
        otel.name = format!("send {}", row.purpose.word()),
        homing.follow_up = row.follow_up.map(|id| id.to_string()).unwrap_or_default(),
        homing.delivery = %row.id,
        homing.conversation = %row.conversation,
    );
    if let Some(parent) = &row.trace.parent {
        if now.duration_since(row.trace.at) < SAME_TRACE {
            rpc::set_parent(&span, parent);
        } else {
            rpc::link(&span, parent);
        }
    }
    span
}
