//! With no debounce, the trace of the answer is the trace of the send.

use crate::harness::{Harness, PHONE, SOON, Tested, posted};
use domain::{Clock, EventId};
use events::common::AuthorRole;
use events::stamp;
use uuid::Uuid;

#[tokio::test]
async fn without_debounce_the_text_goes_out_at_once() -> Tested {
    let mut notifier = Harness::start().await?;
    (notifier.settings.debounce_ms, notifier.settings.ceiling_ms) = (0, 0);
    let customer = notifier.customer(true, false).await?;
    notifier.leave(&customer).await?;
    notifier.change_context(&customer, |context| context.last_seq = 2);
    let answer = posted(&customer, 2, AuthorRole::Agent, true, Some(stamp(notifier.clock.now())));
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    notifier
        .publish_as(EventId(Uuid::from_u128(77)), &answer, Some(parent))
        .await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    let told = notifier
        .becomes(&customer, "sent", |told| told.deliveries.len() == 1)
        .await?;
    assert_eq!(told.follow_ups.len(), 1);
    Ok(())
}
