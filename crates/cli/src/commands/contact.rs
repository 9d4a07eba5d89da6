//! People, by gRPC to contacts-service.

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;

use anyhow::{Context, Result};
use fault::Fault;
use prost_types::FieldMask;
use rpc::contacts::contact_book_service_client::ContactBookServiceClient;
use rpc::contacts::contact_service_client::ContactServiceClient;
use rpc::contacts::{
    self, AddressKind, Contact, GetContactRequest, ListContactChangesRequest, ListContactsRequest,
    LookUpContactRequest, UpdateContactRequest,
};
use rpc::conversation::WriteToContactRequest;
use serde_json::{Value, json};
use tonic::transport::Channel;

use super::{first_message, import, interactions, merge, privacy, purchases, segment};
use crate::args::{ContactCommand, ContactFields, ContactWho, Purpose, Stage};
use crate::call::{call, pages};
use crate::output::Out;
use crate::show;
use crate::stack::{Endpoints, Service};

pub(crate) async fn run(command: ContactCommand, out: &Out) -> Result<ExitCode> {
    let channel = Endpoints::connect(Service::Contacts)?;
    let book = ContactBookServiceClient::new(channel.clone());
    match command {
        ContactCommand::List {
            workspace,
            purpose,
            stage,
            tag,
            limit,
        } => {
            let request = ListContactsRequest {
                workspace,
                purpose: spoken(purpose).into(),
                stage: stage.map_or(contacts::Stage::Unspecified, spoken_stage).into(),
                tag: tag.unwrap_or_default(),
                ..Default::default()
            };
            list(&pages!(book, list_contacts, request, contacts, limit), out)?;
        }
        ContactCommand::Show {
            workspace,
            who,
            purpose,
        } => {
            let found = find(&channel, workspace, who, purpose).await?;
            one(&found, out)?;
        }
        ContactCommand::Update {
            workspace,
            contact,
            change,
            version,
            by,
        } => {
            let request = UpdateContactRequest {
                workspace,
                contact,
                version,
                by,
                ..changed(change)?
            };
            let answer = call!(book, update_contact, request)?;
            one(&answer.contact.context("an empty answer")?, out)?;
        }
        ContactCommand::Write {
            workspace,
            contact,
            channel,
            text,
            address,
            agent,
            request,
        } => {
            let request = WriteToContactRequest {
                workspace,
                request_id: request,
                channel,
                contact,
                address,
                agent,
                text,
            };
            first_message::run(request, out).await?;
        }
        ContactCommand::Purchases {
            workspace,
            contact,
            limit,
        } => purchases::run(channel, workspace, contact, limit, out).await?,
        ContactCommand::Interactions {
            workspace,
            contact,
            limit,
        } => interactions::run(channel, workspace, contact, limit, out).await?,
        ContactCommand::Import(args) => return import::run(args, channel, out).await,
        ContactCommand::Segment { command } => segment::run(command, channel, out).await?,
        ContactCommand::Identity(command) => merge::run(command, channel, out).await?,
        ContactCommand::Privacy(command) => privacy::run(command, channel, out).await?,
        ContactCommand::Changes {
            workspace,
            contact,
            limit,
        } => {
            let request = ListContactChangesRequest {
                workspace,
                contact,
                purpose: contacts::Purpose::Support.into(),
                ..Default::default()
            };
            changes(&pages!(book, list_contact_changes, request, changes, limit), out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn find(channel: &Channel, workspace: String, who: ContactWho, purpose: Purpose) -> Result<Contact> {
    let client = ContactServiceClient::new(channel.clone());
    let purpose = spoken(purpose).into();
    if let Some(contact) = who.contact {
        let request = GetContactRequest {
            workspace,
            contact,
            purpose,
        };
        return call!(client, get_contact, request)?.contact.context("an empty answer");
    }
    let (kind, value) = match who.phone {
        Some(phone) => (AddressKind::Phone, phone),
        None => (AddressKind::Email, who.email.unwrap_or_default()),
    };
    let request = LookUpContactRequest {
        workspace,
        kind: kind.into(),
        value,
        default_country: String::new(),
        purpose,
        channel: String::new(),
    };
    call!(client, look_up_contact, request)?
        .contact
        .context("an empty answer")
}

/// The fields that are named, and the mask that says so.
fn changed(change: ContactFields) -> Result<UpdateContactRequest> {
    let mut paths = vec![];
    for (path, named) in [
        ("name", change.name.is_some()),
        ("stage", change.stage.is_some()),
        ("time_zone", change.time_zone.is_some()),
        ("tags", change.tags.is_some()),
    ] {
        if named {
            paths.push(path.to_owned());
        }
    }
    let mut data = HashMap::new();
    for pair in &change.data {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Fault::invalid("--data", "needs the form KEY=VALUE; KEY= removes it"))?;
        paths.push(format!("data.{key}"));
        data.insert(key.to_owned(), value.to_owned());
    }
    let tags = change.tags.unwrap_or_default();
    let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    Ok(UpdateContactRequest {
        mask: Some(FieldMask { paths }),
        name: change.name.unwrap_or_default(),
        stage: change.stage.map_or(contacts::Stage::Unspecified, spoken_stage).into(),
        tags: tags.map(str::to_owned).collect(),
        data,
        time_zone: change.time_zone.unwrap_or_default(),
        ..Default::default()
    })
}

pub(super) fn list(found: &[Contact], out: &Out) -> Result<()> {
    if out.json() {
        return out.document(&found.iter().map(document).collect::<Vec<Value>>());
    }
    let row = |one: &Contact| {
        let (stage, tags) = one.profile.as_ref().map_or_else(Default::default, |profile| {
            (stage_word(profile), profile.tags.join(", "))
        });
        let addresses: Vec<&str> = one.addresses.iter().map(|address| address.value.as_str()).collect();
        vec![one.contact.clone(), one.name.clone(), addresses.join(", "), stage, tags]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    out.table(&["contact", "name", "addresses", "stage", "tags"], &rows)
}

pub(super) fn one(found: &Contact, out: &Out) -> Result<()> {
    if out.json() {
        return out.document(&document(found));
    }
    let mut rows = vec![
        vec!["contact".to_owned(), found.contact.clone()],
        vec!["version".to_owned(), found.version.to_string()],
    ];
    if !found.name.is_empty() {
        rows.push(vec!["name".to_owned(), found.name.clone()]);
    }
    for address in &found.addresses {
        let verified = if address.verified { " (verified)" } else { "" };
        let channel = Some(address.channel.as_str()).filter(|channel| !channel.is_empty());
        let place = channel.map(|channel| format!(" in {channel}")).unwrap_or_default();
        rows.push(vec![kind_word(address), format!("{}{place}{verified}", address.value)]);
    }
    if let Some(profile) = &found.profile {
        rows.push(vec!["stage".to_owned(), stage_word(profile)]);
        if !profile.source.is_empty() {
            rows.push(vec!["source".to_owned(), profile.source.clone()]);
        }
        if !profile.time_zone.is_empty() {
            rows.push(vec!["time zone".to_owned(), profile.time_zone.clone()]);
        }
        rows.extend(profile.tags.iter().map(|tag| vec!["tag".to_owned(), tag.clone()]));
        let data = profile.data.iter();
        rows.extend(data.map(|datum| vec![format!("data.{}", datum.key), datum.value.clone()]));
    }
    out.table(&["", ""], &rows)
}

fn changes(found: &[contacts::ContactChange], out: &Out) -> Result<()> {
    if out.json() {
        let field =
            |one: &contacts::FieldChange| json!({ "field": one.field, "before": one.before, "after": one.after });
        let told = found.iter().map(|change| {
            json!({
                "version": change.version,
                "at": show::rfc3339(change.at.as_ref()),
                "by": change.by,
                "fields": change.fields.iter().map(field).collect::<Vec<Value>>(),
            })
        });
        return out.document(&told.collect::<Vec<Value>>());
    }
    let at = |change: &contacts::ContactChange| {
        let at = show::rfc3339(change.at.as_ref());
        at.as_str().unwrap_or("-").to_owned()
    };
    let row = |change: &contacts::ContactChange, field: &contacts::FieldChange| {
        vec![
            change.version.to_string(),
            at(change),
            change.by.clone(),
            field.field.clone(),
            field.before.clone(),
            field.after.clone(),
        ]
    };
    let rows = found
        .iter()
        .flat_map(|change| change.fields.iter().map(move |field| row(change, field)));
    let rows: Vec<Vec<String>> = rows.collect();
    out.table(&["version", "at", "by", "field", "before", "after"], &rows)
}

pub(super) fn document(one: &Contact) -> Value {
    let address = |address: &contacts::Address| {
        json!({
            "address": address.address, "kind": kind_word(address), "value": address.value,
            "country": address.country, "verified": address.verified, "channel": address.channel,
        })
    };
    let mut told = json!({
        "contact": one.contact,
        "name": one.name,
        "addresses": one.addresses.iter().map(address).collect::<Vec<Value>>(),
        "version": one.version,
        "created_at": show::rfc3339(one.created_at.as_ref()),
    });
    if let Some(profile) = &one.profile {
        let datum = |datum: &contacts::Datum| {
            let value = json!({ "value": datum.value, "at": show::rfc3339(datum.at.as_ref()), "by": datum.by });
            (datum.key.clone(), value)
        };
        told["stage"] = stage_word(profile).into();
        told["source"] = profile.source.clone().into();
        told["time_zone"] = profile.time_zone.clone().into();
        told["tags"] = profile.tags.clone().into();
        told["data"] = json!(profile.data.iter().map(datum).collect::<BTreeMap<_, _>>());
    }
    told
}

fn kind_word(address: &contacts::Address) -> String {
    show::word(address.kind().as_str_name(), "ADDRESS_KIND_")
}

fn stage_word(profile: &contacts::Profile) -> String {
    show::word(profile.stage().as_str_name(), "STAGE_")
}

pub(super) fn spoken(purpose: Purpose) -> contacts::Purpose {
    match purpose {
        Purpose::Support => contacts::Purpose::Support,
        Purpose::Outreach => contacts::Purpose::Outreach,
    }
}

fn spoken_stage(stage: Stage) -> contacts::Stage {
    match stage {
        Stage::Lead => contacts::Stage::Lead,
        Stage::Customer => contacts::Stage::Customer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_is_meant() -> Result<()> {
        let change = ContactFields {
            name: None,
            stage: None,
            time_zone: None,
            tags: Some("vip, new,".into()),
            data: vec!["size=3=8".into(), "colour=".into()],
        };
        let request = changed(change)?;
        let paths = request.mask.map(|mask| mask.paths).unwrap_or_default();
        assert_eq!(paths, ["tags", "data.size", "data.colour"]);
        assert_eq!(request.tags, ["vip", "new"]);
        assert_eq!(request.data.get("size").map(String::as_str), Some("3=8"));
        Ok(())
    }
}
