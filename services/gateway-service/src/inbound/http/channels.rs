//! Settings of a channel.

use super::extract::{Admin, Body, May, Read};
use super::problem::Answer;
use super::wire::word;
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::ChannelId;
use events::common::{ChannelKind, ChannelSettings, FieldRule as Rule, FollowUpPolicy, PresenceSource as Source};
use fault::Fault;
use prost_types::FieldMask;
use rpc::conversation::{self as wire, GetChannelRequest, UpdateChannelRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Whether a contact field is asked for when a chat starts.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldRule {
    Off,
    Optional,
    Required,
}

/// How a customer is brought back.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Text first; e-mail if the text gets no response within the escalation time.
    TextThenEmail,
    /// E-mail alone.
    EmailOnUnread,
}

/// Where presence of the channel's customers comes from.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceSource {
    Widget,
    Integration,
    None,
}

/// Settings of a channel. In a change, only the fields that are present are meant.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<FieldRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<FieldRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<FieldRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_source: Option<PresenceSource>,
    /// Follow-ups are made at all.
    follow_up: Option<bool>,
    /// A bot's answer may start a follow-up.
    bot_answers_follow_up: Option<bool>,
    /// Send a confirmation text once the first message is stored.
    confirmation_text: Option<bool>,
    /// Wait after the last answer.
    debounce_ms: Option<u32>,
    /// Wait at most after the first unread answer.
    ceiling_ms: Option<u32>,
    /// How long a text may stay without response before the e-mail.
    escalation_ms: Option<u32>,
    /// How long an answer may stay unread before an e-mail alone.
    unread_mail_ms: Option<u32>,
    /// en, pl or fr.
    language: Option<String>,
    /// Name that texts and mails bear.
    business_name: Option<String>,
    /// ISO 3166 alpha-2, for phone numbers without a country code.
    default_country: Option<String>,
    /// Web origins that may open the widget and that return links lead to. Empty: any.
    allowed_origins: Option<Vec<String>>,
    /// Texts a single number may get in a day.
    texts_per_number_per_day: Option<u32>,
    /// Mails a single address may get in a day.
    mails_per_address_per_day: Option<u32>,
    /// Hours of the customer's day without follow-ups by text, "22:00-08:00"; at most 12 hours, "": none.
    text_quiet_hours: Option<String>,
    /// The same for e-mails.
    mail_quiet_hours: Option<String>,
    /// Sender of texts: a number, or a name of at most 11 letters, which nobody can answer. "": the deployment's.
    text_from: Option<String>,
    /// Countries (ISO 3166 alpha-2) that texts may go to. Empty: every country with a price.
    text_countries: Option<Vec<String>>,
    /// Slug of the team that answers here: its opening hours and automatic messages hold. "": none.
    team: Option<String>,
    /// When a conversation is resolved, a copy of it is mailed to the e-mail address that was given in it.
    transcript_at_end: Option<bool>,
    /// Follow-ups go only to addresses that are proved to be the customer's, which an identity token does.
    follow_up_verified_only: Option<bool>,
}

