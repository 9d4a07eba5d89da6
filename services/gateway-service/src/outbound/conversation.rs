use super::calls::calls;
use rpc::conversation::automatic_message_service_client::AutomaticMessageServiceClient;
use rpc::conversation::card_service_client::CardServiceClient;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::form_service_client::FormServiceClient;
use rpc::conversation::opening_hours_service_client::OpeningHoursServiceClient;
use rpc::conversation::retention_service_client::RetentionServiceClient;
use rpc::conversation::star_service_client::StarServiceClient;
use rpc::conversation::workflow_service_client::WorkflowServiceClient;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use rpc::conversation::*;
use tonic::transport::Channel as Connection;

/// Room for a page of the longest messages.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// conversation-service: conversations, messages, settings, tokens.
#[derive(Clone)]
pub struct Conversations {
    conversations: ConversationServiceClient<Connection>,
    workspaces: WorkspaceServiceClient<Connection>,
    openings: OpeningHoursServiceClient<Connection>,
    automatic: AutomaticMessageServiceClient<Connection>,
    forms: FormServiceClient<Connection>,
    cards: CardServiceClient<Connection>,
    retention: RetentionServiceClient<Connection>,
    stars: StarServiceClient<Connection>,
    workflows: WorkflowServiceClient<Connection>,
}

impl Conversations {
    pub fn new(channel: Connection) -> Self {
        Self {
            conversations: ConversationServiceClient::new(channel.clone()).max_decoding_message_size(LARGEST_ANSWER),
            workspaces: WorkspaceServiceClient::new(channel.clone()),
            openings: OpeningHoursServiceClient::new(channel.clone()),
            automatic: AutomaticMessageServiceClient::new(channel.clone()),
            forms: FormServiceClient::new(channel.clone()),
            cards: CardServiceClient::new(channel.clone()),
            retention: RetentionServiceClient::new(channel.clone()),
            stars: StarServiceClient::new(channel.clone()),
            workflows: WorkflowServiceClient::new(channel),
        }
    }
}

calls! { Conversations.conversations:
    start_conversation(StartConversationRequest) -> StartConversationResponse;
    write_to_contact(WriteToContactRequest) -> WriteToContactResponse;
    get_conversation(GetConversationRequest) -> GetConversationResponse;
    list_conversations(ListConversationsRequest) -> ListConversationsResponse;
    resolve_conversation(ResolveConversationRequest) -> ResolveConversationResponse;
    add_contact(AddContactRequest) -> AddContactResponse;
    bind_contact(BindContactRequest) -> BindContactResponse;
    request_transcript(RequestTranscriptRequest) -> RequestTranscriptResponse;
    post_message(PostMessageRequest) -> PostMessageResponse;
    list_messages(ListMessagesRequest) -> ListMessagesResponse;
    mark_read(MarkReadRequest) -> MarkReadResponse;
    report_delivery(ReportDeliveryRequest) -> ReportDeliveryResponse;
    ingest_events(IngestEventsRequest) -> IngestEventsResponse;
}

calls! { Conversations.workspaces:
    get_workspace(GetWorkspaceRequest) -> GetWorkspaceResponse;
    update_workspace(UpdateWorkspaceRequest) -> UpdateWorkspaceResponse;
    list_teams(ListTeamsRequest) -> ListTeamsResponse;
    get_agent(GetAgentRequest) -> GetAgentResponse;
    update_agent(UpdateAgentRequest) -> UpdateAgentResponse;
    list_integrations(ListIntegrationsRequest) -> ListIntegrationsResponse;
    update_integration(UpdateIntegrationRequest) -> UpdateIntegrationResponse;
    get_channel(GetChannelRequest) -> GetChannelResponse;
    update_channel(UpdateChannelRequest) -> UpdateChannelResponse;
    authenticate_token(AuthenticateTokenRequest) -> AuthenticateTokenResponse;
}

calls! { Conversations.automatic:
    set_automatic_messages(SetAutomaticMessagesRequest) -> SetAutomaticMessagesResponse;
    get_automatic_messages(GetAutomaticMessagesRequest) -> GetAutomaticMessagesResponse;
    preview_automatic_message(PreviewAutomaticMessageRequest) -> PreviewAutomaticMessageResponse;
    send_automatic_message(SendAutomaticMessageRequest) -> SendAutomaticMessageResponse;
    list_ratings(ListRatingsRequest) -> ListRatingsResponse;
}

calls! { Conversations.forms:
    set_input_form(SetInputFormRequest) -> SetInputFormResponse;
    list_input_forms(ListInputFormsRequest) -> ListInputFormsResponse;
    offer_form(OfferFormRequest) -> OfferFormResponse;
    get_open_form(GetOpenFormRequest) -> GetOpenFormResponse;
    submit_form(SubmitFormRequest) -> SubmitFormResponse;
    dismiss_form(DismissFormRequest) -> DismissFormResponse;
}

calls! { Conversations.cards:
    send_card(SendCardRequest) -> SendCardResponse;
    get_card(GetCardRequest) -> GetCardResponse;
    list_cards(ListCardsRequest) -> ListCardsResponse;
}

calls! { Conversations.retention:
    get_retention(GetRetentionRequest) -> GetRetentionResponse;
    set_retention(SetRetentionRequest) -> SetRetentionResponse;
}

calls! { Conversations.stars:
    set_star(SetStarRequest) -> SetStarResponse;
    remove_star(RemoveStarRequest) -> RemoveStarResponse;
    list_starred(ListStarredRequest) -> ListStarredResponse;
    list_reminders(ListRemindersRequest) -> ListRemindersResponse;
}

calls! { Conversations.workflows:
    set_workflow(SetWorkflowRequest) -> SetWorkflowResponse;
    list_workflows(ListWorkflowsRequest) -> ListWorkflowsResponse;
    start_workflow(StartWorkflowRequest) -> StartWorkflowResponse;
    cancel_workflow(CancelWorkflowRequest) -> CancelWorkflowResponse;
    get_run(GetRunRequest) -> GetRunResponse;
    list_runs(ListRunsRequest) -> ListRunsResponse;
}

calls! { Conversations.openings:
    set_opening_hours(SetOpeningHoursRequest) -> SetOpeningHoursResponse;
    get_opening_hours(GetOpeningHoursRequest) -> GetOpeningHoursResponse;
    get_opening(GetOpeningRequest) -> GetOpeningResponse;
}
