//! What an SMSC brings, in our words: receipts, and what people write.

use super::Number;
use super::pdu::UDHI;
use crate::domain::Medium;
use crate::domain::Receipt;
use crate::domain::inbound_text::{InboundText, Part};
use crate::domain::national;
use crate::outbound::sms_kannel::international;
use crate::outbound::text_providers::Report;
use domain::{PhoneE164, sms};
use rusmpp::pdus::DeliverSm;
use rusmpp::tlvs::TlvValue;
use rusmpp::values::{DataCoding, MessageState, Ton};

/// What kind of message it is, in the class of a message that comes.
const KIND: u8 = 0x3c;
/// A delivery receipt, and one on the way.
const RECEIPTS: [u8; 2] = [0x04, 0x20];

/// What an SMSC brings.
#[derive(Clone, PartialEq, Eq)]
pub enum Brought {
    Report(Report),
    Text(Heard),
    /// Nothing that can be read.
    Unreadable,
}

/// What somebody wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    from: String,
    from_kind: Ton,
    /// Which number it was written to, as digits.
    to: String,
    to_kind: Ton,
    body: String,
    /// This is one of its parts.
    pub part: Option<Part>,
}

impl Heard {
    /// Whose number it was written to, and the text; or why nobody can be given it.
    pub fn whose<'a>(&self, numbers: &'a [Number]) -> Result<(&'a Number, InboundText), &'static str> {
        let to = match self.to_kind {
            Ton::National => self.to.trim_start_matches('0'),
            _ => self.to.as_str(),
        };
        let is_it = |number: &&Number| {
            let tail = number.digits.strip_suffix(to);
            tail.is_some_and(|before| before.is_empty() || (self.to_kind == Ton::National && before.len() <= 3))
        };
        let mut all = numbers.iter().filter(is_it);
        let whose = match (
            numbers.iter().find(|number| number.digits == to),
            all.next(),
            all.next(),
        ) {
            (Some(exact), ..) | (None, Some(exact), None) => exact,
            (None, Some(_), Some(_)) => {
                return Err("several of the provider's numbers end like the national one that it was written to");
            }
            (None, None, _) => return Err("the number it was written to is not among the provider's numbers"),
        };
        let from = match self.from_kind {
            // Most SMSCs that say nothing mean numbers with their country.
            Ton::International | Ton::Unknown => Some(international(&self.from)),
            Ton::National => national::beside(&self.from, &whose.digits),
            _ => None,
        };
        let from = from.ok_or(
            "its sender is no number that can be answered: a name, a short one, or a national one to a number without \
             a country",
        )?;
        let from = PhoneE164::parse(&from).map_err(|_| "its sender is no number that can be answered")?;
        let text = InboundText {
            provider_id: String::new(),
            medium: Medium::Sms,
            name: String::new(),
            from,
            to: international(&whose.digits),
            body: self.body.clone(),
            media: Vec::new(),
        };
        Ok((whose, text))
    }
}

/// Reads what an SMSC brings.
pub fn read_brought(brought: &DeliverSm) -> Brought {
    let class = u8::from(brought.esm_class);
    let payload = brought.tlvs().iter().find_map(|tlv| match tlv.value() {
        Some(TlvValue::MessagePayload(payload)) => Some(octets(&payload.value)),
        _ => None,
    });
    let said = payload.unwrap_or_else(|| octets(brought.short_message()));
    if RECEIPTS.contains(&(class & KIND)) {
        return read_report(brought, &said);
    }
    let (header, said) = match said.split_first() {
        Some((length, rest)) if class & UDHI != 0 => rest.split_at_checked(usize::from(*length)).unwrap_or_default(),
        _ => (Default::default(), said.as_slice()),
    };
    let part = place_by_header(header).or_else(|| place_by_parameters(brought));
    let part = part.map(|(reference, of, number)| Part {
        reference,
        of,
        number,
        coding: u8::from(brought.data_coding),
        octets: said.to_vec(),
    });
    Brought::Text(Heard {
        from: brought.source_addr.as_str().to_owned(),
        from_kind: brought.source_addr_ton,
        to: brought.destination_addr.as_str().trim_start_matches('+').to_owned(),
        to_kind: brought.dest_addr_ton,
        body: decode(said, brought.data_coding),
        part: part.filter(Part::is_one_of_several),
    })
}

