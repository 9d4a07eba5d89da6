//! Kill -9 of each service in the middle of the main job: the same sends, the same books.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::scenario::{World, main_job};
use cli::stack::{Service, Stack};
use events::event::FollowUpEnd;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_may_be_killed_in_the_middle_of_the_main_job() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = kill_each(&mut stack).await;
    crate::shown(stack, result).await
}

async fn kill_each(stack: &mut Stack) -> Result<()> {
    for service in Service::ALL {
        let world = World::set_up(stack.endpoints.clone()).await?;
        main_job_with_kills(stack, &world, service)
            .await
            .with_context(|| format!("with {service}-service killed"))?;
    }
    Ok(())
}

/// Kills at three points where the service has something in its hands.
async fn main_job_with_kills(stack: &mut Stack, world: &World, service: Service) -> Result<()> {
    let mut customer = main_job::write(world).await?;
    main_job::leave(world, &mut customer).await?;
    kill_and_restart(stack, service).await?;
    world.answer(&customer, main_job::ANSWER).await?;
    kill_and_restart(stack, service).await?;
    main_job::text(world, &customer).await?;
    kill_and_restart(stack, service).await?;
    let mail = main_job::mail(world).await?;
    main_job::come_back(world, &customer, &mail).await?;
    main_job::ended(world, &customer.conversation, FollowUpEnd::Returned).await?;
    main_job::captured(world, 3).await?;
    sent_once(world).await
}

async fn kill_and_restart(stack: &mut Stack, service: Service) -> Result<()> {
    stack.kill(service).await?;
    // Long enough for the others to notice.
    tokio::time::sleep(Duration::from_millis(300)).await;
    stack.restart(service).await
}

/// The confirmation, the text and the mail: no more.
pub(crate) async fn sent_once(world: &World) -> Result<()> {
    let texts = world.sinks.texts(&world.ola.phone).await?;
    ensure!(texts.len() == 2, "{} texts arrived, not 2", texts.len());
    let mails = world.sinks.mails(&world.ola.email).await?;
    ensure!(mails.len() == 1, "{} mails arrived, not 1", mails.len());
    Ok(())
}
