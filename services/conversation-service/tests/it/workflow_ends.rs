//! What a person does ends a run, in the same transaction.

use crate::Tested;
use crate::cards::{Cards, payment, send};
use crate::deliveries::tell;
use crate::forms::{offer, open, submit};
use crate::workflows::{Desk, ask, desk, say};
use crate::world::{AGENT, BOT, CUSTOMER, SOON, why};
use domain::{Clock, Timestamp};
use events::event::{
    AssigneeKind, AssignmentCause, RequestChanged, RequestState, WorkflowChanged, WorkflowRunEnd as End,
    WorkflowRunState as State,
};
use jiff::SignedDuration;
use rpc::conversation::workflow_step::Step;
use rpc::conversation::{self as proto, FormKind};
use std::time::Duration;
use testkit::eventually;

/// A visitor's conversation in which a run waits a minute before it says something.
async fn waiting(desk: &Desk, request_id: &str) -> anyhow::Result<(String, String)> {
    let conversation = desk.visit(request_id).await?;
    let run = desk
        .run(&conversation, "wait", &[Step::WaitSeconds(60), say("Still there?")])
        .await?;
    desk.comes_to(&conversation, State::Waiting).await?;
    Ok((conversation, run))
}

async fn resolve(desk: &Desk, conversation: &str) -> Tested {
    let request = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
    };
    desk.conversations.clone().resolve_conversation(request).await?;
    Ok(())
}

