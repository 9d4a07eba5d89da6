//! Who may call which route.

use crate::gateway::World;
use crate::peers::{SCOPES, TOKEN, token_with, token_without};
use anyhow::{Context, Result};
use reqwest::Method;
use rpc::conversation::Scope;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asks {
    /// Nothing, or something of its own: a link, a signature, a ticket.
    NoToken,
    /// The token of a widget's session; no API token opens it.
    Session,
    /// The secret of the mail server that hands mails over; no API token opens it.
    MailSecret,
    /// An API token with this scope.
    Token(Scope),
}

use Asks::{MailSecret, NoToken, Session, Token};

/// Every route of the OpenAPI document, and what it asks for.
const ROUTES: &[(&str, &str, Asks)] = &[
    ("get", "/healthz", NoToken),
    ("get", "/readyz", NoToken),
    ("get", "/r/{link}", NoToken),
    ("get", "/u/{link}", NoToken),
    ("post", "/u/{link}", NoToken),
    ("get", "/v1/agents", Token(Scope::Read)),
    ("get", "/v1/agents/{agent}", Token(Scope::Admin)),
    ("patch", "/v1/agents/{agent}", Token(Scope::Admin)),
    ("put", "/v1/agents/{agent}/availability", Token(Scope::Write)),
    ("put", "/v1/agents/{agent}/profile", Token(Scope::Admin)),
    ("put", "/v1/agents/{agent}/role", Token(Scope::Admin)),
    ("get", "/v1/agents/{agent}/stars", Token(Scope::Read)),
    ("post", "/v1/agents/{agent}/tickets", Token(Scope::Write)),
    ("get", "/v1/agent-socket", NoToken),
    ("get", "/v1/balance", Token(Scope::Read)),
    ("post", "/v1/beacon", NoToken),
    ("post", "/v1/callbacks/mail", MailSecret),
    ("get", "/v1/callbacks/sms/{workspace}/inbound", NoToken),
    ("post", "/v1/callbacks/sms/{workspace}/inbound", NoToken),
    ("get", "/v1/callbacks/sms/{workspace}/{delivery}/{mac}", NoToken),
    ("post", "/v1/callbacks/sms/{workspace}/{delivery}/{mac}", NoToken),
    ("get", "/v1/cards/{card}", Token(Scope::Read)),
    ("get", "/v1/channels/{channel}", Token(Scope::Read)),
    ("patch", "/v1/channels/{channel}", Token(Scope::Admin)),
    ("get", "/v1/channels/{channel}/routing", Token(Scope::Read)),
    ("put", "/v1/channels/{channel}/routing", Token(Scope::Admin)),
    ("get", "/v1/charges", Token(Scope::Read)),
    ("get", "/v1/contact-conflicts", Token(Scope::Contacts)),
    ("delete", "/v1/contact-conflicts/{conflict}", Token(Scope::Contacts)),
    ("post", "/v1/contact-identities", Token(Scope::Contacts)),
    ("get", "/v1/contact-imports/{import}", Token(Scope::Contacts)),
    ("post", "/v1/contact-imports/{import}", Token(Scope::Contacts)),
    ("get", "/v1/contact-imports/{import}/problems", Token(Scope::Contacts)),
    ("post", "/v1/contact-segments/count", Token(Scope::Contacts)),
    ("post", "/v1/contact-segments/export", Token(Scope::Contacts)),
    ("post", "/v1/contact-segments/list", Token(Scope::Contacts)),
    ("get", "/v1/contacts", Token(Scope::Contacts)),
    ("get", "/v1/contacts/{contact}", Token(Scope::Contacts)),
    ("patch", "/v1/contacts/{contact}", Token(Scope::Contacts)),
    ("get", "/v1/contacts/{contact}/changes", Token(Scope::Contacts)),
    ("get", "/v1/contacts/{contact}/consents", Token(Scope::Contacts)),
    ("post", "/v1/contacts/{contact}/consents", Token(Scope::Contacts)),
    ("delete", "/v1/contacts/{contact}/merge", Token(Scope::Contacts)),
    ("post", "/v1/contacts/{contact}/merges", Token(Scope::Contacts)),
    ("post", "/v1/contacts/{contact}/messages", Token(Scope::Write)),
    ("post", "/v1/contacts/{contact}/erasures", Token(Scope::Privacy)),
    ("get", "/v1/contacts/{contact}/export", Token(Scope::Privacy)),
    ("get", "/v1/erasures", Token(Scope::Privacy)),
    ("get", "/v1/erasures/{erasure}", Token(Scope::Privacy)),
    ("get", "/v1/contacts/{contact}/interactions", Token(Scope::Contacts)),
    ("get", "/v1/contacts/{contact}/purchases", Token(Scope::Contacts)),
    ("post", "/v1/contacts/{contact}/withdrawals", Token(Scope::Contacts)),
    ("get", "/v1/conversations", Token(Scope::Read)),
    ("get", "/v1/conversations/{conversation}", Token(Scope::Read)),
    ("put", "/v1/conversations/{conversation}/assignee", Token(Scope::Write)),
    (
        "get",
        "/v1/conversations/{conversation}/assignments",
        Token(Scope::Read),
    ),
    (
        "post",
        "/v1/conversations/{conversation}/automatic-messages",
        Token(Scope::Write),
    ),
    ("get", "/v1/conversations/{conversation}/explain", Token(Scope::Read)),
    ("post", "/v1/conversations/{conversation}/cards", Token(Scope::Write)),
    ("post", "/v1/conversations/{conversation}/forms", Token(Scope::Write)),
    ("get", "/v1/conversations/{conversation}/messages", Token(Scope::Read)),
    ("post", "/v1/conversations/{conversation}/messages", Token(Scope::Write)),
    (
        "put",
        "/v1/conversations/{conversation}/messages/{seq}/delivery",
        Token(Scope::Write),
    ),
    ("post", "/v1/conversations/{conversation}/resolve", Token(Scope::Write)),
    (
        "put",
        "/v1/conversations/{conversation}/stars/{agent}",
        Token(Scope::Write),
    ),
    (
        "delete",
        "/v1/conversations/{conversation}/stars/{agent}",
        Token(Scope::Write),
    ),
    (
        "post",
        "/v1/conversations/{conversation}/transcripts",
        Token(Scope::Write),
    ),
    ("post", "/v1/conversations/{conversation}/transfer", Token(Scope::Write)),
    (
        "post",
        "/v1/conversations/{conversation}/workflow-runs",
        Token(Scope::Write),
    ),
    ("post", "/v1/events", Token(Scope::Ingest)),
    ("get", "/v1/follow-ups", Token(Scope::Read)),
    ("get", "/v1/follow-ups/{follow_up}/explain", Token(Scope::Read)),
    ("get", "/v1/identity-keys", Token(Scope::Admin)),
    ("post", "/v1/identity-keys", Token(Scope::Admin)),
    ("delete", "/v1/identity-keys/{key}", Token(Scope::Admin)),
    ("get", "/v1/input-forms", Token(Scope::Read)),
    ("put", "/v1/input-forms/{name}", Token(Scope::Admin)),
    ("get", "/v1/integrations", Token(Scope::Admin)),
    ("patch", "/v1/integrations/{integration}", Token(Scope::Admin)),
    ("put", "/v1/integrations/{integration}/role", Token(Scope::Admin)),
    ("get", "/v1/invitations", Token(Scope::Read)),
    ("put", "/v1/opt-outs", Token(Scope::Write)),
    ("get", "/v1/ratings", Token(Scope::Read)),
    ("get", "/v1/requests", Token(Scope::Read)),
    ("get", "/v1/role-changes", Token(Scope::Admin)),
    ("get", "/v1/roles", Token(Scope::Admin)),
    ("patch", "/v1/roles/{role}", Token(Scope::Admin)),
    ("delete", "/v1/roles/{role}", Token(Scope::Admin)),
    ("get", "/v1/requests/{request}", Token(Scope::Read)),
    ("post", "/v1/requests/{request}/accept", Token(Scope::Write)),
    ("post", "/v1/requests/{request}/decline", Token(Scope::Write)),
    ("post", "/v1/requests/{request}/start", Token(Scope::Write)),
    ("get", "/v1/retention/{kept}", Token(Scope::Admin)),
    ("put", "/v1/retention/{kept}", Token(Scope::Admin)),
    ("post", "/v1/return", NoToken),
    ("post", "/v1/sessions", NoToken),
    ("get", "/v1/socket", NoToken),
    ("get", "/v1/teams", Token(Scope::Read)),
    ("get", "/v1/teams/{team}/automatic-messages", Token(Scope::Read)),
    ("put", "/v1/teams/{team}/automatic-messages", Token(Scope::Admin)),
    (
        "post",
        "/v1/teams/{team}/automatic-messages/{kind}/preview",
        Token(Scope::Read),
    ),
    ("get", "/v1/teams/{team}/opening", Token(Scope::Read)),
    ("get", "/v1/teams/{team}/opening-hours", Token(Scope::Read)),
    ("put", "/v1/teams/{team}/opening-hours", Token(Scope::Admin)),
    ("post", "/v1/tickets", Session),
    ("get", "/v1/usage", Token(Scope::Read)),
    ("get", "/v1/workflow-runs", Token(Scope::Read)),
    ("get", "/v1/workflow-runs/{run}", Token(Scope::Read)),
    ("post", "/v1/workflow-runs/{run}/cancel", Token(Scope::Write)),
    ("get", "/v1/workflows", Token(Scope::Read)),
    ("put", "/v1/workflows/{key}", Token(Scope::Admin)),
    ("get", "/v1/workspace", Token(Scope::Read)),
    ("patch", "/v1/workspace", Token(Scope::Admin)),
];

