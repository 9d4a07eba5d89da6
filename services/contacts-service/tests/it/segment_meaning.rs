//! The statement of every filter finds whom the filter means: each condition with each of its signs alone, all pairs of
//! conditions, and many filters by chance, against the meaning that the domain gives them.

use crate::harness::{Harness, Tested, given};
use contacts_service::domain::segment::{Comparison, Currency, Subject, parse};
use contacts_service::domain::{DataKey, DataValue, Purpose, Stage, Tag};
use domain::{ChannelId, Clock, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use prost_types::FieldMask;
use rpc::contacts::{
    self as wire, CaptureContactRequest, CountSegmentRequest, IngestOrdersRequest, ListSegmentRequest,
    MergeContactsRequest, RecordConsentRequest, UpdateContactRequest, WithdrawConsentRequest, WithdrawnBy,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

const PEOPLE: usize = 26;
const DAY: Duration = Duration::from_secs(86_400);
const CHANNELS: [&str; 3] = ["web", "shop", ""];
const TAGS: [&str; 4] = ["vip", "new here", "say \"x\"", "a\\b"];
const BY_CHANCE: usize = 150;

/// A person of `acme`, and what is known.
struct Person {
    contact: String,
    email: String,
    email_address: String,
    channel: &'static str,
    known: Subject,
}

fn word(number: usize) -> DataValue {
    DataValue::parse(["38", "40", "it's; DROP"][number % 3]).expect("a value")
}

async fn capture(contacts: &Harness, number: usize) -> anyhow::Result<Person> {
    contacts.clock.advance(DAY);
    let channel = CHANNELS[number % CHANNELS.len()];
    let email = format!("p{number}@example.com");
    let gave = CaptureContactRequest {
        channel: channel.into(),
        ..given("", &format!("6007001{number:02}"), &email)
    };
    let captured = contacts.capture(gave).await?;
    let now = contacts.clock.now();
    Ok(Person {
        contact: captured.contact,
        email,
        email_address: captured.email_address,
        channel,
        known: Subject {
            stage: Stage::Lead,
            tags: BTreeSet::new(),
            source: (!channel.is_empty()).then(|| ChannelId::parse(channel)).transpose()?,
            data: BTreeMap::new(),
            orders: vec![],
            created: now,
            captured: Some(now),
            changed: None,
            consented: false,
        },
    })
}

async fn change(contacts: &Harness, person: &mut Person, number: usize) -> Tested {
    contacts.clock.advance(DAY / 24);
    let customer = number % 4 == 1;
    let tags: Vec<&str> = TAGS
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| number >> bit & 1 == 1)
        .map(|(_, tag)| tag)
        .collect();
    let value = word(number);
    let key = if number.is_multiple_of(3) { "size" } else { "colour" };
    let request = UpdateContactRequest {
        workspace: "acme".into(),
        contact: person.contact.clone(),
        mask: Some(FieldMask {
            paths: ["stage".to_owned(), "tags".to_owned(), format!("data.{key}")].into(),
        }),
        by: "crm".into(),
        stage: if customer {
            wire::Stage::Customer
        } else {
            wire::Stage::Lead
        }
        .into(),
        tags: tags.iter().map(ToString::to_string).collect(),
        data: HashMap::from([(key.to_owned(), value.expose().to_owned())]),
        ..Default::default()
    };
    contacts.book.clone().update_contact(request).await?;
    let known = &mut person.known;
    known.stage = if customer { Stage::Customer } else { Stage::Lead };
    known.tags = tags.iter().map(|tag| Tag::parse(tag)).collect::<Result<_, _>>()?;
    known.data.insert(DataKey::parse(key)?, value);
    known.changed = Some(contacts.clock.now());
    Ok(())
}

/// Two orders, of which a second one may have come to nothing.
async fn order(contacts: &Harness, person: &mut Person, number: usize) -> Tested {
    for nth in 0..2_usize {
        contacts.clock.advance(DAY / 24);
        let now = contacts.clock.now();
        let currency = ["PLN", "EUR"][(number + nth) % 2];
        let total = i64::try_from(number * 1_000 + nth)?;
        let document = |kind: &str, version: usize, status: &str| {
            let data = json!({
                "version": version, "status": status, "currency": currency, "total_minor": total,
                "placed_at": now.to_string(), "customer": {"email": person.email},
                "lines": [{"name": "Shoes", "quantity": 1, "unit_minor": total}],
            });
            let id = format!("e-{number}-{nth}-{version}");
            let event = json!({"specversion": "1.0", "id": id, "source": "crm", "type": kind, "time": now.to_string(),
                "subject": format!("o-{number}-{nth}"), "data": data});
            event.to_string().into_bytes()
        };
        let mut documents = vec![document("homing.order_placed.v1", 1, "placed")];
        let nothing = nth == 1 && !number.is_multiple_of(3);
        if nothing {
            let status = ["cancelled", "refunded", "returned"][number % 3];
            documents.push(document("homing.order_updated.v1", 2, status));
        }
        let request = IngestOrdersRequest {
            workspace: "acme".into(),
            integration: "crm".into(),
            events: documents,
        };
        let told = contacts
            .purchases
            .clone()
            .ingest_orders(request)
            .await?
            .into_inner()
            .outcomes;
        // Who buys is a customer.
        if person.known.stage == Stage::Lead {
            person.known.stage = Stage::Customer;
            person.known.changed = Some(now);
        }
        assert!(told.iter().all(|outcome| outcome.accepted), "{told:?}");
        // The order came by no channel: there the address is new.
        if nth == 0 && !person.channel.is_empty() {
            person.known.captured = Some(now);
        }
        if !nothing {
            let currency = Currency::parse(currency).expect("a currency");
            person.known.orders.push((currency, total, now));
        }
    }
    Ok(())
}

async fn consent(contacts: &Harness, person: &mut Person, back: bool) -> Tested {
    let form = RecordConsentRequest {
        workspace: "acme".into(),
        request_id: person.email.clone(),
        contact: person.contact.clone(),
        purpose: wire::Purpose::Outreach.into(),
        addresses: vec![person.email_address.clone()],
        form: "news".into(),
        form_version: 1,
        language: "en".into(),
        conversation: String::new(),
        given_at: Some(events::stamp(contacts.clock.now())),
    };
    contacts.consents.clone().record_consent(form).await?;
    if back {
        let request = WithdrawConsentRequest {
            workspace: "acme".into(),
            contact: person.contact.clone(),
            purpose: wire::Purpose::Outreach.into(),
            at: None,
            by: WithdrawnBy::Form.into(),
        };
        contacts.consents.clone().withdraw_consent(request).await?;
    }
    person.known.consented = !back;
    Ok(())
}

/// The last one goes into the one before it.
async fn merge(contacts: &Harness, people: &mut Vec<Person>) -> Tested {
    contacts.clock.advance(DAY);
    let other = people.pop().expect("people");
    let into = people.last_mut().expect("people");
    let request = MergeContactsRequest {
        workspace: "acme".into(),
        contact: into.contact.clone(),
        other: other.contact.clone(),
        by: "ana".into(),
    };
    contacts.identity.clone().merge_contacts(request).await?;
    into.known.orders.extend(other.known.orders);
    into.known.captured = into.known.captured.max(other.known.captured);
    into.known.changed = Some(contacts.clock.now());
    Ok(())
}

async fn people(contacts: &Harness) -> anyhow::Result<Vec<Person>> {
    let mut people = vec![];
    for number in 0..PEOPLE {
        let mut person = capture(contacts, number).await?;
        let parted = number + 2 >= PEOPLE;
        if number % 2 == 1 && !parted {
            change(contacts, &mut person, number).await?;
        }
        if number % 4 > 1 || parted {
            order(contacts, &mut person, number).await?;
        }
        if number.is_multiple_of(3) && !parted {
            consent(contacts, &mut person, number.is_multiple_of(6)).await?;
        }
        people.push(person);
    }
    merge(contacts, &mut people).await?;
    Ok(people)
}

/// Conditions of every kind, each with every sign that it takes and with values that lie beside and between those that are
/// there.
fn conditions(people: &[Person]) -> Vec<Vec<String>> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let times = |field: &str, moments: Vec<Timestamp>| {
        let signs = Comparison::ALL
            .into_iter()
            .filter(|sign| !matches!(sign, Comparison::Equal | Comparison::NotEqual));
        let each = |sign: Comparison| {
            moments
                .iter()
                .map(move |at| format!("{field} {} {at}", sign.sign()))
                .collect::<Vec<_>>()
        };
        signs.flat_map(each).collect::<Vec<_>>()
    };
    let numbers = |field: &str, numbers: &[i64]| {
        let each = |sign: Comparison| {
            numbers
                .iter()
                .map(move |number| format!("{field} {} {number}", sign.sign()))
                .collect::<Vec<_>>()
        };
        Comparison::ALL.into_iter().flat_map(each).collect::<Vec<_>>()
    };
    let some = |of: fn(&Person) -> Option<Timestamp>| {
        let known = people.iter().filter_map(of).step_by(5);
        known.chain([Timestamp::UNIX_EPOCH]).collect::<Vec<_>>()
    };
    let tags = TAGS.map(quoted);
    vec![
        vec!["stage = lead".into(), "stage != lead".into(), "stage = customer".into()],
        vec![
            format!("tag = {}", tags[0]),
            format!("tag != {}", tags[1]),
            format!("tag in ({}, {})", tags[2], tags[3]),
            "tag = nobody".into(),
        ],
        vec![
            "source = web".into(),
            "source != shop".into(),
            "source in (web, shop)".into(),
            "source exists".into(),
        ],
        vec![
            "data.size = 38".into(),
            "data.size != 38".into(),
            "data.colour in (40, \"it's; DROP\")".into(),
            "data.size exists".into(),
            "data.missing exists".into(),
        ],
        numbers("purchases.count", &[0, 1, 2, 4]),
        numbers("purchases.total.PLN", &[0, 10_000, 18_000, 1_000_000]),
        numbers("purchases.total.EUR", &[0, 15_001]),
        numbers("purchases.total.USD", &[0]),
        times(
            "purchases.last",
            some(|person| person.known.orders.iter().map(|(.., at)| *at).max()),
        ),
        times("created", some(|person| Some(person.known.created))),
        times("captured", some(|person| person.known.captured)),
        times("changed", some(|person| person.known.changed)),
        vec!["consent = outreach".into(), "consent != outreach".into()],
        vec!["created >= days_ago(10)".into(), "purchases.last < days_ago(9)".into()],
    ]
}

