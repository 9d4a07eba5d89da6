//! Whose the senders of texts are.

use crate::Tested;
use crate::world::{World, refused, why};
use events::common::{ChannelKind, ChannelSettings};
use rpc::conversation as proto;
use rpc::conversation::sender_service_client::SenderServiceClient;
use sqlx::{Connection, Executor, PgConnection};
use tonic::Status;
use tonic::transport::Channel;

const NUMBER: &str = "+48732000000";

fn client(world: &World) -> anyhow::Result<SenderServiceClient<Channel>> {
    Ok(SenderServiceClient::new(rpc::connect(&format!(
        "http://{}",
        world.running.grpc
    ))?))
}

fn assignment(workspace: &str, sender: &str) -> proto::AssignSenderRequest {
    proto::AssignSenderRequest {
        workspace: workspace.into(),
        sender: sender.into(),
    }
}

fn release(workspace: &str, sender: &str) -> proto::ReleaseSenderRequest {
    proto::ReleaseSenderRequest {
        workspace: workspace.into(),
        sender: sender.into(),
    }
}

async fn listed(world: &World, workspace: &str) -> anyhow::Result<Vec<String>> {
    let request = proto::ListSendersRequest {
        workspace: workspace.into(),
    };
    let senders = client(world)?.list_senders(request).await?.into_inner().senders;
    Ok(senders.into_iter().map(|one| one.sender).collect())
}

/// Sets the sender of a workspace's channel `web`.
async fn send_as(world: &World, workspace: &str, sender: &str) -> Result<(), Status> {
    change(world, workspace, "text_from", sender).await
}

async fn change(world: &World, workspace: &str, path: &str, sender: &str) -> Result<(), Status> {
    let request = proto::UpdateChannelRequest {
        workspace: workspace.into(),
        channel: "web".into(),
        settings: Some(ChannelSettings {
            text_from: sender.into(),
            debounce_ms: 1_000,
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec![path.into()],
        }),
        version: 0,
    };
    world.workspaces.clone().update_channel(request).await.map(|_| ())
}

async fn create(world: &World, workspace: &str, channel: &str, sender: &str) -> Result<(), Status> {
    let request = proto::CreateChannelRequest {
        workspace: workspace.into(),
        channel: channel.into(),
        kind: ChannelKind::Sms.into(),
        settings: Some(ChannelSettings {
            text_from: sender.into(),
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec!["text_from".into()],
        }),
    };
    world.workspaces.clone().create_channel(request).await.map(|_| ())
}

fn unassigned<T: std::fmt::Debug>(result: Result<T, Status>) {
    let fault = refused(result);
    assert_eq!(fault.code().name, "channel.sender_unassigned");
    assert_eq!(fault.field(), Some("settings.text_from"));
    assert!(fault.public().contains("homing sender assign"), "{}", fault.public());
}

