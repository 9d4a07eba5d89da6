//! contacts-service, with one person.

use super::{Answer, Peers, answer, not_played, refuse};
use fault::{Fault, codes};
use prost_types::Timestamp;
use rpc::Caller;
use rpc::contacts::consent_service_server::ConsentService;
use rpc::contacts::contact_book_service_server::ContactBookService;
use rpc::contacts::contact_service_server::ContactService;
use rpc::contacts::identity_service_server::IdentityService;
use rpc::contacts::import_service_server::ImportService;
use rpc::contacts::interaction_service_server::InteractionService;
use rpc::contacts::purchase_service_server::PurchaseService;
use rpc::contacts::role_service_server::RoleService;
use rpc::contacts::segment_service_server::SegmentService;
use rpc::contacts::*;
use tonic::Request;

/// The one person there is.
pub const ANN: &str = "018f4e3a-0000-7000-8000-000000000002";
/// What anything else about her is called.
pub const OTHER: &str = "018f4e3a-0000-7000-8000-000000000003";

/// As a purpose sees her.
fn ann(purpose: Purpose) -> Contact {
    let profile = Profile {
        time_zone: "Europe/Warsaw".into(),
        stage: Stage::Lead.into(),
        source: "web".into(),
        tags: vec!["vip".into()],
        data: vec![Datum {
            key: "size".into(),
            value: "38".into(),
            at: Some(Timestamp::default()),
            by: "shop".into(),
        }],
    };
    Contact {
        contact: ANN.into(),
        name: "Ann".into(),
        addresses: vec![Address {
            address: OTHER.into(),
            kind: AddressKind::Phone.into(),
            value: "+48600700123".into(),
            country: "PL".into(),
            verified: false,
            ..Default::default()
        }],
        version: 3,
        created_at: Some(Timestamp::default()),
        profile: (purpose == Purpose::Support).then_some(profile),
        hidden: vec![],
    }
}

#[tonic::async_trait]
impl ContactService for Peers {
    async fn get_contact(&self, request: Request<GetContactRequest>) -> Answer<GetContactResponse> {
        let request = request.into_inner();
        if request.contact != ANN {
            return Err(refuse(Fault::not_found("contact")));
        }
        let given = Captured {
            address: OTHER.into(),
            channel: "web".into(),
            at: Some(Timestamp::default()),
            ..Default::default()
        };
        answer(GetContactResponse {
            contact: Some(ann(request.purpose())),
            captured: if request.purpose() == Purpose::Support {
                vec![given]
            } else {
                vec![]
            },
            profiles: vec![],
        })
    }

    async fn capture_contact(&self, _: Request<CaptureContactRequest>) -> Answer<CaptureContactResponse> {
        not_played()
    }
    async fn look_up_contact(&self, _: Request<LookUpContactRequest>) -> Answer<LookUpContactResponse> {
        not_played()
    }
    async fn get_address(&self, _: Request<GetAddressRequest>) -> Answer<GetAddressResponse> {
        not_played()
    }
}

#[tonic::async_trait]
impl ContactBookService for Peers {
    async fn list_contacts(&self, request: Request<ListContactsRequest>) -> Answer<ListContactsResponse> {
        let caller = Caller::read(request.metadata()).map_err(refuse)?;
        let request = request.into_inner();
        let mut found = ann(request.purpose());
        // As a role that sees no tags and no custom values.
        if caller
            .as_ref()
            .is_some_and(|caller| caller.role.as_deref() == Some("limited_agent"))
        {
            found.hidden = vec!["data".into(), "tags".into()];
            found.profile.iter_mut().for_each(|profile| {
                profile.tags.clear();
                profile.data.clear();
            });
        }
        let contacts = vec![found];
        self.memory().callers.push(caller);
        self.memory().contact_lists.push(request);
        answer(ListContactsResponse {
            contacts,
            next_page_token: "next".into(),
        })
    }

    async fn update_contact(&self, request: Request<UpdateContactRequest>) -> Answer<UpdateContactResponse> {
        let request = request.into_inner();
        self.memory().contact_updates.push(request.clone());
        if ![0, 3].contains(&request.version) {
            return Err(refuse(
                Fault::new(&codes::CONFLICT, "is 3 by now; read the contact again and repeat").of("version"),
            ));
        }
        answer(UpdateContactResponse {
            contact: Some(Contact {
                version: 4,
                ..ann(Purpose::Support)
            }),
        })
    }

