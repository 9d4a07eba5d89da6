//! Conversations that a workflow puts into a team's queue.

use crate::desk::{held_by, team};
use crate::door::{Door, SOON, Tested};
use crate::shop::Shop;
use ::domain::Clock;
use anyhow::{Context, Result};
use events::event::{AgentAvailability, ConversationHandedOver, ProactiveMode, RequestState};
use rpc::routing::{ChannelRouting, Request};
use testkit::eventually;

impl Door {
    async fn hand_over(&self, conversation: &str, team: &str) -> Tested {
        let fact = ConversationHandedOver {
            conversation: conversation.into(),
            team: team.into(),
            last_seq: 2,
            ..Default::default()
        };
        self.tell("acme", &fact).await
    }

    /// The request of a conversation, once it has one.
    async fn request_of(&self, conversation: &str) -> Result<Request> {
        let found = async || {
            let all = self.requests().await.ok()?;
            all.into_iter().find(|one| one.conversation == conversation)
        };
        Ok(eventually("a request", SOON, found).await?)
    }
}

#[tokio::test]
async fn whatever_brought_a_request_its_alert_lasts_as_long_as_its_channel_says() -> Tested {
    let shop = Shop::open(ProactiveMode::Off).await?;
    let patient = ChannelRouting {
        alert_seconds: 120,
        ..ChannelRouting::default()
    };
    shop.route("acme", patient, 0).await?;
    let door = &shop.0;
    door.set("acme", "ann", AgentAvailability::Available).await?;
    let assigned = door.assign(&door.conversation(), team("sales")).await?;
    let handed = door.conversation();
    door.hand_over(&handed, "sales").await?;
    for alerted in [assigned, door.request_of(&handed).await?] {
        assert_eq!(held_by(&alerted), "ann");
        let until = events::instant(alerted.alert_until).context("an alert")?;
        assert_eq!(until.duration_since(door.clock.now()).as_secs(), 120);
    }
    shop.end().await
}

#[tokio::test]
async fn it_waits_in_the_teams_queue_and_goes_to_who_is_free() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 1).await?;
    let conversation = door.conversation();
    door.hand_over(&conversation, "sales").await?;
    let waiting = door.request_of(&conversation).await?;
    assert_eq!(
        (waiting.state(), waiting.team.as_str()),
        (RequestState::Waiting, "sales")
    );
    door.available("ann").await?;
    let alerted = door.once_of(&waiting, "ann").await?;
    // The same team again changes nothing for who is alerted, and whoever serves keeps it.
    door.hand_over(&conversation, "sales").await?;
    let served = door.accept(&alerted, "ann").await?;
    door.hand_over(&conversation, "care").await?;
    // What comes after these has been taken in after them.
    let later = door.conversation();
    door.hand_over(&later, "sales").await?;
    door.request_of(&later).await?;
    let now = door.now(&served).await?;
    assert_eq!((now.version, held_by(&now)), (served.version, "ann"));
    assert_eq!(
        door.history(&conversation).await?,
        ["queued sales", "alerted ann", "accepted ann"]
    );
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_waits_for_one_team_goes_to_the_other_and_what_is_resolved_to_nobody() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 1).await?;
    door.conversations.join("acme", "care", "bob");
    let conversation = door.conversation();
    let waiting = door.assign(&conversation, team("sales")).await?;
    door.hand_over(&conversation, "care").await?;
    let moved = door
        .once("it goes to the other team", &waiting, |now| now.team == "care")
        .await?;
    assert_eq!(
        (moved.state(), moved.version),
        (RequestState::Waiting, waiting.version + 1)
    );
    let over = door.conversation();
    door.resolve(&over).await?;
    door.hand_over(&over, "sales").await?;
    let later = door.conversation();
    door.hand_over(&later, "sales").await?;
    door.request_of(&later).await?;
    assert!(door.requests().await?.iter().all(|one| one.conversation != over));
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_conversation_for_another_team_than_its_channels_waits_in_that_teams_queue() -> Tested {
    let shop = Shop::bare().await?;
    let routing = ChannelRouting {
        queue_conversations: true,
        ..Default::default()
    };
    shop.route("acme", routing, 0).await?;
    shop.began_for(1, 7, "care").await?;
    shop.began(2, 8).await?;
    assert_eq!(shop.requested(7).await?.team, "care");
    assert_eq!(shop.requested(8).await?.team, "sales", "its channel's");
    shop.end().await
}
