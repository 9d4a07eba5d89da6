//! Segments: contacts by what is known of them, as far as a purpose may ask.

use crate::harness::{Harness, Tested, given, refusal, values};
use domain::Clock;
use prost_types::FieldMask;
use rpc::contacts::{
    CaptureContactRequest, Contact, CountSegmentRequest, ExportSegmentRequest, ListSegmentRequest, Purpose,
    RecordConsentRequest, Stage, UpdateContactRequest, WithdrawConsentRequest, WithdrawnBy,
};
use std::collections::HashMap;

async fn count(contacts: &Harness, workspace: &str, filter: &str, purpose: Purpose) -> Result<u64, tonic::Status> {
    let request = CountSegmentRequest {
        workspace: workspace.into(),
        purpose: purpose.into(),
        filter: filter.into(),
    };
    let answer = contacts.segments.clone().count_segment(request).await?;
    Ok(answer.into_inner().contacts)
}

/// Those on all pages of two.
async fn list(
    contacts: &Harness,
    workspace: &str,
    filter: &str,
    purpose: Purpose,
) -> Result<Vec<Contact>, tonic::Status> {
    let (mut all, mut page_token) = (vec![], String::new());
    loop {
        let request = ListSegmentRequest {
            workspace: workspace.into(),
            purpose: purpose.into(),
            filter: filter.into(),
            page_size: 2,
            page_token,
        };
        let page = contacts.segments.clone().list_segment(request).await?.into_inner();
        assert!(page.contacts.len() <= 2);
        all.extend(page.contacts);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

fn names(contacts: &[Contact]) -> Vec<&str> {
    contacts.iter().map(|contact| contact.name.as_str()).collect()
}

/// All lines of an export by pages of two.
async fn export(contacts: &Harness, filter: &str, purpose: Purpose, data: &[&str]) -> Result<String, tonic::Status> {
    let (mut all, mut page_token) = (vec![], String::new());
    loop {
        let request = ExportSegmentRequest {
            workspace: "acme".into(),
            purpose: purpose.into(),
            filter: filter.into(),
            data: data.iter().map(ToString::to_string).collect(),
            page_size: 2,
            page_token,
        };
        let page = contacts.segments.clone().export_segment(request).await?.into_inner();
        all.extend(page.csv);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(String::from_utf8(all).expect("an export is UTF-8"));
        }
    }
}

/// Three of `acme`, in this order: Ann (vip, customer, size 38), =Bea (new; vip), Cid. The ids of their contacts and of
/// their e-mail addresses.
async fn three(contacts: &Harness) -> anyhow::Result<Vec<(String, String)>> {
    let mut ids = vec![];
    for (number, name, tags, customer) in [
        (1, "Ann", vec!["vip"], true),
        (2, "=Bea", vec!["new; vip"], false),
        (3, "Cid", vec![], false),
    ] {
        let captured = contacts
            .capture(given(
                name,
                &format!("60070012{number}"),
                &format!("p{number}@example.com"),
            ))
            .await?;
        let stage = if customer { Stage::Customer } else { Stage::Lead };
        let paths = ["stage", "tags", "data.size"].map(str::to_owned);
        let change = UpdateContactRequest {
            workspace: "acme".into(),
            contact: captured.contact.clone(),
            mask: Some(FieldMask { paths: paths.into() }),
            by: "crm".into(),
            stage: stage.into(),
            tags: tags.into_iter().map(str::to_owned).collect(),
            data: if customer {
                HashMap::from([("size".into(), "38".into())])
            } else {
                HashMap::new()
            },
            ..Default::default()
        };
        contacts.book.clone().update_contact(change).await?;
        ids.push((captured.contact, captured.email_address));
    }
    Ok(ids)
}

async fn consent(contacts: &Harness, contact: &str, address: &str) -> Tested {
    let form = RecordConsentRequest {
        workspace: "acme".into(),
        request_id: format!("form-{contact}"),
        contact: contact.into(),
        purpose: Purpose::Outreach.into(),
        addresses: vec![address.into()],
        form: "newsletter".into(),
        form_version: 3,
        language: "pl".into(),
        conversation: String::new(),
        given_at: Some(events::stamp(contacts.clock.now())),
    };
    contacts.consents.clone().record_consent(form).await?;
    Ok(())
}

#[tokio::test]
async fn a_segment_has_whom_the_filter_means_newest_first() -> Tested {
    let contacts = Harness::start().await?;
    three(&contacts).await?;
    let support = Purpose::Support;
    for (filter, expected) in [
        ("", vec!["Cid", "=Bea", "Ann"]),
        ("stage = customer or tag = \"new; vip\"", vec!["=Bea", "Ann"]),
        ("data.size = 38 and not tag = new", vec!["Ann"]),
        ("data.size = 39", vec![]),
        ("stage = lead and created <= days_ago(0)", vec!["Cid", "=Bea"]),
    ] {
        assert_eq!(
            names(&list(&contacts, "acme", filter, support).await?),
            expected,
            "{filter}"
        );
        let counted = count(&contacts, "acme", filter, support).await?;
        assert_eq!(usize::try_from(counted)?, expected.len(), "{filter}");
    }
    Ok(())
}

#[tokio::test]
async fn a_segment_for_outreach_has_only_who_consents_and_shows_only_what_the_consent_names() -> Tested {
    let contacts = Harness::start().await?;
    let people = three(&contacts).await?;
    let outreach = Purpose::Outreach;
    assert_eq!(count(&contacts, "acme", "", outreach).await?, 0);
    for (contact, address) in &people[..2] {
        consent(&contacts, contact, address).await?;
    }
    let seen = list(&contacts, "acme", "stage = lead or tag = vip", outreach).await?;
    assert_eq!(names(&seen), ["=Bea", "Ann"]);
    assert_eq!(values(&seen[1].addresses), ["p1@example.com"]);
    assert!(seen.iter().all(|contact| contact.profile.is_none()));
    assert_eq!(count(&contacts, "acme", "consent = outreach", outreach).await?, 2);
    assert_eq!(
        count(&contacts, "acme", "consent = outreach", Purpose::Support).await?,
        2
    );
    assert_eq!(
        names(&list(&contacts, "acme", "consent != outreach", Purpose::Support).await?),
        ["Cid"]
    );

    // Whoever may ask may find out: what outreach does not see it cannot ask for.
    for filter in [
        "data.size = 38",
        "tag = vip and not purchases.count > 0",
        "source = web",
    ] {
        let denied = ("filter".to_owned(), "access.purpose");
        assert_eq!(
            refusal(count(&contacts, "acme", filter, outreach).await),
            denied,
            "{filter}"
        );
        assert_eq!(
            refusal(list(&contacts, "acme", filter, outreach).await),
            denied,
            "{filter}"
        );
        assert_eq!(
            refusal(export(&contacts, filter, outreach, &[]).await),
            denied,
            "{filter}"
        );
    }
    assert_eq!(
        refusal(export(&contacts, "", outreach, &["size"]).await),
        ("data".to_owned(), "access.purpose")
    );
    let lines = export(&contacts, "tag = vip", outreach, &[]).await?;
    let expected = format!(
        "contact,name,phone,email,other_addresses,created_at\n{},Ann,,p1@example.com,,2026-01-05T12:00:00Z\n",
        people[0].0
    );
    assert_eq!(lines, expected);

    let back = WithdrawConsentRequest {
        workspace: "acme".into(),
        contact: people[0].0.clone(),
        purpose: outreach.into(),
        at: None,
        by: WithdrawnBy::Agent.into(),
    };
    contacts.consents.clone().withdraw_consent(back).await?;
    assert_eq!(names(&list(&contacts, "acme", "", outreach).await?), ["=Bea"]);
    assert_eq!(count(&contacts, "acme", "", outreach).await?, 1);
    assert_eq!(
        count(&contacts, "acme", "consent = outreach", Purpose::Support).await?,
        1
    );
    Ok(())
}

#[tokio::test]
async fn an_export_has_a_line_for_each_contact_and_no_formula() -> Tested {
    let contacts = Harness::start().await?;
    let people = three(&contacts).await?;
    let lines = export(&contacts, "", Purpose::Support, &["size", "colour"]).await?;
    let at = "2026-01-05T12:00:00Z";
    let expected = [
        "contact,name,phone,email,other_addresses,created_at,stage,source,time_zone,tags,data.size,data.colour"
            .to_owned(),
        format!("{},Cid,+48600700123,p3@example.com,,{at},lead,web,,,,", people[2].0),
        format!(
            "{},'=Bea,+48600700122,p2@example.com,,{at},lead,web,,new\\; vip,,",
            people[1].0
        ),
        format!(
            "{},Ann,+48600700121,p1@example.com,,{at},customer,web,,vip,38,",
            people[0].0
        ),
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    // Also where nobody is meant there is a head.
    assert_eq!(
        export(&contacts, "tag = nobody", Purpose::Support, &[])
            .await?
            .lines()
            .count(),
        1
    );
    Ok(())
}

#[tokio::test]
async fn a_segment_is_of_one_workspace() -> Tested {
    let contacts = Harness::start().await?;
    three(&contacts).await?;
    let elsewhere = CaptureContactRequest {
        workspace: "globex".into(),
        ..given("Dan", "600700121", "p1@example.com")
    };
    contacts.capture(elsewhere).await?;
    let support = Purpose::Support;
    for filter in [
        "",
        "not tag = vip",
        "purchases.count = 0 and captured > 2026-01-01",
        "data.size != 38",
    ] {
        assert_eq!(
            names(&list(&contacts, "globex", filter, support).await?),
            ["Dan"],
            "{filter}"
        );
        assert_eq!(count(&contacts, "globex", filter, support).await?, 1, "{filter}");
    }
    for filter in [
        "tag = vip",
        "data.size exists",
        "changed > 2026-01-01",
        "consent = outreach",
    ] {
        assert_eq!(count(&contacts, "globex", filter, support).await?, 0, "{filter}");
    }
    assert_eq!(count(&contacts, "initech", "", support).await?, 0);
    // The token of a page names a contact; another workspace's is as good as any other.
    let foreign = list(&contacts, "acme", "", support).await?[0].contact.clone();
    let request = ListSegmentRequest {
        workspace: "globex".into(),
        purpose: support.into(),
        page_token: foreign,
        ..Default::default()
    };
    let page = contacts.segments.clone().list_segment(request).await?.into_inner();
    assert!(names(&page.contacts).iter().all(|name| *name == "Dan"));
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_a_segment_is_refused_by_field_with_the_place() -> Tested {
    let contacts = Harness::start().await?;
    let wrong = count(&contacts, "acme", "stage = customer and colour = red", Purpose::Support).await;
    let status = wrong.expect_err("refused");
    let fault = rpc::from_status(&status);
    assert_eq!((fault.field(), fault.code().name), (Some("filter"), "request.invalid"));
    assert!(
        fault.public().contains("at character 22: expected stage, tag"),
        "{}",
        fault.public()
    );

    let good = || ExportSegmentRequest {
        workspace: "acme".into(),
        purpose: Purpose::Support.into(),
        ..Default::default()
    };
    for (request, field) in [
        (
            ExportSegmentRequest {
                workspace: "A B".into(),
                ..good()
            },
            "workspace",
        ),
        (ExportSegmentRequest { purpose: 0, ..good() }, "purpose"),
        (
            ExportSegmentRequest {
                filter: "tag =".into(),
                ..good()
            },
            "filter",
        ),
        (
            ExportSegmentRequest {
                data: vec!["Size".into()],
                ..good()
            },
            "data",
        ),
        (
            ExportSegmentRequest {
                data: vec!["size".into(); 51],
                ..good()
            },
            "data",
        ),
        (
            ExportSegmentRequest {
                page_size: 1_001,
                ..good()
            },
            "page_size",
        ),
        (
            ExportSegmentRequest {
                page_token: "ann".into(),
                ..good()
            },
            "page_token",
        ),
    ] {
        let answer = contacts.segments.clone().export_segment(request).await;
        assert_eq!(refusal(answer), (field.to_owned(), "request.invalid"), "{field}");
    }
    Ok(())
}
