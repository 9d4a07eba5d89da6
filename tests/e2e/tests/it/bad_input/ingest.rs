//! Events of other systems: the same documents over HTTP, where they are answered, and on NATS, where they become dead
//! letters that say why.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use cli::scenario::main_job::QUESTION;
use reqwest::Method;
use rpc::conversation::CreateChannelRequest;
use serde_json::{Value, json};
use testkit::eventually;
use tokio::process::Command;

use super::Seen;
use super::front::Front;

const MALFORMED: &str = "ingest.malformed";
const INVALID: &str = "request.invalid";
/// Names a channel that does not exist yet.
const LATE: &str = "late";
const UNREPAIRED: &str = "no-text";

/// A document that is refused.
struct Bad {
    id: &'static str,
    /// Last token of the subject.
    event: &'static str,
    document: Vec<u8>,
    code: &'static str,
    field: &'static str,
}

/// A good event whose parts are replaced; null removes one.
fn event(front: &Front, id: &str, with: Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": id, "source": "helpdesk", "type": "homing.message.v1",
        "subject": front.customer.conversation, "time": "2026-01-31T12:00:00Z",
        "data": { "author": { "role": "agent", "agent": "ana" }, "text": "Yes." },
    });
    merge(&mut event, with);
    event
}

fn merge(into: &mut Value, with: Value) {
    match (into, with) {
        (Value::Object(into), Value::Object(with)) => {
            for (name, value) in with {
                if value.is_null() {
                    into.remove(&name);
                } else {
                    merge(into.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (into, with) => *into = with,
    }
}

fn documents(front: &Front) -> Vec<Bad> {
    let bad = |id, code, field, with: Value| Bad {
        id,
        event: "message",
        document: event(front, id, with).to_string().into_bytes(),
        code,
        field,
    };
    let data = |with: Value| json!({ "data": with });
    let read = |id, field, data: Value| {
        let with = json!({ "type": "homing.message_read.v1", "data": data });
        let mut document = event(front, id, json!({ "data": null }));
        merge(&mut document, with);
        Bad {
            id,
            event: "message_read",
            document: document.to_string().into_bytes(),
            code: INVALID,
            field,
        }
    };
    let text = |text: &str| data(json!({ "text": text }));
    let customer = |customer: Value| {
        let data = json!({ "channel": "web", "author": { "role": "customer", "agent": null }, "customer": customer });
        json!({ "subject": "ticket-1", "data": data })
    };
    let raw = |document: &str| Bad {
        id: "",
        event: "message",
        document: document.as_bytes().to_vec(),
        code: MALFORMED,
        field: "event",
    };
    vec![
        raw("{"),
        raw("[]"),
        bad("", MALFORMED, "id", json!({ "id": null })),
        bad("old-version", MALFORMED, "specversion", json!({ "specversion": "0.3" })),
        bad("no-time", MALFORMED, "time", json!({ "time": null })),
        bad("bad-time", MALFORMED, "time", json!({ "time": "yesterday" })),
        bad("old-time", INVALID, "time", json!({ "time": "1999-12-31T00:00:00Z" })),
        bad("no-subject", MALFORMED, "subject", json!({ "subject": null })),
        bad("other-source", MALFORMED, "source", json!({ "source": "somebody" })),
        bad("other-type", MALFORMED, "type", json!({ "type": "homing.sneeze.v1" })),
        bad("no-author", INVALID, "data.author", data(json!({ "author": null }))),
        bad(
            "system-author",
            INVALID,
            "data.author.role",
            data(json!({ "author": { "role": "system" } })),
        ),
        bad(UNREPAIRED, MALFORMED, "data.text", data(json!({ "text": null }))),
        bad("number-text", MALFORMED, "data.text", data(json!({ "text": 5 }))),
        bad("empty-text", INVALID, "data.text", text(" ")),
        bad("nul-text", INVALID, "data.text", text("a\0b")),
        bad("long-text", INVALID, "data.text", text(&"x".repeat(65_537))),
        bad("large", "limit.size", "event", text(&"x".repeat(140_000))),
        bad("colour", MALFORMED, "data.colour", data(json!({ "colour": "red" }))),
        bad(
            "phone",
            INVALID,
            "data.customer.phone",
            customer(json!({ "phone": "12" })),
        ),
        bad(
            "far-phone",
            INVALID,
            "data.customer.phone",
            customer(json!({ "phone": "+999 600 700 800" })),
        ),
        bad(
            "email",
            INVALID,
            "data.customer.email",
            customer(json!({ "email": "ola@" })),
        ),
        bad(
            LATE,
            INVALID,
            "data.channel",
            json!({ "subject": "ticket-2", "data": { "channel": LATE } }),
        ),
        read("past-the-end", "data.up_to_sequence", json!({ "up_to_sequence": 999 })),
        read(
            "two-marks",
            "data",
            json!({ "up_to_sequence": 1, "up_to_message_id": "x" }),
        ),
    ]
}

/// A dead letter as `homing dlq list` shows it.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Letter {
    sequence: u64,
    workspace: String,
    code: String,
    reason: String,
    event_id: String,
}

pub async fn refused(front: &Front, seen: &mut Seen) -> Result<Vec<Letter>> {
    let bad = documents(front);
    for one in &bad {
        over_http(front, one, seen).await?;
    }
    ensure!(letters(front).await?.is_empty(), "what HTTP refused is a dead letter");
    for one in &bad {
        front
            .world
            .integration
            .publish_bytes(one.event, one.document.clone())
            .await?;
    }
    let misplaced = event(front, "misplaced", json!({})).to_string();
    let misplaced = front
        .world
        .integration
        .publish_bytes("conversation_resolved", misplaced.into_bytes());
    misplaced.await?;
    let letters = eventually("the dead letters are listed", Duration::from_secs(30), async || {
        letters(front).await.ok().filter(|letters| letters.len() > bad.len())
    })
    .await?;
    ensure!(letters.len() == bad.len() + 1, "{} dead letters", letters.len());
    let is_told = |id: &str, code: &str, field: &str| {
        let start = format!("[{code}] {field}: ");
        letters.iter().any(|letter| {
            letter.workspace == front.world.workspace
                && letter.event_id == id
                && letter.code == code
                && letter
                    .reason
                    .strip_prefix(&start)
                    .is_some_and(|remedy| remedy.contains(' '))
        })
    };
    for one in &bad {
        if !is_told(one.id, one.code, one.field) {
            let told: Vec<&Letter> = letters.iter().filter(|letter| letter.event_id == one.id).collect();
            let Bad { id, code, field, .. } = one;
            seen.otherwise(format!("no letter blames {field} of '{id}' ({code}): {told:?}"));
        }
    }
    ensure!(
        is_told("misplaced", MALFORMED, "type"),
        "no letter tells of the wrong subject: {letters:#?}"
    );
    Ok(letters)
}

async fn over_http(front: &Front, bad: &Bad, seen: &mut Seen) -> Result<()> {
    let case = format!("event '{}'", bad.id);
    let request = front
        .request(Method::POST, "/v1/events")
        .bearer_auth(&front.world.integration.token);
    let request = request.header("content-type", "application/cloudevents+json");
    let answer = request.body(bad.document.clone()).send().await?;
    if answer.status() != 400 {
        seen.otherwise(format!("{case}: answered {}", answer.status()));
    }
    seen.refusal(&case, &answer.json().await?, bad.code, bad.field);
    Ok(())
}

/// Mends the cause of one letter and replays it; replays another one as it is. Then a repetition of an accepted event.
pub async fn repaired(front: &Front, letters: &[Letter]) -> Result<()> {
    let sequence = |id: &str| {
        let letter = letters.iter().find(|letter| letter.event_id == id);
        letter.map(|letter| letter.sequence).context("no such letter")
    };
    let channel = CreateChannelRequest {
        workspace: front.world.workspace.clone(),
        channel: LATE.to_owned(),
        kind: events::common::ChannelKind::Web.into(),
        ..Default::default()
    };
    front.world.clients.workspaces.clone().create_channel(channel).await?;
    let (late, unrepaired) = (sequence(LATE)?, sequence(UNREPAIRED)?);
    homing(front, &["dlq", "replay", &late.to_string(), &unrepaired.to_string()]).await?;
    let again = eventually(
        "the letter that was not mended is back",
        Duration::from_secs(30),
        async || {
            let now = self::letters(front).await.ok()?;
            let back = now
                .iter()
                .any(|letter| letter.event_id == UNREPAIRED && letter.sequence != unrepaired);
            back.then_some(now)
        },
    )
    .await?;
    ensure!(
        again.len() == letters.len() - 1,
        "{} dead letters, not one less",
        again.len()
    );
    ensure!(
        again.iter().all(|letter| letter.event_id != LATE),
        "the mended one is still a dead letter"
    );
    eventually("the mended event is taken", Duration::from_secs(30), async || {
        on_channel(front, LATE).await.ok().filter(|count| *count == 1)
    })
    .await?;
    repeated(front).await
}

/// The same event again is the same event; its id with other content is refused.
async fn repeated(front: &Front) -> Result<()> {
    let before = letters(front).await?.len();
    let good = |text: &str| {
        event(front, "replayed", json!({ "data": { "text": text } }))
            .to_string()
            .into_bytes()
    };
    for _ in 0..3 {
        front.world.integration.publish_bytes("message", good("Once.")).await?;
    }
    front.world.integration.publish_bytes("message", good("Twice.")).await?;
    let now = eventually(
        "the changed event is a dead letter",
        Duration::from_secs(30),
        async || letters(front).await.ok().filter(|letters| letters.len() > before),
    )
    .await?;
    ensure!(
        now.len() == before + 1,
        "{} dead letters more, not one",
        now.len() - before
    );
    let told = now.iter().any(|letter| {
        letter.event_id == "replayed" && letter.code == "ingest.replay_differs" && letter.reason.contains("] id: ")
    });
    ensure!(told, "no letter tells that the id was used: {now:#?}");
    let path = format!("/v1/conversations/{}/messages", front.customer.conversation);
    let messages = front
        .request(Method::GET, &path)
        .bearer_auth(&front.token)
        .send()
        .await?;
    let messages: Value = messages.error_for_status()?.json().await?;
    let texts: Vec<&str> = messages["messages"]
        .as_array()
        .context("no messages")?
        .iter()
        .filter_map(|message| message["text"].as_str())
        .collect();
    ensure!(
        texts == [QUESTION, "Once."],
        "the conversation holds {} messages",
        texts.len()
    );
    Ok(())
}

/// How many conversations there are on a channel.
async fn on_channel(front: &Front, channel: &str) -> Result<usize> {
    let page = front
        .request(Method::GET, "/v1/conversations")
        .bearer_auth(&front.token)
        .send()
        .await?;
    let page: Value = page.error_for_status()?.json().await?;
    let all = page["conversations"].as_array().context("no list")?;
    Ok(all.iter().filter(|one| one["channel"] == channel).count())
}

async fn letters(front: &Front) -> Result<Vec<Letter>> {
    let listed = homing(front, &["-o", "json", "dlq", "list", "-w", &front.world.workspace]).await?;
    Ok(serde_json::from_slice(&listed)?)
}

/// Runs `homing` as an operator does; what it prints.
async fn homing(front: &Front, arguments: &[&str]) -> Result<Vec<u8>> {
    let mut command = Command::new(cli::stack::beside_us("homing")?);
    command
        .args(arguments)
        .env("HOMING_NATS_URL", &front.world.endpoints.nats)
        .stdin(Stdio::null());
    let output = command.output().await?;
    if !output.status.success() {
        bail!(
            "homing {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output.stdout)
}
