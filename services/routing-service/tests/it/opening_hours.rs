//! Channels that keep their queue to the opening hours of teams.

use crate::desk::{agent, held_by, team};
use crate::door::{SOON, Tested};
use crate::shop::{Shop, pricing};
use ::domain::Clock;
use events::event::AgentAvailability::{Available, Offline};
use events::event::{OpeningHoursChanged, ProactiveMode, RequestState};
use jiff::{SignedDuration, Timestamp};
use rpc::routing::{ChannelRouting, Request, WatchQueueRequest};
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use testkit::eventually;

const HOUR: Duration = Duration::from_secs(3_600);
/// Shorter than an alert.
const MOMENT: Duration = Duration::from_secs(10);
/// How long somebody is alerted.
const ALERT: Duration = Duration::from_secs(30);

fn sales() -> (String, String) {
    ("acme".to_owned(), "sales".to_owned())
}

pub fn kept() -> ChannelRouting {
    ChannelRouting {
        keep_opening_hours: true,
        ..ChannelRouting::default()
    }
}

impl Shop {
    /// Team sales opens in an hour, and closes in two.
    fn close(&self) -> anyhow::Result<(Timestamp, Timestamp)> {
        let now = self.0.clock.now();
        let hours = (
            now.checked_add(SignedDuration::from_hours(1))?,
            now.checked_add(SignedDuration::from_hours(2))?,
        );
        let mut truth = self.0.conversations.truth();
        truth.closed_until.insert(sales(), hours.0);
        truth.open_until.insert(sales(), hours.1);
        Ok(hours)
    }

    /// Team sales closes for an hour, or is open from now on, which is known when this returns.
    pub async fn turn(&self, is_closed: bool) -> Tested {
        if is_closed {
            self.close()?;
        } else {
            let mut truth = self.0.conversations.truth();
            truth.closed_until.remove(&sales());
            truth.open_until.remove(&sales());
        }
        self.hours_changed().await?;
        self.once_closed(is_closed).await
    }

    async fn hours_changed(&self) -> Tested {
        let version = {
            let mut truth = self.0.conversations.truth();
            truth.hours_version += 1;
            truth.hours_version
        };
        let fact = OpeningHoursChanged {
            team: "sales".into(),
            version,
            at: None,
        };
        self.0.tell("acme", &fact).await
    }

    /// Once the service knows whether team sales is open, and tells so. What is told first may be a moment old.
    async fn once_closed(&self, is_closed: bool) -> Tested {
        let mut admin = PgConnection::connect(&self.0.database.admin_url()).await?;
        let known = eventually(format!("it is known that closed is {is_closed}"), SOON, async || {
            let row = sqlx::query_scalar("SELECT is_open FROM team_opening WHERE team = 'sales'");
            let is_open: bool = row.fetch_optional(&mut admin).await.ok()??;
            (is_open != is_closed).then_some(())
        });
        known.await?;
        let request = WatchQueueRequest {
            workspace: "acme".into(),
            team: "sales".into(),
        };
        let seen = eventually(format!("closed is {is_closed}"), SOON, async || {
            let mut queue = self.0.queue().watch_queue(request.clone()).await.ok()?.into_inner();
            let told = queue.message().await.ok()??;
            (told.is_closed == is_closed).then_some(())
        });
        Ok(seen.await?)
    }
}

