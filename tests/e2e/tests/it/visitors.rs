//! Chats that a channel starts by itself, and the agents who take them.

use anyhow::Result;
use cli::scenario::visitors::{AGENT, accept_invitation, serve, with_invitation, without_invitation};
use cli::scenario::{Console, World};
use cli::stack::{Service, Stack};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_is_invited_and_another_one_is_spoken_to() -> Result<()> {
    let stack = crate::stack().await?;
    let result = both_ways(&stack).await;
    crate::shown(stack, result).await
}

async fn both_ways(stack: &Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    with_invitation(&world).await?;
    without_invitation(&world).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routing_may_be_killed_while_a_visitor_waits_and_they_are_served_all_the_same() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = kill_while_waiting(&mut stack).await;
    crate::shown(stack, result).await
}

async fn kill_while_waiting(stack: &mut Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let mut console = Console::open(&world, AGENT).await?;
    let (mut visitor, alert) = accept_invitation(&world, &console).await?;
    stack.kill(Service::Routing).await?;
    // The chat itself goes on, in sockets that stay open.
    visitor.say("while-it-is-away", "Anybody there?").await?;
    stack.restart(Service::Routing).await?;
    serve(&mut console, &visitor, &alert).await?;
    console.close().await
}
