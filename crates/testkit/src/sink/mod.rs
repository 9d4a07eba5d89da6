//! Stand-ins for the outside world: providers of texts, a mail server, and a page to look at what arrived.

mod mail;
mod segments;
mod sms;
mod sms_aligo;
mod sms_http;
mod sms_kannel;
mod sms_receipts;
mod smsc;
mod smsc_door;
mod smtp;
mod web;

pub use mail::Mail;
pub use sms::{ReceiptMode, SmsFault, SmsMessage, SmsOptions, SmsSink, WrittenText};
pub use smsc::{Delivered, Smsc, SubmittedPart};
pub use smtp::{MailFault, SmtpSink, SmtpTls};
pub use web::SinkWeb;

pub(crate) use sms::AbortOnDrop;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// What arrives last is kept; a sink that runs for days stays small.
const KEEP: usize = 10_000;

/// How the next calls fail, then how all others do.
#[derive(Debug)]
struct Faults<F> {
    state: Mutex<(VecDeque<F>, Option<F>)>,
}

impl<F: Clone> Faults<F> {
    fn none() -> Self {
        Self {
            state: Mutex::new((VecDeque::new(), None)),
        }
    }

    fn next(&self, fault: F) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .push_back(fault);
    }

    fn always(&self, fault: Option<F>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = fault;
    }

    fn take(&self) -> Option<F> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.pop_front().or_else(|| state.1.clone())
    }
}
