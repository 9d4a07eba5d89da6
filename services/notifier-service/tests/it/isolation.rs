use crate::harness::{Harness, Tested};
use notifier_service::MIGRATOR;
use rpc::notifier::explain_follow_up_request::Of;
use testkit::TestDatabase;

#[tokio::test]
async fn every_table_is_protected_and_belongs_to_nobody_who_logs_in() -> Tested {
    let migrate = async |url: String| Ok(store::migrate(&url, "notifier", &MIGRATOR).await?);
    let database = TestDatabase::create("notifier", migrate).await?;
    let tables = database.guarded_tables(&[]).await?;
    let expected = "channel_view conversation_view delivery follow_up inbound_text inbox joining_text opt_out outbox presence_view \
                    receipt reply_address return_link send_limit submitted_part timeline unanswered";
    assert_eq!(tables.join(" "), expected);
    Ok(())
}

#[tokio::test]
async fn another_workspace_sees_nothing() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.answer(&customer, 2).await?;
    notifier
        .becomes(&customer, "one", |told| told.follow_ups.len() == 1)
        .await?;
    let request = rpc::notifier::ExplainFollowUpRequest {
        workspace: "globex".into(),
        of: Some(Of::Conversation(customer.conversation.to_string())),
    };
    let refused = notifier.client.clone().explain_follow_up(request).await;
    let refused = rpc::from_status(&refused.expect_err("nothing is told"));
    let request = rpc::notifier::ExplainFollowUpRequest {
        workspace: "acme".into(),
        of: Some(Of::Conversation("018f4e3a-0000-7000-8000-000000000001".into())),
    };
    let unknown = notifier.client.clone().explain_follow_up(request).await;
    let unknown = rpc::from_status(&unknown.expect_err("nobody heard of it"));
    assert_eq!(
        (unknown.code().name, unknown.field()),
        ("request.not_found", Some("conversation"))
    );
    assert_eq!(
        refused.to_string(),
        unknown.to_string(),
        "the same as for one that is not there"
    );
    Ok(())
}
