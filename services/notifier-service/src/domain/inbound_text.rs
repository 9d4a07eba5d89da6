//! A text that somebody wrote to us.

use crate::domain::Medium;
use domain::PhoneE164;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a picture or another file of a text lies at the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Media(pub String);

impl Media {
    /// A text brings at most so many.
    pub const MOST: usize = 10;
}

/// A text as its provider hands it over.
#[derive(Clone, PartialEq, Eq)]
pub struct InboundText {
    /// The provider's own id of it.
    pub provider_id: String,
    pub medium: Medium,
    pub from: PhoneE164,
    /// What its sender is called there; empty: not told.
    pub name: String,
    /// Which of our numbers it was written to; empty: not told.
    pub to: String,
    pub body: String,
    pub media: Vec<Media>,
}

/// What begins the client ids of messages that came by text.
const POSTED: &str = "text:";

/// Whether a message with this client id came by text, so that its keyword was obeyed before it was posted.
pub fn is_posted_text(client_id: &str) -> bool {
    client_id.starts_with(POSTED)
}

/// One of the parts in which a long text comes.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    /// What the parts of one text have in common.
    pub reference: u16,
    /// So many are one text.
    pub of: u8,
    /// Which it is, from 1.
    pub number: u8,
    /// The alphabet, as the provider names it.
    pub coding: u8,
    /// Characters may begin in one part and end in the next.
    pub octets: Vec<u8>,
}

impl Part {
    pub fn is_one_of_several(&self) -> bool {
        self.of > 1 && (1..=self.of).contains(&self.number)
    }
}

/// The parts of a text as far as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    of: u8,
    /// By number.
    parts: BTreeMap<u8, Piece>,
    /// Is being posted, or was: no part joins it any more.
    #[serde(default)]
    closed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    /// By which the same part is known when it comes again.
    mac: Vec<u8>,
    coding: u8,
    /// Gone once the text was posted.
    octets: Option<Vec<u8>>,
}

/// What a part is to those that came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Others are missing still.
    NotYet,
    /// It was the last one.
    Whole,
    /// It came before.
    Again,
    /// Of another text under the same reference.
    OfAnother,
}

/// Stands for parts that did not come.
const MISSING: &str = " [...] ";

impl Joining {
    /// Adds a part; `mac` is a keyed hash of what it says.
    pub fn add(&mut self, part: &Part, mac: Vec<u8>) -> Joined {
        match self.parts.get(&part.number) {
            Some(known) if known.mac == mac => return Joined::Again,
            Some(_) => return Joined::OfAnother,
            None if self.closed => return Joined::OfAnother,
            None => {}
        }
        self.of = part.of;
        let piece = Piece {
            mac,
            coding: part.coding,
            octets: Some(part.octets.clone()),
        };
        self.parts.insert(part.number, piece);
        match self.parts.len() < usize::from(self.of) {
            true => Joined::NotYet,
            false => Joined::Whole,
        }
    }

    /// What came of it in its order. `read`: what octets say in an alphabet. `None`: it was posted.
    pub fn words(&self, read: impl Fn(&[u8], u8) -> String) -> Option<String> {
        let (mut words, mut run, mut coding) = (String::new(), Vec::new(), 0);
        for number in 1..=self.of {
            match self.parts.get(&number) {
                Some(piece) => {
                    let octets = piece.octets.as_ref()?;
                    if piece.coding != coding {
                        words += &read(&std::mem::take(&mut run), coding);
                        coding = piece.coding;
                    }
                    run.extend_from_slice(octets);
                }
                None => {
                    words += &read(&std::mem::take(&mut run), coding);
                    if !words.ends_with(MISSING) {
                        words += MISSING;
                    }
                }
            }
        }
        words += &read(&run, coding);
        Some(words)
    }

    /// Forgets what it says; what came is still known.
    pub fn forget(&mut self) {
        self.closed = true;
        for piece in self.parts.values_mut() {
            piece.octets = None;
        }
    }
}

