//! Prices, balances, usage and books.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use testkit::eventually;

use super::desk::{DONE, Desk, FAILED, REFUSED, SOON, USAGE, same};

pub async fn money(desk: &Desk) -> Result<()> {
    let price = [
        "prices",
        "set",
        "-w",
        "acme",
        "--kind",
        "sms",
        "--country",
        "PL",
        "--pu",
        "0.05",
    ];
    // The account is opened by the fact that the workspace was created.
    eventually("the account is opened", SOON, async || desk.says(&price).await.ok()).await?;
    let wrong = ["prices", "set", "-w", "acme", "--kind", "sms", "--pu", "0,05"];
    desk.fails(&wrong, REFUSED, "pu").await?;
    let fax = ["prices", "set", "-w", "acme", "--kind", "fax", "--pu", "1"];
    desk.fails(&fax, USAGE, "fax").await?;

    let top_up = ["balance", "top-up", "-w", "acme", "--pu", "10", "--request-id", "first"];
    let ten = json!({ "available_micro_pu": 10_000_000, "held_micro_pu": 0 });
    for _ in 0..2 {
        same("the balance", &desk.json(&top_up).await?, &ten)?;
    }
    let show = ["balance", "show", "-w", "acme"];
    same("the balance", &desk.json(&show).await?, &ten)?;
    let table = desk.says(&show).await?;
    ensure!(table == "available PU  held PU\n10            0\n", "it prints {table}");
    desk.fails(&["balance", "show", "-w", "nobody"], REFUSED, "workspace")
        .await?;
    desk.fails(&["balance", "show", "-w", "A!"], REFUSED, "workspace")
        .await?;
    let nothing = json!({
        "time_zone": "UTC", "rows": [], "total_messages": 0, "total_parts": 0, "total_micro_pu": 0,
    });
    same("usage", &desk.json(&["usage", "-w", "acme"]).await?, &nothing)?;
    let head = "period,kind,country,messages,parts,micro_pu,micro_pu_per_message\n";
    let said = desk.says(&["usage", "-w", "acme", "--csv", "--kind", "lms"]).await?;
    ensure!(said == head, "it prints {said}");
    same("the log", &desk.json(&["charges", "-w", "acme"]).await?, &json!([]))?;
    desk.fails(&["charges", "-w", "acme", "--country", "Poland"], REFUSED, "country")
        .await?;
    desk.fails(&["usage", "-w", "acme", "--from", "today"], REFUSED, "date")
        .await
}

pub async fn price_lists(desk: &Desk) -> Result<()> {
    let head = "kind,country,valid_from,micro_pu\n";
    let file = desk.folder.path().join("prices.csv");
    let import = ["prices", "import", "-w", "acme", "prices.csv"];
    std::fs::write(
        &file,
        format!("{head}lms,KR,2026-01-01,30000\nlms,JP,2026-01-01,0.5\nfax,JP,2026-01-01,1\n"),
    )?;
    let wrong = desk.run(&import, "").await?;
    ensure!(wrong.code == Some(REFUSED), "{wrong:?}");
    for line in ["line 3, micro_pu: must be a whole number", "line 4, kind: must be sms"] {
        ensure!(wrong.complained.contains(line), "{wrong:?}");
    }
    let export = ["prices", "export", "-w", "acme"];
    ensure!(!desk.says(&export).await?.contains("lms"), "nothing was imported");
    std::fs::write(
        &file,
        format!("{head}lms,KR,2026-01-01,30000\nlms,JP,2026-01-01,50000\n"),
    )?;
    let left = desk.run(&import, "").await?;
    ensure!(
        left.complained == "2 prices are set\n" && left.code == Some(DONE),
        "{left:?}"
    );
    let list = desk.says(&export).await?;
    ensure!(
        list.starts_with(&format!("{head}lms,JP,2026-01-01T00:00:00Z,50000\n")),
        "it prints {list}"
    );
    // What is exported can be imported, here and elsewhere.
    let left = desk.run(&["prices", "import", "-w", "zoo", "-"], &list).await?;
    ensure!(left.code == Some(DONE), "{left:?}");
    ensure!(
        desk.says(&["prices", "export", "-w", "zoo"]).await? == list,
        "the same list"
    );
    desk.fails(
        &["prices", "import", "-w", "acme", "none.csv"],
        FAILED,
        "cannot read none.csv",
    )
    .await
}

