//! `homing.contacts.v1.InteractionService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use super::words::purpose_for;
use crate::domain::roles::FieldGroup;
use domain::ContactId;
use fault::Result;
use rpc::contacts::interaction_service_server::InteractionService;
use rpc::contacts::{Interaction, ListInteractionsRequest, ListInteractionsResponse, Talk};
use rpc::conversation;
use tonic::{Request, Response, Status};

impl Server {
    async fn do_list_interactions(
        &self,
        request: Request<ListInteractionsRequest>,
    ) -> Result<ListInteractionsResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_see(FieldGroup::Interactions)?;
        let whom = (
            ContactId::parse(&request.contact)?,
            purpose_for(&rights, request.purpose)?,
        );
        let page = (request.page_size, request.page_token.as_str());
        let (found, next) = self
            .contacts
            .list_interactions(&self.persons, &workspace, whom, page)
            .await?;
        Ok(ListInteractionsResponse {
            interactions: found.into_iter().map(interaction).collect(),
            next_page_token: next.map(|last| last.to_string()).unwrap_or_default(),
        })
    }
}

#[tonic::async_trait]
impl InteractionService for Server {
    async fn list_interactions(
        &self,
        request: Request<ListInteractionsRequest>,
    ) -> Result<Response<ListInteractionsResponse>, Status> {
        rpc::answer(self.do_list_interactions(request).await)
    }
}

fn interaction(found: conversation::Interaction) -> Interaction {
    let talks = found.talks.into_iter().map(|talk| Talk {
        agent: talk.agent,
        messages: talk.messages,
        first_at: talk.first_at,
        last_at: talk.last_at,
    });
    Interaction {
        conversation: found.conversation,
        number: found.number,
        channel: found.channel,
        started_at: found.started_at,
        resolved_at: found.resolved_at,
        talks: talks.collect(),
    }
}
