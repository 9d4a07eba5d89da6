use crate::harness::{Harness, Tested, given, refusal};
use rpc::contacts::{AddressKind, CaptureContactRequest, Purpose};
use sqlx::Row;

#[tokio::test]
async fn a_workspace_sees_nothing_of_another() -> Tested {
    let contacts = Harness::start().await?;
    let ours = contacts.capture(given("Ann", "600700123", "ann@example.com")).await?;
    let elsewhere = |request: CaptureContactRequest| CaptureContactRequest {
        workspace: "globex".into(),
        ..request
    };

    // What belongs to another workspace is refused as what does not exist.
    let nobody = "00000000-0000-7000-8000-000000000000";
    for (foreign, unknown) in [
        (
            refusal(contacts.get("globex", &ours.contact, Purpose::Support).await),
            refusal(contacts.get("globex", nobody, Purpose::Support).await),
        ),
        (
            refusal(contacts.address("globex", &ours.phone_address, Purpose::Outreach).await),
            refusal(contacts.address("globex", nobody, Purpose::Outreach).await),
        ),
    ] {
        assert_eq!(foreign, unknown);
    }
    let looked_up = contacts
        .look_up("globex", AddressKind::Phone, "600700123", Purpose::Support)
        .await;
    assert_eq!(refusal(looked_up).1, "request.not_found");

    // The same address is somebody else's there, and what is given there changes nothing here.
    let theirs = contacts
        .capture(elsewhere(given("Bea", "600700123", "ann@example.com")))
        .await?;
    assert_ne!(theirs.contact, ours.contact);
    assert_ne!(theirs.phone_address, ours.phone_address);
    assert_eq!(
        contacts.get("globex", &theirs.contact, Purpose::Support).await?.name,
        "Bea"
    );
    assert_eq!(contacts.contact(&ours.contact).await?.name, "Ann");
    assert_eq!(contacts.count("SELECT count(*) FROM contact_conflict").await?, 0);
    Ok(())
}

#[tokio::test]
async fn every_table_is_protected_and_the_login_inherits_nothing() -> Tested {
    let contacts = Harness::start().await?;
    let mut admin = contacts.admin().await?;
    let tables = contacts.database.guarded_tables(&[]).await?;
    assert_eq!(
        tables.join(" "),
        "address address_purpose captured channel_profile consent consent_address contact contact_change contact_conflict contact_data contact_import contact_import_problem contact_merge \
         contact_tag erasure erasure_step erasure_trace identity_key inbox outbox purchase purchase_data purchase_line purchase_parcel purchase_version retention role_version withdrawal"
    );
    let deletable = sqlx::query(
        "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
           AND has_table_privilege('contacts', c.oid, 'DELETE, TRUNCATE') ORDER BY 1",
    )
    .fetch_all(&mut admin)
    .await?;
    let deletable: Vec<String> = deletable.iter().map(|row| row.get(0)).collect();
    // Everything that is kept of a person goes with them; that they were erased stays. Nothing else deletes but what an order no
    // longer has, a custom value, a tag, and a key that nobody signs with.
    assert_eq!(
        deletable,
        [
            "address",
            "address_purpose",
            "captured",
            "channel_profile",
            "consent",
            "consent_address",
            "contact",
            "contact_change",
            "contact_conflict",
            "contact_data",
            "contact_merge",
            "contact_tag",
            "erasure_trace",
            "identity_key",
            "purchase",
            "purchase_data",
            "purchase_line",
            "purchase_parcel",
            "purchase_version",
            "withdrawal",
        ]
    );
    Ok(())
}
