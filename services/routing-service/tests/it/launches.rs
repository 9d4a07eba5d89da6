//! Who is asked when, and who may see it.

use crate::desk::refusal;
use crate::door::Tested;
use crate::shop::{DAY, Shop, page, pricing, visitor};
use ::domain::Clock;
use anyhow::Context;
use events::event::AgentAvailability::Available;
use events::event::InvitationState::Offered;
use events::event::ProactiveMode;
use rpc::routing::{self as wire, ChannelRouting, Invitation, InvitationAnswer, LaunchRule, VisitedPage};

#[tokio::test]
async fn limits_hours_and_absence_hold_back() -> Tested {
    let shop = Shop::bare().await?;
    let mut routing = pricing(ProactiveMode::WithInvitation);
    routing.rules[0].per_day = 2;
    shop.route("acme", routing, 0).await?;
    let nobody = shop.consider(1, page(10)).await?;
    assert_eq!(
        (nobody.invitation, nobody.again_ms),
        (None, 30_000),
        "nobody could serve them"
    );
    shop.0.set("acme", "ann", Available).await?;
    let opens = shop.0.clock.now().checked_add(jiff::SignedDuration::from_mins(5))?;
    let team = ("acme".to_owned(), "sales".to_owned());
    shop.0.conversations.truth().closed_until.insert(team.clone(), opens);
    let closed = shop.consider(1, page(10)).await?;
    assert_eq!((closed.invitation, closed.again_ms), (None, 300_000));
    shop.0.conversations.truth().closed_until.remove(&team);
    shop.0.set("acme", "ann", Available).await?;
    shop.invited(1).await?;
    shop.invited(2).await?;
    assert_eq!(
        shop.consider(3, page(10)).await?.invitation,
        None,
        "the rule has asked two today"
    );
    shop.0.clock.advance(DAY);
    assert_eq!(shop.invited(3).await?.state(), Offered);
    let out = VisitedPage {
        url: "ftp://shop.example".into(),
        ..page(10)
    };
    assert_eq!(
        refusal(shop.consider(4, out).await),
        ("request.invalid", "page.url".into())
    );
    shop.end().await
}

#[tokio::test]
async fn two_tabs_at_once_are_one_visitor() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let tabs = (0..8).map(|_| shop.invited(1));
    let invited = futures::future::try_join_all(tabs).await?;
    assert!(invited.windows(2).all(|pair| pair[0].invitation == pair[1].invitation));
    assert_eq!(shop.states(&invited[0], 1).await?, [Offered]);
    shop.end().await
}

#[tokio::test]
async fn a_channel_s_routing_is_checked_and_versioned() -> Tested {
    let shop = Shop::bare().await?;
    let get = wire::GetChannelRoutingRequest {
        workspace: "acme".into(),
        channel: "web".into(),
    };
    let unset = shop.client().get_channel_routing(get.clone()).await?.into_inner();
    let unset = (unset.version, unset.routing.context("defaults")?);
    assert_eq!(
        (unset.0, unset.1.mode(), unset.1.declined_days, unset.1.answer_seconds),
        (0, ProactiveMode::Off, 30, 120)
    );
    let asks = pricing(ProactiveMode::WithInvitation);
    let mut twice = asks.clone();
    twice.rules.push(LaunchRule {
        name: "again".into(),
        ..asks.rules[0].clone()
    });
    assert_eq!(
        refusal(shop.route("acme", twice, 0).await),
        ("request.invalid", "routing.rules[1]".into())
    );
    let mut bad = asks.clone();
    bad.rules[0].page = "pricing".into();
    assert_eq!(
        refusal(shop.route("acme", bad, 0).await),
        ("request.invalid", "routing.rules[0].page".into())
    );
    let texts = wire::SetChannelRoutingRequest {
        workspace: "acme".into(),
        channel: "texts".into(),
        routing: Some(asks.clone()),
        version: 0,
    };
    let refused = shop.client().set_channel_routing(texts).await;
    assert_eq!(refusal(refused), ("request.invalid", "routing.mode".into()));

    assert_eq!(shop.route("acme", asks.clone(), 0).await?, 1);
    assert_eq!(
        shop.route("acme", asks.clone(), 1).await?,
        1,
        "the same again changes nothing"
    );
    assert_eq!(
        shop.route(
            "acme",
            ChannelRouting {
                declined_days: 3,
                ..asks.clone()
            },
            1
        )
        .await?,
        2
    );
    assert_eq!(
        refusal(shop.route("acme", asks, 1).await),
        ("routing.version", "version".into())
    );
    let set = shop.client().get_channel_routing(get).await?.into_inner();
    assert_eq!((set.version, set.routing.context("a document")?.declined_days), (2, 3));
    shop.end().await
}

#[tokio::test]
async fn nobody_sees_or_answers_what_is_not_theirs() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let invited = shop.invited(1).await?;
    let other = Invitation {
        visitor: visitor(2),
        ..invited.clone()
    };
    assert_eq!(
        refusal(shop.answer(&other, InvitationAnswer::Accepted).await).0,
        "request.not_found"
    );
    let request = wire::AnswerInvitationRequest {
        workspace: "bolt".into(),
        invitation: invited.invitation.clone(),
        visitor: invited.visitor.clone(),
        answer: InvitationAnswer::Accepted.into(),
    };
    assert_eq!(
        refusal(shop.client().answer_invitation(request).await).0,
        "request.not_found"
    );
    let watch = wire::WatchInvitationRequest {
        workspace: "acme".into(),
        invitation: invited.invitation.clone(),
        visitor: visitor(2),
    };
    assert_eq!(
        refusal(shop.client().watch_invitation(watch).await).0,
        "request.not_found"
    );
    let list = |workspace: &str| wire::ListInvitationsRequest {
        workspace: workspace.into(),
        ..Default::default()
    };
    assert!(
        shop.client()
            .list_invitations(list("bolt"))
            .await?
            .into_inner()
            .invitations
            .is_empty()
    );
    let own = shop
        .client()
        .list_invitations(list("acme"))
        .await?
        .into_inner()
        .invitations;
    assert_eq!(own, std::slice::from_ref(&invited));
    for (n, found) in [(1, vec![invited]), (2, Vec::new())] {
        let of = wire::ListInvitationsRequest {
            visitor: visitor(n),
            ..list("acme")
        };
        let listed = shop.client().list_invitations(of).await?.into_inner();
        assert_eq!(listed.invitations, found);
    }
    shop.end().await
}
