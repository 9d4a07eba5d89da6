//! Two workspaces with the same names for everything: no rpc shows one of them the other's rows, and what belongs to
//! another workspace is answered exactly like what does not exist.

use crate::Tested;
use crate::world::{AGENT, World, posting, refused, starting};
use anyhow::Context;
use rpc::conversation as proto;
use rpc::conversation::get_conversation_request::By;
use tonic::Status;

const NOWHERE: &str = "018f4e3a-0000-7000-8000-00000000dead";

/// What a caller can tell apart.
fn seen<T: std::fmt::Debug>(result: Result<T, Status>) -> (String, String, Option<String>) {
    let fault = refused(result);
    (
        fault.code().name.to_owned(),
        fault.public().to_owned(),
        fault.field().map(str::to_owned),
    )
}

#[tokio::test]
async fn no_rpc_reaches_another_workspace() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let own = world.start("r-1").await?;
    let mut client = world.conversations.clone();
    let foreign = proto::StartConversationRequest {
        workspace: "bolt".into(),
        ..starting("r-1")
    };
    let foreign = client
        .start_conversation(foreign)
        .await?
        .into_inner()
        .conversation
        .context("a conversation")?;
    assert_eq!((own.number, foreign.number), (1, 1));
    let (workspace, there) = ("acme".to_owned(), foreign.conversation.clone());

    for id in [there.clone(), NOWHERE.to_owned()] {
        let (workspace, conversation) = (workspace.clone(), id.clone());
        let by = Some(By::Conversation(id.clone()));
        let answers = [
            seen(
                client
                    .get_conversation(proto::GetConversationRequest {
                        workspace: workspace.clone(),
                        by,
                    })
                    .await,
            ),
            seen(client.post_message(posting(&id, AGENT, "c-1", "Hello")).await),
            seen(
                client
                    .list_messages(proto::ListMessagesRequest {
                        workspace: workspace.clone(),
                        conversation: conversation.clone(),
                        ..Default::default()
                    })
                    .await,
            ),
            seen(
                client
                    .mark_read(proto::MarkReadRequest {
                        workspace: workspace.clone(),
                        conversation: conversation.clone(),
                        up_to: 1,
                    })
                    .await,
            ),
            seen(
                client
                    .resolve_conversation(proto::ResolveConversationRequest {
                        workspace: workspace.clone(),
                        conversation: conversation.clone(),
                    })
                    .await,
            ),
            seen(
                client
                    .add_contact(proto::AddContactRequest {
                        workspace: workspace.clone(),
                        conversation: conversation.clone(),
                        contact: Some(proto::GivenContact {
                            phone: "+48600700123".into(),
                            ..Default::default()
                        }),
                    })
                    .await,
            ),
            seen(
                client
                    .request_transcript(proto::RequestTranscriptRequest {
                        workspace: workspace.clone(),
                        conversation: conversation.clone(),
                        request_id: "t-1".into(),
                        email: "ann@example.com".into(),
                    })
                    .await,
            ),
            seen(
                client
                    .get_follow_up_context(proto::GetFollowUpContextRequest {
                        workspace,
                        conversation,
                        from_seq: 1,
                    })
                    .await,
            ),
        ];
        for answer in answers {
            let nothing = "there is no such conversation in this workspace".to_owned();
            assert_eq!(
                answer,
                ("request.not_found".to_owned(), nothing, Some("conversation".to_owned()))
            );
        }
    }
    let list = proto::ListConversationsRequest {
        workspace: "acme".into(),
        ..Default::default()
    };
    let listed = client.list_conversations(list).await?.into_inner().conversations;
    assert_eq!(
        listed.iter().map(|one| one.conversation.as_str()).collect::<Vec<_>>(),
        [own.conversation.as_str()]
    );

    let event = |reference: &str| {
        serde_json::json!({
            "specversion": "1.0", "id": format!("e-{reference}"), "source": "helpdesk", "type": "homing.message.v1",
            "subject": reference, "time": "2026-01-31T12:00:00Z", "data": {"author": {"role": "agent"}, "text": "Hi"}
        })
    };
    let request = proto::IngestEventsRequest {
        workspace: "acme".into(),
        integration: "helpdesk".into(),
        events: [there.as_str(), NOWHERE]
            .map(|id| event(id).to_string().into_bytes())
            .into(),
    };
    let outcomes = client.ingest_events(request).await?.into_inner().outcomes;
    assert!(
        outcomes.iter().all(|one| one.code == "ingest.reference_unknown"),
        "{outcomes:?}"
    );

    let list = proto::ListMessagesRequest {
        workspace: "bolt".into(),
        conversation: there,
        ..Default::default()
    };
    assert_eq!(
        client.list_messages(list).await?.into_inner().messages.len(),
        1,
        "nothing arrived there"
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_is_set_up_stays_in_its_workspace() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let mut workspaces = world.workspaces.clone();
    let create = proto::CreateChannelRequest {
        workspace: "bolt".into(),
        channel: "only-bolt".into(),
        kind: events::common::ChannelKind::Web.into(),
        ..Default::default()
    };
    workspaces.create_channel(create).await?;
    let list = proto::ListChannelsRequest {
        workspace: "acme".into(),
    };
    let channels = workspaces.list_channels(list).await?.into_inner().channels;
    assert_eq!(
        channels
            .iter()
            .map(|channel| channel.channel.as_str())
            .collect::<Vec<_>>(),
        ["web"]
    );

    for channel in ["only-bolt", "nowhere"] {
        let (workspace, channel) = ("acme".to_owned(), channel.to_owned());
        let get = proto::GetChannelRequest {
            workspace: workspace.clone(),
            channel: channel.clone(),
        };
        let update = proto::UpdateChannelRequest {
            workspace,
            channel: channel.clone(),
            settings: None,
            mask: Some(prost_types::FieldMask {
                paths: vec!["follow_up".into()],
            }),
            version: 0,
        };
        assert_eq!(seen(workspaces.get_channel(get).await).0, "request.not_found");
        assert_eq!(seen(workspaces.update_channel(update).await).0, "request.not_found");
        let start = proto::StartConversationRequest {
            channel,
            ..starting("r-9")
        };
        assert_eq!(
            seen(world.conversations.clone().start_conversation(start).await).2,
            Some("channel".into())
        );
    }
    let integration = |workspace: &str| proto::CreateIntegrationRequest {
        workspace: workspace.into(),
        integration: "helpdesk".into(),
        scopes: vec![proto::Scope::Ingest.into()],
    };
    let own = workspaces
        .create_integration(integration("acme"))
        .await?
        .into_inner()
        .token;
    let foreign = workspaces
        .create_integration(integration("bolt"))
        .await?
        .into_inner()
        .token;
    let secret = |token: &str| token.rsplit('.').next().map(str::to_owned).context("a secret");
    let mixed = format!("acme.helpdesk.{}", secret(&foreign)?);
    assert!(secret(&own)? != secret(&foreign)?);
    let ask = proto::AuthenticateTokenRequest { token: mixed };
    assert_eq!(
        seen(workspaces.authenticate_token(ask).await).0,
        "access.unauthenticated"
    );
    let only_bolt = proto::CreateIntegrationRequest {
        integration: "only-bolt".into(),
        ..integration("bolt")
    };
    workspaces.create_integration(only_bolt).await?;
    let team = |workspace: &str| proto::CreateTeamRequest {
        workspace: workspace.into(),
        team: "only-bolt".into(),
        name: "Team".into(),
    };
    workspaces.create_team(team("bolt")).await?;
    for name in ["only-bolt", "nowhere"] {
        let rotate = proto::RotateIntegrationTokenRequest {
            workspace: "acme".into(),
            integration: name.into(),
        };
        assert_eq!(
            seen(workspaces.rotate_integration_token(rotate).await).0,
            "request.not_found"
        );
        let agent = proto::CreateAgentRequest {
            workspace: "acme".into(),
            agent: "bert".into(),
            display_name: "Bert".into(),
            teams: vec![name.into()],
            email: String::new(),
        };
        assert_eq!(seen(workspaces.create_agent(agent).await).2, Some("teams".into()));
    }
    workspaces.create_team(team("acme")).await?;
    for workspace in ["bolt2", "nowhere"] {
        let get = proto::GetWorkspaceRequest {
            workspace: workspace.into(),
        };
        assert_eq!(seen(workspaces.get_workspace(get).await).0, "request.not_found");
    }
    world.end().await;
    Ok(())
}
