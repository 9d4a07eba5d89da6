//! Runs of workflows: each kind of step, once, and none of it while nothing is due.

use crate::Tested;
use crate::contacts::id_of;
use crate::forms::{offer, open, submit};
use crate::ingest::{ingest, message};
use crate::workflows::{Desk, ask, desk, say, workflow};
use crate::world::{AGENT, BOT, SOON, starting};
use domain::Clock;
use events::event::{
    ConversationHandedOver, MessagePosted, WorkflowChanged, WorkflowRunEnd, WorkflowRunState as State,
};
use jiff::SignedDuration;
use rpc::conversation::message::Content;
use rpc::conversation::workflow_step::Step;
use rpc::conversation::{self as proto, WorkflowTrigger as Trigger};
use sqlx::{Connection, PgConnection, Row};
use std::sync::atomic::Ordering;
use std::time::Duration;
use testkit::eventually;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_first_message_begins_a_run_that_does_each_step_in_its_order_and_tells_of_it() -> Tested {
    let desk = desk().await?;
    let steps = [
        Step::Greet("Hello!".into()),
        Step::WaitSeconds(60),
        say("Still there?"),
        Step::SetTag("waited".into()),
        Step::HandOver("sales".into()),
    ];
    desk.set(workflow("welcome", Trigger::FirstMessage, &steps), 0).await?;
    let conversation = desk.known("r-1").await?;
    let waiting = desk.comes_to(&conversation, State::Waiting).await?;
    let until = desk.clock.now() + SignedDuration::from_secs(60);
    assert_eq!((waiting.step, waiting.waits_until), (2, Some(events::stamp(until))));
    assert_eq!(desk.said(&conversation).await?, ["Hello!"]);
    desk.contacts.overtaken.store(true, Ordering::SeqCst);
    desk.clock.advance(MINUTE);
    let done = desk.comes_to(&conversation, State::Done).await?;
    assert_eq!(
        (done.step, done.version, done.skipped.len(), done.agent.as_str()),
        (5, 4, 0, "")
    );
    assert_eq!(desk.said(&conversation).await?, ["Hello!", "Still there?"]);
    let messages = desk.messages(&conversation).await?;
    let said = messages.last().expect("a message");
    assert_eq!(said.author, BOT);
    let by = proto::SaidByWorkflow {
        run: done.run.clone(),
        step: 3,
    };
    assert_eq!(said.content, Some(Content::Workflow(by)));
    let updates = desk.contacts.updates();
    assert_eq!(updates.len(), 1, "the contact was changed meanwhile, and read again");
    assert_eq!(
        (updates[0].tags.as_slice(), updates[0].by.as_str()),
        (&["waited".to_owned()][..], "workflow welcome")
    );
    assert_eq!(updates[0].contact, id_of("contact of ann@example.com"));

    let told = desk.facts::<WorkflowChanged>(4).await?;
    let versions: Vec<u64> = told.iter().map(|fact| fact.version).collect();
    assert_eq!(versions, [1, 2, 3, 4]);
    let states: Vec<State> = told.iter().map(WorkflowChanged::state).collect();
    assert_eq!(states, [State::Running, State::Waiting, State::Running, State::Done]);
    let handed = desk.facts::<ConversationHandedOver>(1).await?.remove(0);
    assert_eq!(
        (handed.conversation, handed.team.as_str(), handed.last_seq),
        (conversation, "sales", 3)
    );
    let posted = desk.facts::<MessagePosted>(3).await?;
    assert!(
        posted[1..].iter().all(|fact| !fact.follow_up),
        "nothing that a workflow says is followed up"
    );
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn the_form_that_a_run_asks_is_answered_with_a_consent_and_the_run_goes_on() -> Tested {
    let desk = desk().await?;
    let conversation = desk.visit("r-1").await?;
    let steps = [say("One question."), ask(600), say("Thank you.")];
    desk.run(&conversation, "ask", &steps).await?;
    let form = desk.opens(&desk.forms, &conversation).await?;
    desk.comes_to(&conversation, State::Waiting).await?;
    let values = [("email", "ann@example.com"), ("news", "yes")];
    let taken = submit(&desk.forms, &conversation, &form, &values).await?;
    assert!(taken.message.is_some());
    let done = desk.comes_to(&conversation, State::Done).await?;
    assert_eq!(done.skipped, []);
    assert_eq!(desk.said(&conversation).await?, ["One question.", "Thank you."]);
    let consents = eventually("a consent", SOON, async || {
        let told = desk.contacts.consents();
        (!told.is_empty()).then_some(told)
    })
    .await?;
    assert_eq!((consents.len(), consents[0].form.as_str()), (1, "news"));
    assert_eq!(consents[0].addresses, [id_of("ann@example.com")]);
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_form_that_is_dismissed_replaced_or_left_open_lets_the_run_go_on_without_it() -> Tested {
    let desk = desk().await?;
    let skipped = async |conversation: &str| -> anyhow::Result<String> {
        let done = desk.comes_to(conversation, State::Done).await?;
        assert_eq!(desk.said(conversation).await?, ["On we go."]);
        Ok(done.skipped[0].reason.clone())
    };
    let mut asked = Vec::new();
    for n in 1..=3 {
        let conversation = desk.visit(&format!("r-{n}")).await?;
        desk.run(&conversation, "ask", &[ask(60), say("On we go.")]).await?;
        let form = desk.opens(&desk.forms, &conversation).await?;
        desk.comes_to(&conversation, State::Waiting).await?;
        asked.push((conversation, form.form));
    }
    let [(dismissed, form), (replaced, _), (left, _)] = &asked[..] else {
        panic!("three")
    };
    let dismiss = proto::DismissFormRequest {
        workspace: "acme".into(),
        conversation: dismissed.clone(),
        form: form.clone(),
    };
    desk.forms.clone().dismiss_form(dismiss).await?;
    assert_eq!(skipped(dismissed).await?, "dismissed");
    desk.forms.clone().offer_form(offer(replaced, "o-1")).await?;
    assert_eq!(skipped(replaced).await?, "withdrawn");
    assert!(open(&desk.forms, replaced).await?.is_some(), "the agent's stays");
    desk.clock.advance(MINUTE);
    assert_eq!(skipped(left).await?, "unanswered");
    assert_eq!(open(&desk.forms, left).await?, None);
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_step_that_cannot_be_done_is_left_out_and_says_why() -> Tested {
    let desk = desk().await?;
    let steps = [
        Step::Greet("Hello!".into()),
        Step::SetTag("vip".into()),
        ask(60),
        say("Done."),
    ];
    // Nobody known, no widget, and an agent has written.
    let bare = desk.start("r-1").await?.conversation;
    desk.post(&bare, AGENT, "a-1", "Good morning.").await?;
    desk.run(&bare, "all", &steps).await?;
    let done = desk.comes_to(&bare, State::Done).await?;
    let why: Vec<_> = done.skipped.iter().map(|one| (one.step, one.reason.as_str())).collect();
    assert_eq!(why, [(1, "served"), (2, "no_contact"), (3, "no_widget")]);
    assert_eq!(desk.said(&bare).await?, ["Good morning.", "Done."]);
    // The form's field is switched off after the workflow was set, and the contact takes no tag more.
    let known = desk.known("r-2").await?;
    let refused = [
        Step::SetTag("one too many".into()),
        Step::WaitSeconds(60),
        ask(60),
        say("Done."),
    ];
    desk.run(&known, "refused", &refused).await?;
    desk.comes_to(&known, State::Waiting).await?;
    let off = proto::UpdateChannelRequest {
        workspace: "acme".into(),
        channel: "web".into(),
        settings: Some(events::common::ChannelSettings {
            email: events::common::FieldRule::Off.into(),
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec!["email".into()],
        }),
        ..Default::default()
    };
    desk.workspaces.clone().update_channel(off).await?;
    desk.clock.advance(MINUTE);
    let done = desk.comes_to(&known, State::Done).await?;
    let why: Vec<_> = done.skipped.iter().map(|one| (one.step, one.reason.as_str())).collect();
    assert_eq!(why, [(1, "tag_refused"), (3, "form_off")]);
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn while_contacts_service_is_away_a_tag_waits_and_is_then_put_once() -> Tested {
    let desk = desk().await?;
    let conversation = desk.known("r-1").await?;
    desk.contacts.set_away(true);
    desk.run(
        &conversation,
        "tag",
        &[say("Hello!"), Step::SetTag("vip".into()), say("Done.")],
    )
    .await?;
    let mut db = PgConnection::connect(&desk.database.admin_url()).await?;
    let tried = async || {
        // Said and tried: the row is leased to who tried.
        let sql = "SELECT count(*) FROM workflow_run WHERE version = 2 AND leased_until IS NOT NULL";
        let mut db = PgConnection::connect(&desk.database.admin_url()).await.ok()?;
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut db).await.ok()?;
        (count == 1).then_some(())
    };
    eventually("a try", SOON, tried).await?;
    desk.contacts.set_away(false);
    assert_eq!(desk.said(&conversation).await?, ["Hello!"]);
    // As if the one that tries had died over it: another takes it up.
    sqlx::query("UPDATE workflow_run SET leased_until = NULL")
        .execute(&mut db)
        .await?;
    desk.comes_to(&conversation, State::Done).await?;
    assert_eq!(desk.said(&conversation).await?, ["Hello!", "Done."]);
    assert_eq!(desk.contacts.updates().len(), 1);
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_run_keeps_the_steps_that_it_began_with() -> Tested {
    let desk = desk().await?;
    let set = async |text: &str| {
        let steps = [Step::WaitSeconds(60), say(text)];
        desk.set(workflow("welcome", Trigger::FirstMessage, &steps), 0).await
    };
    set("the old").await?;
    let old = desk.start("r-1").await?.conversation;
    desk.comes_to(&old, State::Waiting).await?;
    set("the new").await?;
    let new = desk.start("r-2").await?.conversation;
    desk.comes_to(&new, State::Waiting).await?;
    desk.clock.advance(MINUTE);
    for (conversation, text, version) in [(&old, "the old", 1), (&new, "the new", 2)] {
        let done = desk.comes_to(conversation, State::Done).await?;
        assert_eq!(
            (done.workflow_version, desk.said(conversation).await?),
            (version, vec![text.to_owned()])
        );
    }
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn replicas_share_the_runs_and_each_step_is_done_once_also_after_a_death_over_it() -> Tested {
    let desk = desk().await?;
    let second = desk.replica(12, &[]).await?;
    let steps = [
        say("one"),
        Step::WaitSeconds(60),
        say("two"),
        Step::WaitSeconds(60),
        say("three"),
    ];
    desk.set(workflow("welcome", Trigger::FirstMessage, &steps), 0).await?;
    let mut started = Vec::new();
    for n in 0..40 {
        started.push(desk.start(&format!("r-{n}")).await?.conversation);
    }
    for conversation in &started {
        desk.comes_to(conversation, State::Waiting).await?;
    }
    // As a process leaves them that took rows up and died before it did anything.
    let mut db = PgConnection::connect(&desk.database.admin_url()).await?;
    let died = "UPDATE workflow_run SET leased_until = due_at - interval '10 s'";
    assert_eq!(sqlx::query(died).execute(&mut db).await?.rows_affected(), 40);
    desk.clock.advance(MINUTE);
    let all_at = async |step: u32| {
        let runs = desk.page("", false, 100, "").await.ok()?.runs;
        runs.iter().all(|run| run.step == step && run.version > 2).then_some(())
    };
    eventually("the second wait", SOON, async || all_at(4).await).await?;
    desk.clock.advance(MINUTE);
    for conversation in &started {
        desk.comes_to(conversation, State::Done).await?;
        assert_eq!(desk.said(conversation).await?, ["one", "two", "three"]);
        let seqs: Vec<u64> = desk.messages(conversation).await?.iter().map(|one| one.seq).collect();
        assert_eq!(seqs, [1, 2, 3, 4]);
    }
    let told = desk.facts::<WorkflowChanged>(160).await?;
    let mut each: Vec<_> = told.iter().map(|fact| (&fact.run, fact.version)).collect();
    each.sort_unstable();
    each.dedup();
    assert_eq!(each.len(), 160, "each version is told once");
    second.stop().await;
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn first_messages_that_integrations_bring_begin_runs_once_and_answers_in_the_batch_end_them() -> Tested {
    let desk = desk().await?;
    desk.set(
        workflow(
            "welcome",
            Trigger::FirstMessage,
            &[Step::WaitSeconds(60), say("Hello!")],
        ),
        0,
    )
    .await?;
    let now = desk.clock.now();
    let said = |id: &str, reference: &str, role: &str, minutes: i64| {
        let mut document = message(id, reference, role, "Hello?");
        document["time"] = (now - SignedDuration::from_mins(minutes)).to_string().into();
        document
    };
    let batch = [
        said("e-1", "t-1", "customer", 9),
        said("e-2", "t-2", "customer", 0),
        said("e-3", "t-2", "agent", 0),
        said("e-4", "t-4", "customer", 11),
        said("e-5", "t-5", "bot", 0),
    ];
    for _ in 0..2 {
        let outcomes = ingest(&desk, &batch).await?;
        assert!(outcomes.iter().all(|outcome| outcome.accepted), "{outcomes:?}");
    }
    let runs = desk.runs("").await?;
    assert_eq!(runs.len(), 2, "what is old, or begun by others, begins none");
    let ended = runs
        .iter()
        .find(|run| run.state() == State::Cancelled)
        .expect("the answered one");
    assert_eq!(ended.end(), WorkflowRunEnd::AgentWrote);
    let running = runs
        .iter()
        .find(|run| run.run != ended.run)
        .expect("the other")
        .conversation
        .clone();
    desk.comes_to(&running, State::Waiting).await?;
    desk.clock.advance(MINUTE);
    desk.comes_to(&running, State::Done).await?;
    assert_eq!(desk.said(&running).await?, ["Hello!"]);
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn who_goes_on_after_the_end_is_greeted_again_and_an_agents_first_message_begins_nothing() -> Tested {
    let desk = desk().await?;
    desk.set(
        workflow("welcome", Trigger::FirstMessage, &[Step::Greet("Hello!".into())]),
        0,
    )
    .await?;
    let first = desk.start("r-1").await?.conversation;
    desk.comes_to(&first, State::Done).await?;
    let resolve = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: first.clone(),
    };
    desk.conversations.clone().resolve_conversation(resolve).await?;
    desk.post(&first, crate::world::CUSTOMER, "c-1", "One more thing.")
        .await?;
    let by = proto::StartConversationRequest {
        author: AGENT,
        ..starting("r-2")
    };
    desk.conversations.clone().start_conversation(by).await?;
    let both = async || {
        let runs = desk.runs("").await.ok()?;
        (runs.len() == 2 && runs.iter().all(|run| run.state() == State::Done)).then_some(runs)
    };
    let runs = eventually("two runs", SOON, both).await?;
    assert_ne!(runs[0].conversation, first);
    desk.world.end().await;
    Ok(())
}

/// How often the table of runs, and the index of what is due, were looked at, and how many entries were read.
async fn looks(desk: &Desk) -> anyhow::Result<(i64, i64, i64)> {
    let mut db = PgConnection::connect(&desk.database.admin_url()).await?;
    let sql = "SELECT t.seq_scan, sum(i.idx_scan)::bigint AS scans, sum(i.idx_tup_read)::bigint AS entries
         FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid)
         WHERE t.relname = 'workflow_run' GROUP BY t.seq_scan";
    let row = sqlx::query(sql).fetch_one(&mut db).await?;
    Ok((row.try_get("seq_scan")?, row.try_get("scans")?, row.try_get("entries")?))
}

#[tokio::test]
async fn ten_thousand_waiting_runs_cost_no_more_than_one() -> Tested {
    let desk = desk().await?;
    let mut db = PgConnection::connect(&desk.database.admin_url()).await?;
    let fill = "INSERT INTO workflow_run (workspace_id, id, conversation_id, workflow, workflow_version, steps, step, state, ended_by,
           skipped, started_at, version, due_at)
         SELECT 'acme', gen_random_uuid(), gen_random_uuid(), 'welcome', 1, '[{\"kind\":\"wait\",\"seconds\":60}]', 0, 'waiting', '',
           '[]', now(), 2, '2100-01-01T00:00:00Z' FROM generate_series(1, 10000)";
    assert_eq!(sqlx::query(fill).execute(&mut db).await?.rows_affected(), 10_000);
    sqlx::query("ANALYZE workflow_run").execute(&mut db).await?;
    // What came before is told by then.
    let (_, scans, _) = looks(&desk).await?;
    let settled = async || {
        let now = looks(&desk).await.ok()?;
        (now.1 >= scans + 6).then_some(now)
    };
    let (tables, scans, entries) = eventually("it was looked at", SOON, settled).await?;
    let later = async || {
        let now = looks(&desk).await.ok()?;
        (now.1 >= scans + 12).then_some(now)
    };
    let then = eventually("it was looked at again", SOON, later).await?;
    assert_eq!(then.0, tables, "nobody reads the table from end to end");
    let (looked, read) = (then.1 - scans, then.2 - entries);
    assert!(read <= looked, "{read} entries in {looked} looks");
    desk.world.end().await;
    Ok(())
}
