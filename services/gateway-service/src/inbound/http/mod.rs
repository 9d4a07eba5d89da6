//! The public HTTP API, the few pages of our own, and the way to the socket.

mod agent_records;
mod agents;
mod assignments;
mod automatic_messages;
mod balance;
mod callbacks;
mod cards;
mod channel_routing;
mod channels;
mod charges;
mod consents;
mod contacts;
mod conversations;
mod cors;
mod deliveries;
mod erasures;
mod events;
mod exports;
pub mod extract;
mod first_messages;
mod follow_ups;
mod forms;
mod identities;
mod imports;
mod inbound_mails;
mod interactions;
mod invitations;
mod merges;
mod observe;
pub mod openapi;
mod opening_hours;
mod opt_outs;
mod pages;
pub mod problem;
mod purchases;
mod ratings;
mod requests;
mod retention;
mod return_links;
mod roles;
mod segments;
pub mod server;
mod sessions;
mod stars;
mod transcripts;
mod unsubscribe_links;
mod usage;
mod wire;
mod workflows;
mod workspaces;

use super::socket;
use crate::app::edge::Edge;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, patch, post, put};
use domain::limits;
use fault::{Fault, codes};
use problem::{Problem, render};
use std::any::Any;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// One message, its JSON escapes, and what stands around it.
const BODY: usize = limits::INGEST_BYTES;
/// A batch of events, 500 of them at 8 KiB or 32 of the longest, or a piece of a file of contacts.
const BATCH_BODY: usize = 4 * 1024 * 1024;

/// Every route, with the layers around them.
pub fn router(edge: Arc<Edge>) -> Router {
    Router::new()
        .merge(widget())
        .merge(api())
        .merge(queue())
        .route(
            "/v1/events",
            post(events::post_events).layer(DefaultBodyLimit::max(BATCH_BODY)),
        )
        .route(
            "/v1/contact-imports/{import}/problems",
            get(imports::list_import_problems),
        )
        .route(
            "/v1/contact-imports/{import}",
            get(imports::get_import)
                .post(imports::import_contacts)
                .layer(DefaultBodyLimit::max(BATCH_BODY)),
        )
        .route(
            "/v1/callbacks/sms/{workspace}/{delivery}/{mac}",
            post(callbacks::record_receipt).get(callbacks::record_receipt_by_get),
        )
        .route(
            "/v1/callbacks/sms/{workspace}/inbound",
            post(callbacks::record_inbound_text).get(callbacks::record_inbound_text_by_get),
        )
        .route(
            "/v1/callbacks/mail",
            post(inbound_mails::record_inbound_mail).layer(DefaultBodyLimit::max(limits::MAIL_BYTES)),
        )
        .route("/r/{link}", get(return_links::follow_return_link))
        .route(
            "/u/{link}",
            get(unsubscribe_links::follow_unsubscribe_link).post(unsubscribe_links::post_unsubscribe_link),
        )
        .route("/", get(pages::landing))
        .route("/chat", get(pages::chat))
        .route("/demo/{workspace}/{channel}", get(pages::chat))
        .route("/healthz", get(pages::healthz))
        .route("/readyz", get(pages::readyz))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(edge.clone(), observe::observe))
        .with_state(edge)
}

/// What pages of other origins call.
fn widget() -> Router<Arc<Edge>> {
    // The layer answers OPTIONS; the routes name it only to be reached.
    Router::new()
        .route("/v1/sessions", post(sessions::post_session).options(no_content))
        .route("/v1/tickets", post(sessions::post_ticket).options(no_content))
        .route("/v1/beacon", post(sessions::post_beacon).options(no_content))
        .route("/v1/return", post(return_links::post_return).options(no_content))
        .layer(from_fn(cors::cors))
        .route("/v1/socket", any(socket::get_socket))
}

