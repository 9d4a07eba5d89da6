//! What the database itself guarantees.

use anyhow::Result;
use presence_service::MIGRATOR;
use testkit::TestDatabase;

#[tokio::test]
async fn every_table_begins_with_its_workspace_and_is_guarded_by_force() -> Result<()> {
    let migrate = async |url: String| Ok(store::migrate(&url, "presence", &MIGRATOR).await?);
    let database = TestDatabase::create("presence", migrate).await?;
    // Who owns presence is of no workspace.
    let tables = database.guarded_tables(&["lease"]).await?;
    assert_eq!(tables, ["inbox", "outbox", "visitor_presence"]);
    Ok(())
}
