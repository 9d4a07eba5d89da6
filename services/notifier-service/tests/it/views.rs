//! What other services tell arrives in any order and more than once: the views end the same.

use crate::harness::{Harness, Tested};
use domain::{ConversationId, VisitorId};
use events::common::{ChannelKind, ChannelSettings, PresenceCause, PresenceState};
use events::event::{ChannelChanged, ConversationResolved, VisitorPresenceChanged};
use events::stamp;

/// Every order of three things.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// An order, with its first two again at the end, and its last again at the start.
fn repeated(order: [usize; 3]) -> impl Iterator<Item = usize> {
    [order[2]].into_iter().chain(order).chain([order[0], order[1]])
}

#[tokio::test]
async fn a_channel_has_the_settings_of_its_highest_version_whatever_came_last() -> Tested {
    let notifier = Harness::start().await?;
    for (number, order) in ORDERS.into_iter().enumerate() {
        for version in repeated(order) {
            let settings = ChannelSettings {
                business_name: format!("Version {version}"),
                ..notifier.settings.clone()
            };
            let fact = ChannelChanged {
                channel: format!("web-{number}"),
                version: version as u64 + 1,
                kind: ChannelKind::Web.into(),
                settings: Some(settings),
                at: Some(stamp("2026-01-05T12:00:00Z".parse()?)),
            };
            notifier.publish(&fact).await?;
        }
    }
    notifier.caught_up().await?;
    let newest = "SELECT count(*) FROM channel_view WHERE version = 3 AND settings ->> 'business_name' = $1";
    assert_eq!(notifier.count(newest, "Version 2").await?, 6);
    assert_eq!(
        notifier
            .count("SELECT count(*) FROM channel_view WHERE $1 = ''", "")
            .await?,
        6
    );
    Ok(())
}

#[tokio::test]
async fn a_visitor_is_as_the_highest_epoch_and_version_say_whatever_came_last() -> Tested {
    let notifier = Harness::start().await?;
    // A new owner numbers from 1 again; its epoch is higher.
    let told = [
        (1, 9, PresenceState::Online, PresenceCause::Returned),
        (2, 1, PresenceState::Unknown, PresenceCause::GatewayLost),
        (2, 2, PresenceState::Offline, PresenceCause::Left),
    ];
    for order in ORDERS {
        let visitor = VisitorId::generate(&notifier.entropy);
        for one in repeated(order) {
            let (epoch, version, state, cause) = told[one];
            let fact = VisitorPresenceChanged {
                visitor: visitor.to_string(),
                state: state.into(),
                cause: cause.into(),
                since: Some(stamp("2026-01-05T12:00:00Z".parse()?)),
                epoch,
                version,
            };
            notifier.publish(&fact).await?;
        }
    }
    notifier.caught_up().await?;
    let left = "SELECT count(*) FROM presence_view WHERE (epoch, version, state, cause) = (2, 2, $1, 'left')";
    assert_eq!(notifier.count(left, "offline").await?, 6);
    assert_eq!(
        notifier
            .count("SELECT count(*) FROM presence_view WHERE $1 = ''", "")
            .await?,
        6
    );
    Ok(())
}

#[tokio::test]
async fn a_conversation_keeps_the_highest_version_of_its_resolution() -> Tested {
    let notifier = Harness::start().await?;
    for order in ORDERS {
        let conversation = ConversationId::generate(&notifier.entropy);
        for version in repeated(order) {
            let fact = ConversationResolved {
                conversation: conversation.to_string(),
                version: version as u64 + 1,
                at: Some(stamp("2026-01-05T12:00:00Z".parse()?)),
                last_seq: 0,
            };
            notifier.publish(&fact).await?;
        }
    }
    notifier.caught_up().await?;
    let resolved = "SELECT count(*) FROM conversation_view WHERE resolved_version = 3 AND $1 = ''";
    assert_eq!(notifier.count(resolved, "").await?, 6);
    Ok(())
}
