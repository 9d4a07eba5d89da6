//! What the database itself guarantees.

use anyhow::Result;
use routing_service::MIGRATOR;
use testkit::TestDatabase;

#[tokio::test]
async fn every_table_begins_with_its_workspace_and_is_guarded_by_force() -> Result<()> {
    let migrate = async |url: String| Ok(store::migrate(&url, "routing", &MIGRATOR).await?);
    let database = TestDatabase::create("routing", migrate).await?;
    assert_eq!(
        database.guarded_tables(&[]).await?,
        [
            "agent",
            "agent_load",
            "assignment",
            "channel_routing",
            "inbox",
            "invitation",
            "outbox",
            "request",
            "resolved_conversation",
            "rule_day",
            "team_opening",
            "team_staffing",
            "visitor_conversation"
        ]
    );
    Ok(())
}
