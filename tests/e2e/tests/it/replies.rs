//! What a customer writes back by text.

use anyhow::{Context, Result, ensure};
use cli::scenario::{TEXT_CHANNEL, World, main_job};
use cli::stack::Stack;
use events::common::AuthorRole;
use events::event::FollowUpEnd;
use rpc::conversation::{ListConversationsRequest, ListMessagesRequest, Message, ResolveConversationRequest};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_by_text_lands_in_the_conversation_and_after_a_resolve_in_the_one_that_continues_it() -> Result<()> {
    let stack = crate::stack().await?;
    let result = replied(&stack).await;
    crate::shown(stack, result).await
}

async fn replied(stack: &Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let mut customer = main_job::write_on(&world, TEXT_CHANNEL).await?;
    main_job::leave(&world, &mut customer).await?;
    world.answer(&customer, main_job::ANSWER).await?;
    main_job::text(&world, &customer).await?;

    write(stack, &world, "SM-first", "Yes, keep one for me").await?;
    main_job::ended(&world, &customer.conversation, FollowUpEnd::Replied).await?;
    let told = messages(&world, &customer.conversation).await?;
    let last = told.last().context("no message")?;
    ensure!(
        told.len() == 3 && last.author() == AuthorRole::Customer && last.text == "Yes, keep one for me",
        "the conversation holds {told:?}"
    );

    let resolve = ResolveConversationRequest {
        workspace: world.workspace.clone(),
        conversation: customer.conversation.clone(),
    };
    let mut conversations = world.clients.conversations.clone();
    conversations.resolve_conversation(resolve).await?;
    write(stack, &world, "SM-second", "And the lid?").await?;
    write(stack, &world, "SM-second", "And the lid?").await?;
    ensure!(
        messages(&world, &customer.conversation).await?.len() == 3,
        "a resolved conversation gets nothing more"
    );
    let list = ListConversationsRequest {
        workspace: world.workspace.clone(),
        ..Default::default()
    };
    let all = conversations.list_conversations(list).await?.into_inner().conversations;
    let next = all.iter().find(|one| one.continues == customer.conversation);
    let next = next.context("no conversation continues it")?;
    let told = messages(&world, &next.conversation).await?;
    ensure!(
        told.len() == 1 && told[0].text == "And the lid?",
        "the next conversation holds {told:?}"
    );
    Ok(())
}

/// The customer writes to the number that the text came from.
async fn write(stack: &Stack, world: &World, sid: &str, text: &str) -> Result<()> {
    let url = format!(
        "{}/v1/callbacks/sms/{}/inbound",
        stack.endpoints.gateway, world.workspace
    );
    let answer = stack.sms.write(&url, sid, &world.ola.phone, text).await;
    ensure!(answer == 200, "the provider was answered with {answer}");
    Ok(())
}

async fn messages(world: &World, conversation: &str) -> Result<Vec<Message>> {
    let request = ListMessagesRequest {
        workspace: world.workspace.clone(),
        conversation: conversation.to_owned(),
        ..Default::default()
    };
    let mut client = world.clients.conversations.clone();
    Ok(client.list_messages(request).await?.into_inner().messages)
}
