//! Who is served, by whom, and when.

use crate::desk::{held_by, refusal, team, web};
use crate::door::{Door, Tested};
use ::domain::{AgentId, VisitorId, WorkspaceId};
use events::common::PresenceState;
use events::event::{AgentAvailability, RequestState, VisitorPresenceChanged};
use std::time::Duration;

const ALERT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn those_who_wait_are_served_in_their_order_as_capacity_comes() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 1).await?;
    let mut waiting = Vec::new();
    for position in 1..=3 {
        let request = door.waiting().await?;
        assert_eq!((request.state(), request.position), (RequestState::Waiting, position));
        waiting.push(request);
    }
    let listed: Vec<_> = door
        .requests()
        .await?
        .into_iter()
        .map(|one| (one.request, one.position))
        .collect();
    let expected: Vec<_> = waiting.iter().map(|one| one.request.clone()).zip(1..).collect();
    assert_eq!(listed, expected);

    assert_eq!(
        door.available("ann").await?.in_use[0].chats,
        1,
        "given what waits at once"
    );
    let first = door.now(&waiting[0]).await?;
    assert_eq!(
        (first.state(), held_by(&first), first.position),
        (RequestState::Alerted, "ann", 0)
    );
    assert_eq!(door.now(&waiting[2]).await?.position, 2, "everybody moves up");
    let served = door.accept(&first, "ann").await?;
    assert_eq!(served.state(), RequestState::Serving);
    assert_eq!(
        door.accept(&first, "ann").await?,
        served,
        "the same again answers the same"
    );

    door.resolve(&served.conversation).await?;
    door.once_of(&waiting[1], "ann").await?;
    assert_eq!(door.now(&served).await?.state(), RequestState::Done);
    door.profile("ann", web(2)).await?;
    assert_eq!(
        held_by(&door.now(&waiting[2]).await?),
        "ann",
        "more capacity drains at once"
    );
    assert_eq!(
        door.history(&served.conversation).await?,
        ["assigned sales", "alerted ann", "accepted ann", "resolved "]
    );
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_alert_that_is_not_taken_goes_to_the_next_agent_and_is_repeated() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 1).await?;
    door.available("ann").await?;
    door.available("bob").await?;
    let request = door.waiting().await?;
    assert_eq!(held_by(&request), "ann");
    let refused = door.accept(&request, "bob").await;
    assert_eq!(refusal(refused), ("alert.over", "request".to_owned()));

    door.decline(&request, "ann").await?;
    door.decline(&request, "ann").await?;
    assert_eq!(
        held_by(&door.now(&request).await?),
        "bob",
        "a declined one goes on at once"
    );
    assert_eq!(refusal(door.decline(&request, "cat").await).0, "alert.over");
    assert_eq!(door.in_use("ann").await?, 0);
    door.clock.advance(ALERT);
    assert_eq!(
        refusal(door.accept(&request, "bob").await).0,
        "alert.over",
        "even before it went on"
    );
    door.once_of(&request, "ann").await?;
    door.clock.advance(ALERT);
    door.once_of(&request, "bob").await?;
    door.clock.advance(ALERT - Duration::from_secs(1));
    door.accept(&request, "bob").await?;
    let told = [
        "assigned sales",
        "alerted ann",
        "declined sales",
        "alerted bob",
        "missed sales",
        "alerted ann",
        "missed sales",
        "alerted bob",
        "accepted bob",
    ];
    assert_eq!(door.history(&request.conversation).await?, told);
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn who_is_alone_is_asked_again_after_a_while() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 1).await?;
    door.available("ann").await?;
    let request = door.waiting().await?;
    door.decline(&request, "ann").await?;
    let after = door.waiting().await?;
    assert_eq!(held_by(&door.now(&request).await?), "", "not at once");
    assert_eq!(held_by(&after), "ann", "what comes later does not wait for that");
    door.resolve(&after.conversation).await?;
    door.once("it is over", &after, |now| now.state() == RequestState::Done)
        .await?;
    assert_eq!(door.now(&request).await?.position, 1);
    door.clock.advance(ALERT);
    door.once_of(&request, "ann").await?;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_least_loaded_is_asked_first_then_who_was_given_nothing_for_longest() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 2).await?;
    door.profile("bob", web(4)).await?;
    door.available("ann").await?;
    door.available("bob").await?;
    let mut asked = Vec::new();
    for _ in 0..6 {
        asked.push(held_by(&door.waiting().await?).to_owned());
    }
    assert_eq!(asked, ["ann", "bob", "bob", "ann", "bob", "bob"]);
    assert_eq!(held_by(&door.waiting().await?), "", "nobody is over capacity");
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn only_members_who_speak_the_language_are_asked() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 1).await?;
    door.available("bob").await?;
    let request = door.waiting().await?;
    assert_eq!(held_by(&request), "", "bob is of no team");
    let mut french = web(1);
    french.languages = vec!["fr".into()];
    door.profile("ann", french.clone()).await?;
    door.available("ann").await?;
    assert_eq!(held_by(&door.now(&request).await?), "", "the channel speaks English");
    french.languages.push("en".into());
    let ann = door.profile("ann", french).await?;
    assert_eq!(
        ann.profile.map(|profile| profile.languages),
        Some(vec!["fr".into(), "en".into()])
    );
    assert_eq!(held_by(&door.now(&request).await?), "ann");
    door.conversations.join("acme", "support", "zoe");
    let moved = door.assign(&request.conversation, team("support")).await?;
    assert_eq!(
        (held_by(&moved), moved.team.as_str(), moved.position),
        ("", "support", 1)
    );
    assert_eq!(door.in_use("ann").await?, 0);
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_capacity_below_what_is_held_is_taken_and_nothing_new_comes() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 2).await?;
    door.available("ann").await?;
    let held = [door.waiting().await?, door.waiting().await?];
    let ann = door.profile("ann", web(1)).await?;
    assert_eq!(
        (ann.in_use[0].chats, ann.profile.unwrap_or_default().capacity[0].chats),
        (2, 1)
    );
    let waits = door.waiting().await?;
    door.resolve(&held[0].conversation).await?;
    door.once("one is over", &held[0], |now| now.state() == RequestState::Done)
        .await?;
    assert_eq!(held_by(&door.now(&waits).await?), "");
    door.resolve(&held[1].conversation).await?;
    door.once_of(&waits, "ann").await?;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_an_agent_held_who_goes_offline_goes_back_to_the_front() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 2).await?;
    door.available("ann").await?;
    let (served, alerted) = (door.waiting().await?, door.waiting().await?);
    door.accept(&served, "ann").await?;
    let behind = door.waiting().await?;
    door.set("acme", "ann", AgentAvailability::Busy).await?;
    assert_eq!(door.in_use("ann").await?, 2, "who is busy keeps what they have");
    door.set("acme", "ann", AgentAvailability::Offline).await?;
    let order: Vec<_> = door
        .requests()
        .await?
        .into_iter()
        .map(|one| (one.request, one.priority, one.position))
        .collect();
    let expected = [(&served, 0, 1), (&alerted, 5, 2), (&behind, 5, 3)];
    assert_eq!(
        order,
        expected.map(|(one, priority, position)| (one.request.clone(), priority, position))
    );
    assert_eq!(door.in_use("ann").await?, 0);
    door.available("bob").await?;
    assert_eq!(held_by(&door.now(&served).await?), "bob");
    assert_eq!(held_by(&door.now(&behind).await?), "");
    assert_eq!(refusal(door.accept(&served, "ann").await).0, "alert.over");
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_lost_console_gives_back_what_its_agent_held() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 1).await?;
    door.available("ann").await?;
    let request = door.waiting().await?;
    door.accept(&request, "ann").await?;
    door.available("bob").await?;
    let console = VisitorId::of_agent(&WorkspaceId::parse("acme")?, &AgentId::parse("ann")?);
    let told = |state: PresenceState, version| VisitorPresenceChanged {
        visitor: console.to_string(),
        state: state.into(),
        epoch: 1,
        version,
        ..Default::default()
    };
    door.tell("acme", &told(PresenceState::Offline, 2)).await?;
    let request = door.once_of(&request, "bob").await?;
    assert_eq!(request.priority, 0);
    let next = door.waiting().await?;
    assert_eq!(held_by(&next), "", "ann is available, and not there");
    door.tell("acme", &told(PresenceState::Online, 3)).await?;
    door.once_of(&next, "ann").await?;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn who_answers_has_the_conversation() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 1).await?;
    door.available("ann").await?;
    door.available("bob").await?;
    let alerted = door.waiting().await?;
    assert_eq!(held_by(&alerted), "ann");
    door.answer(&alerted.conversation, "bob").await?;
    let answered = door.once_of(&alerted, "bob").await?;
    assert_eq!(answered.state(), RequestState::Serving);
    assert_eq!(refusal(door.accept(&alerted, "ann").await).0, "alert.over");
    door.answer(&alerted.conversation, "ann").await?;

    // One that was never in the queue counts all the same; one that was resolved before does not.
    let (outside, over) = (door.conversation(), door.conversation());
    door.resolve(&over).await?;
    door.resolve(&outside.replace('0', "1")).await?;
    door.answer(&outside, "ann").await?;
    door.answer(&over, "ann").await?;
    testkit::eventually("ann serves it", crate::door::SOON, async || {
        door.in_use("ann").await.ok().filter(|chats| *chats == 1)
    })
    .await?;
    assert_eq!(door.history(&outside).await?, ["answered ann"]);
    assert_eq!(held_by(&door.waiting().await?), "", "nobody has room");
    assert_eq!(held_by(&door.now(&alerted).await?), "bob", "who serves keeps it");
    door.running.stop().await;
    Ok(())
}
