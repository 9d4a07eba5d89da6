//! What one workspace has cannot be reached, nor be told from what nobody has, from another one.

use crate::harness::{Customer, EMAIL, Harness, PHONE, SOON, Tested};
use crate::words::token_in;
use notifier_service::MIGRATOR;
use rpc::notifier::explain_follow_up_request::Of;
use rpc::notifier::*;
use std::fmt::Debug;
use testkit::TestDatabase;
use tonic::{Response, Status};

#[tokio::test]
async fn every_table_is_protected_and_belongs_to_nobody_who_logs_in() -> Tested {
    let migrate = async |url: String| Ok(store::migrate(&url, "notifier", &MIGRATOR).await?);
    let database = TestDatabase::create("notifier", migrate).await?;
    let tables = database.guarded_tables(&[]).await?;
    let expected = "channel_view conversation_view delivery follow_up inbound_text inbox joining_text opt_out outbox presence_view \
                    receipt reminder_mail reply_address return_link send_limit submitted_part timeline unanswered";
    assert_eq!(tables.join(" "), expected);
    Ok(())
}

/// What a caller can tell apart.
fn seen<T: Debug>(answer: Result<Response<T>, Status>) -> String {
    match answer {
        Ok(answer) => format!("{:?}", answer.into_inner()),
        Err(status) => {
            let fault = rpc::from_status(&status);
            format!("{} of {:?}: {}", fault.code().name, fault.field(), fault.public())
        }
    }
}

/// What a call can name.
struct Named {
    conversation: String,
    follow_up: String,
    delivery: String,
    /// In the address of the delivery's receipts.
    code: String,
    /// Of texts that were written, with their provider's name for one.
    phone: &'static str,
    text: &'static str,
    /// Tokens of the reply address, the return link and the unsubscribe link.
    reply: String,
    back: String,
    unsubscribe: String,
    /// A number that was opted out.
    opted_out: &'static str,
}

impl Named {
    /// Well-formed names of what nobody has.
    fn nothing(code: &str) -> Self {
        let nowhere = || "018f4e3a-0000-7000-8000-00000000dead".to_owned();
        Self {
            conversation: nowhere(),
            follow_up: nowhere(),
            delivery: nowhere(),
            code: code.to_owned(),
            phone: "+48600700999",
            text: "SM-nobodys",
            reply: "0".repeat(25),
            back: "A".repeat(22),
            unsubscribe: "A".repeat(43),
            opted_out: "+48600700888",
        }
    }

    /// A customer of the harness's workspace was told by text and by mail, wrote by text, and all of it can be named.
    async fn theirs(notifier: &Harness) -> anyhow::Result<Self> {
        let customer: Customer = notifier.customer(true, true).await?;
        notifier.leave(&customer).await?;
        notifier.answer(&customer, 2).await?;
        notifier.armed(&customer).await?;
        notifier.advance(30).await;
        let text = notifier.sms.nth(PHONE, 1, SOON).await?;
        let told = notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
        notifier.advance(601).await;
        let mail = notifier.smtp.nth(EMAIL, 1, SOON).await?;
        notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
        assert_eq!(notifier.written("SM-theirs", PHONE, "Yes").await, 200);
        let words = mail.text.clone().unwrap_or_default();
        let (_, unsubscribe) = words.split_once("/u/acme.").expect("an unsubscribe link");
        let reply = mail.reply_to.clone().expect("an address to answer to");
        let reply = reply.split(['.', '@']).nth(1).expect("a token").to_owned();
        let callback = text.status_callback.clone().expect("a callback");
        let opted_out = "+48600700777";
        let request = SetOptOutRequest {
            workspace: "acme".into(),
            address: Some(set_opt_out_request::Address::Phone(opted_out.into())),
            opted_out: true,
        };
        notifier.client.clone().set_opt_out(request).await?;
        Ok(Self {
            conversation: customer.conversation.to_string(),
            follow_up: told.follow_ups[0].follow_up.clone(),
            delivery: told.deliveries[0].delivery.clone(),
            code: callback.rsplit('/').next().expect("a code").to_owned(),
            phone: PHONE,
            text: "SM-theirs",
            reply,
            back: token_in(&text.body).to_owned(),
            unsubscribe: unsubscribe.split_whitespace().next().expect("a token").to_owned(),
            opted_out,
        })
    }
}

