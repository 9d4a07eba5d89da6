//! The offer of a copy, which a widget shows after the end of a conversation.

use crate::Tested;
use crate::contacts::id_of;
use crate::forms::{Forms, by_visitor, count, keys, news, offer, open, submit, world};
use crate::ingest::{document, ingest, message, verdicts};
use crate::world::{CUSTOMER, World, why};
use domain::Clock;
use events::common::{ChannelSettings, FieldRule};
use events::event::{ConversationReachable, ConversationTranscriptRequested, FormChanged};
use rpc::conversation::{self as proto, Form, FormKind};
use serde_json::json;
use std::time::Duration;

const ANN: &str = "ann@example.com";
/// After the end.
const MOMENT: Duration = Duration::from_secs(5);
const WORDS: &str = "Three copies were asked for today. Please ask again tomorrow.";
const OFFERS: &str = "SELECT count(*) FROM form WHERE kind = 'offer_copy'";

impl World {
    async fn resolve(&self, conversation: &str) -> Tested {
        let request = proto::ResolveConversationRequest {
            workspace: "acme".into(),
            conversation: conversation.into(),
        };
        self.conversations.clone().resolve_conversation(request).await?;
        Ok(())
    }

    async fn change_channel(&self, path: &str, settings: ChannelSettings) -> Tested {
        let request = proto::UpdateChannelRequest {
            workspace: "acme".into(),
            channel: "web".into(),
            settings: Some(settings),
            mask: Some(prost_types::FieldMask {
                paths: vec![path.into()],
            }),
            version: 0,
        };
        self.workspaces.clone().update_channel(request).await?;
        Ok(())
    }

    async fn ask_for_copy(&self, conversation: &str, request_id: &str, email: &str) -> Tested {
        let request = proto::RequestTranscriptRequest {
            workspace: "acme".into(),
            conversation: conversation.into(),
            request_id: request_id.into(),
            email: email.into(),
        };
        self.conversations.clone().request_transcript(request).await?;
        Ok(())
    }

    /// A conversation of a visitor who gave this address.
    async fn visit_of(&self, request_id: &str, email: &str) -> anyhow::Result<String> {
        let request = proto::StartConversationRequest {
            contact: Some(proto::GivenContact {
                email: email.into(),
                ..Default::default()
            }),
            ..by_visitor(request_id)
        };
        let started = self.conversations.clone().start_conversation(request).await?;
        Ok(started.into_inner().conversation.unwrap_or_default().conversation)
    }

    /// The offer that is shown five seconds after the conversation is resolved.
    async fn offered(&self, forms: &Forms, conversation: &str) -> anyhow::Result<Form> {
        self.resolve(conversation).await?;
        self.clock.advance(MOMENT);
        self.opens(forms, conversation).await
    }
}

