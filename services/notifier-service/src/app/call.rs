//! The call to the provider, outside any transaction.

use super::App;
use super::check::{Message, Rendered};
use super::claim::Claimed;
use crate::domain::reply_address;
use crate::outbound::Outcome;
use crate::outbound::contacts::Recipient;
use crate::outbound::mail_smtp::Mail;
use crate::outbound::text_providers::{Attempt, Text};
use fault::codes;
use tokio::time::Instant;
use tracing::Instrument;

impl App {
    /// Hands the message to its provider; whatever happens is an outcome.
    pub(crate) async fn call(&self, claimed: &Claimed, attempt: u32, message: &Message) -> Outcome {
        let Claimed {
            workspace, delivery, ..
        } = claimed;
        let span = tracing::info_span!(
            "provider call",
            otel.kind = "client",
            step = delivery.step.word(),
            homing.follow_up = delivery.follow_up.map(|id| id.to_string()).unwrap_or_default(),
            homing.delivery = %delivery.id,
        );
        let began = Instant::now();
        let outcome = async {
            match (&message.rendered, &message.recipient) {
                (Rendered::Text(body), Recipient::Phone { number, .. }) => {
                    let code = self.keys.receipt_code(workspace, delivery.id);
                    let tag = self.texts.tag(&message.provider);
                    let tag = tag.map(|name| format!("?provider={name}")).unwrap_or_default();
                    let callback = format!(
                        "{}/v1/callbacks/sms/{workspace}/{}/{code}{tag}",
                        self.public_url, delivery.id
                    );
                    let text = Text {
                        medium: delivery.medium,
                        to: number,
                        from: &message.sender,
                        business: &message.business,
                        body,
                        callback: &callback,
                        attempt: Attempt {
                            workspace,
                            delivery: delivery.id,
                            number: attempt,
                        },
                    };
                    self.texts.send(&message.provider, &text).await
                }
                (Rendered::Mail(body), Recipient::Email(email)) => {
                    let reply = reply_address::local_part(workspace, &self.keys.reply_token(delivery.id));
                    let mail = Mail {
                        to: email,
                        business: &message.business,
                        subject: &body.subject,
                        text: &body.text,
                        html: &body.html,
                        id: &reply_address::message_id(workspace, delivery.id),
                        conversation: &delivery.conversation.to_string(),
                        reply_to: Some(&reply),
                        unsubscribe: Some(&self.unsubscribe_link(claimed)),
                        at: self.now(),
                    };
                    self.mails.send(&mail).await
                }
                // An address id that names an address of the other kind.
                _ => Outcome::Refused {
                    code: &codes::NO_ADDRESS,
                    again: false,
                },
            }
        }
        .instrument(span)
        .await;
        self.metrics
            .called(delivery.step, &message.provider, &outcome, began.elapsed());
        outcome
    }
}