/// What a console or an integration calls with its API token.
fn api() -> Router<Arc<Edge>> {
    Router::new()
        .route("/v1/conversations", get(conversations::list_conversations))
        .route("/v1/conversations/{conversation}", get(conversations::get_conversation))
        .route(
            "/v1/conversations/{conversation}/messages",
            get(conversations::list_messages).post(conversations::post_message),
        )
        .route(
            "/v1/conversations/{conversation}/messages/{seq}/delivery",
            put(deliveries::report_delivery),
        )
        .route(
            "/v1/conversations/{conversation}/resolve",
            post(conversations::resolve_conversation),
        )
        .route(
            "/v1/conversations/{conversation}/explain",
            get(follow_ups::explain_conversation),
        )
        .route(
            "/v1/conversations/{conversation}/automatic-messages",
            post(automatic_messages::send_automatic_message),
        )
        .route("/v1/conversations/{conversation}/forms", post(forms::offer_form))
        .route(
            "/v1/conversations/{conversation}/stars/{agent}",
            put(stars::set_star).delete(stars::remove_star),
        )
        .route("/v1/agents/{agent}/stars", get(stars::list_starred))
        .route("/v1/conversations/{conversation}/cards", post(cards::send_card))
        .route("/v1/cards/{card}", get(cards::get_card))
        .route(
            "/v1/conversations/{conversation}/workflow-runs",
            post(workflows::start_workflow),
        )
        .route("/v1/workflow-runs", get(workflows::list_workflow_runs))
        .route("/v1/workflow-runs/{run}", get(workflows::get_workflow_run))
        .route("/v1/workflow-runs/{run}/cancel", post(workflows::cancel_workflow))
        .route("/v1/workflows", get(workflows::list_workflows))
        .route("/v1/workflows/{key}", put(workflows::set_workflow))
        .route("/v1/input-forms", get(forms::list_input_forms))
        .route("/v1/input-forms/{name}", put(forms::set_input_form))
        .route(
            "/v1/conversations/{conversation}/transcripts",
            post(transcripts::request_transcript),
        )
        .route("/v1/ratings", get(ratings::list_ratings))
        .route("/v1/contacts", get(contacts::list_contacts))
        .route(
            "/v1/contacts/{contact}",
            get(contacts::get_contact).patch(contacts::update_contact),
        )
        .route("/v1/contacts/{contact}/changes", get(contacts::list_contact_changes))
        .route(
            "/v1/contacts/{contact}/messages",
            post(first_messages::write_to_contact),
        )
        .route(
            "/v1/contacts/{contact}/interactions",
            get(interactions::list_interactions),
        )
        .route("/v1/contacts/{contact}/purchases", get(purchases::list_purchases))
        .route(
            "/v1/contacts/{contact}/consents",
            get(consents::list_consents).post(consents::record_consent),
        )
        .route("/v1/contacts/{contact}/withdrawals", post(consents::withdraw_consent))
        .route("/v1/contacts/{contact}/merges", post(merges::merge_contacts))
        .route("/v1/contacts/{contact}/merge", delete(merges::undo_merge))
        .route("/v1/contacts/{contact}/erasures", post(erasures::erase_contact))
        .route("/v1/contacts/{contact}/export", get(exports::export_person))
        .route("/v1/erasures", get(erasures::list_erasures))
        .route("/v1/erasures/{erasure}", get(erasures::get_erasure))
        .route(
            "/v1/retention/{kept}",
            get(retention::get_retention).put(retention::set_retention),
        )
        .route("/v1/roles", get(roles::list_roles))
        .route("/v1/roles/{role}", patch(roles::set_role).delete(roles::remove_role))
        .route("/v1/role-changes", get(roles::list_role_changes))
        .route("/v1/integrations/{integration}/role", put(roles::assign_role))
        .route("/v1/agents/{agent}/role", put(roles::assign_agent_role))
        .route("/v1/contact-conflicts", get(merges::list_conflicts))
        .route("/v1/contact-conflicts/{conflict}", delete(merges::dismiss_conflict))
        .route("/v1/contact-identities", post(identities::identify_contact))
        .route(
            "/v1/identity-keys",
            get(identities::list_identity_keys).post(identities::add_identity_key),
        )
        .route("/v1/identity-keys/{key}", delete(identities::remove_identity_key))
        .route("/v1/contact-segments/count", post(segments::count_segment))
        .route("/v1/contact-segments/list", post(segments::list_segment))
        .route("/v1/contact-segments/export", post(segments::export_segment))
        .route("/v1/follow-ups", get(follow_ups::list_follow_ups))
        .route("/v1/follow-ups/{follow_up}/explain", get(follow_ups::explain_follow_up))
        .route("/v1/opt-outs", put(opt_outs::set_opt_out))
        .route(
            "/v1/channels/{channel}",
            get(channels::get_channel).patch(channels::update_channel),
        )
        .route(
            "/v1/workspace",
            get(workspaces::get_workspace).patch(workspaces::update_workspace),
        )
        .route("/v1/teams", get(workspaces::list_teams))
        .route(
            "/v1/agents/{agent}",
            get(agent_records::get_agent).patch(agent_records::update_agent),
        )
        .route(
            "/v1/teams/{team}/opening-hours",
            get(opening_hours::get_opening_hours).put(opening_hours::set_opening_hours),
        )
        .route("/v1/teams/{team}/opening", get(opening_hours::get_opening))
        .route(
            "/v1/teams/{team}/automatic-messages",
            get(automatic_messages::get_automatic_messages).put(automatic_messages::set_automatic_messages),
        )
        .route(
            "/v1/teams/{team}/automatic-messages/{kind}/preview",
            post(automatic_messages::preview_automatic_message),
        )
        .route("/v1/integrations", get(workspaces::list_integrations))
        .route("/v1/integrations/{integration}", patch(workspaces::update_integration))
        .route("/v1/usage", get(usage::get_usage))
        .route("/v1/charges", get(charges::list_charges))
        .route("/v1/balance", get(balance::get_balance))
}

