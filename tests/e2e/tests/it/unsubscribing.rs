//! One click in a mail ends the mails to its address.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::scenario::{Customer, Given, PROMPT_CHANNEL, World, main_job};
use cli::stack::Stack;
use rpc::notifier::DeliveryStatus;
use testkit::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_unsubscribes_in_the_mail_program_gets_no_further_mail_and_explain_says_so() -> Result<()> {
    let stack = crate::stack().await?;
    let result = unsubscribed(&stack).await;
    crate::shown(stack, result).await
}

async fn unsubscribed(stack: &Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    answered(&world).await?;
    main_job::mail(&world).await?;
    main_job::captured(&world, 1).await?;
    let email = &world.ola.email;
    let mail = stack.smtp.to(email).pop().context("no mail")?;
    let header = |name: &str| -> Result<String> {
        let value = mail.header(name).with_context(|| format!("no {name}"))?;
        Ok(value.split_whitespace().collect())
    };
    let one_click = header("List-Unsubscribe-Post")?;
    let link = header("List-Unsubscribe")?;
    let link = link.trim_matches(['<', '>']);
    ensure!(
        link.starts_with(&format!("{}/u/", stack.endpoints.gateway)),
        "it leads to {link}"
    );
    // Scanners of mails follow links: that changes nothing, as the next mail shows.
    let looked = world.http.get(link).send().await?;
    ensure!(looked.status() == 200, "looking is answered with {}", looked.status());
    answered(&world).await?;
    world.sinks.nth_mail(email, 2).await?;
    main_job::captured(&world, 2).await?;
    // Of a mail program: no cookies, no page before.
    let program = reqwest::Client::builder().no_proxy().build()?;
    let form = "application/x-www-form-urlencoded";
    let click = program.post(link).header("content-type", form).body(one_click);
    let done = click.send().await?;
    ensure!(done.status() == 200, "the click is answered with {}", done.status());

    let customer = answered(&world).await?;
    let told = eventually("the mail is refused", Duration::from_secs(45), async || {
        let told = world.clients.explain(&customer.conversation).await.ok()?;
        let failed = told.deliveries.iter().any(|one| one.status() == DeliveryStatus::Failed);
        failed.then_some(told)
    })
    .await?;
    ensure!(
        told.deliveries.len() == 1 && told.deliveries[0].reason == "send.opted_out",
        "explain tells of {:?}",
        told.deliveries
    );
    ensure!(
        told.summary.contains("The e-mail was not sent:"),
        "explain says {}",
        told.summary
    );
    let mails = world.sinks.mails(email).await?.len();
    ensure!(mails == 2, "{mails} mails arrived");
    main_job::captured(&world, 2).await?;
    world.books_agree().await
}

/// Another conversation of the same customer, who gives an address only, leaves, and is answered.
async fn answered(world: &World) -> Result<Customer> {
    let given = Given {
        phone: None,
        ..world.ola.given()
    };
    let mut customer = world.customer(PROMPT_CHANNEL, main_job::QUESTION, given).await?;
    main_job::leave(world, &mut customer).await?;
    world.answer(&customer, main_job::ANSWER).await?;
    Ok(customer)
}
