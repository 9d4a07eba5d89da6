//! Kill -9 around a missed call and what is asked of its caller: one text answers the call, one asks, and the rating stands once.

use anyhow::{Context, Result, ensure};
use cli::scenario::World;
use cli::scenario::unasked::{PHONE, set_up};
use cli::stack::{Service, Stack};
use events::common::AutomaticMessageKind;
use rpc::conversation::message::Content;
use rpc::conversation::{Conversation, ListRatingsRequest, Message, SendAutomaticMessageRequest};
use serde_json::json;
use std::time::Duration;
use testkit::{WrittenText, eventually};

const SOON: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missed_call_is_answered_once_and_a_rating_kept_once_though_either_end_is_killed() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = called_and_rated(&mut stack).await;
    crate::shown(stack, result).await
}

async fn called_and_rated(stack: &mut Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    set_up(&world).await?;
    let caller = world.max.phone.clone();

    // Told twice while nobody records it, and recorded while nobody sends.
    stack.kill(Service::Conversation).await?;
    stack.kill(Service::Notifier).await?;
    let told = json!({ "channel": PHONE, "outcome": "ringing", "customer": { "phone": caller }, "seconds": 20 });
    for event in ["event-1", "event-2"] {
        let published = world
            .integration
            .publish("call_ended", event, "call-1", just_now(), told.clone());
        published.await?;
    }
    stack.restart(Service::Conversation).await?;
    let recorded = eventually("the call is recorded", SOON, async || {
        let contact = world.clients.contact(&caller).await.ok()?;
        world.clients.conversation_of(&contact.contact).await.ok()?
    })
    .await?;
    stack.kill(Service::Conversation).await?;
    stack.restart(Service::Conversation).await?;
    stack.restart(Service::Notifier).await?;
    world.sinks.nth_text(&caller, 1).await?;

    // The caller writes back, is asked how the help was while nobody sends, and the asker hears no answer at first.
    writes(stack, &world, "SM-1", "Call me back please").await?;
    stack.kill(Service::Notifier).await?;
    let ask = SendAutomaticMessageRequest {
        workspace: world.workspace.clone(),
        conversation: recorded.conversation.clone(),
        request_id: "ask-1".into(),
        kind: AutomaticMessageKind::AskRating.into(),
        agent: "ana".into(),
        ..Default::default()
    };
    asks(&world, &ask).await?;
    stack.kill(Service::Conversation).await?;
    stack.restart(Service::Conversation).await?;
    asks(&world, &ask).await?;
    stack.restart(Service::Notifier).await?;
    world.sinks.nth_text(&caller, 2).await?;

    // The answer is under way when its keeper dies, and the provider tells it again.
    stack.signal(Service::Conversation, "STOP").await?;
    let early = tokio::time::timeout(Duration::from_millis(400), write(stack, &world, "SM-2", "5")).await;
    ensure!(early.is_err(), "it was taken before anybody could keep it");
    stack.kill(Service::Conversation).await?;
    stack.restart(Service::Conversation).await?;
    writes(stack, &world, "SM-2", "5").await?;
    ensure!(
        write(stack, &world, "SM-2", "5").await == 200,
        "once more it is refused"
    );
    is_rated_once(&world, &recorded).await?;
    let texts = world.sinks.texts(&caller).await?.len();
    ensure!(texts == 2, "{texts} texts were sent");
    world.books_agree().await?;
    stack.check()
}

/// Older calls are not answered.
#[expect(clippy::disallowed_methods, reason = "the test plays the outside world")]
fn just_now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// A text of the caller's, as the provider hands it over; the HTTP code, 0 where nobody answered.
async fn write(stack: &Stack, world: &World, sid: &str, body: &str) -> u16 {
    let url = format!(
        "{}/v1/callbacks/sms/{}/inbound",
        stack.endpoints.gateway, world.workspace
    );
    let text = WrittenText {
        sid,
        from: &world.max.phone,
        body,
        ..WrittenText::default()
    };
    stack.sms.write_text(&url, &text).await
}

/// The same, until it is taken.
async fn writes(stack: &Stack, world: &World, sid: &str, body: &str) -> Result<()> {
    let taken = eventually("the text is taken", SOON, async || {
        (write(stack, world, sid, body).await == 200).then_some(())
    });
    Ok(taken.await?)
}

/// Asks until it is said; the same request is said once.
async fn asks(world: &World, ask: &SendAutomaticMessageRequest) -> Result<()> {
    let said = eventually("it is asked", SOON, async || {
        let mut automatic = world.clients.automatic.clone();
        automatic.send_automatic_message(ask.clone()).await.ok().map(drop)
    });
    Ok(said.await?)
}

/// Call, its text, the caller's words, the question, the rating: each once, and one rating is kept.
async fn is_rated_once(world: &World, recorded: &Conversation) -> Result<()> {
    let messages = world.clients.messages(&recorded.conversation).await?;
    let rated = |message: &&Message| message.content == Some(Content::Rating(5));
    ensure!(
        messages.len() == 5 && messages.iter().filter(rated).count() == 1,
        "the conversation holds {messages:?}"
    );
    let list = ListRatingsRequest {
        workspace: world.workspace.clone(),
        ..Default::default()
    };
    let kept = world
        .clients
        .automatic
        .clone()
        .list_ratings(list)
        .await?
        .into_inner()
        .ratings;
    let [only] = kept.as_slice() else {
        anyhow::bail!("kept are {kept:?}")
    };
    ensure!(only.rating == 5, "kept is {only:?}");
    Some(())
        .filter(|()| only.conversation == recorded.conversation)
        .context("of another conversation")
}
