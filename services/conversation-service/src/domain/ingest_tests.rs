//! The planner against a small store in memory: any split into batches, any repetition, the same result.

use super::*;
use crate::domain::automatic::{AutomaticMessages, Kind, Setting};
use crate::domain::run::{End, Run, State};
use crate::domain::settings::ChannelKind;
use crate::domain::workflow::{Step, Trigger, Workflow};
use domain::Language;
use proptest::prelude::*;
use uuid::Uuid;

/// What a database would hold.
#[derive(Debug, Clone, Default, PartialEq)]
struct Stored {
    conversations: HashMap<Place, Conversation>,
    messages: Vec<(WorkspaceId, Message)>,
    seen: HashMap<Key, Digest>,
    numbers: HashMap<WorkspaceId, u64>,
    /// What was told of each conversation's customer when it began.
    started: Vec<(Place, Reach)>,
    changes: Vec<(WorkspaceId, Change)>,
    runs: HashMap<Place, Run>,
}

impl Stored {
    fn known(&self) -> Known {
        let mut references = HashMap::new();
        for ((workspace, id), conversation) in &self.conversations {
            if let (Some(external), None) = (&conversation.external, conversation.continued_by) {
                let key = Key {
                    workspace: workspace.clone(),
                    integration: external.integration.clone(),
                    name: external.reference.clone(),
                };
                references.insert(key, *id);
            }
        }
        let mut foreign: HashMap<Key, (ConversationId, u64)> = HashMap::new();
        for (workspace, message) in &self.messages {
            if let Some(of) = &message.draft.foreign {
                let key = Key {
                    workspace: workspace.clone(),
                    integration: of.integration.clone(),
                    name: of.reference.clone(),
                };
                foreign.insert(key, (message.conversation, message.seq));
            }
        }
        let channels = ["acme", "bolt"].map(|workspace| {
            (
                WorkspaceId::parse(workspace).expect("a slug"),
                ChannelId::parse("web").expect("a slug"),
            )
        });
        Known {
            conversations: self.conversations.clone(),
            references,
            seen: self.seen.clone(),
            channels: channels.into(),
            foreign,
            voices: voices(),
            runs: self.runs(),
            now: Timestamp::from_second(60).expect("in range"),
        }
    }

    /// Those that have not ended, and bolt's workflow.
    fn runs(&self) -> Runs {
        let active = self.runs.iter().filter(|(_, run)| !run.is_over());
        let workflow = Workflow {
            key: "welcome".into(),
            channel: ChannelId::parse("web").expect("a slug"),
            trigger: Trigger::FirstMessage,
            on: true,
            steps: vec![Step::Message { text: "Hello".into() }],
            version: 1,
            changed_at: Timestamp::UNIX_EPOCH,
        };
        let place = (WorkspaceId::parse("bolt").expect("a slug"), workflow.channel.clone());
        Runs {
            runs: active.map(|(place, run)| (place.clone(), run.clone())).collect(),
            workflows: [(place, workflow)].into(),
            now: Timestamp::from_second(60).expect("in range"),
            ..Runs::default()
        }
    }

    fn apply(&mut self, events: &[Event]) -> Vec<Result<bool, Refusal>> {
        let mut plan = plan(self.known(), events);
        for (workspace, count) in plan.numbers_needed() {
            *self.numbers.entry(workspace).or_default() += count;
        }
        plan.number(&self.numbers);
        let started = plan.started.iter().map(|begun| (begun.place.clone(), begun.reach));
        self.started.extend(started);
        for place in plan.started.iter().map(|begun| &begun.place).chain(&plan.touched) {
            self.conversations
                .insert(place.clone(), plan.conversations[place].clone());
        }
        for (event, outcome) in events.iter().zip(&plan.outcomes) {
            if *outcome == Ok(true) {
                self.seen.insert(event.key(&event.id), event.digest);
            }
        }
        self.messages.append(&mut plan.messages);
        for place in plan.runs.changed.keys() {
            self.runs.insert(place.clone(), plan.runs.runs[place].clone());
        }
        let changes = plan
            .changes
            .into_iter()
            .map(|(index, change)| (events[index].workspace.clone(), change));
        self.changes.extend(changes);
        plan.outcomes
    }
}

fn event(n: u8, workspace: &str, reference: &str, action: Action) -> Event {
    Event {
        workspace: WorkspaceId::parse(workspace).expect("a slug"),
        integration: IntegrationId::parse("helpdesk").expect("a slug"),
        id: format!("e-{n}"),
        digest: [n; 32],
        reference: reference.into(),
        at: Timestamp::from_second(i64::from(n)).expect("in range"),
        fresh: Fresh {
            message: Uuid::from_u128(1000 + u128::from(n)).into(),
            conversation: Uuid::from_u128(2000 + u128::from(n)).into(),
            automatic: Uuid::from_u128(3000 + u128::from(n)).into(),
            run: Uuid::from_u128(4000 + u128::from(n)).into(),
        },
        action,
        trace: None,
    }
}

