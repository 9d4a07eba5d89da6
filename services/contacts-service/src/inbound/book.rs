//! `homing.contacts.v1.ContactBookService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use super::words::{contact, purpose_for, stage};
use crate::app::Wanted;
use crate::domain::roles::FieldGroup;
use crate::domain::{ContactChange, DataKey, DataValue, Edit, FieldChange, Tag, Zone, name};
use domain::{ContactId, Invalid, PersonName};
use fault::{Fault, Result};
use rpc::contacts::contact_book_service_server::ContactBookService;
use rpc::contacts::{
    self, ListContactChangesRequest, ListContactChangesResponse, ListContactsRequest, ListContactsResponse,
    UpdateContactRequest, UpdateContactResponse,
};
use tonic::{Request, Response, Status};

impl Server {
    async fn do_list_contacts(&self, request: Request<ListContactsRequest>) -> Result<ListContactsResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let wanted = Wanted {
            stage: stage(request.stage)?,
            tag: match request.tag.as_str() {
                "" => None,
                tag => Some(Tag::parse(tag).map_err(|invalid| invalid.of("tag"))?),
            },
        };
        // Whoever may narrow a list by a value may find it out.
        if wanted.stage.is_some() {
            rights.must_see(FieldGroup::Stage)?;
        }
        if wanted.tag.is_some() {
            rights.must_see(FieldGroup::Tags)?;
        }
        let page = (request.page_size, request.page_token.as_str());
        let (found, next) = self
            .contacts
            .list_contacts(&workspace, purpose_for(&rights, request.purpose)?, &wanted, page)
            .await?;
        Ok(ListContactsResponse {
            contacts: found.into_iter().map(|one| contact(&rights.show(one))).collect(),
            next_page_token: next.map(|id| id.to_string()).unwrap_or_default(),
        })
    }

    async fn do_update_contact(&self, request: Request<UpdateContactRequest>) -> Result<UpdateContactResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let id = ContactId::parse(&request.contact)?;
        let (edit, by) = (edit(&request)?, name("by", &request.by)?);
        rights.check(&edit)?;
        let changed = self
            .contacts
            .update_contact(&workspace, id, &edit, request.version, &by)
            .await?;
        Ok(UpdateContactResponse {
            contact: Some(contact(&rights.show(changed))),
        })
    }

    async fn do_list_contact_changes(
        &self,
        request: Request<ListContactChangesRequest>,
    ) -> Result<ListContactChangesResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let id = ContactId::parse(&request.contact)?;
        let page = (request.page_size, request.page_token.as_str());
        let (changes, next) = self
            .contacts
            .list_contact_changes(&workspace, id, purpose_for(&rights, request.purpose)?, page)
            .await?;
        Ok(ListContactChangesResponse {
            changes: rights.show_changes(changes).into_iter().map(change).collect(),
            next_page_token: next.map(|version| version.to_string()).unwrap_or_default(),
        })
    }
}

#[tonic::async_trait]
impl ContactBookService for Server {
    async fn list_contacts(
        &self,
        request: Request<ListContactsRequest>,
    ) -> Result<Response<ListContactsResponse>, Status> {
        rpc::answer(self.do_list_contacts(request).await)
    }

    async fn update_contact(
        &self,
        request: Request<UpdateContactRequest>,
    ) -> Result<Response<UpdateContactResponse>, Status> {
        rpc::answer(self.do_update_contact(request).await)
    }

    async fn list_contact_changes(
        &self,
        request: Request<ListContactChangesRequest>,
    ) -> Result<Response<ListContactChangesResponse>, Status> {
        rpc::answer(self.do_list_contact_changes(request).await)
    }
}

/// What the mask names, and nothing else of the request.
fn edit(request: &UpdateContactRequest) -> Result<Edit> {
    let mut edit = Edit::default();
    let paths = request
        .mask
        .as_ref()
        .map(|mask| mask.paths.as_slice())
        .unwrap_or_default();
    if paths.is_empty() {
        return Err(Fault::invalid("mask", "must name what to change"));
    }
    for path in paths {
        match path.as_str() {
            "name" => {
                let given = (!request.name.is_empty()).then(|| PersonName::parse(&request.name));
                edit.name = Some(given.transpose()?);
            }
            "stage" => {
                let missing = || Invalid::new("stage", "must be LEAD or CUSTOMER");
                edit.stage = Some(stage(request.stage)?.ok_or_else(missing)?);
            }
            "time_zone" => {
                let given = (!request.time_zone.is_empty()).then(|| Zone::parse(&request.time_zone));
                edit.time_zone = Some(given.transpose()?);
            }
            "tags" => {
                edit.tags = Some(
                    request
                        .tags
                        .iter()
                        .map(|tag| Tag::parse(tag))
                        .collect::<Result<_, _>>()?,
                )
            }
            path => {
                let key = path.strip_prefix("data.");
                let key = key
                    .ok_or_else(|| Fault::invalid("mask", "may name name, stage, time_zone, tags and data.KEY only"))?;
                let given = request.data.get(key).filter(|value| !value.is_empty());
                let value = given.map(|value| DataValue::parse(value)).transpose()?;
                edit.data.insert(DataKey::parse(key)?, value);
            }
        }
    }
    Ok(edit)
}

fn change(change: ContactChange) -> contacts::ContactChange {
    let field = |field: FieldChange| contacts::FieldChange {
        field: field.field.to_string(),
        before: field.before.unwrap_or_default(),
        after: field.after.unwrap_or_default(),
    };
    contacts::ContactChange {
        version: change.version,
        at: Some(events::stamp(change.at)),
        by: change.by,
        fields: change.fields.into_iter().map(field).collect(),
    }
}