#[tokio::test]
async fn after_the_end_a_copy_is_offered_and_asked_for_where_it_is_filled_in() -> Tested {
    let (world, forms) = world().await?;
    let conversation = world.visit("r-1").await?;
    world.clock.advance(MOMENT);
    let introduce = world.opens(&forms, &conversation).await?;
    world.resolve(&conversation).await?;
    assert_eq!(
        open(&forms, &conversation).await?,
        None,
        "who it was is not asked any more"
    );
    let late = submit(&forms, &conversation, &introduce, &[("name", "Ann")]).await;
    assert_eq!(why(late), ("form.closed", "form".into()));
    world.clock.advance(MOMENT);
    let offered = world.opens(&forms, &conversation).await?;
    assert_eq!((offered.kind(), keys(&offered)), (FormKind::OfferCopy, vec!["email"]));
    assert!(offered.fields[0].required);
    for nothing in ["", "ann@"] {
        let refused = submit(&forms, &conversation, &offered, &[("email", nothing)]).await?;
        assert_eq!((refused.errors.len(), refused.errors[0].key.as_str()), (1, "email"));
    }
    assert!(world.contacts.asked().is_empty());

    let taken = submit(&forms, &conversation, &offered, &[("email", ANN)]).await?;
    assert_eq!((taken.errors.len(), &taken.message, &taken.next), (0, &None, &None));
    assert_eq!(
        submit(&forms, &conversation, &offered, &[("email", ANN)]).await?,
        taken,
        "the same again asks for nothing more"
    );
    assert_eq!(open(&forms, &conversation).await?, None);
    let asked = world.facts::<ConversationTranscriptRequested>(1).await?;
    assert_eq!(
        (asked[0].conversation.as_str(), asked[0].up_to_seq),
        (conversation.as_str(), 1)
    );
    // It serves later follow-ups of this request, and opens nothing.
    let reachable = world.facts::<ConversationReachable>(1).await?;
    assert_eq!(reachable[0].email_address, id_of(ANN));
    let ended = world.get(&conversation).await?;
    assert!(ended.resolved_at.is_some());
    assert_eq!(count(&world, "SELECT count(*) FROM conversation").await?, 1);
    assert_eq!(world.messages(&conversation).await?.len(), 1);
    let pages: Vec<u32> = world
        .facts::<FormChanged>(4)
        .await?
        .iter()
        .map(|fact| fact.page)
        .collect();
    assert_eq!(pages, [1, 0, 1, 0]);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_copy_is_not_offered_to_who_gets_one_or_cannot() -> Tested {
    let (world, forms) = world().await?;
    let by_itself = world.visit_of("r-1", ANN).await?;
    let asked = world.visit("r-2").await?;
    world.ask_for_copy(&asked, "t-1", ANN).await?;
    let no_widget = world.start("r-3").await?.conversation;
    for conversation in [&by_itself, &asked, &no_widget] {
        world.resolve(conversation).await?;
    }
    let off = ChannelSettings {
        email: FieldRule::Off.into(),
        ..Default::default()
    };
    world.change_channel("email", off).await?;
    let no_mail = world.visit("r-4").await?;
    world.resolve(&no_mail).await?;
    assert_eq!(count(&world, OFFERS).await?, 0);
    let on = ChannelSettings {
        email: FieldRule::Optional.into(),
        ..Default::default()
    };
    world.change_channel("email", on).await?;

    world
        .change_channel("transcript_at_end", ChannelSettings::default())
        .await?;
    // Who asked a while ago may want what was said since; and where none goes out by itself, who gave an address may want one.
    let earlier = world.visit("r-5").await?;
    world.ask_for_copy(&earlier, "t-1", ANN).await?;
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(world.offered(&forms, &earlier).await?.kind(), FormKind::OfferCopy);
    let known = world.visit_of("r-6", ANN).await?;
    let offered = world.offered(&forms, &known).await?;
    assert_eq!(offered.kind(), FormKind::OfferCopy);
    let dismiss = proto::DismissFormRequest {
        workspace: "acme".into(),
        conversation: known.clone(),
        form: offered.form,
    };
    forms.clone().dismiss_form(dismiss).await?;
    assert_eq!(open(&forms, &known).await?, None);
    assert_eq!(count(&world, OFFERS).await?, 2, "once in a conversation");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn an_offer_is_taken_back_from_who_goes_on_or_has_just_asked() -> Tested {
    let (world, forms) = world().await?;
    let [due, shown, asked] = [
        world.visit("r-1").await?,
        world.visit("r-2").await?,
        world.visit("r-3").await?,
    ];
    world.resolve(&due).await?;
    world.post(&due, CUSTOMER, "c-1", "And now?").await?;
    let offered = world.offered(&forms, &shown).await?;
    world.post(&shown, CUSTOMER, "c-1", "And now?").await?;
    let late = submit(&forms, &shown, &offered, &[("email", ANN)]).await;
    assert_eq!(why(late), ("form.closed", "form".into()));
    world.resolve(&asked).await?;
    world.ask_for_copy(&asked, "t-1", ANN).await?;
    let last = world.visit("r-4").await?;
    world.offered(&forms, &last).await?;
    for conversation in [&due, &shown, &asked] {
        assert_eq!(open(&forms, conversation).await?, None);
    }
    let withdrawn = "SELECT count(*) FROM form WHERE kind = 'offer_copy' AND state = 'withdrawn'";
    assert_eq!(count(&world, withdrawn).await?, 3);
    world.facts::<ConversationTranscriptRequested>(1).await?;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn an_end_that_another_system_tells_of_offers_a_copy_unless_it_is_long_ago() -> Tested {
    let (world, forms) = world().await?;
    let [conversation, old] = [world.visit("r-1").await?, world.visit("r-2").await?];
    let now = world.clock.now();
    let ended = |id: &str, of: &str, at: domain::Timestamp| {
        let mut told = document(id, of, "conversation_resolved", json!({}));
        told["time"] = at.to_string().into();
        told
    };
    let long_ago = now.checked_sub(Duration::from_secs(11 * 60))?;
    let told = [ended("e-1", &conversation, now), ended("e-2", &old, long_ago)];
    let accepted = ingest(&world, &told).await?;
    assert_eq!(verdicts(&accepted), [(true, "", ""); 2]);
    assert_eq!(count(&world, OFFERS).await?, 1);
    world.clock.advance(MOMENT);
    world.opens(&forms, &conversation).await?;
    // What the customer writes elsewhere ends the offer too.
    let next = message("m-1", &conversation, "customer", "And now?");
    assert_eq!(verdicts(&ingest(&world, &[next]).await?), [(true, "", "")]);
    assert_eq!(open(&forms, &conversation).await?, None);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn an_offer_waits_for_the_form_that_is_open_at_the_end() -> Tested {
    let (world, mut forms) = world().await?;
    forms.set_input_form(news(0)).await?;
    let [filled, dismissed] = [world.visit("r-1").await?, world.visit("r-2").await?];
    let [first, second] = [offer(&filled, "o-1"), offer(&dismissed, "o-1")];
    let first = forms.offer_form(first).await?.into_inner().form.expect("a form");
    let second = forms.offer_form(second).await?.into_inner().form.expect("a form");
    world.resolve(&filled).await?;
    world.resolve(&dismissed).await?;
    assert_eq!(open(&forms, &filled).await?.as_ref(), Some(&first));
    assert_eq!(count(&world, OFFERS).await?, 0);
    // An address that is given now came after the end: no copy went out to it.
    submit(&forms, &filled, &first, &[("email", ANN)]).await?;
    let dismiss = proto::DismissFormRequest {
        workspace: "acme".into(),
        conversation: dismissed.clone(),
        form: second.form,
    };
    forms.dismiss_form(dismiss).await?;
    assert_eq!(count(&world, OFFERS).await?, 2);
    world.clock.advance(MOMENT);
    for conversation in [&filled, &dismissed] {
        assert_eq!(world.opens(&forms, conversation).await?.kind(), FormKind::OfferCopy);
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn one_copy_too_many_is_refused_at_its_field_and_no_address_is_kept() -> Tested {
    let (world, forms) = world().await?;
    let conversation = world.visit("r-1").await?;
    world
        .change_channel("transcript_at_end", ChannelSettings::default())
        .await?;
    for n in 1..=2 {
        world.ask_for_copy(&conversation, &format!("t-{n}"), ANN).await?;
    }
    world.clock.advance(Duration::from_secs(61));
    let offered = world.offered(&forms, &conversation).await?;
    // Two at once: one asks, the other repeats it.
    let [one, two] = [("email", "one@example.com"), ("email", "two@example.com")].map(|value| [value]);
    let (one, two) = tokio::join!(
        submit(&forms, &conversation, &offered, &one),
        submit(&forms, &conversation, &offered, &two)
    );
    assert!(one?.errors.is_empty() && two?.errors.is_empty());
    world.facts::<ConversationTranscriptRequested>(3).await?;

    let used_up = world.visit("r-2").await?;
    let offered = world.offered(&forms, &used_up).await?;
    // An agent may ask too: what is offered stays.
    for n in 1..=3 {
        world.ask_for_copy(&used_up, &format!("t-{n}"), ANN).await?;
    }
    let kept = world.contacts.asked().len();
    let refused = submit(&forms, &used_up, &offered, &[("email", "late@example.com")]).await?;
    assert_eq!((refused.errors.len(), refused.errors[0].key.as_str()), (1, "email"));
    assert_eq!(refused.errors[0].message, WORDS);
    assert_eq!(world.contacts.asked().len(), kept);
    world.end().await;
    Ok(())
}
