//! Roles through the public API, and in whose name it asks about contacts.

use crate::gateway::{World, call};
use crate::peers::TOKEN;
use anyhow::Result;
use reqwest::Method;
use rpc::contacts::FieldAccess;
use serde_json::{Value, json};

#[tokio::test]
async fn who_calls_is_told_on_and_what_their_role_does_not_see_is_absent() -> Result<()> {
    let world = World::start().await?;
    let path = "/v1/contacts?purpose=support";
    let (_, all) = call(&world, Method::GET, path, None).await?;
    assert_eq!(
        (&all["contacts"][0]["tags"], &all["contacts"][0]["hidden"]),
        (&json!(["vip"]), &Value::Null)
    );
    let ask = async |agent: &str, role: &str| -> Result<(u16, Value)> {
        let request = world.http.get(world.url(path)).bearer_auth(TOKEN);
        let request = request.header("Homing-Agent", agent).header("Homing-Role", role);
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    };
    let (status, page) = ask("maria", "limited_agent").await?;
    assert_eq!(status, 200, "{page}");
    let one = page["contacts"][0].as_object().expect("an object");
    assert!(!one.contains_key("tags") && !one.contains_key("data"), "{page}");
    assert_eq!(one["hidden"], json!(["data", "tags"]));
    let callers = world.peers.memory().callers.clone();
    let caller = |agent: Option<&str>, role: Option<&str>| {
        Some(rpc::Caller {
            integration: "helpdesk".into(),
            agent: agent.map(str::to_owned),
            role: role.map(str::to_owned),
        })
    };
    // A token is remembered; for whom it was used is not.
    assert_eq!(
        callers,
        [caller(None, None), caller(Some("maria"), Some("limited_agent"))]
    );
    let (status, problem) = ask("Maria!", "agent").await?;
    assert_eq!((status, &problem["field"]), (400, &json!("homing-agent")), "{problem}");

    let change = world
        .http
        .patch(world.url("/v1/contacts/018f4e3a-0000-7000-8000-000000000002"));
    let change = change.bearer_auth(TOKEN).header("Homing-Agent", "maria");
    assert_eq!(change.json(&json!({"name": "Anna"})).send().await?.status(), 200);
    assert_eq!(world.peers.memory().contact_updates[0].by, "helpdesk/maria");
    Ok(())
}

#[tokio::test]
async fn roles_are_seen_set_and_given() -> Result<()> {
    let world = World::start().await?;
    let told = json!({"version": 3, "roles": [{"role": "limited_agent", "fields": {"phones": "see"}, "built_in": true}],
        "integrations": {"crm": "agent"}, "agents": {"maria": "limited_agent"}});
    let (status, roles) = call(&world, Method::GET, "/v1/roles", None).await?;
    assert_eq!((status, &roles), (200, &told));
    let body = json!({"fields": {"phones": "see", "data": "hidden", "tags": "edit"}, "version": 2});
    let (status, roles) = call(&world, Method::PATCH, "/v1/roles/limited_agent", Some(body)).await?;
    assert_eq!((status, &roles), (200, &told));
    let asked = world.peers.memory().roles[0].clone();
    assert_eq!(
        (asked.role.as_str(), asked.version, asked.by.as_str()),
        ("limited_agent", 2, "helpdesk")
    );
    let access = |field: &str| asked.fields.get(field).copied();
    assert_eq!(
        [access("phones"), access("data"), access("tags"), access("name")],
        [
            Some(FieldAccess::See.into()),
            Some(FieldAccess::Hidden.into()),
            Some(FieldAccess::Edit.into()),
            None
        ]
    );
    let body = json!({"role": "agent"});
    let (status, _) = call(&world, Method::PUT, "/v1/integrations/crm/role", Some(body)).await?;
    let given = world.peers.memory().assigned_roles[0].clone();
    assert_eq!(
        (status, given.integration.as_str(), given.role.as_str()),
        (200, "crm", "agent")
    );
    // On the second page, and on none.
    let body = json!({"role": "agent"});
    let (status, _) = call(&world, Method::PUT, "/v1/integrations/shop/role", Some(body.clone())).await?;
    assert_eq!(status, 200);
    let (status, problem) = call(&world, Method::PUT, "/v1/integrations/crmbot/role", Some(body)).await?;
    assert_eq!((status, &problem["field"]), (404, &json!("integration")), "{problem}");
    assert_eq!(world.peers.memory().assigned_roles.len(), 2);
    let body = json!({"role": "limited_agent", "version": 3});
    let (status, roles) = call(&world, Method::PUT, "/v1/agents/maria/role", Some(body)).await?;
    let given = world.peers.memory().assigned_roles[2].clone();
    assert_eq!(
        (status, given.agent.as_str(), given.integration.as_str(), given.version),
        (200, "maria", "", 3)
    );
    assert_eq!(roles["agents"], json!({"maria": "limited_agent"}));
    let (_, changes) = call(&world, Method::GET, "/v1/role-changes", None).await?;
    assert_eq!(
        changes["changes"][0]["changes"],
        json!(["limited_agent.phones: hidden > see"])
    );
    for (body, field) in [
        (json!({"fields": {"phones": "all"}}), "fields.phones"),
        (json!({}), "fields"),
        (json!({"fields": {}, "name": "x"}), "name"),
    ] {
        let (status, problem) = call(&world, Method::PATCH, "/v1/roles/limited_agent", Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    Ok(())
}