#[tokio::test]
async fn what_waits_for_a_closed_team_is_offered_when_it_opens_and_nothing_new_when_it_closed() -> Tested {
    let shop = Shop::bare().await?;
    shop.close()?;
    shop.route("acme", kept(), 0).await?;
    shop.0.sales(&["ann", "bob"], 2).await?;
    shop.0.available("ann").await?;
    let first = shop.0.waiting().await?;
    let second = shop.0.waiting().await?;
    assert_eq!(
        (first.state(), second.position),
        (RequestState::Waiting, 2),
        "it is closed"
    );
    // Whoever becomes available while it is closed is offered nothing.
    shop.0.available("bob").await?;
    assert_eq!(shop.0.now(&first).await?.state(), RequestState::Waiting);
    shop.once_closed(true).await?;

    shop.0.clock.advance(HOUR);
    let one = shop
        .0
        .once("it opens", &first, |now| now.state() == RequestState::Alerted)
        .await?;
    let two = shop
        .0
        .once("it opens", &second, |now| now.state() == RequestState::Alerted)
        .await?;
    assert_ne!(held_by(&one), held_by(&two), "in even shares");
    shop.0.accept(&one, held_by(&one)).await?;

    // The alert that is open when it closes began just before: it does not end at that very moment.
    shop.0.clock.advance(HOUR - MOMENT);
    let passed_on = |now: &Request| now.state() == RequestState::Alerted && held_by(now) != held_by(&two);
    shop.0.once("its alert goes to the next", &two, passed_on).await?;
    shop.0.clock.advance(MOMENT);
    shop.once_closed(true).await?;
    shop.0.clock.advance(ALERT);
    let third = shop.0.waiting().await?;
    assert_eq!(third.state(), RequestState::Waiting);
    let missed = shop
        .0
        .once("its alert is over", &two, |now| now.state() == RequestState::Waiting);
    assert_eq!(missed.await?.position, 1, "it goes to nobody else");
    assert_eq!(
        shop.0.now(&one).await?.state(),
        RequestState::Serving,
        "who serves goes on"
    );
    // Who is given something by hand has it.
    let given = shop.0.assign(&third.conversation, agent("bob")).await?;
    assert_eq!((given.state(), held_by(&given)), (RequestState::Serving, "bob"));
    shop.end().await
}

#[tokio::test]
async fn other_hours_count_at_once_and_so_does_a_channel_that_keeps_them_no_more() -> Tested {
    let shop = Shop::bare().await?;
    shop.route("acme", kept(), 0).await?;
    shop.0.sales(&["ann"], 1).await?;
    shop.0.available("ann").await?;
    shop.close()?;
    shop.hours_changed().await?;
    shop.once_closed(true).await?;
    let first = shop.0.waiting().await?;
    assert_eq!(first.state(), RequestState::Waiting);
    {
        let mut truth = shop.0.conversations.truth();
        truth.closed_until.clear();
        truth.open_until.clear();
    }
    shop.hours_changed().await?;
    let alerted = shop.0.once_of(&first, "ann").await?;
    shop.0.accept(&alerted, "ann").await?;

    shop.close()?;
    shop.hours_changed().await?;
    shop.once_closed(true).await?;
    shop.0.set("acme", "ann", Offline).await?;
    shop.0.set("acme", "ann", Available).await?;
    let back = shop.0.now(&first).await?;
    assert_eq!(
        (back.state(), back.position),
        (RequestState::Waiting, 1),
        "they went, and it is closed"
    );
    shop.route("acme", ChannelRouting::default(), 0).await?;
    assert_eq!(held_by(&shop.0.now(&first).await?), "ann");
    shop.end().await
}

#[tokio::test]
async fn hours_override_nobody_s_status_and_no_other_channel() -> Tested {
    let shop = Shop::bare().await?;
    shop.close()?;
    shop.route("acme", kept(), 0).await?;
    shop.0.sales(&["ann"], 1).await?;
    let waits = shop.0.waiting().await?;
    shop.0.clock.advance(HOUR);
    shop.once_closed(false).await?;
    let open = shop.0.now(&waits).await?;
    assert_eq!(
        (open.state(), held_by(&open)),
        (RequestState::Waiting, ""),
        "ann is not there"
    );
    shop.0.available("ann").await?;
    assert_eq!(held_by(&shop.0.now(&waits).await?), "ann");

    // Without the setting a team that is closed is offered what comes, as far as it is there.
    shop.route("bolt", pricing(ProactiveMode::Off), 0).await?;
    shop.0.clock.advance(HOUR);
    shop.once_closed(true).await?;
    shop.route("acme", ChannelRouting::default(), 0).await?;
    let alerted = shop.0.assign(&shop.0.conversation(), team("sales")).await?;
    assert_eq!(held_by(&alerted), "ann");
    shop.end().await
}

#[tokio::test]
async fn a_process_that_comes_later_opens_in_time() -> Tested {
    let mut shop = Shop::bare().await?;
    shop.close()?;
    shop.route("acme", kept(), 0).await?;
    shop.0.sales(&["ann"], 1).await?;
    shop.0.available("ann").await?;
    let waits = shop.0.waiting().await?;
    shop.0.replace().await?;
    assert_eq!(shop.0.now(&waits).await?.state(), RequestState::Waiting);
    shop.0.clock.advance(HOUR);
    shop.0.once_of(&waits, "ann").await?;
    shop.end().await
}