/// The team of bolt's channel thanks for first messages; nothing is said by itself at acme.
fn voices() -> HashMap<(WorkspaceId, ChannelId), Voice> {
    let on = Setting {
        on: true,
        ..Setting::default()
    };
    let voice = Voice {
        channel: ChannelKind::Web,
        language: Language::English,
        business_name: "Bolt".into(),
        team_name: "Parcels".into(),
        messages: AutomaticMessages {
            messages: [(Kind::FirstMessage, on)].into(),
            ..AutomaticMessages::default()
        },
        hours: None,
    };
    let place = (
        WorkspaceId::parse("bolt").expect("a slug"),
        ChannelId::parse("web").expect("a slug"),
    );
    [(place, voice)].into()
}

fn said(author: AuthorRole, channel: Option<&str>) -> Action {
    Action::Message(Box::new(Said {
        author,
        agent: None,
        text: MessageText::parse("hello").expect("a text"),
        foreign: None,
        follow_up: true,
        channel: channel.map(|channel| ChannelId::parse(channel).expect("a slug")),
        given: Given::default(),
        reach: Reach::default(),
    }))
}

fn any_action(n: u8) -> impl Strategy<Value = Action> {
    let role = prop_oneof![
        Just(AuthorRole::Customer),
        Just(AuthorRole::Agent),
        Just(AuthorRole::Bot)
    ];
    let channel = prop_oneof![4 => Just(Some("web")), 1 => Just(None), 1 => Just(Some("gone"))];
    let address = prop_oneof![2 => Just(None), 1 => (1_u128..4).prop_map(Some)];
    let message = (role, channel, address, any::<bool>()).prop_map(move |(author, channel, address, named)| {
        let Action::Message(mut said) = said(author, channel) else {
            unreachable!("built as a message")
        };
        said.foreign = named.then(|| format!("m-{}", n % 4));
        said.reach.phone = address.map(|address| Uuid::from_u128(address).into());
        Action::Message(said)
    });
    prop_oneof![
        6 => message,
        1 => (0_u64..6).prop_map(|up_to| Action::Read(Mark::Sequence(up_to))),
        1 => (0_u8..4).prop_map(|foreign| Action::Read(Mark::Foreign(format!("m-{foreign}")))),
        1 => Just(Action::Resolve),
    ]
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let workspace = prop_oneof![Just("acme"), Just("bolt")];
    let first_conversation = Uuid::from_u128(2000).to_string();
    let reference =
        prop_oneof![4 => Just("t-1".to_owned()), 2 => Just("t-2".to_owned()), 1 => Just(first_conversation)];
    let one = (0_u8..25, workspace, reference).prop_flat_map(|(n, workspace, reference)| {
        any_action(n).prop_map(move |action| event(n, workspace, &reference, action))
    });
    prop::collection::vec(one, 0..40).prop_map(|mut events| {
        // The digest follows the content, as it does outside.
        for event in &mut events {
            let text = format!("{:?}{}{}", event.action, event.reference, event.at);
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
            event.digest.copy_from_slice(hash.as_ref());
        }
        events
    })
}

proptest! {
    #[test]
    fn any_split_gives_the_same(events in any_events(), cuts in prop::collection::vec(1_usize..7, 1..40)) {
        let mut whole = Stored::default();
        let outcomes = whole.apply(&events);

        let (mut parts, mut answered) = (Stored::default(), Vec::new());
        let mut rest = events.as_slice();
        for cut in cuts.iter().cycle() {
            let (batch, later) = rest.split_at(rest.len().min(*cut));
            answered.extend(parts.apply(batch));
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(answered, outcomes);
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn accepted_events_can_be_repeated(events in any_events()) {
        let mut stored = Stored::default();
        let outcomes = stored.apply(&events);
        let accepted: Vec<_> = events.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).map(|(event, _)| event.clone()).collect();
        let before = stored.clone();
        let again = stored.apply(&accepted);
        prop_assert!(again.iter().all(|outcome| *outcome == Ok(false)));
        prop_assert_eq!(stored, before);
    }

    #[test]
    fn sequences_have_no_gaps_and_numbers_are_unique(events in any_events()) {
        let mut stored = Stored::default();
        stored.apply(&events);
        for ((workspace, id), conversation) in &stored.conversations {
            let seqs: Vec<_> = stored.messages.iter().filter(|(of, m)| of == workspace && m.conversation == *id).map(|(_, m)| m.seq).collect();
            prop_assert_eq!(seqs, (1..=conversation.last_seq).collect::<Vec<_>>());
            prop_assert!(conversation.read_up_to <= conversation.last_seq && conversation.number > 0);
        }
        let mut numbers: Vec<_> = stored.conversations.iter().map(|((workspace, _), c)| (workspace, c.number)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), stored.conversations.len());
    }
}

