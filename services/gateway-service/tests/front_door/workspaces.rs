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

    let change = json!({"name": "Acme Ltd", "time_zone": "Europe/Paris", "console_url": "https://desk.example/{number}", "version": 4});
    let (status, changed) = call(&world, Method::PATCH, "/v1/workspace", Some(change)).await?;
    assert_eq!(
        (status, &changed["version"], &changed["name"], &changed["console_url"]),
        (
            200,
            &json!(5),
            &json!("Acme Ltd"),
            &json!("https://desk.example/{number}")
        )
    );
    let asked = world.peers.memory().workspaces[0].clone();
    assert_eq!(
        asked.mask.map(|mask| mask.paths),
        Some(["name", "time_zone", "console_url"].map(str::to_owned).to_vec())
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

#[tokio::test]
async fn integrations_are_listed_by_pages() -> Result<()> {
    let world = World::start().await?;
    let (status, first) = call(&world, Method::GET, "/v1/integrations?page_size=1", None).await?;
    let made = "2026-09-21T14:13:20Z";
    let crm = json!({"integration": "crm", "scopes": ["read", "facts"], "token_at": made});
    assert_eq!(
        (status, first),
        (200, json!({"integrations": [crm], "next_page_token": "more"}))
    );
    let (_, second) = call(&world, Method::GET, "/v1/integrations?page_token=more", None).await?;
    let shop = json!({"integration": "shop", "scopes": [], "token_at": made});
    assert_eq!(second, json!({"integrations": [shop]}));
    let (status, problem) = call(&world, Method::GET, "/v1/integrations?page=2", None).await?;
    assert_eq!((status, &problem["field"]), (400, &json!("page")), "{problem}");
    Ok(())
}

#[tokio::test]
async fn opening_hours_are_set_as_a_whole_and_asked_for_a_moment() -> Result<()> {
    let world = World::start().await?;
    let path = "/v1/teams/parcels/opening-hours";
    let (_, none) = call(&world, Method::GET, path, None).await?;
    assert_eq!(none, json!({"hours": null, "version": 0}));
    let week = json!({"time_zone": "Europe/Warsaw", "monday": ["09:00-12:00", "13:00-17:00"], "tuesday": [], "wednesday": [],
        "thursday": [], "friday": ["18:00-26:00"], "saturday": [], "sunday": [], "special_days": {"2026-12-25": []}});
    let body = json!({"hours": week, "version": 3});
    let (status, changed) = call(&world, Method::PUT, path, Some(body)).await?;
    assert_eq!((status, changed), (200, json!({"version": 4})));
    let (_, kept) = call(&world, Method::GET, path, None).await?;
    assert_eq!(kept, json!({"hours": week, "version": 4}));
    let (status, _) = call(&world, Method::PUT, path, Some(json!({"hours": null}))).await?;
    assert_eq!(
        (status, world.peers.memory().opening_hours[1].hours.clone()),
        (200, None)
    );

    let (_, opening) = call(
        &world,
        Method::GET,
        "/v1/teams/parcels/opening?at=2026-01-05T07:00:00Z",
        None,
    )
    .await?;
    assert_eq!(opening, json!({"open": false, "until": "2026-01-05T07:00:00Z"}));
    let (_, now) = call(&world, Method::GET, "/v1/teams/parcels/opening", None).await?;
    assert_eq!(now, json!({"open": true}));
    for (method, path, body, field) in [
        (Method::PUT, path, Some(json!({"version": 1})), "hours"),
        (
            Method::PUT,
            path,
            Some(json!({"hours": {"time_zone": "UTC", "payday": []}})),
            "hours.payday",
        ),
        (
            Method::PUT,
            "/v1/teams/P!/opening-hours",
            Some(json!({"hours": null})),
            "team",
        ),
        (Method::GET, "/v1/teams/parcels/opening?at=noon", None, "at"),
    ] {
        let (status, problem) = call(&world, method, path, body).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    assert_eq!(world.peers.memory().opening_hours.len(), 2);
    Ok(())
}

#[tokio::test]
async fn an_agent_is_read_and_changed_field_by_field() -> Result<()> {
    let world = World::start().await?;
    let (_, read) = call(&world, Method::GET, "/v1/agents/ann", None).await?;
    assert_eq!(
        read,
        json!({ "agent": "ann", "display_name": "Ann", "teams": ["parcels"], "email": "ann@acme.example" })
    );
    let change = json!({ "teams": [], "email": "ann.b@acme.example" });
    let (status, changed) = call(&world, Method::PATCH, "/v1/agents/ann", Some(change)).await?;
    assert_eq!((status, &changed["email"]), (200, &json!("ann.b@acme.example")));
    let asked = world.peers.memory().agents[0].clone();
    assert_eq!(
        asked.mask.map(|mask| mask.paths),
        Some(vec!["teams".into(), "email".into()])
    );
    for (body, field) in [(json!({}), "body"), (json!({ "name": "Ann" }), "name")] {
        let (status, problem) = call(&world, Method::PATCH, "/v1/agents/ann", Some(body)).await?;
        assert_eq!(status, 400, "{problem}");
        assert!(problem.to_string().contains(field), "{problem}");
    }
    assert_eq!(world.peers.memory().agents.len(), 1);
    Ok(())
}
