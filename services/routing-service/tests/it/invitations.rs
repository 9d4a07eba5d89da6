//! What becomes of those who are asked, and of those who are not.

use crate::desk::{held_by, refusal};
use crate::door::{SOON, Tested};
use crate::shop::{DAY, Shop, page, visitor};
use anyhow::Context;
use events::common::PresenceCause;
use events::event::InvitationState::{
    Abandoned, Accepted, Alerted, Declined, Ended, Expired, Form, Offered, Queued, Serving, Shown,
};
use events::event::{ProactiveMode, RequestState};
use rpc::routing::{self as wire, ChannelRouting, InvitationAnswer, VisitedPage};
use std::time::Duration;
use tonic::Status;
use uuid::Uuid;

#[tokio::test]
async fn a_visitor_who_says_yes_waits_and_is_served() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let early = shop.consider(1, page(4)).await?;
    assert_eq!((early.invitation, early.again_ms), (None, 6_000));
    let elsewhere = VisitedPage {
        url: "https://shop.example/".into(),
        ..page(60)
    };
    let elsewhere = shop.consider(1, elsewhere).await?;
    assert_eq!((elsewhere.invitation, elsewhere.again_ms), (None, 0));

    let invited = shop.invited(1).await?;
    assert_eq!(
        (invited.state(), invited.greeting.as_str()),
        (Offered, "Can we help you choose?")
    );
    assert_eq!(shop.invited(1).await?.invitation, invited.invitation, "one at a time");
    shop.answer(&invited, InvitationAnswer::Shown).await?;
    let accepted = shop.answer(&invited, InvitationAnswer::Accepted).await?;
    assert_eq!((accepted.state(), accepted.version), (Form, 4));
    assert_eq!(
        shop.answer(&invited, InvitationAnswer::Accepted).await?,
        accepted,
        "the same again answers the same"
    );
    shop.began(1, 7).await?;
    let seen = [Offered, Shown, Accepted, Form, Queued, Alerted];
    assert_eq!(shop.states(&invited, 6).await?, seen);
    let alert = shop.invited(1).await?;
    assert_eq!(alert.agent, "ann");
    let request = shop.accept(&alert.request, "ann").await?;
    assert_eq!(
        (request.conversation, request.visitor),
        (Uuid::from_u128(7).to_string(), visitor(1))
    );
    shop.resolved(&Uuid::from_u128(7).to_string()).await?;
    let seen = [Offered, Shown, Accepted, Form, Queued, Alerted, Serving, Ended];
    assert_eq!(shop.states(&invited, 8).await?, seen);
    shop.end().await
}

#[tokio::test]
async fn no_is_remembered_for_its_days() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let invited = shop.invited(1).await?;
    let declined = shop.answer(&invited, InvitationAnswer::Declined).await?;
    assert_eq!(declined.state(), Declined);
    assert_eq!(
        refusal(shop.answer(&invited, InvitationAnswer::Accepted).await).0,
        "invitation.over"
    );
    shop.0.clock.advance(29 * DAY);
    assert_eq!(shop.consider(1, page(10)).await?.invitation, None);
    assert_eq!(shop.invited(2).await?.state(), Offered, "others are asked");
    shop.0.clock.advance(DAY);
    assert_eq!(shop.invited(1).await?.state(), Offered);
    shop.end().await
}

#[tokio::test]
async fn what_nobody_answers_expires() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let (ignored, filled) = (shop.invited(1).await?, shop.invited(2).await?);
    shop.answer(&filled, InvitationAnswer::Accepted).await?;
    shop.0.clock.advance(Duration::from_secs(120));
    assert_eq!(shop.states(&ignored, 2).await?, [Offered, Expired]);
    assert_eq!(
        refusal(shop.answer(&ignored, InvitationAnswer::Accepted).await).0,
        "invitation.over"
    );
    shop.0.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(shop.states(&filled, 4).await?, [Offered, Accepted, Form, Abandoned]);
    shop.end().await
}

