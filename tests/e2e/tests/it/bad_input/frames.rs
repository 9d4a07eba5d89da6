//! Frames of the customers' socket.

use anyhow::{Context, Result, ensure};
use cli::scenario::Customer;
use cli::scenario::main_job::QUESTION;
use serde_json::{Value, json};

use super::Seen;
use super::front::{FIRST, Front};

const INVALID: &str = "request.invalid";

pub async fn refused(front: &mut Front, seen: &mut Seen) -> Result<()> {
    starts(&mut front.visitor, seen).await?;
    required(&mut front.strict, seen).await?;
    messages(&mut front.customer, seen).await?;
    repeats(&mut front.customer, seen).await?;
    too_large(&mut front.customer).await
}

async fn each(customer: &mut Customer, seen: &mut Seen, frames: &[(Value, &str, &str)]) -> Result<()> {
    for (frame, code, field) in frames {
        let text = match frame {
            Value::String(text) => text.clone(),
            frame => frame.to_string(),
        };
        let case: String = text.chars().take(120).collect();
        let answer = customer.ask(text).await.context(case.clone())?;
        seen.refusal(&case, &answer, code, field);
    }
    Ok(())
}

async fn starts(visitor: &mut Customer, seen: &mut Seen) -> Result<()> {
    let start = |with: Value| {
        let mut frame = json!({ "type": "start", "client_id": "bad", "text": "Hello?" });
        let (Value::Object(fields), Value::Object(with)) = (&mut frame, with) else {
            return frame;
        };
        fields.extend(with);
        fields.retain(|_, value| !value.is_null());
        frame
    };
    let long = "x".repeat(201);
    each(
        visitor,
        seen,
        &[
            (json!("not JSON"), INVALID, "type"),
            (json!("[]"), INVALID, "type"),
            (json!({ "text": "x" }), INVALID, "type"),
            (json!({ "type": "shout" }), INVALID, "type"),
            (start(json!({ "client_id": null })), INVALID, "client_id"),
            (start(json!({ "client_id": "with space" })), INVALID, "client_id"),
            (start(json!({ "text": null })), INVALID, "text"),
            (start(json!({ "text": " " })), INVALID, "text"),
            (start(json!({ "text": 5 })), INVALID, "text"),
            (start(json!({ "colour": "red" })), INVALID, "colour"),
            (start(json!({ "phone": "12" })), INVALID, "phone"),
            (start(json!({ "phone": "call me" })), INVALID, "phone"),
            (start(json!({ "phone": "+48 000 000 000 000" })), INVALID, "phone"),
            (start(json!({ "phone": "+999 600 700 800" })), INVALID, "phone"),
            (start(json!({ "email": "ola@" })), INVALID, "email"),
            (start(json!({ "name": long })), INVALID, "name"),
            (start(json!({ "page_url": "javascript:alert(1)" })), INVALID, "page_url"),
            (
                json!({ "type": "message", "client_id": "bad", "text": "x" }),
                INVALID,
                "type",
            ),
            (json!({ "type": "contact", "phone": "600700800" }), INVALID, "type"),
            (json!({ "type": "hello", "ticket": "x.y" }), INVALID, "type"),
        ],
    )
    .await
}

async fn required(strict: &mut Customer, seen: &mut Seen) -> Result<()> {
    let start = |name: &str, email: &str| json!({ "type": "start", "client_id": "bad", "text": "Hello?", "name": name, "email": email });
    each(
        strict,
        seen,
        &[
            (start("", ""), "conversation.fields_missing", "name, phone"),
            (start("Ola", ""), "conversation.fields_missing", "phone"),
            (start("Ola", "ola@example.com"), INVALID, "email"),
        ],
    )
    .await
}

async fn messages(customer: &mut Customer, seen: &mut Seen) -> Result<()> {
    let message = |client_id: &str, text: &str| json!({ "type": "message", "client_id": client_id, "text": text });
    each(
        customer,
        seen,
        &[
            (message("bad", ""), INVALID, "text"),
            (message("bad", "a\0b"), INVALID, "text"),
            (message("", "x"), INVALID, "client_id"),
            (message(&"x".repeat(65), "x"), INVALID, "client_id"),
            (
                json!({ "type": "message", "client_id": "bad", "text": "x", "to": "ana" }),
                INVALID,
                "to",
            ),
            (json!({ "type": "read", "up_to": 999 }), INVALID, "up_to"),
            (json!({ "type": "read", "up_to": -1 }), INVALID, "up_to"),
            (
                json!({ "type": "tab", "visible": "yes", "idle_ms": 0, "quiet": false }),
                INVALID,
                "visible",
            ),
            (json!({ "type": "contact" }), INVALID, "contact"),
            (json!({ "type": "contact", "phone": "12" }), INVALID, "phone"),
            (json!({ "type": "contact", "email": "@" }), INVALID, "email"),
        ],
    )
    .await
}

/// The customer's first message again, and its id with another text.
async fn repeats(customer: &mut Customer, seen: &mut Seen) -> Result<()> {
    let again = |text: &str| {
        let page = "http://localhost/shop";
        json!({ "type": "start", "client_id": FIRST, "text": text, "page_url": page })
    };
    let answer = customer.ask(again(QUESTION).to_string()).await?;
    ensure!(
        answer["type"] == "started" && answer["conversation"] == customer.conversation.as_str(),
        "the same again is answered {answer}"
    );
    each(
        customer,
        seen,
        &[(again("Something else"), "request.exists", "client_id")],
    )
    .await
}

/// A message that is too large ends its socket with a reason; the page opens another one.
async fn too_large(customer: &mut Customer) -> Result<()> {
    let frame = json!({ "type": "message", "client_id": "large", "text": "x".repeat(64 * 1024) });
    let closed = customer.ask(frame.to_string()).await?;
    ensure!(
        closed["type"] == "closed" && closed["code"] == 1009,
        "a frame of more than 64 KiB is answered {closed}"
    );
    let reason = closed["reason"].as_str().unwrap_or_default();
    ensure!(
        reason.contains("65,536 bytes"),
        "the reason does not tell the limit: {reason}"
    );
    customer.open_tab().await?;
    let pong = customer.ask(json!({ "type": "ping" }).to_string()).await?;
    ensure!(pong["type"] == "pong", "the next socket answers {pong}");
    Ok(())
}
