//! Between wire words and domain words.

use crate::app::{AccountView, BooksDrift, Report};
use crate::domain::{
    Account, Charge, Drift, DriftKind, HoldState, JournalLine, Kind, Lot, Outcome, Period, Place, Plan, Price, Receipt,
    Refill, UsageRow,
};
use domain::{Country, Invalid, Pu, Timestamp};
use events::common::MessageKind;
use jiff::civil::Date;
use rpc::billing;

impl From<Kind> for MessageKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Sms => Self::Sms,
            Kind::Lms => Self::Lms,
            Kind::Email => Self::Email,
            Kind::Whatsapp => Self::Whatsapp,
        }
    }
}

/// Reads a kind; unspecified and unknown ones are refused.
pub fn kind(number: i32) -> Result<Kind, Invalid> {
    match MessageKind::try_from(number) {
        Ok(MessageKind::Sms) => Ok(Kind::Sms),
        Ok(MessageKind::Lms) => Ok(Kind::Lms),
        Ok(MessageKind::Email) => Ok(Kind::Email),
        Ok(MessageKind::Whatsapp) => Ok(Kind::Whatsapp),
        Ok(MessageKind::Unspecified) | Err(_) => Err(Invalid::new("kind", "must be SMS, LMS, EMAIL or WHATSAPP")),
    }
}

/// Reads a country where the empty string means 'none'.
pub fn country(code: &str) -> Result<Option<Country>, Invalid> {
    match code {
        "" => Ok(None),
        code => Country::parse(code).map(Some),
    }
}

/// Reads a country that something is to be sent to.
pub fn known_country(code: &str) -> Result<Option<Country>, Invalid> {
    match country(code)? {
        Some(country) if !country.is_known() => Err(Invalid::new("country", "is not an ISO 3166 code of any country")),
        country => Ok(country),
    }
}

/// Reads a kind where unspecified means all.
pub fn kind_or_all(number: i32) -> Result<Option<Kind>, Invalid> {
    match number {
        0 => Ok(None),
        number => kind(number).map(Some),
    }
}

/// Reads the state of stored messages; unspecified means any.
pub fn state_or_all(number: i32) -> Result<Option<HoldState>, Invalid> {
    match billing::HoldState::try_from(number) {
        Ok(billing::HoldState::Unspecified) => Ok(None),
        Ok(billing::HoldState::Held) => Ok(Some(HoldState::Held)),
        Ok(billing::HoldState::Captured) => Ok(Some(HoldState::Captured)),
        Ok(billing::HoldState::Released) => Ok(Some(HoldState::Released)),
        Ok(billing::HoldState::Expired) => Ok(Some(HoldState::Expired)),
        Ok(billing::HoldState::NotCovered) | Err(_) => {
            let remedy = "must be HELD, CAPTURED, RELEASED or EXPIRED; what is not covered is not stored";
            Err(Invalid::new("state", remedy))
        }
    }
}

fn instant(field: &'static str, at: Option<prost_types::Timestamp>) -> Result<Timestamp, Invalid> {
    events::instant(at).ok_or_else(|| Invalid::new(field, "needs a time"))
}

pub fn period(from: Option<prost_types::Timestamp>, to: Option<prost_types::Timestamp>) -> Result<Period, Invalid> {
    Period::new(instant("from", from)?, instant("to", to)?)
}

pub fn price(line: &billing::Price) -> Result<Price, Invalid> {
    let valid_from = instant("valid_from", line.valid_from)?;
    Price::new(
        kind(line.kind)?,
        Place::parse(&line.country)?,
        valid_from,
        line.micro_pu,
    )
}

pub fn balance(account: Account) -> billing::Balance {
    billing::Balance {
        available_micro_pu: account.available.micro(),
        held_micro_pu: account.held.micro(),
    }
}

pub fn usage_row(row: UsageRow) -> billing::UsageRow {
    let each = row.each();
    billing::UsageRow {
        period: row.period,
        kind: MessageKind::from(row.kind).into(),
        country: row.country,
        messages: row.messages,
        parts: row.parts,
        micro_pu: row.amount.micro(),
        micro_pu_per_message: each.micro(),
    }
}

