//! Texts over SMPP, and their receipts, against an SMSC that was written by others.

use crate::carrier::{Carrier, OK, TRY_AGAIN};
use crate::harness::{PHONE, SOON, Tested};
use crate::looking::is_settled;
use anyhow::Context;
use domain::sms;
use rpc::notifier::{DeliveryStatus, ExplainFollowUpResponse};
use std::collections::BTreeMap;
use testkit::{SubmittedPart, eventually};

/// What one text's parts say together.
fn said(parts: &[SubmittedPart]) -> String {
    let bodies = parts.iter().map(|part| match part.esm_class {
        0x40 => &part.octets[6..],
        _ => part.octets.as_slice(),
    });
    let octets: Vec<u8> = bodies.flatten().copied().collect();
    match parts[0].data_coding {
        8 => {
            let units: Vec<u16> = octets
                .chunks(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        }
        _ => sms::read_gsm7(&octets),
    }
}

fn has_line<'a>(
    told: &'a ExplainFollowUpResponse,
    what: &str,
) -> Option<&'a std::collections::HashMap<String, String>> {
    told.timeline
        .iter()
        .find(|line| line.what == what)
        .map(|line| &line.facts)
}

#[tokio::test]
async fn a_text_goes_out_and_its_receipt_comes_back_through_the_bind() -> Tested {
    let mut carrier = Carrier::start().await?;
    carrier.smsc.set_receipts("twice DELIVRD").await?;
    let customer = carrier.due().await?;
    let told = carrier.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(told.deliveries[0].provider, "carrier");
    let parts = carrier.smsc.submitted();
    let part = &parts[0];
    assert_eq!(
        (parts.len(), part.esm_class, part.data_coding, part.registered),
        (1, 0, 0, 1)
    );
    assert_eq!((part.source.as_str(), part.source_ton), ("Homing", 5));
    assert_eq!(format!("+{}", part.destination), PHONE);
    assert!(said(&parts).contains("/r/acme."), "{}", said(&parts));
    assert!(part.parameters.contains_key(&0x0204), "a reference of ours");
    assert_eq!(carrier.main.calls(), 0);
    // The receipt may be faster than the answer to the call.
    let taken = has_line(&told, "accepted").or_else(|| has_line(&told, "delivered"));
    assert_eq!(taken.context("taken")?["provider_id"], part.id);
    let failed = carrier.report(&part.id, "UNDELIV").await?;
    let told = carrier.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(
        (failed, told.deliveries[0].status()),
        (OK, DeliveryStatus::Delivered),
        "arrived is the last word"
    );
    Ok(())
}

#[tokio::test]
async fn a_long_text_has_arrived_when_its_parts_have() -> Tested {
    let mut carrier = Carrier::start().await?;
    carrier.notifier.settings.business_name = "Zażółć gęślą jaźń i spółka z ograniczoną odpowiedzialnością".into();
    carrier.notifier.publish_channel(1).await?;
    let customer = carrier.due().await?;
    let told = carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let parts = carrier.smsc.submitted();
    assert_eq!(parts.len(), usize::try_from(told.deliveries[0].parts)?);
    assert!(
        parts.len() > 1
            && parts
                .iter()
                .all(|part| part.data_coding == 8 && part.octets.len() <= 140)
    );
    let heads: Vec<_> = parts.iter().map(|part| part.octets[..6].to_vec()).collect();
    for (number, head) in (1..).zip(&heads) {
        let of = u8::try_from(parts.len())?;
        assert_eq!(
            (&head[..3], head[3], head[4], head[5]),
            ([5, 0, 3].as_slice(), heads[0][3], of, number)
        );
    }
    assert!(said(&parts).contains("jaźń"), "{}", said(&parts));
    for part in &parts[1..] {
        assert_eq!(carrier.report(&part.id, "DELIVRD").await?, OK);
    }
    let told = carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    assert_eq!(
        told.deliveries[0].status(),
        DeliveryStatus::Accepted,
        "one is still on its way"
    );
    assert_eq!(carrier.report(&parts[0].id, "DELIVRD").await?, OK);
    carrier.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    Ok(())
}

#[tokio::test]
async fn a_service_that_stops_submits_the_rest_of_a_long_text_first() -> Tested {
    let mut carrier = Carrier::start().await?;
    carrier.notifier.settings.business_name = "Zażółć gęślą jaźń i spółka z ograniczoną odpowiedzialnością".into();
    carrier.notifier.publish_channel(1).await?;
    carrier.smsc.next(&["late:0.5"]).await?;
    let customer = carrier.due().await?;
    carrier.smsc.nth(1, SOON).await?;
    carrier.notifier.stop().await;
    let submitted = carrier.smsc.submitted().len();
    carrier.notifier.run().await?;
    let told = carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    assert_eq!(submitted, usize::try_from(told.deliveries[0].parts)?);
    assert!(submitted > 1);
    Ok(())
}