/// Reference, of how many, and which: by the header of GSM 03.40, with a reference of one or of two octets.
fn place_by_header(mut header: &[u8]) -> Option<(u16, u8, u8)> {
    while let [element, length, rest @ ..] = header {
        let (value, next) = rest.split_at_checked(usize::from(*length))?;
        match (element, value) {
            (0x00, [reference, of, number]) => return Some((u16::from(*reference), *of, *number)),
            (0x08, [high, low, of, number]) => return Some((u16::from_be_bytes([*high, *low]), *of, *number)),
            _ => header = next,
        }
    }
    None
}

/// The same by `sar_msg_ref_num`, `sar_total_segments` and `sar_segment_seqnum`.
fn place_by_parameters(brought: &DeliverSm) -> Option<(u16, u8, u8)> {
    let (mut reference, mut of, mut number) = (None, None, None);
    for tlv in brought.tlvs() {
        match tlv.value() {
            Some(TlvValue::SarMsgRefNum(value)) => reference = Some(*value),
            Some(TlvValue::SarTotalSegments(value)) => of = Some(*value),
            Some(TlvValue::SarSegmentSeqnum(value)) => number = Some(*value),
            _ => {}
        }
    }
    Some((reference?, of?, number?))
}

/// What octets say in an alphabet, named as SMPP's `data_coding` does.
pub fn read_octets(octets: &[u8], coding: u8) -> String {
    decode(octets, DataCoding::from(coding))
}

fn octets(string: &impl AsRef<[u8]>) -> Vec<u8> {
    string.as_ref().to_vec()
}

fn decode(octets: &[u8], coding: DataCoding) -> String {
    match coding {
        DataCoding::McSpecific => sms::read_gsm7(octets),
        DataCoding::Ucs2 => {
            let units = octets
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units)
                .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        // These bytes are the same characters in Unicode.
        DataCoding::Latin1 => octets.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(octets).into_owned(),
    }
}

/// By its parameters, else by its text, `id:... stat:DELIVRD ...`.
fn read_report(brought: &DeliverSm, said: &[u8]) -> Brought {
    let said = String::from_utf8_lossy(said);
    let (mut id, mut state) = (None, None);
    for tlv in brought.tlvs() {
        match tlv.value() {
            Some(TlvValue::ReceiptedMessageId(named)) => id = Some(named.as_str().to_owned()),
            Some(TlvValue::MessageState(told)) => state = Some(word(*told)),
            _ => {}
        }
    }
    let id = id.or_else(|| field(&said, "id:").map(str::to_owned));
    let Some(provider_id) = id.filter(|id| !id.is_empty()) else {
        return Brought::Unreadable;
    };
    let status = state
        .or_else(|| field(&said, "stat:"))
        .unwrap_or_default()
        .to_uppercase();
    let receipt = match status.as_str() {
        "SCHEDLD" | "ENROUTE" | "ACCEPTD" => Some(Receipt::Taken),
        "DELIVRD" => Some(Receipt::Arrived),
        "EXPIRED" | "DELETED" | "UNDELIV" | "REJECTD" | "SKIPPED" => Some(Receipt::NotArrived),
        _ => None,
    };
    Brought::Report(Report {
        code: None,
        receipt,
        provider_id,
        status: status.chars().take(16).collect(),
    })
}

