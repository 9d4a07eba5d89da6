//! An agent speaks first, and a process ends, or a peer does not answer, between the steps of that.

use crate::desk::held_by;
use crate::door::Tested;
use crate::shop::Shop;
use events::event::InvitationState::{Alerted, Ended, Queued, Serving};
use events::event::{ConversationTakenOver, ProactiveMode, RequestState};
use std::time::Duration;

/// An agent is asked to speak for so long, where nobody tells that the visitor left.
const UNASKED: Duration = Duration::from_secs(30 * 60);

#[tokio::test]
async fn after_a_kill_between_accept_and_first_words_the_agent_goes_on_with_one_conversation() -> Tested {
    let mut shop = Shop::open(ProactiveMode::WithoutInvitation).await?;
    let invited = shop.invited(1).await?;
    // All that a process did before it was killed: it accepted.
    let accepted = shop.accept(&invited.request, "ann").await?;
    assert_eq!(
        (accepted.state(), accepted.conversation.as_str()),
        (RequestState::Serving, "")
    );
    shop.0.replace().await?;
    let started = shop.start(&invited.request, "ann", "Hello").await?;
    let again = shop.start(&invited.request, "ann", "Hello").await?;
    assert_eq!(started, again);
    assert_eq!(shop.0.conversations.truth().begun.len(), 1);
    shop.end().await
}

#[tokio::test]
async fn after_a_kill_between_first_words_and_their_note_the_fact_notes_them() -> Tested {
    let mut shop = Shop::open(ProactiveMode::WithoutInvitation).await?;
    let invited = shop.invited(1).await?;
    shop.0.conversations.truth().is_silent = true;
    assert!(
        shop.start(&invited.request, "ann", "Hello").await.is_err(),
        "the answer is lost"
    );
    shop.0.conversations.truth().is_silent = false;
    let begun = shop
        .0
        .conversations
        .truth()
        .begun
        .values()
        .next()
        .cloned()
        .unwrap_or_default();
    shop.0.replace().await?;
    let fact = ConversationTakenOver {
        conversation: begun.clone(),
        agent: "ann".into(),
        seq: 1,
        ..Default::default()
    };
    shop.0.tell("acme", &fact).await?;
    let noted = shop
        .by_request(&invited.request, |now| now.conversation == begun)
        .await?;
    assert_eq!((noted.state(), held_by(&noted)), (RequestState::Serving, "ann"));
    let started = shop.start(&invited.request, "ann", "Hello").await?;
    assert_eq!(started.request.map(|request| request.conversation), Some(begun));
    assert_eq!(shop.0.conversations.truth().begun.len(), 1);
    shop.end().await
}

#[tokio::test]
async fn who_accepted_and_never_spoke_gives_it_back_in_time() -> Tested {
    let mut shop = Shop::open(ProactiveMode::WithoutInvitation).await?;
    let invited = shop.invited(1).await?;
    shop.0.conversations.truth().is_away = true;
    assert!(shop.start(&invited.request, "ann", "Hello").await.is_err());
    shop.0.conversations.truth().is_away = false;
    shop.0.replace().await?;
    assert_eq!(shop.0.in_use("ann").await?, 1, "they may still speak");
    shop.0.clock.advance(UNASKED);
    assert_eq!(shop.states(&invited, 4).await?, [Queued, Alerted, Serving, Ended]);
    let over = shop
        .by_request(&invited.request, |now| now.state() == RequestState::Done)
        .await?;
    assert_eq!((held_by(&over), shop.0.in_use("ann").await?), ("", 0));
    assert!(shop.0.conversations.truth().begun.is_empty());
    shop.end().await
}
