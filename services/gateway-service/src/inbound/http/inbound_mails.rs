//! Mails that come in: what people answer, and what mail servers report. Handed over by a mail server, or by a service
//! that receives mails.

use super::extract::{Params, Raw, expect_type, header_text, throw_away};
use super::problem::{Answer, Problem};
use crate::app::edge::Edge;
use aws_lc_rs::constant_time;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fault::{Fault, Result, codes};
use rpc::notifier::{InboundMailOutcome, RecordInboundMailRequest};
use runtime::Secret;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const RECIPIENT: &str = "x-envelope-to";
const SENDER: &str = "x-envelope-from";

/// A mail from somebody who knows the secret. Of anybody else's nothing is kept.
pub struct Handed(Bytes);

impl FromRequest<Arc<Edge>> for Handed {
    type Rejection = Problem;

    async fn from_request(request: Request, edge: &Arc<Edge>) -> std::result::Result<Self, Problem> {
        let refused = check(request.headers(), edge.settings.mail_secret.as_ref());
        if let Err(fault) = refused.and_then(|()| expect_type(request.headers(), &["message/rfc822"])) {
            throw_away(request).await;
            return Err(fault.into());
        }
        let Raw(mail) = Raw::from_request(request, edge).await?;
        Ok(Self(mail))
    }
}

fn check(headers: &HeaderMap, secret: Option<&Secret>) -> Result<()> {
    let closed = || {
        Fault::new(
            &codes::DENIED,
            "no mails are taken here; set HOMING_GATEWAY_MAIL_SECRET",
        )
    };
    let secret = secret.ok_or_else(closed)?;
    let refused = || {
        let remedy = "send the value of HOMING_GATEWAY_MAIL_SECRET as a bearer token, or as the password of basic \
                      authentication";
        Fault::new(&codes::UNAUTHENTICATED, remedy).of("authorization")
    };
    let given = header_text(headers, header::AUTHORIZATION.as_str()).ok_or_else(refused)?;
    let (scheme, given) = given.split_once(' ').ok_or_else(refused)?;
    let shown = if scheme.eq_ignore_ascii_case("bearer") {
        given.trim().as_bytes().to_vec()
    } else if scheme.eq_ignore_ascii_case("basic") {
        let pair = STANDARD.decode(given.trim()).map_err(|_| refused())?;
        let colon = pair.iter().position(|byte| *byte == b':').ok_or_else(refused)?;
        pair[colon + 1..].to_vec()
    } else {
        return Err(refused());
    };
    constant_time::verify_slices_are_equal(&shown, secret.expose().as_bytes()).map_err(|_| refused())
}

/// The envelope, where it does not come as header lines.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Envelope {
    /// Whom the mail is for; else the header X-Envelope-To.
    recipient: Option<String>,
    /// Who sent it, empty for the null sender; else the header X-Envelope-From.
    sender: Option<String>,
}

/// What became of a mail.
#[derive(Serialize, ToSchema)]
pub struct InboundMail {
    /// posted, flagged (not from whom we wrote to), automatic, bounce, or empty.
    outcome: &'static str,
}

/// A mail as it came, whole. The recipient is the envelope's.
#[utoipa::path(post, path = "/v1/callbacks/mail", tag = "callbacks", security(("mail_secret" = [])), params(Envelope),
    request_body(content = String, content_type = "message/rfc822", description = "RFC 5322, at most 10 MiB"),
    responses((status = 200, body = InboundMail, description = "Taken, now or earlier"),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn record_inbound_mail(
    State(edge): State<Arc<Edge>>,
    Params(envelope): Params<Envelope>,
    headers: HeaderMap,
    Handed(mail): Handed,
) -> Answer<Json<InboundMail>> {
    // An address beyond ASCII is an address too, not the null sender.
    let header = |name: &str| Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned());
    let recipient = envelope.recipient.or_else(|| header(RECIPIENT)).unwrap_or_default();
    if recipient.trim().is_empty() {
        let remedy = "is missing; give the envelope's recipient in ?recipient= or in the header X-Envelope-To";
        return Err(Fault::invalid("recipient", remedy).into());
    }
    let request = RecordInboundMailRequest {
        recipient,
        sender: envelope.sender.or_else(|| header(SENDER)),
        mail: mail.into(),
    };
    let answer = edge.follow_ups.record_inbound_mail(request).await?;
    let outcome = match answer.outcome() {
        InboundMailOutcome::Posted => "posted",
        InboundMailOutcome::Flagged => "flagged",
        InboundMailOutcome::Automatic => "automatic",
        InboundMailOutcome::Bounce => "bounce",
        InboundMailOutcome::Empty => "empty",
        InboundMailOutcome::Unspecified => {
            return Err(Fault::internal("notifier-service did not say what became of a mail").into());
        }
    };
    Ok(Json(InboundMail { outcome }))
}