#[tokio::test]
async fn a_word_of_the_customer_or_an_agent_the_end_or_a_hand_ends_a_run_and_a_bot_does_not() -> Tested {
    let desk = desk().await?;
    let mut ended = Vec::new();
    for (n, end) in [End::CustomerWrote, End::AgentWrote, End::Resolved, End::ByHand]
        .into_iter()
        .enumerate()
    {
        let (conversation, run) = waiting(&desk, &format!("r-{n}")).await?;
        match end {
            End::CustomerWrote => drop(desk.post(&conversation, CUSTOMER, "c-1", "Hello?").await?),
            End::AgentWrote => drop(desk.post(&conversation, AGENT, "a-1", "Hello.").await?),
            End::Resolved => resolve(&desk, &conversation).await?,
            _ => drop(desk.cancel(&run).await?),
        }
        let stands = desk.get_run(&run).await?;
        assert_eq!((stands.state(), stands.end(), stands.step), (State::Cancelled, end, 1));
        assert!(stands.ended_at.is_some() && stands.waits_until.is_none());
        ended.push((conversation, stands));
    }
    let (last, run) = &ended[3];
    assert_eq!(desk.cancel(&run.run).await?, *run, "again it stays as it is");
    let (served, _) = waiting(&desk, "r-bot").await?;
    desk.post(&served, BOT, "b-1", "Beep.").await?;
    desk.clock.advance(Duration::from_secs(60));
    desk.comes_to(&served, State::Done).await?;
    assert_eq!(desk.said(&served).await?, ["Beep.", "Still there?"]);
    for (conversation, run) in &ended {
        assert_eq!(desk.get_run(&run.run).await?.version, run.version);
        assert!(!desk.said(conversation).await?.contains(&"Still there?".to_owned()));
    }
    assert!(desk.said(last).await?.is_empty());
    let told = desk.facts::<WorkflowChanged>(4 * 3 + 3).await?;
    let ends: Vec<End> = told
        .iter()
        .map(WorkflowChanged::end)
        .filter(|end| *end != End::Unspecified)
        .collect();
    assert_eq!(ends, [End::CustomerWrote, End::AgentWrote, End::Resolved, End::ByHand]);
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn with_a_run_goes_the_form_that_it_asked() -> Tested {
    let desk = desk().await?;
    let mut asked = Vec::new();
    for n in 1..=3 {
        let conversation = desk.visit(&format!("r-{n}")).await?;
        desk.run(&conversation, "ask", &[ask(600), say("Thank you.")]).await?;
        let form = desk.opens(&desk.forms, &conversation).await?;
        desk.comes_to(&conversation, State::Waiting).await?;
        asked.push((conversation, form));
    }
    let [(wrote, form), (served, _), (resolved, _)] = &asked[..] else {
        panic!("three")
    };
    desk.post(wrote, CUSTOMER, "c-1", "Why do you ask?").await?;
    desk.post(served, AGENT, "a-1", "I am here.").await?;
    for conversation in [wrote, served] {
        assert_eq!(desk.comes_to(conversation, State::Cancelled).await?.step, 1);
        assert_eq!(open(&desk.forms, conversation).await?, None);
    }
    let late = submit(&desk.forms, wrote, form, &[("email", "ann@example.com")]).await;
    assert_eq!(why(late), ("form.closed", "form".into()));
    // It makes room for the offer of a copy.
    resolve(&desk, resolved).await?;
    assert_eq!(open(&desk.forms, resolved).await?, None);
    desk.clock.advance(Duration::from_secs(5));
    let offer = desk.opens(&desk.forms, resolved).await?;
    assert_eq!(offer.kind(), FormKind::OfferCopy);
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn to_answer_what_is_asked_of_everybody_interrupts_nothing() -> Tested {
    let desk = desk().await?;
    let (conversation, run) = waiting(&desk, "r-1").await?;
    desk.clock.advance(Duration::from_secs(5));
    let first = desk.opens(&desk.forms, &conversation).await?;
    assert_eq!(first.kind(), FormKind::IntroduceYourself);
    let taken = submit(&desk.forms, &conversation, &first, &[("name", "Ann")]).await?;
    let second = taken.next.expect("its second page");
    submit(&desk.forms, &conversation, &second, &[("email", "ann@example.com")]).await?;
    assert_eq!(desk.get_run(&run).await?.state(), State::Waiting);
    desk.clock.advance(Duration::from_secs(60));
    desk.comes_to(&conversation, State::Done).await?;
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_card_is_the_agents_word() -> Tested {
    let desk = desk().await?;
    let (conversation, run) = waiting(&desk, "r-1").await?;
    let cards = Cards::new(rpc::connect(&format!("http://{}", desk.running.grpc))?);
    send(&cards, &conversation, "card-1", payment()).await?;
    assert_eq!(desk.get_run(&run).await?.end(), End::AgentWrote);
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn of_who_is_erased_no_run_is_left_and_an_export_holds_it() -> Tested {
    let desk = desk().await?;
    let (conversation, run) = waiting(&desk, "r-1").await?;
    let (stays, _) = waiting(&desk, "r-2").await?;
    let export = proto::ExportPersonRequest {
        workspace: "acme".into(),
        conversations: vec![conversation.clone()],
        ..Default::default()
    };
    let entries = desk.persons.clone().export_person(export).await?.into_inner().entries;
    let of_runs: Vec<_> = entries.iter().filter(|entry| entry.contains("workflow_run")).collect();
    assert!(of_runs.len() == 1 && of_runs[0].contains(&run), "{entries:?}");
    let erase = proto::ErasePersonRequest {
        workspace: "acme".into(),
        conversations: vec![conversation.clone()],
    };
    desk.persons.clone().erase_person(erase).await?;
    assert_eq!(why(desk.get_run(&run).await), ("request.not_found", "run".into()));
    let told = async || {
        let facts = desk.facts::<WorkflowChanged>(5).await.ok()?;
        facts.into_iter().find(|fact| fact.end() == End::Erased)
    };
    let fact = eventually("its end", SOON, told).await?;
    assert_eq!((fact.run, fact.version), (run, 3));
    desk.clock.advance(Duration::from_secs(60));
    desk.comes_to(&stays, State::Done).await?;
    assert!(desk.messages(&conversation).await?.is_empty());
    desk.world.end().await;
    Ok(())
}

/// `anna` has a conversation, or is alerted to it, since this moment.
fn request(conversation: &str, state: RequestState, at: Timestamp) -> RequestChanged {
    RequestChanged {
        request: uuid::Uuid::from_u128(9).to_string(),
        channel: "web".into(),
        state: state.into(),
        assignee_kind: AssigneeKind::Agent.into(),
        assignee: "anna".into(),
        cause: AssignmentCause::Accepted.into(),
        conversation: conversation.into(),
        version: 2,
        at: Some(events::stamp(at)),
        ..Default::default()
    }
}

/// Waits until everything that was told of requests is handled.
async fn heard(desk: &Desk) -> Tested {
    let context = async_nats::jetstream::new(desk.bus.client().clone());
    let all = async || {
        let stream = context.get_stream(events::FACTS.name).await.ok()?;
        let told = stream.consumer_info("conversation-requests").await.ok()?;
        (told.num_pending == 0 && told.num_ack_pending == 0).then_some(())
    };
    Ok(eventually("every request is heard of", SOON, all).await?)
}

#[tokio::test]
async fn an_agent_who_takes_the_conversation_without_a_word_ends_the_run_that_began_before() -> Tested {
    let desk = desk().await?;
    let asked = desk.visit("r-asked").await?;
    desk.run(&asked, "ask", &[ask(600), say("Thank you.")]).await?;
    desk.opens(&desk.forms, &asked).await?;
    let (kept, run) = waiting(&desk, "r-kept").await?;
    let before = desk.clock.now() - SignedDuration::from_secs(1);
    desk.clock.advance(Duration::from_secs(1));
    let now = desk.clock.now();
    let by_team = RequestChanged {
        assignee_kind: AssigneeKind::Team.into(),
        assignee: "sales".into(),
        ..request(&kept, RequestState::Serving, now)
    };
    let elsewhere = request(&asked, RequestState::Serving, now);
    for (id, workspace, fact) in [
        // Who had it when the run began may have started it.
        (1, "acme", &request(&kept, RequestState::Serving, before)),
        (2, "acme", &request(&kept, RequestState::Alerted, now)),
        (3, "acme", &by_team),
        (4, "other", &elsewhere),
        (5, "acme", &request("", RequestState::Serving, now)),
        (6, "acme", &elsewhere),
    ] {
        tell(&desk, workspace, id, fact).await?;
    }
    let ended = desk.comes_to(&asked, State::Cancelled).await?;
    assert_eq!((ended.end(), ended.step), (End::AgentTookOver, 1));
    heard(&desk).await?;
    assert_eq!(desk.get_run(&run).await?.state(), State::Waiting);
    assert_eq!(open(&desk.forms, &asked).await?, None, "its form goes with it");
    // Told again it changes nothing.
    tell(&desk, "acme", 7, &elsewhere).await?;
    tell(&desk, "acme", 8, &request(&kept, RequestState::Serving, now)).await?;
    assert_eq!(desk.comes_to(&kept, State::Cancelled).await?.end(), End::AgentTookOver);
    assert_eq!(desk.get_run(&ended.run).await?, ended);
    let told = desk.facts::<WorkflowChanged>(6).await?;
    let ends = told.iter().filter(|fact| fact.end() == End::AgentTookOver);
    let ends: Vec<&str> = ends.map(|fact| fact.run.as_str()).collect();
    assert_eq!(ends, [ended.run.as_str(), run.as_str()]);
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_form_that_an_agent_offered_stays_and_the_step_that_asks_is_left_out() -> Tested {
    let desk = desk().await?;
    let conversation = desk.visit("r-1").await?;
    desk.run(
        &conversation,
        "wait",
        &[Step::WaitSeconds(60), ask(600), say("Thank you.")],
    )
    .await?;
    desk.comes_to(&conversation, State::Waiting).await?;
    let offered = desk.forms.clone().offer_form(offer(&conversation, "o-1")).await?;
    let offered = offered.into_inner().form.expect("a form");
    desk.clock.advance(Duration::from_secs(60));
    let done = desk.comes_to(&conversation, State::Done).await?;
    let why: Vec<_> = done.skipped.iter().map(|one| (one.step, one.reason.as_str())).collect();
    assert_eq!(why, [(2, "form_open")]);
    assert_eq!(desk.said(&conversation).await?, ["Thank you."]);
    let still = open(&desk.forms, &conversation).await?.expect("a form");
    assert_eq!(still.form, offered.form);
    submit(&desk.forms, &conversation, &still, &[("email", "ann@example.com")]).await?;
    desk.world.end().await;
    Ok(())
}