pub fn charge(charge: Charge) -> billing::Charge {
    let country = charge.terms.country;
    billing::Charge {
        delivery: charge.delivery.to_string(),
        kind: MessageKind::from(charge.terms.kind).into(),
        country: country.map_or_else(String::new, |country| country.as_str().into()),
        parts: charge.terms.parts,
        micro_pu: charge.amount.micro(),
        state: hold_state(Some(charge.state)).into(),
        at: Some(events::stamp(charge.at)),
        settled_at: charge.settled_at.map(events::stamp),
        receipt: match charge.receipt {
            None => billing::Receipt::Unspecified,
            Some((Receipt::Delivered, _)) => billing::Receipt::Delivered,
            Some((Receipt::Undelivered, _)) => billing::Receipt::Undelivered,
        }
        .into(),
        receipt_at: charge.receipt.map(|(_, at)| events::stamp(at)),
    }
}

/// `None` (not covered) has a word of its own on the wire.
pub fn hold_state(state: Option<HoldState>) -> billing::HoldState {
    match state {
        None => billing::HoldState::NotCovered,
        Some(HoldState::Noted) => billing::HoldState::Unspecified,
        Some(HoldState::Held) => billing::HoldState::Held,
        Some(HoldState::Captured) => billing::HoldState::Captured,
        Some(HoldState::Released) => billing::HoldState::Released,
        Some(HoldState::Expired) => billing::HoldState::Expired,
    }
}

