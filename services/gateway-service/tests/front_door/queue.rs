//! Agents, the queue, and what channels do by themselves, for consoles and integrations.

use crate::gateway::{World, call, text};
use crate::peers::TOKEN;
use crate::peers::routing::{INVITATION, REQUEST};
use anyhow::Result;
use events::event::{AgentAvailability, AssigneeKind, InvitationState, ProactiveMode};
use reqwest::Method;
use rpc::routing::{Invitation, WatchInvitationResponse};
use serde_json::json;

#[tokio::test]
async fn agents_are_listed_and_their_status_is_set() -> Result<()> {
    let world = World::start().await?;
    let path = "/v1/agents/ann/availability";
    let (status, agent) = call(&world, Method::PUT, path, Some(json!({"availability": "busy"}))).await?;
    assert_eq!((status, &agent["availability"]), (200, &json!("busy")));
    let asked = world.peers.desk().availabilities[0].clone();
    assert_eq!(
        (asked.agent.as_str(), asked.availability()),
        ("ann", AgentAvailability::Busy)
    );
    let (_, page) = call(&world, Method::GET, "/v1/agents?page_size=1", None).await?;
    let first = &page["agents"][0];
    assert_eq!(
        (&first["agent"], &page["next_page_token"]),
        (&json!("adam"), &json!("adam"))
    );
    assert_eq!(
        (&first["profile"], &first["in_use"]),
        (
            &json!({"languages": ["pl"], "capacity": {"web": 4}}),
            &json!({"web": 1})
        )
    );
    let profile = json!({"languages": ["pl", "en"], "capacity": {"web": 2, "whatsapp": 0}});
    let (_, agent) = call(&world, Method::PUT, "/v1/agents/ann/profile", Some(profile.clone())).await?;
    assert_eq!(agent["profile"], profile);
    assert_eq!(world.peers.desk().profiles[0].agent, "ann");
    for (path, body, field) in [
        ("/v1/agents/ann/profile", json!({"capacity": {"pigeon": 1}}), "capacity"),
        ("/v1/agents/ann/profile", json!({"language": "pl"}), "language"),
        (path, json!({"availability": "gone"}), "availability"),
        ("/v1/agents/A!/availability", json!({"availability": "busy"}), "agent"),
    ] {
        let (status, problem) = call(&world, Method::PUT, path, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    Ok(())
}

#[tokio::test]
async fn chats_that_wait_are_listed_and_alerts_are_answered() -> Result<()> {
    let world = World::start().await?;
    let (_, page) = call(&world, Method::GET, "/v1/requests?team=parcels&agent=ann", None).await?;
    let one = &page["requests"][0];
    assert_eq!((&one["request"], &one["state"]), (&json!(REQUEST), &json!("alerted")));
    assert_eq!(
        (&one["kind"], &one["assignee"]),
        (&json!("web"), &json!({"kind": "agent", "id": "ann"}))
    );
    assert_eq!(one["page"]["url"], "https://shop.example/pricing");
    call(&world, Method::GET, "/v1/requests?team=", None).await?;
    call(&world, Method::GET, "/v1/requests", None).await?;
    let teams: Vec<_> = world.peers.desk().lists.iter().map(|list| list.team.clone()).collect();
    assert_eq!(teams, [Some("parcels".into()), Some(String::new()), None]);

    let path = |verb: &str| format!("/v1/requests/{REQUEST}{verb}");
    assert_eq!(call(&world, Method::GET, &path(""), None).await?.0, 200);
    let ann = json!({"agent": "ann"});
    let (status, taken) = call(&world, Method::POST, &path("/accept"), Some(ann.clone())).await?;
    assert_eq!((status, &taken["state"]), (200, &json!("serving")));
    let declined = world
        .http
        .post(world.url(&path("/decline")))
        .bearer_auth(TOKEN)
        .json(&ann);
    assert_eq!(declined.send().await?.status(), 204);
    let first = json!({"agent": "ann", "text": "May I help?"});
    let (_, started) = call(&world, Method::POST, &path("/start"), Some(first)).await?;
    assert_eq!(started["number"], 12);
    assert_eq!(world.peers.desk().started[0].text, "May I help?");
    for (path, body, status, field) in [
        (path("/accept"), json!({}), 400, "agent"),
        (path("/start"), json!({"agent": "ann", "text": " "}), 400, "text"),
        ("/v1/requests/nothing/accept".into(), ann, 404, "request"),
    ] {
        let (got, problem) = call(&world, Method::POST, &path, Some(body)).await?;
        assert_eq!((got, &problem["field"]), (status, &json!(field)), "{problem}");
    }
    Ok(())
}

#[tokio::test]
async fn a_conversation_is_given_to_somebody_and_passed_on() -> Result<()> {
    let world = World::start().await?;
    world.started().await?;
    let path = "/v1/conversations/1/assignee";
    let boss = json!({"kind": "admin", "id": "boss", "by": "ann"});
    let (status, request) = call(&world, Method::PUT, path, Some(boss)).await?;
    assert_eq!((status, &request["assignee"]["kind"]), (200, &json!("admin")));
    let (_, request) = call(&world, Method::PUT, path, Some(json!({"kind": "none"}))).await?;
    assert_eq!(request["assignee"], json!(null));
    {
        let desk = world.peers.desk();
        let kinds: Vec<_> = desk
            .assigned
            .iter()
            .map(|one| one.assignee.clone().map(|to| to.kind()))
            .collect();
        assert_eq!(kinds, [Some(AssigneeKind::Admin), None]);
        assert_eq!(desk.assigned[0].by, "ann");
    }
    let pass = json!({"agent": "ann", "to": {"kind": "team", "id": "parcels"}});
    let transfer = "/v1/conversations/1/transfer";
    let (_, request) = call(&world, Method::POST, transfer, Some(pass)).await?;
    assert_eq!(
        (&request["state"], &request["position"]),
        (&json!("waiting"), &json!(1))
    );
    let (_, told) = call(&world, Method::GET, "/v1/conversations/1/assignments?after=0", None).await?;
    let causes = [&told["assignments"][0]["cause"], &told["assignments"][1]["cause"]];
    assert_eq!(causes, ["queued", "assigned"]);
    for (method, path, body, field) in [
        (Method::PUT, path, json!({"kind": "agent"}), "id"),
        (Method::PUT, path, json!({"kind": "none", "id": "ann"}), "id"),
        (Method::PUT, path, json!({"kind": "ghost", "id": "ann"}), "kind"),
        (Method::POST, transfer, json!({"agent": "ann"}), "to"),
    ] {
        let (status, problem) = call(&world, method, path, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    Ok(())
}

#[tokio::test]
async fn what_a_channel_does_by_itself_is_set_as_a_whole() -> Result<()> {
    let world = World::start().await?;
    let path = "/v1/channels/web/routing";
    let (_, read) = call(&world, Method::GET, path, None).await?;
    assert_eq!((&read["mode"], &read["version"]), (&json!("off"), &json!(0)));
    let rule = json!({"name": "prices", "page_seconds": 20, "page": "/pricing*"});
    let body = json!({"mode": "with_invitation", "rules": [rule], "version": 4});
    let (status, set) = call(&world, Method::PUT, path, Some(body)).await?;
    assert_eq!((status, &set["version"]), (200, &json!(5)));
    let sent = world.peers.desk().settings[0].clone();
    let routing = sent.routing.unwrap_or_default();
    assert_eq!((sent.version, routing.mode()), (4, ProactiveMode::WithInvitation));
    // What is left out has the default that the contract names.
    assert_eq!(
        (
            routing.declined_days,
            routing.per_visitor_day,
            routing.answer_seconds,
            routing.alert_seconds
        ),
        (30, 1, 120, 30)
    );
    assert_eq!((routing.rules[0].priority, routing.rules[0].once_in_days), (5, 1));
    let (status, problem) = call(&world, Method::PUT, path, Some(json!({"mode": "loud"}))).await?;
    assert_eq!((status, &problem["field"]), (400, &json!("mode")));
    let detail = text(&problem, "detail")?;
    assert!(
        detail.contains("must be one of off, with_invitation, without_invitation"),
        "{detail}"
    );
    assert!(!detail.contains("loud"), "{detail}");
    // What the service behind refuses is named as it stands in the body.
    let rule = json!({"name": "prices", "page": "pricing"});
    let body = json!({"mode": "with_invitation", "rules": [rule]});
    let (status, problem) = call(&world, Method::PUT, path, Some(body)).await?;
    assert_eq!((status, &problem["field"]), (400, &json!("rules[0].page")), "{problem}");
    Ok(())
}

#[tokio::test]
async fn invitations_are_listed() -> Result<()> {
    let world = World::start().await?;
    let invitation = Invitation {
        invitation: INVITATION.into(),
        channel: "web".into(),
        mode: ProactiveMode::WithInvitation.into(),
        state: InvitationState::Declined.into(),
        rule: "prices".into(),
        ..Default::default()
    };
    world.peers.desk().invitation.tell(WatchInvitationResponse {
        invitation: Some(invitation),
        ..Default::default()
    });
    let (_, page) = call(&world, Method::GET, "/v1/invitations?channel=web", None).await?;
    let one = &page["invitations"][0];
    assert_eq!(
        (&one["state"], &one["mode"]),
        (&json!("declined"), &json!("with_invitation"))
    );
    let (_, page) = call(&world, Method::GET, "/v1/invitations?channel=other", None).await?;
    assert_eq!(page["invitations"], json!([]));
    Ok(())
}
