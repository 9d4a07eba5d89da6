//! What teams say by themselves, by gRPC to conversation-service.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use events::common::AutomaticMessageKind;
use rpc::conversation::automatic_message_service_client::AutomaticMessageServiceClient;
use rpc::conversation::{
    self as wire, GetAutomaticMessagesRequest, PreviewAutomaticMessageRequest, SetAutomaticMessagesRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tonic::transport::Channel;

use super::money::read;
use crate::call::call;
use crate::output::Out;
use crate::stack::{Endpoints, Service};

/// What stands before a kind's word on the wire.
const PREFIX: &str = "AUTOMATIC_MESSAGE_KIND_";

/// What a team says, as it is printed and read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Messages {
    /// By the word of their kind.
    #[serde(default)]
    messages: BTreeMap<String, Setting>,
    #[serde(default)]
    open_for_missed_calls: bool,
    #[serde(default)]
    contact_page: String,
}

/// See the messages of AutomaticMessageService.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Setting {
    on: bool,
    #[serde(default)]
    business_name: bool,
    #[serde(default)]
    team_name: bool,
    #[serde(default)]
    extra_text: String,
}

impl Setting {
    fn on_wire(self, kind: AutomaticMessageKind) -> wire::AutomaticMessage {
        wire::AutomaticMessage {
            kind: kind.into(),
            on: self.on,
            business_name: self.business_name,
            team_name: self.team_name,
            extra_text: self.extra_text,
        }
    }
}

impl Messages {
    fn new(wire: wire::AutomaticMessages) -> Self {
        let each = wire.messages.into_iter().map(|one| {
            let word = one.kind().as_str_name().trim_start_matches(PREFIX).to_lowercase();
            let setting = Setting {
                on: one.on,
                business_name: one.business_name,
                team_name: one.team_name,
                extra_text: one.extra_text,
            };
            (word, setting)
        });
        Self {
            messages: each.collect(),
            open_for_missed_calls: wire.open_for_missed_calls,
            contact_page: wire.contact_page,
        }
    }

    fn into_wire(self) -> Result<wire::AutomaticMessages> {
        let each = self.messages.into_iter();
        let each = each.map(|(word, setting)| Ok(setting.on_wire(kind_of(&word)?)));
        Ok(wire::AutomaticMessages {
            messages: each.collect::<Result<_>>()?,
            open_for_missed_calls: self.open_for_missed_calls,
            contact_page: self.contact_page,
        })
    }
}

fn kind_of(word: &str) -> Result<AutomaticMessageKind> {
    AutomaticMessageKind::from_str_name(&format!("{PREFIX}{}", word.to_uppercase()))
        .filter(|kind| *kind != AutomaticMessageKind::Unspecified)
        .ok_or_else(|| anyhow!("'{word}' is no automatic message; `homing team preview --help` names them"))
}

fn client() -> Result<AutomaticMessageServiceClient<Channel>> {
    let channel = Endpoints::connect(Service::Conversation)?;
    Ok(AutomaticMessageServiceClient::new(channel))
}

pub(super) async fn get(out: &Out, workspace: String, team: String) -> Result<()> {
    let request = GetAutomaticMessagesRequest { workspace, team };
    let told = call!(client()?, get_automatic_messages, request)?;
    let messages = Messages::new(told.messages.unwrap_or_default());
    if out.json() {
        return out.document(&json!({ "messages": messages, "version": told.version }));
    }
    out.line(serde_json::to_string_pretty(&messages)?)
}

pub(super) async fn set(out: &Out, workspace: String, team: String, file: &Path, version: u64) -> Result<()> {
    let text = read(file)?;
    let messages: Messages =
        serde_json::from_str(&text).with_context(|| format!("{} holds no automatic messages", file.display()))?;
    let request = SetAutomaticMessagesRequest {
        workspace,
        team,
        messages: Some(messages.into_wire()?),
        version,
    };
    let version = call!(client()?, set_automatic_messages, request)?.version;
    if out.json() {
        return out.document(&json!({ "version": version }));
    }
    out.line(format!("version {version}"))
}

/// The words of a message as its team has it set.
pub(super) async fn preview(
    workspace: String,
    team: String,
    kind: &str,
    language: Option<String>,
    by_text: bool,
) -> Result<String> {
    let kind = kind_of(kind)?;
    let request = GetAutomaticMessagesRequest {
        workspace: workspace.clone(),
        team: team.clone(),
    };
    let told = call!(client()?, get_automatic_messages, request)?;
    let set = told.messages.unwrap_or_default().messages;
    let set = set.into_iter().find(|one| one.kind() == kind);
    let request = PreviewAutomaticMessageRequest {
        workspace,
        team,
        message: Some(set.unwrap_or_else(|| Setting::default().on_wire(kind))),
        language: language.unwrap_or_default(),
        by_text,
    };
    Ok(call!(client()?, preview_automatic_message, request)?.text)
}