/// A channel.
#[derive(Serialize, ToSchema)]
pub struct Channel {
    channel: String,
    /// web, sms, email, whatsapp, facebook, instagram or voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    settings: Settings,
    /// Grows by one with each change.
    version: u64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateChannel {
    settings: Settings,
    /// The version that the change was made from; left out or 0: whatever it is.
    #[serde(default)]
    version: u64,
}

impl From<wire::Channel> for Channel {
    fn from(found: wire::Channel) -> Self {
        let kind = ChannelKind::try_from(found.kind).unwrap_or_default();
        Self {
            channel: found.channel,
            kind: word(kind.as_str_name(), "CHANNEL_KIND_"),
            settings: found.settings.unwrap_or_default().into(),
            version: found.version,
        }
    }
}

fn rule(rule: Rule) -> Option<FieldRule> {
    match rule {
        Rule::Unspecified => None,
        Rule::Off => Some(FieldRule::Off),
        Rule::Optional => Some(FieldRule::Optional),
        Rule::Required => Some(FieldRule::Required),
    }
}

impl From<ChannelSettings> for Settings {
    fn from(found: ChannelSettings) -> Self {
        Self {
            phone: rule(found.phone()),
            email: rule(found.email()),
            name: rule(found.name()),
            policy: match found.policy() {
                FollowUpPolicy::Unspecified => None,
                FollowUpPolicy::TextThenEmail => Some(Policy::TextThenEmail),
                FollowUpPolicy::EmailOnUnread => Some(Policy::EmailOnUnread),
            },
            presence_source: match found.presence_source() {
                Source::Unspecified => None,
                Source::Widget => Some(PresenceSource::Widget),
                Source::Integration => Some(PresenceSource::Integration),
                Source::None => Some(PresenceSource::None),
            },
            follow_up: Some(found.follow_up),
            bot_answers_follow_up: Some(found.bot_answers_follow_up),
            confirmation_text: Some(found.confirmation_text),
            debounce_ms: Some(found.debounce_ms),
            ceiling_ms: Some(found.ceiling_ms),
            escalation_ms: Some(found.escalation_ms),
            unread_mail_ms: Some(found.unread_mail_ms),
            language: Some(found.language),
            business_name: Some(found.business_name),
            default_country: Some(found.default_country),
            allowed_origins: Some(found.allowed_origins),
            texts_per_number_per_day: Some(found.texts_per_number_per_day),
            mails_per_address_per_day: Some(found.mails_per_address_per_day),
            text_quiet_hours: Some(found.text_quiet_hours),
            mail_quiet_hours: Some(found.mail_quiet_hours),
            text_from: Some(found.text_from),
            text_countries: Some(found.text_countries),
            team: Some(found.team),
            transcript_at_end: Some(found.transcript_at_end),
            follow_up_verified_only: Some(found.follow_up_verified_only),
        }
    }
}

impl From<FieldRule> for Rule {
    fn from(rule: FieldRule) -> Self {
        match rule {
            FieldRule::Off => Self::Off,
            FieldRule::Optional => Self::Optional,
            FieldRule::Required => Self::Required,
        }
    }
}

impl From<Policy> for FollowUpPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::TextThenEmail => Self::TextThenEmail,
            Policy::EmailOnUnread => Self::EmailOnUnread,
        }
    }
}

impl From<PresenceSource> for Source {
    fn from(source: PresenceSource) -> Self {
        match source {
            PresenceSource::Widget => Self::Widget,
            PresenceSource::Integration => Self::Integration,
            PresenceSource::None => Self::None,
        }
    }
}

impl Settings {
    /// The settings, and which of them are meant.
    fn change(self) -> (ChannelSettings, FieldMask) {
        let mut settings = ChannelSettings::default();
        let mut paths = Vec::new();
        macro_rules! take {
            ($($field:ident: $convert:expr;)+) => {$(
                if let Some(value) = self.$field {
                    settings.$field = $convert(value);
                    paths.push(stringify!($field).to_owned());
                }
            )+};
        }
        take! {
            phone: |rule| Rule::from(rule).into();
            email: |rule| Rule::from(rule).into();
            name: |rule| Rule::from(rule).into();
            policy: |policy| FollowUpPolicy::from(policy).into();
            presence_source: |source| Source::from(source).into();
            follow_up: std::convert::identity;
            bot_answers_follow_up: std::convert::identity;
            confirmation_text: std::convert::identity;
            debounce_ms: std::convert::identity;
            ceiling_ms: std::convert::identity;
            escalation_ms: std::convert::identity;
            unread_mail_ms: std::convert::identity;
            language: std::convert::identity;
            business_name: std::convert::identity;
            default_country: std::convert::identity;
            allowed_origins: std::convert::identity;
            texts_per_number_per_day: std::convert::identity;
            mails_per_address_per_day: std::convert::identity;
            text_quiet_hours: std::convert::identity;
            mail_quiet_hours: std::convert::identity;
            text_from: std::convert::identity;
            text_countries: std::convert::identity;
            team: std::convert::identity;
            transcript_at_end: std::convert::identity;
            follow_up_verified_only: std::convert::identity;
        }
        (settings, FieldMask { paths })
    }
}

