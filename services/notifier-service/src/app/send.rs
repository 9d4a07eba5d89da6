//! A delivery's way to its provider: claimed, checked, attempted, recorded. No remote call happens inside a
//! transaction, and each step can be the last one before a crash: the row says where to go on.

use super::check::{Checked, Message, Rendered, fold};
use super::claim::Claimed;
use super::open_case::{Cause, OpenCase, record_failed};
use super::timeline::{Facts, entry, evidence};
use super::{App, LINK_LIFE, kind};
use crate::domain::keys::token_hash;
use crate::domain::keywords::{Keyword, keyword};
use crate::domain::{Move, Purpose, Status, Step, StepRecord, Turn, Verdict, Why};
use crate::outbound::billing::Hold;
use crate::outbound::contacts::Recipient;
use crate::outbound::mail_smtp::{self, Mail};
use crate::outbound::postgres::delivery::{self, Delivery};
use crate::outbound::postgres::send_limit::{Scope, use_limit};
use crate::outbound::postgres::{opt_out, return_link};
use crate::outbound::sms_twilio::{self, Text};
use crate::outbound::{Outcome, postgres};
use domain::{DeliveryId, Timestamp, WorkspaceId};
use events::event::{DeliveryAttempting, DeliveryPurpose};
use events::stamp;
use fault::{Code, Fault, Result, codes};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use store::Tx;
use tracing::{Instrument, Span};

