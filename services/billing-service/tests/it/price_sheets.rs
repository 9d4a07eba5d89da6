//! Price lists as CSV documents.

use crate::harness::{Harness, PU, Tested, refusal};
use domain::{Clock, Timestamp};
use events::common::MessageKind;
use rpc::billing::{ExportPricesRequest, ImportPricesRequest};
use std::time::Duration;

const HEAD: &str = "kind,country,valid_from,micro_pu\n";

async fn import(billing: &Harness, workspace: &str, lines: &str) -> Result<u32, tonic::Status> {
    let request = ImportPricesRequest {
        workspace: workspace.into(),
        csv: format!("{HEAD}{lines}"),
    };
    let answer = billing.client.clone().import_prices(request).await?;
    Ok(answer.into_inner().prices)
}

async fn export(billing: &Harness, workspace: &str) -> anyhow::Result<String> {
    let workspace = workspace.to_owned();
    let answer = billing
        .client
        .clone()
        .export_prices(ExportPricesRequest { workspace })
        .await?;
    let csv = answer.into_inner().csv;
    Ok(csv.strip_prefix(HEAD).expect("a head").to_owned())
}

async fn hold(billing: &Harness, workspace: &str, country: &str) -> anyhow::Result<i64> {
    let answer = billing
        .hold_kind(workspace, billing.delivery(), MessageKind::Sms, country, 2)
        .await?;
    Ok(answer.micro_pu)
}

#[tokio::test]
async fn a_list_is_imported_charged_by_and_exported() -> Tested {
    let billing = Harness::start().await?;
    billing.top_up("acme", "first", 100 * PU).await?;
    let list = "sms,*,2026-01-01,70000\nsms,PL,2026-01-05T12:01:00Z,50000\nemail,*,2027-01-01T00:00:00Z,100\n";
    assert_eq!(import(&billing, "acme", list).await?, 3);
    assert_eq!(
        (hold(&billing, "acme", "PL").await?, hold(&billing, "acme", "KR").await?),
        (140_000, 140_000)
    );
    billing.clock.advance(Duration::from_secs(60));
    assert_eq!(
        (hold(&billing, "acme", "PL").await?, hold(&billing, "acme", "KR").await?),
        (100_000, 140_000)
    );
    // E-mail is free, and costs something from a date on.
    let mail = async || {
        billing
            .hold_kind("acme", billing.delivery(), MessageKind::Email, "", 1)
            .await
    };
    assert_eq!(mail().await?.micro_pu, 0);
    let exported = export(&billing, "acme").await?;
    assert_eq!(
        exported,
        "email,*,2027-01-01T00:00:00Z,100\nsms,*,2026-01-01T00:00:00Z,70000\nsms,PL,2026-01-05T12:01:00Z,50000\n"
    );
    assert_eq!(
        import(&billing, "acme", &exported).await?,
        3,
        "what is exported can be imported"
    );
    assert_eq!(export(&billing, "acme").await?, exported);
    billing.clock.set("2027-01-01T00:00:00Z".parse()?);
    assert_eq!(mail().await?.micro_pu, 100);
    billing.books_are_right().await
}

#[tokio::test]
async fn nothing_is_imported_where_one_line_is_wrong() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let before = export(&billing, "acme").await?;
    let wrong =
        "sms,DE,2026-01-01,1\nfax,DE,soon,1\nsms,UK,2026-01-01,0.5\nsms,DE,2026-01-01,2\nsms,FR,2026-01-01,-1\n";
    let fault = rpc::from_status(&import(&billing, "acme", wrong).await.expect_err("a refusal"));
    assert_eq!((fault.field(), fault.code().name), (Some("csv"), "request.invalid"));
    let cells: Vec<&str> = fault
        .public()
        .lines()
        .filter_map(|line| line.split(':').next())
        .collect();
    let expected = [
        "line 3, kind",
        "line 3, valid_from",
        "line 4, country",
        "line 4, micro_pu",
        "line 5, valid_from",
        "line 6, micro_pu",
    ];
    assert_eq!(cells, expected, "{}", fault.public());

    // Prices that something was held at stay what they are, and so does the rest of the document.
    billing.hold("acme", billing.delivery(), 1).await?;
    let used = import(&billing, "acme", "sms,DE,2026-01-01,1\nsms,PL,2026-01-01,7\n").await;
    let fault = rpc::from_status(&used.expect_err("a refusal"));
    assert!(
        fault.public().starts_with("line 3, valid_from: messages were held"),
        "{}",
        fault.public()
    );
    for empty in ["", "\n"] {
        assert_eq!(refusal(import(&billing, "acme", empty).await).0, "csv");
    }
    assert_eq!(export(&billing, "acme").await?, before);
    Ok(())
}

/// A list that changes every minute or so, and holds while the clock runs: each costs what the list says.
#[tokio::test]
async fn each_minute_has_its_price() -> Tested {
    let billing = Harness::start().await?;
    billing.top_up("acme", "first", 1000 * PU).await?;
    let start = billing.clock.now();
    let at = |minute: i64| -> anyhow::Result<Timestamp> { Ok(start + jiff::SignedDuration::from_mins(minute)) };
    let mut list = String::new();
    for minute in [0, 1, 4, 5, 9] {
        list += &format!("sms,*,{},{}\n", at(minute)?, 1000 + minute);
    }
    for minute in [2, 3, 7] {
        list += &format!("sms,PL,{},{}\n", at(minute)?, 2000 + minute);
    }
    import(&billing, "acme", &list).await?;
    let (anywhere, poland) = ([0, 1, 1, 1, 4, 5, 5, 5, 5, 9], [0, 1, 2, 3, 3, 3, 3, 7, 7, 7]);
    for minute in 0..10usize {
        assert_eq!(
            hold(&billing, "acme", "KR").await?,
            2 * (1000 + anywhere[minute]),
            "minute {minute}"
        );
        let base = if minute < 2 { 1000 } else { 2000 };
        assert_eq!(
            hold(&billing, "acme", "PL").await?,
            2 * (base + poland[minute]),
            "minute {minute}"
        );
        billing.clock.advance(Duration::from_secs(60));
    }
    Ok(())
}

#[tokio::test]
async fn a_list_is_the_workspaces_own() -> Tested {
    let billing = Harness::start().await?;
    import(&billing, "acme", "sms,PL,2026-01-01,50000\n").await?;
    assert_eq!(export(&billing, "globex").await?, "");
    import(&billing, "globex", "sms,PL,2026-01-01,60000\n").await?;
    assert_eq!(export(&billing, "acme").await?, "sms,PL,2026-01-01T00:00:00Z,50000\n");
    assert_eq!(
        refusal(import(&billing, "No Slug", "sms,PL,2026-01-01,1\n").await).0,
        "workspace"
    );
    Ok(())
}

#[tokio::test]
async fn countries_that_do_not_exist_are_refused() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let set = billing.set_price("acme", MessageKind::Sms, "UK", PU).await;
    assert_eq!(refusal(set).0, "prices[0].country");
    let held = billing
        .hold_kind("acme", billing.delivery(), MessageKind::Sms, "UK", 1)
        .await;
    assert_eq!(refusal(held), ("country".into(), "request.invalid"));
    Ok(())
}