/// A channel and its settings.
#[utoipa::path(get, path = "/v1/channels/{channel}", tag = "channels",
    params(("channel" = String, Path, description = "Slug")), security(("api_token" = ["read"])),
    responses((status = 200, body = Channel),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_channel(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(channel): Path<String>,
) -> Answer<Json<Channel>> {
    let request = GetChannelRequest {
        workspace: caller.workspace.to_string(),
        channel: ChannelId::parse(&channel)?.to_string(),
    };
    let answer = edge.conversations.get_channel(request).await?;
    Ok(Json(answer.channel.ok_or_else(|| Fault::not_found("channel"))?.into()))
}

/// Changes the settings that are present.
#[utoipa::path(patch, path = "/v1/channels/{channel}", tag = "channels",
    params(("channel" = String, Path, description = "Slug")), request_body = UpdateChannel,
    security(("api_token" = ["admin"])), responses((status = 200, body = Channel),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn update_channel(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(channel): Path<String>,
    Body(body): Body<UpdateChannel>,
) -> Answer<Json<Channel>> {
    let channel = ChannelId::parse(&channel)?;
    let (settings, mask) = body.settings.change();
    if mask.paths.is_empty() {
        return Err(Fault::invalid("settings", "names nothing to change").into());
    }
    let request = UpdateChannelRequest {
        workspace: caller.workspace.to_string(),
        channel: channel.to_string(),
        settings: Some(settings),
        mask: Some(mask),
        version: body.version,
    };
    let answer = edge.conversations.update_channel(request).await?;
    edge.forget_channel(&caller.workspace, &channel);
    Ok(Json(answer.channel.ok_or_else(|| Fault::not_found("channel"))?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_present_is_meant() {
        let body = r#"{"phone": "required", "debounce_ms": 0, "allowed_origins": []}"#;
        let settings: Settings = serde_json::from_str(body).expect("settings");
        let (settings, mask) = settings.change();
        assert_eq!(mask.paths, ["phone", "debounce_ms", "allowed_origins"]);
        assert_eq!(settings.phone(), Rule::Required);
        assert_eq!(settings.debounce_ms, 0);
    }

    #[test]
    fn settings_survive_their_json() {
        let there = ChannelSettings {
            phone: Rule::Required.into(),
            email: Rule::Off.into(),
            name: Rule::Optional.into(),
            policy: FollowUpPolicy::EmailOnUnread.into(),
            presence_source: Source::Integration.into(),
            follow_up: true,
            bot_answers_follow_up: true,
            confirmation_text: true,
            debounce_ms: 1,
            ceiling_ms: 2,
            escalation_ms: 3,
            unread_mail_ms: 4,
            language: "pl".into(),
            business_name: "Acme".into(),
            default_country: "PL".into(),
            allowed_origins: vec!["https://shop.example".into()],
            texts_per_number_per_day: 5,
            mails_per_address_per_day: 4,
            text_quiet_hours: "22:00-08:00".into(),
            mail_quiet_hours: "23:00-07:00".into(),
            text_from: "+48732000000".into(),
            text_countries: vec!["PL".into()],
            team: "parcels".into(),
            transcript_at_end: true,
            follow_up_verified_only: true,
        };
        let json = serde_json::to_string(&Settings::from(there.clone())).expect("JSON");
        let back: Settings = serde_json::from_str(&json).expect("settings");
        let (back, mask) = back.change();
        assert_eq!((back, mask.paths.len()), (there, 25));
    }
}