/// What the router knows and the document does not: pages for people.
const PAGES: [&str; 3] = ["/", "/chat", "/demo/{workspace}/{channel}"];

fn word(scope: Scope) -> String {
    scope.as_str_name().trim_start_matches("SCOPE_").to_ascii_lowercase()
}

#[test]
fn every_route_is_in_the_table_with_what_it_asks_for() -> Result<()> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(document)?)?;
    let mut documented = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().context("paths")? {
        for (method, operation) in operations.as_object().context("operations")? {
            documented.insert((method.clone(), path.clone()), operation["security"].clone());
        }
    }
    let asked = |asks: Asks| match asks {
        NoToken => Value::Null,
        Session => json!([{ "session": [] }]),
        MailSecret => json!([{ "mail_secret": [] }]),
        Token(scope) => json!([{ "api_token": [word(scope)] }]),
    };
    let table: BTreeMap<_, _> = ROUTES
        .iter()
        .map(|(method, path, asks)| (((*method).to_owned(), (*path).to_owned()), asked(*asks)))
        .collect();
    assert_eq!(documented, table);
    Ok(())
}

#[test]
fn every_route_of_the_router_is_documented() {
    let source = include_str!("../../src/inbound/http/mod.rs");
    let routed: BTreeSet<&str> = source
        .split(".route(")
        .skip(1)
        .filter_map(|rest| rest.split('"').nth(1))
        .collect();
    let known: BTreeSet<&str> = ROUTES.iter().map(|(_, path, _)| *path).chain(PAGES).collect();
    assert_eq!(routed, known);
}

