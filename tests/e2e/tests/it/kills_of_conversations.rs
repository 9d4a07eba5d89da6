//! Kill -9 in the middle of what a conversation does by itself: a workflow and its form, a card, a reminder, a copy. Each has its
//! effect once.

use anyhow::{Context, Result, ensure};
use cli::scenario::{Customer, Given, World};
use cli::stack::{Service, Stack};
use events::common::{CardKind, ChannelKind, ChannelSettings};
use events::event::WorkflowRunState;
use rpc::contacts::ListConsentsRequest;
use rpc::contacts::consent_service_client::ConsentServiceClient;
use rpc::conversation::card_service_client::CardServiceClient;
use rpc::conversation::form_service_client::FormServiceClient;
use rpc::conversation::message::Content;
use rpc::conversation::star_service_client::StarServiceClient;
use rpc::conversation::workflow_service_client::WorkflowServiceClient;
use rpc::conversation::workflow_step::Step;
use rpc::conversation::{
    Agent, Card, CreateChannelRequest, FormField, FormFieldKind, InputForm, ListRunsRequest, Message, SendCardRequest,
    SetInputFormRequest, SetStarRequest, SetWorkflowRequest, UpdateAgentRequest, Workflow, WorkflowForm, WorkflowRun,
    WorkflowStep, WorkflowTrigger,
};
use serde_json::json;
use std::time::Duration;
use testkit::eventually;
use testkit::servers::tables_with;
use tonic::transport::Channel;

const SOON: Duration = Duration::from_secs(45);
/// Longer than a question to a service that stands still is on its way.
const MIDDLE: Duration = Duration::from_millis(400);
const ANA: &str = "ana@shop.example";
const GREETING: &str = "Welcome! Somebody is with you in a moment.";
const THANKS: &str = "Thank you, we will write.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_workflow_does_is_done_once_though_its_keeper_is_killed_over_each_step() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = workflow(&mut stack).await;
    crate::shown(stack, result).await
}

async fn workflow(stack: &mut Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    set_workflow(stack, &world).await?;
    let mut customer = world.customer("flow", "Is it in stock?", Given::default()).await?;
    customer.shown_text(GREETING).await?;
    // It waits; whoever is there when the time comes goes on.
    stack.kill(Service::Conversation).await?;
    stack.restart(Service::Conversation).await?;
    let mut form = customer.asked(1).await?;
    if form["kind"] == "introduce_yourself" {
        // It comes by itself first, unless its keeper was away then.
        form = customer.asked(2).await?;
    }
    ensure!(form["kind"] == "input", "another form is shown: {form}");

    // Killed while the answer is on its way: the page sends it again.
    let email = world.ola.email.clone();
    let values = json!({ "email": email, "news": "yes" });
    stack.signal(Service::Contacts, "STOP").await?;
    let early = tokio::time::timeout(MIDDLE, customer.fill_in(&form, values.clone())).await;
    ensure!(early.is_err(), "it was taken before anybody could keep the address");
    stack.kill(Service::Conversation).await?;
    stack.signal(Service::Contacts, "CONT").await?;
    stack.restart(Service::Conversation).await?;
    taken(&mut customer, &form, &values).await?;
    // Killed while the tag is on its way.
    stack.kill(Service::Conversation).await?;
    stack.restart(Service::Conversation).await?;
    let run = eventually("the run is done", SOON, async || {
        let run = newest_run(stack, &world, &customer).await.ok()??;
        (run.state() == WorkflowRunState::Done).then_some(run)
    })
    .await?;
    ensure!(run.skipped.is_empty(), "left out was {:?}", run.skipped);
    // The same page once more.
    taken(&mut customer, &form, &values).await?;
    let messages = world.clients.messages(&customer.conversation).await?;
    for words in [GREETING, THANKS] {
        let said = messages.iter().filter(|message| message.text == words).count();
        ensure!(said == 1, "'{words}' was said {said} times: {messages:?}");
    }
    let is_form = |message: &&Message| matches!(message.content, Some(Content::Form(_)));
    ensure!(
        messages.len() == 4 && messages.iter().filter(is_form).count() == 1,
        "the conversation holds {messages:?}"
    );
    let contact = world.clients.conversation(&customer.conversation).await?.contact;
    let consents = eventually("the consent is kept", SOON, async || {
        let found = consents(stack, &world, &contact).await.ok()?;
        (found > 0).then_some(found)
    })
    .await?;
    ensure!(consents == 1, "{consents} consents are kept of one answer");
    stack.check()
}

