//! `homing.contacts.v1.IdentityService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use super::words::{contact, spoken};
use crate::app::SideBySide;
use crate::domain::identity::IdentityKey;
use crate::domain::name;
use crate::domain::roles::{FieldGroup, Rights};
use domain::{ContactId, Invalid, WorkspaceId};
use fault::Result;
use rpc::contacts::identity_service_server::IdentityService;
use rpc::contacts::{
    self, AddIdentityKeyRequest, AddIdentityKeyResponse, ContactConflict, DismissConflictRequest,
    DismissConflictResponse, IdentifyContactRequest, IdentifyContactResponse, ListConflictsRequest,
    ListConflictsResponse, ListIdentityKeysRequest, ListIdentityKeysResponse, MergeContactsRequest,
    MergeContactsResponse, RemoveIdentityKeyRequest, RemoveIdentityKeyResponse, UndoMergeRequest, UndoMergeResponse,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

impl Server {
    async fn do_list_conflicts(&self, request: Request<ListConflictsRequest>) -> Result<ListConflictsResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let page = (request.page_size, request.page_token.as_str());
        let (conflicts, next) = self.contacts.list_conflicts(&workspace, page).await?;
        Ok(ListConflictsResponse {
            conflicts: conflicts.into_iter().map(|one| conflict(one, &rights)).collect(),
            next_page_token: next.map(|id| id.to_string()).unwrap_or_default(),
        })
    }

    async fn do_dismiss_conflict(&self, request: Request<DismissConflictRequest>) -> Result<DismissConflictResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_edit(FieldGroup::MERGED)?;
        let id = Uuid::try_parse(&request.conflict).map_err(|_| Invalid::new("conflict", "is not a UUID"))?;
        let by = name("by", &request.by)?;
        self.contacts.dismiss_conflict(&workspace, id, &by).await?;
        Ok(DismissConflictResponse {})
    }

    async fn do_merge_contacts(&self, request: Request<MergeContactsRequest>) -> Result<MergeContactsResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_edit(FieldGroup::MERGED)?;
        let into = ContactId::parse(&request.contact)?;
        let other = ContactId::parse(&request.other).map_err(|invalid| invalid.of("other"))?;
        let by = name("by", &request.by)?;
        let merged = self.contacts.merge_contacts(&workspace, into, other, &by).await?;
        Ok(MergeContactsResponse {
            contact: Some(contact(&rights.show(merged))),
        })
    }

    async fn do_undo_merge(&self, request: Request<UndoMergeRequest>) -> Result<UndoMergeResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_edit(FieldGroup::MERGED)?;
        let id = ContactId::parse(&request.contact)?;
        let by = name("by", &request.by)?;
        let apart = self.contacts.undo_merge(&workspace, id, &by).await?;
        Ok(UndoMergeResponse {
            contact: Some(contact(&rights.show(apart))),
        })
    }

    async fn do_identify_contact(&self, request: Request<IdentifyContactRequest>) -> Result<IdentifyContactResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_edit(FieldGroup::MERGED)?;
        let present = ContactId::parse_optional(&request.contact)?;
        let identified = self
            .contacts
            .identify_contact(&workspace, &request.token, present)
            .await?;
        Ok(IdentifyContactResponse {
            contact: Some(contact(&rights.show(identified))),
        })
    }

    async fn do_add_identity_key(&self, request: AddIdentityKeyRequest) -> Result<AddIdentityKeyResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (key, by) = (IdentityKey::parse(&request.jwk)?, name("by", &request.by)?);
        self.contacts.add_identity_key(&workspace, &key, &by).await?;
        Ok(AddIdentityKeyResponse {})
    }

    async fn do_list_identity_keys(&self, request: ListIdentityKeysRequest) -> Result<ListIdentityKeysResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let keys = self.contacts.list_identity_keys(&workspace).await?;
        let told = keys.into_iter().map(|(key, by, at)| contacts::IdentityKey {
            key: key.key,
            algorithm: key.algorithm.word().to_owned(),
            added_at: Some(events::stamp(at)),
            by,
        });
        Ok(ListIdentityKeysResponse { keys: told.collect() })
    }

    async fn do_remove_identity_key(&self, request: RemoveIdentityKeyRequest) -> Result<RemoveIdentityKeyResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        self.contacts.remove_identity_key(&workspace, &request.key).await?;
        Ok(RemoveIdentityKeyResponse {})
    }
}

#[tonic::async_trait]
impl IdentityService for Server {
    async fn list_conflicts(
        &self,
        request: Request<ListConflictsRequest>,
    ) -> Result<Response<ListConflictsResponse>, Status> {
        rpc::answer(self.do_list_conflicts(request).await)
    }

    async fn dismiss_conflict(
        &self,
        request: Request<DismissConflictRequest>,
    ) -> Result<Response<DismissConflictResponse>, Status> {
        rpc::answer(self.do_dismiss_conflict(request).await)
    }

    async fn merge_contacts(
        &self,
        request: Request<MergeContactsRequest>,
    ) -> Result<Response<MergeContactsResponse>, Status> {
        rpc::answer(self.do_merge_contacts(request).await)
    }

    async fn undo_merge(&self, request: Request<UndoMergeRequest>) -> Result<Response<UndoMergeResponse>, Status> {
        rpc::answer(self.do_undo_merge(request).await)
    }

    async fn identify_contact(
        &self,
        request: Request<IdentifyContactRequest>,
    ) -> Result<Response<IdentifyContactResponse>, Status> {
        rpc::answer(self.do_identify_contact(request).await)
    }

    async fn add_identity_key(
        &self,
        request: Request<AddIdentityKeyRequest>,
    ) -> Result<Response<AddIdentityKeyResponse>, Status> {
        rpc::answer(self.do_add_identity_key(request.into_inner()).await)
    }

    async fn list_identity_keys(
        &self,
        request: Request<ListIdentityKeysRequest>,
    ) -> Result<Response<ListIdentityKeysResponse>, Status> {
        rpc::answer(self.do_list_identity_keys(request.into_inner()).await)
    }

    async fn remove_identity_key(
        &self,
        request: Request<RemoveIdentityKeyRequest>,
    ) -> Result<Response<RemoveIdentityKeyResponse>, Status> {
        rpc::answer(self.do_remove_identity_key(request.into_inner()).await)
    }
}

fn conflict((kept, mine, other): SideBySide, rights: &Rights) -> ContactConflict {
    ContactConflict {
        conflict: kept.id.to_string(),
        contact: Some(contact(&rights.show(mine))),
        other_name: spoken(rights.show_name(kept.other_name).as_ref()),
        other: other.map(|other| contact(&rights.show(other))),
        at: Some(events::stamp(kept.at)),
    }
}
