//! A stand-in for contacts-service: ids that follow from the values, and a record of what was asked.

use fault::{Fault, codes};
use rpc::contacts::consent_service_server::{ConsentService, ConsentServiceServer};
use rpc::contacts::contact_book_service_server::{ContactBookService, ContactBookServiceServer};
use rpc::contacts::contact_service_server::{ContactService, ContactServiceServer};
use rpc::contacts::{
    Address, AddressKind, CaptureContactRequest, CaptureContactResponse, Contact, GetAddressRequest,
    GetAddressResponse, GetContactRequest, GetContactResponse, ListConsentsRequest, ListConsentsResponse,
    ListContactChangesRequest, ListContactChangesResponse, ListContactsRequest, ListContactsResponse,
    LookUpContactRequest, LookUpContactResponse, Profile, Purpose, RecordConsentRequest, RecordConsentResponse,
    UpdateContactRequest, UpdateContactResponse, WithdrawConsentRequest, WithdrawConsentResponse,
};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use uuid::Uuid;

#[derive(Clone, Default)]
pub struct FakeContacts {
    asked: Arc<Mutex<Vec<CaptureContactRequest>>>,
    away: Arc<AtomicBool>,
    people: Arc<Mutex<HashMap<String, Contact>>>,
    consents: Arc<Mutex<HashMap<String, RecordConsentRequest>>>,
    updates: Arc<Mutex<Vec<UpdateContactRequest>>>,
    /// Somebody else changes a contact between the next reading and changing of it.
    pub overtaken: Arc<AtomicBool>,
}

impl FakeContacts {
    /// Answers where it listens.
    pub async fn serve(&self) -> anyhow::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let server = tonic::transport::Server::builder()
            .add_service(ContactServiceServer::new(self.clone()))
            .add_service(ContactBookServiceServer::new(self.clone()))
            .add_service(ConsentServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Ok(url)
    }

    pub fn asked(&self) -> Vec<CaptureContactRequest> {
        self.asked.lock().expect("no test panics while holding it").clone()
    }

    /// A contact with these numbers, and the e-mail addresses, that consents for outreach name.
    pub fn consent(&self, contact: &str, numbers: &[&str], emails: &[&str]) {
        let address = |kind: AddressKind| {
            move |value: &&str| Address {
                address: id_of(value),
                kind: kind.into(),
                value: (*value).to_owned(),
                ..Default::default()
            }
        };
        let phones = numbers.iter().map(address(AddressKind::Phone));
        let person = Contact {
            contact: id_of(contact),
            addresses: phones.chain(emails.iter().map(address(AddressKind::Email))).collect(),
            ..Default::default()
        };
        let mut people = self.people.lock().expect("no test panics while holding it");
        people.insert(id_of(contact), person);
    }

    /// Whoever asks for one contact gets another.
    pub fn goes_into(&self, contact: &str, other: &str) {
        let mut people = self.people.lock().expect("no test panics while holding it");
        let stayed = people[&id_of(other)].clone();
        people.insert(id_of(contact), stayed);
    }

    /// What was agreed to, once for each request.
    pub fn consents(&self) -> Vec<RecordConsentRequest> {
        let consents = self.consents.lock().expect("no test panics while holding it");
        consents.values().cloned().collect()
    }

    /// How contacts were changed.
    pub fn updates(&self) -> Vec<UpdateContactRequest> {
        self.updates.lock().expect("no test panics while holding it").clone()
    }

    /// A captured contact as support sees it: its version is the number of its changes.
    fn of_support(&self, contact: &str) -> Option<Contact> {
        let known = |one: &CaptureContactRequest| {
            let person = if one.phone.is_empty() { &one.email } else { &one.phone };
            id_of(&format!("contact of {person}")) == contact
        };
        self.asked().iter().find(|one| known(one))?;
        let updates = self.updates();
        let own: Vec<_> = updates.iter().filter(|one| one.contact == contact).collect();
        Some(Contact {
            contact: contact.to_owned(),
            version: 1 + own.len() as u64,
            profile: Some(Profile {
                tags: own.last().map(|last| last.tags.clone()).unwrap_or_default(),
                ..Default::default()
            }),
            ..Default::default()
        })
    }

    /// While away, every call is refused as unavailable.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }
}

/// The id that a value gets.
pub fn id_of(value: &str) -> String {
    let mut bytes = [0; 16];
    for (index, byte) in value.bytes().enumerate() {
        bytes[index % 16] ^= byte.rotate_left(u32::try_from(index / 16).expect("short values"));
    }
    if value.is_empty() {
        String::new()
    } else {
        Uuid::from_bytes(bytes).to_string()
    }
}

#[tonic::async_trait]
impl ContactService for FakeContacts {
    async fn capture_contact(
        &self,
        request: Request<CaptureContactRequest>,
    ) -> Result<Response<CaptureContactResponse>, Status> {
        let request = request.into_inner();
        self.asked
            .lock()
            .expect("no test panics while holding it")
            .push(request.clone());
        if self.away.load(Ordering::SeqCst) {
            return Err(rpc::to_status(&Fault::new(&codes::UNAVAILABLE, "away")));
        }
        if request.phone == "+48000000000" {
            return Err(rpc::to_status(&Fault::invalid(
                "phone",
                "does not exist in this country",
            )));
        }
        let given = [&request.phone, &request.email, &request.page_scoped_id];
        let person = given
            .into_iter()
            .find(|given| !given.is_empty())
            .map_or("", |given| given);
        Ok(Response::new(CaptureContactResponse {
            contact: id_of(&format!("contact of {person}")),
            phone_address: id_of(&request.phone),
            email_address: id_of(&request.email),
            page_scoped_address: id_of(&request.page_scoped_id),
        }))
    }

