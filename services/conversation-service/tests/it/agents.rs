//! Who answers: teams, and agents in them.

use crate::Tested;
use crate::world::{World, why};
use events::event::MembershipChanged;
use rpc::conversation as proto;

#[tokio::test]
async fn teams_come_before_their_agents() -> Tested {
    let world = World::new().await?;
    let mut workspaces = world.workspaces.clone();
    let bert = |name: &str| proto::CreateAgentRequest {
        workspace: "acme".into(),
        agent: "bert".into(),
        display_name: name.into(),
        teams: vec!["parcels".into()],
        email: "bert@acme.example".into(),
    };
    assert_eq!(
        why(workspaces.create_agent(bert("Bert")).await),
        ("request.invalid", "teams".into())
    );
    let team = proto::CreateTeamRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
        name: "Parcels".into(),
    };
    workspaces.create_team(team.clone()).await?;
    workspaces.create_team(team).await?;
    workspaces.create_agent(bert("Bert")).await?;
    workspaces.create_agent(bert("Bert")).await?;
    let cleo = proto::CreateAgentRequest {
        agent: "cleo".into(),
        ..bert("Cleo")
    };
    workspaces.create_agent(cleo).await?;
    let empty = proto::CreateTeamRequest {
        workspace: "acme".into(),
        team: "empty".into(),
        name: "Nobody yet".into(),
    };
    workspaces.create_team(empty).await?;
    let list = |workspace: &str| proto::ListTeamsRequest {
        workspace: workspace.into(),
    };
    let teams = workspaces.list_teams(list("acme")).await?.into_inner().teams;
    let teams: Vec<(&str, &str, String)> = teams
        .iter()
        .map(|one| (one.team.as_str(), one.name.as_str(), one.agents.join(" ")))
        .collect();
    assert_eq!(
        teams,
        [
            ("empty", "Nobody yet", String::new()),
            ("parcels", "Parcels", "bert cleo".into())
        ]
    );
    world.set_up("bolt").await?;
    assert!(workspaces.list_teams(list("bolt")).await?.into_inner().teams.is_empty());
    assert_eq!(
        why(workspaces.list_teams(list("nobody")).await),
        ("request.not_found", "workspace".into())
    );
    assert_eq!(
        why(workspaces.create_agent(bert("Berta")).await),
        ("request.exists", "agent".into())
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn an_agent_can_be_changed_field_by_field() -> Tested {
    let world = World::new().await?;
    let mut workspaces = world.workspaces.clone();
    for team in ["parcels", "returns"] {
        let team = proto::CreateTeamRequest {
            workspace: "acme".into(),
            team: team.into(),
            name: team.into(),
        };
        workspaces.create_team(team).await?;
    }
    let bert = proto::CreateAgentRequest {
        workspace: "acme".into(),
        agent: "bert".into(),
        display_name: "Bert".into(),
        teams: vec!["parcels".into()],
        email: String::new(),
    };
    workspaces.create_agent(bert).await?;
    let change = |paths: &[&str], agent: proto::Agent| proto::UpdateAgentRequest {
        workspace: "acme".into(),
        agent: Some(proto::Agent {
            agent: "bert".into(),
            ..agent
        }),
        mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
    };
    let wanted = proto::Agent {
        display_name: "ignored: not named".into(),
        teams: vec!["returns".into(), "parcels".into(), "returns".into()],
        email: "Bert@ACME.example".into(),
        ..Default::default()
    };
    let changed = workspaces.update_agent(change(&["teams", "email"], wanted)).await?;
    let expected = proto::Agent {
        agent: "bert".into(),
        display_name: "Bert".into(),
        teams: vec!["parcels".into(), "returns".into()],
        email: "Bert@acme.example".into(),
        teams_version: 2,
    };
    assert_eq!(changed.into_inner().agent, Some(expected.clone()));
    let get = |workspace: &str, agent: &str| proto::GetAgentRequest {
        workspace: workspace.into(),
        agent: agent.into(),
    };
    let read = workspaces.get_agent(get("acme", "bert")).await?.into_inner().agent;
    assert_eq!(read, Some(expected));
    let told = world.facts::<MembershipChanged>(3).await?;
    let told: Vec<_> = told
        .iter()
        .map(|fact| (fact.agent.as_str(), fact.version, fact.teams.join(" ")))
        .collect();
    assert_eq!(
        told,
        [
            ("anna", 1, String::new()),
            ("bert", 1, "parcels".into()),
            ("bert", 2, "parcels returns".into())
        ]
    );
    let named = |field: &str, agent: proto::Agent| change(&[field], agent);
    let wrong = [
        (
            named(
                "email",
                proto::Agent {
                    email: "bert".into(),
                    ..Default::default()
                },
            ),
            "email",
        ),
        (
            named(
                "teams",
                proto::Agent {
                    teams: vec!["nights".into()],
                    ..Default::default()
                },
            ),
            "teams",
        ),
        (named("display_name", proto::Agent::default()), "display_name"),
        (named("agent", proto::Agent::default()), "mask"),
        (change(&[], proto::Agent::default()), "mask"),
    ];
    for (request, field) in wrong {
        let refused = why(workspaces.update_agent(request).await);
        assert_eq!(refused, ("request.invalid", field.into()));
    }
    let none = change(&["teams", "email"], proto::Agent::default());
    let bare = workspaces
        .update_agent(none)
        .await?
        .into_inner()
        .agent
        .unwrap_or_default();
    assert_eq!((bare.teams.len(), bare.email.as_str()), (0, ""));
    world.set_up("bolt").await?;
    let other = why(workspaces.get_agent(get("bolt", "bert")).await);
    assert_eq!(other, ("request.not_found", "agent".into()));
    world.end().await;
    Ok(())
}
