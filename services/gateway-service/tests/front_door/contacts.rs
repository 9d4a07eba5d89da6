//! Contacts through the public API.

use crate::gateway::{World, call};
use crate::peers::TOKEN;
use crate::peers::contacts::{ANN, OTHER};
use anyhow::Result;
use reqwest::Method;
use rpc::contacts::{Purpose, Stage, WithdrawnBy};
use serde_json::{Value, json};

#[tokio::test]
async fn a_contact_is_shown_as_far_as_the_purpose_may_see_it() -> Result<()> {
    let world = World::start().await?;
    let path = format!("/v1/contacts/{ANN}?purpose=");
    let (status, support) = call(&world, Method::GET, &format!("{path}support"), None).await?;
    assert_eq!(status, 200, "{support}");
    assert_eq!(
        (&support["name"], &support["stage"], &support["source"]),
        (&json!("Ann"), &json!("lead"), &json!("web"))
    );
    assert_eq!(
        (&support["tags"], &support["time_zone"]),
        (&json!(["vip"]), &json!("Europe/Warsaw"))
    );
    assert_eq!(
        support["data"],
        json!({"size": {"value": "38", "at": "1970-01-01T00:00:00Z", "by": "shop"}})
    );
    assert_eq!(support["captured"][0]["channel"], "web");
    let (_, outreach) = call(&world, Method::GET, &format!("{path}outreach"), None).await?;
    let mut seen: Vec<&String> = outreach.as_object().expect("an object").keys().collect();
    seen.sort();
    assert_eq!(seen, ["addresses", "contact", "created_at", "name", "version"]);

    let (_, page) = call(
        &world,
        Method::GET,
        "/v1/contacts?purpose=support&stage=customer&tag=vip&page_size=7",
        None,
    )
    .await?;
    assert_eq!(
        (&page["contacts"][0]["version"], &page["next_page_token"]),
        (&json!(3), &json!("next"))
    );
    let asked = world.peers.memory().contact_lists[0].clone();
    assert_eq!(
        (asked.purpose(), asked.stage(), asked.tag.as_str(), asked.page_size),
        (Purpose::Support, Stage::Customer, "vip", 7)
    );

    let (_, changes) = call(
        &world,
        Method::GET,
        &format!("/v1/contacts/{ANN}/changes?purpose=support"),
        None,
    )
    .await?;
    let change = json!({"version": 3, "at": "1970-01-01T00:00:00Z", "by": "shop",
        "fields": [{"field": "data.size", "after": "38"}]});
    assert_eq!(changes, json!({ "changes": [change] }));
    Ok(())
}

