//! Who wants no messages of a workspace, by gRPC to notifier-service.

use std::process::ExitCode;

use anyhow::Result;
use rpc::notifier::follow_up_service_client::FollowUpServiceClient;
use rpc::notifier::{GetOptOutRequest, SetOptOutRequest, get_opt_out_request, set_opt_out_request};
use serde_json::json;
use tonic::transport::Channel;

use crate::args::{OptOutAddress, OptOutArgs, OptOutCommand};
use crate::call::call;
use crate::output::{Out, say};
use crate::show;
use crate::stack::{Endpoints, Service};

type Client = FollowUpServiceClient<Channel>;

pub(crate) async fn run(command: OptOutCommand, out: &Out) -> Result<ExitCode> {
    let client = Client::new(rpc::connect(&Endpoints::service(Service::Notifier)?)?);
    match command {
        OptOutCommand::Set(args) => {
            set(&client, args, true).await?;
            say("nothing more is sent to this address");
        }
        OptOutCommand::Clear(args) => {
            set(&client, args, false).await?;
            say("this address is written to again");
        }
        OptOutCommand::Show(args) => show(&client, args, out).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(client: &Client, args: OptOutArgs, opted_out: bool) -> Result<()> {
    use set_opt_out_request::Address;
    let OptOutAddress { phone, email } = args.address;
    let request = SetOptOutRequest {
        workspace: args.workspace,
        address: phone.map(Address::Phone).or(email.map(Address::Email)),
        opted_out,
    };
    call!(client, set_opt_out, request)?;
    Ok(())
}

async fn show(client: &Client, args: OptOutArgs, out: &Out) -> Result<()> {
    use get_opt_out_request::Address;
    let OptOutAddress { phone, email } = args.address;
    let is_phone = phone.is_some();
    let from = if is_phone { "texts" } else { "mails" };
    let request = GetOptOutRequest {
        workspace: args.workspace,
        address: phone.map(Address::Phone).or(email.map(Address::Email)),
    };
    let answer = call!(client, get_opt_out, request)?;
    let since = show::rfc3339(answer.since.as_ref());
    let whatsapp_since = show::rfc3339(answer.whatsapp_since.as_ref());
    if out.json() {
        return out.document(&json!({
            "opted_out": answer.opted_out,
            "since": since,
            "whatsapp_opted_out": answer.whatsapp_opted_out,
            "whatsapp_since": whatsapp_since,
        }));
    }
    let row = |from: &str, opted_out: bool, since: &serde_json::Value| {
        let word = if opted_out { "yes" } else { "no" };
        vec![
            word.to_owned(),
            from.to_owned(),
            since.as_str().unwrap_or("-").to_owned(),
        ]
    };
    let mut rows = vec![row(from, answer.opted_out, &since)];
    if is_phone {
        rows.push(row("whatsapp", answer.whatsapp_opted_out, &whatsapp_since));
    }
    out.table(&["opted out", "of", "since"], &rows)
}
