//! What people agreed to, by gRPC to contacts-service.

use std::process::ExitCode;

use anyhow::{Context, Result};
use rpc::contacts::consent_service_client::ConsentServiceClient;
use rpc::contacts::{self, Consent, ListConsentsRequest, RecordConsentRequest, WithdrawConsentRequest, Withdrawal};
use serde_json::{Value, json};

use super::contact::spoken;
use crate::args::{ConsentCommand, WithdrawnBy};
use crate::call::call;
use crate::output::Out;
use crate::show;
use crate::stack::{Endpoints, Service};

pub(crate) async fn run(command: ConsentCommand, out: &Out) -> Result<ExitCode> {
    let client = ConsentServiceClient::new(Endpoints::connect(Service::Contacts)?);
    match command {
        ConsentCommand::Record {
            workspace,
            contact,
            request_id,
            purpose,
            addresses,
            form,
            form_version,
            language,
            conversation,
            given_at,
        } => {
            let request = RecordConsentRequest {
                workspace,
                request_id,
                contact,
                purpose: spoken(purpose).into(),
                addresses,
                form,
                form_version,
                language,
                conversation: conversation.unwrap_or_default(),
                given_at: Some(events::stamp(given_at)),
            };
            let answer = call!(client, record_consent, request)?;
            show(&[answer.consent.context("an empty answer")?], None, out)?;
        }
        ConsentCommand::Withdraw {
            workspace,
            contact,
            purpose,
            at,
            by,
        } => {
            let request = WithdrawConsentRequest {
                workspace,
                contact,
                purpose: spoken(purpose).into(),
                at: at.map(events::stamp),
                by: spoken_by(by).into(),
            };
            show(&call!(client, withdraw_consent, request)?.consents, None, out)?;
        }
        ConsentCommand::List { workspace, contact } => {
            let answer = call!(client, list_consents, ListConsentsRequest { workspace, contact })?;
            show(&answer.consents, Some(&answer.withdrawals), out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Consents, and what was taken back where that was asked for too.
fn show(consents: &[Consent], withdrawals: Option<&[Withdrawal]>, out: &Out) -> Result<()> {
    if out.json() {
        let mut told = json!({ "consents": consents.iter().map(document).collect::<Vec<Value>>() });
        if let Some(withdrawals) = withdrawals {
            told["withdrawals"] = withdrawals.iter().map(taken_back).collect();
        }
        return out.document(&told);
    }
    let row = |one: &Consent| {
        vec![
            text(&show::rfc3339(one.given_at.as_ref())),
            purpose(one.purpose()),
            format!("{} {} ({})", one.form, one.form_version, one.language),
            one.addresses.len().to_string(),
            text(&show::rfc3339(one.withdrawn_at.as_ref())),
            one.withdrawn_at
                .as_ref()
                .map_or("-".to_owned(), |_| by(one.withdrawn_by())),
            one.consent.clone(),
        ]
    };
    let head = ["given", "purpose", "form", "addresses", "withdrawn", "by", "consent"];
    out.table(&head, &consents.iter().map(row).collect::<Vec<_>>())
}

fn document(one: &Consent) -> Value {
    json!({
        "consent": one.consent,
        "contact": one.contact,
        "purpose": purpose(one.purpose()),
        "addresses": one.addresses,
        "form": one.form,
        "form_version": one.form_version,
        "language": one.language,
        "conversation": one.conversation,
        "given_at": show::rfc3339(one.given_at.as_ref()),
        "withdrawn_at": show::rfc3339(one.withdrawn_at.as_ref()),
        "withdrawn_by": one.withdrawn_at.as_ref().map(|_| by(one.withdrawn_by())),
    })
}

fn taken_back(one: &Withdrawal) -> Value {
    json!({ "purpose": purpose(one.purpose()), "at": show::rfc3339(one.at.as_ref()), "by": by(one.by()) })
}

fn text(time: &Value) -> String {
    time.as_str().unwrap_or("-").to_owned()
}

fn purpose(purpose: contacts::Purpose) -> String {
    show::word(purpose.as_str_name(), "PURPOSE_")
}

fn by(by: contacts::WithdrawnBy) -> String {
    show::word(by.as_str_name(), "WITHDRAWN_BY_")
}

fn spoken_by(by: WithdrawnBy) -> contacts::WithdrawnBy {
    match by {
        WithdrawnBy::Form => contacts::WithdrawnBy::Form,
        WithdrawnBy::Unsubscribe => contacts::WithdrawnBy::Unsubscribe,
        WithdrawnBy::Message => contacts::WithdrawnBy::Message,
        WithdrawnBy::Agent => contacts::WithdrawnBy::Agent,
    }
}
