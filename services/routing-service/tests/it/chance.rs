//! Chance moves a real queue; after each step what must always hold is checked against what the service says.

use crate::desk::{held_by, web};
use crate::door::{Door, SOON, Tested};
use crate::opening_hours::kept;
use crate::shop::Shop;
use anyhow::ensure;
use events::event::AgentAvailability::{self, Available, Away, Busy, Offline};
use events::event::{AssignmentCause, RequestChanged, RequestState};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRng, TestRunner};
use rpc::routing::{Agent, Request};
use std::collections::{BTreeMap, BTreeSet};
use testkit::eventually;

const AGENTS: [&str; 4] = ["ann", "bob", "cat", "dan"];
/// So long that each queue has its turn at being full and empty.
const STEPS: usize = 120;

#[derive(Debug, Clone)]
enum Step {
    Come,
    Say(usize, AgentAvailability),
    Capacity(usize, u32),
    Accept(usize),
    Decline(usize),
    Resolve(usize),
    /// The team closes, or opens.
    Hours(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let word = prop::sample::select(vec![Available, Available, Busy, Away, Offline]);
    prop_oneof![
        5 => Just(Step::Come),
        3 => (0..AGENTS.len(), word).prop_map(|(agent, word)| Step::Say(agent, word)),
        1 => (0..AGENTS.len(), 0..4u32).prop_map(|(agent, chats)| Step::Capacity(agent, chats)),
        4 => (0..100usize).prop_map(Step::Accept),
        2 => (0..100usize).prop_map(Step::Decline),
        3 => (0..100usize).prop_map(Step::Resolve),
        2 => any::<bool>().prop_map(Step::Hours),
    ]
}

/// Who said no to what; the clock moves too little for them to be asked again.
type Declined = BTreeSet<(String, String)>;

#[tokio::test]
async fn whatever_happens_nobody_waits_for_a_free_agent_is_over_capacity_or_alerted_while_closed() -> Tested {
    let shop = Shop::bare().await?;
    shop.route("acme", kept(), 0).await?;
    let door = &shop.0;
    door.sales(&AGENTS, 2).await?;
    let rng = TestRng::from_seed(prop::test_runner::RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut declined, mut hours) = (Declined::new(), Hours::default());
    for _ in 0..STEPS {
        let step = step()
            .new_tree(&mut runner)
            .map_err(|reason| anyhow::anyhow!("{reason}"))?
            .current();
        match step {
            Step::Hours(is_closed) if is_closed != hours.is_closed => {
                shop.turn(is_closed).await?;
                hours.is_closed = is_closed;
            }
            _ => take(door, &step, &mut declined).await?,
        }
        check(door, &declined, &mut hours)
            .await
            .map_err(|broken| broken.context(format!("after {step:?}")))?;
    }
    in_order(&door.heard("acme"))?;
    shop.end().await
}

/// Whether the team is closed, and what agents are alerted to.
#[derive(Default)]
struct Hours {
    is_closed: bool,
    alerted: BTreeSet<String>,
}

async fn take(door: &Door, step: &Step, declined: &mut Declined) -> Tested {
    let listed = door.requests().await?;
    let of = |state: RequestState, number: usize| {
        let fitting: Vec<&Request> = listed.iter().filter(|one| one.state() == state).collect();
        (!fitting.is_empty()).then(|| fitting[number % fitting.len()].clone())
    };
    match step {
        Step::Come => {
            let conversation = door.conversation();
            door.clock.advance(std::time::Duration::from_millis(1));
            door.assign(&conversation, crate::desk::team("sales")).await?;
        }
        Step::Say(agent, word) => drop(door.set("acme", AGENTS[*agent], *word).await?),
        Step::Capacity(agent, chats) => drop(door.profile(AGENTS[*agent], web(*chats)).await?),
        Step::Accept(number) => {
            if let Some(one) = of(RequestState::Alerted, *number) {
                door.accept(&one, held_by(&one)).await?;
            }
        }
        Step::Decline(number) => {
            if let Some(one) = of(RequestState::Alerted, *number) {
                declined.insert((one.request.clone(), held_by(&one).to_owned()));
                door.decline(&one, held_by(&one)).await?;
            }
        }
        Step::Resolve(number) => {
            if let Some(one) = of(RequestState::Serving, *number) {
                door.resolve(&one.conversation).await?;
                door.once("it is over", &one, |now| now.state() == RequestState::Done)
                    .await?;
            }
        }
        // Already so.
        Step::Hours(_) => {}
    }
    Ok(())
}

async fn check(door: &Door, declined: &Declined, hours: &mut Hours) -> Tested {
    let (listed, agents) = (door.requests().await?, door.list("acme", 500, "").await?.agents);
    let waiting: Vec<&Request> = listed
        .iter()
        .filter(|one| one.state() == RequestState::Waiting)
        .collect();
    ensure!(
        waiting
            .iter()
            .map(|one| one.position)
            .eq(1..=u32::try_from(waiting.len())?),
        "positions have gaps"
    );
    ensure!(
        waiting.is_sorted_by_key(|one| (one.priority, one.waiting_since.map(|at| (at.seconds, at.nanos)))),
        "out of order"
    );
    let alerted = listed.iter().filter(|one| one.state() == RequestState::Alerted);
    let alerted: BTreeSet<String> = alerted.map(|one| one.request.clone()).collect();
    ensure!(
        !hours.is_closed || alerted.is_subset(&hours.alerted),
        "somebody is alerted while the team is closed"
    );
    hours.alerted = alerted;
    for agent in &agents {
        let held = listed.iter().filter(|one| held_by(one) == agent.agent).count();
        ensure!(
            held == chats(agent),
            "{} is said to hold {}, and holds {held}",
            agent.agent,
            chats(agent)
        );
        let is_free = agent.availability() == Available && held < capacity(agent);
        let fitting = waiting
            .iter()
            .find(|one| !declined.contains(&(one.request.clone(), agent.agent.clone())));
        ensure!(
            !is_free || fitting.is_none() || hours.is_closed,
            "{fitting:?} waits while {} is free",
            agent.agent
        );
        let is_gone = agent.availability() == Offline;
        ensure!(!is_gone || held == 0, "{} went and holds {held}", agent.agent);
    }
    Ok(())
}

fn chats(agent: &Agent) -> usize {
    agent.in_use.iter().map(|used| used.chats as usize).sum()
}

fn capacity(agent: &Agent) -> usize {
    let set = agent.profile.as_ref().and_then(|profile| profile.capacity.first());
    set.map_or(3, |set| set.chats as usize)
}

/// Each request's versions are told once and without gaps, and nobody takes what another one has.
fn in_order(told: &[RequestChanged]) -> Tested {
    let mut by_request: BTreeMap<&str, BTreeMap<u64, &RequestChanged>> = BTreeMap::new();
    for fact in told {
        let before = by_request.entry(&fact.request).or_default().insert(fact.version, fact);
        ensure!(before.is_none(), "a version is told twice: {fact:?}");
    }
    for versions in by_request.values() {
        let mut holder = "";
        for fact in versions.values() {
            ensure!(
                fact.taken_from.is_empty() || fact.taken_from == holder,
                "taken from who had it not: {fact:?}"
            );
            let goes_on = matches!(fact.cause(), AssignmentCause::Accepted);
            ensure!(
                goes_on || holder.is_empty() || fact.taken_from == holder,
                "taken without a word: {fact:?}"
            );
            ensure!(
                !goes_on || fact.assignee == holder,
                "accepted by who was not alerted: {fact:?}"
            );
            let has = matches!(fact.state(), RequestState::Alerted | RequestState::Serving);
            holder = if has { &fact.assignee } else { "" };
        }
    }
    Ok(())
}

#[tokio::test]
async fn facts_that_come_again_change_nothing() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 1).await?;
    door.available("ann").await?;
    let request = door.waiting().await?;
    for _ in 0..3 {
        door.answer(&request.conversation, "ann").await?;
    }
    door.once("ann answered", &request, |now| now.state() == RequestState::Serving)
        .await?;
    for _ in 0..3 {
        door.resolve(&request.conversation).await?;
    }
    let over = door
        .once("it is over", &request, |now| now.state() == RequestState::Done)
        .await?;
    eventually("ann is free", SOON, async || {
        door.in_use("ann").await.ok().filter(|chats| *chats == 0)
    })
    .await?;
    assert_eq!(over.version, 4, "queued, alerted, answered, resolved");
    door.running.stop().await;
    Ok(())
}
