//! Everything that is kept of a person, in one document.

use crate::erasures::{CANARIES, NOBODY, conversation, known_well};
use crate::harness::{Harness, Tested, given, refusal};
use anyhow::Context;
use rpc::contacts::ExportPersonRequest;

#[tokio::test]
async fn everything_that_is_kept_of_a_person_stands_in_one_document() -> Tested {
    let contacts = Harness::start().await?;
    let contact = known_well(&contacts).await?;
    contacts.capture(given("Bea", "600700124", "bea@example.com")).await?;
    // More than one answer lists.
    contacts.peers.truth().conversations = (1..=12).map(|n| conversation(n, "", "")).collect();
    let mut request = ExportPersonRequest {
        workspace: "acme".into(),
        contact: contact.clone(),
        page_token: String::new(),
    };
    let (mut document, mut pages) = (String::new(), 0);
    loop {
        let page = contacts
            .privacy
            .clone()
            .export_person(request.clone())
            .await?
            .into_inner();
        document.push_str(&page.json);
        request.page_token = page.next_page_token;
        pages += 1;
        if request.page_token.is_empty() || pages > 50 {
            break;
        }
    }
    let told: serde_json::Value = serde_json::from_str(&document)?;
    for canary in CANARIES {
        assert!(document.contains(canary), "{canary} is missing in {document}");
    }
    assert!(!document.contains("bea@example.com"));
    let entries = told["entries"].as_array().context("entries")?;
    let count = |kind: &str| entries.iter().filter(|entry| entry["kind"] == kind).count();
    let counted = [
        "export",
        "contact",
        "address",
        "profile",
        "consent",
        "withdrawal",
        "purchase",
        "merge",
        "opt_out",
    ]
    .map(count);
    assert_eq!(counted, [1, 2, 4, 1, 1, 2, 1, 1, 3], "{document}");
    assert_eq!(
        (count("message"), count("delivery")),
        (24, 12),
        "two pages of words of each conversation"
    );

    for (field, code, contact, page_token) in [
        ("contact", "request.not_found", NOBODY, ""),
        ("contact", "request.invalid", "ann", ""),
        ("page_token", "request.invalid", contact.as_str(), "x"),
    ] {
        let wrong = ExportPersonRequest {
            workspace: "acme".into(),
            contact: contact.into(),
            page_token: page_token.into(),
        };
        let refused = contacts.privacy.clone().export_person(wrong).await;
        assert_eq!(refusal(refused), (field.to_owned(), code));
    }
    request.workspace = "bolt".into();
    assert_eq!(
        refusal(contacts.privacy.clone().export_person(request).await).1,
        "request.not_found"
    );
    Ok(())
}
