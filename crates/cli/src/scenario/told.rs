//! Step 8 of the main job: what is told afterwards is what happened.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use events::common::MessageKind;
use events::event::{DeliveryPurpose, FollowUpEnd};
use rpc::billing::HoldState;
use rpc::notifier::{Delivery, DeliveryStatus, ExplainFollowUpResponse, TimelineEntry};

use super::World;
use super::expect::soon;
use super::world::{MAIL_PRICE, TEXT_PRICE};

/// Turns of a follow-up that sends a text, then a mail, and brings the customer back; others may come between.
const BROUGHT_BACK: [(&str, Option<MessageKind>); 10] = [
    ("opened", None),
    ("armed", None),
    ("due", Some(MessageKind::Sms)),
    ("attempting", Some(MessageKind::Sms)),
    ("accepted", Some(MessageKind::Sms)),
    ("delivered", Some(MessageKind::Sms)),
    ("due", Some(MessageKind::Email)),
    ("attempting", Some(MessageKind::Email)),
    ("accepted", Some(MessageKind::Email)),
    ("ended", None),
];

/// Messages, parts and micro-PU of a kind.
type Sums = BTreeMap<i32, (u64, u64, i64)>;

/// The first customer's timeline: the turns in their order, each send once, ended because the customer returned.
pub fn brought_back(explained: &ExplainFollowUpResponse) -> Result<()> {
    let [follow_up] = explained.follow_ups.as_slice() else {
        anyhow::bail!("there are {} follow-ups, not one", explained.follow_ups.len())
    };
    let turns: Vec<(&str, Option<MessageKind>)> = explained
        .timeline
        .iter()
        .filter(|entry| entry.follow_up == follow_up.follow_up)
        .map(|entry| (entry.what.as_str(), kind_of(entry, &explained.deliveries)))
        .collect();
    let mut rest = turns.iter();
    for expected in BROUGHT_BACK {
        ensure!(
            rest.any(|turn| *turn == expected),
            "the timeline lacks {expected:?}, or has it out of order: {turns:?}"
        );
        let times = turns.iter().filter(|turn| **turn == expected).count();
        ensure!(
            expected.1.is_none() || times == 1,
            "{expected:?} happened {times} times"
        );
    }
    let ended = explained.timeline.iter().find(|entry| entry.what == "ended");
    ensure!(
        ended.is_some_and(|entry| caused(entry, "returned")) && follow_up.end_reason() == FollowUpEnd::Returned,
        "the follow-up ended as {}",
        follow_up.end_reason().as_str_name()
    );
    let summary = "it ended because the customer returned";
    ensure!(
        explained.summary.contains(summary),
        "explain says: {}",
        explained.summary
    );
    Ok(())
}

/// Explain says that nothing was sent, and the true reason; nothing but a confirmation was on its way.
pub fn nothing_sent(explained: &ExplainFollowUpResponse, end: FollowUpEnd) -> Result<()> {
    let why = match end {
        FollowUpEnd::Read => "the customer read the answer",
        FollowUpEnd::Returned => "the customer returned",
        FollowUpEnd::NoAddress => "no phone number and no e-mail address was given",
        _ => anyhow::bail!("no customer of the main job ends as {}", end.as_str_name()),
    };
    ensure!(
        explained.summary == format!("Nothing was sent: {why}."),
        "explain says '{}', not that {why}",
        explained.summary
    );
    let [follow_up] = explained.follow_ups.as_slice() else {
        anyhow::bail!("there are {} follow-ups, not one", explained.follow_ups.len())
    };
    ensure!(
        follow_up.end_reason() == end,
        "the follow-up ended as {}",
        follow_up.end_reason().as_str_name()
    );
    let only_confirmed = |delivery: &Delivery| delivery.purpose() == DeliveryPurpose::Confirmation;
    ensure!(
        explained.deliveries.iter().all(only_confirmed),
        "explain shows a delivery of the follow-up"
    );
    Ok(())
}

/// Is this among the causes of an end?
pub(super) fn caused(entry: &TimelineEntry, cause: &str) -> bool {
    let causes = entry.facts.get("causes");
    causes.is_some_and(|causes| causes.split(',').any(|one| one == cause))
}

/// Every follow-up began in a W3C trace of its own; their number.
pub fn traced(all: &[&ExplainFollowUpResponse]) -> Result<usize> {
    let mut traces = BTreeSet::new();
    for follow_up in all.iter().flat_map(|explained| &explained.follow_ups) {
        let trace = follow_up.trace_id.as_str();
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        ensure!(
            trace.len() == 32 && trace.bytes().all(hex) && trace.bytes().any(|byte| byte != b'0'),
            "'{trace}' is no trace id"
        );
        ensure!(traces.insert(trace), "two follow-ups share the trace {trace}");
    }
    Ok(traces.len())
}

/// Was it sent at all?
pub fn went_out(delivery: &Delivery) -> bool {
    !matches!(delivery.status(), DeliveryStatus::Failed | DeliveryStatus::Cancelled)
}

