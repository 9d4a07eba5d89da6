//! What a console asks about money, and how it is passed on.

use crate::gateway::World;
use crate::peers::TOKEN;
use anyhow::Result;
use events::common::MessageKind;
use rpc::billing::{HoldState, UsageBy};
use serde_json::{Value, json};

#[tokio::test]
async fn usage_and_charges_are_narrowed_down_by_their_parameters() -> Result<()> {
    let world = World::start().await?;
    let get = async |path: &str| -> Result<Value> {
        let answer = world.http.get(world.url(path)).bearer_auth(TOKEN).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    };
    let span = "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z";
    let usage = get(&format!("/v1/usage?{span}&by=month&kind=sms&country=PL")).await?;
    let told = [&usage["total_messages"], &usage["total_parts"], &usage["time_zone"]];
    assert_eq!(told, [&json!(2), &json!(3), &json!("Europe/Warsaw")]);
    get(&format!(
        "/v1/charges?{span}&state=captured&kind=lms&country=KR&page_size=7"
    ))
    .await?;
    get("/v1/charges").await?;

    let memory = world.peers.memory();
    let asked = memory.usage.first().expect("one question about usage");
    assert_eq!(
        (asked.by(), asked.kind(), asked.country.as_str()),
        (UsageBy::Month, MessageKind::Sms, "PL")
    );
    let [narrow, wide] = memory.charges.as_slice() else {
        panic!("two questions about charges");
    };
    assert_eq!(
        (narrow.state(), narrow.kind(), narrow.country.as_str()),
        (HoldState::Captured, MessageKind::Lms, "KR")
    );
    let seconds = |at: Option<prost_types::Timestamp>| at.map(|at| at.seconds);
    assert_eq!(
        (seconds(narrow.from), seconds(narrow.to)),
        (Some(1_793_491_200), Some(1_793_577_600))
    );
    assert_eq!(narrow.page_size, 7);
    assert_eq!(
        (wide.state(), wide.kind(), wide.from),
        (HoldState::Unspecified, MessageKind::Unspecified, None)
    );
    Ok(())
}
