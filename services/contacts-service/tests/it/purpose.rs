use crate::harness::{Harness, Tested, given, refusal};
use rpc::contacts::{AddressKind, Purpose};

#[tokio::test]
async fn what_was_given_for_support_serves_nothing_else() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700123", "ann@example.com")).await?;
    let found = contacts.address("acme", &ann.phone_address, Purpose::Support).await?;
    let address = found.address.expect("an address");
    assert_eq!(
        (address.value.as_str(), address.country.as_str()),
        ("+48600700123", "PL")
    );
    assert_eq!(
        (address.kind(), found.contact_name.as_str()),
        (AddressKind::Phone, "Ann")
    );

    let denied = ("purpose".to_owned(), "access.purpose");
    let outreach = Purpose::Outreach;
    assert_eq!(
        refusal(contacts.address("acme", &ann.phone_address, outreach).await),
        denied
    );
    assert_eq!(refusal(contacts.get("acme", &ann.contact, outreach).await), denied);
    let looked_up = contacts
        .look_up("acme", AddressKind::Email, "ann@example.com", outreach)
        .await;
    assert_eq!(refusal(looked_up), denied);
    let none = contacts.address("acme", &ann.phone_address, Purpose::Unspecified).await;
    assert_eq!(refusal(none), ("purpose".into(), "request.invalid"));
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_is_not_found() -> Tested {
    let contacts = Harness::start().await?;
    let nobody = "00000000-0000-7000-8000-000000000000";
    let missing = |what: &str| (what.to_owned(), "request.not_found");
    assert_eq!(refusal(contacts.contact(nobody).await), missing("contact"));
    assert_eq!(
        refusal(contacts.address("acme", nobody, Purpose::Support).await),
        missing("address")
    );
    let looked_up = contacts
        .look_up("acme", AddressKind::Phone, "600700123", Purpose::Support)
        .await;
    assert_eq!(refusal(looked_up), missing("contact"));
    assert_eq!(refusal(contacts.contact("ann").await).0, "contact");
    let looked_up = contacts
        .look_up("acme", AddressKind::Phone, "12", Purpose::Support)
        .await;
    assert_eq!(refusal(looked_up).0, "value");
    let looked_up = contacts
        .look_up("acme", AddressKind::Unspecified, "12", Purpose::Support)
        .await;
    assert_eq!(refusal(looked_up).0, "kind");
    Ok(())
}
