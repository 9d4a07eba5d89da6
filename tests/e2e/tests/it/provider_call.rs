//! Kill -9 of the notifier while the provider holds its call: one reported unknown, never two sends, and what was sent is
//! paid for once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use cli::scenario::{TEXT_CHANNEL, World, main_job};
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
async fn a_kill_before_the_provider_took_the_text_sends_one() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = kill_inside(&mut stack, SmsFault::Hang).await;
    crate::shown(stack, result).await
}

async fn kill_inside(stack: &mut Stack, fault: SmsFault) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    // The mail must not come due first: it would take the text's place.
    let mut customer = main_job::write_on(&world, TEXT_CHANNEL).await?;
    let calls = stack.sms.calls();
    stack.sms.fail_next(fault);
    main_job::leave(&world, &mut customer).await?;
    world.answer(&customer, main_job::ANSWER).await?;
    eventually("the provider is called", Duration::from_secs(45), async || {
        (stack.sms.calls() > calls).then_some(())
    })
    .await?;
    stack.kill(Service::Notifier).await?;
    stack.restart(Service::Notifier).await?;

    let accepted = eventually("the text is settled", Duration::from_secs(60), async || {
        let text = text_of(&world, &customer.conversation).await.ok().flatten()?;
        settled(text.status()).then_some(text.status())
    })
    .await?;
    ensure!(
        matches!(accepted, DeliveryStatus::Accepted | DeliveryStatus::Delivered),
        "it is shown as {}",
        accepted.as_str_name()
    );
    nothing_more(stack, &[&world]).await?;
    let links = links(stack, &world);
    ensure!(
        links.len() == 2 && links.values().all(|texts| *texts == 1),
        "not one confirmation and one follow-up: {links:?}"
    );
    main_job::captured(&world, 2).await?;
    world.books_agree().await
}

/// Nothing will happen any more, but for a receipt.
pub(crate) fn settled(status: DeliveryStatus) -> bool {
    !matches!(
        status,
        DeliveryStatus::Unspecified
            | DeliveryStatus::Due
            | DeliveryStatus::Checking
            | DeliveryStatus::Attempting
            | DeliveryStatus::Unknown
    )
}

/// The provider sees no second text for a link, for several times as long as a text takes to be looked up.
pub(crate) async fn nothing_more(stack: &Stack, worlds: &[&World]) -> Result<()> {
    let quiet = Instant::now() + Duration::from_secs(8);
    let watched = eventually("time passes", Duration::from_secs(30), async || {
        let mut all = worlds.iter().flat_map(|world| links(stack, world));
        let twice = all.find(|(_, texts)| *texts > 1);
        (twice.is_some() || Instant::now() > quiet).then_some(twice)
    });
    match watched.await? {
        Some((link, texts)) => bail!("{texts} texts with the link {link} were accepted"),
        None => Ok(()),
    }
}

/// Texts that the provider accepted for the customer, by the link in them.
pub(crate) fn links(stack: &Stack, world: &World) -> BTreeMap<String, usize> {
    let mut links = BTreeMap::new();
    for text in stack.sms.to(&world.ola.phone) {
        let link = text.body.split_whitespace().find(|word| word.contains("/r/"));
        if let Some(link) = link {
            *links.entry(link.to_owned()).or_default() += 1;
        }
    }
    links
}

pub(crate) async fn text_of(world: &World, conversation: &str) -> Result<Option<Delivery>> {
    let explained = world.clients.explain(conversation).await?;
    Ok(explained
        .deliveries
        .into_iter()
        .find(|delivery| delivery.purpose() == DeliveryPurpose::FollowUp && delivery.kind() == MessageKind::Sms))
}
