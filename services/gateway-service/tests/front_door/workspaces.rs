//! The workspace through the public API.

use crate::gateway::{World, call};
use anyhow::Result;
use reqwest::Method;
use rpc::conversation::Scope;
use serde_json::json;

#[tokio::test]
async fn a_workspace_is_read_and_changed_field_by_field() -> Result<()> {
    let world = World::start().await?;
    let (_, read) = call(&world, Method::GET, "/v1/workspace", None).await?;
    let expected =
        json!({"workspace": "acme", "name": "Acme", "time_zone": "Europe/Warsaw", "language": "pl", "version": 1});
    assert_eq!(read, expected);

    let change = json!({"name": "Acme Ltd", "time_zone": "Europe/Paris", "version": 4});
    let (status, changed) = call(&world, Method::PATCH, "/v1/workspace", Some(change)).await?;
    assert_eq!(
        (status, &changed["version"], &changed["name"]),
        (200, &json!(5), &json!("Acme Ltd"))
    );
    let asked = world.peers.memory().workspaces[0].clone();
    assert_eq!(
        asked.mask.map(|mask| mask.paths),
        Some(vec!["name".to_owned(), "time_zone".to_owned()])
    );
    for (nothing, field) in [(json!({"version": 1}), "body"), (json!({"colour": "red"}), "colour")] {
        let (status, problem) = call(&world, Method::PATCH, "/v1/workspace", Some(nothing)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    assert_eq!(world.peers.memory().workspaces.len(), 1);
    let (_, teams) = call(&world, Method::GET, "/v1/teams", None).await?;
    assert_eq!(
        teams,
        json!({"teams": [{"team": "parcels", "name": "Parcels", "agents": ["ann"]}]})
    );
    Ok(())
}

#[tokio::test]
async fn an_integration_gets_other_scopes_or_none() -> Result<()> {
    let world = World::start().await?;
    let path = "/v1/integrations/crm";
    for scopes in [json!(["read", "admin"]), json!([])] {
        let body = json!({ "scopes": scopes });
        let (status, changed) = call(&world, Method::PATCH, path, Some(body.clone())).await?;
        assert_eq!((status, changed), (200, body));
    }
    let asked = world.peers.memory().integrations.clone();
    assert_eq!(
        (asked[0].integration.as_str(), asked[0].scopes.clone(), asked[0].revoked),
        ("crm", vec![Scope::Read.into(), Scope::Admin.into()], false)
    );
    assert!(asked[1].revoked && asked[1].scopes.is_empty());
    for (path, body, field) in [
        (path, json!({"scopes": ["everything"]}), "scopes[0]"),
        (path, json!({}), "scopes"),
        ("/v1/integrations/C!", json!({"scopes": []}), "integration"),
    ] {
        let (status, problem) = call(&world, Method::PATCH, path, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    assert_eq!(world.peers.memory().integrations.len(), 2);
    Ok(())
}
