use crate::harness::{Harness, PU, Tested};
use events::common::MessageKind;
use rpc::billing::{GetUsageRequest, HoldState, UsageBy};
use sqlx::Row;

#[tokio::test]
async fn workspaces_see_and_spend_only_their_own() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let delivery = billing.delivery();
    billing.hold("acme", delivery, 1).await?;

    // The same delivery id, balance and price list mean nothing elsewhere.
    assert_eq!(billing.balance("globex").await?, (0, 0));
    assert!(billing.charges("globex").await?.is_empty());
    let period = |workspace: &str| GetUsageRequest {
        workspace: workspace.into(),
        from: Some(events::stamp("2026-01-01T00:00:00Z".parse().expect("a time"))),
        to: Some(events::stamp("2026-02-01T00:00:00Z".parse().expect("a time"))),
        by: UsageBy::Month.into(),
        ..Default::default()
    };
    let usage = billing.client.clone().get_usage(period("globex")).await?.into_inner();
    assert!(usage.rows.is_empty() && usage.total_messages == 0);
    assert!(billing.hold("globex", delivery, 1).await.is_err());
    billing.set_price("globex", MessageKind::Sms, "PL", 3 * PU).await?;
    assert_eq!(billing.hold("globex", delivery, 1).await?, HoldState::NotCovered);
    billing.top_up("globex", "first", 3 * PU).await?;
    assert_eq!(billing.hold("globex", delivery, 1).await?, HoldState::Held);
    billing.accepted("globex", delivery).await?;
    billing.state_becomes("globex", delivery, HoldState::Captured).await?;

    assert_eq!(billing.balance("acme").await?, (9, 1));
    assert_eq!(billing.charges("acme").await?.len(), 1);
    billing.state_becomes("acme", delivery, HoldState::Held).await?;
    billing.books_are_right().await
}

#[tokio::test]
async fn every_table_is_protected_and_the_journal_cannot_be_changed() -> Tested {
    let billing = Harness::start().await?;
    let mut admin = billing.admin().await?;
    let tables = billing.database.guarded_tables(&[]).await?;
    let expected = "account audit hold inbox lot outbox plan price statement statement_line transfer usage";
    assert_eq!(tables.join(" "), expected);
    let rights = sqlx::query(
        "SELECT c.relname, has_table_privilege('billing', c.oid, 'UPDATE') AS may_update,
           has_table_privilege('billing', c.oid, 'DELETE, TRUNCATE') AS may_delete
         FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
           AND c.relname = ANY ($1)",
    )
    .bind(tables)
    .fetch_all(&mut admin)
    .await?;
    for table in &rights {
        let name: String = table.try_get("relname")?;
        assert!(!table.try_get::<bool, _>("may_delete")?, "{name} may be deleted from");
        if name == "transfer" {
            assert!(!table.try_get::<bool, _>("may_update")?, "the journal may be changed");
        }
    }
    Ok(())
}
