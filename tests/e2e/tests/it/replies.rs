//! What a customer writes back, by text and by mail.

use anyhow::{Context, Result, ensure};
use cli::scenario::{ArrivedMail, TEXT_CHANNEL, World, main_job};
use cli::stack::Stack;
use events::common::{AuthorRole, ChannelSettings};
use events::event::FollowUpEnd;
use rpc::conversation::{
    AssignSenderRequest, ListConversationsRequest, ResolveConversationRequest, UpdateChannelRequest,
};
use rpc::notifier::GetOptOutRequest;
use rpc::notifier::get_opt_out_request::Address;
use testkit::WrittenText;

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
    let told = world.clients.messages(&customer.conversation).await?;
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
        world.clients.messages(&customer.conversation).await?.len() == 3,
        "a resolved conversation gets nothing more"
    );
    let list = ListConversationsRequest {
        workspace: world.workspace.clone(),
        ..Default::default()
    };
    let all = conversations.list_conversations(list).await?.into_inner().conversations;
    let next = all.iter().find(|one| one.continues == customer.conversation);
    let next = next.context("no conversation continues it")?;
    let told = world.clients.messages(&next.conversation).await?;
    ensure!(
        told.len() == 1 && told[0].text == "And the lid?",
        "the next conversation holds {told:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_workspace_texts_from_its_own_number_and_gets_its_own_replies_and_stops() -> Result<()> {
    let stack = crate::stack().await?;
    let result = two_shops(&stack).await;
    crate::shown(stack, result).await
}

async fn two_shops(stack: &Stack) -> Result<()> {
    let mut shops = Vec::new();
    for number in ["+48732000001", "+48732000002"] {
        let world = World::set_up(stack.endpoints.clone()).await?;
        set_number(&world, number).await?;
        let mut customer = main_job::write_on(&world, TEXT_CHANNEL).await?;
        main_job::leave(&world, &mut customer).await?;
        world.answer(&customer, main_job::ANSWER).await?;
        main_job::text(&world, &customer).await?;
        let senders: Vec<String> = stack
            .sms
            .to(&world.ola.phone)
            .into_iter()
            .map(|text| text.from)
            .collect();
        ensure!(
            senders == [number, number],
            "confirmation and text came from {senders:?}"
        );
        shops.push((world, customer, number));
    }
    for (turn, (world, customer, number)) in shops.iter().enumerate() {
        write_to(
            stack,
            world,
            number,
            &format!("SM-hello-{turn}"),
            "Yes, keep one for me",
        )
        .await?;
        write_to(stack, world, number, &format!("SM-stop-{turn}"), "STOP").await?;
        let told = world.clients.messages(&customer.conversation).await?;
        let words: Vec<&str> = told.iter().skip(2).map(|message| message.text.as_str()).collect();
        ensure!(
            words == ["Yes, keep one for me", "STOP"],
            "the conversation holds {words:?}"
        );
        for (other, (elsewhere, _, _)) in shops.iter().enumerate() {
            let request = GetOptOutRequest {
                workspace: elsewhere.workspace.clone(),
                address: Some(Address::Phone(world.ola.phone.clone())),
            };
            let mut client = world.clients.follow_ups.clone();
            let opted_out = client.get_opt_out(request).await?.into_inner().opted_out;
            ensure!(
                opted_out == (turn == other),
                "STOP of shop {turn} in shop {other}: {opted_out}"
            );
        }
    }
    Ok(())
}

/// From now on the channel texts from this number.
async fn set_number(world: &World, number: &str) -> Result<()> {
    let own = AssignSenderRequest {
        workspace: world.workspace.clone(),
        sender: number.to_owned(),
    };
    world.clients.senders.clone().assign_sender(own).await?;
    let request = UpdateChannelRequest {
        workspace: world.workspace.clone(),
        channel: TEXT_CHANNEL.to_owned(),
        settings: Some(ChannelSettings {
            text_from: number.to_owned(),
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec!["text_from".to_owned()],
        }),
        version: 0,
    };
    world.clients.workspaces.clone().update_channel(request).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_the_mail_lands_in_the_conversation_and_a_programs_answer_nowhere() -> Result<()> {
    let stack = crate::stack().await?;
    let result = answered(&stack).await;
    crate::shown(stack, result).await
}

async fn answered(stack: &Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let mut customer = main_job::write(&world).await?;
    main_job::leave(&world, &mut customer).await?;
    world.answer(&customer, main_job::ANSWER).await?;
    let mail = main_job::mail(&world).await?;

    let automatic = hand_over(stack, &world, &mail, "Auto-Submitted: auto-replied", "I am away").await?;
    ensure!(automatic == "automatic", "a program's answer is {automatic}");
    for _ in 0..2 {
        let posted = hand_over(stack, &world, &mail, "X-Mailer: tests", "Yes, keep one for me").await?;
        ensure!(posted == "posted", "the customer's answer is {posted}");
    }
    main_job::ended(&world, &customer.conversation, FollowUpEnd::Replied).await?;
    let told = world.clients.messages(&customer.conversation).await?;
    let last = told.last().context("no message")?;
    ensure!(
        told.len() == 3 && last.author() == AuthorRole::Customer && last.text == "Yes, keep one for me",
        "the conversation holds {told:?}"
    );
    Ok(())
}

/// The customer's mail server hands an answer over; says what became of it.
async fn hand_over(stack: &Stack, world: &World, mail: &ArrivedMail, header: &str, words: &str) -> Result<String> {
    let to = mail.reply_to.as_deref().context("no address to answer to")?;
    let from = &world.ola.email;
    let answer = answer_to(mail, from, header, words)?;
    let answer = reqwest::Client::new()
        .post(format!("{}/v1/callbacks/mail", stack.endpoints.gateway))
        .bearer_auth(stack.mail_secret())
        .header("content-type", "message/rfc822")
        .header("x-envelope-to", to)
        .header("x-envelope-from", from)
        .body(answer)
        .send()
        .await?;
    let taken: serde_json::Value = answer.error_for_status()?.json().await?;
    Ok(taken["outcome"].as_str().context("no outcome")?.to_owned())
}

/// A mail program's answer to a mail of ours, with what it quotes.
pub(crate) fn answer_to(mail: &ArrivedMail, from: &str, header: &str, words: &str) -> Result<String> {
    let to = mail.reply_to.as_deref().context("no address to answer to")?;
    Ok(format!(
        "From: Ola <{from}>\r\nTo: {to}\r\n{header}\r\nMessage-ID: <{}@example.com>\r\n\r\n{words}\r\n\r\n\
         On Fri, Nov 20, 2026 at 2:03 PM <notify@homing.example> wrote:\r\n> {}\r\n",
        words.len(),
        main_job::ANSWER
    ))
}

/// The customer writes to the number that the text came from.
async fn write(stack: &Stack, world: &World, sid: &str, text: &str) -> Result<()> {
    write_to(stack, world, WrittenText::default().to, sid, text).await
}

async fn write_to(stack: &Stack, world: &World, number: &str, sid: &str, text: &str) -> Result<()> {
    let url = format!(
        "{}/v1/callbacks/sms/{}/inbound",
        stack.endpoints.gateway, world.workspace
    );
    let text = WrittenText {
        sid,
        from: &world.ola.phone,
        to: number,
        body: text,
        ..WrittenText::default()
    };
    let answer = stack.sms.write_text(&url, &text).await;
    ensure!(answer == 200, "the provider was answered with {answer}");
    Ok(())
}
