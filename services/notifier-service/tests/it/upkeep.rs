//! What is kept, for how long, and what is counted.

use crate::harness::{Harness, PHONE, SOON, Tested};
use domain::Clock;
use events::event::ReminderDue;
use events::stamp;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};
use rpc::notifier::{DeliveryStatus, FollowUpState};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::eventually;

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn links_and_visitors_are_deleted_when_they_are_too_old() -> Tested {
    let notifier = Harness::start().await?;
    let links = async |id: &str| {
        notifier
            .count("SELECT count(*) FROM return_link WHERE conversation::text = $1", id)
            .await
    };
    let visitors = async |id: &str| {
        notifier
            .count("SELECT count(*) FROM presence_view WHERE visitor::text = $1", id)
            .await
    };
    let old = notifier.texted().await?;
    let (link, visitor) = (old.conversation.to_string(), old.visitor.to_string());
    assert_eq!((links(&link).await?, visitors(&visitor).await?), (1, 1));
    notifier.advance(36 * DAY).await;
    let newer = notifier.texted().await?;
    let newer_link = newer.conversation.to_string();
    assert_eq!(links(&link).await?, 1, "seven days of life and a month of grace");
    notifier.advance(2 * DAY).await;
    eventually("the old link is gone", SOON, async || {
        (links(&link).await.ok()? == 0).then_some(())
    })
    .await?;
    assert_eq!((links(&newer_link).await?, visitors(&visitor).await?), (1, 1));
    notifier.quiet().await?;
    // 402 days after the old one was heard of, 366 after the newer one.
    notifier.advance(364 * DAY).await;
    eventually("the old visitor is gone", SOON, async || {
        (visitors(&visitor).await.ok()? == 0).then_some(())
    })
    .await?;
    assert_eq!(visitors(&newer.visitor.to_string()).await?, 1);
    // Whoever comes back is known again.
    notifier.come_back(&old).await?;
    notifier.caught_up().await?;
    assert_eq!(visitors(&visitor).await?, 1);
    Ok(())
}

#[tokio::test]
async fn history_receipts_and_counters_are_deleted_when_they_are_too_old() -> Tested {
    let notifier = Harness::start().await?;
    let text = async |texts: usize| {
        let customer = notifier.customer(true, false).await?;
        notifier.leave(&customer).await?;
        notifier.answer(&customer, 2).await?;
        notifier.armed(&customer).await?;
        notifier.advance(30).await;
        notifier.sms.nth(PHONE, texts, SOON).await?;
        notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
        notifier.advance(600).await;
        notifier.state(&customer, FollowUpState::Done).await?;
        anyhow::Ok(customer)
    };
    let old = text(1).await?;
    assert_eq!(notifier.written("SM-old", PHONE, "Thanks").await, 200);
    notifier.advance(10 * DAY).await;
    let newer = text(2).await?;
    assert_eq!(notifier.written("SM-newer", PHONE, "Thanks").await, 200);
    notifier.quiet().await?;
    let lines = async |id: String| {
        notifier
            .count("SELECT count(*) FROM timeline WHERE conversation::text = $1", &id)
            .await
    };
    let kept = lines(newer.conversation.to_string()).await?;
    assert!(kept > 3 && lines(old.conversation.to_string()).await? > 3);
    notifier.advance(391 * DAY).await;
    eventually("the old ones are gone", SOON, async || {
        (lines(old.conversation.to_string()).await.ok()? == 0).then_some(())
    })
    .await?;
    assert_eq!(lines(newer.conversation.to_string()).await?, kept, "not old enough");
    let inbound = "SELECT count(*) FROM inbound_text WHERE provider_id = $1";
    assert_eq!(notifier.count(inbound, "SM-old").await?, 0);
    assert_eq!(notifier.count(inbound, "SM-newer").await?, 1);
    let receipts = "SELECT count(*) FROM receipt WHERE delivery IN (
        SELECT id FROM delivery WHERE conversation::text = $1)";
    assert_eq!(notifier.count(receipts, &old.conversation.to_string()).await?, 0);
    assert!(notifier.count(receipts, &newer.conversation.to_string()).await? > 0);
    let counters = "SELECT count(*) FROM send_limit WHERE workspace_id = $1";
    assert_eq!(notifier.count(counters, "acme").await?, 0);
    assert_eq!(notifier.explain(&old).await?.deliveries.len(), 1, "what was sent stays");
    Ok(())
}

/// Keeps what was exported, as text.
#[derive(Clone, Default)]
struct Exported(Arc<Mutex<String>>);

impl PushMetricExporter for Exported {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        *self.0.lock().expect("nobody panics with it") = format!("{metrics:?}");
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

#[tokio::test]
async fn sends_and_ends_are_counted_without_anything_personal() -> Tested {
    let exported = Exported::default();
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(exported.clone())
        .build();
    opentelemetry::global::set_meter_provider(provider.clone());
    let notifier = Harness::start().await?;
    let customer = notifier.texted().await?;
    notifier.read(&customer, 2).await?;
    notifier.state(&customer, FollowUpState::Done).await?;
    let reminder = ReminderDue {
        conversation: customer.conversation.to_string(),
        agent: "anna".into(),
        at: Some(stamp(notifier.clock.now())),
        version: 1,
    };
    notifier.publish(&reminder).await?;
    notifier.quiet().await?;
    provider.force_flush()?;
    let told = exported.0.lock().expect("nobody panics with it").clone();
    for needed in [
        "homing.notifier.deliveries",
        "homing.notifier.follow_ups.ended",
        "homing.notifier.due.lag",
        "homing.notifier.provider.call.duration",
        "homing.notifier.provider.breaker",
        "homing.notifier.reminders",
        "gone",
        "attempting",
        "accepted",
        "delivered",
        "read",
    ] {
        assert!(told.contains(needed), "{needed} in {told}");
    }
    for personal in [PHONE, "Ann", "anna", "acme", &customer.conversation.to_string()] {
        assert!(!told.contains(personal), "{personal} in {told}");
    }
    Ok(())
}
