//! What we submit, in SMPP 3.4's words, and what its answers mean.

use super::LongTexts;
use crate::outbound::text_providers::{Handed, Text};
use domain::sms;
use fault::codes;
use rusmpp::CommandStatus;
use rusmpp::pdus::{SubmitSm, SubmitSmResp};
use rusmpp::tlvs::MessageSubmissionRequestTlvValue as Submitted;
use rusmpp::types::{AnyOctetString, COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, MessagePayload, Npi, RegisteredDelivery, Ton, UserMessageReference};
use rusmppc::error::Error;
use std::time::Duration;

/// The text begins with a header.
pub(super) const UDHI: u8 = 0x40;
/// The SMSC tells how it ended, well or badly.
const REPORT_THE_END: u8 = 0x01;

/// What became of one submitted part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// Under this id.
    Taken(String),
    /// Or perhaps: `Handed::Unknown`.
    Not(Handed),
}

/// The parts of a text; `None`: SMPP cannot carry it.
pub fn submits(text: &Text<'_>, long: LongTexts, validity: Duration) -> Option<Vec<SubmitSm>> {
    let coding = match sms::parts(text.body).encoding {
        sms::Encoding::Gsm7 => DataCoding::McSpecific,
        sms::Encoding::Ucs2 => DataCoding::Ucs2,
    };
    let (from_ton, from_npi, from) = address(text.from.as_str())?;
    let (to_ton, to_npi, to) = address(text.to.expose())?;
    let reference = text.attempt.delivery.0.as_bytes();
    let frame = SubmitSm::builder()
        .source_addr_ton(from_ton)
        .source_addr_npi(from_npi)
        .source_addr(from)
        .dest_addr_ton(to_ton)
        .dest_addr_npi(to_npi)
        .destination_addr(to)
        // The default of the library is not 0.
        .esm_class(EsmClass::from(0))
        .validity_period(EmptyOrFullCOctetString::from_string(relative(validity)).ok()?)
        .registered_delivery(RegisteredDelivery::from(REPORT_THE_END))
        .data_coding(coding)
        .push_tlv(Submitted::UserMessageReference(UserMessageReference::new(
            u16::from_be_bytes([reference[14], reference[15]]),
        )))
        .build();
    let parts = sms::split(text.body);
    if parts.len() == 1 {
        let only = parts.into_iter().next()?;
        return Some(vec![frame.with_short_message(OctetString::from_vec(only).ok()?)]);
    }
    match long {
        LongTexts::Payload => {
            let mut whole = frame;
            let payload = MessagePayload::new(AnyOctetString::from_vec(parts.concat()));
            whole.push_tlv(Submitted::MessagePayload(payload));
            Some(vec![whole])
        }
        LongTexts::Parts => {
            let of = u8::try_from(parts.len()).ok()?;
            let numbered = (1..=of).zip(parts);
            numbered
                .map(|(number, part)| {
                    let header = [5, 0, 3, reference[15], of, number];
                    let octets = [header.as_slice(), &part].concat();
                    let mut submit = frame.clone().with_short_message(OctetString::from_vec(octets).ok()?);
                    submit.esm_class = EsmClass::from(UDHI);
                    Some(submit)
                })
                .collect()
        }
    }
}

/// A number in E.164, a short one, or a name.
fn address(words: &str) -> Option<(Ton, Npi, COctetString<1, 21>)> {
    let (ton, npi, written) = match words.strip_prefix('+') {
        Some(digits) => (Ton::International, Npi::Isdn, digits),
        None if words.bytes().all(|byte| byte.is_ascii_digit()) => (Ton::NetworkSpecific, Npi::Isdn, words),
        None => (Ton::Alphanumeric, Npi::Unknown, words),
    };
    Some((ton, npi, COctetString::from_string(written.to_owned()).ok()?))
}

/// `YYMMDDhhmmss000R`, of less than a day.
fn relative(validity: Duration) -> String {
    let seconds = validity.as_secs().min(86_399);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("000000{hours:02}{minutes:02}{:02}000R", seconds % 60)
}

/// What an answer to a submitted part means.
pub fn read_answer(answer: Result<SubmitSmResp, Error>) -> Answered {
    match answer {
        Ok(answer) => Answered::Taken(answer.message_id().as_str().to_owned()),
        Err(Error::UnexpectedResponse { response }) => Answered::Not(refused(response.status())),
        // It may have been written, and read, before the connection broke.
        Err(_) => Answered::Not(Handed::Unknown),
    }
}

