//! Erasures of people through the public API, and what the gateway itself holds of them.

use crate::gateway::{World, call};
use crate::peers::TOKEN;
use crate::peers::contacts::{ANN, OTHER};
use anyhow::Result;
use reqwest::Method;
use rpc::contacts::ErasureReason;
use rpc::gateway::ErasePersonRequest;
use rpc::gateway::person_service_client::PersonServiceClient;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

#[tokio::test]
async fn an_erasure_is_asked_for_in_the_integrations_name_and_looked_at() -> Result<()> {
    let world = World::start().await?;
    let path = format!("/v1/contacts/{ANN}/erasures");
    let body = json!({"request_id": "e-1", "reason": "no_longer_needed"});
    let (status, begun) = call(&world, Method::POST, &path, Some(body)).await?;
    let erasure = json!({
        "erasure": OTHER, "contact": ANN, "reason": "no_longer_needed", "by": "helpdesk", "asked_at": "1970-01-01T00:00:00Z",
        "state": "running",
        "steps": [{"step": "gateway", "state": "running", "failures": 2, "failure": "service.unavailable", "erased": {"sessions": 3}}],
    });
    assert_eq!((status, &begun), (202, &erasure));
    let asked = world.peers.memory().erasures[0].clone();
    assert_eq!(
        (
            asked.workspace.as_str(),
            asked.request_id.as_str(),
            asked.reason(),
            asked.by.as_str()
        ),
        ("acme", "e-1", ErasureReason::NoLongerNeeded, "helpdesk")
    );
    let (_, told) = call(&world, Method::GET, &format!("/v1/erasures/{OTHER}"), None).await?;
    assert_eq!(told, erasure);
    let (_, listed) = call(&world, Method::GET, "/v1/erasures?page_size=1", None).await?;
    assert_eq!(listed, json!({"erasures": [erasure], "next_page_token": "next"}));

    for (path, body, status, field) in [
        (
            path.as_str(),
            json!({"request_id": "e-1", "reason": "because"}),
            400,
            "reason",
        ),
        (path.as_str(), json!({"reason": "requested"}), 400, "request_id"),
        (
            path.as_str(),
            json!({"request_id": "e-1", "reason": "requested", "by": "me"}),
            400,
            "by",
        ),
        (
            "/v1/contacts/ann/erasures",
            json!({"request_id": "e-1", "reason": "requested"}),
            400,
            "contact",
        ),
    ] {
        let (answered, problem) = call(&world, Method::POST, path, Some(body)).await?;
        assert_eq!(
            (answered, &problem["field"]),
            (status, &json!(field)),
            "{path}: {problem}"
        );
    }
    let (status, problem) = call(&world, Method::GET, &format!("/v1/erasures/{ANN}"), None).await?;
    assert_eq!((status, &problem["field"]), (404, &json!("erasure")));
    Ok(())
}

#[tokio::test]
async fn an_export_is_one_document_or_breaks_off() -> Result<()> {
    let world = World::start().await?;
    let export = async |contact: &str| {
        let url = world.url(&format!("/v1/contacts/{contact}/export"));
        world.http.get(url).bearer_auth(TOKEN).send().await
    };
    let whole = export(ANN).await?;
    assert_eq!(
        (whole.status().as_u16(), whole.headers()["content-type"].to_str()?),
        (200, "application/json")
    );
    assert_eq!(whole.headers()["cache-control"], "no-store");
    assert_eq!(whole.json::<Value>().await?, json!({"entries": [1, 2]}));
    let broken = export(OTHER).await?;
    assert!(
        broken.text().await.is_err(),
        "what fails on the way is not taken for the end"
    );
    let unknown = export("018f4e3a-0000-7000-8000-00000000dead").await?;
    assert_eq!(
        (unknown.status().as_u16(), &unknown.json::<Value>().await?["field"]),
        (404, &json!("contact"))
    );
    Ok(())
}

#[tokio::test]
async fn the_sessions_of_a_person_end_and_those_of_others_and_elsewhere_do_not() -> Result<()> {
    let world = World::start().await?;
    let theirs = world.session("web").await?;
    let mut admin = PgConnection::connect(&world.database.admin_url()).await?;
    let visitor: String = sqlx::query_scalar("SELECT visitor::text FROM session")
        .fetch_one(&mut admin)
        .await?;
    let others = world.session("web").await?;
    let mut persons = PersonServiceClient::connect(format!("http://{}", world.gateway.running.grpc)).await?;
    let mut erase = async |workspace: &str| {
        let request = ErasePersonRequest {
            workspace: workspace.into(),
            visitors: vec![visitor.clone()],
            conversations: vec![],
        };
        let answer = persons.erase_person(request).await?.into_inner();
        anyhow::Ok(answer.erased.get("sessions").copied())
    };
    assert_eq!(erase("bolt").await?, Some(0));
    world.ticket(&theirs).await?;
    assert_eq!(erase("acme").await?, Some(1));
    assert_eq!(erase("acme").await?, Some(0));
    assert!(world.ticket(&theirs).await.is_err(), "the session is over");
    world.ticket(&others).await?;

    let many = ErasePersonRequest {
        workspace: "acme".into(),
        visitors: vec![visitor; 101],
        conversations: vec![],
    };
    let refused = persons.erase_person(many).await.expect_err("too many");
    assert_eq!(rpc::from_status(&refused).field(), Some("visitors"));
    Ok(())
}