#[tokio::test]
async fn a_channel_sends_only_as_what_its_workspace_was_given() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let mut senders = client(&world)?;
    unassigned(send_as(&world, "acme", NUMBER).await);
    unassigned(create(&world, "acme", "sms", NUMBER).await);

    for _ in 0..2 {
        senders.assign_sender(assignment("acme", NUMBER)).await?;
    }
    send_as(&world, "acme", NUMBER).await?;
    for _ in 0..2 {
        create(&world, "acme", "sms", NUMBER).await?;
    }
    // What belongs to another one is answered like what belongs to nobody.
    unassigned(send_as(&world, "bolt", NUMBER).await);
    unassigned(create(&world, "bolt", "sms", NUMBER).await);
    let taken = refused(senders.assign_sender(assignment("bolt", NUMBER)).await);
    assert_eq!((taken.code().name, taken.field()), ("sender.taken", Some("sender")));
    assert!(!taken.public().contains("acme"), "{}", taken.public());
    assert_eq!(listed(&world, "acme").await?, [NUMBER]);
    assert!(listed(&world, "bolt").await?.is_empty());
    // None at all is always allowed.
    send_as(&world, "bolt", "").await?;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn another_spelling_is_no_other_sender() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let mut senders = client(&world)?;
    senders.assign_sender(assignment("acme", "Acme Shop")).await?;
    for spelling in ["ACME SHOP", "acmeshop", "Acme Shop"] {
        let taken = senders.assign_sender(assignment("bolt", spelling)).await;
        assert_eq!(why(taken), ("sender.taken", "sender".into()), "{spelling}");
        send_as(&world, "acme", spelling).await?;
        unassigned(send_as(&world, "bolt", spelling).await);
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_released_sender_may_go_to_another_workspace_once_no_channel_names_it() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let mut senders = client(&world)?;
    senders.assign_sender(assignment("acme", NUMBER)).await?;
    send_as(&world, "acme", NUMBER).await?;
    let in_use = refused(senders.release_sender(release("acme", NUMBER)).await);
    assert_eq!((in_use.code().name, in_use.field()), ("sender.in_use", Some("sender")));
    assert!(in_use.public().contains("channel web"), "{}", in_use.public());
    let not_theirs = senders.release_sender(release("bolt", NUMBER)).await;
    assert_eq!(why(not_theirs), ("request.not_found", "sender".into()));

    send_as(&world, "acme", "").await?;
    senders.release_sender(release("acme", NUMBER)).await?;
    let again = senders.release_sender(release("acme", NUMBER)).await;
    assert_eq!(why(again), ("request.not_found", "sender".into()));
    unassigned(send_as(&world, "acme", NUMBER).await);
    senders.assign_sender(assignment("bolt", NUMBER)).await?;
    send_as(&world, "bolt", NUMBER).await?;
    for (request, field) in [
        (assignment("acme", "a name of many letters"), "sender"),
        (assignment("acme", ""), "sender"),
        (assignment("A", NUMBER), "workspace"),
    ] {
        assert_eq!(
            why(senders.assign_sender(request).await),
            ("request.invalid", field.to_owned())
        );
    }
    let nobody = senders.assign_sender(assignment("nobody", "72001")).await;
    assert_eq!(why(nobody), ("request.not_found", "workspace".into()));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn of_workspaces_that_are_given_it_at_once_one_has_it() -> Tested {
    let world = World::new().await?;
    let names = ["acme", "bolt", "cord", "dune"];
    for name in &names[1..] {
        world.set_up(name).await?;
    }
    let all = names.map(|name| {
        let world = &world;
        async move {
            client(world)
                .expect("a client")
                .assign_sender(assignment(name, NUMBER))
                .await
        }
    });
    let done = futures::future::join_all(all).await;
    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1, "{done:?}");
    let mut owners = 0;
    for name in names {
        owners += listed(&world, name).await?.len();
    }
    assert_eq!(owners, 1);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_deployment_of_workspaces_that_trust_each_other_may_take_any() -> Tested {
    let world = World::with(&[("HOMING_CONVERSATION_SENDERS", "any")]).await?;
    world.set_up("bolt").await?;
    for workspace in ["acme", "bolt"] {
        send_as(&world, workspace, NUMBER).await?;
        create(&world, workspace, "sms", NUMBER).await?;
    }
    world.end().await;
    Ok(())
}

/// Channels from before senders were anybody's.
#[tokio::test]
async fn what_was_in_use_belongs_to_who_alone_used_it_and_stays_in_use() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let mut admin = PgConnection::connect(&world.database.admin_url()).await?;
    let before = r#"
        UPDATE channel SET settings = settings || '{"text_from": "+48732000000"}' WHERE workspace_id = 'acme';
        INSERT INTO channel SELECT workspace_id, 'second', kind, version, settings, changed_at
          FROM channel WHERE workspace_id = 'acme';
        INSERT INTO channel SELECT w, 'shared' , kind, version, settings || '{"text_from": "Homing"}', changed_at
          FROM channel, unnest(ARRAY['acme', 'bolt']) w WHERE workspace_id = 'acme' AND id = 'web';
        DROP TABLE text_sender;
        SET ROLE conversation_owner"#;
    admin.execute(before).await?;
    admin
        .execute(include_str!("../../migrations/0042_text_sender.sql"))
        .await?;
    assert_eq!(listed(&world, "acme").await?, [NUMBER]);
    assert!(listed(&world, "bolt").await?.is_empty());

    let admin_again = r#"
        RESET ROLE;
        UPDATE channel SET settings = settings || '{"text_from": "Homing"}' WHERE workspace_id = 'bolt' AND id = 'web'"#;
    admin.execute(admin_again).await?;
    // Other settings of a channel that keeps its sender may change, and so may the sender, to one of its own.
    change(&world, "bolt", "debounce_ms", "").await?;
    send_as(&world, "bolt", "Homing").await?;
    unassigned(send_as(&world, "bolt", NUMBER).await);
    send_as(&world, "bolt", "").await?;
    unassigned(send_as(&world, "bolt", "Homing").await);
    world.end().await;
    Ok(())
}