pub async fn account(desk: &Desk) -> Result<()> {
    let show = ["account", "show", "-w", "club"];
    let empty = json!({
        "available_micro_pu": 0, "held_micro_pu": 0, "unexpiring_micro_pu": 0, "lots": [], "closed": false,
        "plan": { "paid": true, "allowance_micro_pu": 0 },
        "thresholds": { "low_micro_pu": 0, "top_up_below_micro_pu": 0, "top_up_micro_pu": 0 },
    });
    same("an account", &desk.json(&show).await?, &empty)?;
    let top_up = ["balance", "top-up", "-w", "club", "--pu", "10", "--request-id", "first"];
    desk.says(&["account", "plan", "-w", "club", "--allowance", "5", "--unpaid"])
        .await?;
    desk.fails(&top_up, REFUSED, "billing.plan_unpaid").await?;
    desk.says(&["account", "plan", "-w", "club", "--allowance", "5"])
        .await?;
    let expiring = [&top_up[..], &["--expires", "2099-01-01"]].concat();
    for _ in 0..2 {
        desk.says(&expiring).await?;
    }
    desk.fails(&top_up, REFUSED, "request_id").await?;
    let thresholds = ["account", "thresholds", "-w", "club", "--low", "20"];
    desk.says(&[&thresholds[..], &["--top-up-below", "15.5", "--top-up", "50"]].concat())
        .await?;
    desk.fails(&[&thresholds[..], &["--top-up-below", "1"]].concat(), USAGE, "--top-up")
        .await?;
    let told = desk.json(&show).await?;
    same("available", &told["available_micro_pu"], &15_000_000.into())?;
    same(
        "what expires last",
        &told["lots"][1]["expires_at"],
        &"2099-01-01T00:00:00Z".into(),
    )?;
    same(
        "the threshold",
        &told["thresholds"]["top_up_below_micro_pu"],
        &15_500_000.into(),
    )?;
    ensure!(
        desk.says(&show).await?.contains("paid plan, 5 PU a month"),
        "the table says so"
    );
    desk.says(&["account", "close", "-w", "club"]).await?;
    let second = [
        "balance",
        "top-up",
        "-w",
        "club",
        "--pu",
        "10",
        "--request-id",
        "second",
    ];
    desk.fails(&second, REFUSED, "billing.account_closed").await?;
    desk.says(&["account", "reopen", "-w", "club"]).await?;
    desk.says(&second).await?;
    Ok(())
}

/// What a provider says, beside what was charged.
pub async fn statement(desk: &Desk, workspace: &str) -> Result<()> {
    let agreed = json!({ "drifting": 0, "drifts": [], "books": [], "old_holds": 0 });
    let drift = ["books", "drift", "-w", workspace];
    same("the books", &desk.json(&drift).await?, &agreed)?;
    let import = [
        "books",
        "import-statement",
        "-w",
        workspace,
        "--provider",
        "twilio",
        "--day",
        "2026-01-05",
        "-",
    ];
    let january = [&drift[..], &["--from", "2026-01-01", "--to", "2026-02-01"]].concat();
    let left = desk.run(&import, "message,parts,micro_pu\nSM-nobodys,2,\n").await?;
    ensure!(
        left.code == Some(DONE) && left.complained == "1 messages are told of\n",
        "{left:?}"
    );
    let left = desk.run(&january, "").await?;
    ensure!(
        left.code == Some(FAILED) && left.said.contains("not_charged"),
        "{left:?}"
    );
    let left = desk.run(&import, "message,parts,micro_pu\nSM1,x,\n").await?;
    ensure!(
        left.code == Some(REFUSED) && left.complained.contains("line 2, parts"),
        "{left:?}"
    );
    desk.fails(&["books", "drift", "-w", workspace, "--from", "soon"], REFUSED, "from")
        .await
}

/// The journal, and what people settle.
pub async fn journal(desk: &Desk, workspace: &str) -> Result<()> {
    let journal = ["books", "journal", "-w", workspace, "--limit", "1000"];
    let lines = desk.json(&journal).await?;
    let lines = lines.as_array().context("a list")?;
    let of = |reason: &str| lines.iter().filter(|line| line["reason"] == reason).collect::<Vec<_>>();
    let (paid, captured) = (of("top_up"), of("capture"));
    ensure!(
        paid.iter()
            .any(|line| line["debit"] == "funds" && line["credit"] == "available"),
        "what was paid in: {lines:?}"
    );
    ensure!(desk.says(&journal).await?.contains("top_up"), "the table says so too");
    let charged = captured.first().context("something was charged")?;
    let delivery = charged["delivery"].as_str().context("its delivery")?;
    let settle = [
        "books",
        "settle",
        "-w",
        workspace,
        "--delivery",
        delivery,
        "--note",
        "by telephone",
        "--as",
    ];
    desk.says(&[&settle[..], &["captured"]].concat()).await?;
    desk.fails(&[&settle[..], &["released"]].concat(), REFUSED, "billing.hold_settled")
        .await?;
    let unknown = "018f4e3a-0000-7000-8000-000000000000";
    let nobodys = [
        "books",
        "settle",
        "-w",
        workspace,
        "--delivery",
        unknown,
        "--as",
        "released",
        "--note",
        "x",
    ];
    desk.fails(&nobodys, REFUSED, "request.not_found").await
}