impl InboundText {
    /// What the agent gets to read: the text, then where its files lie, a line each. `None`: it is empty.
    pub fn words(&self) -> Option<String> {
        let body = Some(self.body.trim_end()).filter(|body| !body.trim().is_empty());
        let media = self.media.iter().map(|media| media.0.as_str());
        let lines: Vec<&str> = body.into_iter().chain(media).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// The name under which it is posted, so that it is posted once.
    pub fn request_id(&self) -> String {
        let id: String = self.provider_id.chars().take(90).collect();
        format!("{POSTED}{id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str, media: &[&str]) -> InboundText {
        InboundText {
            provider_id: "SM1".into(),
            medium: Medium::Sms,
            name: String::new(),
            from: PhoneE164::parse("+48600700123").expect("a number"),
            to: "+48732000000".into(),
            body: body.into(),
            media: media.iter().map(|url| Media((*url).to_owned())).collect(),
        }
    }

    fn part(number: u8, said: &[u8]) -> Part {
        Part {
            reference: 7,
            of: 3,
            number,
            coding: 8,
            octets: said.to_vec(),
        }
    }

    fn utf16(octets: &[u8], _: u8) -> String {
        let units = octets
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        String::from_utf16_lossy(&units.collect::<Vec<_>>())
    }

    #[test]
    fn parts_are_joined_in_any_order_and_a_repeated_one_changes_nothing() {
        // The second character is divided.
        let parts = [part(1, &[0, 65, 0xd8, 0x3d]), part(2, &[0xde, 0x00]), part(3, &[0, 66])];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut joining = Joining::default();
            let added = order.map(|index| {
                let part = &parts[index];
                let first = joining.add(part, part.octets.clone());
                assert_eq!(joining.add(part, part.octets.clone()), Joined::Again);
                first
            });
            assert_eq!(added, [Joined::NotYet, Joined::NotYet, Joined::Whole]);
            assert_eq!(joining.words(utf16).as_deref(), Some("A😀B"));
            joining.forget();
            assert_eq!(joining.words(utf16), None);
            assert_eq!(joining.add(&parts[0], parts[0].octets.clone()), Joined::Again);
            assert_eq!(joining.add(&parts[0], b"another".to_vec()), Joined::OfAnother);
        }
    }

    #[test]
    fn what_did_not_come_is_shown_and_comes_as_another_text_later() {
        let mut joining = Joining::default();
        assert_eq!(joining.add(&part(2, &[0, 66]), vec![2]), Joined::NotYet);
        assert_eq!(joining.words(utf16).as_deref(), Some(" [...] B [...] "));
        joining.forget();
        assert_eq!(joining.add(&part(1, &[0, 65]), vec![1]), Joined::OfAnother);
    }

    #[test]
    fn each_part_is_read_in_its_own_alphabet() {
        let mut joining = Joining::default();
        for (number, coding, said) in [(1, 0, &b"ST"[..]), (2, 8, &[0, 79][..]), (3, 0, &b"P"[..])] {
            let part = Part {
                coding,
                ..part(number, said)
            };
            joining.add(&part, part.octets.clone());
        }
        let read = |octets: &[u8], coding: u8| match coding {
            8 => utf16(octets, coding),
            _ => String::from_utf8_lossy(octets).into_owned(),
        };
        assert_eq!(joining.words(read).as_deref(), Some("STOP"));
    }

    #[test]
    fn words_are_the_text_and_where_its_files_lie() {
        assert_eq!(text("Yes please \n", &[]).words().as_deref(), Some("Yes please"));
        assert_eq!(text("  ", &[]).words(), None);
        assert_eq!(text("", &["https://x/1"]).words().as_deref(), Some("https://x/1"));
        let both = text("This one", &["https://x/1", "https://x/2"]);
        assert_eq!(both.words().as_deref(), Some("This one\nhttps://x/1\nhttps://x/2"));
        assert_eq!(both.request_id(), "text:SM1");
        assert!(is_posted_text(&both.request_id()) && !is_posted_text("m-1"));
    }
}