    async fn list_contact_changes(&self, _: Request<ListContactChangesRequest>) -> Answer<ListContactChangesResponse> {
        answer(ListContactChangesResponse {
            changes: vec![ContactChange {
                version: 3,
                at: Some(Timestamp::default()),
                by: "shop".into(),
                fields: vec![FieldChange {
                    field: "data.size".into(),
                    before: String::new(),
                    after: "38".into(),
                }],
            }],
            next_page_token: String::new(),
        })
    }
}

/// What was agreed to, taken back or not.
fn consent(request: RecordConsentRequest, withdrawn: bool) -> Consent {
    let by = if withdrawn {
        WithdrawnBy::Agent
    } else {
        WithdrawnBy::Unspecified
    };
    Consent {
        consent: OTHER.into(),
        contact: request.contact,
        purpose: request.purpose,
        addresses: request.addresses,
        form: request.form,
        form_version: request.form_version,
        language: request.language,
        conversation: request.conversation,
        given_at: request.given_at,
        withdrawn_at: withdrawn.then(Timestamp::default),
        withdrawn_by: by.into(),
    }
}

#[tonic::async_trait]
impl ConsentService for Peers {
    async fn record_consent(&self, request: Request<RecordConsentRequest>) -> Answer<RecordConsentResponse> {
        let request = request.into_inner();
        self.memory().consents.push(request.clone());
        answer(RecordConsentResponse {
            consent: Some(consent(request, false)),
        })
    }

    async fn withdraw_consent(&self, request: Request<WithdrawConsentRequest>) -> Answer<WithdrawConsentResponse> {
        let mut memory = self.memory();
        memory.withdrawals.push(request.into_inner());
        let ended = memory.consents.iter().map(|request| consent(request.clone(), true));
        answer(WithdrawConsentResponse {
            consents: ended.collect(),
        })
    }

    async fn list_consents(&self, _: Request<ListConsentsRequest>) -> Answer<ListConsentsResponse> {
        let memory = self.memory();
        let ended = !memory.withdrawals.is_empty();
        let consents = memory.consents.iter().map(|request| consent(request.clone(), ended));
        let withdrawals = memory.withdrawals.iter().map(|request| Withdrawal {
            purpose: request.purpose,
            at: Some(Timestamp::default()),
            by: request.by,
        });
        answer(ListConsentsResponse {
            consents: consents.collect(),
            withdrawals: withdrawals.collect(),
        })
    }
}

#[tonic::async_trait]
impl IdentityService for Peers {
    async fn list_conflicts(&self, _: Request<ListConflictsRequest>) -> Answer<ListConflictsResponse> {
        answer(ListConflictsResponse {
            conflicts: vec![ContactConflict {
                conflict: OTHER.into(),
                contact: Some(ann(Purpose::Support)),
                other_name: "Anna".into(),
                other: None,
                at: Some(Timestamp::default()),
            }],
            next_page_token: "next".into(),
        })
    }

    async fn dismiss_conflict(&self, request: Request<DismissConflictRequest>) -> Answer<DismissConflictResponse> {
        self.memory().dismissed.push(request.into_inner());
        answer(DismissConflictResponse {})
    }

    async fn merge_contacts(&self, request: Request<MergeContactsRequest>) -> Answer<MergeContactsResponse> {
        self.memory().merges.push(request.into_inner());
        answer(MergeContactsResponse {
            contact: Some(ann(Purpose::Support)),
        })
    }

    async fn undo_merge(&self, request: Request<UndoMergeRequest>) -> Answer<UndoMergeResponse> {
        self.memory().undone_merges.push(request.into_inner());
        answer(UndoMergeResponse {
            contact: Some(ann(Purpose::Support)),
        })
    }

    async fn identify_contact(&self, request: Request<IdentifyContactRequest>) -> Answer<IdentifyContactResponse> {
        let request = request.into_inner();
        if request.token == "somebody else's" {
            let other = Contact {
                contact: OTHER.into(),
                ..ann(Purpose::Support)
            };
            return answer(IdentifyContactResponse { contact: Some(other) });
        }
        if request.token == "old" {
            return Err(refuse(Fault::new(&codes::UNAUTHENTICATED, "is expired").of("token")));
        }
        self.memory().identities.push(request);
        answer(IdentifyContactResponse {
            contact: Some(ann(Purpose::Support)),
        })
    }

