use super::calls::{calls, calls_for};
use crate::app::authenticate_token::Caller;
use rpc::contacts::consent_service_client::ConsentServiceClient;
use rpc::contacts::contact_book_service_client::ContactBookServiceClient;
use rpc::contacts::contact_service_client::ContactServiceClient;
use rpc::contacts::identity_service_client::IdentityServiceClient;
use rpc::contacts::import_service_client::ImportServiceClient;
use rpc::contacts::interaction_service_client::InteractionServiceClient;
use rpc::contacts::privacy_service_client::PrivacyServiceClient;
use rpc::contacts::purchase_service_client::PurchaseServiceClient;
use rpc::contacts::retention_service_client::RetentionServiceClient;
use rpc::contacts::role_service_client::RoleServiceClient;
use rpc::contacts::segment_service_client::SegmentServiceClient;
use rpc::contacts::*;
use tonic::transport::Channel as Connection;

/// Room for a page of the longest orders, of the contacts with the longest custom values, or for a problem with every cell of a file.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// contacts-service: people, their fields, who changed them, what they agreed to and bought, and who is the same person.
#[derive(Clone)]
pub struct Contacts {
    contacts: ContactServiceClient<Connection>,
    book: ContactBookServiceClient<Connection>,
    consents: ConsentServiceClient<Connection>,
    identity: IdentityServiceClient<Connection>,
    imports: ImportServiceClient<Connection>,
    privacy: PrivacyServiceClient<Connection>,
    interactions: InteractionServiceClient<Connection>,
    purchases: PurchaseServiceClient<Connection>,
    retention: RetentionServiceClient<Connection>,
    roles: RoleServiceClient<Connection>,
    segments: SegmentServiceClient<Connection>,
}

impl Contacts {
    pub fn new(channel: Connection) -> Self {
        Self {
            contacts: ContactServiceClient::new(channel.clone()),
            book: ContactBookServiceClient::new(channel.clone()).max_decoding_message_size(LARGEST_ANSWER),
            consents: ConsentServiceClient::new(channel.clone()),
            identity: IdentityServiceClient::new(channel.clone()).max_decoding_message_size(LARGEST_ANSWER),
            imports: ImportServiceClient::new(channel.clone()).max_decoding_message_size(LARGEST_ANSWER),
            privacy: PrivacyServiceClient::new(channel.clone()).max_decoding_message_size(LARGEST_ANSWER),
            interactions: InteractionServiceClient::new(channel.clone()),
            purchases: PurchaseServiceClient::new(channel.clone()).max_decoding_message_size(LARGEST_ANSWER),
            retention: RetentionServiceClient::new(channel.clone()),
            roles: RoleServiceClient::new(channel.clone()),
            segments: SegmentServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWER),
        }
    }
}

calls_for! { Contacts.contacts:
    get_contact(GetContactRequest) -> GetContactResponse;
}

calls_for! { Contacts.book:
    list_contacts(ListContactsRequest) -> ListContactsResponse;
    update_contact(UpdateContactRequest) -> UpdateContactResponse;
    list_contact_changes(ListContactChangesRequest) -> ListContactChangesResponse;
}

calls_for! { Contacts.consents:
    list_consents(ListConsentsRequest) -> ListConsentsResponse;
    record_consent(RecordConsentRequest) -> RecordConsentResponse;
    withdraw_consent(WithdrawConsentRequest) -> WithdrawConsentResponse;
}

calls_for! { Contacts.identity:
    list_conflicts(ListConflictsRequest) -> ListConflictsResponse;
    dismiss_conflict(DismissConflictRequest) -> DismissConflictResponse;
    merge_contacts(MergeContactsRequest) -> MergeContactsResponse;
    undo_merge(UndoMergeRequest) -> UndoMergeResponse;
    identify_contact(IdentifyContactRequest) -> IdentifyContactResponse;
}

calls! { Contacts.identity:
    add_identity_key(AddIdentityKeyRequest) -> AddIdentityKeyResponse;
    list_identity_keys(ListIdentityKeysRequest) -> ListIdentityKeysResponse;
    remove_identity_key(RemoveIdentityKeyRequest) -> RemoveIdentityKeyResponse;
}

calls! { Contacts.retention:
    get_retention(GetRetentionRequest) -> GetRetentionResponse;
    set_retention(SetRetentionRequest) -> SetRetentionResponse;
}

calls! { Contacts.roles:
    list_roles(ListRolesRequest) -> ListRolesResponse;
    set_role(SetRoleRequest) -> SetRoleResponse;
    remove_role(RemoveRoleRequest) -> RemoveRoleResponse;
    assign_role(AssignRoleRequest) -> AssignRoleResponse;
    list_role_changes(ListRoleChangesRequest) -> ListRoleChangesResponse;
}

calls_for! { Contacts.privacy:
    export_person(ExportPersonRequest) -> ExportPersonResponse;
    erase_contact(EraseContactRequest) -> EraseContactResponse;
}

calls! { Contacts.privacy:
    get_erasure(GetErasureRequest) -> GetErasureResponse;
    list_erasures(ListErasuresRequest) -> ListErasuresResponse;
}

calls_for! { Contacts.interactions:
    list_interactions(ListInteractionsRequest) -> ListInteractionsResponse;
}

calls_for! { Contacts.purchases:
    ingest_orders(IngestOrdersRequest) -> IngestOrdersResponse;
    list_purchases(ListPurchasesRequest) -> ListPurchasesResponse;
}

calls_for! { Contacts.segments:
    count_segment(CountSegmentRequest) -> CountSegmentResponse;
    list_segment(ListSegmentRequest) -> ListSegmentResponse;
    export_segment(ExportSegmentRequest) -> ExportSegmentResponse;
}

calls_for! { Contacts.imports:
    import_contacts(ImportContactsRequest) -> ImportContactsResponse;
}

calls! { Contacts.imports:
    get_import(GetImportRequest) -> GetImportResponse;
    list_import_problems(ListImportProblemsRequest) -> ListImportProblemsResponse;
}

/// What a customer's own socket asks, in nobody's name: a signature says who they are, and nothing of it is answered to them.
impl Contacts {
    pub async fn identify_customer(&self, request: IdentifyContactRequest) -> fault::Result<IdentifyContactResponse> {
        rpc::call(rpc::Deadline::INTERACTIVE, request, |request| {
            let mut client = self.identity.clone();
            async move { client.identify_contact(request).await }
        })
        .await
    }

    pub async fn get_customer(&self, request: GetContactRequest) -> fault::Result<GetContactResponse> {
        rpc::call(rpc::Deadline::INTERACTIVE, request, |request| {
            let mut client = self.contacts.clone();
            async move { client.get_contact(request).await }
        })
        .await
    }
}
