//! In which teams agents are, as conversation-service tells it.

use crate::desk::{held_by, team, web};
use crate::door::{Door, SOON, Tested};
use events::common::ChannelKind;
use events::event::MembershipChanged;
use testkit::eventually;

async fn tell(door: &Door, workspace: &str, version: u64, teams: &[&str]) -> Tested {
    let fact = MembershipChanged {
        agent: "ann".into(),
        teams: teams.iter().map(|team| (*team).to_owned()).collect(),
        version,
        at: None,
    };
    door.tell(workspace, &fact).await
}

#[tokio::test]
async fn who_joins_a_team_is_offered_what_waits_there_and_the_later_word_counts() -> Tested {
    let door = Door::open().await?;
    door.conversations.channel("acme", "web", ChannelKind::Web, "sales");
    door.conversations.join("acme", "sales", "bob");
    door.conversations.join("acme", "nights", "bob");
    door.conversations.truth().teams_version = 1;
    door.profile("ann", web(1)).await?;
    door.available("ann").await?;
    let first = door.waiting().await?;
    assert_eq!(held_by(&first), "", "she is of no team");

    tell(&door, "bolt", 3, &["sales"]).await?;
    tell(&door, "acme", 2, &["nights", "sales"]).await?;
    let first = door.once_of(&first, "ann").await?;
    door.accept(&first, "ann").await?;

    // Who leaves keeps what they serve, and is given nothing more.
    tell(&door, "acme", 4, &["nights"]).await?;
    eventually("she is of one team", SOON, async || {
        let ann = door.agent("ann").await.ok()?;
        (ann.teams == ["nights"]).then_some(())
    })
    .await?;
    let at_night = door.assign(&door.conversation(), team("nights")).await?;
    tell(&door, "acme", 3, &["sales"]).await?;
    door.profile("ann", web(2)).await?;
    door.once_of(&at_night, "ann").await?;
    assert_eq!(held_by(&door.now(&first).await?), "ann");

    // What was asked before that, and is answered late, is no later word.
    door.profile("ann", web(3)).await?;
    let second = door.waiting().await?;
    door.conversations.join("acme", "sales", "ann");
    door.available("ann").await?;
    assert_eq!(held_by(&door.now(&second).await?), "");
    door.conversations.truth().teams_version = 5;
    door.available("ann").await?;
    assert_eq!(held_by(&door.now(&second).await?), "ann");
    door.running.stop().await;
    Ok(())
}