    async fn add_identity_key(&self, request: Request<AddIdentityKeyRequest>) -> Answer<AddIdentityKeyResponse> {
        self.memory().identity_keys.push(request.into_inner());
        answer(AddIdentityKeyResponse {})
    }

    async fn list_identity_keys(&self, _: Request<ListIdentityKeysRequest>) -> Answer<ListIdentityKeysResponse> {
        answer(ListIdentityKeysResponse {
            keys: vec![IdentityKey {
                key: "k1".into(),
                algorithm: "EdDSA".into(),
                added_at: Some(Timestamp::default()),
                by: "helpdesk".into(),
            }],
        })
    }

    async fn remove_identity_key(
        &self,
        request: Request<RemoveIdentityKeyRequest>,
    ) -> Answer<RemoveIdentityKeyResponse> {
        match request.into_inner().key.as_str() {
            "k1" => answer(RemoveIdentityKeyResponse {}),
            _ => Err(refuse(Fault::not_found("key"))),
        }
    }
}

#[tonic::async_trait]
impl PurchaseService for Peers {
    async fn ingest_orders(&self, request: Request<IngestOrdersRequest>) -> Answer<IngestOrdersResponse> {
        let request = request.into_inner();
        self.memory().orders.push(request.clone());
        let outcome = |event: &Vec<u8>| {
            let document: serde_json::Value = serde_json::from_slice(event).unwrap_or_default();
            let accepted = document["data"]["version"] != 0;
            OrderOutcome {
                id: document["id"].as_str().unwrap_or_default().to_owned(),
                accepted,
                field: if accepted { String::new() } else { "data.version".into() },
                code: if accepted {
                    String::new()
                } else {
                    codes::INVALID_ARGUMENT.name.into()
                },
                ..Default::default()
            }
        };
        answer(IngestOrdersResponse {
            outcomes: request.events.iter().map(outcome).collect(),
        })
    }

    async fn list_purchases(&self, request: Request<ListPurchasesRequest>) -> Answer<ListPurchasesResponse> {
        if request.into_inner().purpose() != Purpose::Support {
            return Err(refuse(
                Fault::new(&codes::PURPOSE_DENIED, "serves support alone").of("purpose"),
            ));
        }
        let shoes = PurchaseLine {
            name: "Shoes".into(),
            sku: String::new(),
            quantity: 1,
            unit_minor: 12_900,
        };
        let sent = Parcel {
            carrier: "InPost".into(),
            tracking_number: "6000123".into(),
            ..Default::default()
        };
        answer(ListPurchasesResponse {
            purchases: vec![Purchase {
                integration: "shop".into(),
                order: "o-1".into(),
                version: 2,
                status: OrderStatus::Shipped.into(),
                currency: "PLN".into(),
                total_minor: 12_900,
                lines: vec![shoes],
                parcels: vec![sent],
                placed_at: Some(Timestamp::default()),
                changed_at: Some(Timestamp::default()),
                history: vec![OrderVersion {
                    version: 2,
                    status: OrderStatus::Shipped.into(),
                    at: Some(Timestamp::default()),
                    recorded_at: Some(Timestamp::default()),
                }],
                ..Default::default()
            }],
            next_page_token: "next".into(),
        })
    }
}

#[tonic::async_trait]
impl InteractionService for Peers {
    async fn list_interactions(&self, request: Request<ListInteractionsRequest>) -> Answer<ListInteractionsResponse> {
        if request.into_inner().purpose() != Purpose::Support {
            return Err(refuse(
                Fault::new(&codes::PURPOSE_DENIED, "serves support alone").of("purpose"),
            ));
        }
        let talk = Talk {
            agent: "maria".into(),
            messages: 2,
            first_at: Some(Timestamp::default()),
            last_at: Some(Timestamp::default()),
        };
        answer(ListInteractionsResponse {
            interactions: vec![Interaction {
                conversation: OTHER.into(),
                number: 17,
                channel: "web".into(),
                started_at: Some(Timestamp::default()),
                resolved_at: None,
                talks: vec![talk],
            }],
            next_page_token: "next".into(),
        })
    }
}

#[tonic::async_trait]
impl SegmentService for Peers {
    async fn count_segment(&self, request: Request<CountSegmentRequest>) -> Answer<CountSegmentResponse> {
        let request = request.into_inner();
        if request.filter == "colour = red" {
            return Err(refuse(Fault::invalid("filter", "at character 1: expected stage")));
        }
        answer(CountSegmentResponse { contacts: 7 })
    }

