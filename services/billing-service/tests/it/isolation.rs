use crate::harness::{Harness, PU, Tested, accepted};
use events::common::MessageKind;
use events::event::DeliveryAccepted;
use rpc::billing::*;
use sqlx::Row;

const ZERO: Balance = Balance {
    available_micro_pu: 0,
    held_micro_pu: 0,
};

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

/// What a workspace sees that has nothing, whoever has what elsewhere.
async fn sees_nothing(billing: &Harness, workspace: &str) -> Tested {
    let mut client = billing.client.clone();
    let own = || workspace.to_owned();
    let account = client.get_account(GetAccountRequest { workspace: own() }).await?;
    let account = account.into_inner();
    let plan = Plan {
        paid: true,
        allowance_micro_pu: 0,
    };
    assert_eq!(account.plan, Some(plan));
    assert_eq!(
        (account.balance, account.lots.len(), account.closed),
        (Some(ZERO), 0, false)
    );
    assert_eq!(account.thresholds, Some(Thresholds::default()));
    let exported = client.export_prices(ExportPricesRequest { workspace: own() }).await?;
    assert_eq!(exported.into_inner().csv, "kind,country,valid_from,micro_pu\n");
    let request = GetDriftRequest {
        workspace: own(),
        from: "2026-01-01".into(),
        to: "2026-02-01".into(),
    };
    let drift = client.get_drift(request).await?.into_inner();
    assert_eq!(drift, GetDriftResponse::default());
    Ok(())
}

/// Everything that can be said of a workspace's account, by names that another one uses too.
async fn changes_all(billing: &Harness, workspace: &str) -> Tested {
    let mut client = billing.client.clone();
    let own = || workspace.to_owned();
    let plan = Plan {
        paid: true,
        allowance_micro_pu: 7 * PU,
    };
    let request = SetPlanRequest {
        workspace: own(),
        plan: Some(plan),
    };
    client.set_plan(request).await?;
    let thresholds = Thresholds {
        low_micro_pu: 100 * PU,
        ..Default::default()
    };
    let request = SetThresholdsRequest {
        workspace: own(),
        thresholds: Some(thresholds),
    };
    client.set_thresholds(request).await?;
    let request = ImportPricesRequest {
        workspace: own(),
        csv: "kind,country,valid_from,micro_pu\nsms,PL,2026-01-04,9\n".into(),
    };
    client.import_prices(request).await?;
    let request = ImportStatementRequest {
        workspace: own(),
        provider: "twilio".into(),
        day: "2026-01-05".into(),
        csv: "message,parts,micro_pu\nSM-one,2,\n".into(),
    };
    client.import_statement(request).await?;
    billing.top_up(workspace, "first", 3 * PU).await?;
    client.close_account(CloseAccountRequest { workspace: own() }).await?;
    let account = client.get_account(GetAccountRequest { workspace: own() }).await?;
    assert!(account.into_inner().closed);
    client.reopen_account(ReopenAccountRequest { workspace: own() }).await?;
    client.close_account(CloseAccountRequest { workspace: own() }).await?;
    Ok(())
}

#[tokio::test]
async fn no_rpc_shows_or_changes_another_workspaces_account() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let delivery = billing.delivery();
    billing.hold("acme", delivery, 1).await?;
    let fact = DeliveryAccepted {
        provider: "twilio".into(),
        provider_message: "SM-one".into(),
        ..accepted(delivery)
    };
    billing.publish("acme", &fact).await?;
    billing.state_becomes("acme", delivery, HoldState::Captured).await?;
    let before = billing.database.rows_of("acme").await?;
    assert!(before["hold"].starts_with("1 ") && before["account"].starts_with("1 "));
    sees_nothing(&billing, "globex").await?;
    changes_all(&billing, "globex").await?;
    assert_eq!(billing.database.rows_of("acme").await?, before);
    // The other way round: what was told of one account is not seen in the next.
    sees_nothing(&billing, "initech").await?;
    assert_eq!(billing.balance("acme").await?, (9, 0));
    billing.books_are_right().await
}

#[tokio::test]
async fn every_table_is_protected_and_the_journal_cannot_be_changed() -> Tested {
    let billing = Harness::start().await?;
    let mut admin = billing.admin().await?;
    let tables = billing.database.guarded_tables(&[]).await?;
    let expected = "account audit hold inbox lot outbox plan price settlement statement statement_line transfer usage";
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
