//! The OpenAPI 3.1 document, made from the handlers themselves.

use super::{
    agent_records, agents, assignments, automatic_messages, balance, callbacks, cards, channel_routing, channels,
    charges, consents, contacts, conversations, deliveries, erasures, events, exports, first_messages, follow_ups,
    forms, identities, imports, inbound_mails, interactions, invitations, merges, opening_hours, opt_outs, pages,
    purchases, ratings, requests, retention, return_links, roles, segments, sessions, stars, transcripts,
    unsubscribe_links, usage, workflows, workspaces,
};
use crate::inbound::socket;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Homing",
        version = "1",
        description = "Brings a customer back to a conversation that the customer has left. Errors are \
                       application/problem+json with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        sessions::post_session, sessions::post_ticket, sessions::post_beacon, socket::get_socket,
        conversations::list_conversations, conversations::get_conversation, conversations::list_messages,
        conversations::post_message, conversations::resolve_conversation, deliveries::report_delivery,
        contacts::list_contacts, contacts::get_contact, contacts::update_contact, contacts::list_contact_changes,
        interactions::list_interactions, purchases::list_purchases, first_messages::write_to_contact,
        consents::list_consents, consents::record_consent, consents::withdraw_consent,
        identities::identify_contact, identities::list_identity_keys, identities::add_identity_key,
        identities::remove_identity_key,
        retention::get_retention, retention::set_retention,
        roles::list_roles, roles::set_role, roles::remove_role, roles::assign_role, roles::assign_agent_role,
        roles::list_role_changes,
        imports::import_contacts, imports::get_import, imports::list_import_problems,
        segments::count_segment, segments::list_segment, segments::export_segment,
        exports::export_person, erasures::erase_contact, erasures::get_erasure, erasures::list_erasures,
        merges::list_conflicts, merges::dismiss_conflict, merges::merge_contacts, merges::undo_merge,
        follow_ups::list_follow_ups, follow_ups::explain_follow_up, follow_ups::explain_conversation,
        opt_outs::set_opt_out,
        channels::get_channel, channels::update_channel,
        workspaces::get_workspace, workspaces::update_workspace, workspaces::list_teams,
        workspaces::list_integrations, workspaces::update_integration,
        opening_hours::get_opening_hours, opening_hours::set_opening_hours, opening_hours::get_opening,
        automatic_messages::get_automatic_messages, automatic_messages::set_automatic_messages,
        automatic_messages::preview_automatic_message, automatic_messages::send_automatic_message, ratings::list_ratings,
        forms::list_input_forms, forms::set_input_form, forms::offer_form,
        transcripts::request_transcript, cards::send_card, cards::get_card, stars::set_star, stars::remove_star, stars::list_starred,
        workflows::list_workflows, workflows::set_workflow, workflows::start_workflow, workflows::cancel_workflow,
        workflows::get_workflow_run, workflows::list_workflow_runs,
        agent_records::get_agent, agent_records::update_agent,
        agents::list_agents, agents::set_agent_availability, agents::set_agent_profile, agents::post_agent_ticket,
        socket::agents::get_agent_socket,
        requests::list_requests, requests::get_request, requests::accept_alert, requests::decline_alert,
        requests::start_chat,
        assignments::assign, assignments::transfer, assignments::list_assignments,
        channel_routing::get_channel_routing, channel_routing::set_channel_routing, invitations::list_invitations,
        usage::get_usage, balance::get_balance, charges::list_charges,
        events::post_events, callbacks::record_receipt, callbacks::record_inbound_text,
        callbacks::record_receipt_by_get, callbacks::record_inbound_text_by_get, inbound_mails::record_inbound_mail,
        return_links::follow_return_link, return_links::post_return,
        unsubscribe_links::follow_unsubscribe_link, unsubscribe_links::post_unsubscribe_link,
        pages::healthz, pages::readyz,
    ),
    modifiers(&Tokens),
)]
struct Document;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |meaning: &str| {
            let scheme = HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some(meaning));
            SecurityScheme::Http(scheme.build())
        };
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("session", bearer("Token of a widget's session"));
        components.add_security_scheme(
            "api_token",
            bearer(
                "Token of an integration, with the scope that the route names. Who calls for somebody says so in the \
                 headers Homing-Agent (a slug, noted beside what is changed) and Homing-Role (a role of the workspace, \
                 which narrows what of contacts is seen and may be changed, and adds nothing; an agent who was given a role is \
                 held to that one, and another one beside them is refused)",
            ),
        );
        components.add_security_scheme(
            "mail_secret",
            bearer("HOMING_GATEWAY_MAIL_SECRET; also taken as the password of basic authentication"),
        );
    }
}

/// The document as pretty JSON, with a line end.
pub fn document() -> String {
    let mut text = Document::openapi()
        .to_pretty_json()
        .expect("the document is plain data");
    text.push('\n');
    text
}
