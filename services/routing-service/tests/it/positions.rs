//! A thousand who wait: the places of all of them after each change, and how often a visitor is told of theirs.

use crate::desk::{held_by, web};
use crate::door::{SOON, Tested};
use crate::shop::Shop;
use anyhow::{Context, ensure};
use events::event::{ProactiveMode, RequestState};
use rpc::routing::{Invitation, InvitationAnswer, ListRequestsRequest, Request, WatchInvitationRequest};
use std::time::{Duration, Instant};
use testkit::eventually;
use uuid::Uuid;

const ALL: usize = 1_000;
/// A visitor is told no more often.
const PAUSE: Duration = Duration::from_millis(500);

/// Everybody who waits, page by page.
async fn waiting(shop: &Shop) -> anyhow::Result<Vec<Request>> {
    let mut all = Vec::new();
    let mut request = ListRequestsRequest {
        workspace: "acme".into(),
        page_size: 500,
        ..Default::default()
    };
    loop {
        let page = shop.0.queue().list_requests(request.clone()).await?.into_inner();
        all.extend(
            page.requests
                .into_iter()
                .filter(|one| one.state() == RequestState::Waiting),
        );
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

/// They stand in the order in which they came, and each has its place.
async fn in_order(shop: &Shop, count: usize) -> anyhow::Result<Vec<Request>> {
    let all = waiting(shop).await?;
    ensure!(all.len() == count, "{} wait instead of {count}", all.len());
    ensure!(
        all.iter().map(|one| one.position).eq(1..=u32::try_from(count)?),
        "each has its place"
    );
    let since = |one: &Request| one.waiting_since.map(|at| (at.seconds, at.nanos));
    ensure!(all.is_sorted_by_key(since), "in the order of their coming");
    for one in [0, count / 2, count - 1] {
        ensure!(
            shop.0.now(&all[one]).await? == all[one],
            "asked for one by one it is the same"
        );
    }
    Ok(all)
}

/// A visitor is asked, and gives their data: the form is shown.
async fn asked(shop: &Shop, n: u128) -> anyhow::Result<Invitation> {
    let invited = shop.invited(n).await?;
    Ok(shop.answer(&invited, InvitationAnswer::Accepted).await?)
}

#[tokio::test]
async fn places_of_a_thousand_are_right_after_each_change_and_told_twice_a_second_at_most() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let visitor = asked(&shop, 1).await?;
    shop.0.profile("ann", web(0)).await?;
    for _ in 1..ALL {
        shop.0.waiting().await?;
    }
    shop.0.clock.advance(Duration::from_secs(1));
    shop.began(1, 7).await?;
    let last = shop.requested(7).await?;
    let mut count = ALL;
    in_order(&shop, count).await?;
    let watch = WatchInvitationRequest {
        workspace: "acme".into(),
        invitation: visitor.invitation.clone(),
        visitor: visitor.visitor.clone(),
    };
    let mut told = shop.client().watch_invitation(watch).await?.into_inner();
    let began = Instant::now();
    let (sender, mut places) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok(Some(view)) = told.message().await {
            if sender.send((Instant::now(), view.position, view.wait_seconds)).is_err() {
                return;
            }
        }
    });

    // More room: the first go. Somebody gives up, and is given back: the others move up, and back.
    for chats in 1..=20 {
        shop.0.clock.advance(Duration::from_secs(30));
        shop.0.profile("ann", web(chats)).await?;
        count -= 1;
        let held = ListRequestsRequest {
            workspace: "acme".into(),
            agent: "ann".into(),
            ..Default::default()
        };
        let held = shop.0.queue().list_requests(held).await?.into_inner().requests;
        let alerted = held.iter().find(|one| one.state() == RequestState::Alerted).cloned();
        shop.0.accept(&alerted.context("an alert")?, "ann").await?;
        if chats % 5 == 0 {
            in_order(&shop, count).await?;
        }
    }
    let middle = in_order(&shop, count).await?[count / 2].clone();
    shop.resolved(&middle.conversation).await?;
    shop.0
        .once("it is over", &middle, |now| now.state() == RequestState::Done)
        .await?;
    count -= 1;
    let all = in_order(&shop, count).await?;
    assert_eq!(all.last().map(|one| &one.request), Some(&last.request));
    assert_eq!(held_by(&last), "");

    let mut heard = Vec::new();
    let arrived = eventually("the visitor is told of their place", SOON, async || {
        while let Ok(news) = places.try_recv() {
            heard.push(news);
        }
        heard
            .last()
            .filter(|(_, position, _)| *position == count as u32)
            .copied()
    });
    let (at, position, wait_seconds) = arrived.await?;
    let most = at.duration_since(began).as_millis() / PAUSE.as_millis() + 2;
    assert!(
        heard.len() as u128 <= most,
        "{} times within {:?}",
        heard.len(),
        at.duration_since(began)
    );
    // Somebody was served every half a minute.
    assert_eq!(wait_seconds, position * 30);
    assert_eq!(Uuid::parse_str(&last.conversation)?, Uuid::from_u128(7));
    shop.end().await
}
