//! Input forms that agents offer and nobody fills in.

use crate::Tested;
use crate::forms::{Forms, by_visitor, count, counted, news, offer, open, staffing, submit, world};
use crate::world::{AGENT, CUSTOMER, SOON, World, why};
use events::event::FormChanged;
use rpc::conversation::{self as proto, FormKind};
use std::time::Duration;
use testkit::eventually;

const HOUR: u32 = 3_600;

async fn offered(forms: &Forms, conversation: &str, request_id: &str, seconds: u32) -> anyhow::Result<proto::Form> {
    let wanted = proto::OfferFormRequest {
        seconds,
        ..offer(conversation, request_id)
    };
    let answer = forms.clone().offer_form(wanted).await?.into_inner();
    answer.form.ok_or_else(|| anyhow::anyhow!("no form"))
}

/// Waits until nothing is open in the conversation.
async fn closed(forms: &Forms, conversation: &str) -> Tested {
    let gone = async || open(forms, conversation).await.ok()?.is_none().then_some(());
    Ok(eventually("the form is gone", SOON, gone).await?)
}

async fn resolve(world: &World, conversation: &str) -> Tested {
    let request = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
    };
    world.conversations.clone().resolve_conversation(request).await?;
    Ok(())
}

#[tokio::test]
async fn a_form_that_nobody_fills_in_makes_room_once_its_time_is_up() -> Tested {
    let (world, mut forms) = world().await?;
    forms.set_input_form(news(0)).await?;
    let [short, long, used] = [
        world.visit("r-1").await?,
        world.visit("r-2").await?,
        world.visit("r-3").await?,
    ];
    let form = offered(&forms, &short, "o-1", HOUR).await?;
    // Without a time it stays for a day.
    offered(&forms, &long, "o-1", 0).await?;
    let filled = offered(&forms, &used, "o-1", HOUR).await?;
    submit(&forms, &used, &filled, &[("email", "ann@example.com")]).await?;
    world.clock.advance(Duration::from_secs(u64::from(HOUR)));
    closed(&forms, &short).await?;
    let late = submit(&forms, &short, &form, &[("email", "ann@example.com")]).await;
    assert_eq!(why(late), ("form.closed", "form".into()));
    assert!(open(&forms, &long).await?.is_some());
    let told: Vec<FormChanged> = world.facts(5).await?;
    let of_short: Vec<u32> = told
        .iter()
        .filter(|fact| fact.conversation == short)
        .map(|fact| fact.page)
        .collect();
    assert_eq!(of_short, [1, 0]);
    // The same request again answers what became of it and opens nothing; another one does.
    offered(&forms, &short, "o-1", HOUR).await?;
    assert!(open(&forms, &short).await?.is_none());
    let again = offered(&forms, &short, "o-2", HOUR).await?;
    assert_eq!(open(&forms, &short).await?, Some(again));
    world.clock.advance(Duration::from_secs(23 * u64::from(HOUR)));
    for conversation in [&short, &long] {
        closed(&forms, conversation).await?;
    }
    let left = count(
        &world,
        "SELECT count(*) FROM form WHERE state = 'withdrawn' AND kind = 'input'",
    );
    assert_eq!(left.await?, 3, "what was filled in stays so");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn the_offer_of_a_copy_comes_once_the_form_that_was_open_at_the_end_is_gone() -> Tested {
    let (world, mut forms) = world().await?;
    forms.set_input_form(news(0)).await?;
    let conversation = world.visit("r-1").await?;
    world.post(&conversation, AGENT, "a-1", "Hello.").await?;
    offered(&forms, &conversation, "o-1", 60).await?;
    resolve(&world, &conversation).await?;
    world.clock.advance(Duration::from_secs(60));
    // It comes a moment later, and that moment is counted from then on.
    let armed = "SELECT count(*) FROM form WHERE kind = 'offer_copy' AND state = 'due'";
    eventually("a copy is to be offered", SOON, async || {
        (count(&world, armed).await.ok()? == 1).then_some(())
    })
    .await?;
    world.clock.advance(Duration::from_secs(5));
    let next = eventually("the offer", SOON, async || {
        open(&forms, &conversation).await.ok().flatten()
    })
    .await?;
    assert_eq!(next.kind(), FormKind::OfferCopy);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn who_writes_on_while_a_form_is_offered_is_asked_for_contacts_once_it_is_gone() -> Tested {
    let (world, mut forms) = world().await?;
    forms.set_input_form(news(0)).await?;
    let started = world
        .conversations
        .clone()
        .start_conversation(by_visitor("r-1"))
        .await?;
    let conversation = started.into_inner().conversation.unwrap_or_default().conversation;
    let too_long = proto::OfferFormRequest {
        seconds: 30 * 24 * HOUR + 1,
        ..offer(&conversation, "o-1")
    };
    assert_eq!(
        why(forms.offer_form(too_long).await),
        ("request.invalid", "seconds".into())
    );
    offered(&forms, &conversation, "o-1", 60).await?;
    staffing(&world, "", false, 1).await?;
    counted(&world, 1, "SELECT count(*) FROM team_staffing").await?;
    world.post(&conversation, CUSTOMER, "c-2", "What is this?").await?;
    assert_eq!(
        open(&forms, &conversation).await?.map(|form| form.kind()),
        Some(FormKind::Input)
    );
    world.clock.advance(Duration::from_secs(60));
    closed(&forms, &conversation).await?;
    world.post(&conversation, CUSTOMER, "c-3", "Is anybody there?").await?;
    world.clock.advance(Duration::from_secs(5));
    let asked = world.opens(&forms, &conversation).await?;
    assert_eq!(asked.kind(), FormKind::LeaveContacts);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_people_type_passes_for_no_other_answer_and_is_refused_in_words_that_say_why() -> Tested {
    let (world, mut forms) = world().await?;
    let mut asks = news(0);
    if let Some(form) = &mut asks.form {
        form.fields[1] = proto::FormField {
            key: "words".into(),
            kind: proto::FormFieldKind::Text.into(),
            label: "Words".into(),
            ..Default::default()
        };
    }
    forms.set_input_form(asks).await?;
    let conversation = world.visit("r-1").await?;
    let form = offered(&forms, &conversation, "o-1", HOUR).await?;
    let with = |words: &'static str| [("email", "ann@example.com"), ("words", words)];
    let refused = submit(&forms, &conversation, &form, &with("bell\u{7}")).await?;
    let said: Vec<&str> = refused.errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(said, ["This is too long, or has characters that cannot be shown."]);
    let taken = submit(
        &forms,
        &conversation,
        &form,
        &with("Hello\r\nE-mail: boss@acme.example"),
    )
    .await?;
    let text = taken.message.map(|message| message.text);
    assert_eq!(
        text.as_deref(),
        Some("Label of email: ann@example.com\nWords: Hello\n  E-mail: boss@acme.example")
    );
    world.end().await;
    Ok(())
}
