//! AutomaticMessageService: from messages to use cases and back.

use super::conversations::{agent, message, place, sender_id, text};
use crate::app::{App, Said};
use crate::domain::automatic::{AutomaticMessages, Kind, Setting};
use crate::outbound::postgres::rating::Rating;
use crate::wire;
use domain::{Language, TeamId, WorkspaceId};
use events::{common, stamp};
use fault::{Fault, Result};
use rpc::conversation as proto;
use rpc::conversation::automatic_message_service_server::AutomaticMessageService;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

/// The rpcs of automatic messages.
#[derive(Debug, Clone)]
pub struct Voices {
    app: App,
}

impl Voices {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn set_automatic_messages(
        &self,
        request: proto::SetAutomaticMessagesRequest,
    ) -> Result<proto::SetAutomaticMessagesResponse> {
        let (workspace, team) = (WorkspaceId::parse(&request.workspace)?, TeamId::parse(&request.team)?);
        let wanted = request
            .messages
            .ok_or_else(|| Fault::invalid("messages", "is missing"))?;
        let messages = messages_of(wanted)?;
        let version = self
            .app
            .set_automatic_messages(&workspace, &team, &messages, request.version)
            .await?;
        Ok(proto::SetAutomaticMessagesResponse { version })
    }

    async fn get_automatic_messages(
        &self,
        request: proto::GetAutomaticMessagesRequest,
    ) -> Result<proto::GetAutomaticMessagesResponse> {
        let (workspace, team) = (WorkspaceId::parse(&request.workspace)?, TeamId::parse(&request.team)?);
        let (messages, version) = self.app.get_automatic_messages(&workspace, &team).await?;
        Ok(proto::GetAutomaticMessagesResponse {
            messages: Some(on_wire(messages)),
            version,
        })
    }

    async fn preview_automatic_message(
        &self,
        request: proto::PreviewAutomaticMessageRequest,
    ) -> Result<proto::PreviewAutomaticMessageResponse> {
        let (workspace, team) = (WorkspaceId::parse(&request.workspace)?, TeamId::parse(&request.team)?);
        let wanted = request.message.ok_or_else(|| Fault::invalid("message", "is missing"))?;
        let wanted = setting_of(wanted).map_err(|fault| fault.of("message.kind"))?;
        let language = match request.language.as_str() {
            "" => None,
            code => Some(Language::parse(code)?),
        };
        let text = self
            .app
            .preview_automatic_message(&workspace, &team, wanted, language, request.by_text)
            .await?;
        Ok(proto::PreviewAutomaticMessageResponse { text })
    }

    async fn send_automatic_message(
        &self,
        request: proto::SendAutomaticMessageRequest,
    ) -> Result<proto::SendAutomaticMessageResponse> {
        let (workspace, conversation) = place(&request.workspace, &request.conversation)?;
        let said = Said {
            conversation,
            request_id: sender_id("request_id", request.request_id)?,
            kind: wire::automatic_kind_of(request.kind)?,
            agent: agent(&request.agent, common::AuthorRole::Agent.into())?,
            note: request.note,
            link: request.link,
        };
        let posted = self.app.send_automatic_message(&workspace, &said).await?;
        Ok(proto::SendAutomaticMessageResponse {
            message: Some(message(posted)),
        })
    }

    async fn list_ratings(&self, request: proto::ListRatingsRequest) -> Result<proto::ListRatingsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (size, token) = (request.page_size, request.page_token);
        let (ratings, next) = self.app.list_ratings(&workspace, size, &token).await?;
        Ok(proto::ListRatingsResponse {
            ratings: ratings.into_iter().map(rating).collect(),
            next_page_token: next,
        })
    }
}

fn messages_of(wanted: proto::AutomaticMessages) -> Result<AutomaticMessages> {
    let mut messages = AutomaticMessages {
        open_for_missed_calls: wanted.open_for_missed_calls,
        contact_page: wanted.contact_page,
        ..AutomaticMessages::default()
    };
    for one in wanted.messages {
        let (kind, setting) = setting_of(one).map_err(|fault| fault.of("messages.kind"))?;
        if messages.messages.insert(kind, setting).is_some() {
            let word = wire::automatic_kind(kind).as_str_name();
            let word = word.trim_start_matches("AUTOMATIC_MESSAGE_KIND_");
            return Err(Fault::invalid(
                "messages.kind",
                format!("names {word} twice; say it once"),
            ));
        }
    }
    Ok(messages)
}

fn setting_of(wanted: proto::AutomaticMessage) -> Result<(Kind, Setting)> {
    let setting = Setting {
        on: wanted.on,
        business_name: wanted.business_name,
        team_name: wanted.team_name,
        extra_text: wanted.extra_text,
    };
    Ok((wire::automatic_kind_of(wanted.kind)?, setting))
}

fn on_wire(messages: AutomaticMessages) -> proto::AutomaticMessages {
    let each = messages
        .messages
        .into_iter()
        .map(|(kind, setting)| proto::AutomaticMessage {
            kind: wire::automatic_kind(kind).into(),
            on: setting.on,
            business_name: setting.business_name,
            team_name: setting.team_name,
            extra_text: setting.extra_text,
        });
    proto::AutomaticMessages {
        messages: each.collect(),
        open_for_missed_calls: messages.open_for_missed_calls,
        contact_page: messages.contact_page,
    }
}

fn rating(of: Rating) -> proto::Rating {
    proto::Rating {
        conversation: of.conversation.to_string(),
        seq: of.seq,
        agent: text(of.agent),
        rating: of.rating.into(),
        at: Some(stamp(of.at)),
    }
}

macro_rules! answers {
    ($($rpc:ident: $request:ident -> $response:ident;)+) => {
        #[tonic::async_trait]
        impl AutomaticMessageService for Voices {
            $(async fn $rpc(&self, request: Request<proto::$request>) -> Reply<proto::$response> {
                rpc::answer(self.$rpc(request.into_inner()).await)
            })+
        }
    };
}

answers! {
    set_automatic_messages: SetAutomaticMessagesRequest -> SetAutomaticMessagesResponse;
    get_automatic_messages: GetAutomaticMessagesRequest -> GetAutomaticMessagesResponse;
    preview_automatic_message: PreviewAutomaticMessageRequest -> PreviewAutomaticMessageResponse;
    send_automatic_message: SendAutomaticMessageRequest -> SendAutomaticMessageResponse;
    list_ratings: ListRatingsRequest -> ListRatingsResponse;
}
