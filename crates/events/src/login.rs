//! Who may do what on NATS: one user per service and one for operators, each with exactly what it does. Everything
//! else is refused by the server. Integrations are not listed here: conversation-service answers for them.

use crate::signal;
use crate::stream::{DEAD, FACTS, HISTORY, INGEST, ORDERS, StreamSpec};
use crate::subject::{
    DEAD_SUBJECTS, FACT_SUBJECTS, INGEST_SUBJECTS, dead_letters_of, fact_filter, facts_about, facts_of_any_workspace,
};
use std::fmt::Write;

/// What a user of nats-server is for; its rights follow from it.
#[derive(Debug, Clone, Copy)]
pub struct Login {
    /// The user's name: the service's short name, or `operator`.
    pub name: &'static str,
    /// It publishes the facts about these aggregates, and nobody else does.
    pub aggregates: &'static [&'static str],
    /// The durable consumers that it makes, reads and acknowledges.
    pub consumers: &'static [(StreamSpec, &'static str)],
    /// The one consumer of a work queue, under a new name for each replica that takes over: all consumers of that stream
    /// are its own.
    pub queue: Option<(StreamSpec, &'static str)>,
    /// It makes and removes the consumers of this stream that are made for integrations, each with the filter of a
    /// workspace. Names have no wildcards, so these rights reach to every consumer of the stream.
    pub lends: Option<StreamSpec>,
    /// The streams that only it makes, or whose limits only it changes.
    pub keeps: &'static [StreamSpec],
    /// Answers requests: may publish once to the reply subject of what it hears.
    pub answers: bool,
    says: fn() -> Vec<String>,
    hears: fn() -> Vec<String>,
}

/// Where nats-server asks who a user is that it does not know.
pub const LOGINS: &str = "$SYS.REQ.USER.AUTH";

const NOTHING: fn() -> Vec<String> = Vec::new;

/// The seven services.
pub const SERVICES: [Login; 7] = [
    Login {
        aggregates: &["visitor"],
        says: || vec![signal::snapshot("*")],
        hears: || vec![signal::TABS.into(), signal::LEASE.into()],
        ..service("presence")
    },
    Login {
        aggregates: &[
            "workspace",
            "channel",
            "conversation",
            "form",
            "reminder",
            "workflow",
            "card",
            "membership",
            "opening_hours",
            "message",
        ],
        consumers: &[
            (FACTS, "conversation-deliveries"),
            (FACTS, "conversation-requests"),
            (FACTS, "conversation-staffing"),
        ],
        queue: Some((INGEST, "conversation-ingest")),
        lends: Some(FACTS),
        keeps: &[FACTS, HISTORY, INGEST, DEAD],
        answers: true,
        hears: || vec![LOGINS.into()],
        ..service("conversation")
    },
    Login {
        consumers: &[(ORDERS, "contacts-orders")],
        keeps: &[ORDERS],
        // Dead letters of people who are erased go.
        says: || {
            ["STREAM.MSG.GET", "STREAM.MSG.DELETE"]
                .map(|verb| api(verb, &DEAD, ""))
                .into()
        },
        ..service("contacts")
    },
    Login {
        aggregates: &["agent", "team", "invitation", "request"],
        consumers: &[(FACTS, "routing")],
        hears: || {
            vec![
                fact_filter::<crate::event::InvitationChanged>(),
                fact_filter::<crate::event::RequestChanged>(),
            ]
        },
        ..service("routing")
    },
    Login {
        aggregates: &["follow_up", "delivery"],
        consumers: &[(FACTS, "notifier")],
        ..service("notifier")
    },
    Login {
        aggregates: &["charge", "account"],
        consumers: &[
            (FACTS, "billing"),
            (FACTS, "billing_receipts"),
            (FACTS, "billing_workspaces"),
        ],
        ..service("billing")
    },
    Login {
        answers: true,
        says: || vec![signal::TABS.into(), signal::LEASE.into(), signal::CLOSED.into()],
        hears: || {
            vec![
                signal::snapshot("*"),
                signal::CLOSED.into(),
                fact_filter::<crate::event::MessagePosted>(),
                fact_filter::<crate::event::FormChanged>(),
                fact_filter::<crate::event::CardChanged>(),
                fact_filter::<crate::event::ReminderDue>(),
            ]
        },
        ..service("gateway")
    },
];

/// People at a command line: they watch facts, publish as an integration, and look at dead letters and replay them.
pub const OPERATOR: Login = Login {
    says: || {
        let mut rights = vec![FACT_SUBJECTS.into(), INGEST_SUBJECTS.into()];
        rights.extend([&FACTS, &HISTORY, &INGEST, &ORDERS, &DEAD].map(|stream| api("STREAM.INFO", stream, "")));
        // Facts are exported one by one: a reader's rights would reach to the services' consumers.
        rights.extend([&FACTS, &HISTORY].map(|stream| api("STREAM.MSG.GET", stream, "")));
        // A reader of dead letters has no name.
        rights.extend(["", ".>"].map(|tail| api("CONSUMER.CREATE", &DEAD, tail)));
        rights.extend(["CONSUMER.INFO", "CONSUMER.MSG.NEXT", "CONSUMER.DELETE"].map(|verb| api(verb, &DEAD, ".*")));
        rights.extend(["STREAM.MSG.GET", "STREAM.MSG.DELETE"].map(|verb| api(verb, &DEAD, "")));
        rights
    },
    hears: || vec![FACT_SUBJECTS.into(), DEAD_SUBJECTS.into()],
    ..service("operator")
};