/// Sends a page until it is taken, as a widget does that heard no answer.
async fn taken(customer: &mut Customer, form: &serde_json::Value, values: &serde_json::Value) -> Result<()> {
    let sent = eventually("the page is taken", 2 * SOON, async || {
        customer.fill_in(form, values.clone()).await.ok()
    });
    Ok(sent.await?)
}

fn keeper(stack: &Stack) -> Result<Channel> {
    Ok(rpc::connect(&stack.endpoints.services["conversation"])?)
}

/// On a channel of its own: greets, waits, asks for an address and a consent, tags whom it is of, says thanks.
async fn set_workflow(stack: &Stack, world: &World) -> Result<()> {
    let workspace = || world.workspace.clone();
    let channel = CreateChannelRequest {
        workspace: workspace(),
        channel: "flow".into(),
        kind: ChannelKind::Web.into(),
        settings: Some(ChannelSettings::default()),
        mask: Some(prost_types::FieldMask::default()),
    };
    world.clients.workspaces.clone().create_channel(channel).await?;
    let field = |key: &str, kind: FormFieldKind, label: &str| FormField {
        key: key.into(),
        kind: kind.into(),
        label: label.into(),
        required: kind == FormFieldKind::Email,
        ..Default::default()
    };
    let form = InputForm {
        name: "news".into(),
        title: "Shall we write?".into(),
        fields: vec![
            field("email", FormFieldKind::Email, "E-mail"),
            field("news", FormFieldKind::Consent, "Send me news"),
        ],
        ..Default::default()
    };
    let set = SetInputFormRequest {
        workspace: workspace(),
        form: Some(form),
        version: 0,
    };
    FormServiceClient::new(keeper(stack)?).set_input_form(set).await?;
    let ask = WorkflowForm {
        form: "news".into(),
        seconds: 600,
    };
    let steps = [
        Step::Greet(GREETING.into()),
        Step::WaitSeconds(3),
        Step::AskForm(ask),
        Step::SetTag("asked".into()),
        Step::Message(THANKS.into()),
    ];
    let workflow = Workflow {
        key: "news".into(),
        channel: "flow".into(),
        trigger: WorkflowTrigger::FirstMessage.into(),
        on: true,
        steps: steps.map(|step| WorkflowStep { step: Some(step) }).to_vec(),
        ..Default::default()
    };
    let set = SetWorkflowRequest {
        workspace: workspace(),
        workflow: Some(workflow),
        version: 0,
    };
    WorkflowServiceClient::new(keeper(stack)?).set_workflow(set).await?;
    Ok(())
}

async fn newest_run(stack: &Stack, world: &World, customer: &Customer) -> Result<Option<WorkflowRun>> {
    let list = ListRunsRequest {
        workspace: world.workspace.clone(),
        conversation: customer.conversation.clone(),
        ..Default::default()
    };
    let runs = WorkflowServiceClient::new(keeper(stack)?).list_runs(list).await?;
    Ok(runs.into_inner().runs.into_iter().next())
}

