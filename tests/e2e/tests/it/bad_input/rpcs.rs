//! Calls of operators.

use anyhow::Result;
use events::common::{ChannelKind, ChannelSettings, MessageKind};
use fault::Fault;
use rpc::billing::{Price, SetPricesRequest, TopUpRequest};
use rpc::conversation::{
    CreateAgentRequest, CreateChannelRequest, CreateIntegrationRequest, CreateTeamRequest, CreateWorkspaceRequest,
    StartConversationRequest, Workspace,
};
use serde_json::json;
use tonic::{Response, Status};

use super::Seen;
use super::front::Front;

const INVALID: &str = "request.invalid";

/// A call that was refused with this code and field.
fn refusal<T>(seen: &mut Seen, case: &str, answer: Result<Response<T>, Status>, code: &str, field: &str) {
    let fault: Fault = match answer {
        Ok(_) => return seen.otherwise(format!("{case}: taken")),
        Err(status) => rpc::from_status(&status),
    };
    let answer = json!({ "code": fault.code().name, "field": fault.field(), "detail": fault.public() });
    seen.refusal(case, &answer, code, field);
}

pub async fn refused(front: &Front, seen: &mut Seen) -> Result<()> {
    tenants(front, seen).await?;
    channels(front, seen).await?;
    people(front, seen).await?;
    money(front, seen).await?;
    conversations(front, seen).await
}

async fn tenants(front: &Front, seen: &mut Seen) -> Result<()> {
    let good = Workspace {
        workspace: "newcomer".to_owned(),
        name: "New".to_owned(),
        time_zone: "UTC".to_owned(),
        language: "en".to_owned(),
        console_url: String::new(),
    };
    let of = |change: fn(&mut Workspace)| {
        let mut workspace = good.clone();
        change(&mut workspace);
        workspace
    };
    for (workspace, field) in [
        (of(|one| one.workspace.clear()), "workspace"),
        (of(|one| one.workspace = "New Comer".to_owned()), "workspace"),
        (of(|one| one.workspace = "x".repeat(33)), "workspace"),
        (of(|one| one.name.clear()), "name"),
        (of(|one| one.time_zone = "Mars/Base".to_owned()), "time_zone"),
        (of(|one| one.language = "tlh".to_owned()), "language"),
    ] {
        let case = format!("create workspace {workspace:?}");
        let request = CreateWorkspaceRequest {
            workspace: Some(workspace),
        };
        let answer = front.world.clients.workspaces.clone().create_workspace(request).await;
        refusal(seen, &case, answer, INVALID, field);
    }
    let mut workspaces = front.world.clients.workspaces.clone();
    let answer = workspaces.create_workspace(CreateWorkspaceRequest::default()).await;
    refusal(seen, "create no workspace", answer, INVALID, "workspace");
    Ok(())
}

async fn channels(front: &Front, seen: &mut Seen) -> Result<()> {
    let wrong = |settings: ChannelSettings, path: &str| CreateChannelRequest {
        workspace: front.world.workspace.clone(),
        channel: "new".to_owned(),
        kind: ChannelKind::Web.into(),
        settings: Some(settings),
        mask: Some(prost_types::FieldMask {
            paths: vec![path.to_owned()],
        }),
    };
    let settings = ChannelSettings::default;
    let debounce = ChannelSettings {
        debounce_ms: 600_001,
        ..settings()
    };
    let nothing = || wrong(settings(), "debounce_ms");
    for (request, code, field) in [
        (wrong(debounce, "debounce_ms"), INVALID, "debounce_ms"),
        (
            wrong(settings(), "texts_per_number_per_day"),
            INVALID,
            "texts_per_number_per_day",
        ),
        (wrong(settings(), "phone"), INVALID, "phone"),
        (wrong(settings(), "colour"), INVALID, "mask"),
        (CreateChannelRequest { kind: 0, ..nothing() }, INVALID, "kind"),
        (
            CreateChannelRequest {
                channel: "A B".to_owned(),
                ..nothing()
            },
            INVALID,
            "channel",
        ),
        (
            CreateChannelRequest {
                workspace: "nobody".to_owned(),
                ..nothing()
            },
            "request.not_found",
            "workspace",
        ),
        (
            CreateChannelRequest {
                channel: "web".to_owned(),
                kind: ChannelKind::Sms.into(),
                settings: None,
                ..nothing()
            },
            "request.exists",
            "channel",
        ),
    ] {
        let case = format!("{request:?}");
        let answer = front.world.clients.workspaces.clone().create_channel(request).await;
        refusal(seen, &case, answer, code, field);
    }
    Ok(())
}

