//! What is old goes.

use crate::desk::refusal;
use crate::door::{Door, SOON, Tested};
use events::event::RequestState;
use sqlx::{Connection, PgConnection, Row};
use std::time::Duration;
use testkit::eventually;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn requests_that_are_done_for_long_go_with_their_history() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 1).await?;
    let (over, waits, unknown) = (door.waiting().await?, door.waiting().await?, door.conversation());
    door.resolve(&unknown).await?;
    door.resolve(&over.conversation).await?;
    door.once("it is over", &over, |now| now.state() == RequestState::Done)
        .await?;
    door.clock.advance(DAY * 89);
    door.set("acme", "ann", events::event::AgentAvailability::Busy).await?;
    assert_eq!(door.history(&over.conversation).await?.len(), 2);
    door.clock.advance(DAY * 2);
    // It is looked for every hour; a look that was under way when the time moved finds nothing.
    eventually("it is forgotten", SOON, async || {
        door.clock.advance(HOUR);
        door.now(&over).await.err()
    })
    .await?;
    assert_eq!(refusal(door.now(&over).await).0, "request.not_found");
    assert_eq!(door.now(&waits).await?.position, 1, "what is not done stays");
    let mut admin = PgConnection::connect(&door.database.admin_url()).await?;
    let left = "SELECT (SELECT count(*) FROM assignment), (SELECT count(*) FROM resolved_conversation)";
    let left = eventually("the rest too", SOON, async || {
        door.clock.advance(DAY);
        let row = sqlx::query(left).fetch_one(&mut admin).await.ok()?;
        let left: (i64, i64) = (row.get(0), row.get(1));
        Some(left).filter(|left| left.1 == 0)
    });
    assert_eq!(left.await?.0, 1, "the history of what waits");
    door.running.stop().await;
    Ok(())
}
