//! Giving and passing on.

use crate::desk::{admin, agent, held_by, refusal, team};
use crate::door::{Door, Tested};
use events::event::{AgentAvailability, AssigneeKind, RequestChanged, RequestState};
use rpc::routing::Assignee;
use std::time::Duration;

#[tokio::test]
async fn a_conversation_is_given_to_agents_admins_teams_and_nobody_with_its_history() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 1).await?;
    door.available("ann").await?;
    let (first, second) = (door.conversation(), door.conversation());
    let given = door.assign(&first, agent("ann")).await?;
    assert_eq!(
        (given.state(), held_by(&given), given.version),
        (RequestState::Serving, "ann", 1)
    );
    assert_eq!(
        door.assign(&first, agent("ann")).await?.version,
        1,
        "the same again changes nothing"
    );
    let over = door.assign(&second, agent("ann")).await?;
    assert_eq!(
        (held_by(&over), door.in_use("ann").await?),
        ("ann", 2),
        "whatever they hold"
    );

    let taken = door.assign(&first, admin("boss")).await?;
    assert_eq!(taken.assignee.map(|to| to.kind), Some(AssigneeKind::Admin.into()));
    assert_eq!(door.in_use("ann").await?, 1);
    assert_eq!(door.assign(&first, admin("ann")).await?.version, 3);
    assert_eq!(door.in_use("ann").await?, 1, "as an admin it does not count");
    let nobody = door.assign(&first, None).await?;
    assert_eq!((nobody.state(), nobody.assignee), (RequestState::Done, None));
    let queued = door.assign(&first, team("sales")).await?;
    assert_eq!((queued.state(), queued.position), (RequestState::Waiting, 1));
    assert_eq!(
        door.history(&first).await?,
        [
            "assigned ann",
            "assigned boss",
            "assigned ann",
            "assigned ",
            "assigned sales"
        ]
    );

    door.resolve(&first).await?;
    door.once("it is over", &queued, |now| now.state() == RequestState::Done)
        .await?;
    assert_eq!(
        refusal(door.assign(&first, agent("ann")).await),
        ("request.done", "conversation".into())
    );
    let told = door
        .told::<RequestChanged>(6, |fact| fact.conversation == first)
        .await?;
    assert!(
        told.iter().map(|fact| fact.version).eq(1..=6),
        "each version once, in order"
    );
    assert_eq!(
        (told[1].taken_from.as_str(), told[1].assignee.as_str()),
        ("ann", "boss")
    );
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn who_serves_passes_on_to_a_team_or_for_a_while_to_one_agent() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 1).await?;
    door.available("ann").await?;
    let request = door.waiting().await?;
    let conversation = request.conversation.clone();
    assert_eq!(
        refusal(door.transfer(&conversation, "ann", team("sales")).await).0,
        "request.not_yours"
    );
    door.accept(&request, "ann").await?;
    assert_eq!(
        refusal(door.transfer(&conversation, "bob", team("sales")).await).0,
        "request.not_yours"
    );

    // To the own team: the others are asked first.
    let passed = door.transfer(&conversation, "ann", team("sales")).await?;
    assert_eq!(
        (passed.state(), passed.priority, passed.position),
        (RequestState::Waiting, 0, 1)
    );
    door.available("bob").await?;
    assert_eq!(held_by(&door.now(&request).await?), "bob");
    door.accept(&request, "bob").await?;

    // To an agent who has no time now: kept for them, then anybody's.
    door.set("acme", "cat", AgentAvailability::Busy).await?;
    door.transfer(&conversation, "bob", agent("cat")).await?;
    assert_eq!(
        held_by(&door.now(&request).await?),
        "",
        "nobody else is asked meanwhile"
    );
    door.clock.advance(Duration::from_secs(30));
    door.once_of(&request, "ann").await?;
    door.accept(&request, "ann").await?;
    // To one who has: of whichever team.
    door.transfer(&conversation, "ann", agent("cat")).await?;
    door.available("cat").await?;
    assert_eq!(held_by(&door.now(&request).await?), "cat");
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn bad_input_is_refused_by_field() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 1).await?;
    let conversation = door.conversation();
    let unknown = Some(Assignee {
        kind: 0,
        id: "ann".into(),
    });
    let refusals = [
        ("conversation", refusal(door.assign("no-uuid", agent("ann")).await)),
        ("assignee", refusal(door.assign(&conversation, agent("Ann")).await)),
        ("assignee", refusal(door.assign(&conversation, team("")).await)),
        ("assignee", refusal(door.assign(&conversation, unknown).await)),
        ("to", refusal(door.transfer(&conversation, "ann", None).await)),
        ("to", refusal(door.transfer(&conversation, "ann", admin("bob")).await)),
        ("to", refusal(door.transfer(&conversation, "ann", agent("ann")).await)),
    ];
    for (field, refused) in refusals {
        assert_eq!(refused, ("request.invalid", field.to_owned()));
    }
    let missing = "00000000-0000-7000-8000-000000000000";
    assert_eq!(refusal(door.assign(missing, agent("ann")).await).0, "request.not_found");
    let mut profile = crate::desk::web(101);
    assert_eq!(
        refusal(door.profile("ann", profile.clone()).await).1,
        "profile.capacity"
    );
    profile.capacity = vec![profile.capacity[0], profile.capacity[0]];
    assert_eq!(
        refusal(door.profile("ann", profile.clone()).await).1,
        "profile.capacity"
    );
    profile.capacity.clear();
    profile.languages = vec!["de".into()];
    assert_eq!(
        refusal(door.profile("ann", profile.clone()).await).1,
        "profile.languages"
    );
    assert!(door.requests().await?.is_empty(), "nothing half done");
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn who_and_what_does_not_exist_is_given_nothing() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann", "bob"], 1).await?;
    door.available("ann").await?;
    door.conversations.truth().strangers = vec!["zoe".into()];
    let conversation = door.conversation();
    for (to, named) in [(agent("zoe"), "zoe"), (admin("zoe"), "zoe"), (team("nights"), "nights")] {
        let refused = rpc::from_status(&door.assign(&conversation, to).await.expect_err("a refusal"));
        assert_eq!(
            (refused.code().name, refused.field()),
            ("request.invalid", Some("assignee"))
        );
        assert!(refused.to_string().contains(named), "{refused}");
    }
    door.assign(&conversation, agent("ann")).await?;
    let strange = door.transfer(&conversation, "ann", agent("zoe")).await;
    assert_eq!(refusal(strange), ("request.invalid", "to".into()));
    let strange = door.transfer(&conversation, "ann", team("nights")).await;
    assert_eq!(refusal(strange), ("request.invalid", "to".into()));
    for said in [AgentAvailability::Available, AgentAvailability::Busy] {
        assert_eq!(
            refusal(door.set("acme", "zoe", said).await),
            ("request.invalid", "agent".into())
        );
    }
    assert_eq!(
        refusal(door.profile("zoe", Default::default()).await),
        ("request.invalid", "agent".into())
    );
    // Of those that are known nobody is asked.
    door.conversations.truth().is_away = true;
    door.transfer(&conversation, "ann", agent("bob")).await?;
    door.running.stop().await;
    Ok(())
}
