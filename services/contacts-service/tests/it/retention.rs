//! Periods: of whom nothing was heard for so long goes, everybody else stays.

use crate::harness::{Harness, Tested, given, refusal};
use domain::Clock;
use rpc::contacts::{
    ErasureReason, ErasureState, GetRetentionRequest, ListErasuresRequest, MergeContactsRequest, Retention,
    SetRetentionRequest,
};
use std::time::Duration;
use testkit::eventually;

const SOON: Duration = Duration::from_secs(20);
const DAY: Duration = Duration::from_secs(86_400);

async fn set(contacts: &Harness, days: u32, version: u64) -> Result<Retention, tonic::Status> {
    let request = SetRetentionRequest {
        workspace: "acme".into(),
        days,
        version,
        by: "ana".into(),
    };
    let answer = contacts.retention.clone().set_retention(request).await?.into_inner();
    Ok(answer.retention.expect("every answer has a period"))
}

async fn get(contacts: &Harness, workspace: &str) -> Result<Retention, tonic::Status> {
    let request = GetRetentionRequest {
        workspace: workspace.into(),
    };
    let answer = contacts.retention.clone().get_retention(request).await?.into_inner();
    Ok(answer.retention.expect("every answer has a period"))
}

async fn is_known(contacts: &Harness, contact: &str) -> bool {
    contacts.contact(contact).await.is_ok()
}

/// Until all contacts were looked at after this moment.
async fn applied(contacts: &Harness) -> Tested {
    let since = contacts.clock.now().as_second();
    eventually("a round ends", SOON, async || {
        let found = get(contacts, "acme").await.ok();
        let at = found.and_then(|found| found.applied_at);
        at.filter(|at| at.seconds >= since)
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn of_whom_nothing_was_heard_goes_everywhere_and_nobody_else() -> Tested {
    let contacts = Harness::start().await?;
    let quiet = contacts.capture(given("Ann", "600700121", "")).await?.contact;
    let open = contacts.capture(given("Bea", "600700122", "")).await?.contact;
    let talked = contacts.capture(given("Cat", "600700123", "")).await?.contact;
    let first = contacts.capture(given("Dot", "600700124", "")).await?.contact;
    let part = contacts.capture(given("Eve", "600700125", "")).await?.contact;
    let merge = MergeContactsRequest {
        workspace: "acme".into(),
        contact: first.clone(),
        other: part.clone(),
        by: "crm".into(),
    };
    contacts.clock.advance(25 * DAY);
    // Noted of one is noted of what it went into; a merge is a change, too, so it is told of a part.
    contacts.identity.clone().merge_contacts(merge).await?;
    contacts.clock.advance(6 * DAY);
    let late = contacts.capture(given("Fay", "600700126", "")).await?.contact;
    let now = contacts.clock.now().as_second();
    contacts.peers.truth().activity = [
        (open.clone(), (true, 0)),
        (talked.clone(), (false, now - 29 * 86_400)),
        (quiet.clone(), (false, now - 31 * 86_400)),
    ]
    .into();

    let period = set(&contacts, 30, 0).await?;
    assert_eq!((period.days, period.version, period.by.as_str()), (30, 1, "ana"));
    applied(&contacts).await?;
    let known = [&quiet, &open, &talked, &first, &late];
    let mut left = vec![];
    for contact in known {
        left.push(is_known(&contacts, contact).await);
    }
    assert_eq!(left, [false, true, true, true, true]);
    assert_eq!(get(&contacts, "acme").await?.erased, 1);

    // The others follow, as for every erasure, and the report says why.
    contacts.clock.advance(Duration::from_secs(11));
    let list = ListErasuresRequest {
        workspace: "acme".into(),
        ..Default::default()
    };
    let done = eventually("the erasure is done", SOON, async || {
        let page = contacts.privacy.clone().list_erasures(list.clone()).await.ok()?;
        let erasures = page.into_inner().erasures;
        erasures
            .iter()
            .all(|one| one.state() == ErasureState::Done)
            .then_some(erasures)
    })
    .await?;
    let [one] = done.as_slice() else {
        panic!("{done:?}");
    };
    assert_eq!(
        (one.contact.as_str(), one.reason(), one.by.as_str()),
        (quiet.as_str(), ErasureReason::Retention, "retention")
    );

    // A day later it is applied again: whose last conversation is over goes then, with what went into it.
    contacts.clock.advance(5 * DAY);
    applied(&contacts).await?;
    assert!(!is_known(&contacts, &talked).await && is_known(&contacts, &open).await);
    contacts.clock.advance(30 * DAY);
    applied(&contacts).await?;
    assert!(!is_known(&contacts, &first).await && !is_known(&contacts, &part).await);
    assert!(is_known(&contacts, &open).await);
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_round_waits_for_conversations_and_goes_on_in_another_process() -> Tested {
    let contacts = Harness::start().await?;
    let mut all = vec![];
    for n in 0..105 {
        all.push(contacts.capture(given("", &format!("600700{n:03}"), "")).await?.contact);
    }
    contacts.clock.advance(40 * DAY);
    contacts.peers.truth().away = Some("conversation");
    set(&contacts, 30, 0).await?;
    // Nobody goes of whom it is not known whether a conversation is open.
    eventually("a turn begins", SOON, async || {
        let taken = contacts
            .count("SELECT count(*) FROM retention WHERE leased_until IS NOT NULL")
            .await;
        taken.ok().filter(|taken| *taken == 1)
    })
    .await?;
    assert_eq!(contacts.count("SELECT count(*) FROM contact").await?, 105);
    // Not before the first process is gone: it asks again, and could end the round by itself.
    let contacts = contacts.start_again().await?;
    contacts.peers.truth().away = None;
    contacts.clock.advance(Duration::from_secs(31));
    applied(&contacts).await?;
    assert_eq!(get(&contacts, "acme").await?.erased, 105);
    assert_eq!(contacts.count("SELECT count(*) FROM contact").await?, 0);
    assert_eq!(
        contacts.count("SELECT count(DISTINCT contact_id) FROM erasure").await?,
        105
    );
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_period_is_set_by_version_and_by_workspace_and_unset_again() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700121", "")).await?.contact;
    assert_eq!(get(&contacts, "acme").await?, Retention::default());
    assert_eq!(set(&contacts, 30, 0).await?.version, 1);
    // The same again is no change.
    assert_eq!(set(&contacts, 30, 1).await?.version, 1);
    let late = set(&contacts, 10, 7).await;
    assert_eq!(refusal(late), ("version".to_owned(), "request.conflict"));
    let long = set(&contacts, 36_501, 0).await;
    assert_eq!(refusal(long), ("days".to_owned(), "request.invalid"));
    assert_eq!(get(&contacts, "globex").await?, Retention::default());
    applied(&contacts).await?;
    let unset = set(&contacts, 0, 1).await?;
    assert_eq!((unset.days, unset.version), (0, 2));
    contacts.clock.advance(400 * DAY);
    // Once a turn could have been, nobody is gone.
    assert!(is_known(&contacts, &ann).await);
    assert_eq!(
        contacts
            .count("SELECT count(*) FROM retention WHERE due_at IS NOT NULL")
            .await?,
        0
    );
    contacts.stop().await;
    Ok(())
}