#[tokio::test]
async fn who_leaves_or_begins_a_chat_is_asked_no_more() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let (left, idle, began) = (shop.invited(1).await?, shop.invited(2).await?, shop.invited(3).await?);
    shop.went(2, PresenceCause::Idle).await?;
    shop.went(1, PresenceCause::Left).await?;
    shop.began(3, 8).await?;
    assert_eq!(shop.states(&left, 2).await?, [Offered, Expired]);
    assert_eq!(shop.states(&began, 2).await?, [Offered, Expired]);
    assert_eq!(
        shop.states(&idle, 1).await?,
        [Offered],
        "who is only idle may come back to it"
    );
    shop.0.clock.advance(DAY);
    assert_eq!(
        shop.consider(3, page(10)).await?.invitation,
        None,
        "never during a conversation"
    );
    shop.0.conversations.resolve("acme", &Uuid::from_u128(8).to_string());
    assert_eq!(shop.invited(3).await?.state(), Offered);
    shop.end().await
}

#[tokio::test]
async fn an_agent_speaks_first_to_who_was_not_asked() -> Tested {
    let shop = Shop::open(ProactiveMode::WithoutInvitation).await?;
    let invited = shop.invited(1).await?;
    assert_eq!((invited.state(), invited.agent.as_str()), (Alerted, "ann"));
    let get = wire::GetRequestRequest {
        workspace: "acme".into(),
        by: Some(wire::get_request_request::By::Request(invited.request.clone())),
    };
    let alert = shop
        .0
        .queue()
        .get_request(get)
        .await?
        .into_inner()
        .request
        .context("a request")?;
    assert_eq!(alert.page, Some(page(10)), "the agent sees where they are");
    assert_eq!(
        refusal(shop.start(&invited.request, "bob", "Hello").await).0,
        "alert.over"
    );
    let started = shop.start(&invited.request, "ann", "Hello").await?;
    let request = started.request.context("a request")?;
    assert_eq!(
        shop.start(&invited.request, "ann", "Hello").await?.number,
        started.number
    );
    assert_eq!(shop.0.conversations.truth().begun.len(), 1, "one conversation");
    let serving = shop.invited(1).await?;
    assert_eq!(
        (serving.state(), &serving.conversation),
        (Serving, &request.conversation)
    );

    let closed = shop.answer(&invited, InvitationAnswer::Closed).await?;
    assert_eq!(closed.state(), Ended);
    assert!(
        shop.0.conversations.is_resolved("acme", &request.conversation),
        "so nothing is followed up"
    );
    assert_eq!(
        refusal(shop.start(&invited.request, "ann", "Still there?").await).0,
        "alert.over"
    );
    shop.end().await
}

#[tokio::test]
async fn who_begins_a_chat_while_an_agent_speaks_first_is_served_by_that_agent_alone() -> Tested {
    let shop = Shop::open(ProactiveMode::WithoutInvitation).await?;
    shop.0.conversations.join("acme", "sales", "bob");
    shop.0.available("bob").await?;
    let invited = shop.invited(1).await?;
    let (speaks, other) = match invited.agent.as_str() {
        "ann" => ("ann", "bob"),
        _ => ("bob", "ann"),
    };
    shop.start(&invited.request, speaks, "Hello").await?;
    shop.began(1, 7).await?;
    let own = shop.requested(7).await?;
    assert_eq!((own.state(), held_by(&own)), (RequestState::Serving, speaks));
    assert_eq!(shop.0.in_use(other).await?, 0);
    shop.end().await
}

#[tokio::test]
async fn a_channel_that_is_switched_off_asks_nobody_any_more() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let asked = shop.invited(1).await?;
    let answered = shop.invited(2).await?;
    shop.answer(&answered, InvitationAnswer::Accepted).await?;
    shop.route("acme", ChannelRouting::default(), 0).await?;
    let again = shop.consider(1, page(10)).await?;
    assert_eq!((again.invitation, again.again_ms), (None, 0), "{asked:?}");
    assert_eq!(shop.invited(2).await?.state(), Form, "who said yes goes on");
    shop.end().await
}

