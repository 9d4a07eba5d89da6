//! Roles: what one may not change stays, and who changed them is known.

use crate::harness::{Harness, Tested, refusal};
use crate::role_canaries::{fill, set, with_role, workspace};
use prost_types::FieldMask;
use rpc::contacts::*;
use tonic::Request;

#[tokio::test]
async fn a_role_changes_its_fields_alone_and_every_change_says_who_made_it() -> Tested {
    let contacts = Harness::start().await?;
    let ids = fill(&contacts).await?;
    let change = |paths: &[&str]| UpdateContactRequest {
        workspace: workspace(),
        contact: ids.contact.clone(),
        mask: Some(FieldMask {
            paths: paths.iter().map(ToString::to_string).collect(),
        }),
        by: "crm/maria".into(),
        name: "Zmieniona".into(),
        tags: vec!["nowy".into()],
        ..Default::default()
    };
    let mut book = contacts.book.clone();
    let before = contacts.contact(&ids.contact).await?;
    // One field that it may not change is enough, wherever it stands in the mask.
    let both = book
        .update_contact(with_role(change(&["tags", "name"]), "limited_agent"))
        .await;
    let fault = rpc::from_status(&both.expect_err("refused"));
    assert_eq!((fault.field(), fault.code().name), (Some("name"), "access.field"));
    assert!(fault.public().contains("'limited_agent'"), "{}", fault.public());
    assert_eq!(contacts.contact(&ids.contact).await?, before);

    let changed = book
        .update_contact(with_role(change(&["tags"]), "limited_agent"))
        .await?
        .into_inner();
    let changed = changed.contact.expect("a contact");
    assert_eq!(changed.version, before.version + 1);
    assert_eq!(changed.addresses, []);
    let hidden = [
        "data",
        "emails",
        "external_ids",
        "page_scoped_ids",
        "phones",
        "profiles",
    ];
    assert_eq!(changed.hidden, hidden);
    let changes = ListContactChangesRequest {
        workspace: workspace(),
        contact: ids.contact.clone(),
        purpose: Purpose::Support.into(),
        ..Default::default()
    };
    let newest = book.list_contact_changes(changes).await?.into_inner().changes.remove(0);
    let fields: Vec<&str> = newest.fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!((newest.by.as_str(), fields), ("crm/maria", vec!["tag", "tag"]));

    // A merge moves what it may not change; so do conflicts that are dismissed, and consents.
    let merge = MergeContactsRequest {
        workspace: workspace(),
        contact: ids.contact.clone(),
        other: ids.other.clone(),
        by: "crm".into(),
    };
    let mut identity = contacts.identity.clone();
    let merged = identity.merge_contacts(with_role(merge, "limited_agent")).await;
    assert_eq!(refusal(merged), ("name".to_owned(), "access.field"));
    let dismiss = DismissConflictRequest {
        workspace: workspace(),
        conflict: ids.conflict.clone(),
        by: "crm".into(),
    };
    let dismissed = identity.dismiss_conflict(with_role(dismiss, "limited_agent")).await;
    assert_eq!(refusal(dismissed), ("name".to_owned(), "access.field"));
    let withdrawal = WithdrawConsentRequest {
        workspace: workspace(),
        contact: ids.contact.clone(),
        purpose: Purpose::Outreach.into(),
        at: None,
        by: WithdrawnBy::Agent.into(),
    };
    let withdrawn = contacts
        .consents
        .clone()
        .withdraw_consent(with_role(withdrawal, "limited_agent"))
        .await;
    assert_eq!(refusal(withdrawn), ("consents".to_owned(), "access.field"));
    Ok(())
}

