//! Follow-ups of people who are erased.

use crate::harness::{EMAIL, Harness, PHONE, SOON, Tested};
use crate::words::token_in;
use events::event::{FollowUpEnd, FollowUpEnded};
use rpc::notifier::person_service_client::PersonServiceClient;
use rpc::notifier::{
    DeliveryStatus, ErasePersonRequest, ExportPersonRequest, FollowUpState, ResolveReturnLinkRequest, SetOptOutRequest,
};
use sqlx::Connection;
use std::collections::HashMap;

async fn erase(
    notifier: &Harness,
    workspace: &str,
    conversations: &[String],
    numbers: &[&str],
) -> Result<HashMap<String, u64>, tonic::Status> {
    let mut persons = PersonServiceClient::connect(notifier.grpc())
        .await
        .expect("the service runs");
    let request = ErasePersonRequest {
        workspace: workspace.into(),
        conversations: conversations.to_vec(),
        numbers: numbers.iter().map(|number| (*number).to_owned()).collect(),
    };
    Ok(persons.erase_person(request).await?.into_inner().erased)
}

#[tokio::test]
async fn nothing_more_is_sent_to_who_is_erased_whatever_is_told_later() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    let text = notifier.sms.nth(PHONE, 1, SOON).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    let id = customer.conversation.to_string();

    let mut persons = PersonServiceClient::connect(notifier.grpc()).await?;
    let mut export = async |workspace: &str| {
        let request = ExportPersonRequest {
            workspace: workspace.into(),
            conversations: vec![id.clone()],
            page_token: String::new(),
        };
        let page = persons.export_person(request).await?.into_inner();
        let entries = page.entries.iter().map(|entry| serde_json::from_str(entry));
        anyhow::Ok(entries.collect::<Result<Vec<serde_json::Value>, _>>()?)
    };
    let kept = export("acme").await?;
    for kind in ["follow_up_case", "follow_up", "delivery", "history"] {
        assert!(kept.iter().any(|entry| entry["kind"] == kind), "no {kind} in {kept:?}");
    }
    let delivery = kept.iter().find(|entry| entry["kind"] == "delivery").expect("the text");
    assert!(
        delivery["data"]["micro_pu"].as_i64() > Some(0),
        "what it cost: {delivery}"
    );
    assert!(export("bolt").await?.is_empty());

    assert_eq!(
        erase(&notifier, "bolt", std::slice::from_ref(&id), &[])
            .await?
            .get("links"),
        Some(&0)
    );
    let erased = erase(&notifier, "acme", std::slice::from_ref(&id), &[]).await?;
    let counts = [
        ("conversations", 1),
        ("links", 1),
        ("reply_addresses", 0),
        ("presences", 1),
    ];
    assert_eq!(erased, counts.map(|(what, count)| (what.to_owned(), count)).into());
    let told = notifier.state(&customer, FollowUpState::Done).await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::Erased);
    assert!(
        told.summary.ends_with("what is kept of the customer was erased."),
        "{}",
        told.summary
    );
    let ended: Vec<FollowUpEnded> = notifier.facts(1).await?;
    assert_eq!(ended[0].reason(), FollowUpEnd::Erased);
    let link = ResolveReturnLinkRequest {
        workspace: "acme".into(),
        token: token_in(&text.body).to_owned(),
    };
    assert!(
        notifier.client.clone().resolve_return_link(link).await.is_err(),
        "the link leads nowhere"
    );

    // Its time comes, more is answered, and what was on its way is told: nothing goes out, and nobody's name comes back.
    notifier.answer(&customer, 3).await?;
    notifier
        .start_conversation(&customer, &customer.visitor.to_string())
        .await?;
    notifier
        .becomes(&customer, "the answer is known", |told| told.follow_ups.len() == 2)
        .await?;
    notifier.advance(3600).await;
    notifier.state(&customer, FollowUpState::Done).await?;
    assert_eq!(notifier.sent().await, (1, 0));
    assert!(notifier.smtp.to(EMAIL).is_empty());
    let mut admin = sqlx::PgConnection::connect(&notifier.database.admin_url()).await?;
    let kept: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM conversation_view WHERE workspace_id = 'acme' AND erased
         AND num_nonnulls(visitor, contact, phone_address, email_address, continued_phone) = 0",
    )
    .fetch_one(&mut admin)
    .await?;
    assert_eq!(kept, 1);
    assert_eq!(
        erase(&notifier, "acme", &[id], &[]).await?.get("conversations"),
        Some(&0)
    );
    Ok(())
}

#[tokio::test]
async fn texts_of_a_number_that_are_being_joined_go_and_its_opt_out_stays() -> Tested {
    let notifier = Harness::start().await?;
    let opt_out = SetOptOutRequest {
        workspace: "acme".into(),
        opted_out: true,
        address: Some(rpc::notifier::set_opt_out_request::Address::Phone(PHONE.into())),
    };
    notifier.client.clone().set_opt_out(opt_out).await?;
    let mut admin = sqlx::PgConnection::connect(&notifier.database.admin_url()).await?;
    sqlx::query(
        "INSERT INTO joining_text (workspace_id, id, key, sender, receiver, joining, at)
         SELECT w, gen_random_uuid(), convert_to(s, 'UTF8'), s, '72001', '{}', now()
         FROM (VALUES ('acme', $1), ('acme', '+48600700999'), ('bolt', $1)) AS t (w, s)",
    )
    .bind(PHONE)
    .execute(&mut admin)
    .await?;
    let erased = erase(&notifier, "acme", &[], &[PHONE]).await?;
    assert_eq!(erased, [("joining_texts".to_owned(), 1)].into());
    let left: Vec<String> = sqlx::query_scalar("SELECT workspace_id || ' ' || sender FROM joining_text ORDER BY 1")
        .fetch_all(&mut admin)
        .await?;
    assert_eq!(left, ["acme +48600700999".to_owned(), format!("bolt {PHONE}")]);
    let opted_out: i64 = sqlx::query_scalar("SELECT count(*) FROM opt_out WHERE opted_out")
        .fetch_one(&mut admin)
        .await?;
    // By text, and by WhatsApp.
    assert_eq!(opted_out, 2);

    for (field, ids, numbers) in [
        ("conversations", vec!["x".to_owned()], vec![]),
        (
            "conversations",
            vec!["018f4e3a-0000-7000-8000-00000000dead".to_owned(); 101],
            vec![],
        ),
        ("numbers", vec![], vec!["600"]),
        ("numbers", vec![], vec![PHONE; 501]),
    ] {
        let refused = erase(&notifier, "acme", &ids, &numbers).await.expect_err("a refusal");
        assert_eq!(rpc::from_status(&refused).field(), Some(field));
    }
    Ok(())
}
