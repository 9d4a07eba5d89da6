//! How long things are kept, by gRPC to contacts-service and conversation-service.

use std::process::ExitCode;

use anyhow::{Context, Result};
use prost_types::Timestamp;
use rpc::contacts::retention_service_client::RetentionServiceClient as ContactsClient;
use rpc::conversation::retention_service_client::RetentionServiceClient as ConversationsClient;
use rpc::{contacts, conversation};
use serde_json::{Value, json};

use crate::args::RetentionCommand;
use crate::call::call;
use crate::output::Out;
use crate::show;
use crate::stack::{Endpoints, Service};

/// A period, and how far it was applied.
struct Period {
    days: u32,
    version: u64,
    by: String,
    set_at: Option<Timestamp>,
    applied_at: Option<Timestamp>,
    erased: u64,
}

macro_rules! period {
    ($answer:expr) => {{
        let told = $answer.retention.context("an empty answer")?;
        Period {
            days: told.days,
            version: told.version,
            by: told.by,
            set_at: told.set_at,
            applied_at: told.applied_at,
            erased: told.erased,
        }
    }};
}

pub(crate) async fn run(command: RetentionCommand, out: &Out) -> Result<ExitCode> {
    let people = ContactsClient::new(Endpoints::connect(Service::Contacts)?);
    let words = ConversationsClient::new(Endpoints::connect(Service::Conversation)?);
    let workspace = match command {
        RetentionCommand::Show { workspace } => workspace,
        RetentionCommand::Set {
            workspace,
            contacts: of_contacts,
            conversations,
            by,
        } => {
            if let Some(days) = of_contacts {
                let request = contacts::SetRetentionRequest {
                    workspace: workspace.clone(),
                    days,
                    version: 0,
                    by: by.clone(),
                };
                call!(people, set_retention, request)?;
            }
            if let Some(days) = conversations {
                let request = conversation::SetRetentionRequest {
                    workspace: workspace.clone(),
                    days,
                    version: 0,
                    by,
                };
                call!(words, set_retention, request)?;
            }
            workspace
        }
    };
    let request = contacts::GetRetentionRequest {
        workspace: workspace.clone(),
    };
    let of_contacts = period!(call!(people, get_retention, request)?);
    let of_words = period!(call!(
        words,
        get_retention,
        conversation::GetRetentionRequest { workspace }
    )?);
    print(&[("contacts", of_contacts), ("conversations", of_words)], out)?;
    Ok(ExitCode::SUCCESS)
}

fn print(periods: &[(&str, Period)], out: &Out) -> Result<()> {
    let at = |at: &Option<Timestamp>| show::rfc3339(at.as_ref());
    if out.json() {
        let told = periods.iter().map(|(kept, period)| {
            let value = json!({
                "days": period.days, "version": period.version, "by": period.by, "set_at": at(&period.set_at),
                "applied_at": at(&period.applied_at), "erased": period.erased,
            });
            ((*kept).to_owned(), value)
        });
        return out.document(&Value::Object(told.collect()));
    }
    let time = |of: &Option<Timestamp>| at(of).as_str().unwrap_or("-").to_owned();
    let row = |(kept, period): &(&str, Period)| {
        let days = match period.days {
            0 => "for ever".to_owned(),
            days => format!("{days} days"),
        };
        let (applied, erased) = (time(&period.applied_at), period.erased.to_string());
        vec![
            (*kept).to_owned(),
            days,
            period.by.clone(),
            time(&period.set_at),
            applied,
            erased,
        ]
    };
    let rows: Vec<Vec<String>> = periods.iter().map(row).collect();
    out.table(&["kept", "how long", "by", "set", "applied", "erased"], &rows)
}
