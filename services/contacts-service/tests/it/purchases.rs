//! Orders of shops: told by rpc and on NATS, in any order and again, and shown for support alone.

use crate::harness::{Harness, Tested, given, refusal, values};
use crate::role_canaries::set;
use prost_types::FieldMask;
use rpc::contacts::{
    AddressKind, AssignRoleRequest, FieldAccess, IngestOrdersRequest, ListContactChangesRequest, ListPurchasesRequest,
    MergeContactsRequest, OrderOutcome, OrderStatus, Purchase, Purpose, Stage, UndoMergeRequest, UpdateContactRequest,
};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::eventually;

const SOON: Duration = Duration::from_secs(20);

/// A version of the order `o-1`, placed at ten.
fn order(version: u64, status: &str, customer: Value) -> Value {
    let kind = if status == "placed" {
        "homing.order_placed.v1"
    } else {
        "homing.order_updated.v1"
    };
    let mut data = json!({
        "version": version, "status": status, "currency": "PLN", "total_minor": 25_800, "country": "PL", "channel": "web",
        "placed_at": "2026-11-01T10:00:00Z",
        "lines": [{"name": "Shoes", "sku": "sh-38", "quantity": 2, "unit_minor": 12_900}],
    });
    if !customer.is_null() {
        data["customer"] = customer;
    }
    if status == "shipped" {
        data["parcels"] = json!([{"carrier": "InPost", "tracking_number": "6000123",
            "tracking_url": "https://inpost.pl/6000123", "status": "sent"}]);
    }
    json!({"specversion": "1.0", "id": format!("e-{version}"), "source": "shop", "type": kind, "subject": "o-1",
        "time": format!("2026-11-01T1{}:00:00Z", version.min(9)), "data": data})
}

fn ann() -> Value {
    json!({"name": "Ann", "phone": "600700123", "email": "ann@example.com"})
}

async fn tell(contacts: &Harness, workspace: &str, events: &[Value]) -> Result<Vec<OrderOutcome>, tonic::Status> {
    let request = IngestOrdersRequest {
        workspace: workspace.into(),
        integration: "shop".into(),
        events: events.iter().map(|event| event.to_string().into_bytes()).collect(),
    };
    Ok(contacts
        .purchases
        .clone()
        .ingest_orders(request)
        .await?
        .into_inner()
        .outcomes)
}

fn asking(workspace: &str, contact: &str, purpose: Purpose) -> ListPurchasesRequest {
    ListPurchasesRequest {
        workspace: workspace.into(),
        contact: contact.into(),
        purpose: purpose.into(),
        ..Default::default()
    }
}

async fn bought(contacts: &Harness, contact: &str) -> Result<Vec<Purchase>, tonic::Status> {
    let request = asking("acme", contact, Purpose::Support);
    Ok(contacts
        .purchases
        .clone()
        .list_purchases(request)
        .await?
        .into_inner()
        .purchases)
}

async fn found(contacts: &Harness) -> Result<String, tonic::Status> {
    let found = contacts
        .look_up("acme", AddressKind::Phone, "600700123", Purpose::Support)
        .await;
    Ok(found?.contact)
}

/// A version that tells custom values.
fn saying(version: u64, customer: Value, data: Value) -> Value {
    let status = if version == 1 { "placed" } else { "paid" };
    let mut event = order(version, status, customer);
    event["data"]["data"] = data;
    event
}

async fn values_of(contacts: &Harness, contact: &str) -> Result<Vec<(String, String, String)>, tonic::Status> {
    let profile = contacts.contact(contact).await?.profile.unwrap_or_default();
    let datum = |datum: rpc::contacts::Datum| (datum.key, datum.value, datum.by);
    Ok(profile.data.into_iter().map(datum).collect())
}

fn by_shop(key: &str, value: &str) -> (String, String, String) {
    (key.into(), value.into(), "shop".into())
}

