//! Workflows and their runs, for consoles.

use crate::gateway::{World, call};
use crate::peers::workflows::RUN;
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn workflows_are_set_listed_started_shown_and_cancelled() -> Result<()> {
    let world = World::start().await?;
    let (_socket, _, started) = world.started().await?;
    let steps = json!([{"kind": "greet", "text": "Hello"}, {"kind": "wait", "seconds": 60},
        {"kind": "ask_form", "form": "news", "seconds": 600}, {"kind": "message", "text": "Thanks"},
        {"kind": "set_tag", "tag": "asked"}, {"kind": "hand_over", "team": "sales"}]);
    let body = json!({"channel": "web", "trigger": "first_message", "on": true, "steps": steps, "version": 2});
    let path = "/v1/workflows/welcome";
    assert_eq!(
        call(&world, Method::PUT, path, Some(body)).await?,
        (200, json!({"version": 3}))
    );
    let listed = call(&world, Method::GET, "/v1/workflows", None).await?;
    let workflow = json!({"key": "welcome", "channel": "web", "trigger": "first_message", "on": true, "steps": steps, "version": 3});
    assert_eq!(listed, (200, json!({ "workflows": [workflow] })));

    let start = json!({"workflow": "welcome", "agent": "anna", "client_id": "s-1"});
    let path = "/v1/conversations/1/workflow-runs";
    let (status, run) = call(&world, Method::POST, path, Some(start)).await?;
    let expected = json!({"run": RUN, "conversation": started["conversation"], "workflow": "welcome", "workflow_version": 1,
        "state": "waiting", "step": 2, "steps": steps, "skipped": [{"step": 1, "reason": "served"}], "agent": "anna", "version": 2});
    assert_eq!((status, &run), (200, &expected));
    assert_eq!(world.peers.memory().started_workflows[0].request_id, "s-1");
    let of = format!("/v1/workflow-runs/{RUN}");
    assert_eq!(call(&world, Method::GET, &of, None).await?, (200, run.clone()));
    for listed in ["/v1/workflow-runs?conversation=1", "/v1/workflow-runs?active=true"] {
        assert_eq!(
            call(&world, Method::GET, listed, None).await?,
            (200, json!({ "runs": [run] }))
        );
    }
    let (status, ended) = call(&world, Method::POST, &format!("{of}/cancel"), None).await?;
    assert_eq!(
        (status, &ended["state"], &ended["end"]),
        (200, &json!("cancelled"), &json!("by_hand"))
    );
    Ok(())
}

#[tokio::test]
async fn what_no_workflow_can_be_is_refused_by_its_field() -> Result<()> {
    let world = World::start().await?;
    world.started().await?;
    let set = |steps: serde_json::Value| json!({"channel": "web", "trigger": "agent", "on": true, "steps": steps});
    for (method, path, body, field) in [
        (
            Method::PUT,
            "/v1/workflows/w",
            set(json!([{"kind": "loop"}])),
            "steps[0]",
        ),
        (
            Method::PUT,
            "/v1/workflows/w",
            set(json!([{"kind": "wait", "seconds": 1, "until": "noon"}])),
            "steps[0]",
        ),
        (
            Method::PUT,
            "/v1/workflows/w",
            json!({"channel": "web", "on": true, "steps": []}),
            "trigger",
        ),
        (
            Method::POST,
            "/v1/conversations/1/workflow-runs",
            json!({"workflow": "w"}),
            "client_id",
        ),
    ] {
        let (status, problem) = call(&world, method, path, Some(body)).await?;
        assert_eq!(status, 400, "{problem}");
        assert!(
            problem["field"].as_str().unwrap_or_default().starts_with(field),
            "{problem}"
        );
    }
    let path = "/v1/conversations/99/workflow-runs";
    let (status, problem) = call(
        &world,
        Method::POST,
        path,
        Some(json!({"workflow": "w", "client_id": "s-1"})),
    )
    .await?;
    assert_eq!((status, &problem["field"]), (404, &json!("conversation")), "{problem}");
    Ok(())
}
