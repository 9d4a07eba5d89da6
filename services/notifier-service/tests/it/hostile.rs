//! Providers that hang, lose, repeat, reorder and refuse: nobody gets a text twice, and what is told of each is true. A
//! share of the numbers is Korean: their provider tells nothing and cannot be asked.

use crate::harness::{Customer, Tested};
use crate::looking::is_settled;
use crate::providers::Providers;
use futures::future::try_join_all;
use rpc::notifier::{DeliveryStatus, ExplainFollowUpResponse};
use std::collections::HashMap;
use std::time::Duration;
use testkit::{ReceiptMode, SmsFault};

const SEED: u64 = 20_261_122;
const BATCHES: u64 = 5;
const BATCH: u64 = 30;
/// So many arrive together.
const AT_ONCE: usize = 6;
/// Of so many customers one is Korean.
const KOREAN: u64 = 3;

/// Xorshift: the same seed makes the same day.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn fault(&mut self) -> Option<SmsFault> {
        match self.roll(16) {
            0 => Some(SmsFault::Refuse(21211)),
            1 => Some(SmsFault::TooMany),
            2 => Some(SmsFault::ServerError),
            3 => Some(SmsFault::AcceptThenServerError),
            4 => Some(SmsFault::Hang),
            5 => Some(SmsFault::AcceptThenHang),
            6 => Some(SmsFault::AcceptThenDrop),
            _ => None,
        }
    }
}

/// A customer's number and country.
fn number(customer: u64) -> (String, &'static str) {
    if customer.is_multiple_of(KOREAN) {
        (format!("+8210{:08}", customer * 700_001 % 100_000_000), "KR")
    } else {
        (format!("+4860{:07}", customer * 70_001 % 10_000_000), "PL")
    }
}

/// Customers by their numbers.
type Day = Vec<(String, Customer)>;

async fn batch(day: &Providers, dice: &mut Dice, first: u64, receipts: ReceiptMode) -> anyhow::Result<Day> {
    let numbers: Vec<_> = (first..first + BATCH).map(number).collect();
    let mut customers = Vec::new();
    for together in numbers.chunks(AT_ONCE) {
        let arriving = together.iter().map(async |(number, country)| {
            let customer = day.notifier.prepared(number, country, None).await?;
            anyhow::Ok((number.clone(), customer))
        });
        customers.extend(try_join_all(arriving).await?);
    }
    for sink in [&day.smsc, &day.main, &day.seoul] {
        sink.set_receipts(receipts);
        for _ in 0..BATCH {
            sink.fail_next(dice.fault().unwrap_or(SmsFault::Slow(Duration::ZERO)));
        }
    }
    day.notifier.advance(30).await;
    for (_, customer) in &customers {
        let begun = |told: &ExplainFollowUpResponse| {
            let mut lines = told.timeline.iter();
            lines.any(|line| ["attempting", "postponed"].contains(&line.what.as_str()))
        };
        day.notifier.becomes(customer, "begun", begun).await?;
    }
    // Retries, look-ups, pauses of the breakers.
    for seconds in [2, 3, 5, 15, 20, 30, 60, 120, 300] {
        day.notifier.no_calls().await?;
        day.notifier.advance(seconds).await;
    }
    day.notifier.no_calls().await?;
    Ok(customers)
}

#[tokio::test]
async fn hostile_providers_cause_no_second_text_and_each_delivery_ends_as_it_was() -> Tested {
    eprintln!("seed {SEED}");
    let (day, mut dice) = (Providers::start().await?, Dice(SEED));
    let modes = [
        ReceiptMode::Delivered,
        ReceiptMode::Undelivered,
        ReceiptMode::ReorderedTwice,
        ReceiptMode::Lost,
    ];
    let mut customers = Vec::new();
    for (number, receipts) in (0..BATCHES).zip(modes.into_iter().cycle()) {
        customers.extend(batch(&day, &mut dice, number * BATCH, receipts).await?);
    }
    // What nobody can tell of ends unconfirmed.
    day.notifier.advance(24 * 3600).await;
    let mut settled = Vec::new();
    for (number, customer) in &customers {
        let told = day.notifier.becomes(customer, "settled", is_settled).await?;
        settled.push((number.as_str(), told));
    }
    let taken = taken(&day);
    assert!(taken.values().all(|texts| *texts == 1), "somebody got a text twice");
    let mut ends: HashMap<DeliveryStatus, usize> = HashMap::new();
    let mut korean: HashMap<(DeliveryStatus, usize), usize> = HashMap::new();
    for (number, told) in &settled {
        assert_eq!(told.deliveries.len(), 1);
        let status = told.deliveries[0].status();
        let texts = taken.get(*number).copied().unwrap_or_default();
        if told.deliveries[0].provider == "seoul" {
            *korean.entry((status, texts)).or_default() += 1;
        }
        let unknown = told.timeline.iter().any(|line| line.what == "unknown");
        assert!(unknown || status != DeliveryStatus::Unconfirmed, "{:#?}", told.timeline);
        let true_for: &[usize] = match status {
            DeliveryStatus::Accepted | DeliveryStatus::Delivered | DeliveryStatus::Undelivered => &[1],
            DeliveryStatus::Failed => &[0],
            DeliveryStatus::Unconfirmed => &[0, 1],
            _ => &[],
        };
        assert!(
            true_for.contains(&texts),
            "{status:?} after {texts} texts: {:#?}",
            told.timeline
        );
        *ends.entry(status).or_default() += 1;
    }
    eprintln!("{ends:?} after {} and {} calls", day.smsc.calls(), day.main.calls());
    for status in [
        DeliveryStatus::Delivered,
        DeliveryStatus::Undelivered,
        DeliveryStatus::Accepted,
        DeliveryStatus::Failed,
        DeliveryStatus::Unconfirmed,
    ] {
        assert!(ends.contains_key(&status), "the day had none of {status:?}: {ends:?}");
    }
    eprintln!("in Korea {korean:?} after {} calls", day.seoul.calls());
    // Unknown there stays unknown, whether it was taken or not; nobody but a provider's receipt could say 'delivered'.
    for end in [
        (DeliveryStatus::Accepted, 1),
        (DeliveryStatus::Failed, 0),
        (DeliveryStatus::Unconfirmed, 0),
        (DeliveryStatus::Unconfirmed, 1),
    ] {
        assert!(korean.contains_key(&end), "Korea had none of {end:?}: {korean:?}");
    }
    assert_eq!(korean.len(), 4, "{korean:?}");
    Ok(())
}

/// Texts that the providers took, by number; each number is one customer's, who has one delivery.
fn taken(day: &Providers) -> HashMap<String, usize> {
    let mut taken = HashMap::new();
    let abroad = day.smsc.messages().into_iter().chain(day.main.messages());
    let numbers = abroad.map(|message| message.to);
    let korean = day.seoul.messages().into_iter();
    let korean = korean.map(|message| format!("+82{}", message.to.trim_start_matches('0')));
    for number in numbers.chain(korean) {
        *taken.entry(number).or_default() += 1;
    }
    taken
}