/// Deliveries, what arrived outside, charges and usage agree, message by message and in their sums; the number of
/// messages.
pub async fn paid(world: &World, all: &[&ExplainFollowUpResponse]) -> Result<usize> {
    let deliveries = all.iter().flat_map(|explained| &explained.deliveries);
    let deliveries: Vec<&Delivery> = deliveries.filter(|one| went_out(one)).collect();
    let sent = sums(
        deliveries
            .iter()
            .map(|one| (one.kind, 1, one.parts.into(), one.micro_pu)),
    );
    let arrived = arrived(world).await?;
    ensure!(sent == arrived, "explain tells of {sent:?}, and {arrived:?} arrived");
    let mut charges = BTreeMap::new();
    for charge in world.clients.charges().await? {
        if charge.state() == HoldState::Captured {
            charges.insert(charge.delivery.clone(), charge);
        }
    }
    for delivery in &deliveries {
        let charge = charges.remove(&delivery.delivery);
        let charge = charge.with_context(|| format!("delivery {} was not charged", delivery.delivery))?;
        ensure!(
            (charge.kind, charge.parts, charge.micro_pu) == (delivery.kind, delivery.parts, delivery.micro_pu),
            "delivery {} was charged otherwise than explain says",
            delivery.delivery
        );
    }
    ensure!(
        charges.is_empty(),
        "{} charges are for nothing that was sent",
        charges.len()
    );
    soon("usage equals what was sent", async || {
        let (rows, total) = world.usage().await?;
        let used = sums(rows.iter().map(|row| (row.kind, row.messages, row.parts, row.micro_pu)));
        let cost: i64 = sent.values().map(|(_, _, micro_pu)| micro_pu).sum();
        ensure!(
            used == sent && total == cost,
            "usage is {used:?} for {total} micro-PU, and {sent:?} was sent"
        );
        Ok(Some(()))
    })
    .await?;
    Ok(deliveries.len())
}

/// What the sinks have for the people of this run, at its prices.
async fn arrived(world: &World) -> Result<Sums> {
    let mut messages = Vec::new();
    for person in [&world.ola, &world.jan, &world.ewa, &world.iga, &world.leo] {
        for text in world.sinks.texts(&person.phone).await? {
            let parts = u64::from(text.segments);
            messages.push((MessageKind::Sms.into(), 1, parts, TEXT_PRICE * i64::from(text.segments)));
        }
        let mails = world.sinks.mails(&person.email).await?;
        messages.extend(mails.iter().map(|_| (MessageKind::Email.into(), 1, 1, MAIL_PRICE)));
    }
    Ok(sums(messages.into_iter()))
}

fn sums(messages: impl Iterator<Item = (i32, u64, u64, i64)>) -> Sums {
    let mut sums = Sums::new();
    for (kind, messages, parts, micro_pu) in messages {
        let sum = sums.entry(kind).or_default();
        *sum = (sum.0 + messages, sum.1 + parts, sum.2 + micro_pu);
    }
    sums
}

fn kind_of(entry: &TimelineEntry, deliveries: &[Delivery]) -> Option<MessageKind> {
    let delivery = deliveries.iter().find(|one| one.delivery == entry.delivery);
    delivery.map(Delivery::kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpc::notifier::FollowUp;

    fn told(turns: &[(&str, Option<MessageKind>)]) -> ExplainFollowUpResponse {
        let name = |kind: &Option<MessageKind>| kind.map(|kind| kind.as_str_name().to_owned()).unwrap_or_default();
        let timeline = turns.iter().map(|(what, kind)| TimelineEntry {
            what: (*what).to_owned(),
            facts: [("causes".to_owned(), "returned,read".to_owned())].into(),
            delivery: name(kind),
            follow_up: "one".to_owned(),
            ..Default::default()
        });
        let deliveries = [MessageKind::Sms, MessageKind::Email].map(|kind| Delivery {
            delivery: name(&Some(kind)),
            kind: kind.into(),
            ..Default::default()
        });
        ExplainFollowUpResponse {
            follow_ups: vec![FollowUp {
                follow_up: "one".to_owned(),
                end_reason: FollowUpEnd::Returned.into(),
                trace_id: "f82de90eca5f3ddef3901c2934aee5bd".to_owned(),
                ..Default::default()
            }],
            deliveries: deliveries.into(),
            timeline: timeline.collect(),
            summary: "Sent: text delivered; it ended because the customer returned.".to_owned(),
            ..Default::default()
        }
    }

    #[test]
    fn a_missing_repeated_or_misplaced_turn_is_noticed() {
        brought_back(&told(&BROUGHT_BACK)).expect("all turns");
        for missing in 0..BROUGHT_BACK.len() {
            let mut turns = BROUGHT_BACK.to_vec();
            turns.remove(missing);
            brought_back(&told(&turns)).expect_err("a turn is missing");
        }
        let mut twice = BROUGHT_BACK.to_vec();
        twice.insert(4, BROUGHT_BACK[3]);
        brought_back(&told(&twice)).expect_err("sent twice");
        let mut turned = BROUGHT_BACK.to_vec();
        turned.swap(5, 6);
        brought_back(&told(&turned)).expect_err("the mail before the receipt");
    }

    #[test]
    fn a_reason_that_is_not_the_true_one_is_noticed() {
        let mut read = told(&[]);
        read.follow_ups[0].end_reason = FollowUpEnd::Read.into();
        read.summary = "Nothing was sent: the customer read the answer.".to_owned();
        read.deliveries.clear();
        nothing_sent(&read, FollowUpEnd::Read).expect("the true reason");
        nothing_sent(&read, FollowUpEnd::Returned).expect_err("another reason");
        read.summary = "Nothing was sent: the customer returned.".to_owned();
        nothing_sent(&read, FollowUpEnd::Read).expect_err("explain says otherwise");
    }

    #[test]
    fn trace_ids_are_32_digits_and_not_shared() {
        let (one, mut other) = (told(&[]), told(&[]));
        assert_eq!(traced(&[&one]).expect("a trace"), 1);
        traced(&[&one, &other]).expect_err("shared");
        for wrong in [
            "",
            "00000000000000000000000000000000",
            "F82DE90ECA5F3DDEF3901C2934AEE5BD",
        ] {
            wrong.clone_into(&mut other.follow_ups[0].trace_id);
            traced(&[&other]).expect_err("no trace id");
        }
    }
}
