use crate::door::Door;
use events::event::AgentAvailability::{Available, Away, Busy, Offline, Unspecified};
use fault::Kind;
use std::time::Duration;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

type Tested = anyhow::Result<()>;

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
    let told = door.told("ann", 2).await?;
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
    let words = [Available, Busy, Away, Offline];
    let calls = (0..24_usize).map(|call| door.set("acme", "ann", words[call % words.len()]));
    for answer in futures::future::join_all(calls).await {
        answer?;
    }
    let now = door.list("acme", 0, "").await?.agents.remove(0);
    let told = door.told("ann", usize::try_from(now.version)?).await?;
    assert!(
        told.iter().map(|fact| fact.version).eq(1..=now.version),
        "no version is missing or told twice"
    );
    assert!(told.windows(2).all(|pair| pair[0].availability != pair[1].availability));
    assert_eq!(told.last().map(|fact| fact.availability), Some(now.availability));
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
