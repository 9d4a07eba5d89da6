//! Kill -9 of what takes a customer's answer up, in the middle of it: the caller tries again as providers and mail servers
//! do, and the words stand in the conversation once.

use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::scenario::{Customer, Given, PROMPT_CHANNEL, TEXT_CHANNEL, World, main_job};
use cli::stack::{Service, Stack};
use events::common::AuthorRole;
use events::event::FollowUpEnd;
use testkit::{SmsSink, WrittenText, eventually};

use crate::replies::answer_to;

const WORDS: &str = "Yes, keep one for me";
/// A call that is not answered for so long waits for a service that stands still.
const MIDDLE: Duration = Duration::from_millis(400);
const TAKEN_WITHIN: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_a_text_up_may_be_killed_in_the_middle_and_the_words_stand_once() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = texts(&mut stack).await;
    crate::shown(stack, result).await
}

async fn texts(stack: &mut Stack) -> Result<()> {
    for service in [Service::Conversation, Service::Notifier, Service::Gateway] {
        let world = World::set_up(stack.endpoints.clone()).await?;
        let mut customer = main_job::write_on(&world, TEXT_CHANNEL).await?;
        main_job::leave(&world, &mut customer).await?;
        world.answer(&customer, main_job::ANSWER).await?;
        main_job::text(&world, &customer).await?;
        let caller = Caller::Provider {
            sms: stack.sms.clone(),
            url: format!(
                "{}/v1/callbacks/sms/{}/inbound",
                stack.endpoints.gateway, world.workspace
            ),
            from: world.ola.phone.clone(),
        };
        let stood = stands_once(stack, &world, &customer, &caller, service).await;
        stood.with_context(|| format!("with {service}-service killed"))?;
        // The confirmation and the text.
        main_job::captured(&world, 2).await?;
        world.books_agree().await?;
    }
    stack.check()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_a_mail_up_may_be_killed_in_the_middle_and_the_words_stand_once() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = mails(&mut stack).await;
    crate::shown(stack, result).await
}

async fn mails(stack: &mut Stack) -> Result<()> {
    for service in [Service::Conversation, Service::Notifier, Service::Gateway] {
        let world = World::set_up(stack.endpoints.clone()).await?;
        let given = Given {
            phone: None,
            ..world.ola.given()
        };
        let mut customer = world.customer(PROMPT_CHANNEL, main_job::QUESTION, given).await?;
        main_job::leave(&world, &mut customer).await?;
        world.answer(&customer, main_job::ANSWER).await?;
        let mail = main_job::mail(&world).await?;
        main_job::captured(&world, 1).await?;
        let caller = Caller::MailServer {
            http: world.http.clone(),
            url: format!("{}/v1/callbacks/mail", stack.endpoints.gateway),
            secret: stack.mail_secret().to_owned(),
            to: mail.reply_to.clone().context("no address to answer to")?,
            answer: answer_to(&mail, &world.ola.email, "X-Mailer: tests", WORDS)?,
        };
        let stood = stands_once(stack, &world, &customer, &caller, service).await;
        stood.with_context(|| format!("with {service}-service killed"))?;
        main_job::captured(&world, 1).await?;
        world.books_agree().await?;
    }
    stack.check()
}

/// Who hands an answer over.
enum Caller {
    Provider {
        sms: SmsSink,
        url: String,
        from: String,
    },
    MailServer {
        http: reqwest::Client,
        url: String,
        secret: String,
        to: String,
        answer: String,
    },
}

impl Caller {
    /// The same answer each time; the HTTP code, 0 where nobody answered.
    async fn call(&self) -> u16 {
        match self {
            Self::Provider { sms, url, from } => {
                let text = WrittenText {
                    sid: "SM-answer",
                    from,
                    body: WORDS,
                    ..WrittenText::default()
                };
                sms.write_text(url, &text).await
            }
            Self::MailServer {
                http,
                url,
                secret,
                to,
                answer,
            } => {
                let call = http.post(url).bearer_auth(secret).body(answer.clone());
                let call = call
                    .header("content-type", "message/rfc822")
                    .header("x-envelope-to", to);
                call.send().await.map_or(0, |answered| answered.status().as_u16())
            }
        }
    }
}

/// A call is under way when a service is killed; the caller repeats it until it is answered, and once more.
async fn stands_once(
    stack: &mut Stack,
    world: &World,
    customer: &Customer,
    caller: &Caller,
    service: Service,
) -> Result<()> {
    stack.signal(Service::Conversation, "STOP").await?;
    let mut call = pin!(caller.call());
    let early = tokio::time::timeout(MIDDLE, &mut call).await;
    ensure!(early.is_err(), "it was answered {early:?} before anybody could post it");
    if service != Service::Conversation {
        // The words are posted, and whoever waits for that never hears of it.
        stack.signal(service, "STOP").await?;
        stack.signal(Service::Conversation, "CONT").await?;
        eventually("the words are posted", TAKEN_WITHIN, async || {
            let messages = world.clients.messages(&customer.conversation).await.ok()?;
            (messages.len() == 3).then_some(())
        })
        .await?;
    }
    stack.kill(service).await?;
    stack.restart(service).await?;
    call.await;
    eventually("the answer is taken", TAKEN_WITHIN, async || {
        (caller.call().await == 200).then_some(())
    })
    .await?;
    let again = caller.call().await;
    ensure!(again == 200, "once more it is answered {again}");
    // It may have ended for another reason while nobody was there to hear of the words.
    eventually("the follow-up ended as replied", TAKEN_WITHIN, async || {
        let follow_ups = world.clients.follow_ups(&customer.conversation).await.ok()?;
        let [follow_up] = follow_ups.as_slice() else {
            return None;
        };
        (follow_up.end_reason() == FollowUpEnd::Replied).then_some(())
    })
    .await?;
    let messages = world.clients.messages(&customer.conversation).await?;
    let last = messages.last().context("an empty conversation")?;
    ensure!(
        messages.len() == 3 && last.author() == AuthorRole::Customer && last.text == WORDS,
        "the conversation holds {messages:?}"
    );
    Ok(())
}
