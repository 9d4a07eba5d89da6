//! Segments of contacts through the public API.

use crate::gateway::{World, call};
use crate::peers::TOKEN;
use anyhow::Result;
use reqwest::Method;
use rpc::contacts::Purpose;
use serde_json::{Value, json};

async fn export(world: &World, body: &Value) -> Result<reqwest::Response> {
    let request = world.http.post(world.url("/v1/contact-segments/export"));
    Ok(request.bearer_auth(TOKEN).json(body).send().await?)
}

#[tokio::test]
async fn a_segment_is_counted_and_listed_for_a_purpose() -> Result<()> {
    let world = World::start().await?;
    let count = "/v1/contact-segments/count";
    let body = json!({"purpose": "outreach", "filter": "stage = lead"});
    assert_eq!(
        call(&world, Method::POST, count, Some(body)).await?,
        (200, json!({"contacts": 7}))
    );
    let body = json!({"purpose": "support", "filter": "tag = vip", "page_size": 7, "page_token": "here"});
    let (status, page) = call(&world, Method::POST, "/v1/contact-segments/list", Some(body)).await?;
    assert_eq!(
        (status, &page["contacts"][0]["tags"], &page["next_page_token"]),
        (200, &json!(["vip"]), &json!("next"))
    );
    let asked = world.peers.memory().segments[0].clone();
    assert_eq!(
        (
            asked.purpose(),
            asked.filter.as_str(),
            asked.page_size,
            asked.page_token.as_str()
        ),
        (Purpose::Support, "tag = vip", 7, "here")
    );
    assert_eq!(asked.workspace, "acme");

    for (body, field) in [
        (json!({"purpose": "support", "filter": "colour = red"}), "filter"),
        (json!({"filter": ""}), "purpose"),
        (json!({"purpose": "analytics"}), "purpose"),
        (json!({"purpose": "support", "filter": 1}), "filter"),
        (json!({"purpose": "support", "where": ""}), "where"),
    ] {
        let (status, problem) = call(&world, Method::POST, count, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    Ok(())
}

#[tokio::test]
async fn an_export_is_all_pages_or_breaks_off() -> Result<()> {
    let world = World::start().await?;
    let answer = export(&world, &json!({"purpose": "support", "data": ["size"]})).await?;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(answer.text().await?, "contact,name\n1,Ann\n2,Bea\n");
    let asked = world.peers.memory().exports.clone();
    let tokens: Vec<&str> = asked.iter().map(|one| one.page_token.as_str()).collect();
    assert_eq!(tokens, ["", "next"]);
    assert!(asked.iter().all(|one| one.data == ["size"] && one.page_size == 1_000));

    let refused = export(&world, &json!({"purpose": "support", "data": ["shoe size"]})).await?;
    assert_eq!(refused.status(), 400);
    assert_eq!(refused.json::<Value>().await?["field"], "data");
    // What fails on the way is not taken for the end.
    let broken = export(&world, &json!({"purpose": "support", "filter": "tag = endless"})).await?;
    assert_eq!(broken.status(), 200);
    assert!(broken.text().await.is_err());
    Ok(())
}
