//! What a role does not see is in no answer of any rpc.

use crate::erasures::conversation;
use crate::harness::{Harness, Tested, given, refusal};
use crate::identities::{Site, add};
use domain::Clock;
use prost_types::FieldMask;
use rpc::contacts::*;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use tonic::{IntoRequest, Request, Status};

/// In the name of the integration `crm`, which speaks for somebody with this role.
pub fn with_role<T>(request: T, role: &str) -> Request<T> {
    let mut request = request.into_request();
    let metadata = request.metadata_mut();
    metadata.insert("homing-integration", "crm".parse().expect("text"));
    metadata.insert("homing-agent", "maria".parse().expect("text"));
    metadata.insert("homing-role", role.parse().expect("text"));
    request
}

pub fn workspace() -> String {
    "acme".to_owned()
}

pub async fn set(contacts: &Harness, role: &str, fields: &[(&str, FieldAccess)]) -> Result<Roles, Status> {
    let fields = fields
        .iter()
        .map(|(field, access)| ((*field).to_owned(), (*access).into()));
    let request = SetRoleRequest {
        workspace: workspace(),
        role: role.into(),
        fields: fields.collect(),
        by: "ana".into(),
        ..Default::default()
    };
    Ok(contacts
        .roles
        .clone()
        .set_role(request)
        .await?
        .into_inner()
        .roles
        .expect("roles"))
}

/// Every field, and what of it nothing else says.
const CANARIES: [(&str, &str); 14] = [
    ("name", "Kanaria"),
    ("phones", "600700199"),
    ("emails", "kanarek@"),
    ("external_ids", "kanar-7"),
    ("page_scoped_ids", "psid-kanar"),
    ("profiles", "kanarlocale"),
    ("time_zone", "America/Lima"),
    ("stage", "stage: customer"),
    ("source", "kanal"),
    ("tags", "kanarie"),
    ("data", "kanaryjski"),
    ("purchases", "kanarki"),
    ("interactions", "7000-8000-000000000001"),
    ("consents", "kanarzyca"),
];

/// Ids of who is asked about.
pub struct Ids {
    pub contact: String,
    phone: String,
    email: String,
    pub other: String,
    pub conflict: String,
    token: String,
}

/// A person with a canary in every field, and what a person has to settle about them.
pub async fn fill(contacts: &Harness) -> anyhow::Result<Ids> {
    let site = Site::new(1, "k1");
    add(contacts, "acme", &site).await?;
    let token = site.token(contacts, json!({"sub": "kanar-7", "name": "Kanaria"}));
    let capture = |name: &str, phone: &str, email: &str| CaptureContactRequest {
        channel: "kanal".into(),
        ..given(name, phone, email)
    };
    let mine = contacts
        .capture(capture("Kanaria", "600700199", "kanarek@example.com"))
        .await?;
    // An id that is good in one channel names that channel: another one than is the canary.
    contacts
        .capture(CaptureContactRequest {
            channel: "page".into(),
            page_scoped_id: "psid-kanar".into(),
            kind: events::common::ChannelKind::Facebook.into(),
            profile: [("locale".to_owned(), "kanarlocale".to_owned())].into(),
            ..given("", "600700199", "")
        })
        .await?;
    contacts.capture(capture("Kanaria Druga", "600700199", "")).await?;
    let other = contacts.capture(capture("Ewa", "", "ewa@example.com")).await?;
    let identified = IdentifyContactRequest {
        workspace: workspace(),
        token: token.clone(),
        contact: String::new(),
    };
    let identified = contacts
        .identity
        .clone()
        .identify_contact(identified)
        .await?
        .into_inner();
    let merge = MergeContactsRequest {
        workspace: workspace(),
        contact: mine.contact.clone(),
        other: identified.contact.expect("a contact").contact,
        by: "ana".into(),
    };
    contacts.identity.clone().merge_contacts(merge).await?;
    let change = UpdateContactRequest {
        workspace: workspace(),
        contact: mine.contact.clone(),
        mask: Some(FieldMask {
            paths: ["stage", "time_zone", "tags", "data.size"].map(str::to_owned).into(),
        }),
        by: "ana".into(),
        stage: Stage::Customer.into(),
        tags: vec!["kanarie".into()],
        data: HashMap::from([("size".to_owned(), "kanaryjski".to_owned())]),
        time_zone: "America/Lima".into(),
        ..Default::default()
    };
    contacts.book.clone().update_contact(change).await?;
    let consent = RecordConsentRequest {
        workspace: workspace(),
        request_id: "r-1".into(),
        contact: mine.contact.clone(),
        purpose: Purpose::Outreach.into(),
        addresses: vec![mine.email_address.clone()],
        form: "kanarzyca".into(),
        form_version: 1,
        language: "pl".into(),
        given_at: Some(events::stamp(contacts.clock.now())),
        ..Default::default()
    };
    contacts.consents.clone().record_consent(consent).await?;
    contacts
        .purchases
        .clone()
        .ingest_orders(orders("o-1", "kanarki"))
        .await?;
    contacts.peers.truth().conversations = vec![conversation(1, "", "")];
    let conflicts = ListConflictsRequest {
        workspace: workspace(),
        ..Default::default()
    };
    let conflicts = contacts
        .identity
        .clone()
        .list_conflicts(conflicts)
        .await?
        .into_inner()
        .conflicts;
    Ok(Ids {
        contact: mine.contact,
        phone: mine.phone_address,
        email: mine.email_address,
        other: other.contact,
        conflict: conflicts[0].conflict.clone(),
        token,
    })
}