/// Asks for whom the filter means, and whom it should mean.
async fn check(contacts: &Harness, people: &[Person], filter: &str) -> Tested {
    let now = contacts.clock.now();
    for (purpose, asked) in [
        (Purpose::Support, wire::Purpose::Support),
        (Purpose::Outreach, wire::Purpose::Outreach),
    ] {
        let Ok(meant) = parse(filter, purpose, now) else {
            assert_eq!(purpose, Purpose::Outreach, "{filter}");
            continue;
        };
        let seen = |person: &&Person| purpose == Purpose::Support || person.known.consented;
        let meant = people.iter().filter(seen).filter(|person| meant.holds(&person.known));
        let meant: BTreeSet<&str> = meant.map(|person| person.contact.as_str()).collect();
        let request = ListSegmentRequest {
            workspace: "acme".into(),
            purpose: asked.into(),
            filter: filter.into(),
            page_size: 200,
            page_token: String::new(),
        };
        let page = contacts.segments.clone().list_segment(request).await?.into_inner();
        let found: BTreeSet<&str> = page.contacts.iter().map(|contact| contact.contact.as_str()).collect();
        assert_eq!(found, meant, "{purpose:?} {filter}");
        let request = CountSegmentRequest {
            workspace: "acme".into(),
            purpose: asked.into(),
            filter: filter.into(),
        };
        let counted = contacts
            .segments
            .clone()
            .count_segment(request)
            .await?
            .into_inner()
            .contacts;
        assert_eq!(usize::try_from(counted)?, meant.len(), "{purpose:?} {filter}");
    }
    Ok(())
}