/// Waits under this continue the trace that armed them; longer ones begin a new one with a link.
const SAME_TRACE: SignedDuration = SignedDuration::from_secs(5);
/// The call may take half of the lease: a check that took longer than this starts over instead.
const CHECK_LIMIT: SignedDuration = SignedDuration::from_secs(12);
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
                Status::Due | Status::Checking => self.send(tx, workspace, seen).await,
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

    async fn send(&self, tx: Tx, workspace: &WorkspaceId, seen: Delivery) -> Result<()> {
        let Some(claimed) = self.claim(tx, workspace, &seen).await? else {
            return Ok(());
        };
        let checked = match self.check(&claimed).await {
            Ok(checked) => checked,
            Err(fault) => return self.ask_later(&claimed, &fault).await,
        };
        let Some(message) = self.attempt(&claimed, checked).await? else {
            return Ok(());
        };
        if self.now().duration_since(claimed.at) > CALL_LIMIT {
            // This process was stopped for a while: others may be settling the attempt by now.
            return Ok(());
        }
        let outcome = self.call(&claimed, &message).await;
        self.record_outcome(workspace, &claimed.delivery, outcome).await
    }

    /// An owner does not answer: later, with growing pauses.
    async fn ask_later(&self, claimed: &Claimed, fault: &Fault) -> Result<()> {
        tracing::warn!(code = fault.code().name, "an owner does not answer: {}", fault.chain());
        let doubled = ASK_AGAIN.0 * (1 << claimed.delivery.checks.saturating_sub(1).min(5));
        let Claimed {
            workspace, delivery, ..
        } = claimed;
        let mut tx = self.store.begin(workspace).await?;
        let mut open = self.open_case(&mut tx, workspace, delivery.conversation).await?;
        let until = open.now + doubled.min(ASK_AGAIN.1);
        if let Some(row) = still_checking(&mut tx, workspace, delivery.id).await? {
            self.postpone(&mut tx, &mut open, row, until, Why::OwnerAway).await?;
        }
        tx.commit().await?;
        self.store.due_changed();
        Ok(())
    }

    /// Tx 2: decides again from everything known now. `Some`: the attempt is committed and the call must follow.
    async fn attempt(&self, claimed: &Claimed, checked: Checked) -> Result<Option<Message>> {
        let Claimed {
            workspace, delivery, ..
        } = claimed;
        let mut tx = self.store.begin(workspace).await?;
        let mut open = self.open_case(&mut tx, workspace, delivery.conversation).await?;
        let Some(row) = still_checking(&mut tx, workspace, delivery.id).await? else {
            // Taken back in between: whatever the check held after that is to be released too.
            if let Some(row) = delivery::read_delivery(&mut tx, workspace, delivery.id).await?
                && row.status == Status::Cancelled
            {
                record_failed(&mut tx, workspace, &row, open.now);
            }
            tx.commit().await?;
            return Ok(None);
        };
        fold(&mut open.case, &checked.context, checked.presence, self)?;
        let attempted = match self.decide(&open, &row, &checked, claimed.at) {
            Decision::Go(message) => match self.forbidden(&mut tx, &open, &row, message, &checked).await? {
                None => {
                    self.begin_attempt(&mut tx, &mut open, row, message).await?;
                    true
                }
                Some(code) => {
                    self.refuse(&mut tx, &mut open, row, code).await?;
                    false
                }
            },
            Decision::Refuse(code) => {
                self.refuse(&mut tx, &mut open, row, code).await?;
                false
            }
            Decision::Later(until, why) => {
                self.postpone(&mut tx, &mut open, row, until, why).await?;
                false
            }
            Decision::Drop => {
                self.take_back(&mut tx, &mut open, row, &checked).await?;
                false
            }
        };
        tx.commit().await?;
        self.store.due_changed();
        Ok(checked.message.filter(|_| attempted))
    }

    fn decide<'a>(&self, open: &OpenCase, row: &Delivery, checked: &'a Checked, claimed_at: Timestamp) -> Decision<'a> {
        if row.purpose == Purpose::FollowUp {
            let ours = open.case.follow_up.as_ref().map(|follow_up| follow_up.id) == row.follow_up;
            match open.case.verdict_on(row.step, checked.fresh, open.now) {
                Some(Verdict::Send(step)) if ours && step == row.step => {}
                Some(Verdict::Wait {
                    until: Some(until),
                    why,
                }) if ours => return Decision::Later(until, why),
                _ => return Decision::Drop,
            }
        }
        if let Some(code) = checked.refusal {
            return Decision::Refuse(code);
        }
        if open.now.duration_since(claimed_at) > CHECK_LIMIT {
            return Decision::Later(open.now, Why::OwnerAway);
        }
        match &checked.message {
            None => Decision::Later(open.now, Why::OwnerAway),
            Some(message) => match message.hold {
                Hold::Held { .. } => Decision::Go(message),
                Hold::NotCovered => Decision::Refuse(&codes::NOT_COVERED),
                Hold::NoPrice => Decision::Refuse(&codes::PRICE_MISSING),
                Hold::Gone if row.purpose == Purpose::FollowUp => Decision::Drop,
                Hold::Gone => Decision::Refuse(&codes::CANCELLED),
            },
        }
    }

    /// Another address, opt-outs and limits, in the sending transaction.
    async fn forbidden(
        &self,
        tx: &mut Tx,
        open: &OpenCase,
        row: &Delivery,
        message: &Message,
        checked: &Checked,
    ) -> Result<Option<&'static Code>> {
        let workspace = &open.workspace;
        // The customer has corrected the address since: what an earlier attempt began goes nowhere else.
        if row
            .attempted_address
            .is_some_and(|attempted| attempted != message.address)
        {
            return Ok(Some(&codes::NO_ADDRESS));
        }
        let mac = match &message.recipient {
            Recipient::Phone { number, .. } => self.keys.address_mac(workspace, number.expose()),
            Recipient::Email(email) => self.keys.address_mac(workspace, &email.normalised()),
        };
        if said_stop(tx, open, row, checked).await? {
            opt_out::set_opt_out(tx, workspace, &mac, true, open.now).await?;
        }
        if opt_out::is_opted_out(tx, workspace, &mac).await? {
            return Ok(Some(&codes::OPTED_OUT));
        }
        // A delivery that is tried again was counted the first time.
        if row.step == Step::Mail || row.attempts > 0 {
            return Ok(None);
        }
        let day = open.now.to_zoned(TimeZone::UTC).date();
        let texts = open
            .case
            .settings
            .as_ref()
            .map_or(1, |settings| settings.texts_per_number_per_day);
        if !use_limit(tx, workspace, Scope::Number(&mac), day, 1, texts.into()).await? {
            return Ok(Some(&codes::SEND_LIMIT));
        }
        let Hold::Held { micro_pu } = message.hold else {
            return Ok(Some(&codes::NOT_COVERED));
        };
        let amount = postgres::unsigned(micro_pu)?;
        if !use_limit(tx, workspace, Scope::MicroPu, day, amount, self.daily_micro_pu).await? {
            return Ok(Some(&codes::SEND_LIMIT));
        }
        Ok(None)
    }

    async fn begin_attempt(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        mut row: Delivery,
        message: &Message,
    ) -> Result<()> {
        let (workspace, now) = (open.workspace.clone(), open.now);
        row.status = turned(&row, Turn::Attempt)?;
        (row.status_at, row.attempted_at, row.due_at) = (now, Some(now), Some(now));
        row.attempts += 1;
        row.attempted_address = Some(message.address);
        row.parts = message.parts;
        row.country = message.country.clone();
        row.provider = match message.recipient {
            Recipient::Phone { .. } => sms_twilio::PROVIDER.into(),
            Recipient::Email(_) => mail_smtp::PROVIDER.into(),
        };
        if let Hold::Held { micro_pu } = message.hold {
            row.micro_pu = micro_pu;
        }
        delivery::save_delivery(tx, &workspace, &row, true).await?;
        let hash = token_hash(&self.keys.link_token(row.id));
        return_link::add_return_link(tx, &workspace, &hash, row.conversation, row.id, now + LINK_LIFE).await?;
        tx.record(
            &workspace,
            &DeliveryAttempting {
                delivery: row.id.to_string(),
                follow_up: row.follow_up.map(|id| id.to_string()).unwrap_or_default(),
                conversation: row.conversation.to_string(),
                purpose: purpose_on_wire(row.purpose).into(),
                kind: kind(row.step).into(),
                country: row.country.clone(),
                parts: row.parts,
                at: Some(stamp(now)),
            },
        );
        let mut seen = evidence(&open.case);
        seen.insert("address".into(), message.address.to_string());
        seen.insert("parts".into(), row.parts.to_string());
        seen.insert("held_micro_pu".into(), row.micro_pu.to_string());
        seen.insert("country".into(), row.country.clone());
        seen.insert("opted_out".into(), "false".into());
        seen.insert("attempt".into(), row.attempts.to_string());
        self.after(tx, open, &row, "attempting", seen).await
    }

    /// Not now: the same delivery waits.
    async fn postpone(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        mut row: Delivery,
        until: Timestamp,
        why: Why,
    ) -> Result<()> {
        row.status = turned(&row, Turn::Postpone)?;
        (row.status_at, row.due_at) = (open.now, Some(until));
        delivery::save_delivery(tx, &open.workspace, &row, false).await?;
        if row.follow_up.is_some() {
            open.case.note_postponed(why);
        }
        let mut seen = evidence(&open.case);
        seen.insert("why".into(), why.word().into());
        seen.insert("until".into(), until.to_string());
        self.after(tx, open, &row, "postponed", seen).await
    }

    /// The delivery may not be sent, for good.
    async fn refuse(&self, tx: &mut Tx, open: &mut OpenCase, mut row: Delivery, code: &'static Code) -> Result<()> {
        row.status = turned(&row, Turn::Fail)?;
        (row.status_at, row.due_at) = (open.now, None);
        row.reason = code.name.into();
        delivery::save_delivery(tx, &open.workspace, &row, false).await?;
        record_failed(tx, &open.workspace, &row, open.now);
        let mut seen = evidence(&open.case);
        seen.insert("reason".into(), code.name.into());
        self.after(tx, open, &row, "refused", seen).await
    }

    /// The decision no longer stands: the delivery is taken back, and the case settled by what the owners said.
    async fn take_back(&self, tx: &mut Tx, open: &mut OpenCase, mut row: Delivery, checked: &Checked) -> Result<()> {
        row.status = turned(&row, Turn::Cancel)?;
        (row.status_at, row.due_at) = (open.now, None);
        row.reason = codes::CANCELLED.name.into();
        delivery::save_delivery(tx, &open.workspace, &row, false).await?;
        record_failed(tx, &open.workspace, &row, open.now);
        open.case.note_step(row.step, record(&row), open.now);
        let line = entry(open.now, "cancelled", row.follow_up, Some(row.id), evidence(&open.case));
        open.lines.push(line);
        self.settle_case(tx, open, Some(checked.fresh), Cause::Own).await
    }

    /// Writes the history's line for a delivery's turn, and settles the case by it.
    pub(crate) async fn after(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        row: &Delivery,
        what: &str,
        seen: Facts,
    ) -> Result<()> {
        open.lines
            .push(entry(open.now, what, row.follow_up, Some(row.id), seen));
        // An older follow-up's delivery settles by itself; the newest one waits for its own.
        if open.case.follow_up.as_ref().map(|follow_up| follow_up.id) == row.follow_up && row.follow_up.is_some() {
            open.case.note_step(row.step, record(row), open.now);
        }
        self.settle_case(tx, open, None, Cause::Own).await
    }

    async fn call(&self, claimed: &Claimed, message: &Message) -> Outcome {
        let Claimed {
            workspace, delivery, ..
        } = claimed;
        let span = tracing::info_span!("provider call", otel.kind = "client", step = delivery.step.word());
        async {
            match (&message.rendered, &message.recipient) {
                (Rendered::Text(body), Recipient::Phone { number, .. }) => {
                    let code = self.keys.receipt_code(workspace, delivery.id);
                    let callback = format!(
                        "{}/v1/callbacks/sms/{workspace}/{}/{code}",
                        self.public_url, delivery.id
                    );
                    let text = Text {
                        to: number,
                        body,
                        callback: &callback,
                    };
                    self.texts.send(&text).await
                }
                (Rendered::Mail(body), Recipient::Email(email)) => {
                    let reply = format!("{workspace}.{}", self.keys.reply_token(delivery.id));
                    let mail = Mail {
                        to: email,
                        business: &message.business,
                        subject: &body.subject,
                        text: &body.text,
                        html: &body.html,
                        delivery: &delivery.id.to_string(),
                        conversation: &delivery.conversation.to_string(),
                        reply_token: &reply,
                        at: self.now(),
                    };
                    self.mails.send(&mail).await
                }
                // An address id that names an address of the other kind.
                _ => Outcome::Refused {
                    code: &codes::NO_ADDRESS,
                    again: false,
                },
            }
        }
        .instrument(span)
        .await
    }

    async fn stop_timer(&self, mut tx: Tx, workspace: &WorkspaceId, seen: &Delivery) -> Result<()> {
        self.open_case(&mut tx, workspace, seen.conversation).await?;
        if let Some(mut row) = delivery::read_delivery(&mut tx, workspace, seen.id).await? {
            row.due_at = None;
            delivery::save_delivery(&mut tx, workspace, &row, false).await?;
        }
        tx.commit().await
    }
}

