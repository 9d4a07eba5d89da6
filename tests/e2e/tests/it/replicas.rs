//! Two processes of every service over the same streams, timers and outboxes: everything happens once.

use anyhow::Result;
use cli::scenario::{World, main_job};
use cli::stack::{Service, Stack};
use events::event::FollowUpEnd;

use crate::kills::sent_once;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_each_service_do_the_main_job_once() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = twice(&mut stack).await;
    crate::shown(stack, result).await
}

async fn twice(stack: &mut Stack) -> Result<()> {
    for service in Service::ALL {
        stack.add_replica(service).await?;
    }
    let mut worlds = Vec::new();
    for _ in 0..3 {
        worlds.push(World::set_up(stack.endpoints.clone()).await?);
    }
    futures::future::try_join_all(worlds.iter().map(main_job)).await?;
    stack.check()
}

async fn main_job(world: &World) -> Result<()> {
    let mut customer = main_job::write(world).await?;
    main_job::leave(world, &mut customer).await?;
    world.answer(&customer, main_job::ANSWER).await?;
    main_job::text(world, &customer).await?;
    let mail = main_job::mail(world).await?;
    main_job::come_back(world, &customer, &mail).await?;
    main_job::ended(world, &customer.conversation, FollowUpEnd::Returned).await?;
    main_job::captured(world, 3).await?;
    sent_once(world).await
}
