use crate::erasures::conversation;
use crate::harness::{Harness, Tested, given, refusal};
use rpc::contacts::{ListInteractionsRequest, MergeContactsRequest, Purpose};

#[tokio::test]
async fn interactions_are_of_all_that_went_into_a_contact_page_by_page() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700123", "")).await?.contact;
    let anna = contacts.capture(given("Anna", "", "anna@example.com")).await?.contact;
    let merge = MergeContactsRequest {
        workspace: "acme".into(),
        contact: ann.clone(),
        other: anna.clone(),
        by: "crm".into(),
    };
    contacts.identity.clone().merge_contacts(merge).await?;
    contacts.peers.truth().conversations = (1..=3).map(|n| conversation(n, "", "")).collect();
    let mut client = contacts.interactions.clone();
    let asking = |purpose: Purpose, page_token: String| ListInteractionsRequest {
        workspace: "acme".into(),
        contact: anna.clone(),
        purpose: purpose.into(),
        page_size: 2,
        page_token,
    };
    let first = client
        .list_interactions(asking(Purpose::Support, String::new()))
        .await?
        .into_inner();
    assert_eq!(first.interactions.len(), 2);
    assert!(
        first.interactions[0].conversation > first.interactions[1].conversation,
        "newest first"
    );
    let mut asked = contacts.peers.truth().contacts.clone();
    asked.sort();
    let mut both = [ann, anna.clone()];
    both.sort();
    assert_eq!(asked, both);
    let rest = client
        .list_interactions(asking(Purpose::Support, first.next_page_token))
        .await?
        .into_inner();
    assert_eq!((rest.interactions.len(), rest.next_page_token.as_str()), (1, ""));
    let refused = refusal(client.list_interactions(asking(Purpose::Outreach, String::new())).await);
    assert_eq!(refused, ("purpose".to_owned(), "access.purpose"));
    let elsewhere = ListInteractionsRequest {
        workspace: "bolt".into(),
        ..asking(Purpose::Support, String::new())
    };
    assert_eq!(
        refusal(client.list_interactions(elsewhere).await).1,
        "request.not_found"
    );
    let foreign = refusal(client.list_interactions(asking(Purpose::Support, "x".into())).await);
    assert_eq!(foreign, ("page_token".to_owned(), "request.invalid"));
    contacts.stop().await;
    Ok(())
}