#[tokio::test]
async fn every_statement_finds_whom_its_filter_means() -> Tested {
    let contacts = Harness::start().await?;
    let people = people(&contacts).await?;
    // Somebody else's, of whom nothing may be seen.
    let foreign = CaptureContactRequest {
        workspace: "globex".into(),
        ..given("", "600700100", "p0@example.com")
    };
    contacts.capture(foreign).await?;

    let kinds = conditions(&people);
    for condition in kinds.iter().flatten() {
        check(&contacts, &people, condition).await?;
        check(&contacts, &people, &format!("not ({condition})")).await?;
    }
    let first: Vec<&String> = kinds.iter().filter_map(|kind| kind.first()).collect();
    for (number, one) in first.iter().enumerate() {
        for other in &first[number + 1..] {
            check(&contacts, &people, &format!("{one} and {other}")).await?;
            check(&contacts, &people, &format!("{one} or not {other}")).await?;
        }
    }
    let leaf = prop::sample::select(kinds.concat());
    let any = leaf.prop_recursive(4, 20, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|filter| format!("not ({filter})")),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|filters| format!("({})", filters.join(" and "))),
            prop::collection::vec(inner, 1..4).prop_map(|filters| format!("({})", filters.join(" or "))),
        ]
    });
    let mut runner = TestRunner::deterministic();
    for _ in 0..BY_CHANCE {
        let filter = any.new_tree(&mut runner).expect("a filter").current();
        check(&contacts, &people, &filter).await?;
    }
    Ok(())
}
