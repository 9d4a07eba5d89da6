use crate::door::{Door, SOON, Tested};
use ::domain::{AgentId, VisitorId, WorkspaceId};
use events::common::PresenceState;
use events::event::AgentAvailability::{Available, Away, Busy, Offline, Unspecified};
use events::event::{AgentAvailabilityChanged, VisitorPresenceChanged};
use fault::Kind;
use rpc::routing::routing_service_client::RoutingServiceClient;
use rpc::routing::{GetAgentRequest, SetAgentAvailabilityRequest};
use std::time::Duration;
use testkit::eventually;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

#[tokio::test]
async fn an_agent_is_known_from_the_first_word_and_each_change_is_told_once() -> Tested {
    let door = Door::open().await?;
    let first = door.set("acme", "ann", Available).await?;
    door.clock.advance(Duration::from_secs(60));
    let again = door.set("acme", "ann", Available).await?;
    assert_eq!((first.version, &first), (1, &again), "the same again changes nothing");
    let busy = door.set("acme", "ann", Busy).await?;
    assert_eq!((busy.version, busy.availability()), (2, Busy));
    assert!(busy.since.map(|at| at.seconds) > first.since.map(|at| at.seconds));
    let told = door
        .told::<AgentAvailabilityChanged>(2, |fact| fact.agent == "ann")
        .await?;
    let told: Vec<_> = told
        .iter()
        .map(|fact| (fact.version, fact.availability(), fact.at))
        .collect();
    assert_eq!(told, [(1, Available, first.since), (2, Busy, busy.since)]);
    assert_eq!(door.list("acme", 0, "").await?.agents, [busy]);
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn one_agent_is_read_by_id_once_they_told_where_they_are() -> Tested {
    let door = Door::open().await?;
    let get = async |workspace: &str, agent: &str| {
        let request = GetAgentRequest {
            workspace: workspace.into(),
            agent: agent.into(),
        };
        let got = door.client().get_agent(request).await?;
        Ok::<_, tonic::Status>(got.into_inner().agent.expect("an agent"))
    };
    let ann = door.set("acme", "ann", Busy).await?;
    assert_eq!(get("acme", "ann").await?, ann);
    for (workspace, agent) in [("acme", "bob"), ("other", "ann")] {
        let unknown = get(workspace, agent).await.expect_err("nobody of this name here");
        assert_eq!(rpc::from_status(&unknown).kind(), Kind::NotFound);
    }
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn agents_are_listed_by_id_page_by_page() -> Tested {
    let door = Door::open().await?;
    for agent in ["dan", "a-1", "cat", "bob", "a0"] {
        door.set("acme", agent, Available).await?;
    }
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let page = door.list("acme", 2, &token).await?;
        pages.push(
            page.agents
                .into_iter()
                .map(|agent| agent.agent)
                .collect::<Vec<_>>()
                .join(" "),
        );
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, ["a-1 a0", "bob cat", "dan"]);
    assert_eq!(
        door.list("acme", 5, "").await?.next_page_token,
        "",
        "a full last page is the last"
    );
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn workspaces_do_not_see_each_other() -> Tested {
    let door = Door::open().await?;
    door.set("acme", "ann", Away).await?;
    door.set("other", "ann", Busy).await?;
    let ann = door.set("other", "ann", Offline).await?;
    assert_eq!(door.list("other", 0, "").await?.agents, [ann]);
    let acme = door.list("acme", 0, "").await?.agents;
    assert_eq!(
        acme.iter()
            .map(|agent| (agent.availability(), agent.version))
            .collect::<Vec<_>>(),
        [(Away, 1)]
    );
    assert!(door.list("nobody", 0, "").await?.agents.is_empty());
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn simultaneous_changes_are_each_counted_and_told() -> Tested {
    let door = Door::open().await?;
    let replica = door.another().await?;
    let clients = [
        door.client(),
        RoutingServiceClient::connect(format!("http://{}", replica.grpc)).await?,
    ];
    let words = [Available, Busy, Away, Offline];
    let calls = (0..24_usize).map(|call| {
        let request = SetAgentAvailabilityRequest {
            workspace: "acme".into(),
            agent: "ann".into(),
            availability: words[call % words.len()].into(),
        };
        let mut client = clients[call / words.len() % 2].clone();
        async move { client.set_agent_availability(request).await }
    });
    for answer in futures::future::join_all(calls).await {
        answer?;
    }
    let now = door.list("acme", 0, "").await?.agents.remove(0);
    let mut told = door
        .told::<AgentAvailabilityChanged>(usize::try_from(now.version)?, |fact| fact.agent == "ann")
        .await?;
    told.sort_by_key(|fact| fact.version);
    assert!(
        told.iter().map(|fact| fact.version).eq(1..=now.version),
        "no version is missing or told twice"
    );
    assert!(told.windows(2).all(|pair| pair[0].availability != pair[1].availability));
    assert_eq!(told.last().map(|fact| fact.availability), Some(now.availability));
    replica.stop().await;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn who_becomes_available_is_of_the_teams_that_are_told_now() -> Tested {
    let door = Door::open().await?;
    door.conversations.join("acme", "sales", "ann");
    door.conversations.join("acme", "sales", "bob");
    door.conversations.join("other", "support", "ann");
    assert!(door.set("acme", "ann", Away).await?.teams.is_empty(), "not asked for");
    assert_eq!(door.set("acme", "ann", Available).await?.teams, ["sales"]);
    door.conversations.join("acme", "vips", "ann");
    let again = door.set("acme", "ann", Available).await?;
    assert_eq!((again.teams.join(" ").as_str(), again.version), ("sales vips", 2));
    door.conversations.truth().is_away = true;
    let refused = door
        .set("acme", "bob", Available)
        .await
        .expect_err("nobody tells the teams");
    assert_eq!(rpc::from_status(&refused).kind(), Kind::Unavailable);
    let offline = door.set("acme", "ann", Offline).await?;
    assert_eq!(offline.teams.len(), 2, "who goes needs nobody");
    assert_eq!(door.list("acme", 0, "").await?.agents, [offline]);
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_console_that_goes_offline_disconnects_its_agent_and_nobody_else() -> Tested {
    let door = Door::open().await?;
    for (workspace, agent) in [("acme", "ann"), ("acme", "bob"), ("other", "ann")] {
        assert!(
            door.set(workspace, agent, Available).await?.is_connected,
            "until told otherwise"
        );
    }
    let console = VisitorId::of_agent(&WorkspaceId::parse("acme")?, &AgentId::parse("ann")?);
    let told = |state: PresenceState, epoch, version| VisitorPresenceChanged {
        visitor: console.to_string(),
        state: state.into(),
        epoch,
        version,
        ..Default::default()
    };
    let disconnected = async |workspace| {
        let agents = door.list(workspace, 0, "").await.ok()?.agents;
        let gone: Vec<String> = agents
            .into_iter()
            .filter(|a| !a.is_connected)
            .map(|a| a.agent)
            .collect();
        Some(gone)
    };
    door.tell("acme", &told(PresenceState::Offline, 1, 4)).await?;
    eventually("ann is gone", SOON, async || {
        disconnected("acme").await.filter(|gone| gone == &["ann"])
    })
    .await?;
    assert_eq!(disconnected("other").await, Some(vec![]));
    door.tell("acme", &told(PresenceState::Online, 1, 3)).await?;
    door.tell("acme", &told(PresenceState::Unknown, 2, 1)).await?;
    eventually("ann is back", SOON, async || {
        disconnected("acme").await.filter(Vec::is_empty)
    })
    .await?;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn bad_input_is_refused_by_field() -> Tested {
    let door = Door::open().await?;
    let refusals = [
        ("workspace", door.set("a.b", "ann", Busy).await.err()),
        ("agent", door.set("acme", "Ann Smith", Busy).await.err()),
        ("availability", door.set("acme", "ann", Unspecified).await.err()),
        ("page_size", door.list("acme", 501, "").await.err()),
        ("page_token", door.list("acme", 0, "no such token").await.err()),
    ];
    for (field, refusal) in refusals {
        let fault = rpc::from_status(&refusal.expect("refused"));
        assert_eq!((fault.kind(), fault.field()), (Kind::InvalidArgument, Some(field)));
    }
    assert!(door.list("acme", 0, "").await?.agents.is_empty(), "nothing half done");
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn health_says_serving() -> Tested {
    let door = Door::open().await?;
    let mut health = HealthClient::new(door.channel.clone());
    let answer = health
        .check(HealthCheckRequest { service: String::new() })
        .await?
        .into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);
    door.running.stop().await;
    Ok(())
}