/// Reads when a top-up expires; unset: never.
pub fn expiry(at: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>, Invalid> {
    match at {
        None => Ok(None),
        at => instant("expires_at", at).map(Some),
    }
}

/// Reads what a person says became of a delivery.
pub fn outcome(state: i32) -> Result<Outcome, Invalid> {
    match billing::HoldState::try_from(state) {
        Ok(billing::HoldState::Captured) => Ok(Outcome::Captured),
        Ok(billing::HoldState::Released) => Ok(Outcome::Released),
        _ => Err(Invalid::new(
            "outcome",
            "must be CAPTURED (a provider took it) or RELEASED (nobody did)",
        )),
    }
}

const MAX_NOTE: usize = 200;

/// Reads how a person knows.
pub fn note(text: &str) -> Result<&str, Invalid> {
    let text = text.trim();
    let length = text.chars().count();
    let fits = (1..=MAX_NOTE).contains(&length) && !text.contains(char::is_control);
    fits.then_some(text)
        .ok_or_else(|| Invalid::new("note", "says in 1 to 200 characters how that is known"))
}

pub fn transfer(line: JournalLine) -> billing::Transfer {
    billing::Transfer {
        id: line.id.to_string(),
        at: Some(events::stamp(line.at)),
        reason: line.entry.reason.word().into(),
        debit: line.entry.debit.word().into(),
        credit: line.entry.credit.word().into(),
        micro_pu: line.entry.amount.micro(),
        delivery: line.delivery.map(|id| id.to_string()).unwrap_or_default(),
        request_id: line.request_id.unwrap_or_default(),
    }
}

/// A billion PU: more is a slip of units.
const MAX_PU: i64 = 1_000_000_000_000_000;

fn amount(field: &'static str, micro: i64) -> Result<Pu, Invalid> {
    Pu::from_micro(micro)
        .ok()
        .filter(|_| micro <= MAX_PU)
        .ok_or_else(|| Invalid::new(field, "must be 0 to 1,000,000,000,000,000 (a billion PU)"))
}

pub fn plan(told: Option<billing::Plan>) -> Result<Plan, Invalid> {
    let told = told.ok_or_else(|| Invalid::new("plan", "is needed"))?;
    Ok(Plan {
        paid: told.paid,
        allowance: amount("plan.allowance_micro_pu", told.allowance_micro_pu)?,
    })
}

/// Reads thresholds: which balance is low, and when to ask for a top-up.
pub fn thresholds(told: Option<billing::Thresholds>) -> Result<(Option<Pu>, Option<Refill>), Invalid> {
    let told = told.ok_or_else(|| Invalid::new("thresholds", "are needed"))?;
    let set = |amount: Pu| Some(amount).filter(|amount| *amount > Pu::ZERO);
    let low = set(amount("thresholds.low_micro_pu", told.low_micro_pu)?);
    let below = set(amount("thresholds.top_up_below_micro_pu", told.top_up_below_micro_pu)?);
    let added = set(amount("thresholds.top_up_micro_pu", told.top_up_micro_pu)?);
    let refill = match (below, added) {
        (Some(below), Some(amount)) => Some(Refill { below, amount }),
        (None, None) => None,
        (Some(_), None) => {
            return Err(Invalid::new(
                "thresholds.top_up_micro_pu",
                "says how much is asked for; needs more than 0",
            ));
        }
        (None, Some(_)) => {
            let remedy = "says from which balance on it is asked for; needs more than 0";
            return Err(Invalid::new("thresholds.top_up_below_micro_pu", remedy));
        }
    };
    Ok((low, refill))
}

pub fn account(view: AccountView) -> billing::GetAccountResponse {
    let watch = view.funds.watch;
    let micro = |amount: Option<Pu>| amount.map_or(0, Pu::micro);
    billing::GetAccountResponse {
        balance: Some(balance(view.funds.balances)),
        unexpiring_micro_pu: view.purse.unexpiring.micro(),
        lots: view.purse.lots.into_iter().map(lot).collect(),
        plan: Some(billing::Plan {
            paid: view.plan.paid,
            allowance_micro_pu: view.plan.allowance.micro(),
        }),
        thresholds: Some(billing::Thresholds {
            low_micro_pu: micro(watch.low_below),
            top_up_below_micro_pu: micro(watch.refill.map(|refill| refill.below)),
            top_up_micro_pu: micro(watch.refill.map(|refill| refill.amount)),
        }),
        closed: view.funds.closed,
    }
}

fn lot(lot: Lot) -> billing::Lot {
    billing::Lot {
        micro_pu: lot.amount.micro(),
        rest_micro_pu: lot.rest.micro(),
        paid_at: Some(events::stamp(lot.paid_at)),
        expires_at: Some(events::stamp(lot.expires_at)),
    }
}

/// Reads a day.
pub fn day(field: &'static str, text: &str) -> Result<Date, Invalid> {
    let wrong = || Invalid::new(field, "must be a day (UTC), for example 2026-11-21");
    // Longer ones have a time, which would be left out without a word.
    Some(text)
        .filter(|text| text.len() <= "2026-11-21".len())
        .and_then(|text| text.parse().ok())
        .ok_or_else(wrong)
}

pub fn report(report: Report) -> billing::GetDriftResponse {
    let books = |books: BooksDrift| billing::BooksDrift {
        what: books.what,
        kept_micro_pu: books.kept,
        counted_micro_pu: books.counted,
    };
    billing::GetDriftResponse {
        drifts: report.drifts.into_iter().map(drift).collect(),
        drifting: report.drifting,
        books: report.books.into_iter().map(books).collect(),
        old_holds: report.old_holds,
    }
}

fn drift(drift: Drift) -> billing::Drift {
    let kind = match drift.kind {
        DriftKind::NotCharged => billing::DriftKind::NotCharged,
        DriftKind::NotReported => billing::DriftKind::NotReported,
        DriftKind::Parts => billing::DriftKind::Parts,
        DriftKind::Price => billing::DriftKind::Price,
    };
    billing::Drift {
        kind: kind.into(),
        day: drift.day.to_string(),
        delivery: drift.delivery.map(|id| id.to_string()).unwrap_or_default(),
        provider: drift.provider,
        provider_message: drift.message,
        parts: drift.parts,
        reported_parts: drift.reported_parts,
        micro_pu: drift.amount.map(Pu::micro),
        reported_micro_pu: drift.reported_amount.map(Pu::micro),
    }
}
