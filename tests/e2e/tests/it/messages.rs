//! What agents write on a channel of texts: the customer has it once, also where the notifier is killed.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::scenario::{World, main_job};
use cli::stack::{Service, Stack};
use events::common::{AuthorRole, ChannelKind};
use events::event::DeliveryPurpose;
use rpc::conversation::{CreateChannelRequest, ListConversationsRequest, PostMessageRequest};
use rpc::notifier::{Delivery, DeliveryStatus};
use testkit::{SmsFault, WrittenText, eventually};

const SOON: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_who_texts_is_answered_by_text_and_the_answer_is_paid_once() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = answered(&mut stack).await;
    crate::shown(stack, result).await
}

async fn answered(stack: &mut Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let conversation = written(stack, &world).await?;
    post(&world, &conversation, "m-1", "Until six. Shall I keep one for you?").await?;
    becomes(&world, &conversation, 2, DeliveryStatus::Delivered).await?;
    post(&world, &conversation, "m-2", "It is the blue one.").await?;
    becomes(&world, &conversation, 3, DeliveryStatus::Delivered).await?;
    let charges = main_job::captured(&world, 2).await?;
    ensure!(
        charges.len() == 2 && charges.iter().all(|charge| charge.micro_pu > 0),
        "charged were {charges:?}"
    );

    // What is written while the notifier is away goes out when it is back.
    stack.kill(Service::Notifier).await?;
    post(&world, &conversation, "m-3", "Or the red one?").await?;
    stack.restart(Service::Notifier).await?;
    becomes(&world, &conversation, 4, DeliveryStatus::Delivered).await?;

    // Killed while the provider has the call, which it takes and never answers.
    let calls = stack.sms.calls();
    stack.sms.fail_next(SmsFault::AcceptThenHang);
    post(&world, &conversation, "m-4", "We close now.").await?;
    eventually("the provider is called", SOON, async || {
        (stack.sms.calls() > calls).then_some(())
    })
    .await?;
    stack.kill(Service::Notifier).await?;
    post(&world, &conversation, "m-5", "See you.").await?;
    stack.restart(Service::Notifier).await?;
    becomes(&world, &conversation, 6, DeliveryStatus::Delivered).await?;
    // Its receipt came while nobody was there, or settles it.
    eventually("the attempt is settled or unknown", SOON, async || {
        let delivery = delivery(&world, &conversation, 5).await.ok().flatten()?;
        let over = [
            DeliveryStatus::Unknown,
            DeliveryStatus::Accepted,
            DeliveryStatus::Delivered,
        ];
        over.contains(&delivery.status()).then_some(())
    })
    .await?;
    let texts: Vec<String> = stack
        .sms
        .to(&world.ola.phone)
        .into_iter()
        .map(|text| text.body)
        .collect();
    ensure!(
        texts
            == [
                "Until six. Shall I keep one for you?",
                "It is the blue one.",
                "Or the red one?",
                "We close now.",
                "See you.",
            ],
        "the customer has {texts:?}"
    );
    Ok(())
}

/// The customer texts a number that nobody wrote from before; says which conversation that opened.
pub async fn written(stack: &Stack, world: &World) -> Result<String> {
    open_channel(world, "texts").await?;
    let url = format!(
        "{}/v1/callbacks/sms/{}/inbound?channel=texts",
        stack.endpoints.gateway, world.workspace
    );
    let text = WrittenText {
        sid: "SM-hello",
        from: &world.ola.phone,
        body: "Are you open today?",
        ..WrittenText::default()
    };
    let answer = stack.sms.write_text(&url, &text).await;
    ensure!(answer == 200, "the provider was answered with {answer}");
    let list = ListConversationsRequest {
        workspace: world.workspace.clone(),
        ..Default::default()
    };
    let mut client = world.clients.conversations.clone();
    let all = client.list_conversations(list).await?.into_inner().conversations;
    Ok(all.first().context("no conversation")?.conversation.clone())
}

/// A channel on which what agents write goes out as texts.
pub async fn open_channel(world: &World, channel: &str) -> Result<()> {
    let request = CreateChannelRequest {
        workspace: world.workspace.clone(),
        channel: channel.to_owned(),
        kind: ChannelKind::Sms.into(),
        settings: None,
        mask: None,
    };
    world.clients.workspaces.clone().create_channel(request).await?;
    Ok(())
}

async fn post(world: &World, conversation: &str, client_id: &str, text: &str) -> Result<()> {
    let request = PostMessageRequest {
        workspace: world.workspace.clone(),
        conversation: conversation.to_owned(),
        client_id: client_id.to_owned(),
        author: AuthorRole::Agent.into(),
        agent: "ana".to_owned(),
        text: text.to_owned(),
        ..Default::default()
    };
    world.clients.conversations.clone().post_message(request).await?;
    Ok(())
}

async fn delivery(world: &World, conversation: &str, seq: u64) -> Result<Option<Delivery>> {
    let explained = world.clients.explain(conversation).await?;
    let mut messages = explained.deliveries.into_iter();
    Ok(messages.find(|one| one.purpose() == DeliveryPurpose::Message && one.seq == seq))
}

pub async fn becomes(world: &World, conversation: &str, seq: u64, status: DeliveryStatus) -> Result<()> {
    eventually(format!("message {seq} is {}", status.as_str_name()), SOON, async || {
        let delivery = delivery(world, conversation, seq).await.ok().flatten()?;
        (delivery.status() == status).then_some(())
    })
    .await?;
    Ok(())
}
