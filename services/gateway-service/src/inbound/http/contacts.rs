//! People: who they are for a named purpose, and what was changed about them.

use super::extract::{Body, Contacts, May, Params};
use super::problem::Answer;
use super::wire::{optional, time, word};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::ContactId;
use fault::Fault;
use prost_types::FieldMask;
use rpc::contacts::{
    self as wire, GetContactRequest, ListContactChangesRequest, ListContactsRequest, UpdateContactRequest,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What data are read for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The person's own request.
    Support,
    /// Anything that the workspace starts; shows only whom a consent allows.
    Outreach,
}

impl From<Purpose> for wire::Purpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Support => Self::Support,
            Purpose::Outreach => Self::Outreach,
        }
    }
}

/// How far a person has come.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Lead,
    Customer,
}

impl From<Stage> for wire::Stage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Lead => Self::Lead,
            Stage::Customer => Self::Customer,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListContacts {
    /// Only contacts with an address for it, and only what it may see: support or outreach.
    #[param(inline)]
    purpose: Purpose,
    /// Only in this stage: lead or customer.
    #[param(inline)]
    stage: Option<Stage>,
    /// Only with this tag.
    tag: Option<String>,
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GetContact {
    /// Only what it may see: support or outreach.
    #[param(inline)]
    purpose: Purpose,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListContactChanges {
    /// Changes serve support alone.
    #[param(inline)]
    purpose: Purpose,
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// A page of contacts.
#[derive(Serialize, ToSchema)]
pub struct ContactPage {
    contacts: Vec<Contact>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// A person. What the purpose or the caller's role may not see is absent.
#[derive(Serialize, ToSchema)]
pub struct Contact {
    /// UUID.
    contact: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Those that serve the purpose.
    addresses: Vec<Address>,
    /// Grows by one with each change.
    version: u64,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    /// lead or customer; for support only, like all that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    /// The channel in which the person first gave an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    /// IANA name of the zone the person lives in.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    /// Custom values by key.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<BTreeMap<String, Datum>>,
    /// What the person gave in which channel, newest first; of a single contact only.
    #[serde(skip_serializing_if = "Option::is_none")]
    captured: Option<Vec<Captured>>,
    /// What channels tell of the person; of a single contact only.
    #[serde(skip_serializing_if = "Option::is_none")]
    profiles: Option<Vec<ChannelProfile>>,
    /// Fields that the caller's role does not see and that are absent because of that; absent: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<String>,
}

/// A way to reach a person.
#[derive(Serialize, ToSchema)]
pub struct Address {
    /// UUID.
    address: String,
    /// phone, email, external (the site's own id of the person) or page_scoped (a social network's, good in one channel).
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// E.164, an e-mail address, or an id.
    value: String,
    /// Of a phone number: two capital letters of ISO 3166.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    verified: bool,
    /// Of a page-scoped id: where it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
}

/// A custom value, and who set it when.
#[derive(Serialize, ToSchema)]
pub struct Datum {
    value: String,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    by: String,
}

/// An address or a name that the person gave, the first time in that channel.
#[derive(Serialize, ToSchema)]
pub struct Captured {
    /// UUID of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

/// What a channel tells of whom it knows by an address.
#[derive(Serialize, ToSchema)]
pub struct ChannelProfile {
    channel: String,
    /// UUID of the address.
    address: String,
    /// By field: name, picture_url, gender, time_zone, locale, last_interaction_at.
    values: BTreeMap<String, ProfileValue>,
}

/// What a channel told last, and when.
#[derive(Serialize, ToSchema)]
pub struct ProfileValue {
    value: String,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

/// What to change; only the fields that are present are meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateContact {
    /// 1 to 200 characters; empty: none.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    #[schema(inline)]
    stage: Option<Stage>,
    /// IANA name of the zone the person lives in, for example Europe/Warsaw: quiet hours are read on its clock. Empty: not known.
    #[serde(default)]
    time_zone: Option<String>,
    /// All of them: at most 50, each 1 to 50 characters.
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// Custom values by key (1 to 40 of a-z, 0-9 and _, beginning with a letter), each 1 to 1,000 characters; null
    /// removes one, and those that are not named stay. At most 50 on a contact.
    #[serde(
        default,
        deserialize_with = "serde_with::rust::maps_duplicate_key_is_error::deserialize"
    )]
    data: BTreeMap<String, Option<String>>,
    /// The one that was read; 0: whatever it is.
    #[serde(default)]
    version: u64,
}

/// A page of changes.
#[derive(Serialize, ToSchema)]
pub struct ContactChangePage {
    changes: Vec<ContactChange>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// One change of a contact.
#[derive(Serialize, ToSchema)]
pub struct ContactChange {
    /// The contact's version after it.
    version: u64,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// The integration that made it, with the agent for whom it did after a slash; or customer.
    by: String,
    fields: Vec<FieldChange>,
}

/// What became of one field.
#[derive(Serialize, ToSchema)]
pub struct FieldChange {
    /// name, stage, time_zone, tag (one that came or went), data.KEY, or merged (the id of a contact that went into this one, or came out of
    /// it).
    field: String,
    /// Absent: there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// Absent: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// Contacts with an address that serves the purpose, newest first.
#[utoipa::path(get, path = "/v1/contacts", tag = "contacts", params(ListContacts), security(("api_token" = ["contacts"])),
    responses((status = 200, body = ContactPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_contacts(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Params(params): Params<ListContacts>,
) -> Answer<Json<ContactPage>> {
    let request = ListContactsRequest {
        workspace: caller.workspace.to_string(),
        purpose: wire::Purpose::from(params.purpose).into(),
        stage: params.stage.map_or(wire::Stage::Unspecified, wire::Stage::from).into(),
        tag: params.tag.unwrap_or_default(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.contacts.list_contacts(&caller, request).await?;
    Ok(Json(ContactPage::of(page.contacts, page.next_page_token)))
}

/// One contact, as far as the purpose may see it.
#[utoipa::path(get, path = "/v1/contacts/{contact}", tag = "contacts",
    params(("contact" = String, Path, description = "UUID"), GetContact), security(("api_token" = ["contacts"])),
    responses((status = 200, body = Contact),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_contact(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(contact): Path<String>,
    Params(params): Params<GetContact>,
) -> Answer<Json<Contact>> {
    let request = GetContactRequest {
        workspace: caller.workspace.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
        purpose: wire::Purpose::from(params.purpose).into(),
    };
    let answer = edge.contacts.get_contact(&caller, request).await?;
    let captured = answer.captured.into_iter().map(|given| Captured {
        address: optional(given.address),
        name: optional(given.name),
        channel: optional(given.channel),
        at: time(given.at),
    });
    let told = answer.contact.ok_or_else(|| Fault::not_found("contact"))?;
    let shows = |field: &str| told.profile.is_some() && !told.hidden.iter().any(|hidden| hidden == field);
    let profiles = answer.profiles.into_iter().map(ChannelProfile::of);
    Ok(Json(Contact {
        captured: shows("source").then(|| captured.collect()),
        profiles: shows("profiles").then(|| profiles.collect()),
        ..Contact::of(told)
    }))
}

/// Changes what is present, in the name of the token's integration. 409 where the version is another one by now, 403 where the
/// caller's role may not change a field.
#[utoipa::path(patch, path = "/v1/contacts/{contact}", tag = "contacts",
    params(("contact" = String, Path, description = "UUID")), request_body = UpdateContact,
    security(("api_token" = ["contacts"])), responses((status = 200, body = Contact),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn update_contact(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(contact): Path<String>,
    Body(body): Body<UpdateContact>,
) -> Answer<Json<Contact>> {
    let fields = [
        ("name", body.name.is_some()),
        ("stage", body.stage.is_some()),
        ("time_zone", body.time_zone.is_some()),
        ("tags", body.tags.is_some()),
    ];
    let fields = fields.into_iter().filter(|(_, meant)| *meant);
    let keys = body.data.keys().map(|key| format!("data.{key}"));
    let paths: Vec<String> = fields.map(|(path, _)| path.to_owned()).chain(keys).collect();
    if paths.is_empty() {
        return Err(Fault::invalid("body", "names nothing to change").into());
    }
    let values = body.data.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let request = UpdateContactRequest {
        workspace: caller.workspace.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
        mask: Some(FieldMask { paths }),
        version: body.version,
        by: caller.by(),
        name: body.name.unwrap_or_default(),
        stage: body.stage.map_or(wire::Stage::Unspecified, wire::Stage::from).into(),
        tags: body.tags.unwrap_or_default(),
        data: values.collect(),
        time_zone: body.time_zone.unwrap_or_default(),
    };
    let answer = edge.contacts.update_contact(&caller, request).await?;
    Ok(Json(Contact::answered(answer.contact)?))
}

/// What was changed of a contact, by whom and when, newest first.
#[utoipa::path(get, path = "/v1/contacts/{contact}/changes", tag = "contacts",
    params(("contact" = String, Path, description = "UUID"), ListContactChanges),
    security(("api_token" = ["contacts"])), responses((status = 200, body = ContactChangePage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_contact_changes(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(contact): Path<String>,
    Params(params): Params<ListContactChanges>,
) -> Answer<Json<ContactChangePage>> {
    let request = ListContactChangesRequest {
        workspace: caller.workspace.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
        purpose: wire::Purpose::from(params.purpose).into(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.contacts.list_contact_changes(&caller, request).await?;
    let field = |field: wire::FieldChange| FieldChange {
        field: field.field,
        before: optional(field.before),
        after: optional(field.after),
    };
    let change = |change: wire::ContactChange| ContactChange {
        version: change.version,
        at: time(change.at),
        by: change.by,
        fields: change.fields.into_iter().map(field).collect(),
    };
    Ok(Json(ContactChangePage {
        changes: page.changes.into_iter().map(change).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

impl ContactPage {
    pub(super) fn of(contacts: Vec<wire::Contact>, next_page_token: String) -> Self {
        Self {
            contacts: contacts.into_iter().map(Contact::of).collect(),
            next_page_token: optional(next_page_token),
        }
    }
}

impl Contact {
    pub(super) fn answered(contact: Option<wire::Contact>) -> Result<Self, Fault> {
        contact.map(Self::of).ok_or_else(|| Fault::not_found("contact"))
    }

    pub(super) fn of(found: wire::Contact) -> Self {
        let profile = found.profile;
        let stage = profile.as_ref().map(|profile| profile.stage().as_str_name());
        let shows = |field: &str| !found.hidden.iter().any(|hidden| hidden == field);
        let (tags, data) = (shows("tags"), shows("data"));
        Self {
            stage: stage.and_then(|name| word(name, "STAGE_")),
            source: profile.as_ref().and_then(|profile| optional(profile.source.clone())),
            tags: profile.as_ref().filter(|_| tags).map(|profile| profile.tags.clone()),
            time_zone: profile.as_ref().and_then(|profile| optional(profile.time_zone.clone())),
            data: profile
                .filter(|_| data)
                .map(|profile| profile.data.into_iter().map(datum).collect()),
            contact: found.contact,
            name: optional(found.name),
            addresses: found.addresses.into_iter().map(Address::of).collect(),
            version: found.version,
            created_at: time(found.created_at),
            captured: None,
            profiles: None,
            hidden: found.hidden,
        }
    }
}

fn datum(datum: wire::Datum) -> (String, Datum) {
    let told = Datum {
        value: datum.value,
        at: time(datum.at),
        by: datum.by,
    };
    (datum.key, told)
}

impl ChannelProfile {
    fn of(found: wire::ChannelProfile) -> Self {
        let value = |one: wire::ProfileValue| {
            let told = ProfileValue {
                value: one.value,
                at: time(one.at),
            };
            (one.field, told)
        };
        Self {
            channel: found.channel,
            address: found.address,
            values: found.values.into_iter().map(value).collect(),
        }
    }
}

impl Address {
    fn of(found: wire::Address) -> Self {
        Self {
            kind: word(found.kind().as_str_name(), "ADDRESS_KIND_"),
            address: found.address,
            value: found.value,
            country: optional(found.country),
            verified: found.verified,
            channel: optional(found.channel),
        }
    }
}