async fn people(front: &Front, seen: &mut Seen) -> Result<()> {
    let mut workspaces = front.world.clients.workspaces.clone();
    let workspace = || front.world.workspace.clone();
    let agent = CreateAgentRequest {
        workspace: workspace(),
        agent: "jan".to_owned(),
        display_name: "Jan".to_owned(),
        teams: vec!["nobody".to_owned()],
        email: String::new(),
    };
    let nameless = CreateAgentRequest {
        display_name: String::new(),
        teams: Vec::new(),
        ..agent.clone()
    };
    refusal(
        seen,
        "an unknown team",
        workspaces.create_agent(agent).await,
        INVALID,
        "teams",
    );
    refusal(
        seen,
        "no name",
        workspaces.create_agent(nameless).await,
        INVALID,
        "display_name",
    );
    let team = CreateTeamRequest {
        workspace: workspace(),
        team: String::new(),
        ..Default::default()
    };
    refusal(seen, "no team", workspaces.create_team(team).await, INVALID, "team");
    let integration = CreateIntegrationRequest {
        workspace: workspace(),
        integration: "new".to_owned(),
        scopes: Vec::new(),
    };
    refusal(
        seen,
        "no scopes",
        workspaces.create_integration(integration).await,
        INVALID,
        "scopes",
    );
    Ok(())
}

async fn money(front: &Front, seen: &mut Seen) -> Result<()> {
    let mut billing = front.world.clients.billing.clone();
    let price = |country: &str, micro_pu: i64| SetPricesRequest {
        workspace: front.world.workspace.clone(),
        prices: vec![Price {
            kind: MessageKind::Sms.into(),
            country: country.to_owned(),
            valid_from: Some(prost_types::Timestamp::default()),
            micro_pu,
        }],
    };
    refusal(
        seen,
        "a price below zero",
        billing.set_prices(price("PL", -1)).await,
        INVALID,
        "prices[0].micro_pu",
    );
    refusal(
        seen,
        "no country",
        billing.set_prices(price("Poland", 1)).await,
        INVALID,
        "prices[0].country",
    );
    let top_up = |request_id: &str, micro_pu: i64| TopUpRequest {
        workspace: front.world.workspace.clone(),
        request_id: request_id.to_owned(),
        micro_pu,
        ..Default::default()
    };
    refusal(
        seen,
        "less than nothing",
        billing.top_up(top_up("a", -1)).await,
        INVALID,
        "micro_pu",
    );
    refusal(
        seen,
        "no request id",
        billing.top_up(top_up("", 1)).await,
        INVALID,
        "request_id",
    );
    let first = format!("{}-first", front.world.workspace);
    let answer = billing.top_up(top_up(&first, 1)).await;
    refusal(seen, "another amount", answer, "request.exists", "request_id");
    Ok(())
}

async fn conversations(front: &Front, seen: &mut Seen) -> Result<()> {
    let mut conversations = front.world.clients.conversations.clone();
    let start = StartConversationRequest {
        workspace: front.world.workspace.clone(),
        request_id: "bad".to_owned(),
        channel: "nowhere".to_owned(),
        author: 1,
        text: "x".to_owned(),
        ..Default::default()
    };
    let nobody = StartConversationRequest {
        channel: "web".to_owned(),
        author: 0,
        ..start.clone()
    };
    let unnamed = StartConversationRequest {
        channel: "web".to_owned(),
        request_id: String::new(),
        ..start.clone()
    };
    refusal(
        seen,
        "an unknown channel",
        conversations.start_conversation(start).await,
        INVALID,
        "channel",
    );
    refusal(
        seen,
        "no author",
        conversations.start_conversation(nobody).await,
        INVALID,
        "author",
    );
    refusal(
        seen,
        "no request id",
        conversations.start_conversation(unnamed).await,
        INVALID,
        "request_id",
    );
    Ok(())
}
