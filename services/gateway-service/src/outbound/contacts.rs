use super::calls::calls;
use rpc::contacts::consent_service_client::ConsentServiceClient;
use rpc::contacts::contact_book_service_client::ContactBookServiceClient;
use rpc::contacts::contact_service_client::ContactServiceClient;
use rpc::contacts::identity_service_client::IdentityServiceClient;
use rpc::contacts::import_service_client::ImportServiceClient;
use rpc::contacts::interaction_service_client::InteractionServiceClient;
use rpc::contacts::privacy_service_client::PrivacyServiceClient;
use rpc::contacts::purchase_service_client::PurchaseServiceClient;
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
            segments: SegmentServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWER),
        }
    }
}

calls! { Contacts.contacts:
    get_contact(GetContactRequest) -> GetContactResponse;
}

calls! { Contacts.book:
    list_contacts(ListContactsRequest) -> ListContactsResponse;
    update_contact(UpdateContactRequest) -> UpdateContactResponse;
    list_contact_changes(ListContactChangesRequest) -> ListContactChangesResponse;
}

calls! { Contacts.consents:
    list_consents(ListConsentsRequest) -> ListConsentsResponse;
    record_consent(RecordConsentRequest) -> RecordConsentResponse;
    withdraw_consent(WithdrawConsentRequest) -> WithdrawConsentResponse;
}

calls! { Contacts.identity:
    list_conflicts(ListConflictsRequest) -> ListConflictsResponse;
    dismiss_conflict(DismissConflictRequest) -> DismissConflictResponse;
    merge_contacts(MergeContactsRequest) -> MergeContactsResponse;
    undo_merge(UndoMergeRequest) -> UndoMergeResponse;
    identify_contact(IdentifyContactRequest) -> IdentifyContactResponse;
    add_identity_key(AddIdentityKeyRequest) -> AddIdentityKeyResponse;
    list_identity_keys(ListIdentityKeysRequest) -> ListIdentityKeysResponse;
    remove_identity_key(RemoveIdentityKeyRequest) -> RemoveIdentityKeyResponse;
}

calls! { Contacts.privacy:
    export_person(ExportPersonRequest) -> ExportPersonResponse;
    erase_contact(EraseContactRequest) -> EraseContactResponse;
    get_erasure(GetErasureRequest) -> GetErasureResponse;
    list_erasures(ListErasuresRequest) -> ListErasuresResponse;
}

calls! { Contacts.interactions:
    list_interactions(ListInteractionsRequest) -> ListInteractionsResponse;
}

calls! { Contacts.purchases:
    ingest_orders(IngestOrdersRequest) -> IngestOrdersResponse;
    list_purchases(ListPurchasesRequest) -> ListPurchasesResponse;
}

calls! { Contacts.segments:
    count_segment(CountSegmentRequest) -> CountSegmentResponse;
    list_segment(ListSegmentRequest) -> ListSegmentResponse;
    export_segment(ExportSegmentRequest) -> ExportSegmentResponse;
}

calls! { Contacts.imports:
    import_contacts(ImportContactsRequest) -> ImportContactsResponse;
    get_import(GetImportRequest) -> GetImportResponse;
}