#[tokio::test]
async fn a_contact_is_changed_field_by_field_and_not_over_a_newer_version() -> Result<()> {
    let world = World::start().await?;
    let path = format!("/v1/contacts/{ANN}");
    let body = json!({"stage": "customer", "tags": [], "data": {"size": "40", "colour": null}, "version": 3});
    let (status, changed) = call(&world, Method::PATCH, &path, Some(body)).await?;
    assert_eq!((status, &changed["version"]), (200, &json!(4)));
    let asked = world.peers.memory().contact_updates[0].clone();
    assert_eq!(
        asked.mask.map(|mask| mask.paths),
        Some(
            ["stage", "tags", "data.colour", "data.size"]
                .map(str::to_owned)
                .to_vec()
        )
    );
    assert_eq!(
        (asked.by.as_str(), asked.data.len(), asked.data.get("size")),
        ("helpdesk", 1, Some(&"40".into()))
    );

    let stale = json!({"name": "Anna", "version": 2});
    let (status, problem) = call(&world, Method::PATCH, &path, Some(stale)).await?;
    assert_eq!(
        (status, &problem["code"], &problem["field"]),
        (409, &json!("request.conflict"), &json!("version"))
    );
    for (nothing, field) in [
        (json!({"version": 1}), "body"),
        (json!({"stage": "friend"}), "stage"),
        (json!({"verified": true}), "verified"),
        (json!({"data": {"size": 38}}), "data.size"),
    ] {
        let (status, problem) = call(&world, Method::PATCH, &path, Some(nothing)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    for (path, field) in [
        ("/v1/contacts".to_owned(), "query"),
        ("/v1/contacts?purpose=analytics".into(), "purpose"),
        ("/v1/contacts/ann?purpose=support".into(), "contact"),
    ] {
        let (status, problem) = call(&world, Method::GET, &path, None).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{path}: {problem}");
    }
    Ok(())
}

#[tokio::test]
async fn a_consent_is_recorded_taken_back_and_both_are_told() -> Result<()> {
    let world = World::start().await?;
    let path = format!("/v1/contacts/{ANN}");
    let form = json!({"request_id": "form-1", "purpose": "outreach", "addresses": [ANN], "form": "newsletter",
        "form_version": 3, "language": "pl", "given_at": "2026-11-01T12:00:00Z"});
    let consents = format!("{path}/consents");
    let (status, recorded) = call(&world, Method::POST, &consents, Some(form.clone())).await?;
    let mut told = json!({"consent": "018f4e3a-0000-7000-8000-000000000003", "purpose": "outreach", "addresses": [ANN],
        "form": "newsletter", "form_version": 3, "language": "pl", "given_at": "2026-11-01T12:00:00Z"});
    assert_eq!((status, &recorded), (200, &told));
    let asked = world.peers.memory().consents[0].clone();
    assert_eq!(
        (asked.request_id.as_str(), asked.contact.as_str(), asked.purpose()),
        ("form-1", ANN, Purpose::Outreach)
    );

    let back = json!({"purpose": "outreach", "by": "agent"});
    let (_, ended) = call(&world, Method::POST, &format!("{path}/withdrawals"), Some(back)).await?;
    told["withdrawn_at"] = json!("1970-01-01T00:00:00Z");
    told["withdrawn_by"] = json!("agent");
    assert_eq!(ended, json!({ "consents": [told] }));
    let asked = world.peers.memory().withdrawals[0].clone();
    assert_eq!((asked.by(), asked.at), (WithdrawnBy::Agent, None));
    let (_, record) = call(&world, Method::GET, &consents, None).await?;
    let withdrawal = json!({"purpose": "outreach", "at": "1970-01-01T00:00:00Z", "by": "agent"});
    assert_eq!(record, json!({"consents": [told], "withdrawals": [withdrawal]}));

    let without = |field: &str| {
        let mut form = form.clone();
        form.as_object_mut().expect("an object").remove(field);
        form
    };
    let with = |field: &str, value: Value| {
        let mut form = form.clone();
        form[field] = value;
        form
    };
    for (body, field) in [
        (without("given_at"), "given_at"),
        (without("request_id"), "request_id"),
        (with("given_at", json!("yesterday")), "given_at"),
        (with("purpose", json!("analytics")), "purpose"),
        (with("wording", json!("I agree")), "wording"),
    ] {
        let (status, problem) = call(&world, Method::POST, &consents, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    assert_eq!(world.peers.memory().consents.len(), 1);
    Ok(())
}

#[tokio::test]
async fn conflicts_are_seen_and_settled_and_contacts_merged_and_taken_apart() -> Result<()> {
    let world = World::start().await?;
    let (_, page) = call(&world, Method::GET, "/v1/contact-conflicts?page_size=7", None).await?;
    let one = &page["conflicts"][0];
    assert_eq!(
        (
            &one["contact"]["name"],
            &one["other_name"],
            &one["other"],
            &page["next_page_token"]
        ),
        (&json!("Ann"), &json!("Anna"), &Value::Null, &json!("next"))
    );
    let path = format!("/v1/contact-conflicts/{OTHER}");
    let answer = world.http.delete(world.url(&path)).bearer_auth(TOKEN).send().await?;
    assert_eq!(answer.status(), 204);

    let merges = format!("/v1/contacts/{ANN}/merges");
    let (status, merged) = call(&world, Method::POST, &merges, Some(json!({ "other": OTHER }))).await?;
    assert_eq!((status, &merged["contact"]), (200, &json!(ANN)));
    let (status, _) = call(&world, Method::DELETE, &format!("/v1/contacts/{OTHER}/merge"), None).await?;
    assert_eq!(status, 200);
    {
        let memory = world.peers.memory();
        let asked = (&memory.merges[0], &memory.undone_merges[0], &memory.dismissed[0]);
        assert_eq!(
            (asked.0.contact.as_str(), asked.0.other.as_str(), asked.0.by.as_str()),
            (ANN, OTHER, "helpdesk")
        );
        assert_eq!((asked.1.contact.as_str(), asked.1.by.as_str()), (OTHER, "helpdesk"));
        assert_eq!((asked.2.conflict.as_str(), asked.2.by.as_str()), (OTHER, "helpdesk"));
    }
    for (body, field) in [
        (json!({}), "other"),
        (json!({"other": "bea"}), "other"),
        (json!({"into": ANN}), "into"),
    ] {
        let (status, problem) = call(&world, Method::POST, &merges, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    Ok(())
}

#[tokio::test]
async fn purchases_are_shown_with_lines_parcels_and_history_for_support_alone() -> Result<()> {
    let world = World::start().await?;
    let path = format!("/v1/contacts/{ANN}/purchases?purpose=");
    let (status, page) = call(&world, Method::GET, &format!("{path}support"), None).await?;
    let zero = "1970-01-01T00:00:00Z";
    let told = json!({"integration": "shop", "order": "o-1", "version": 2, "status": "shipped", "currency": "PLN",
        "total_minor": 12_900, "lines": [{"name": "Shoes", "quantity": 1, "unit_minor": 12_900}],
        "parcels": [{"carrier": "InPost", "tracking_number": "6000123"}], "placed_at": zero, "changed_at": zero,
        "history": [{"version": 2, "status": "shipped", "at": zero, "recorded_at": zero}]});
    assert_eq!(
        (status, page),
        (200, json!({"purchases": [told], "next_page_token": "next"}))
    );
    let (status, problem) = call(&world, Method::GET, &format!("{path}outreach"), None).await?;
    assert_eq!((status, &problem["code"]), (403, &json!("access.purpose")));
    Ok(())
}

#[tokio::test]
async fn who_talked_to_a_contact_is_shown_for_support_alone() -> Result<()> {
    let world = World::start().await?;
    let path = format!("/v1/contacts/{ANN}/interactions?purpose=");
    let (status, page) = call(&world, Method::GET, &format!("{path}support"), None).await?;
    let zero = "1970-01-01T00:00:00Z";
    let told = json!({"conversation": OTHER, "number": 17, "channel": "web",
        "started_at": zero, "talks": [{"agent": "maria", "messages": 2, "first_at": zero, "last_at": zero}]});
    assert_eq!(
        (status, page),
        (200, json!({"interactions": [told], "next_page_token": "next"}))
    );
    let (status, problem) = call(&world, Method::GET, &format!("{path}outreach"), None).await?;
    assert_eq!((status, &problem["code"]), (403, &json!("access.purpose")));
    Ok(())
}

#[tokio::test]
async fn orders_of_a_batch_go_to_contacts_and_every_event_has_its_own_answer() -> Result<()> {
    let world = World::start().await?;
    let event = |id: &str, kind: &str, data: Value| {
        json!({"specversion": "1.0", "id": id, "source": "helpdesk", "type": kind, "subject": "s-1",
            "time": "2026-11-01T12:00:00Z", "data": data})
    };
    let batch = json!([
        event("m-1", "homing.message.v1", json!({})),
        event("o-1", "homing.order_placed.v1", json!({"version": 1})),
        event("m-2", "homing.message.v1", json!({})),
        event("o-2", "homing.order_updated.v1", json!({"version": 0})),
    ]);
    let answer = reqwest::Client::new()
        .post(world.url("/v1/events"))
        .bearer_auth(TOKEN)
        .header("content-type", "application/cloudevents-batch+json")
        .body(batch.to_string())
        .send()
        .await?;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await?;
    let told: Vec<(&Value, &Value)> = answer["outcomes"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|outcome| (&outcome["id"], &outcome["accepted"]))
        .collect();
    let (yes, no) = (json!(true), json!(false));
    let ids = ["m-1", "o-1", "m-2", "o-2"].map(|id| json!(id));
    assert_eq!(
        told,
        [(&ids[0], &yes), (&ids[1], &yes), (&ids[2], &yes), (&ids[3], &no)]
    );
    assert_eq!(answer["outcomes"][3]["field"], "data.version");
    let asked = world.peers.memory().orders[0].clone();
    assert_eq!(
        (asked.workspace.as_str(), asked.integration.as_str(), asked.events.len()),
        ("acme", "helpdesk", 2)
    );
    Ok(())
}