/// Every rpc but `SetOptOut`, which answers the same to all: its name, and what a caller from `workspace` sees.
async fn asked(notifier: &Harness, workspace: &str, named: &Named) -> Vec<(&'static str, String)> {
    let mut client = notifier.client.clone();
    let told = |workspace: &str| workspace.to_owned();
    let explain = |of| ExplainFollowUpRequest {
        workspace: told(workspace),
        of: Some(of),
    };
    let list = ListFollowUpsRequest {
        workspace: told(workspace),
        conversation: named.conversation.clone(),
        ..Default::default()
    };
    let redeem = RedeemReturnLinkRequest {
        workspace: told(workspace),
        token: named.back.clone(),
    };
    let resolve = ResolveReturnLinkRequest {
        workspace: told(workspace),
        token: named.back.clone(),
    };
    let unsubscribe = RedeemUnsubscribeLinkRequest {
        workspace: told(workspace),
        token: named.unsubscribe.clone(),
    };
    let unsubscribing = ResolveUnsubscribeLinkRequest {
        workspace: told(workspace),
        token: named.unsubscribe.clone(),
    };
    let opted_out = GetOptOutRequest {
        workspace: told(workspace),
        address: Some(get_opt_out_request::Address::Phone(named.opted_out.into())),
    };
    let revoke = RevokeLinksRequest {
        workspace: told(workspace),
        conversation: named.conversation.clone(),
    };
    let by_conversation = explain(Of::Conversation(named.conversation.clone()));
    let by_follow_up = explain(Of::FollowUp(named.follow_up.clone()));
    vec![
        ("explain", seen(client.explain_follow_up(by_conversation).await)),
        ("explain one", seen(client.explain_follow_up(by_follow_up).await)),
        ("list", seen(client.list_follow_ups(list).await)),
        (
            "receipt",
            seen(client.record_receipt(receipt(notifier, workspace, named)).await),
        ),
        (
            "text",
            seen(client.record_inbound_text(text(notifier, workspace, named)).await),
        ),
        ("mail", seen(client.record_inbound_mail(mail(workspace, named)).await)),
        ("resolve", seen(client.resolve_return_link(resolve).await)),
        ("redeem", seen(client.redeem_return_link(redeem).await)),
        (
            "unsubscribing",
            seen(client.resolve_unsubscribe_link(unsubscribing).await),
        ),
        ("unsubscribe", seen(client.redeem_unsubscribe_link(unsubscribe).await)),
        ("opt-out", seen(client.get_opt_out(opted_out).await)),
        ("revoke", seen(client.revoke_links(revoke).await)),
    ]
}

fn receipt(notifier: &Harness, workspace: &str, named: &Named) -> RecordReceiptRequest {
    let (door, delivery, mac) = (&notifier.public_url, named.delivery.clone(), named.code.clone());
    let url = format!("{door}/v1/callbacks/sms/{workspace}/{delivery}/{mac}");
    let form = [("MessageSid", "SM-late"), ("MessageStatus", "undelivered")];
    let (params, signature) = notifier.signed(&url, &form);
    RecordReceiptRequest {
        workspace: workspace.to_owned(),
        delivery,
        mac,
        url,
        params,
        signature,
    }
}

fn text(notifier: &Harness, workspace: &str, named: &Named) -> RecordInboundTextRequest {
    let url = format!("{}/v1/callbacks/sms/{workspace}/inbound", notifier.public_url);
    let form = [
        ("Body", "STOP it"),
        ("From", named.phone),
        ("MessageSid", named.text),
        ("To", "+48732000000"),
    ];
    let (params, signature) = notifier.signed(&url, &form);
    RecordInboundTextRequest {
        workspace: workspace.to_owned(),
        url,
        params,
        signature,
    }
}

fn mail(workspace: &str, named: &Named) -> RecordInboundMailRequest {
    RecordInboundMailRequest {
        recipient: format!("reply+{workspace}.{}@homing.example", named.reply),
        sender: Some(EMAIL.to_owned()),
        mail: format!("From: {EMAIL}\r\nMessage-ID: <m1@example.com>\r\n\r\nYes please").into_bytes(),
    }
}

#[tokio::test]
async fn no_rpc_reaches_another_workspace() -> Tested {
    let notifier = Harness::start().await?;
    let theirs = Named::theirs(&notifier).await?;
    notifier.quiet().await?;
    // The account at the provider is the same for all workspaces, so what is signed for one fits every other.
    let before = notifier.database.rows_of("acme").await?;
    assert!(before["delivery"].starts_with("2 ") && before["opt_out"].starts_with("2 "));
    notifier.truth().replies.clear();

    let foreign = asked(&notifier, "globex", &theirs).await;
    let unknown = asked(&notifier, "globex", &Named::nothing(&theirs.code)).await;
    assert_eq!(foreign, unknown, "the same as for what nobody has");
    for (rpc, answer) in &foreign {
        for hidden in [&theirs.conversation, &theirs.follow_up, &theirs.delivery] {
            assert!(!answer.contains(hidden.as_str()), "{rpc} tells {answer}");
        }
    }
    let request = SetOptOutRequest {
        workspace: "globex".into(),
        address: Some(set_opt_out_request::Address::Phone(theirs.opted_out.into())),
        opted_out: false,
    };
    notifier.client.clone().set_opt_out(request).await?;
    assert!(notifier.truth().replies.is_empty(), "nothing was posted");
    notifier.quiet().await?;
    assert_eq!(notifier.database.rows_of("acme").await?, before);

    // The same calls from where it all belongs: each of them would have shown or changed something.
    let own = asked(&notifier, "acme", &theirs).await;
    for ((rpc, answer), (_, from_elsewhere)) in own.iter().zip(&foreign) {
        assert_ne!(answer, from_elsewhere, "{rpc}");
    }
    Ok(())
}
