//! Kill -9 of each service in the middle of the main job: the same sends, the same books.

use anyhow::{Context, Result, ensure};
use cli::scenario::{World, main_job};
use cli::stack::{Service, Stack};
use events::event::FollowUpEnd;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_keeper_of_state_may_be_killed_in_the_middle_of_the_main_job() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = kill_each(&mut stack, &Service::ALL[..4]).await;
    crate::shown(stack, result).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn biller_notifier_and_gateway_may_be_killed_in_the_middle_of_the_main_job() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = kill_each(&mut stack, &Service::ALL[4..]).await;
    crate::shown(stack, result).await
}

async fn kill_each(stack: &mut Stack, services: &[Service]) -> Result<()> {
    for service in services {
        let world = World::set_up(stack.endpoints.clone()).await?;
        main_job_with_kills(stack, &world, *service)
            .await
            .with_context(|| format!("with {service}-service killed"))?;
    }
    Ok(())
}

/// Kills at three points where the service has something in its hands; the answer comes while it is away.
async fn main_job_with_kills(stack: &mut Stack, world: &World, service: Service) -> Result<()> {
    let mut customer = main_job::write(world).await?;
    main_job::leave(world, &mut customer).await?;
    stack.kill(service).await?;
    world.answer(&customer, main_job::ANSWER).await?;
    stack.restart(service).await?;
    stack.kill(service).await?;
    stack.restart(service).await?;
    main_job::text(world, &customer).await?;
    stack.kill(service).await?;
    stack.restart(service).await?;
    let mail = main_job::mail(world).await?;
    main_job::come_back(world, &customer, &mail).await?;
    main_job::ended(world, &customer.conversation, FollowUpEnd::Returned).await?;
    main_job::captured(world, 3).await?;
    sent_once(world).await
}

/// The confirmation, the text and the mail: no more; and the books agree.
pub(crate) async fn sent_once(world: &World) -> Result<()> {
    let texts = world.sinks.texts(&world.ola.phone).await?;
    ensure!(texts.len() == 2, "{} texts arrived, not 2", texts.len());
    let mails = world.sinks.mails(&world.ola.email).await?;
    ensure!(mails.len() == 1, "{} mails arrived, not 1", mails.len());
    world.books_agree().await
}