    async fn get_contact(&self, request: Request<GetContactRequest>) -> Result<Response<GetContactResponse>, Status> {
        if self.away.load(Ordering::SeqCst) {
            return Err(rpc::to_status(&Fault::new(&codes::UNAVAILABLE, "away")));
        }
        let request = request.into_inner();
        if request.purpose() == Purpose::Support {
            let found = self.of_support(&request.contact);
            let contact = found.ok_or_else(|| rpc::to_status(&Fault::not_found("contact")))?;
            return Ok(Response::new(GetContactResponse {
                contact: Some(contact),
                ..Default::default()
            }));
        }
        assert_eq!(request.purpose(), Purpose::Outreach);
        let people = self.people.lock().expect("no test panics while holding it");
        let Some(person) = people.get(&request.contact) else {
            return Err(rpc::to_status(&Fault::not_found("contact")));
        };
        if person.addresses.is_empty() {
            return Err(rpc::to_status(&Fault::new(&codes::PURPOSE_DENIED, "no consent")));
        }
        Ok(Response::new(GetContactResponse {
            contact: Some(person.clone()),
            ..Default::default()
        }))
    }

    async fn look_up_contact(
        &self,
        _: Request<LookUpContactRequest>,
    ) -> Result<Response<LookUpContactResponse>, Status> {
        Err(Status::unimplemented("conversation-service does not ask"))
    }

    async fn get_address(&self, _: Request<GetAddressRequest>) -> Result<Response<GetAddressResponse>, Status> {
        Err(Status::unimplemented("conversation-service does not ask"))
    }
}

#[tonic::async_trait]
impl ConsentService for FakeContacts {
    async fn record_consent(
        &self,
        request: Request<RecordConsentRequest>,
    ) -> Result<Response<RecordConsentResponse>, Status> {
        if self.away.load(Ordering::SeqCst) {
            return Err(rpc::to_status(&Fault::new(&codes::UNAVAILABLE, "away")));
        }
        let request = request.into_inner();
        // Addresses are of the contact that they were captured with, as contacts-service holds it.
        let of_contact = |one: &CaptureContactRequest| {
            let person = if one.phone.is_empty() { &one.email } else { &one.phone };
            id_of(&format!("contact of {person}")) == request.contact
        };
        let asked = self.asked();
        let own: Vec<String> = asked
            .iter()
            .filter(|one| of_contact(one))
            .flat_map(|one| [id_of(&one.phone), id_of(&one.email)])
            .collect();
        if !request.addresses.iter().all(|address| own.contains(address)) {
            return Err(rpc::to_status(&Fault::invalid(
                "addresses",
                "names an address that is not the contact's",
            )));
        }
        let mut consents = self.consents.lock().expect("no test panics while holding it");
        let stored = consents
            .entry(request.request_id.clone())
            .or_insert_with(|| request.clone());
        assert_eq!(*stored, request, "a repeated request says the same");
        Ok(Response::new(RecordConsentResponse { consent: None }))
    }

    async fn withdraw_consent(
        &self,
        _: Request<WithdrawConsentRequest>,
    ) -> Result<Response<WithdrawConsentResponse>, Status> {
        Err(Status::unimplemented("conversation-service does not ask"))
    }

    async fn list_consents(&self, _: Request<ListConsentsRequest>) -> Result<Response<ListConsentsResponse>, Status> {
        Err(Status::unimplemented("conversation-service does not ask"))
    }
}

#[tonic::async_trait]
impl ContactBookService for FakeContacts {
    async fn update_contact(
        &self,
        request: Request<UpdateContactRequest>,
    ) -> Result<Response<UpdateContactResponse>, Status> {
        let request = request.into_inner();
        let present = self.of_support(&request.contact);
        let present = present.ok_or_else(|| rpc::to_status(&Fault::not_found("contact")))?;
        if self.overtaken.swap(false, Ordering::SeqCst) || request.version != present.version {
            return Err(rpc::to_status(&Fault::new(&codes::CONFLICT, "changed meanwhile")));
        }
        if request.tags.iter().any(|tag| tag == "one too many") {
            return Err(rpc::to_status(&Fault::invalid("tags", "may be 50 at most")));
        }
        self.updates
            .lock()
            .expect("no test panics while holding it")
            .push(request);
        Ok(Response::new(UpdateContactResponse { contact: None }))
    }

    async fn list_contacts(&self, _: Request<ListContactsRequest>) -> Result<Response<ListContactsResponse>, Status> {
        Err(Status::unimplemented("conversation-service does not ask"))
    }

    async fn list_contact_changes(
        &self,
        _: Request<ListContactChangesRequest>,
    ) -> Result<Response<ListContactChangesResponse>, Status> {
        Err(Status::unimplemented("conversation-service does not ask"))
    }
}
