//! Texts over SMPP, against an SMSC that was written by others.

use crate::harness::{Customer, Harness, PHONE, SOON, Tested};
use crate::looking::is_settled;
use anyhow::Context;
use domain::sms;
use rpc::notifier::{DeliveryStatus, ExplainFollowUpResponse};
use std::collections::BTreeMap;
use tempfile::TempDir;
use testkit::{Delivered, SmsOptions, SmsSink, Smsc, SubmittedPart, eventually};

/// The number that people write to.
const OURS: &str = "48732000000";
/// A customer writes to it.
const PLAIN: Delivered<'static> = Delivered {
    source: "48600700123",
    source_ton: 1,
    destination: OURS,
    esm_class: 0,
    data_coding: 0,
    octets: b"",
};
const OK: i64 = 0;
const TRY_AGAIN: i64 = 0x64;
const REFUSED: i64 = 0x66;

/// Texts go through `carrier`, which is the SMSC, then through `main`, which speaks Twilio's language.
struct Carrier {
    notifier: Harness,
    smsc: Smsc,
    main: SmsSink,
    _folder: TempDir,
}

impl Carrier {
    async fn start() -> anyhow::Result<Self> {
        Self::with(serde_json::json!({})).await
    }

    /// With more said of the SMSC.
    async fn with(more: serde_json::Value) -> anyhow::Result<Self> {
        let (smsc, main) = (Smsc::start().await?, SmsSink::start(SmsOptions::default()).await?);
        let folder = tempfile::tempdir()?;
        let secret = |name: &str, value: &str| -> anyhow::Result<String> {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("{value}\n"))?;
            Ok(path.to_str().context("a path")?.to_owned())
        };
        let mut carrier = serde_json::json!({
            "name": "carrier", "kind": "smpp", "url": smsc.url(), "system_id": "homing",
            "password_file": secret("password", "geheim")?,
            "numbers": [{ "number": format!("+{OURS}"), "workspace": "acme", "channel": "sms" }],
        });
        let fields = carrier.as_object_mut().context("an object")?;
        fields.extend(more.as_object().context("an object")?.clone());
        let config = serde_json::json!({
            "providers": [
                carrier,
                { "name": "main", "kind": "twilio", "base_url": main.url(), "account_sid": main.options().account_sid,
                  "auth_token_file": secret("token", &main.options().auth_token)? },
            ],
            "routes": { "*": ["carrier", "main"] },
        });
        let file = secret("providers.json", &config.to_string())?;
        let notifier = Harness::with([("HOMING_NOTIFIER_TEXT_PROVIDERS", &file)]).await?;
        smsc.bound(SOON).await?;
        Ok(Self {
            notifier,
            smsc,
            main,
            _folder: folder,
        })
    }

    /// A customer whose text is due.
    async fn due(&self) -> anyhow::Result<Customer> {
        let customer = self.notifier.customer(true, false).await?;
        self.notifier.leave(&customer).await?;
        self.notifier.answer(&customer, 2).await?;
        self.notifier.armed(&customer).await?;
        self.notifier.advance(30).await;
        Ok(customer)
    }

    async fn write(&mut self, from: &str, body: &str) -> anyhow::Result<i64> {
        let brought = Delivered {
            source: from,
            destination: OURS,
            octets: &sms::split(body).concat(),
            ..PLAIN
        };
        self.smsc.deliver(&brought, SOON).await
    }

    /// One part of a text, with the header that says which.
    async fn write_part(&mut self, number: u8, of: u8, said: &[u8]) -> anyhow::Result<i64> {
        let octets = [[5, 0, 3, 77, of, number].as_slice(), said].concat();
        let brought = Delivered {
            esm_class: 0x40,
            data_coding: 8,
            octets: &octets,
            ..PLAIN
        };
        self.smsc.deliver(&brought, SOON).await
    }

    /// What was posted, by its client ids.
    fn posted(&self) -> BTreeMap<String, String> {
        let truth = self.notifier.truth();
        let replies = truth.replies.iter();
        replies
            .map(|reply| (reply.client_id.clone(), reply.text.clone()))
            .collect()
    }

    async fn report(&mut self, id: &str, state: &str) -> anyhow::Result<i64> {
        let said =
            format!("id:{id} sub:001 dlvrd:001 submit date:2601051200 done date:2601051201 stat:{state} err:000 text:");
        let brought = Delivered {
            source: PHONE.trim_start_matches('+'),
            esm_class: 4,
            octets: said.as_bytes(),
            ..PLAIN
        };
        self.smsc.deliver(&brought, SOON).await
    }
}

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
async fn people_write_back_through_the_bind() -> Tested {
    let mut carrier = Carrier::start().await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let from = PHONE.trim_start_matches('+').to_owned();
    // Not taken: the SMSC brings it again, and it is the same text.
    carrier.notifier.truth().conversation_away = true;
    assert_eq!(carrier.write(&from, "Tak {€}").await?, TRY_AGAIN);
    carrier.notifier.truth().conversation_away = false;
    assert_eq!(carrier.write(&from, "Tak {€}").await?, OK);
    // Taken: the same words are another text.
    let replies = || carrier.notifier.truth().replies.clone();
    eventually("the answer was noted", SOON, async || {
        let open = "SELECT count(*) FROM inbound_text WHERE unanswered IS NOT NULL AND $1 = ''";
        (carrier.notifier.count(open, "").await.ok()? == 0).then_some(())
    })
    .await?;
    let first = replies();
    assert_eq!(carrier.write(&from, "Tak {€}").await?, OK);
    let all = carrier.notifier.truth().replies.clone();
    assert!(
        all.iter()
            .all(|reply| reply.text == "Tak {€}" && reply.conversation == customer.conversation.to_string())
    );
    let names: std::collections::BTreeSet<_> = all.iter().map(|reply| reply.client_id.clone()).collect();
    let firsts: std::collections::BTreeSet<_> = first.iter().map(|reply| reply.client_id.clone()).collect();
    assert_eq!((firsts.len(), names.len()), (1, 2));
    // STOP by text.
    assert_eq!(carrier.write(&from, "STOP").await?, OK);
    assert!(carrier.notifier.opted_out().await?);
    // Whose numbers those are, nobody said; and a name cannot be answered.
    let elsewhere = Delivered {
        source: &from,
        destination: "48500000000",
        octets: b"Hi",
        ..PLAIN
    };
    assert_eq!(carrier.smsc.deliver(&elsewhere, SOON).await?, REFUSED);
    assert_eq!(carrier.write("Amazon", "Win!").await?, REFUSED);
    Ok(())
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[tokio::test]
async fn a_text_in_parts_is_posted_as_one_and_what_is_missing_after_a_minute_is_shown() -> Tested {
    let mut carrier = Carrier::start().await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let said = utf16("Zażółć 😀 gęślą jaźń");
    // Not in their order, one of them twice, and a character divided between them.
    let parts = [&said[..16], &said[16..22], &said[22..]];
    for number in [3, 1, 3, 2] {
        let octets = parts[usize::from(number) - 1];
        assert_eq!(carrier.write_part(number, 3, octets).await?, OK, "{number}");
    }
    let one = async |carrier: &Carrier, count: usize| {
        let posted = eventually("posted", SOON, async || {
            Some(carrier.posted()).filter(|posted| posted.len() == count)
        });
        anyhow::Ok(posted.await?.into_values().collect::<Vec<_>>())
    };
    assert_eq!(one(&carrier, 1).await?, ["Zażółć 😀 gęślą jaźń"]);
    let left = "SELECT count(*) FROM joining_text WHERE (due_at IS NOT NULL OR sender <> $1) AND $1 = ''";
    eventually("nothing of it is kept", SOON, async || {
        (carrier.notifier.count(left, "").await.ok()? == 0).then_some(())
    })
    .await?;
    // Brought again since our answer was lost: known.
    assert_eq!(carrier.write_part(2, 3, parts[1]).await?, OK);
    // Another text under the same reference, of which only one part comes.
    assert_eq!(carrier.write_part(2, 3, &utf16("Tak")).await?, OK);
    carrier.notifier.advance(59).await;
    carrier.notifier.quiet().await?;
    assert_eq!(carrier.posted().len(), 1, "the others may come yet");
    carrier.notifier.advance(2).await;
    let all = one(&carrier, 2).await?;
    assert!(
        all.iter()
            .any(|text| text == "[...] Tak [...]" || text == " [...] Tak [...]"),
        "{all:?}"
    );
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
async fn a_text_that_was_answered_late_is_the_same_text_when_it_is_brought_again() -> Tested {
    let mut carrier = Carrier::start().await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    carrier.notifier.truth().posting_waits = true;
    let peers = carrier.notifier.peers.clone();
    let late = async {
        eventually("it is being posted", SOON, async || {
            (peers.truth().posts_waiting > 0).then_some(())
        })
        .await?;
        // Longer than an SMSC certainly waits.
        tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
        peers.truth().posting_waits = false;
        anyhow::Ok(())
    };
    let (answer, late) = tokio::join!(carrier.write("48600700123", "Tak"), late);
    late?;
    assert_eq!(answer?, OK);
    let noted = "SELECT count(*) FROM inbound_text WHERE answered_at IS NOT NULL AND $1 = ''";
    eventually("the answer was noted", SOON, async || {
        (carrier.notifier.count(noted, "").await.ok()? == 1).then_some(())
    })
    .await?;
    assert_eq!(carrier.write("48600700123", "Tak").await?, OK);
    assert_eq!(carrier.posted().len(), 1, "brought again");
    carrier.notifier.advance(601).await;
    assert_eq!(carrier.write("48600700123", "Tak").await?, OK);
    assert_eq!(carrier.posted().len(), 2, "written again");
    Ok(())
}

#[tokio::test]
async fn every_stop_counts_also_one_that_looks_like_a_repeated_one() -> Tested {
    let mut carrier = Carrier::start().await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    carrier.notifier.truth().conversation_away = true;
    assert_eq!(carrier.write("48600700123", "STOP").await?, TRY_AGAIN);
    assert!(
        carrier.notifier.opted_out().await?,
        "it counts although nobody was told yet"
    );
    carrier.notifier.truth().conversation_away = false;
    assert_eq!(carrier.write("48600700123", "START").await?, OK);
    assert!(!carrier.notifier.opted_out().await?);
    // The first one again, or a second one: nobody can tell.
    assert_eq!(carrier.write("48600700123", "STOP").await?, OK);
    assert!(carrier.notifier.opted_out().await?);
    let answered = "SELECT count(*) FROM inbound_text WHERE unanswered IS NOT NULL AND $1 = ''";
    eventually("the answers were noted", SOON, async || {
        (carrier.notifier.count(answered, "").await.ok()? == 0).then_some(())
    })
    .await?;
    assert_eq!(carrier.write("48600700123", "START").await?, OK);
    assert_eq!(carrier.write("48600700123", "STOP").await?, OK);
    assert!(carrier.notifier.opted_out().await?);
    Ok(())
}

#[tokio::test]
async fn a_national_sender_is_one_of_our_numbers_country() -> Tested {
    let mut carrier = Carrier::start().await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let national = Delivered {
        source: "600700123",
        source_ton: 2,
        octets: b"Tak",
        ..PLAIN
    };
    assert_eq!(carrier.smsc.deliver(&national, SOON).await?, OK);
    let all = carrier.notifier.truth().replies.clone();
    assert_eq!(all.len(), 1);
    assert_eq!(
        all[0].conversation,
        customer.conversation.to_string(),
        "the customer's own"
    );
    let short = Delivered {
        source_ton: 6,
        ..national
    };
    assert_eq!(carrier.smsc.deliver(&short, SOON).await?, REFUSED);
    Ok(())
}

/// Hangs, is late, refuses, has no room, fails and dies, and the notifier is killed meanwhile: nobody gets a text twice.
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