async fn consents(stack: &Stack, world: &World, contact: &str) -> Result<usize> {
    let list = ListConsentsRequest {
        workspace: world.workspace.clone(),
        contact: contact.to_owned(),
    };
    let mut client = ConsentServiceClient::new(rpc::connect(&stack.endpoints.services["contacts"])?);
    Ok(client.list_consents(list).await?.into_inner().consents.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_a_copy_and_a_way_to_pay_come_once_though_either_end_is_killed() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = reminded_and_paid(&mut stack).await;
    crate::shown(stack, result).await
}

async fn reminded_and_paid(stack: &mut Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let email = UpdateAgentRequest {
        workspace: world.workspace.clone(),
        agent: Some(Agent {
            agent: "ana".into(),
            email: ANA.into(),
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec!["email".into()],
        }),
    };
    world.clients.workspaces.clone().update_agent(email).await?;
    let given = Given {
        phone: None,
        ..world.ola.given()
    };
    let mut customer = world.customer("web", "Is it in stock?", given).await?;

    // The reminder is told while nobody mails, and its mailer dies over the question what it says.
    stack.kill(Service::Notifier).await?;
    remind(stack, &world, &customer, "first").await?;
    stack.kill(Service::Conversation).await?;
    stack.restart(Service::Conversation).await?;
    eventually("the reminder is told", SOON, async || {
        told(stack, &world).await.ok()?.then_some(())
    })
    .await?;
    stack.signal(Service::Routing, "STOP").await?;
    stack.restart(Service::Notifier).await?;
    let notifier = stack.postgres.url("notifier");
    eventually("its mail is due", SOON, async || {
        let found = tables_with(&notifier, &["ana"]).await.ok()?;
        found.iter().any(|place| place.contains("reminder_mail")).then_some(())
    })
    .await?;
    stack.kill(Service::Notifier).await?;
    stack.signal(Service::Routing, "CONT").await?;
    stack.restart(Service::Notifier).await?;
    let first = world.sinks.nth_mail(ANA, 1).await?;
    ensure!(
        first.text.unwrap_or_default().contains("first"),
        "another reminder came"
    );

    // A copy is asked for while nobody mails, and once more by a page that heard no answer.
    stack.kill(Service::Notifier).await?;
    customer.ask_for_copy("copy-1").await?;
    stack.kill(Service::Conversation).await?;
    stack.restart(Service::Conversation).await?;
    eventually("it is asked for again", SOON, async || {
        customer.ask_for_copy("copy-1").await.ok()
    })
    .await?;
    stack.restart(Service::Notifier).await?;
    world.sinks.nth_mail(&world.ola.email, 1).await?;

    // The shop tells of a card while its keeper is away, and tells it again.
    let card = send_card(stack, &world, &customer).await?;
    stack.kill(Service::Conversation).await?;
    let ready = json!({ "state": "ready", "url": "https://pay.example/17" });
    let at = "2026-11-20T10:00:00Z".parse()?;
    for event in ["ready-1", "ready-1", "ready-2"] {
        let told = world
            .integration
            .publish("card_outcome", event, &card, at, ready.clone());
        told.await?;
    }
    stack.restart(Service::Conversation).await?;
    let way = |messages: &[Message]| messages.iter().filter(|one| one.text.contains("pay.example")).count();
    eventually("the way to pay is said", SOON, async || {
        let messages = world.clients.messages(&customer.conversation).await.ok()?;
        (way(&messages) > 0).then_some(())
    })
    .await?;
    stack.kill(Service::Conversation).await?;
    stack.restart(Service::Conversation).await?;

    // What comes after all that is told after it: nothing came twice.
    remind(stack, &world, &customer, "second").await?;
    let second = world.sinks.nth_mail(ANA, 2).await?;
    ensure!(
        second.text.unwrap_or_default().contains("second"),
        "a reminder came twice"
    );
    let messages = world.clients.messages(&customer.conversation).await?;
    ensure!(way(&messages) == 1, "the way to pay is said {} times", way(&messages));
    let copies = world.sinks.mails(&world.ola.email).await?.len();
    ensure!(copies == 1, "{copies} copies came");
    world.books_agree().await?;
    stack.check()
}

/// Ana wants to be reminded of the conversation in two seconds.
#[expect(clippy::disallowed_methods, reason = "the test plays the outside world")]
async fn remind(stack: &Stack, world: &World, customer: &Customer, note: &str) -> Result<()> {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let star = SetStarRequest {
        workspace: world.workspace.clone(),
        conversation: customer.conversation.clone(),
        agent: "ana".into(),
        remind_at: Some(events::stamp(at)),
        note: note.into(),
    };
    eventually("the star is set", SOON, async || {
        let mut stars = StarServiceClient::new(keeper(stack).ok()?);
        stars.set_star(star.clone()).await.ok()
    })
    .await?;
    Ok(())
}

/// Whether ana's reminder was told.
async fn told(stack: &Stack, world: &World) -> Result<bool> {
    let list = rpc::conversation::ListRemindersRequest {
        workspace: world.workspace.clone(),
        agent: "ana".into(),
    };
    let told = StarServiceClient::new(keeper(stack)?).list_reminders(list).await?;
    Ok(!told.into_inner().stars.is_empty())
}

async fn send_card(stack: &Stack, world: &World, customer: &Customer) -> Result<String> {
    let card = SendCardRequest {
        workspace: world.workspace.clone(),
        conversation: customer.conversation.clone(),
        client_id: "card-1".into(),
        agent: "ana".into(),
        card: Some(Card {
            kind: CardKind::Payment.into(),
            title: "Shoes".into(),
            amount_minor: 12_900,
            currency: "PLN".into(),
            ..Default::default()
        }),
    };
    let sent = CardServiceClient::new(keeper(stack)?).send_card(card).await?;
    Some(sent.into_inner().card)
        .filter(|card| !card.is_empty())
        .context("no card")
}
