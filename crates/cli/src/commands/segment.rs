//! Contacts by what is known of them, by gRPC to contacts-service.

use std::io::Write;

use anyhow::Result;
use rpc::contacts::segment_service_client::SegmentServiceClient;
use rpc::contacts::{CountSegmentRequest, ExportSegmentRequest, ListSegmentRequest};
use serde_json::json;
use tonic::transport::Channel;

use super::contact::{list, spoken};
use crate::args::SegmentCommand;
use crate::call::{call, pages};
use crate::output::{Out, say};

/// Lines of an export that are asked for at once.
const LINES: u32 = 1_000;
/// Room for a page of the longest custom values.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

pub(super) async fn run(command: SegmentCommand, channel: Channel, out: &Out) -> Result<()> {
    let client = SegmentServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWER);
    match command {
        SegmentCommand::Count { of } => {
            let request = CountSegmentRequest {
                workspace: of.workspace,
                purpose: spoken(of.purpose).into(),
                filter: of.filter,
            };
            let contacts = call!(client, count_segment, request)?.contacts;
            match out.json() {
                true => out.document(&json!({ "contacts": contacts })),
                false => out.line(contacts.to_string()),
            }
        }
        SegmentCommand::List { of, limit } => {
            let request = ListSegmentRequest {
                workspace: of.workspace,
                purpose: spoken(of.purpose).into(),
                filter: of.filter,
                ..Default::default()
            };
            list(&pages!(client, list_segment, request, contacts, limit), out)
        }
        SegmentCommand::Export { of, data } => {
            let request = ExportSegmentRequest {
                workspace: of.workspace,
                purpose: spoken(of.purpose).into(),
                filter: of.filter,
                data,
                page_size: LINES,
                page_token: String::new(),
            };
            export(&client, request).await
        }
    }
}

/// Page by page, as they come.
async fn export(client: &SegmentServiceClient<Channel>, mut request: ExportSegmentRequest) -> Result<()> {
    let mut pages = 0;
    loop {
        let page = call!(client, export_segment, request.clone())?;
        std::io::stdout().lock().write_all(&page.csv)?;
        pages += 1;
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(std::io::stdout().lock().flush()?);
        }
        if pages % 10 == 0 {
            say(format!("{pages} pages so far"));
        }
    }
}
