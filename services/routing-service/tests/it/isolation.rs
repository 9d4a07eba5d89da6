//! A workspace sees and changes nothing of another.

use crate::desk::{agent, held_by, refusal};
use crate::door::{Door, Tested};
use events::common::ChannelKind;
use events::event::{ConversationResolved, ConversationTakenOver, RequestState};
use rpc::routing as wire;

const ELSEWHERE: &str = "globex";

#[tokio::test]
async fn what_is_anothers_is_answered_as_what_does_not_exist() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 1).await?;
    door.available("ann").await?;
    let ours = door.waiting().await?;
    let waits = door.waiting().await?;
    let mut queue = door.queue();
    let workspace = || ELSEWHERE.to_owned();
    let (request, conversation, ann) = (ours.request.clone(), ours.conversation.clone(), "ann".to_owned());
    let by = wire::get_request_request::By::Request(request.clone());
    let get = wire::GetRequestRequest {
        workspace: workspace(),
        by: Some(by),
    };
    assert_eq!(refusal(queue.get_request(get).await).0, "request.not_found");
    let by = wire::get_request_request::By::Conversation(conversation.clone());
    let get = wire::GetRequestRequest {
        workspace: workspace(),
        by: Some(by),
    };
    assert_eq!(refusal(queue.get_request(get).await).0, "request.not_found");
    let accept = wire::AcceptAlertRequest {
        workspace: workspace(),
        request: request.clone(),
        agent: ann.clone(),
    };
    assert_eq!(refusal(queue.accept_alert(accept).await).0, "request.not_found");
    let decline = wire::DeclineAlertRequest {
        workspace: workspace(),
        request,
        agent: ann.clone(),
    };
    assert_eq!(refusal(queue.decline_alert(decline).await).0, "request.not_found");
    let assign = wire::AssignRequest {
        workspace: workspace(),
        conversation: conversation.clone(),
        assignee: agent("eve"),
        by: String::new(),
    };
    assert_eq!(refusal(queue.assign(assign).await).0, "request.not_found");
    let transfer = wire::TransferRequest {
        workspace: workspace(),
        conversation: conversation.clone(),
        agent: ann.clone(),
        to: agent("eve"),
    };
    assert_eq!(refusal(queue.transfer(transfer).await).0, "request.not_yours");
    let history = wire::ListAssignmentsRequest {
        workspace: workspace(),
        conversation,
        ..Default::default()
    };
    assert_eq!(refusal(queue.list_assignments(history).await).0, "request.not_found");
    let list = wire::ListRequestsRequest {
        workspace: workspace(),
        ..Default::default()
    };
    assert!(queue.list_requests(list).await?.into_inner().requests.is_empty());

    // An agent of the same name there is given nothing, and sees nothing.
    let profile = wire::SetAgentProfileRequest {
        workspace: workspace(),
        agent: ann.clone(),
        profile: None,
    };
    door.client().set_agent_profile(profile).await?;
    door.conversations.join(ELSEWHERE, "sales", "ann");
    let there = door
        .set(ELSEWHERE, "ann", events::event::AgentAvailability::Available)
        .await?;
    assert!(there.in_use.is_empty());
    let watch = wire::WatchAlertsRequest {
        workspace: workspace(),
        agent: ann,
    };
    let mut alerts = queue.watch_alerts(watch).await?.into_inner();
    let own = ours.conversation.replacen('0', "1", 1);
    door.conversations.channel(ELSEWHERE, "web", ChannelKind::Web, "");
    door.conversations.open(ELSEWHERE, "web", &own, "");
    let assign = wire::AssignRequest {
        workspace: workspace(),
        conversation: own.clone(),
        assignee: agent("ann"),
        by: String::new(),
    };
    queue.assign(assign).await?;
    let first = alerts
        .message()
        .await?
        .and_then(|told| told.request)
        .unwrap_or_default();
    assert_eq!(first.conversation, own, "the first that is told there is theirs");
    let watch = wire::WatchQueueRequest {
        workspace: workspace(),
        team: "sales".into(),
    };
    let figures = queue
        .watch_queue(watch)
        .await?
        .into_inner()
        .message()
        .await?
        .unwrap_or_default();
    assert_eq!(
        (figures.waiting, figures.alerted, figures.serving, figures.free_agents),
        (0, 0, 0, 1)
    );

    // Facts of theirs about ids of ours.
    let resolved = ConversationResolved {
        conversation: ours.conversation.clone(),
        version: 1,
        ..Default::default()
    };
    door.tell(ELSEWHERE, &resolved).await?;
    let answered = ConversationTakenOver {
        conversation: waits.conversation.clone(),
        agent: "ann".into(),
        ..Default::default()
    };
    door.tell(ELSEWHERE, &answered).await?;
    door.answer(&waits.conversation, "ann").await?;
    let waits = door.once_of(&waits, "ann").await?;
    assert_eq!(waits.state(), RequestState::Serving, "by a fact of ours");
    let ours = door.now(&ours).await?;
    assert_eq!((ours.state(), held_by(&ours)), (RequestState::Alerted, "ann"));
    door.running.stop().await;
    Ok(())
}