/// What stands behind a name, up to the next space.
fn field<'a>(said: &'a str, name: &str) -> Option<&'a str> {
    let mut words = said.split_ascii_whitespace();
    words.find_map(|word| {
        let (before, value) = word.split_at_checked(name.len())?;
        before.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn word(state: MessageState) -> &'static str {
    match state {
        MessageState::Scheduled => "SCHEDLD",
        MessageState::Enroute => "ENROUTE",
        MessageState::Delivered => "DELIVRD",
        MessageState::Expired => "EXPIRED",
        MessageState::Deleted => "DELETED",
        MessageState::Undeliverable => "UNDELIV",
        MessageState::Accepted => "ACCEPTD",
        MessageState::Rejected => "REJECTD",
        MessageState::Skipped => "SKIPPED",
        MessageState::Unknown | MessageState::Other(_) => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::WorkspaceId;
    use rusmpp::tlvs::MessageDeliveryRequestTlvValue as Delivered;
    use rusmpp::types::{COctetString, OctetString};
    use rusmpp::values::EsmClass;

    fn brought(class: u8, said: &[u8]) -> DeliverSm {
        DeliverSm::builder()
            .esm_class(EsmClass::from(class))
            .source_addr(COctetString::from_string("48600700123".into()).expect("fits"))
            .destination_addr(COctetString::from_string("48732000000".into()).expect("fits"))
            .short_message(OctetString::from_slice(said).expect("fits"))
            .build()
    }

    #[test]
    fn receipts_in_both_forms() {
        let said =
            b"id:ab-12 sub:001 dlvrd:001 submit date:2601051200 done date:2601051201 stat:DELIVRD err:000 text:Hi";
        let report = |brought: &DeliverSm| match read_brought(brought) {
            Brought::Report(report) => (report.provider_id, report.receipt, report.status),
            _ => panic!("no report"),
        };
        let told = |id: &str, receipt, word: &str| (id.to_owned(), receipt, word.to_owned());
        assert_eq!(
            report(&brought(0x04, said)),
            told("ab-12", Some(Receipt::Arrived), "DELIVRD")
        );
        let mut by_parameters = brought(0x04, b"");
        let id = COctetString::from_string("77".into()).expect("fits");
        by_parameters.push_tlv(Delivered::ReceiptedMessageId(id));
        by_parameters.push_tlv(Delivered::MessageState(MessageState::Expired));
        assert_eq!(report(&by_parameters), told("77", Some(Receipt::NotArrived), "EXPIRED"));
        assert_eq!(
            report(&brought(0x20, b"ID:7 Stat:enroute")),
            told("7", Some(Receipt::Taken), "ENROUTE")
        );
        assert_eq!(report(&brought(0x04, b"id:7 stat:UNKNOWN")), told("7", None, "UNKNOWN"));
        assert!(matches!(
            read_brought(&brought(0x04, b"stat:DELIVRD")),
            Brought::Unreadable
        ));
    }

    #[test]
    fn what_people_write() {
        let read = |brought: &DeliverSm| match heard(brought).whose(&numbers()) {
            Ok((whose, text)) => (text.from.expose().to_owned(), whose.digits.clone(), text.body),
            Err(why) => panic!("{why}"),
        };
        let said = |body: &str| ("+48600700123".to_owned(), "48732000000".to_owned(), body.to_owned());
        assert_eq!(read(&brought(0, b"Tak\x11")), said("Tak_"));
        let mut polish = brought(0, &[0x01, 0x42, 0xd8, 0x3d, 0xde, 0x00]);
        polish.data_coding = DataCoding::Ucs2;
        assert_eq!(read(&polish), said("ł😀"));
        assert_eq!(read(&brought(0x40, b"\x05\x00\x03\x01\x02\x01Tak")), said("Tak"));
        assert_eq!(read(&brought(0x40, b"\x09\x00")), said(""));
        let mut named = brought(0, b"Win!");
        named.source_addr = COctetString::from_string("Amazon".into()).expect("fits");
        assert!(heard(&named).whose(&numbers()).is_err());
    }

    fn numbers() -> [Number; 2] {
        ["48732000000", "7201"].map(|digits| Number {
            digits: digits.into(),
            workspace: WorkspaceId::parse("acme").expect("a slug"),
            channel: None,
        })
    }

    fn heard(brought: &DeliverSm) -> Heard {
        match read_brought(brought) {
            Brought::Text(heard) => heard,
            _ => panic!("no text"),
        }
    }

    #[test]
    fn a_national_sender_lives_where_the_number_is() {
        let from = |kind: Ton, source: &str, to: &str, to_kind: Ton| {
            let mut brought = brought(0, b"Tak");
            brought.source_addr_ton = kind;
            brought.dest_addr_ton = to_kind;
            brought.source_addr = COctetString::from_string(source.into()).expect("fits");
            brought.destination_addr = COctetString::from_string(to.into()).expect("fits");
            let found = heard(&brought).whose(&numbers()).map(|(_, text)| text.from);
            found.ok().map(|from| from.expose().to_owned())
        };
        let ours = "48732000000";
        let polish = Some("+48600700123".to_owned());
        for (kind, source, to, to_kind, wanted) in [
            (Ton::International, "48600700123", ours, Ton::International, &polish),
            (Ton::Unknown, "+48600700123", ours, Ton::Unknown, &polish),
            (Ton::National, "600700123", ours, Ton::International, &polish),
            (Ton::National, "0600700123", "732000000", Ton::National, &polish),
            // Where a short number is, nobody knows.
            (Ton::National, "600700123", "7201", Ton::Unknown, &None),
            (Ton::NetworkSpecific, "48600700123", ours, Ton::International, &None),
            (Ton::Abbreviated, "48600700123", ours, Ton::International, &None),
            (Ton::Alphanumeric, "48600700123", ours, Ton::International, &None),
            // Not ours.
            (
                Ton::International,
                "48600700123",
                "732000000",
                Ton::International,
                &None,
            ),
        ] {
            assert_eq!(&from(kind, source, to, to_kind), wanted, "{kind:?} {source} to {to}");
        }
        let abroad = Number {
            digits: "380732000000".into(),
            ..numbers()[0].clone()
        };
        let mut national = brought(0, b"Tak");
        national.dest_addr_ton = Ton::National;
        national.destination_addr = COctetString::from_string("732000000".into()).expect("fits");
        let both = [numbers()[0].clone(), abroad];
        assert!(heard(&national).whose(&both).is_err(), "it may be either's");
    }

    #[test]
    fn parts_say_which_they_are() {
        let place = |brought: &DeliverSm| {
            let part = heard(brought).part?;
            Some((part.reference, part.of, part.number, part.octets))
        };
        let tak = b"Tak".to_vec();
        let short = brought(0x40, b"\x05\x00\x03\x07\x02\x01Tak");
        assert_eq!(place(&short), Some((7, 2, 1, tak.clone())));
        let wrong = brought(0x40, b"\x05\x00\x09\x07\x02\x01Tak");
        assert_eq!(place(&wrong), None, "a header that does not add up");
        let long = brought(0x40, b"\x09\x24\x01\x00\x08\x04\x01\x02\x03\x03Tak");
        assert_eq!(place(&long), Some((0x0102, 3, 3, tak.clone())));
        let mut by_parameters = brought(0, b"Tak");
        by_parameters.push_tlv(Delivered::SarMsgRefNum(9));
        by_parameters.push_tlv(Delivered::SarTotalSegments(2));
        by_parameters.push_tlv(Delivered::SarSegmentSeqnum(2));
        assert_eq!(place(&by_parameters), Some((9, 2, 2, tak)));
        for whole in [b"\x05\x00\x03\x07\x01\x01Tak", b"\x05\x00\x03\x07\x02\x03Tak"] {
            assert_eq!(place(&brought(0x40, whole)), None);
        }
        assert_eq!(place(&brought(0, b"Tak")), None);
    }
}