#[tokio::test]
async fn who_has_written_is_in_a_chat_like_any_other() -> Tested {
    let shop = Shop::open(ProactiveMode::WithoutInvitation).await?;
    let invited = shop.invited(1).await?;
    let started = shop.start(&invited.request, "ann", "Hello").await?;
    let conversation = started.request.context("a request")?.conversation;
    shop.0.conversations.write("acme", &conversation);
    assert_eq!(shop.answer(&invited, InvitationAnswer::Closed).await?.state(), Serving);
    shop.went(1, PresenceCause::Left).await?;
    let other = shop.invited(2).await?;
    shop.went(2, PresenceCause::Left).await?;
    assert_eq!(shop.states(&other, 3).await?.last(), Some(&Abandoned));
    assert!(!shop.0.conversations.is_resolved("acme", &conversation));
    assert_eq!(shop.invited(1).await?.state(), Serving);
    shop.end().await
}

#[tokio::test]
async fn who_waits_sees_their_place_until_it_is_over() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let mut waiting = Vec::new();
    // Three are all that ann takes.
    for n in 1..=5 {
        let invited = shop.invited(n).await?;
        shop.answer(&invited, InvitationAnswer::Accepted).await?;
        shop.began(n, 100 + n).await?;
        let in_queue = if n <= 3 { 5 } else { 4 };
        shop.states(&invited, in_queue).await?;
        waiting.push(invited);
    }
    let watch = wire::WatchInvitationRequest {
        workspace: "acme".into(),
        invitation: waiting[4].invitation.clone(),
        visitor: visitor(5),
    };
    let mut seen = shop.client().watch_invitation(watch).await?.into_inner();
    let first = seen.message().await?.context("the present state")?;
    assert_eq!(
        (first.position, first.invitation.map(|one| one.state())),
        (2, Some(Queued))
    );
    shop.resolved(&Uuid::from_u128(101).to_string()).await?;
    let moved = loop {
        let next = seen.message().await?.context("another one")?;
        if next.position == 1 {
            break next;
        }
    };
    assert_eq!(moved.invitation.map(|one| one.state()), Some(Queued));
    shop.answer(&waiting[4], InvitationAnswer::Declined).await?;
    let over = async {
        let mut last = None;
        while let Some(next) = seen.message().await? {
            last = next.invitation.map(|one| one.state());
        }
        Ok::<_, Status>(last)
    };
    let last = tokio::time::timeout(SOON, over).await.context("the stream ends")??;
    assert_eq!(last, Some(Abandoned));
    shop.end().await
}

#[tokio::test]
async fn who_asked_something_is_answered_in_their_conversation() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let invited = shop.invited(1).await?;
    shop.answer(&invited, InvitationAnswer::Accepted).await?;
    shop.began(1, 7).await?;
    shop.states(&invited, 5).await?;
    let asked = shop.requested(7).await?;
    let refused = refusal(shop.start(&asked.request, "ann", "Hello").await);
    assert_eq!(refused, ("request.invalid", "request".into()));
    assert!(shop.0.conversations.truth().begun.is_empty());
    let still = shop.requested(7).await?;
    assert_eq!((still.conversation, still.version), (asked.conversation, asked.version));
    shop.end().await
}

#[tokio::test]
async fn nobody_is_asked_for_ever_to_speak_first() -> Tested {
    let shop = Shop::open(ProactiveMode::WithoutInvitation).await?;
    let invited = shop.invited(1).await?;
    // Idle, then gone without a word: presence tells nothing more.
    shop.went(1, PresenceCause::Idle).await?;
    shop.0.clock.advance(Duration::from_secs(30 * 60));
    shop.once_over(&invited).await?;
    shop.0.clock.advance(368 * DAY);
    shop.once_forgotten(&invited).await?;
    shop.end().await
}
