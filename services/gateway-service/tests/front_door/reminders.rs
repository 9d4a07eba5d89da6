//! What agents are reminded of, at their consoles.

use crate::gateway::World;
use anyhow::Result;
use domain::WorkspaceId;
use events::event::ReminderDue;
use events::{Fact, Subject};
use prost::Message as _;
use rpc::conversation::Star;
use serde_json::json;

const CALLED: &str = "018f4e3a-0000-7000-8000-000000000001";
const OTHER: &str = "018f4e3a-0000-7000-8000-000000000002";

/// An agent's reminder that was told at this second, so that it stands for the first time with this version.
fn told(agent: &str, conversation: &str, second: i64, version: u64) -> Star {
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    Star {
        conversation: conversation.into(),
        number: 12,
        agent: agent.into(),
        starred_at: at(0),
        remind_at: at(second),
        reminded_at: at(second),
        note: "call back".into(),
        version,
    }
}

/// The fact, as the relay publishes it.
async fn tell(world: &World, workspace: &str, agent: &str) -> Result<()> {
    let subject = Subject::Fact {
        workspace: WorkspaceId::parse(workspace)?,
        aggregate: ReminderDue::AGGREGATE.into(),
        event: ReminderDue::EVENT.into(),
    };
    let fact = ReminderDue {
        conversation: OTHER.into(),
        agent: agent.into(),
        ..Default::default()
    };
    world.peers.publish(subject, fact.encode_to_vec()).await
}

#[tokio::test]
async fn an_agent_is_reminded_at_their_console_at_once_and_after_coming_back() -> Result<()> {
    let world = World::start().await?;
    world.peers.memory().stars = vec![told("ann", CALLED, 60, 2), told("bob", OTHER, 70, 2)];
    let (mut console, _) = world.agent_socket("ann").await?;
    let reminder = json!({ "type": "reminder", "conversation": CALLED, "number": 12, "note": "call back",
        "remind_at": "1970-01-01T00:01:00Z", "reminded_at": "1970-01-01T00:01:00Z", "version": 2 });
    assert_eq!(console.expect("reminder").await?, reminder);

    world.peers.memory().stars.push(told("ann", OTHER, 120, 4));
    tell(&world, "other", "ann").await?;
    tell(&world, "acme", "bob").await?;
    console.say(json!({ "type": "ping" })).await?;
    console.expect("pong").await?;
    tell(&world, "acme", "ann").await?;
    assert_eq!(console.expect("reminder").await?["conversation"], OTHER);
    // The same again is told once; another time of it anew.
    tell(&world, "acme", "ann").await?;
    world.peers.memory().stars[0] = told("ann", CALLED, 180, 4);
    tell(&world, "acme", "ann").await?;
    let again = console.expect("reminder").await?;
    assert_eq!((&again["conversation"], &again["version"]), (&json!(CALLED), &json!(4)));

    // Another console of the agent's has what stands, the earliest first; a reminder that was taken away stands no more.
    let (mut second, _) = world.agent_socket("ann").await?;
    for conversation in [OTHER, CALLED] {
        assert_eq!(second.expect("reminder").await?["conversation"], conversation);
    }
    world.peers.memory().stars.clear();
    let (mut third, _) = world.agent_socket("ann").await?;
    third.say(json!({ "type": "ping" })).await?;
    third.expect("pong").await?;
    Ok(())
}

#[tokio::test]
async fn while_its_owner_is_away_a_console_stays_and_is_reminded_afterwards() -> Result<()> {
    let world = World::start().await?;
    let (mut console, _) = world.agent_socket("ann").await?;
    world.peers.memory().away = true;
    world.peers.memory().stars.push(told("ann", CALLED, 60, 2));
    tell(&world, "acme", "ann").await?;
    console.say(json!({ "type": "ping" })).await?;
    console.expect("pong").await?;
    world.peers.memory().away = false;
    assert_eq!(console.expect("reminder").await?["conversation"], CALLED);
    Ok(())
}