fn orders(order: &str, line: &str) -> IngestOrdersRequest {
    let event = json!({"specversion": "1.0", "id": format!("e-{order}"), "source": "shop", "type": "homing.order_placed.v1",
        "subject": order, "time": "2026-11-01T10:00:00Z", "data": {"version": 1, "status": "placed", "currency": "PLN",
        "total_minor": 100, "placed_at": "2026-11-01T10:00:00Z", "customer": {"phone": "+48600700199"},
        "lines": [{"name": line, "quantity": 1, "unit_minor": 100}]}});
    IngestOrdersRequest {
        workspace: workspace(),
        integration: "shop".into(),
        events: vec![event.to_string().into_bytes()],
    }
}

/// Rpcs that tell of nobody: keys, erasures by their ids, periods, counts of files and what is wrong with lines, and roles themselves.
const SILENT: [&str; 14] = [
    "GetRetention",
    "SetRetention",
    "ListImportProblems",
    "AddIdentityKey",
    "ListIdentityKeys",
    "RemoveIdentityKey",
    "GetErasure",
    "ListErasures",
    "GetImport",
    "ListRoles",
    "SetRole",
    "RemoveRole",
    "AssignRole",
    "ListRoleChanges",
];

/// What every other rpc answers to somebody with a role, as text in lower case, and its name.
async fn ask_all(contacts: &Harness, ids: &Ids, role: &str) -> Vec<(&'static str, String)> {
    let mut told: Vec<(&'static str, String)> = vec![];
    macro_rules! ask {
        ($client:ident.$verb:ident, $name:ident $fields:tt) => {
            ask!($client.$verb, $name $fields, |answer| format!("{answer:?}"))
        };
        ($client:ident.$verb:ident, $name:ident $fields:tt, $text:expr) => {{
            let request = with_role($name $fields, role);
            let answer = contacts.$client.clone().$verb(request).await.map(tonic::Response::into_inner);
            let text = match answer {
                Ok(answer) => ($text)(answer),
                Err(status) => format!("refused: {status:?}"),
            };
            told.push((stringify!($name).trim_end_matches("Request"), text.to_lowercase()));
        }};
    }
    let (support, outreach) = (Purpose::Support.into(), Purpose::Outreach.into());
    let contact = || ids.contact.clone();
    for purpose in [support, outreach] {
        ask!(
            client.get_contact,
            GetContactRequest {
                workspace: workspace(),
                contact: contact(),
                purpose
            }
        );
        ask!(
            book.list_contacts,
            ListContactsRequest {
                workspace: workspace(),
                purpose,
                ..Default::default()
            }
        );
        ask!(
            segments.list_segment,
            ListSegmentRequest {
                workspace: workspace(),
                purpose,
                ..Default::default()
            }
        );
        ask!(
            segments.export_segment,
            ExportSegmentRequest {
                workspace: workspace(),
                purpose,
                ..Default::default()
            },
            |answer: ExportSegmentResponse| csv(&answer.csv)
        );
    }
    for filter in [
        "stage = customer",
        "tag = kanarie",
        "source = kanal",
        "data.size = kanaryjski",
        "purchases.count > 0",
        "consent = outreach",
    ] {
        ask!(
            segments.count_segment,
            CountSegmentRequest {
                workspace: workspace(),
                purpose: support,
                filter: filter.into()
            }
        );
        ask!(
            segments.list_segment,
            ListSegmentRequest {
                workspace: workspace(),
                purpose: support,
                filter: filter.into(),
                ..Default::default()
            }
        );
    }
    ask!(
        segments.export_segment,
        ExportSegmentRequest {
            workspace: workspace(),
            purpose: support,
            data: vec!["size".into()],
            ..Default::default()
        },
        |answer: ExportSegmentResponse| csv(&answer.csv)
    );
    for (kind, value) in [
        (AddressKind::Phone, "+48600700199"),
        (AddressKind::Email, "kanarek@example.com"),
        (AddressKind::External, "kanar-7"),
        (AddressKind::PageScoped, "psid-kanar"),
    ] {
        ask!(
            client.look_up_contact,
            LookUpContactRequest {
                workspace: workspace(),
                kind: kind.into(),
                value: value.into(),
                channel: "page".into(),
                purpose: support,
                ..Default::default()
            }
        );
    }
    for address in [&ids.phone, &ids.email] {
        ask!(
            client.get_address,
            GetAddressRequest {
                workspace: workspace(),
                address: address.clone(),
                purpose: support
            }
        );
    }
    ask!(
        client.capture_contact,
        CaptureContactRequest {
            channel: "page".into(),
            page_scoped_id: "psid-kanar".into(),
            kind: events::common::ChannelKind::Facebook.into(),
            ..given("", "", "")
        }
    );
    ask!(
        client.capture_contact,
        CaptureContactRequest {
            channel: "web".into(),
            ..given("", "600700199", "")
        }
    );
    ask!(
        book.list_contacts,
        ListContactsRequest {
            workspace: workspace(),
            purpose: support,
            stage: Stage::Customer.into(),
            ..Default::default()
        }
    );
    ask!(
        book.list_contacts,
        ListContactsRequest {
            workspace: workspace(),
            purpose: support,
            tag: "kanarie".into(),
            ..Default::default()
        }
    );
    for path in ["name", "stage", "time_zone", "tags", "data.size"] {
        ask!(
            book.update_contact,
            UpdateContactRequest {
                workspace: workspace(),
                contact: contact(),
                mask: Some(FieldMask {
                    paths: vec![path.into()]
                }),
                by: "crm/maria".into(),
                name: "Kanaria".into(),
                stage: Stage::Customer.into(),
                tags: vec!["kanarie".into()],
                time_zone: "America/Lima".into(),
                data: HashMap::from([("size".to_owned(), "kanaryjski".to_owned())]),
                ..Default::default()
            }
        );
    }
    ask!(
        book.list_contact_changes,
        ListContactChangesRequest {
            workspace: workspace(),
            contact: contact(),
            purpose: support,
            ..Default::default()
        }
    );
    ask!(
        identity.list_conflicts,
        ListConflictsRequest {
            workspace: workspace(),
            ..Default::default()
        }
    );
    ask!(
        identity.merge_contacts,
        MergeContactsRequest {
            workspace: workspace(),
            contact: contact(),
            other: ids.other.clone(),
            by: "crm".into()
        }
    );
    ask!(
        identity.undo_merge,
        UndoMergeRequest {
            workspace: workspace(),
            contact: ids.other.clone(),
            by: "crm".into()
        }
    );
    ask!(
        identity.identify_contact,
        IdentifyContactRequest {
            workspace: workspace(),
            token: ids.token.clone(),
            contact: String::new()
        }
    );
    ask!(
        consents.list_consents,
        ListConsentsRequest {
            workspace: workspace(),
            contact: contact()
        }
    );
    ask!(
        consents.record_consent,
        RecordConsentRequest {
            workspace: workspace(),
            request_id: "r-2".into(),
            contact: contact(),
            purpose: outreach,
            addresses: vec![ids.email.clone()],
            form: "kanarzyca".into(),
            form_version: 1,
            language: "pl".into(),
            given_at: Some(events::stamp(contacts.clock.now())),
            ..Default::default()
        }
    );
    ask!(
        purchases.list_purchases,
        ListPurchasesRequest {
            workspace: workspace(),
            contact: contact(),
            purpose: support,
            ..Default::default()
        }
    );
    let request = orders("o-2", "kanarki");
    ask!(
        purchases.ingest_orders,
        IngestOrdersRequest {
            workspace: request.workspace,
            integration: request.integration,
            events: request.events
        }
    );
    ask!(
        interactions.list_interactions,
        ListInteractionsRequest {
            workspace: workspace(),
            contact: contact(),
            purpose: support,
            ..Default::default()
        }
    );
    ask!(imports.import_contacts, ImportContactsRequest {
        workspace: workspace(), import: format!("file of {role}"), by: "crm".into(),
        csv: b"phone,email,name,stage,time_zone,tags,data.size\n+48600700199,kanarek@example.com,Kanaria Trzecia,,,kanarie,inny\n".to_vec(),
        ..Default::default()
    });
    ask!(
        privacy.export_person,
        ExportPersonRequest {
            workspace: workspace(),
            contact: contact(),
            ..Default::default()
        }
    );
    told
}

fn csv(bytes: &[u8]) -> String {
    // A stage is a cell of its own.
    String::from_utf8_lossy(bytes).replace(",customer,", ",stage: Customer,")
}

#[tokio::test]
async fn what_a_role_does_not_see_is_in_no_answer_of_any_rpc() -> Tested {
    let contacts = Harness::start().await?;
    let ids = fill(&contacts).await?;
    let mut asked = BTreeSet::new();
    let all = ask_all(&contacts, &ids, "owner").await;
    for (field, canary) in CANARIES {
        let canary = canary.to_lowercase();
        let shown: BTreeSet<&str> = all
            .iter()
            .filter(|(_, text)| text.contains(&canary))
            .map(|(rpc, _)| *rpc)
            .collect();
        assert!(!shown.is_empty(), "{field} is shown to whoever may see it");
        let role = format!("no_{field}");
        let fields = CANARIES.map(|(one, _)| match one {
            one if one == field => (one, FieldAccess::Hidden),
            "source" | "interactions" => (one, FieldAccess::See),
            one => (one, FieldAccess::Edit),
        });
        set(&contacts, &role, &fields).await?;
        let answers = ask_all(&contacts, &ids, &role).await;
        for (rpc, text) in &answers {
            assert!(
                !text.contains(&canary),
                "{rpc} shows {field} to a role that does not see it: {text}"
            );
            asked.insert(*rpc);
        }
        // What else there is it sees.
        let refused = answers.iter().filter(|(_, text)| text.starts_with("refused")).count();
        assert!(refused < answers.len() / 2, "{field}: {answers:#?}");
        let erase = EraseContactRequest {
            workspace: workspace(),
            request_id: role.clone(),
            contact: ids.contact.clone(),
            reason: ErasureReason::Requested.into(),
            by: "crm".into(),
        };
        let refused = refusal(contacts.privacy.clone().erase_contact(with_role(erase, &role)).await);
        assert_eq!(refused, (field.to_owned(), "access.field"));
    }
    asked.extend(["EraseContact", "DismissConflict", "WithdrawConsent"]);
    let all: BTreeSet<&str> = asked.into_iter().chain(SILENT).collect();
    let known = rpcs();
    let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
    assert_eq!(known, all, "a new rpc is asked here, too");
    Ok(())
}

/// Names of all rpcs of the service.
fn rpcs() -> BTreeSet<String> {
    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/homing/contacts/v1");
    let files = std::fs::read_dir(text)
        .expect("a folder")
        .map(|file| file.expect("a file").path());
    let texts: Vec<String> = files.map(|file| std::fs::read_to_string(file).expect("text")).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let names = lines.filter_map(|line| line.trim().strip_prefix("rpc ")?.split('(').next());
    names.map(str::to_owned).collect()
}
