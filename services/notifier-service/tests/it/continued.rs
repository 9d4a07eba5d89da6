//! A customer who goes on after the conversation was resolved.

use crate::harness::{Harness, PHONE, SOON, Tested};
use domain::Clock;
use events::common::AuthorRole;
use events::event::{ConversationReachable, ConversationResolved, ConversationStarted};
use events::stamp;

const OTHER_PHONE: &str = "+48600700124";

#[tokio::test]
async fn who_goes_on_is_confirmed_again_only_with_another_number() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.confirmation_text = true;
    let earlier = notifier.customer(true, false).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    notifier
        .publish(&ConversationResolved {
            conversation: earlier.conversation.to_string(),
            version: 1,
            at: Some(stamp(notifier.clock.now())),
            last_seq: 1,
        })
        .await?;
    notifier.advance(3 * 24 * 3600).await;

    let given = notifier.started(&earlier, "").phone_address;
    let next = notifier.make_up(AuthorRole::Customer, "web", true, true);
    let own = notifier.started(&next, "");
    let (corrected, email) = (own.phone_address.clone(), own.email_address.clone());
    notifier
        .truth()
        .addresses
        .get_mut(&corrected)
        .expect("an address")
        .0
        .value = OTHER_PHONE.into();
    notifier.change_context(&next, |context| context.phone_address.clone_from(&given));
    notifier
        .publish(&ConversationStarted {
            phone_address: given.clone(),
            email_address: String::new(),
            continues: earlier.conversation.to_string(),
            ..own
        })
        .await?;
    notifier.post(&next, 1, AuthorRole::Customer, true).await?;
    let reachable = |version: u64, phone: &str| ConversationReachable {
        conversation: next.conversation.to_string(),
        phone_address: phone.to_owned(),
        email_address: email.clone(),
        version,
        at: Some(stamp(notifier.clock.now())),
        ..ConversationReachable::default()
    };
    // An address of another kind brings the number along.
    notifier.publish(&reachable(1, &given)).await?;
    assert_eq!(notifier.sent().await, (1, 0));

    notifier.change_context(&next, |context| context.phone_address.clone_from(&corrected));
    notifier.publish(&reachable(2, &corrected)).await?;
    let text = notifier.sms.nth(OTHER_PHONE, 1, SOON).await?;
    assert!(text.body.contains("has your message"), "{}", text.body);
    notifier.publish(&reachable(3, &given)).await?;
    notifier.post(&next, 2, AuthorRole::Customer, true).await?;
    assert_eq!(notifier.sent().await, (2, 0));
    Ok(())
}