#[tokio::test]
async fn a_long_text_may_go_as_one_payload() -> Tested {
    let mut carrier = Carrier::with(serde_json::json!({ "long_texts": "payload" })).await?;
    carrier.notifier.settings.business_name = "Zażółć gęślą jaźń i spółka z ograniczoną odpowiedzialnością".into();
    carrier.notifier.publish_channel(1).await?;
    carrier.smsc.set_receipts("DELIVRD").await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    let parts = carrier.smsc.submitted();
    let payload = parts[0].parameters.get(&0x0424).context("a payload")?;
    assert_eq!((parts.len(), parts[0].octets.len(), parts[0].esm_class), (1, 0, 0));
    assert!(payload.len() > 2 * 140, "{payload}");
    Ok(())
}

#[tokio::test]
async fn what_the_smsc_has_no_room_for_goes_elsewhere_and_what_it_refuses_does_not() -> Tested {
    let mut carrier = Carrier::start().await?;
    carrier.smsc.next(&["reject:20"]).await?;
    let customer = carrier.due().await?;
    let told = carrier.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(told.deliveries[0].provider, "main");
    carrier.smsc.next(&["reject:11"]).await?;
    let customer = carrier.due().await?;
    let told = carrier.notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[0].reason, "sms.provider_refused");
    // An error of the SMSC's own proves nothing.
    carrier.smsc.next(&["reject:8"]).await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    assert_eq!((carrier.main.calls(), carrier.smsc.submitted().len()), (1, 3));
    Ok(())
}

#[tokio::test]
async fn an_answer_that_never_comes_leaves_it_unknown_and_a_late_one_settles_it() -> Tested {
    let mut carrier = Carrier::start().await?;
    carrier.smsc.next(&["silent", "late:3"]).await?;
    let lost = carrier.due().await?;
    carrier.notifier.delivery(&lost, DeliveryStatus::Unknown).await?;
    let late = carrier.due().await?;
    carrier.notifier.delivery(&late, DeliveryStatus::Unknown).await?;
    let told = carrier.notifier.delivery(&late, DeliveryStatus::Accepted).await?;
    let parts = carrier.smsc.submitted();
    assert_eq!(
        has_line(&told, "accepted").context("accepted")?["provider_id"],
        parts[1].id
    );
    assert_eq!(carrier.report(&parts[1].id, "DELIVRD").await?, OK);
    carrier.notifier.delivery(&late, DeliveryStatus::Delivered).await?;
    carrier.notifier.advance(24 * 3600).await;
    carrier.notifier.delivery(&lost, DeliveryStatus::Unconfirmed).await?;
    assert_eq!(
        (carrier.smsc.submitted().len(), carrier.main.calls()),
        (2, 0),
        "nothing was sent twice"
    );
    Ok(())
}

#[tokio::test]
async fn an_smsc_that_goes_away_and_comes_back_is_bound_again() -> Tested {
    let mut carrier = Carrier::start().await?;
    carrier.smsc.kill().await?;
    let customer = carrier.due().await?;
    let told = carrier.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(
        told.deliveries[0].provider, "main",
        "nothing was taken, so somebody else does"
    );
    carrier.smsc.restart().await?;
    carrier.smsc.bound(SOON).await?;
    carrier.smsc.next(&["die"]).await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    carrier.smsc.restart().await?;
    carrier.smsc.bound(SOON).await?;
    let customer = carrier.due().await?;
    let told = carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    assert_eq!(told.deliveries[0].provider, "carrier");
    assert_eq!(
        (
            carrier.main.calls(),
            carrier.smsc.submitted().len(),
            carrier.smsc.binds()
        ),
        (1, 2, 3)
    );
    Ok(())
}

#[tokio::test]
async fn receipts_find_their_text_after_a_restart_and_strange_ones_are_brought_again() -> Tested {
    let mut carrier = Carrier::start().await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let id = carrier.smsc.submitted()[0].id.clone();
    carrier.notifier.kill().await;
    carrier.notifier.run().await?;
    eventually("bound again", SOON, async || (carrier.smsc.binds() == 2).then_some(())).await?;
    assert_eq!(carrier.report("nobody's", "DELIVRD").await?, TRY_AGAIN);
    assert_eq!(carrier.report(&id, "EXPIRED").await?, OK);
    let told = carrier
        .notifier
        .delivery(&customer, DeliveryStatus::Undelivered)
        .await?;
    assert_eq!(told.deliveries[0].reason, "sms.provider_refused");
    Ok(())
}