#[tokio::test]
async fn roles_are_versioned_and_say_who_changed_what() -> Tested {
    let contacts = Harness::start().await?;
    let mut roles = contacts.roles.clone();
    let list = ListRolesRequest { workspace: workspace() };
    let first = roles.list_roles(list.clone()).await?.into_inner().roles.expect("roles");
    let names: Vec<&str> = first.roles.iter().map(|role| role.role.as_str()).collect();
    assert_eq!(
        (first.version, names),
        (0, vec!["admin", "agent", "integration", "limited_agent", "owner"])
    );

    set(&contacts, "limited_agent", &[("phones", FieldAccess::See)]).await?;
    // The same again is no change.
    assert_eq!(
        set(&contacts, "limited_agent", &[("phones", FieldAccess::See)])
            .await?
            .version,
        1
    );
    let assign = AssignRoleRequest {
        workspace: workspace(),
        integration: "crm".into(),
        role: "limited_agent".into(),
        version: 1,
        by: "ana".into(),
        ..Default::default()
    };
    roles.assign_role(assign.clone()).await?;
    let late = AssignRoleRequest {
        role: "owner".into(),
        ..assign.clone()
    };
    assert_eq!(
        refusal(roles.assign_role(late).await),
        ("version".to_owned(), "request.conflict")
    );
    // No role that it names widens what it has.
    let ids = fill(&contacts).await?;
    let get = GetContactRequest {
        workspace: workspace(),
        contact: ids.contact.clone(),
        purpose: Purpose::Support.into(),
    };
    let shown = contacts
        .client
        .clone()
        .get_contact(with_role(get.clone(), "owner"))
        .await?
        .into_inner();
    let shown = shown.contact.expect("a contact");
    assert_eq!(
        shown.hidden,
        ["data", "emails", "external_ids", "page_scoped_ids", "profiles"]
    );
    assert_eq!(shown.addresses.len(), 1);
    let unknown = contacts
        .client
        .clone()
        .get_contact(with_role(get.clone(), "nobody"))
        .await;
    assert_eq!(refusal(unknown), ("role".to_owned(), "access.field"));
    // Of another workspace nothing of that is known.
    let elsewhere = ListRolesRequest {
        workspace: "globex".into(),
    };
    let theirs = roles.list_roles(elsewhere).await?.into_inner().roles.expect("roles");
    assert_eq!((theirs.version, theirs.integrations.len()), (0, 0));

    let remove = RemoveRoleRequest {
        workspace: workspace(),
        role: "limited_agent".into(),
        version: 0,
        by: "ewa".into(),
    };
    roles.remove_role(remove).await?;
    let changes = ListRoleChangesRequest {
        workspace: workspace(),
        page_size: 2,
        ..Default::default()
    };
    let page = roles.list_role_changes(changes.clone()).await?.into_inner();
    let told: Vec<(u64, &str, &str)> = page
        .changes
        .iter()
        .map(|change| (change.version, change.by.as_str(), change.changes[0].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (3, "ewa", "limited_agent.phones: see > hidden"),
            (2, "ana", "crm: integration > limited_agent"),
        ]
    );
    let rest = ListRoleChangesRequest {
        page_token: page.next_page_token,
        ..changes
    };
    assert_eq!(roles.list_role_changes(rest).await?.into_inner().changes.len(), 1);

    // Nobody is let in by a role alone.
    let mut alone = Request::new(get);
    alone.metadata_mut().insert("homing-role", "owner".parse()?);
    let alone = contacts.client.clone().get_contact(alone).await;
    assert_eq!(refusal(alone), ("homing-integration".to_owned(), "request.invalid"));
    for (role, fields, field) in [
        ("owner", vec![("name", FieldAccess::See)], "role"),
        ("Books", vec![], "role"),
        ("books", vec![("shoe_size", FieldAccess::See)], "fields"),
        ("books", vec![("source", FieldAccess::Edit)], "fields"),
        ("books", vec![("name", FieldAccess::Unspecified)], "fields"),
    ] {
        assert_eq!(refusal(set(&contacts, role, &fields).await).0, field, "{role}");
    }
    Ok(())
}

#[tokio::test]
async fn an_agent_with_a_role_is_held_to_it_whatever_a_console_names() -> Tested {
    let contacts = Harness::start().await?;
    let ids = fill(&contacts).await?;
    let give = |role: &str| AssignRoleRequest {
        workspace: workspace(),
        agent: "maria".into(),
        role: role.into(),
        by: "ana".into(),
        ..Default::default()
    };
    let get = || GetContactRequest {
        workspace: workspace(),
        contact: ids.contact.clone(),
        purpose: Purpose::Support.into(),
    };
    let ask = async |request: Request<GetContactRequest>| {
        let answer = contacts.client.clone().get_contact(request).await?;
        Ok::<_, tonic::Status>(answer.into_inner().contact.expect("a contact").addresses.len())
    };
    let unnamed = || {
        let mut request = with_role(get(), "owner");
        request.metadata_mut().remove("homing-role");
        request
    };
    let of_others = || {
        let mut request = with_role(get(), "owner");
        request
            .metadata_mut()
            .insert("homing-agent", "jan".parse().expect("text"));
        request
    };
    assert!(ask(with_role(get(), "owner")).await? > 0);
    let mut roles = contacts.roles.clone();
    let given = roles.assign_role(give("limited_agent")).await?.into_inner().roles;
    let given = given.expect("roles").agents;
    assert_eq!(given.get("maria").map(String::as_str), Some("limited_agent"));
    let named = ask(with_role(get(), "owner")).await.expect_err("refused");
    let fault = rpc::from_status(&named);
    assert_eq!((fault.field(), fault.code().name), (Some("role"), "access.field"));
    assert!(fault.public().contains("'limited_agent'"), "{}", fault.public());
    assert_eq!(ask(with_role(get(), "limited_agent")).await?, 0);
    assert_eq!(ask(unnamed()).await?, 0, "left out, it holds all the same");
    assert!(ask(of_others()).await? > 0, "nobody else is concerned");

    for (wrong, field) in [
        (give("nobody"), "role"),
        (
            AssignRoleRequest {
                integration: "crm".into(),
                ..give("agent")
            },
            "agent",
        ),
        (
            AssignRoleRequest {
                agent: String::new(),
                ..give("agent")
            },
            "integration",
        ),
        (
            AssignRoleRequest {
                agent: "Maria K".into(),
                ..give("agent")
            },
            "agent",
        ),
    ] {
        assert_eq!(refusal(roles.assign_role(wrong).await).0, field);
    }
    roles.assign_role(give("")).await?;
    assert!(ask(with_role(get(), "owner")).await? > 0);
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn who_may_not_see_consents_reads_nothing_for_outreach() -> Tested {
    let contacts = Harness::start().await?;
    let ids = fill(&contacts).await?;
    let list = ListContactsRequest {
        workspace: workspace(),
        purpose: Purpose::Outreach.into(),
        ..Default::default()
    };
    let listed = contacts
        .book
        .clone()
        .list_contacts(with_role(list.clone(), "limited_agent"))
        .await;
    assert_eq!(refusal(listed), ("consents".into(), "access.field"));
    let get = GetContactRequest {
        workspace: workspace(),
        contact: ids.contact,
        purpose: Purpose::Outreach.into(),
    };
    let read = contacts
        .client
        .clone()
        .get_contact(with_role(get, "limited_agent"))
        .await;
    assert_eq!(refusal(read), ("consents".into(), "access.field"));
    contacts.book.clone().list_contacts(with_role(list, "admin")).await?;
    Ok(())
}
