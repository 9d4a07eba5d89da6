//! Callbacks of the provider: wrong codes, wrong signatures, and the right ones again.

use anyhow::{Context, Result};
use cli::stack::Stack;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::Seen;
use super::front::Front;

const SIGNATURE: &str = "access.signature";
const INVALID: &str = "request.invalid";
const FORM: &str = "application/x-www-form-urlencoded";

pub async fn refused(stack: &Stack, front: &Front, seen: &mut Seen) -> Result<()> {
    let text = stack.sms.to(&front.world.ola.phone).pop().context("no text")?;
    let url = text.status_callback.context("no callback")?;
    let path = url
        .strip_prefix(&front.world.endpoints.gateway)
        .context("another host")?;
    let told = |status: &str| vec![("MessageSid", text.sid.clone()), ("MessageStatus", status.to_owned())];
    let call = async |path: &str, parameters: &[(&str, String)], signature: &str| -> Result<(u16, Value)> {
        let request = front
            .request(reqwest::Method::POST, path)
            .header("x-twilio-signature", signature);
        let answer = request.form(parameters).send().await?;
        Ok((answer.status().as_u16(), answer.json().await.unwrap_or_default()))
    };
    let signed = |path: &str, parameters: &[(&str, String)]| {
        stack
            .sms
            .signature(&format!("{}{path}", front.world.endpoints.gateway), parameters)
    };

    let right = told("undelivered");
    let other_code = format!("{}AAAA", &path[..path.len() - 4]);
    let elsewhere = path.replacen(&front.world.workspace, "elsewhere", 1);
    for (case, path, signature, code, field) in [
        (
            "a wrong code",
            other_code.as_str(),
            signed(&other_code, &right),
            SIGNATURE,
            "signature",
        ),
        (
            "another workspace",
            &elsewhere,
            signed(&elsewhere, &right),
            SIGNATURE,
            "signature",
        ),
        (
            "another signature",
            path,
            signed(path, &told("delivered")),
            SIGNATURE,
            "signature",
        ),
        ("no signature", path, String::new(), SIGNATURE, "signature"),
        (
            "no id",
            "/v1/callbacks/sms/acme/x/y",
            String::new(),
            INVALID,
            "delivery",
        ),
    ] {
        let (status, answer) = call(path, &right, &signature).await?;
        if status != if code == SIGNATURE { 401 } else { 400 } {
            seen.otherwise(format!("{case}: answered {status}"));
        }
        seen.refusal(case, &answer, code, field);
    }
    for (missing, parameters) in [
        ("MessageStatus", vec![("MessageSid", text.sid.clone())]),
        ("MessageSid", vec![("MessageStatus", "undelivered".to_owned())]),
    ] {
        let (status, answer) = call(path, &parameters, &signed(path, &parameters)).await?;
        if status != 400 {
            seen.otherwise(format!("without {missing}: answered {status}"));
        }
        seen.refusal(missing, &answer, INVALID, missing);
    }
    let request = front.request(reqwest::Method::POST, path).header(CONTENT_TYPE, FORM);
    let answer = request.body(vec![b'x'; 200_000]).send().await?;
    seen.refusal("a large form", &answer.json().await?, "limit.size", "body");

    // What the provider said before changes nothing, however often and in whatever order it comes.
    for again in ["delivered", "sent", "delivered"] {
        let (status, answer) = call(path, &told(again), &signed(path, &told(again))).await?;
        if status != 204 {
            seen.otherwise(format!("'{again}' again: answered {status} {answer}"));
        }
    }
    Ok(())
}
