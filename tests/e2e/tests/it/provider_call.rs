//! Kill -9 of the notifier while the provider holds its call: one reported unknown, never two sends.

use std::time::Duration;

use anyhow::{Result, ensure};
use cli::scenario::{World, main_job};
use cli::stack::{Service, Stack};
use events::common::MessageKind;
use events::event::DeliveryPurpose;
use rpc::notifier::{Delivery, DeliveryStatus};
use testkit::{SmsFault, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_after_the_provider_took_the_text_sends_no_second_one() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = kill_inside(&mut stack, SmsFault::AcceptThenHang).await;
    crate::shown(stack, result).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_before_the_provider_took_the_text_sends_at_most_one() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = kill_inside(&mut stack, SmsFault::Hang).await;
    crate::shown(stack, result).await
}

async fn kill_inside(stack: &mut Stack, fault: SmsFault) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let mut customer = main_job::write(&world).await?;
    let calls = stack.sms.calls();
    stack.sms.fail_next(fault.clone());
    main_job::leave(&world, &mut customer).await?;
    world.answer(&customer, main_job::ANSWER).await?;
    eventually("the provider is called", Duration::from_secs(45), async || {
        (stack.sms.calls() > calls).then_some(())
    })
    .await?;
    stack.kill(Service::Notifier).await?;
    stack.restart(Service::Notifier).await?;

    let settled = eventually("the text is settled", Duration::from_secs(60), async || {
        text_of(&world, &customer.conversation)
            .await
            .ok()
            .flatten()
            .filter(|text| {
                !matches!(
                    text.status(),
                    DeliveryStatus::Attempting | DeliveryStatus::Checking | DeliveryStatus::Due
                )
            })
    })
    .await?;
    let texts = world.sinks.texts(&world.ola.phone).await?.len();
    let most = 2;
    ensure!(
        texts <= most,
        "{texts} texts arrived: the confirmation and the follow-up twice"
    );
    if fault == SmsFault::AcceptThenHang {
        ensure!(texts == 2, "the provider took it");
        let known = [
            DeliveryStatus::Unknown,
            DeliveryStatus::Accepted,
            DeliveryStatus::Delivered,
        ];
        ensure!(
            known.contains(&settled.status()),
            "it is shown as {}",
            settled.status().as_str_name()
        );
    }
    Ok(())
}

async fn text_of(world: &World, conversation: &str) -> Result<Option<Delivery>> {
    let explained = world.clients.explain(conversation).await?;
    Ok(explained
        .deliveries
        .into_iter()
        .find(|delivery| delivery.purpose() == DeliveryPurpose::FollowUp && delivery.kind() == MessageKind::Sms))
}