/// The customer's newest message is the answer to an earlier text of ours, and as a whole says to stop.
async fn said_stop(tx: &mut Tx, open: &OpenCase, row: &Delivery, checked: &Checked) -> Result<bool> {
    let question = checked.context.question.as_ref().filter(|_| row.step == Step::Text);
    let Some(question) = question.filter(|question| keyword(&question.text, false) == Some(Keyword::Stop)) else {
        return Ok(false);
    };
    let said_at = events::instant(question.at).unwrap_or(open.now);
    let sent = delivery::list_deliveries(tx, &open.workspace, row.conversation, None).await?;
    Ok(sent
        .iter()
        .any(|earlier| earlier.step == Step::Text && earlier.attempted_at.is_some_and(|at| at < said_at)))
}

enum Decision<'a> {
    Go(&'a Message),
    Later(Timestamp, Why),
    Refuse(&'static Code),
    Drop,
}

/// The step's record of a delivery.
pub(crate) fn record(row: &Delivery) -> StepRecord {
    let at = match row.attempted_at {
        Some(at) if row.status.may_have_reached() => at,
        _ => row.status_at,
    };
    StepRecord {
        delivery: row.id,
        status: row.status,
        attempted: row.attempts > 0,
        at,
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
    }
}

/// The delivery as it is under the lock, if nobody took it back.
async fn still_checking(tx: &mut Tx, workspace: &WorkspaceId, id: DeliveryId) -> Result<Option<Delivery>> {
    let row = delivery::read_delivery(tx, workspace, id).await?;
    Ok(row.filter(|row| row.status == Status::Checking))
}

/// A span that continues the trace of what armed the delivery, or links to it after a longer wait.
fn span_of(row: &Delivery, now: Timestamp) -> Span {
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