#[tokio::test]
async fn a_frame_that_cannot_be_read_ends_no_bind() -> Tested {
    let mut carrier = Carrier::start().await?;
    // deliver_sm whose strings never end, an answer to nothing, and a command that nobody knows.
    carrier.smsc.inject(0x05, 1, &[0x41; 120])?;
    carrier.smsc.inject(0x8000_0004, 2, &[0xff; 120])?;
    carrier.smsc.inject(0x0bad, 3, &[7; 120])?;
    assert_eq!(carrier.smsc.injected(1, SOON).await?, (0x8000_0005, 0x66), "never");
    assert_eq!(carrier.smsc.injected(3, SOON).await?.0, 0x8000_0000, "not acknowledged");
    let customer = carrier.due().await?;
    let told = carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    assert_eq!(told.deliveries[0].provider, "carrier");
    assert_eq!(carrier.write("48600700123", "Tak").await?, OK);
    assert_eq!((carrier.smsc.binds(), carrier.posted().len()), (1, 1));
    Ok(())
}

#[tokio::test]
async fn receipts_that_nobody_knows_hold_up_no_others() -> Tested {
    let mut carrier = Carrier::start().await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let id = carrier.smsc.submitted()[0].id.clone();
    // Each is looked for during several seconds, so one after the other they would take minutes.
    for number in 0..300_u32 {
        let said = format!("id:nobodys-{number} stat:DELIVRD err:000");
        let mut body = b"\0\x01\x0148600700123\0\x01\x0148732000000\0\x04\0\0\0\0\0\0\0\0".to_vec();
        body.push(u8::try_from(said.len())?);
        body.extend_from_slice(said.as_bytes());
        carrier.smsc.inject(0x05, number, &body)?;
    }
    let began = std::time::Instant::now();
    assert_eq!(carrier.report(&id, "DELIVRD").await?, OK);
    assert_eq!(carrier.write("48600700123", "Tak").await?, OK);
    carrier.notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    for number in 0..300 {
        assert_eq!(
            carrier.smsc.injected(number, SOON).await?.1,
            0x64,
            "{number} comes again"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_hostile_smsc_causes_no_second_text() -> Tested {
    let mut carrier = Carrier::start().await?;
    carrier.smsc.set_receipts("twice DELIVRD").await?;
    let hows = [
        "accept",
        "silent",
        "late:2",
        "reject:88",
        "reject:8",
        "reject:69",
        "die",
    ];
    let mut customers = Vec::new();
    for round in 0..28_usize {
        let how = hows[(round * 5 + round / 7) % hows.len()];
        carrier.smsc.next(&[how]).await?;
        let number = format!("+48600{:06}", 100_000 + round * 10_007);
        let customer = carrier.notifier.prepared(&number, "PL", None).await?;
        carrier.notifier.advance(30).await;
        if round % 9 == 4 {
            carrier.notifier.kill().await;
            carrier.notifier.run().await?;
            // What the killed one had claimed and not begun is taken up when its lease ends.
            carrier.notifier.advance(31).await;
        }
        let begun = |told: &ExplainFollowUpResponse| has_line(told, "attempting").is_some();
        if carrier.notifier.becomes(&customer, "begun", begun).await.is_err() {
            anyhow::bail!("round {round} ({how}) did not begin");
        }
        if how == "die" {
            carrier.smsc.restart().await?;
            carrier.smsc.set_receipts("twice DELIVRD").await?;
        }
        carrier.smsc.bound(SOON).await?;
        customers.push((number, customer));
    }
    for seconds in [40, 60, 300, 24 * 3600] {
        carrier.notifier.no_calls().await?;
        carrier.notifier.advance(seconds).await;
    }
    for (number, customer) in &customers {
        carrier
            .notifier
            .becomes(customer, &format!("{number} settled"), is_settled)
            .await?;
    }
    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    for part in carrier.smsc.submitted().iter().filter(|part| part.taken) {
        *texts.entry(format!("+{}", part.destination)).or_default() += 1;
    }
    for message in carrier.main.messages() {
        *texts.entry(message.to).or_default() += 1;
    }
    assert!(
        texts.values().all(|count| *count == 1),
        "somebody got a text twice: {texts:?}"
    );
    assert!(texts.len() >= 16, "{texts:?}");
    Ok(())
}
