//! The third step's first half: decided again from everything known now, and committed before the provider is called.

use super::check::{Checked, Message, fold};
use super::claim::Claimed;
use super::open_case::{Cause, OpenCase};
use super::send::{purpose_on_wire, turned};
use super::settle_case::record_failed;
use super::timeline::{Facts, entry, evidence, facts};
use super::{App, LINK_LIFE, REPLY_LIFE, kind};
use crate::domain::keys::token_hash;
use crate::domain::keywords::Keyword;
use crate::domain::transcript::Occasion;
use crate::domain::{Medium, Purpose, Status, Step, StepRecord, Turn, Verdict, Why};
use crate::outbound::billing::Hold;
use crate::outbound::contacts::Recipient;
use crate::outbound::postgres::delivery::Delivery;
use crate::outbound::postgres::send_limit::{Scope, Use, use_limits};
use crate::outbound::postgres::{self, inbound_text, opt_out, reply_address, return_link};
use domain::{PhoneE164, Timestamp, WorkspaceId};
use events::common::MessageKind;
use events::event::DeliveryAttempting;
use events::stamp;
use fault::{Code, Result, codes};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use store::Tx;

/// The call may take half of the lease: a check that took longer than this starts over instead.
const CHECK_LIMIT: SignedDuration = SignedDuration::from_secs(12);

impl App {
    /// Tx 2: decides again from everything known now. `Some`: the attempt with this number is committed, and the call
    /// must follow.
    pub(crate) async fn attempt(&self, claimed: &Claimed, checked: Checked) -> Result<Option<(u32, Message)>> {
        match self.try_attempt(claimed, &checked, None).await? {
            Tried::Begun(attempt) => Ok(checked.message.map(|message| (attempt, message))),
            Tried::Not => Ok(None),
            Tried::OverLimit(limit) => {
                self.try_attempt(claimed, &checked, Some(limit)).await?;
                Ok(None)
            }
        }
    }