#[test]
fn a_refused_event_leaves_its_neighbours_alone() {
    let mut stored = Stored::default();
    let outcomes = stored.apply(&[
        event(1, "acme", "t-1", said(AuthorRole::Agent, None)),
        event(2, "acme", "t-1", said(AuthorRole::Agent, Some("gone"))),
        event(3, "acme", "t-1", said(AuthorRole::Customer, Some("web"))),
        event(4, "acme", "t-1", Action::Read(Mark::Sequence(2))),
        event(5, "acme", "t-1", Action::Read(Mark::Foreign("m-9".into()))),
        Event {
            digest: [99; 32],
            ..event(3, "acme", "t-1", Action::Resolve)
        },
        event(6, "acme", "t-1", said(AuthorRole::Agent, None)),
    ]);
    assert_eq!(
        outcomes,
        [
            Err(Refusal::ReferenceUnknown),
            Err(Refusal::ChannelUnknown),
            Ok(true),
            Err(Refusal::BeyondLast),
            Err(Refusal::MessageUnknown),
            Err(Refusal::ReplayDiffers),
            Ok(true)
        ]
    );
    assert_eq!(stored.messages.len(), 2);
}

#[test]
fn the_first_message_of_each_conversation_is_thanked_for_once() {
    let mut stored = Stored::default();
    let outcomes = stored.apply(&[
        event(1, "bolt", "t-1", said(AuthorRole::Customer, Some("web"))),
        event(2, "bolt", "t-1", said(AuthorRole::Customer, None)),
        event(3, "bolt", "t-1", Action::Resolve),
        event(4, "bolt", "t-1", said(AuthorRole::Customer, None)),
        event(5, "bolt", "t-2", said(AuthorRole::Bot, Some("web"))),
        event(6, "bolt", "t-2", said(AuthorRole::Customer, None)),
    ]);
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(true)));
    let said: Vec<_> = stored
        .messages
        .iter()
        .map(|(_, message)| message.draft.author)
        .collect();
    let (customer, system, bot) = (AuthorRole::Customer, AuthorRole::System, AuthorRole::Bot);
    // Never on top of a bot.
    assert_eq!(said, [customer, system, customer, customer, system, bot, customer]);
}

#[test]
fn the_first_message_of_each_conversation_begins_its_workflow_and_what_is_written_then_ends_it() {
    let mut stored = Stored::default();
    let outcomes = stored.apply(&[
        event(1, "bolt", "t-1", said(AuthorRole::Customer, Some("web"))),
        event(2, "bolt", "t-1", Action::Resolve),
        event(3, "bolt", "t-1", said(AuthorRole::Customer, None)),
        event(4, "bolt", "t-1", said(AuthorRole::Bot, None)),
        event(5, "bolt", "t-2", said(AuthorRole::Agent, Some("web"))),
        event(6, "bolt", "t-2", said(AuthorRole::Customer, None)),
        event(7, "bolt", "t-3", said(AuthorRole::Customer, Some("web"))),
        event(8, "acme", "t-1", said(AuthorRole::Customer, Some("web"))),
    ]);
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(true)));
    let of = |stored: &Stored, n: u128| {
        let place = (
            WorkspaceId::parse("bolt").expect("a slug"),
            Uuid::from_u128(2000 + n).into(),
        );
        stored.runs.get(&place).map(|run| run.state)
    };
    assert_eq!(of(&stored, 1), Some(State::Cancelled(End::Resolved)));
    assert_eq!(
        of(&stored, 3),
        Some(State::Running),
        "it goes on in another one, whose first message this is"
    );
    assert_eq!(of(&stored, 5), None, "an agent began it");
    assert_eq!(stored.runs.len(), 3);
    stored.apply(&[
        event(9, "bolt", "t-1", said(AuthorRole::Agent, None)),
        event(10, "bolt", "t-3", said(AuthorRole::Customer, None)),
    ]);
    assert_eq!(of(&stored, 3), Some(State::Cancelled(End::AgentWrote)));
    assert_eq!(of(&stored, 7), Some(State::Cancelled(End::CustomerWrote)));
}

#[test]
fn a_reference_follows_its_newest_conversation() {
    let mut stored = Stored::default();
    let answer = |foreign: &str| {
        let Action::Message(mut said) = said(AuthorRole::Agent, None) else {
            unreachable!("built as a message")
        };
        said.foreign = Some(foreign.into());
        Action::Message(said)
    };
    let outcomes = stored.apply(&[
        event(1, "acme", "t-1", said(AuthorRole::Customer, Some("web"))),
        event(2, "acme", "t-1", answer("m-1")),
        event(3, "acme", "t-1", Action::Resolve),
        event(4, "acme", "t-1", said(AuthorRole::Customer, None)),
        event(5, "acme", "t-1", answer("m-2")),
        event(6, "acme", "t-1", Action::Read(Mark::Foreign("m-1".into()))),
    ]);
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(true)));
    let workspace = WorkspaceId::parse("acme").expect("a slug");
    let of = |n: u128| &stored.conversations[&(workspace.clone(), Uuid::from_u128(2000 + n).into())];
    assert_eq!(
        (of(1).last_seq, of(1).read_up_to, of(1).continued_by),
        (2, 2, Some(of(4).id))
    );
    assert_eq!(
        (of(4).last_seq, of(4).read_up_to, of(4).continues),
        (2, 0, Some(of(1).id))
    );
    assert_eq!((of(1).number, of(4).number), (1, 2));
}
