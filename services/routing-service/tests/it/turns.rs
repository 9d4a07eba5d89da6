//! Nobody is overtaken, and nobody waits for an agent who went.

use crate::desk::{agent, held_by, team};
use crate::door::{Door, Tested};
use crate::shop::Shop;
use events::event::AgentAvailability::{Busy, Offline};
use events::event::RequestState;

#[tokio::test]
async fn who_gives_a_chat_back_is_given_what_waited_before_it() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 1).await?;
    door.available("ann").await?;
    let served = door.waiting().await?;
    door.accept(&served, "ann").await?;
    let waits = door.waiting().await?;
    assert_eq!((held_by(&waits), waits.position), ("", 1));
    door.assign(&served.conversation, team("sales")).await?;
    assert_eq!(held_by(&door.now(&waits).await?), "ann");
    let given = door.now(&served).await?;
    assert_eq!(
        (given.state(), held_by(&given)),
        (RequestState::Waiting, ""),
        "ann is not asked at once"
    );
    door.available("bob").await?;
    assert_eq!(held_by(&door.now(&served).await?), "bob");
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn nobody_waits_for_who_went() -> Tested {
    let shop = Shop::served_by_ann(600).await?;
    shop.began(1, 8).await?;
    let waits = shop.requested(8).await?;
    assert_eq!((waits.state(), held_by(&waits)), (RequestState::Waiting, ""), "for ann");
    shop.0.set("acme", "ann", Offline).await?;
    assert_eq!(held_by(&shop.0.now(&waits).await?), "bob");
    shop.end().await
}

#[tokio::test]
async fn what_is_passed_to_who_is_not_there_waits_for_everybody() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 2).await?;
    door.available("ann").await?;
    let request = door.waiting().await?;
    door.accept(&request, "ann").await?;
    door.available("bob").await?;
    door.transfer(&request.conversation, "ann", agent("cat")).await?;
    assert_eq!(
        held_by(&door.now(&request).await?),
        "bob",
        "cat never told that they are there"
    );

    // An explicit word for the team ends the waiting for one.
    door.set("acme", "cat", Busy).await?;
    door.accept(&request, "bob").await?;
    door.transfer(&request.conversation, "bob", agent("cat")).await?;
    assert_eq!(held_by(&door.now(&request).await?), "");
    let asked = door.assign(&request.conversation, team("sales")).await?;
    assert_eq!(asked.state(), RequestState::Alerted);
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn whoever_says_again_that_they_are_gone_gives_back_what_they_were_given_meanwhile() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 1).await?;
    door.set("acme", "ann", Offline).await?;
    door.available("bob").await?;
    let conversation = door.conversation();
    let given = door.assign(&conversation, agent("ann")).await?;
    assert_eq!(
        (given.state(), held_by(&given)),
        (RequestState::Serving, "ann"),
        "by hand"
    );
    door.set("acme", "ann", Offline).await?;
    assert_eq!(held_by(&door.now(&given).await?), "bob");
    door.running.stop().await;
    Ok(())
}
