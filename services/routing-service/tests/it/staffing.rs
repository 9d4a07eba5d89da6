//! Whether a visitor finds somebody, as it is told.

use crate::desk::{agent, web};
use crate::door::{Door, Tested};
use events::event::{AgentAvailability, TeamStaffingChanged};

/// What was told of a team until now, once it is so much: each version once, in order.
async fn told(door: &Door, team: &str, count: usize) -> anyhow::Result<Vec<bool>> {
    let told = door.told(count, |fact: &TeamStaffingChanged| fact.team == team).await?;
    assert!(told.iter().map(|fact| fact.version).eq(1..=count as u64), "{told:?}");
    Ok(told.into_iter().map(|fact| fact.is_staffed).collect())
}

#[tokio::test]
async fn a_team_has_somebody_while_one_of_it_is_there_and_has_room() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 1).await?;
    assert_eq!(
        told(&door, "", 1).await?,
        [false],
        "who they are is known, and that nobody is there"
    );
    door.set("acme", "ann", AgentAvailability::Busy).await?;
    door.available("ann").await?;
    assert_eq!(told(&door, "sales", 1).await?, [true]);
    assert_eq!(told(&door, "", 2).await?, [false, true]);

    // One who is full is not the last.
    door.available("bob").await?;
    let first = door.waiting().await?;
    let second = door.waiting().await?;
    assert_eq!(told(&door, "sales", 2).await?, [true, false], "alerted is taken");
    let alerted: Vec<_> = [&first, &second].iter().map(|one| one.conversation.clone()).collect();
    door.assign(&alerted[0], None).await?;
    assert_eq!(told(&door, "sales", 3).await?.last(), Some(&true));

    // What is passed on in one step is told as it is afterwards: ann takes what bob loses.
    let holder = if door.in_use("bob").await? == 1 { "bob" } else { "ann" };
    door.set("acme", holder, AgentAvailability::Offline).await?;
    assert_eq!(told(&door, "sales", 4).await?.last(), Some(&false));
    let other = if holder == "bob" { "ann" } else { "bob" };
    door.profile(other, web(2)).await?;
    assert_eq!(told(&door, "sales", 5).await?.last(), Some(&true));
    let another = door.conversation();
    door.assign(&another, agent(other)).await?;
    assert_eq!(told(&door, "sales", 6).await?.last(), Some(&false));
    door.set("acme", other, AgentAvailability::Away).await?;
    door.resolve(&another).await?;
    door.available(other).await?;
    assert_eq!(told(&door, "sales", 7).await?.last(), Some(&true));
    assert_eq!(door.heard::<TeamStaffingChanged>("bolt").len(), 0);
    door.running.stop().await;
    Ok(())
}
