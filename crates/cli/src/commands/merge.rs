//! One person who was kept as two, by gRPC to contacts-service.

use anyhow::{Context, Result};
use rpc::contacts::identity_service_client::IdentityServiceClient;
use rpc::contacts::{
    AddIdentityKeyRequest, Contact, ContactConflict, DismissConflictRequest, IdentifyContactRequest, IdentityKey,
    ListConflictsRequest, ListIdentityKeysRequest, MergeContactsRequest, RemoveIdentityKeyRequest, UndoMergeRequest,
};
use serde_json::{Value, json};
use tonic::transport::Channel;

use super::contact::{document, one};
use crate::args::{IdentityCommand, IdentityKeyCommand};
use crate::call::{call, pages};
use crate::output::{Out, say};
use crate::show;

type Client = IdentityServiceClient<Channel>;

pub(super) async fn run(command: IdentityCommand, channel: Channel, out: &Out) -> Result<()> {
    let client = Client::new(channel);
    match command {
        IdentityCommand::Conflicts { workspace, limit } => {
            let request = ListConflictsRequest {
                workspace,
                ..Default::default()
            };
            conflicts(&pages!(client, list_conflicts, request, conflicts, limit), out)
        }
        IdentityCommand::Dismiss {
            workspace,
            conflict,
            by,
        } => {
            let request = DismissConflictRequest {
                workspace,
                conflict,
                by,
            };
            call!(client, dismiss_conflict, request)?;
            say("the conflict is settled");
            Ok(())
        }
        IdentityCommand::Merge {
            workspace,
            contact,
            other,
            by,
        } => {
            let request = MergeContactsRequest {
                workspace,
                contact,
                other,
                by,
            };
            let answer = call!(client, merge_contacts, request)?;
            one(&answer.contact.context("an empty answer")?, out)
        }
        IdentityCommand::Identify {
            workspace,
            token,
            contact,
        } => {
            let token = match token.as_str() {
                "-" => std::io::read_to_string(std::io::stdin())?.trim().to_owned(),
                _ => token,
            };
            let request = IdentifyContactRequest {
                workspace,
                token,
                contact: contact.unwrap_or_default(),
            };
            let answer = call!(client, identify_contact, request)?;
            one(&answer.contact.context("an empty answer")?, out)
        }
        IdentityCommand::IdentityKey { command } => identity_key(command, &client, out).await,
        IdentityCommand::Unmerge { workspace, contact, by } => {
            let request = UndoMergeRequest { workspace, contact, by };
            let answer = call!(client, undo_merge, request)?;
            one(&answer.contact.context("an empty answer")?, out)
        }
    }
}

async fn identity_key(command: IdentityKeyCommand, client: &Client, out: &Out) -> Result<()> {
    match command {
        IdentityKeyCommand::Add { workspace, file, by } => {
            let jwk = tokio::fs::read_to_string(&file)
                .await
                .with_context(|| format!("cannot read {}", file.display()))?;
            call!(client, add_identity_key, AddIdentityKeyRequest { workspace, jwk, by })?;
            say("the key is kept");
            Ok(())
        }
        IdentityKeyCommand::List { workspace } => {
            let keys = call!(client, list_identity_keys, ListIdentityKeysRequest { workspace })?.keys;
            let at = |key: &IdentityKey| show::rfc3339(key.added_at.as_ref());
            if out.json() {
                let told = keys.iter().map(
                    |key| json!({ "key": key.key, "algorithm": key.algorithm, "added_at": at(key), "by": key.by }),
                );
                return out.document(&told.collect::<Vec<Value>>());
            }
            let row = |key: &IdentityKey| {
                let at = at(key).as_str().unwrap_or("-").to_owned();
                vec![key.key.clone(), key.algorithm.clone(), at, key.by.clone()]
            };
            let rows: Vec<Vec<String>> = keys.iter().map(row).collect();
            out.table(&["key", "algorithm", "added", "by"], &rows)
        }
        IdentityKeyCommand::Remove { workspace, key } => {
            call!(client, remove_identity_key, RemoveIdentityKeyRequest { workspace, key })?;
            say("the key is gone");
            Ok(())
        }
    }
}

fn conflicts(found: &[ContactConflict], out: &Out) -> Result<()> {
    if out.json() {
        let told = found.iter().map(|conflict| {
            json!({
                "conflict": conflict.conflict,
                "contact": conflict.contact.as_ref().map(document),
                "other_name": conflict.other_name,
                "other": conflict.other.as_ref().map(document),
                "at": show::rfc3339(conflict.at.as_ref()),
            })
        });
        return out.document(&told.collect::<Vec<Value>>());
    }
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    out.table(&["conflict", "contact", "name", "other", "other name"], &rows)
}

fn row(conflict: &ContactConflict) -> Vec<String> {
    let side = |contact: Option<&Contact>| {
        contact.map_or_else(Default::default, |contact| {
            (contact.contact.clone(), contact.name.clone())
        })
    };
    let (contact, name) = side(conflict.contact.as_ref());
    let (other, other_name) = side(conflict.other.as_ref());
    let other_name = if conflict.other_name.is_empty() {
        other_name
    } else {
        conflict.other_name.clone()
    };
    vec![conflict.conflict.clone(), contact, name, other, other_name]
}
