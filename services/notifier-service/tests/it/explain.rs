//! What a long history shows.

use crate::harness::{Harness, Tested};
use rpc::notifier::{DeliveryStatus, FollowUpState};

#[tokio::test]
async fn of_a_long_history_the_newest_is_explained_in_its_order() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.texted().await?;
    let id = customer.conversation.to_string();
    assert!(!notifier.explain(&customer).await?.truncated);
    // Years of it: lines after those that are there, and deliveries before the text.
    let lines = "WITH added AS (
        INSERT INTO timeline (workspace_id, conversation, number, at, what, facts)
        SELECT workspace_id, conversation, number + place, at, 'armed', '{}' FROM (
          SELECT * FROM timeline WHERE conversation::text = $1 ORDER BY number DESC LIMIT 1) newest,
          generate_series(1, 1000) place RETURNING 1)
        SELECT count(*) FROM added";
    assert_eq!(notifier.count(lines, &id).await?, 1000);
    let deliveries = "WITH added AS (
        INSERT INTO delivery (workspace_id, id, conversation, follow_up, purpose, step, status, status_at, traced_at,
          created_at)
        SELECT workspace_id, gen_random_uuid(), conversation, follow_up, purpose, step, 'cancelled', status_at, traced_at,
          created_at - place * interval '1 hour'
        FROM delivery, generate_series(1, 500) place WHERE conversation::text = $1 RETURNING 1)
        SELECT count(*) FROM added";
    assert_eq!(notifier.count(deliveries, &id).await?, 500);

    notifier.read(&customer, 2).await?;
    let told = notifier.state(&customer, FollowUpState::Done).await?;
    assert!(told.truncated);
    assert_eq!((told.timeline.len(), told.deliveries.len()), (1000, 500));
    assert_eq!(told.timeline.last().map(|line| line.what.as_str()), Some("ended"));
    assert!(told.timeline.is_sorted_by_key(|line| line.number));
    let newest = told.deliveries.last().expect("a delivery");
    assert_eq!(newest.status(), DeliveryStatus::Delivered);
    assert_eq!(
        told.summary,
        "Sent: text delivered; it ended because the customer read the answer."
    );
    Ok(())
}