#[tokio::test]
async fn a_token_opens_the_routes_of_its_scope_and_no_others() -> Result<()> {
    let world = World::start().await?;
    let call = async |method: &str, path: &str, token: &str| -> Result<(u16, Value)> {
        let path = path
            .replace("{conversation}", "1")
            .replace("{contact}", "018f4e3a-0000-7000-8000-000000000002")
            .replace("{conflict}", "018f4e3a-0000-7000-8000-000000000003")
            .replace("{erasure}", "018f4e3a-0000-7000-8000-000000000003")
            .replace("{follow_up}", "018f4e3a-0000-7000-8000-000000000001")
            .replace("{channel}", "web")
            .replace("{seq}", "1")
            .replace("{integration}", "crm")
            .replace("{kept}", "contacts")
            .replace("{link}", "acme.DDDDDDDDDDDDDDDDDDDDDD");
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())?;
        let request = world.http.request(method, world.url(&path)).bearer_auth(token);
        let answer = request.json(&json!({})).send().await?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    };
    for (method, path, asks) in ROUTES {
        match asks {
            Token(scope) => {
                let (status, problem) = call(method, path, &token_without(*scope)).await?;
                let named = problem["detail"]
                    .as_str()
                    .is_some_and(|detail| detail.contains(&format!("'{}'", word(*scope))));
                assert!(status == 403 && named, "{method} {path}: {status} {problem}");
                let (status, problem) = call(method, path, &token_with(*scope)).await?;
                assert!(
                    ![401, 403, 405].contains(&status),
                    "{method} {path}: {status} {problem}"
                );
            }
            Session => {
                let (status, problem) = call(method, path, TOKEN).await?;
                assert_eq!(status, 401, "{method} {path}: {problem}");
            }
            MailSecret => {
                let (status, problem) = call(method, path, TOKEN).await?;
                assert!([401, 403].contains(&status), "{method} {path}: {status} {problem}");
            }
            NoToken => {
                for scope in SCOPES {
                    let (status, problem) = call(method, path, &token_without(scope)).await?;
                    let denied = ["access.denied", "access.unauthenticated"].map(Value::from);
                    assert!(
                        status != 405 && !denied.contains(&problem["code"]),
                        "{method} {path}: {status} {problem}"
                    );
                }
            }
        }
    }
    Ok(())
}