fn refused(status: CommandStatus) -> Handed {
    use CommandStatus as Status;
    match status {
        // An answer without what belongs to it, and failures of the SMSC itself: it may have been taken.
        Status::EsmeRok | Status::EsmeRsyserr | Status::EsmeRunknownerr => Handed::Unknown,
        Status::EsmeRthrottled | Status::EsmeRmsgqful | Status::EsmeRxTAppn => Handed::Later,
        // Ours to repair: the text is not at fault.
        Status::EsmeRinvbndsts | Status::EsmeRinvsysid | Status::EsmeRinvpaswd | Status::EsmeRinvsystyp => {
            Handed::Later
        }
        _ => Handed::Refused(&codes::SMS_REFUSED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Medium;
    use crate::outbound::text_providers::Attempt;
    use domain::{DeliveryId, PhoneE164, TextSender, WorkspaceId};
    use rusmpp::tlvs::TlvValue;

    fn submitted(body: &str, from: &str, long: LongTexts) -> Vec<SubmitSm> {
        let text = Text {
            medium: Medium::Sms,
            to: &PhoneE164::parse("+48600700123").expect("a number"),
            from: &TextSender::parse(from).expect("a sender"),
            business: "Acme",
            body,
            callback: "",
            attempt: Attempt {
                workspace: &WorkspaceId::parse("acme").expect("a workspace"),
                delivery: DeliveryId(uuid::Uuid::from_u128(0x0102)),
                number: 1,
            },
        };
        submits(&text, long, Duration::from_secs(900)).expect("can be carried")
    }

    #[test]
    fn a_short_text() {
        let all = submitted("Hi_@", "Homing", LongTexts::Parts);
        let only = all.first().expect("one");
        assert_eq!(
            (all.len(), only.short_message().as_ref()),
            (1, [0x48, 0x69, 0x11, 0x00].as_slice())
        );
        assert_eq!(
            (u8::from(only.esm_class), only.data_coding),
            (0, DataCoding::McSpecific)
        );
        assert_eq!(
            (only.source_addr_ton, only.source_addr.as_str()),
            (Ton::Alphanumeric, "Homing")
        );
        assert_eq!(
            (only.dest_addr_ton, only.destination_addr.as_str()),
            (Ton::International, "48600700123")
        );
        assert_eq!(only.validity_period.as_str(), "000000001500000R");
        assert_eq!(u8::from(only.registered_delivery), 1);
        let all = submitted("ł", "+48732000000", LongTexts::Parts);
        let only = all.first().expect("one");
        assert_eq!(
            (only.data_coding, only.short_message().as_ref()),
            (DataCoding::Ucs2, [0x01, 0x42].as_slice())
        );
        assert_eq!(
            (only.source_addr_ton, only.source_addr_npi),
            (Ton::International, Npi::Isdn)
        );
    }

    #[test]
    fn a_long_text_in_parts_or_at_once() {
        let body = "a".repeat(200);
        let parts = submitted(&body, "7201", LongTexts::Parts);
        let (heads, lengths): (Vec<_>, Vec<_>) = parts
            .iter()
            .map(|part| (part.short_message().as_ref()[..6].to_vec(), part.sm_length()))
            .unzip();
        assert_eq!(heads, [[5, 0, 3, 2, 2, 1], [5, 0, 3, 2, 2, 2]]);
        assert_eq!(lengths, [159, 53]);
        assert!(parts.iter().all(|part| u8::from(part.esm_class) == 0x40));
        let whole = submitted(&body, "7201", LongTexts::Payload);
        let payload = whole[0].tlvs().iter().find_map(|tlv| match tlv.value() {
            Some(TlvValue::MessagePayload(payload)) => Some(payload.value.len()),
            _ => None,
        });
        assert_eq!((whole.len(), whole[0].sm_length(), payload), (1, 0, Some(200)));
        assert_eq!(u8::from(whole[0].esm_class), 0);
    }

    #[test]
    fn which_refusals_are_certain_and_for_good() {
        for (status, wanted) in [
            (0x00, Handed::Unknown),
            (0x04, Handed::Later),
            (0x08, Handed::Unknown),
            (0x0b, Handed::Refused(&codes::SMS_REFUSED)),
            (0x14, Handed::Later),
            (0x45, Handed::Refused(&codes::SMS_REFUSED)),
            (0x58, Handed::Later),
            (0x64, Handed::Later),
            (0xff, Handed::Unknown),
            (0x0401, Handed::Refused(&codes::SMS_REFUSED)),
        ] {
            assert_eq!(refused(CommandStatus::from(status)), wanted, "{status:#x}");
        }
        assert_eq!(
            read_answer(Err(Error::ConnectionClosed)),
            Answered::Not(Handed::Unknown)
        );
    }
}
