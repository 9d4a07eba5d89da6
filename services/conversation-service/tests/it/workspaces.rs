use crate::Tested;
use crate::world::{World, why};
use anyhow::Context;
use domain::Clock;
use events::common::{ChannelKind, ChannelSettings, FieldRule};
use events::event::{ChannelChanged, WorkspaceChanged, WorkspaceCreated};
use rpc::conversation as proto;

fn update(settings: ChannelSettings, paths: &[&str], version: u64) -> proto::UpdateChannelRequest {
    proto::UpdateChannelRequest {
        workspace: "acme".into(),
        channel: "web".into(),
        settings: Some(settings),
        mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        version,
    }
}

#[tokio::test]
async fn creating_twice_changes_nothing_and_other_content_is_refused() -> Tested {
    let world = World::new().await?;
    world.set_up("acme").await?;
    let mut workspaces = world.workspaces.clone();
    let other = proto::Workspace {
        workspace: "acme".into(),
        name: "Somebody else".into(),
        time_zone: "Europe/Warsaw".into(),
        language: "pl".into(),
        console_url: String::new(),
    };
    let result = workspaces
        .create_workspace(proto::CreateWorkspaceRequest {
            workspace: Some(other.clone()),
        })
        .await;
    assert_eq!(why(result), ("request.exists", "workspace".into()));
    for (bad, field) in [
        (
            proto::Workspace {
                workspace: "Not a slug".into(),
                ..other.clone()
            },
            "workspace",
        ),
        (
            proto::Workspace {
                workspace: "w2".into(),
                time_zone: "Mars/Base".into(),
                ..other.clone()
            },
            "time_zone",
        ),
        (
            proto::Workspace {
                workspace: "w2".into(),
                language: "xx".into(),
                ..other.clone()
            },
            "language",
        ),
        (
            proto::Workspace {
                workspace: "w2".into(),
                name: String::new(),
                ..other.clone()
            },
            "name",
        ),
    ] {
        let result = workspaces
            .create_workspace(proto::CreateWorkspaceRequest { workspace: Some(bad) })
            .await;
        assert_eq!(why(result), ("request.invalid", field.into()));
    }
    let sms = proto::CreateChannelRequest {
        workspace: "acme".into(),
        channel: "web".into(),
        kind: ChannelKind::Sms.into(),
        ..Default::default()
    };
    assert_eq!(
        why(workspaces.create_channel(sms).await),
        ("request.exists", "channel".into())
    );
    assert_eq!(world.facts::<WorkspaceCreated>(1).await?[0].name, "acme Ltd");
    let changed = world.facts::<ChannelChanged>(1).await?;
    let settings = changed[0].settings.as_ref().context("settings")?;
    assert_eq!(
        (
            changed[0].version,
            settings.business_name.as_str(),
            settings.debounce_ms
        ),
        (1, "acme Ltd", 30_000)
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn settings_change_by_mask_and_version() -> Tested {
    let world = World::new().await?;
    let mut workspaces = world.workspaces.clone();
    let wish = ChannelSettings {
        phone: FieldRule::Required.into(),
        debounce_ms: 0,
        ..Default::default()
    };
    let next = workspaces
        .update_channel(update(wish.clone(), &["phone", "debounce_ms"], 1))
        .await?
        .into_inner();
    let channel = next.channel.context("a channel")?;
    let settings = channel.settings.context("settings")?;
    assert_eq!(
        (channel.version, settings.debounce_ms, settings.ceiling_ms),
        (2, 0, 120_000)
    );
    assert_eq!(settings.phone(), FieldRule::Required);

    let stale = workspaces.update_channel(update(wish.clone(), &["phone"], 1)).await;
    assert_eq!(why(stale), ("conversation.version", "version".into()));
    let same = workspaces
        .update_channel(update(wish.clone(), &["phone"], 0))
        .await?
        .into_inner();
    assert_eq!(same.channel.context("a channel")?.version, 2, "nothing changed");
    for (settings, path, field) in [
        (
            ChannelSettings {
                debounce_ms: 600_001,
                ..Default::default()
            },
            "debounce_ms",
            "debounce_ms",
        ),
        (ChannelSettings::default(), "phone", "phone"),
        (ChannelSettings::default(), "colour", "mask"),
    ] {
        let result = workspaces.update_channel(update(settings, &[path], 0)).await;
        assert_eq!(why(result), ("request.invalid", field.into()));
    }
    assert_eq!(
        why(workspaces.update_channel(update(wish, &[], 0)).await),
        ("request.invalid", "mask".into())
    );
    let mut facts = world.facts::<ChannelChanged>(2).await?;
    facts.sort_by_key(|fact| fact.version);
    assert_eq!(
        facts[1].settings.as_ref().context("settings")?.phone(),
        FieldRule::Required
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_workspace_changes_by_mask_and_version() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let mut workspaces = world.workspaces.clone();
    let update = |workspace: &str, time_zone: &str, paths: &[&str], version: u64| proto::UpdateWorkspaceRequest {
        workspace: Some(proto::Workspace {
            workspace: workspace.into(),
            name: "Acme again".into(),
            time_zone: time_zone.into(),
            language: "xx".into(),
            console_url: "http://desk.example/".into(),
        }),
        mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        version,
    };
    let both = ["name", "time_zone"];
    let paris = update("acme", "Europe/Paris", &both, 1);
    let next = workspaces.update_workspace(paris.clone()).await?.into_inner();
    let present = next.workspace.context("a workspace")?;
    assert_eq!(
        (next.version, present.name.as_str(), present.time_zone.as_str()),
        (2, "Acme again", "Europe/Paris")
    );
    assert_ne!(present.language, "xx", "not in the mask");
    assert_eq!(
        why(workspaces.update_workspace(paris).await),
        ("conversation.version", "version".into())
    );
    let same = update("acme", "Europe/Paris", &both, 0);
    assert_eq!(
        workspaces.update_workspace(same).await?.into_inner().version,
        2,
        "nothing new"
    );
    for (request, field) in [
        (update("acme", "Mars/Base", &both, 0), "time_zone"),
        (update("acme", "UTC", &["language"], 0), "language"),
        (update("acme", "UTC", &["console_url"], 0), "console_url"),
        (update("acme", "UTC", &["colour"], 0), "mask"),
        (update("acme", "UTC", &[], 0), "mask"),
        (update("A!", "UTC", &both, 0), "workspace"),
    ] {
        let refused = workspaces.update_workspace(request).await;
        assert_eq!(why(refused), ("request.invalid", field.into()));
    }
    let nowhere = workspaces.update_workspace(update("nobody", "UTC", &both, 0)).await;
    assert_eq!(why(nowhere), ("request.not_found", "workspace".into()));

    let mut get = async |workspace: &str| {
        let request = proto::GetWorkspaceRequest {
            workspace: workspace.into(),
        };
        workspaces.get_workspace(request).await.map(tonic::Response::into_inner)
    };
    let read = get("acme").await?;
    assert_eq!((read.version, read.workspace), (2, Some(present)));
    assert_eq!(get("bolt").await?.version, 1, "another one is as it was");
    let told = world.facts::<WorkspaceChanged>(1).await?;
    assert_eq!(
        (told[0].version, told[0].name.as_str(), told[0].time_zone.as_str()),
        (2, "Acme again", "Europe/Paris")
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn an_integration_may_what_its_scopes_say_now() -> Tested {
    let world = World::new().await?;
    let mut workspaces = world.workspaces.clone();
    let create = proto::CreateIntegrationRequest {
        workspace: "acme".into(),
        integration: "helpdesk".into(),
        scopes: vec![proto::Scope::Ingest.into()],
    };
    let token = workspaces.create_integration(create).await?.into_inner().token;
    let update = |scopes: &[proto::Scope], revoked: bool| proto::UpdateIntegrationRequest {
        workspace: "acme".into(),
        integration: "helpdesk".into(),
        scopes: scopes.iter().copied().map(i32::from).collect(),
        revoked,
    };
    let may = async |token: &str| {
        let ask = proto::AuthenticateTokenRequest { token: token.into() };
        world.workspaces.clone().authenticate_token(ask).await
    };
    let (read, write) = (proto::Scope::Read, proto::Scope::Write);
    let next = workspaces
        .update_integration(update(&[write, read, write], false))
        .await?;
    let expected = [i32::from(read), i32::from(write)];
    assert_eq!(next.into_inner().scopes, expected);
    assert_eq!(may(&token).await?.into_inner().scopes, expected);

    let revoked = workspaces.update_integration(update(&[], true)).await?;
    assert!(revoked.into_inner().scopes.is_empty());
    assert_eq!(why(may(&token).await), ("access.unauthenticated", String::new()));
    workspaces.update_integration(update(&[read], false)).await?;
    assert_eq!(
        may(&token).await?.into_inner().scopes,
        [i32::from(read)],
        "the same token"
    );

    for (request, field) in [
        (update(&[], false), "scopes"),
        (update(&[proto::Scope::Unspecified], false), "scopes"),
        (update(&[read], true), "revoked"),
    ] {
        let refused = workspaces.update_integration(request).await;
        assert_eq!(why(refused), ("request.invalid", field.into()));
    }
    let nobody = proto::UpdateIntegrationRequest {
        workspace: "bolt".into(),
        ..update(&[], true)
    };
    assert_eq!(
        why(workspaces.update_integration(nobody).await),
        ("request.not_found", "integration".into())
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_token_is_shown_once_and_can_be_replaced() -> Tested {
    let world = World::new().await?;
    let mut workspaces = world.workspaces.clone();
    let request = |scopes: Vec<proto::Scope>| proto::CreateIntegrationRequest {
        workspace: "acme".into(),
        integration: "helpdesk".into(),
        scopes: scopes.into_iter().map(i32::from).collect(),
    };
    let ingest = request(vec![proto::Scope::Ingest]);
    let made = workspaces.create_integration(ingest.clone()).await?.into_inner();
    assert_eq!(made.nats_user, "acme.helpdesk");
    assert_eq!(workspaces.create_integration(ingest).await?.into_inner().token, "");
    let other = workspaces.create_integration(request(vec![proto::Scope::Admin])).await;
    assert_eq!(why(other), ("request.exists", "integration".into()));
    let none = workspaces.create_integration(request(vec![])).await;
    assert_eq!(why(none), ("request.invalid", "scopes".into()));

    let pool = sqlx::PgPool::connect(&world.database.admin_url()).await?;
    let stored: String = sqlx::query_scalar("SELECT string_agg(i::text, ' ') FROM integration i")
        .fetch_one(&pool)
        .await?;
    pool.close().await;
    let secret = made.token.rsplit('.').next().unwrap_or_default();
    assert!(
        secret.len() == 43 && !stored.contains(secret),
        "only its hash is stored"
    );

    let mut ask = async |token: &str| {
        workspaces
            .authenticate_token(proto::AuthenticateTokenRequest { token: token.into() })
            .await
    };
    let whose = ask(&made.token).await?.into_inner();
    assert_eq!(
        (whose.workspace.as_str(), whose.integration.as_str()),
        ("acme", "helpdesk")
    );
    assert_eq!(whose.scopes, [i32::from(proto::Scope::Ingest)]);
    for bad in [
        "",
        "acme.helpdesk",
        &made.token.replace("acme", "bolt"),
        &made.token.replace("helpdesk", "shop"),
    ] {
        assert_eq!(why(ask(bad).await), ("access.unauthenticated", String::new()), "{bad}");
    }
    let rotate = proto::RotateIntegrationTokenRequest {
        workspace: "acme".into(),
        integration: "helpdesk".into(),
    };
    let rotated = world
        .workspaces
        .clone()
        .rotate_integration_token(rotate)
        .await?
        .into_inner();
    assert_eq!(why(ask(&made.token).await), ("access.unauthenticated", String::new()));
    assert!(ask(&rotated.token).await.is_ok());
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn integrations_are_listed_by_pages_without_their_tokens() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let mut workspaces = world.workspaces.clone();
    for (workspace, integration, scope) in [
        ("acme", "shop", proto::Scope::Ingest),
        ("acme", "crm", proto::Scope::Facts),
        ("acme", "old", proto::Scope::Read),
        ("bolt", "helpdesk", proto::Scope::Admin),
    ] {
        let request = proto::CreateIntegrationRequest {
            workspace: workspace.into(),
            integration: integration.into(),
            scopes: vec![scope.into()],
        };
        workspaces.create_integration(request).await?;
    }
    let revoke = proto::UpdateIntegrationRequest {
        workspace: "acme".into(),
        integration: "old".into(),
        scopes: vec![],
        revoked: true,
    };
    workspaces.update_integration(revoke).await?;
    let list = |workspace: &str, page_size, page_token: &str| proto::ListIntegrationsRequest {
        workspace: workspace.into(),
        page_size,
        page_token: page_token.into(),
    };
    let (mut told, mut token) = (Vec::new(), String::new());
    for wanted in [2, 1] {
        let page = workspaces
            .list_integrations(list("acme", 2, &token))
            .await?
            .into_inner();
        assert_eq!(page.integrations.len(), wanted);
        assert_eq!(page.integrations[0].token_at, Some(events::stamp(world.clock.now())));
        told.extend(page.integrations.into_iter().map(|one| (one.integration, one.scopes)));
        token = page.next_page_token;
    }
    assert_eq!(token, "");
    let scopes = |scope: proto::Scope| vec![i32::from(scope)];
    assert_eq!(
        told,
        [
            ("crm".to_owned(), scopes(proto::Scope::Facts)),
            ("old".to_owned(), vec![]),
            ("shop".to_owned(), scopes(proto::Scope::Ingest)),
        ]
    );
    let elsewhere = workspaces.list_integrations(list("bolt", 0, "")).await?.into_inner();
    assert_eq!(elsewhere.integrations.len(), 1);
    for (request, why_not) in [
        (list("nobody", 0, ""), ("request.not_found", "workspace")),
        (list("acme", 201, ""), ("request.invalid", "page_size")),
        (list("acme", 0, "crm"), ("request.invalid", "page_token")),
        (list("", 0, ""), ("request.invalid", "workspace")),
    ] {
        let refused = why(workspaces.list_integrations(request).await);
        assert_eq!(refused, (why_not.0, why_not.1.to_owned()));
    }
    world.end().await;
    Ok(())
}