/// Who waits, who serves, and who answers.
fn queue() -> Router<Arc<Edge>> {
    Router::new()
        .route("/v1/agents", get(agents::list_agents))
        .route("/v1/agents/{agent}/availability", put(agents::set_agent_availability))
        .route("/v1/agents/{agent}/profile", put(agents::set_agent_profile))
        .route("/v1/agents/{agent}/tickets", post(agents::post_agent_ticket))
        .route("/v1/agent-socket", any(socket::agents::get_agent_socket))
        .route("/v1/requests", get(requests::list_requests))
        .route("/v1/requests/{request}", get(requests::get_request))
        .route("/v1/requests/{request}/accept", post(requests::accept_alert))
        .route("/v1/requests/{request}/decline", post(requests::decline_alert))
        .route("/v1/requests/{request}/start", post(requests::start_chat))
        .route("/v1/conversations/{conversation}/assignee", put(assignments::assign))
        .route(
            "/v1/conversations/{conversation}/assignments",
            get(assignments::list_assignments),
        )
        .route("/v1/conversations/{conversation}/transfer", post(assignments::transfer))
        .route(
            "/v1/channels/{channel}/routing",
            get(channel_routing::get_channel_routing).put(channel_routing::set_channel_routing),
        )
        .route("/v1/invitations", get(invitations::list_invitations))
}

async fn no_content() -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn no_route() -> Problem {
    Fault::new(&codes::NOT_FOUND, "there is no such route; see the OpenAPI document").into()
}

async fn no_method() -> Response {
    let fault = Fault::new(&codes::INVALID_ARGUMENT, "this route does not take this method").of("method");
    render(&fault, StatusCode::METHOD_NOT_ALLOWED)
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem(Fault::internal("a handler panicked")).into_response()
}
