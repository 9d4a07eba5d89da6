//! An agent writes to somebody who agreed to it, and to nobody else.

use anyhow::{Context, Result, ensure};
use cli::scenario::World;
use cli::stack::Stack;
use events::common::AuthorRole;
use prost_types::FieldMask;
use rpc::contacts::consent_service_client::ConsentServiceClient;
use rpc::contacts::contact_book_service_client::ContactBookServiceClient;
use rpc::contacts::{
    Contact, Purpose, RecordConsentRequest, UpdateContactRequest, WithdrawConsentRequest, WithdrawnBy,
};
use rpc::conversation::{Conversation, WriteToContactRequest};
use rpc::notifier::DeliveryStatus;
use testkit::WrittenText;
use tonic::transport::Channel;

use crate::messages::{becomes, open_channel, written};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_agreed_is_written_to_first_and_the_answer_lands_there() -> Result<()> {
    let stack = crate::stack().await?;
    let result = written_to(&stack).await;
    crate::shown(stack, result).await
}

async fn written_to(stack: &Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let first = world.clients.conversation(&written(stack, &world).await?).await?;
    let ola = world.clients.contact(&world.ola.phone).await?;
    let contacts = rpc::connect(&stack.endpoints.services["contacts"])?;
    open_channel(&world, "news").await?;

    let refused = write(&world, &ola, "w-0").await.expect_err("nobody agreed");
    let fault = rpc::from_status(&refused);
    ensure!(fault.code().name == "send.no_consent", "refused with {fault}");

    agree(&world, &contacts, &ola, &first).await?;
    let opened = write(&world, &ola, "w-1").await?;
    becomes(&world, &opened.conversation, 1, DeliveryStatus::Delivered).await?;
    ensure!(
        write(&world, &ola, "w-1").await? == opened,
        "the same request made something else"
    );

    let url = format!(
        "{}/v1/callbacks/sms/{}/inbound",
        stack.endpoints.gateway, world.workspace
    );
    let text = WrittenText {
        sid: "SM-yes",
        from: &world.ola.phone,
        body: "Keep one for me",
        ..WrittenText::default()
    };
    let answer = stack.sms.write_text(&url, &text).await;
    ensure!(answer == 200, "the provider was answered with {answer}");
    let told = world.clients.messages(&opened.conversation).await?;
    ensure!(
        told.len() == 2 && told[1].author() == AuthorRole::Customer,
        "the conversation holds {told:?}"
    );
    let sent = stack.sms.to(&world.ola.phone);
    let bodies: Vec<&str> = sent.iter().map(|text| text.body.as_str()).collect();
    ensure!(bodies == ["Your size is back"], "the customer has {bodies:?}");

    let withdrawal = WithdrawConsentRequest {
        workspace: world.workspace.clone(),
        contact: ola.contact.clone(),
        purpose: Purpose::Outreach.into(),
        at: None,
        by: WithdrawnBy::Form.into(),
    };
    ConsentServiceClient::new(contacts).withdraw_consent(withdrawal).await?;
    let refused = write(&world, &ola, "w-2").await.expect_err("it was taken back");
    let fault = rpc::from_status(&refused);
    ensure!(fault.code().name == "send.no_consent", "refused with {fault}");
    Ok(())
}

/// The customer agrees to be written to, and lives where it is about noon.
async fn agree(world: &World, contacts: &Channel, who: &Contact, conversation: &Conversation) -> Result<()> {
    let consent = RecordConsentRequest {
        workspace: world.workspace.clone(),
        request_id: "form-1".to_owned(),
        contact: who.contact.clone(),
        purpose: Purpose::Outreach.into(),
        addresses: who.addresses.iter().map(|one| one.address.clone()).collect(),
        form: "news".to_owned(),
        form_version: 1,
        language: "en".to_owned(),
        conversation: conversation.conversation.clone(),
        given_at: conversation.started_at,
    };
    ConsentServiceClient::new(contacts.clone())
        .record_consent(consent)
        .await?;
    let now = events::instant(conversation.started_at).context("a conversation without its start")?;
    let hour = i64::from(now.to_zoned(jiff::tz::TimeZone::UTC).hour());
    // The names of these zones count westwards.
    let zone = match hour - 12 {
        0 => "Etc/GMT".to_owned(),
        west => format!("Etc/GMT{west:+}"),
    };
    let change = UpdateContactRequest {
        workspace: world.workspace.clone(),
        contact: who.contact.clone(),
        mask: Some(FieldMask {
            paths: vec!["time_zone".to_owned()],
        }),
        by: "test".to_owned(),
        time_zone: zone,
        ..Default::default()
    };
    ContactBookServiceClient::new(contacts.clone())
        .update_contact(change)
        .await?;
    Ok(())
}

async fn write(world: &World, to: &Contact, request_id: &str) -> Result<Conversation, tonic::Status> {
    let request = WriteToContactRequest {
        workspace: world.workspace.clone(),
        request_id: request_id.to_owned(),
        channel: "news".to_owned(),
        contact: to.contact.clone(),
        agent: "ana".to_owned(),
        text: "Your size is back".to_owned(),
        ..Default::default()
    };
    let written = world.clients.conversations.clone().write_to_contact(request).await?;
    Ok(written.into_inner().conversation.unwrap_or_default())
}
