//! Rights on NATS: nobody may do what another one does, and the shipped configuration says what the catalogue says.

use events::login::{OPERATOR, SERVICES, authorization, inbox, logins};
use events::{Login, REGISTRY};
use std::collections::BTreeSet;
use std::path::PathBuf;

const HEAD: &str = "\
# Who may connect to nats-server, and what each may do. Written from crates/events/src/login.rs, where a test compares
# the two (UPDATE_GOLDEN=1 cargo nextest run -p events writes it again). Replace the placeholders:
#   {{PRESENCE_PASSWORD}} and so on: one password per service, in its own
#                          HOMING_NATS_URL=nats://presence:<password>@host:4222, and one for operators at `homing`
#   {{ISSUER_PUBLIC_KEY}}  public key (A...) of an account key pair; its seed (SA...) goes into
#                          HOMING_CONVERSATION_NATS_ISSUER_SEED. `nk -gen account` makes one.
# Everybody but the users listed in auth_users is asked about at conversation-service: an integration logs in as
# <workspace>.<integration> with its API token as password, publishes below its own ingest prefix, reads its own consumer
# of facts, and hears its own inbox _INBOX.<workspace>.<integration> (clients set that prefix).
";

#[test]
fn the_shipped_configuration_is_the_catalogues() {
    let password = |login: &Login| format!("{{{{{}_PASSWORD}}}}", login.name.to_uppercase());
    let known: Vec<&str> = logins().map(|login| login.name).collect();
    let wanted = HEAD.to_owned() + &authorization(password, "{{ISSUER_PUBLIC_KEY}}", "", &known);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/nats/nats.conf.template");
    if option_env!("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &wanted).expect("the folder can be written");
    }
    let shipped = std::fs::read_to_string(&path).expect("it is shipped");
    assert_eq!(shipped, wanted, "write it again with UPDATE_GOLDEN=1");
}

#[test]
fn every_fact_has_one_publisher() {
    for (aggregate, event, _) in REGISTRY {
        let owners: Vec<&str> = SERVICES
            .iter()
            .filter(|login| login.aggregates.contains(aggregate))
            .map(|login| login.name)
            .collect();
        assert_eq!(owners.len(), 1, "{aggregate}.{event} is published by {owners:?}");
    }
}

#[test]
fn consumers_streams_and_inboxes_have_one_owner() {
    let consumers: Vec<_> = SERVICES
        .iter()
        .flat_map(|login| login.consumers.iter().chain(&login.queue))
        .map(|(stream, name)| (stream.name, name))
        .collect();
    assert_eq!(consumers.iter().collect::<BTreeSet<_>>().len(), consumers.len());
    for stream in [events::FACTS, events::INGEST, events::ORDERS, events::DEAD] {
        assert_eq!(
            SERVICES.iter().filter(|login| login.keeps(&stream)).count(),
            1,
            "{}",
            stream.name
        );
    }
    for one in logins() {
        for other in logins().filter(|other| other.name != one.name) {
            let heard = format!("{}.x", inbox(other.name));
            assert!(
                !one.subscribe().iter().any(|right| covers(right, &heard)),
                "{} hears {}",
                one.name,
                other.name
            );
        }
        assert!(
            !one.subscribe()
                .iter()
                .any(|right| covers(right, "_INBOX.acme.helpdesk.x")),
            "{}",
            one.name
        );
    }
}

#[test]
fn nobody_may_remove_a_stream_and_only_operators_and_who_erases_people_a_dead_letter() {
    for login in logins() {
        for right in login.publish() {
            let wild = right.starts_with("$JS.API.>") || right == ">" || right.starts_with("$SYS");
            let removes = ["STREAM.DELETE", "STREAM.PURGE", "STREAM.MSG.DELETE"]
                .iter()
                .any(|verb| right.contains(verb));
            let may =
                [OPERATOR.name, "contacts"].contains(&login.name) && right == "$JS.API.STREAM.MSG.DELETE.HOMING_DEAD";
            assert!(!wild && (!removes || may), "{}: {right}", login.name);
        }
    }
}

/// Does a subscription to `right` hear `subject`?
fn covers(right: &str, subject: &str) -> bool {
    let (mut right, mut subject) = (right.split('.'), subject.split('.'));
    loop {
        match (right.next(), subject.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some(wanted), Some(token)) if wanted == "*" || wanted == token => {}
            _ => return false,
        }
    }
}