    async fn list_segment(&self, request: Request<ListSegmentRequest>) -> Answer<ListSegmentResponse> {
        let request = request.into_inner();
        let contacts = vec![ann(request.purpose())];
        self.memory().segments.push(request);
        answer(ListSegmentResponse {
            contacts,
            next_page_token: "next".into(),
        })
    }

    async fn export_segment(&self, request: Request<ExportSegmentRequest>) -> Answer<ExportSegmentResponse> {
        let request = request.into_inner();
        self.memory().exports.push(request.clone());
        match request.page_token.as_str() {
            "" if request.data == ["shoe size"] => Err(refuse(Fault::invalid("data", "needs keys"))),
            "" => answer(ExportSegmentResponse {
                csv: "contact,name\n1,Ann\n".into(),
                next_page_token: "next".into(),
            }),
            "next" => answer(ExportSegmentResponse {
                csv: "2,Bea\n".into(),
                next_page_token: if request.filter == "tag = endless" {
                    "gone".into()
                } else {
                    String::new()
                },
            }),
            _ => Err(refuse(Fault::internal("the third page fails"))),
        }
    }
}

#[tonic::async_trait]
impl ImportService for Peers {
    async fn import_contacts(&self, request: Request<ImportContactsRequest>) -> Answer<ImportContactsResponse> {
        let request = request.into_inner();
        self.memory().imports.push(request.clone());
        answer(ImportContactsResponse {
            import: Some(Import {
                import: request.import,
                lines: request.done + 2,
                created: 1,
                refused: 1,
                ..Default::default()
            }),
            problems: vec![ImportProblem {
                line: 3,
                column: "phone".into(),
                reason: "is not a phone number".into(),
                taken: false,
            }],
        })
    }

    async fn list_import_problems(
        &self,
        request: Request<ListImportProblemsRequest>,
    ) -> Answer<ListImportProblemsResponse> {
        let request = request.into_inner();
        let problem = ImportProblem {
            line: 3,
            column: "phone".into(),
            reason: "is too short".into(),
            taken: false,
        };
        answer(ListImportProblemsResponse {
            problems: vec![problem],
            next_page_token: if request.page_size == 1 {
                "1".into()
            } else {
                String::new()
            },
        })
    }

    async fn get_import(&self, request: Request<GetImportRequest>) -> Answer<GetImportResponse> {
        let memory = self.memory();
        let import = request.into_inner().import;
        let begun = memory.imports.iter().any(|known| known.import == import);
        let begun = begun.then_some(Import {
            import,
            lines: 2,
            ..Default::default()
        });
        match begun {
            Some(import) => answer(GetImportResponse { import: Some(import) }),
            None => Err(refuse(Fault::not_found("import"))),
        }
    }
}

/// The roles after any change.
fn roles() -> Option<Roles> {
    let role = Role {
        role: "limited_agent".into(),
        fields: [("phones".to_owned(), FieldAccess::See.into())].into(),
        built_in: true,
    };
    Some(Roles {
        version: 3,
        roles: vec![role],
        integrations: [("crm".to_owned(), "agent".to_owned())].into(),
        agents: [("maria".to_owned(), "limited_agent".to_owned())].into(),
    })
}

#[tonic::async_trait]
impl RoleService for Peers {
    async fn list_roles(&self, _: Request<ListRolesRequest>) -> Answer<ListRolesResponse> {
        answer(ListRolesResponse { roles: roles() })
    }

    async fn set_role(&self, request: Request<SetRoleRequest>) -> Answer<SetRoleResponse> {
        self.memory().roles.push(request.into_inner());
        answer(SetRoleResponse { roles: roles() })
    }

    async fn remove_role(&self, _: Request<RemoveRoleRequest>) -> Answer<RemoveRoleResponse> {
        answer(RemoveRoleResponse { roles: roles() })
    }

    async fn assign_role(&self, request: Request<AssignRoleRequest>) -> Answer<AssignRoleResponse> {
        self.memory().assigned_roles.push(request.into_inner());
        answer(AssignRoleResponse { roles: roles() })
    }

    async fn list_role_changes(&self, _: Request<ListRoleChangesRequest>) -> Answer<ListRoleChangesResponse> {
        answer(ListRoleChangesResponse {
            changes: vec![RoleChange {
                version: 3,
                at: Some(Timestamp::default()),
                by: "helpdesk".into(),
                changes: vec!["limited_agent.phones: hidden > see".into()],
            }],
            next_page_token: String::new(),
        })
    }
}