    /// `passed`: the limit that an earlier try found to be passed, only after it had written.
    async fn try_attempt(&self, claimed: &Claimed, checked: &Checked, passed: Option<String>) -> Result<Tried> {
        let Claimed {
            workspace, delivery, ..
        } = claimed;
        let mut tx = self.store.begin(workspace).await?;
        let (mut open, row) = self.open_delivery(&mut tx, workspace, delivery).await?;
        if (row.status, row.checks) != (Status::Checking, delivery.checks) {
            // Taken back in between: whatever the check held after that is to be released too.
            if row.status == Status::Cancelled {
                record_failed(&mut tx, workspace, &row, open.now);
            }
            tx.commit().await?;
            return Ok(Tried::Not);
        }
        fold(&mut open.case, &checked.context, checked.presence, &row, self)?;
        if let Some(until) = self.wait_for_turn(&mut tx, &mut open, &row, checked).await? {
            // What waits for the morning as well need not ask again before.
            let until = checked.wait.map_or(until, |(wait, _)| wait.max(until));
            self.postpone(&mut tx, &mut open, row, until, Why::EarlierMessage)
                .await?;
            self.commit(tx, open).await?;
            return Ok(Tried::Not);
        }
        let (mut begun, mut lag) = (Tried::Not, None);
        match self.decide(&open, &row, checked, claimed.at) {
            Decision::Go(message) => match (passed, self.forbidden(&mut tx, &open, &row, message).await?) {
                (Some(limit), _) => {
                    let seen = facts([("limit", limit)]);
                    self.refuse(&mut tx, &mut open, row, &codes::SEND_LIMIT, seen).await?;
                }
                (None, None) => {
                    begun = Tried::Begun(row.attempts + 1);
                    // A delivery that is tried again was counted the first time.
                    let (purpose, step, counts) = (row.purpose, row.step, row.attempts == 0);
                    lag = row.due_at.map(|due_at| (row.step, due_at, open.now));
                    self.begin_attempt(&mut tx, &mut open, row, message).await?;
                    // Last: everybody who sends for this workspace waits for the counter's row.
                    if counts && let Some(limit) = self.use_limits(&mut tx, &open, (purpose, step), message).await? {
                        return Ok(Tried::OverLimit(limit));
                    }
                }
                (None, Some(code)) => self.refuse(&mut tx, &mut open, row, code, Facts::new()).await?,
            },
            Decision::Refuse(code) => self.refuse(&mut tx, &mut open, row, code, Facts::new()).await?,
            Decision::Later(until, why) => self.postpone(&mut tx, &mut open, row, until, why).await?,
            Decision::Drop => self.take_back(&mut tx, &mut open, row, checked).await?,
        }
        self.commit(tx, open).await?;
        if let Some((step, due_at, now)) = lag {
            self.metrics.attempted(step, due_at, now);
        }
        Ok(begun)
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
        if let Some((until, why)) = checked.wait {
            return Decision::Later(until, why);
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

    /// Another address and opt-outs, in the sending transaction.
    async fn forbidden(
        &self,
        tx: &mut Tx,
        open: &OpenCase,
        row: &Delivery,
        message: &Message,
    ) -> Result<Option<&'static Code>> {
        let workspace = &open.workspace;
        // The customer has corrected the address since: what an earlier attempt began goes nowhere else.
        if row
            .attempted_address
            .is_some_and(|attempted| attempted != message.address)
        {
            return Ok(Some(&codes::NO_ADDRESS));
        }
        let mac = self.mac_of(workspace, row.medium, message);
        let said = opt_out::read_opt_out(tx, workspace, &mac).await?;
        // Who writes STOP is told that it was heard.
        let heard = row.purpose == Purpose::Keyword(Keyword::Stop);
        if said.is_some_and(|(opted_out, _)| opted_out) && !heard {
            return Ok(Some(&codes::OPTED_OUT));
        }
        // What they wrote here, or in another conversation.
        let written = match row.medium {
            Medium::Sms => None,
            Medium::Whatsapp => inbound_text::find_newest(tx, workspace, &mac).await?,
        };
        let last_written = open.case.conversation.customer_at.max(written);
        let is_open = row.medium.is_open(last_written, open.now);
        Ok((!is_open).then_some(&codes::WHATSAPP_WINDOW))
    }

    /// The hash under which an opt-out of the recipient is kept.
    pub(super) fn mac_of(&self, workspace: &WorkspaceId, medium: Medium, message: &Message) -> Vec<u8> {
        match &message.recipient {
            Recipient::Phone { number, .. } => self.keys.address_mac(workspace, &medium.address(number.expose())),
            Recipient::Email(email) => self.keys.address_mac(workspace, &email.normalised()),
        }
    }

    /// A limit of the day that would be passed: the transaction has to be given up. What agents write themselves to who has
    /// written uses up only what the workspace has.
    async fn use_limits(
        &self,
        tx: &mut Tx,
        open: &OpenCase,
        (purpose, step): (Purpose, Step),
        message: &Message,
    ) -> Result<Option<String>> {
        let settings = open.case.settings.as_ref();
        let limit = settings.map_or(1, |settings| settings.daily_limit(step)).into();
        let micro_pu = match message.hold {
            Hold::Held { micro_pu } => postgres::unsigned(micro_pu)?,
            _ => 0,
        };
        let mac = self.mac_of(&open.workspace, Medium::Sms, message);
        let prefix = match &message.recipient {
            Recipient::Phone { number, .. } => self.keys.address_mac(&open.workspace, prefix_of(number)),
            Recipient::Email(_) => Vec::new(),
        };
        let started = open.case.conversation.started.as_ref();
        let visitor = started.and_then(|started| started.visitor).map(|visitor| visitor.0);
        let day = open.now.to_zoned(TimeZone::UTC).date();
        let mut uses = match step {
            Step::Text => vec![
                Use::new(Scope::Workspace, 1, self.daily.texts.into()),
                Use::new(Scope::MicroPu, micro_pu, self.daily.micro_pu),
            ],
            Step::Mail => vec![Use::new(Scope::Address(&mac), 1, limit)],
        };
        if purpose == Purpose::Transcript(Occasion::Requested) {
            uses.push(Use::new(Scope::Copies, 1, self.daily.copies.into()));
        }
        if step == Step::Text && (purpose != Purpose::Message || message.by_program || message.is_first) {
            let prefixes = self.daily.texts_per_prefix.into();
            uses.insert(0, Use::new(Scope::Prefix(&prefix), 1, prefixes));
        }
        if step == Step::Text && (purpose.has_link() || message.is_first || message.answers_call) {
            uses.insert(0, Use::new(Scope::Number(&mac), 1, limit));
        }
        if let Some(visitor) = visitor.as_ref().filter(|_| step == Step::Text && purpose.has_link()) {
            let limit = self.daily.texts_per_visitor.into();
            uses.insert(0, Use::new(Scope::Visitor(visitor.as_bytes()), 1, limit));
        }
        use_limits(tx, &open.workspace, day, &uses).await
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
        row.lms = message.kind == MessageKind::Lms;
        row.provider = message.provider.clone();
        row.unreachable_since = None;
        row.sender = match message.recipient {
            Recipient::Phone { .. } => message.sender.to_string(),
            Recipient::Email(_) => String::new(),
        };
        if let Hold::Held { micro_pu } = message.hold {
            row.micro_pu = micro_pu;
        }
        open.save_delivery(tx, &row, true).await?;
        if row.purpose.has_link() {
            let hash = token_hash(&self.keys.link_token(row.id));
            return_link::add_return_link(tx, &workspace, &hash, row.conversation, row.id, now + LINK_LIFE).await?;
        }
        if row.step == Step::Mail {
            let hash = token_hash(&self.keys.reply_token(row.id));
            let (of, ends_at) = ((row.conversation, row.id), now + REPLY_LIFE);
            reply_address::add_reply_address(tx, &workspace, &hash, of, message.address, ends_at).await?;
        }
        tx.record(
            &workspace,
            &DeliveryAttempting {
                delivery: row.id.to_string(),
                follow_up: row.follow_up.map(|id| id.to_string()).unwrap_or_default(),
                conversation: row.conversation.to_string(),
                purpose: purpose_on_wire(row.purpose).into(),
                kind: kind(&row).into(),
                country: row.country.clone(),
                parts: row.parts,
                at: Some(stamp(now)),
                seq: row.seq,
            },
        );
        let mut seen = evidence(&open.case);
        seen.insert("address".into(), message.address.to_string());
        seen.insert("parts".into(), row.parts.to_string());
        seen.insert("held_micro_pu".into(), row.micro_pu.to_string());
        seen.insert("country".into(), row.country.clone());
        seen.insert("provider".into(), row.provider.clone());
        seen.insert("opted_out".into(), "false".into());
        if row.step == Step::Text {
            seen.insert("sender".into(), row.sender.clone());
        }
        seen.insert("attempt".into(), row.attempts.to_string());
        self.after(tx, open, &row, "attempting", seen).await
    }

    /// Not now: the same delivery waits.
    pub(crate) async fn postpone(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        mut row: Delivery,
        until: Timestamp,
        why: Why,
    ) -> Result<()> {
        row.status = turned(&row, Turn::Postpone)?;
        (row.status_at, row.due_at) = (open.now, Some(until));
        if why == Why::ProviderDown {
            row.unreachable_since.get_or_insert(open.now);
        } else if why == Why::QuietHours {
            // Nobody was asked meanwhile.
            row.unreachable_since = None;
        }
        open.save_delivery(tx, &row, false).await?;
        if row.follow_up.is_some() {
            open.case.note_postponed(why);
        }
        let mut seen = evidence(&open.case);
        seen.insert("why".into(), why.word().into());
        seen.insert("until".into(), until.to_string());
        self.after(tx, open, &row, "postponed", seen).await
    }

    /// The delivery may not be sent, for good.
    async fn refuse(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        mut row: Delivery,
        code: &'static Code,
        why: Facts,
    ) -> Result<()> {
        row.status = turned(&row, Turn::Fail)?;
        (row.status_at, row.due_at) = (open.now, None);
        row.reason = code.name.into();
        open.save_delivery(tx, &row, false).await?;
        record_failed(tx, &open.workspace, &row, open.now);
        let mut seen = evidence(&open.case);
        seen.insert("reason".into(), code.name.into());
        seen.extend(why);
        self.after(tx, open, &row, "refused", seen).await
    }

    /// The decision no longer stands: the delivery is taken back, and the case settled by what the owners said.
    async fn take_back(&self, tx: &mut Tx, open: &mut OpenCase, mut row: Delivery, checked: &Checked) -> Result<()> {
        row.status = turned(&row, Turn::Cancel)?;
        (row.status_at, row.due_at) = (open.now, None);
        row.reason = codes::CANCELLED.name.into();
        open.save_delivery(tx, &row, false).await?;
        record_failed(tx, &open.workspace, &row, open.now);
        open.case.note_step(row.step, record(&row), open.now);
        let line = entry(open.now, "cancelled", row.follow_up, Some(row.id), evidence(&open.case));
        open.lines.push(line);
        open.count(&row, "cancelled");
        self.settle_case(tx, open, Some(checked.fresh), Cause::Own).await
    }

    /// Writes the history's line for a delivery's turn, and settles the case by it.
    pub(crate) async fn after(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        row: &Delivery,
        what: &str,
        mut seen: Facts,
    ) -> Result<()> {
        if row.seq > 0 {
            seen.insert("seq".into(), row.seq.to_string());
        }
        open.lines
            .push(entry(open.now, what, row.follow_up, Some(row.id), seen));
        open.count(row, what);
        // An older follow-up's delivery settles by itself; the newest one waits for its own.
        if open.case.follow_up.as_ref().map(|follow_up| follow_up.id) == row.follow_up && row.follow_up.is_some() {
            open.case.note_step(row.step, record(row), open.now);
        }
        self.call_next_message(tx, open, row).await?;
        self.settle_case(tx, open, None, Cause::Own).await
    }
}

/// What became of trying to begin an attempt.
enum Tried {
    Begun(u32),
    Not,
    /// Nothing was committed: this limit would be passed.
    OverLimit(String),
}

enum Decision<'a> {
    Go(&'a Message),
    Later(Timestamp, Why),
    Refuse(&'static Code),
    Drop,
}

/// What the numbers of a block have in common.
fn prefix_of(number: &PhoneE164) -> &str {
    let digits = number.expose();
    digits.get(..digits.len().saturating_sub(4)).unwrap_or(digits)
}

/// The step's record of a delivery.
pub(crate) fn record(row: &Delivery) -> StepRecord {
    StepRecord::new(row.id, row.status, row.attempts, row.attempted_at, row.status_at)
}
