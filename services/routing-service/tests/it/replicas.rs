//! Several processes on one database, and processes that end.

use crate::desk::held_by;
use crate::door::{Door, Tested};
use events::event::{RequestChanged, RequestState};
use rpc::routing::queue_service_client::QueueServiceClient;
use rpc::routing::{AcceptAlertRequest, AssignRequest};
use std::collections::BTreeMap;
use std::time::Duration;

#[tokio::test]
async fn two_agents_never_get_the_same_whichever_replica_they_ask() -> Tested {
    let door = Door::open().await?;
    let replica = door.another().await?;
    let there = QueueServiceClient::connect(format!("http://{}", replica.grpc)).await?;
    let (here, agents) = (door.queue(), ["ann", "bob", "cat", "dan"]);
    door.sales(&agents, 2).await?;
    for agent in agents {
        door.available(agent).await?;
    }
    // Twenty come at once through both; eight find somebody.
    let coming = (0..20usize).map(|n| {
        let request = AssignRequest {
            workspace: "acme".into(),
            conversation: door.conversation(),
            assignee: crate::desk::team("sales"),
            by: String::new(),
        };
        let mut client = [&here, &there][n % 2].clone();
        async move { client.assign(request).await }
    });
    for answer in futures::future::join_all(coming).await {
        answer?;
    }
    let listed = door.requests().await?;
    let alerted: Vec<_> = listed
        .iter()
        .filter(|one| one.state() == RequestState::Alerted)
        .collect();
    let mut by_agent: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &alerted {
        *by_agent.entry(held_by(one)).or_default() += 1;
    }
    assert_eq!(by_agent, agents.map(|agent| (agent, 2)).into());
    let waiting = listed.iter().filter(|one| one.state() == RequestState::Waiting);
    assert!(waiting.map(|one| one.position).eq(1..=12), "each has its place");

    // Everybody takes everything: only what they are alerted to is theirs.
    let takes = alerted.iter().flat_map(|one| agents.map(|agent| (one, agent)));
    let takes = takes.enumerate().map(|(n, (one, agent))| {
        let request = AcceptAlertRequest {
            workspace: "acme".into(),
            request: one.request.clone(),
            agent: agent.into(),
        };
        let mut client = [&here, &there][n % 2].clone();
        async move { client.accept_alert(request).await.is_ok() == (held_by(one) == agent) }
    });
    assert!(
        futures::future::join_all(takes)
            .await
            .into_iter()
            .all(|as_it_should| as_it_should)
    );
    let told = door.told::<RequestChanged>(20 + 8 + 8, |_| true).await?;
    let mut versions: Vec<_> = told.iter().map(|fact| (&fact.request, fact.version)).collect();
    versions.sort();
    versions.dedup();
    assert_eq!(versions.len(), 36, "no version is told twice");
    replica.stop().await;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_one_process_began_another_goes_on_with() -> Tested {
    let mut door = Door::open().await?;
    door.sales(&["ann", "bob"], 1).await?;
    door.available("ann").await?;
    door.available("bob").await?;
    let request = door.waiting().await?;
    assert_eq!(held_by(&request), "ann");
    door.replace().await?;
    assert_eq!(door.now(&request).await?, request);
    door.clock.advance(Duration::from_secs(30));
    door.once_of(&request, "bob").await?;
    door.accept(&request, "bob").await?;
    assert_eq!((door.in_use("ann").await?, door.in_use("bob").await?), (0, 1));
    door.running.stop().await;
    Ok(())
}
