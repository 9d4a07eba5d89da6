//! What people write through an SMSC that was written by others.

use crate::carrier::{Carrier, OK, PLAIN, REFUSED, TRY_AGAIN};
use crate::harness::{PHONE, SOON, Tested};
use rpc::notifier::DeliveryStatus;
use testkit::{Delivered, eventually};

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
async fn a_text_under_the_reference_of_one_that_waits_is_another_and_both_are_posted() -> Tested {
    let mut carrier = Carrier::start().await?;
    let customer = carrier.due().await?;
    carrier.notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    carrier.notifier.truth().conversation_away = true;
    for (number, said) in [(1, "Na "), (2, "razie"), (1, "Jutro "), (2, "tak")] {
        assert_eq!(carrier.write_part(number, 2, &utf16(said)).await?, OK);
    }
    carrier.notifier.truth().conversation_away = false;
    eventually("both are posted", SOON, async || {
        carrier.notifier.advance(31).await;
        (carrier.posted().len() == 2).then_some(())
    })
    .await?;
    let said: Vec<String> = carrier.posted().into_values().collect();
    assert!(
        said.contains(&"Na razie".to_owned()) && said.contains(&"Jutro tak".to_owned()),
        "{said:?}"
    );
    Ok(())
}
