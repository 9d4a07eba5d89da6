//! What is kept of people: who served them, and what stays when they are erased.

use crate::desk::{held_by, refusal};
use crate::door::{SOON, Tested};
use crate::shop::{Shop, pricing, visitor};
use events::event::InvitationState::Abandoned;
use events::event::{ProactiveMode, RequestState};
use rpc::routing::person_service_client::PersonServiceClient;
use rpc::routing::{self as wire, ChannelRouting, InvitationAnswer};
use serde_json::Value;
use sqlx::{Connection, PgConnection, Row};
use std::collections::HashMap;
use std::time::Duration;
use testkit::eventually;
use uuid::Uuid;

async fn export(shop: &Shop, workspace: &str, visitors: &[String]) -> anyhow::Result<Vec<Value>> {
    let request = wire::ExportPersonRequest {
        workspace: workspace.into(),
        visitors: visitors.to_vec(),
        conversations: vec![Uuid::from_u128(7).to_string()],
        page_token: String::new(),
    };
    let mut client = PersonServiceClient::new(shop.0.channel.clone());
    let page = client.export_person(request).await?.into_inner();
    assert_eq!(page.next_page_token, "");
    Ok(page
        .entries
        .iter()
        .map(|entry| serde_json::from_str(entry))
        .collect::<Result<_, _>>()?)
}

async fn erase(shop: &Shop, workspace: &str) -> anyhow::Result<HashMap<String, u64>> {
    let request = wire::ErasePersonRequest {
        workspace: workspace.into(),
        visitors: vec![visitor(1), visitor(2)],
        conversations: vec![Uuid::from_u128(7).to_string()],
    };
    let mut client = PersonServiceClient::new(shop.0.channel.clone());
    Ok(client.erase_person(request).await?.into_inner().erased)
}

#[tokio::test]
async fn a_person_is_handed_out_and_erased_and_nobody_else() -> Tested {
    let shop = Shop::open(ProactiveMode::WithInvitation).await?;
    let served = shop.invited(1).await?;
    shop.answer(&served, InvitationAnswer::Accepted).await?;
    shop.began(1, 7).await?;
    shop.states(&served, 5).await?;
    shop.route("acme", pricing(ProactiveMode::WithoutInvitation), 0).await?;
    let unasked = shop.invited(2).await?;
    let other = shop.invited(3).await?;

    let kept = export(&shop, "acme", &[visitor(1), visitor(2)]).await?;
    let mut kinds: Vec<&str> = kept.iter().filter_map(|one| one["kind"].as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["invitation", "invitation", "request", "request"]);
    let alerted = |one: &Value| one["data"]["assignments"].to_string().contains("ann");
    assert!(kept.iter().filter(|one| one["kind"] == "request").all(alerted));

    assert_eq!(erase(&shop, "bolt").await?.values().sum::<u64>(), 0);
    let erased = erase(&shop, "acme").await?;
    assert_eq!(
        (erased["invitations"], erased["requests"], erased["conversations"]),
        (2, 2, 1)
    );
    assert_eq!(erase(&shop, "acme").await?.values().sum::<u64>(), 0, "again: nothing");
    assert_eq!(shop.states(&unasked, 3).await?.last(), Some(&Abandoned));
    let kept = export(&shop, "acme", &[visitor(1), visitor(2)]).await?;
    assert_eq!(kept.len(), 1, "who had the conversation stays");
    for person in [visitor(1), visitor(2)] {
        assert!(!kept[0].to_string().contains(&person));
    }
    assert_eq!(shop.invited(3).await?.invitation, other.invitation);
    let mut admin = PgConnection::connect(&shop.0.database.admin_url()).await?;
    let pages = sqlx::query("SELECT count(*) FROM request WHERE page IS NOT NULL AND visitor_id IS NULL");
    assert_eq!(pages.fetch_one(&mut admin).await?.try_get::<i64, _>(0)?, 0);
    shop.end().await
}

#[tokio::test]
async fn a_channel_may_put_every_conversation_into_the_queue() -> Tested {
    let shop = Shop::open(ProactiveMode::Off).await?;
    shop.began(1, 7).await?;
    let mut admin = PgConnection::connect(&shop.0.database.admin_url()).await?;
    let heard = eventually("it is heard of", SOON, async || {
        let count = sqlx::query("SELECT count(*) FROM visitor_conversation")
            .fetch_one(&mut admin)
            .await;
        let count = count.ok()?.try_get::<i64, _>(0).ok()?;
        (count == 1).then_some(())
    });
    heard.await?;
    let all = ChannelRouting {
        queue_conversations: true,
        alert_seconds: 60,
        ..ChannelRouting::default()
    };
    shop.route("acme", all, 0).await?;
    shop.began(2, 8).await?;
    shop.began(2, 8).await?;
    let queued = shop.requested(8).await?;
    assert_eq!((queued.team.as_str(), queued.visitor), ("sales", visitor(2)));
    let before = wire::GetRequestRequest {
        workspace: "acme".into(),
        by: Some(wire::get_request_request::By::Conversation(
            Uuid::from_u128(7).to_string(),
        )),
    };
    let refused = refusal(shop.0.queue().get_request(before).await);
    assert_eq!(refused.0, "request.not_found", "it began before");
    shop.end().await
}

#[tokio::test]
async fn a_returning_customer_waits_a_while_for_who_served_them_last() -> Tested {
    let shop = Shop::served_by_ann(60).await?;

    shop.began(1, 8).await?;
    shop.began(2, 9).await?;
    assert_eq!(
        held_by(&shop.requested(9).await?),
        "bob",
        "who is new goes to who is there"
    );
    let waits = shop.requested(8).await?;
    assert_eq!((waits.state(), waits.position), (RequestState::Waiting, 1), "for ann");
    shop.0.clock.advance(Duration::from_secs(60));
    shop.0
        .once("bob is asked then", &waits, |now| held_by(now) == "bob")
        .await?;

    shop.0.available("ann").await?;
    shop.began(1, 10).await?;
    assert_eq!(
        held_by(&shop.requested(10).await?),
        "ann",
        "who served them last is there"
    );
    shop.end().await
}