const fn service(name: &'static str) -> Login {
    Login {
        name,
        aggregates: &[],
        consumers: &[],
        queue: None,
        lends: None,
        keeps: &[],
        answers: false,
        says: NOTHING,
        hears: NOTHING,
    }
}

/// Every user, the services first.
pub fn logins() -> impl Iterator<Item = &'static Login> {
    SERVICES.iter().chain([&OPERATOR])
}

/// The prefix of a user's inboxes, so that nobody hears what others are answered. Names of services and of integrations
/// (`<workspace>.<integration>`) cannot meet: no workspace begins with `_`.
pub fn inbox(user: &str) -> String {
    match user.contains('.') {
        true => format!("_INBOX.{user}"),
        false => format!("_INBOX_{user}"),
    }
}

impl Login {
    /// The one of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        logins().find(|login| login.name == name)
    }

    /// May it change the stream's limits?
    pub fn keeps(&self, stream: &StreamSpec) -> bool {
        self.keeps.iter().any(|kept| kept.name == stream.name)
    }

    /// Subjects it may publish to.
    pub fn publish(&self) -> Vec<String> {
        let mut rights: Vec<String> = self.aggregates.iter().map(|name| facts_about(name)).collect();
        rights.extend((self.says)());
        if self.name == OPERATOR.name {
            return rights;
        }
        // Every service has an outbox: its relay asks for the stream, and makes it where it is lost.
        let mut streams = vec![&FACTS];
        if !self.consumers.is_empty() || self.queue.is_some() {
            streams.push(&DEAD);
        }
        streams.extend(
            self.keeps
                .iter()
                .filter(|kept| ![FACTS.name, DEAD.name].contains(&kept.name)),
        );
        for stream in streams {
            rights.extend(["STREAM.INFO", "STREAM.CREATE"].map(|verb| api(verb, stream, "")));
            if self.keeps(stream) {
                rights.push(api("STREAM.UPDATE", stream, ""));
            }
        }
        if !self.aggregates.is_empty() {
            // Does a sequence still bear the event that was acknowledged under it?
            rights.push(api("STREAM.MSG.GET", &FACTS, ""));
        }
        for (stream, durable) in self.consumers {
            rights.extend(["", ".>"].map(|tail| api("CONSUMER.CREATE", stream, &format!(".{durable}{tail}"))));
            rights.extend(["CONSUMER.INFO", "CONSUMER.MSG.NEXT"].map(|verb| api(verb, stream, &format!(".{durable}"))));
            rights.push(format!("$JS.ACK.{}.{durable}.>", stream.name));
            rights.push(dead_letters_of(durable));
        }
        if let Some(stream) = &self.lends {
            let made = format!(".*.{}", facts_of_any_workspace());
            rights.push(api("CONSUMER.CREATE", stream, &made));
            rights.extend(["CONSUMER.INFO", "CONSUMER.DELETE"].map(|verb| api(verb, stream, ".*")));
        }
        if let Some((stream, durable)) = &self.queue {
            let verbs = [
                "CONSUMER.CREATE",
                "CONSUMER.INFO",
                "CONSUMER.MSG.NEXT",
                "CONSUMER.DELETE",
            ];
            rights.extend(verbs.map(|verb| api(verb, stream, ".*")));
            rights.push(api("CONSUMER.NAMES", stream, ""));
            rights.push(format!("$JS.ACK.{}.>", stream.name));
            rights.push(dead_letters_of(durable));
        }
        rights
    }

    /// Subjects it may subscribe to.
    pub fn subscribe(&self) -> Vec<String> {
        let mut rights = vec![format!("{}.>", inbox(self.name))];
        rights.extend((self.hears)());
        rights
    }

    /// Its entry among nats-server's `users`.
    pub fn entry(&self, password: &str) -> String {
        let mut text = format!(
            "    {{ user: \"{}\", password: \"{password}\", permissions: {{\n",
            self.name
        );
        let list = |subjects: Vec<String>| {
            let quoted = subjects.iter().map(|subject| format!("        \"{subject}\"\n"));
            quoted.collect::<String>()
        };
        let (publish, subscribe) = (list(self.publish()), list(self.subscribe()));
        write!(
            text,
            "      publish: [\n{publish}      ]\n      subscribe: [\n{subscribe}      ]\n"
        )
        .expect("a string takes any text");
        if self.answers {
            text.push_str("      allow_responses: { max: 1, expires: \"1m\" }\n");
        }
        text + "    } }\n"
    }
}

/// nats-server's `authorization`: the users with their passwords; everybody else is asked about at
/// conversation-service, whose answers `issuer` (the public key of an account) signs. `more` has more entries, and
/// `known` the names of all users who have one.
pub fn authorization(password: impl Fn(&Login) -> String, issuer: &str, more: &str, known: &[&str]) -> String {
    let entries: String = logins().map(|login| login.entry(&password(login))).collect();
    format!(
        "authorization {{\n  # A login waits for conversation-service and its database.\n  timeout: 5\n  users: [\n{entries}{more}  ]\n  \
         auth_callout {{\n    issuer: \"{issuer}\"\n    auth_users: [ {} ]\n  }}\n}}\n",
        known.join(", ")
    )
}

fn api(verb: &str, stream: &StreamSpec, tail: &str) -> String {
    format!("$JS.API.{verb}.{}{tail}", stream.name)
}