#[tokio::test]
async fn custom_values_of_an_order_fill_gaps_and_follow_its_highest_version() -> Tested {
    let contacts = Harness::start().await?;
    let known = contacts.capture(given("", "600700123", "")).await?;
    let change = UpdateContactRequest {
        workspace: "acme".into(),
        contact: known.contact.clone(),
        mask: Some(FieldMask {
            paths: vec!["data.colour".into()],
        }),
        by: "maria".into(),
        data: [("colour".to_owned(), "red".to_owned())].into(),
        ..Default::default()
    };
    contacts.book.clone().update_contact(change).await?;
    let versions = [
        saying(2, ann(), json!({"size": "39", "colour": "blue"})),
        // Late: what nobody said otherwise since is taken, the rest is not.
        saying(1, ann(), json!({"size": "38", "width": "G"})),
        saying(3, Value::Null, json!({"size": "40"})),
    ];
    for _ in 0..2 {
        let told = tell(&contacts, "acme", &versions).await?;
        assert!(told.iter().all(|outcome| outcome.accepted), "{told:?}");
    }
    let colour = ("colour".to_owned(), "red".to_owned(), "maria".to_owned());
    assert_eq!(
        values_of(&contacts, &known.contact).await?,
        [colour, by_shop("size", "40"), by_shop("width", "G")]
    );
    // What did not come to count stays with the order.
    let purchase = bought(&contacts, &known.contact).await?.pop().expect("an order");
    let said = [("colour", "blue"), ("size", "40"), ("width", "G")];
    assert_eq!(
        purchase.data,
        said.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    );

    // Whom a version says it belongs to instead gets all of it; what was filled before stays where it is.
    let bea = json!({"name": "Bea", "phone": "600700124"});
    let told = tell(&contacts, "acme", &[saying(4, bea, json!({}))]).await?;
    assert!(told[0].accepted, "{told:?}");
    let theirs = contacts
        .look_up("acme", AddressKind::Phone, "600700124", Purpose::Support)
        .await?;
    assert_eq!(
        values_of(&contacts, &theirs.contact).await?,
        [by_shop("colour", "blue"), by_shop("size", "40"), by_shop("width", "G")]
    );
    assert_eq!(values_of(&contacts, &known.contact).await?.len(), 3);

    // What is no custom value is refused by its field, and changes nothing.
    for bad in [
        json!({"Size": "40"}),
        json!({"size": ""}),
        json!({"size": "x".repeat(1_001)}),
    ] {
        let told = tell(&contacts, "acme", &[saying(5, Value::Null, bad)]).await?;
        assert_eq!(
            (told[0].code.as_str(), told[0].field.as_str()),
            ("request.invalid", "data.data")
        );
    }
    // A role that may not change custom values has the order refused that tells some, and does not see those of others.
    set(&contacts, "integration", &[("data", FieldAccess::Hidden)]).await?;
    let request = IngestOrdersRequest {
        workspace: "acme".into(),
        integration: "shop".into(),
        events: vec![saying(5, Value::Null, json!({"size": "41"})).to_string().into_bytes()],
    };
    let mut request = tonic::Request::new(request);
    request.metadata_mut().insert("homing-integration", "shop".parse()?);
    let told = contacts
        .purchases
        .clone()
        .ingest_orders(request)
        .await?
        .into_inner()
        .outcomes;
    assert_eq!(
        (told[0].code.as_str(), told[0].field.as_str()),
        ("access.field", "data")
    );
    let mut request = tonic::Request::new(asking("acme", &theirs.contact, Purpose::Support));
    request.metadata_mut().insert("homing-integration", "shop".parse()?);
    let seen = contacts
        .purchases
        .clone()
        .list_purchases(request)
        .await?
        .into_inner()
        .purchases;
    assert_eq!((seen.len(), seen[0].data.len()), (1, 0));
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_order_is_kept_up_to_date_and_its_customer_captured() -> Tested {
    let contacts = Harness::start().await?;
    let known = contacts.capture(given("", "600700123", "")).await?;
    let told = tell(
        &contacts,
        "acme",
        &[order(1, "placed", ann()), order(3, "shipped", Value::Null)],
    )
    .await?;
    assert!(told.iter().all(|outcome| outcome.accepted), "{told:?}");
    // Late, and again: nothing changes but the history.
    let late = [
        order(2, "paid", Value::Null),
        order(3, "shipped", Value::Null),
        order(1, "placed", ann()),
    ];
    let told = tell(&contacts, "acme", &late).await?;
    assert!(told.iter().all(|outcome| outcome.accepted), "{told:?}");

    let contact = contacts.contact(&known.contact).await?;
    assert_eq!(
        (contact.name.as_str(), values(&contact.addresses)),
        ("Ann", vec!["+48600700123", "ann@example.com"])
    );
    let purchases = bought(&contacts, &known.contact).await?;
    let [one] = purchases.as_slice() else {
        panic!("one order: {purchases:?}")
    };
    assert_eq!(
        (one.integration.as_str(), one.order.as_str(), one.version),
        ("shop", "o-1", 3)
    );
    assert_eq!(
        (one.status(), one.currency.as_str(), one.total_minor),
        (OrderStatus::Shipped, "PLN", 25_800)
    );
    assert_eq!((one.lines[0].sku.as_str(), one.lines[0].quantity), ("sh-38", 2));
    assert_eq!(
        (one.parcels[0].tracking_number.as_str(), one.parcels[0].status.as_str()),
        ("6000123", "sent")
    );
    let history: Vec<_> = one
        .history
        .iter()
        .map(|version| (version.version, version.status()))
        .collect();
    assert_eq!(
        history,
        [
            (3, OrderStatus::Shipped),
            (2, OrderStatus::Paid),
            (1, OrderStatus::Placed)
        ]
    );
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn who_buys_is_a_customer_and_history_says_which_shop_told() -> Tested {
    let contacts = Harness::start().await?;
    let ann_id = contacts.capture(given("Ann", "600700123", "")).await?.contact;
    let mut first = order(1, "cancelled", ann());
    first["type"] = "homing.order_placed.v1".into();
    tell(&contacts, "acme", &[first]).await?;
    let stage = async |contacts: &Harness| -> anyhow::Result<Stage> {
        let profile = contacts.contact(&ann_id).await?.profile;
        Ok(profile.expect("for support").stage())
    };
    assert_eq!(stage(&contacts).await?, Stage::Lead);
    let second = |version: u64, status: &str| {
        let mut event = order(version, status, ann());
        event["subject"] = "o-2".into();
        event["id"] = format!("second-{version}").into();
        event
    };
    tell(&contacts, "acme", &[second(1, "placed")]).await?;
    assert_eq!(stage(&contacts).await?, Stage::Customer);
    let changes = ListContactChangesRequest {
        workspace: "acme".into(),
        contact: ann_id.clone(),
        purpose: Purpose::Support.into(),
        ..Default::default()
    };
    let newest = contacts
        .book
        .clone()
        .list_contact_changes(changes)
        .await?
        .into_inner()
        .changes
        .remove(0);
    assert_eq!((newest.by.as_str(), newest.fields[0].field.as_str()), ("shop", "stage"));

    // Who is set back stays a lead while the same order goes on.
    let back = UpdateContactRequest {
        workspace: "acme".into(),
        contact: ann_id.clone(),
        mask: Some(FieldMask {
            paths: vec!["stage".into()],
        }),
        stage: Stage::Lead.into(),
        by: "ana".into(),
        ..Default::default()
    };
    contacts.book.clone().update_contact(back).await?;
    tell(&contacts, "acme", &[second(1, "placed"), second(2, "shipped")]).await?;
    assert_eq!(stage(&contacts).await?, Stage::Lead);
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_an_order_is_refused_by_its_field() -> Tested {
    let contacts = Harness::start().await?;
    let bad = |pointer: &str, value: Value| {
        let mut event = order(1, "placed", ann());
        *event.pointer_mut(pointer).expect("the field is there") = value;
        event
    };
    let mut undated = order(2, "paid", ann());
    undated["data"].as_object_mut().expect("an object").remove("placed_at");
    let cases = [
        (bad("/data/version", json!(0)), "data.version"),
        (bad("/data/status", json!("lost")), "data.status"),
        (bad("/data/currency", json!("zl")), "data.currency"),
        (bad("/data/total_minor", json!(-1)), "data.total_minor"),
        (bad("/data/lines", json!([])), "data.lines"),
        (bad("/data/lines/0/quantity", json!(0)), "data.lines.0.quantity"),
        (bad("/data/country", json!("Poland")), "data.country"),
        (bad("/data/channel", json!("The Web")), "data.channel"),
        (bad("/data/customer/phone", json!("12")), "data.customer.phone"),
        (bad("/data/customer/email", json!("ann")), "data.customer.email"),
        (bad("/data/placed_at", json!("yesterday")), "data.placed_at"),
        (bad("/time", json!("1066-10-14T09:00:00Z")), "time"),
        (undated, "data.placed_at"),
    ];
    for (event, field) in cases {
        let told = tell(&contacts, "acme", std::slice::from_ref(&event)).await?;
        assert_eq!(
            (told[0].accepted, told[0].field.as_str(), told[0].retry),
            (false, field, false),
            "{told:?}"
        );
    }
    assert_eq!(contacts.count("SELECT count(*) FROM purchase").await?, 0);
    // Nobody's order may become somebody's later; another content under a known version never counts.
    let told = tell(&contacts, "acme", &[order(1, "placed", json!({"name": "Ann"}))]).await?;
    let unknown = ("ingest.reference_unknown", "data.customer", true);
    assert_eq!((told[0].code.as_str(), told[0].field.as_str(), told[0].retry), unknown);
    let mut changed = bad("/data/total_minor", json!(1));
    changed["data"]["customer"]["email"] = json!("eve@example.com");
    let told = tell(&contacts, "acme", &[order(1, "placed", ann()), changed]).await?;
    let differs = (true, "ingest.replay_differs", "data.version");
    assert_eq!(
        (told[0].accepted, told[1].code.as_str(), told[1].field.as_str()),
        differs
    );
    let nobody = contacts
        .look_up("acme", AddressKind::Email, "eve@example.com", Purpose::Support)
        .await;
    assert!(nobody.is_err(), "what is refused captures nobody");
    assert_eq!(
        bought(&contacts, &found(&contacts).await?).await?[0].total_minor,
        25_800
    );
    Ok(())
}

async fn publish(contacts: &Harness, workspace: &str, event: Value, token: &str) -> Tested {
    let stream = async_nats::jetstream::new(async_nats::connect(contacts.nats.url()).await?);
    let subject = events::Subject::Ingest {
        workspace: domain::WorkspaceId::parse(workspace)?,
        integration: domain::IntegrationId::parse("shop")?,
        event: token.into(),
    };
    eventually("the stream", SOON, async || {
        let sent = stream
            .publish(subject.to_string(), event.to_string().into())
            .await
            .ok()?;
        sent.await.ok()
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn orders_come_on_nats_and_what_cannot_be_taken_is_a_dead_letter_with_a_reason() -> Tested {
    let contacts = Harness::start().await?;
    publish(&contacts, "acme", order(2, "shipped", ann()), "order_updated").await?;
    publish(&contacts, "acme", order(1, "placed", ann()), "order_placed").await?;
    publish(&contacts, "acme", order(3, "lost", ann()), "order_updated").await?;
    let seen = eventually("the order", SOON, async || {
        let contact = found(&contacts).await.ok()?;
        let purchases = bought(&contacts, &contact).await.ok()?;
        purchases.into_iter().find(|one| one.history.len() == 2)
    })
    .await?;
    assert_eq!((seen.version, seen.status()), (2, OrderStatus::Shipped));
    let config = bus::BusConfig {
        url: contacts.nats.url(),
        name: "test".into(),
    };
    let reader = bus::Bus::connect(&config).await?;
    let letter = eventually("the dead letter", SOON, async || {
        bus::list_dead(&reader, None, 10).await.ok()?.pop()
    })
    .await?;
    assert_eq!(
        (letter.consumer.as_str(), letter.code.as_str()),
        ("contacts-orders", "request.invalid")
    );
    assert!(letter.reason.contains("data.status"), "{}", letter.reason);
    Ok(())
}

#[tokio::test]
async fn purchases_serve_support_alone_and_nobody_elses_workspace() -> Tested {
    let contacts = Harness::start().await?;
    tell(&contacts, "acme", &[order(1, "placed", ann())]).await?;
    let ann_here = found(&contacts).await?;
    let list = async |request| contacts.purchases.clone().list_purchases(request).await;
    let denied = list(asking("acme", &ann_here, Purpose::Outreach)).await;
    assert_eq!(refusal(denied), ("purpose".into(), "access.purpose"));
    let none = list(asking("acme", &ann_here, Purpose::Unspecified)).await;
    assert_eq!(refusal(none), ("purpose".into(), "request.invalid"));
    let nobody = "00000000-0000-7000-8000-000000000000";
    assert_eq!(
        refusal(list(asking("globex", &ann_here, Purpose::Support)).await),
        refusal(list(asking("globex", nobody, Purpose::Support)).await)
    );
    let token = ListPurchasesRequest {
        page_token: "7".into(),
        ..asking("acme", &ann_here, Purpose::Support)
    };
    assert_eq!(refusal(list(token).await), ("page_token".into(), "request.invalid"));

    // The same order of the same shop is another one there, and unknown until somebody says whose it is.
    let told = tell(&contacts, "globex", &[order(2, "paid", Value::Null)]).await?;
    assert_eq!(told[0].code, "ingest.reference_unknown");
    let told = tell(
        &contacts,
        "globex",
        &[order(2, "paid", json!({"email": "ann@example.com"}))],
    )
    .await?;
    assert!(told[0].accepted);
    assert_eq!(bought(&contacts, &ann_here).await?[0].version, 1);
    Ok(())
}

#[tokio::test]
async fn purchases_go_with_a_merge_come_back_and_are_paged() -> Tested {
    let contacts = Harness::start().await?;
    let named = |order_id: &str, hour: u8, customer: Value| {
        let mut event = order(1, "placed", customer);
        event["subject"] = json!(order_id);
        event["data"]["placed_at"] = json!(format!("2026-11-01T{hour:02}:00:00Z"));
        event
    };
    let bea = json!({"email": "bea@example.com"});
    let events = [
        named("o-1", 10, ann()),
        named("o-2", 11, bea.clone()),
        named("o-3", 12, bea),
    ];
    let told = tell(&contacts, "acme", &events).await?;
    assert!(told.iter().all(|outcome| outcome.accepted), "{told:?}");
    let one = found(&contacts).await?;
    let other = contacts
        .look_up("acme", AddressKind::Email, "bea@example.com", Purpose::Support)
        .await?
        .contact;
    let merge = MergeContactsRequest {
        workspace: "acme".into(),
        contact: one.clone(),
        other: other.clone(),
        by: "crm".into(),
    };
    contacts.identity.clone().merge_contacts(merge).await?;
    // Told of again while they are one, it is still the order of who ordered it.
    let mut shipped = named("o-2", 11, json!({"email": "bea@example.com"}));
    shipped["data"]["version"] = json!(2);
    shipped["id"] = json!("o-2-2");
    let again = tell(&contacts, "acme", &[shipped]).await?;
    assert!(again[0].accepted, "{again:?}");
    let mut request = ListPurchasesRequest {
        page_size: 2,
        ..asking("acme", &other, Purpose::Support)
    };
    let first = contacts
        .purchases
        .clone()
        .list_purchases(request.clone())
        .await?
        .into_inner();
    request.page_token = first.next_page_token;
    let second = contacts.purchases.clone().list_purchases(request).await?.into_inner();
    let ids: Vec<&str> = first
        .purchases
        .iter()
        .chain(&second.purchases)
        .map(|one| one.order.as_str())
        .collect();
    assert_eq!((ids, second.next_page_token.as_str()), (vec!["o-3", "o-2", "o-1"], ""));

    // What was bought while they were one stays with the one that stayed.
    tell(
        &contacts,
        "acme",
        &[named("o-4", 13, json!({"email": "bea@example.com"}))],
    )
    .await?;
    let undo = UndoMergeRequest {
        workspace: "acme".into(),
        contact: other.clone(),
        by: "crm".into(),
    };
    contacts.identity.clone().undo_merge(undo).await?;
    let of = async |contact: &str| {
        let orders: Vec<String> = bought(&contacts, contact)
            .await?
            .into_iter()
            .map(|one| one.order)
            .collect();
        anyhow::Ok(orders)
    };
    assert_eq!(of(&other).await?, ["o-3", "o-2"]);
    assert_eq!(of(&one).await?, ["o-4", "o-1"]);
    Ok(())
}

#[tokio::test]
async fn a_shop_that_may_not_change_purchases_or_phones_tells_of_none_on_nats_either() -> Tested {
    let contacts = Harness::start().await?;
    let give = |role: &str| AssignRoleRequest {
        workspace: "acme".into(),
        integration: "shop".into(),
        role: role.into(),
        by: "ana".into(),
        ..Default::default()
    };
    for (role, field, event) in [("reader", "purchases", 1), ("nameless", "phones", 2)] {
        let fields = [("purchases", FieldAccess::Edit), (field, FieldAccess::See)];
        set(&contacts, role, &fields).await?;
        contacts.roles.clone().assign_role(give(role)).await?;
        publish(&contacts, "acme", order(event, "placed", ann()), "order_placed").await?;
    }
    publish(&contacts, "bolt", order(1, "placed", ann()), "order_placed").await?;
    let stored = async || (contacts.count("SELECT count(*) FROM purchase").await.ok()? == 1).then_some(());
    eventually("the other workspace's order", SOON, stored).await?;
    let known = "SELECT count(*) FROM contact WHERE workspace_id = 'acme'";
    assert_eq!(contacts.count(known).await?, 0);
    Ok(())
}
