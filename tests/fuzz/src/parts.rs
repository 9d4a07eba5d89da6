//! The parts that we count, and hold money for, are those that a provider bills. Both are counted by hands of their own.
#![no_main]

#[path = "../../../crates/testkit/src/sink/segments.rs"]
mod segments;

use domain::sms::{Encoding, parts, split};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let counted = parts(text);
    let billed = if text.is_empty() { 0 } else { segments::segments(text) };
    assert_eq!(counted.count, billed, "{text:?}");
    assert_eq!(counted.encoding == Encoding::Ucs2, segments::is_ucs2(text), "{text:?}");
    let sent = split(text);
    assert_eq!(u32::try_from(sent.len()), Ok(counted.count), "{text:?}");
    let room = match (counted.encoding, sent.len()) {
        (Encoding::Gsm7, 0..=1) => 160,
        (Encoding::Gsm7, _) => 153,
        (Encoding::Ucs2, 0..=1) => 140,
        (Encoding::Ucs2, _) => 134,
    };
    assert!(sent.iter().all(|part| part.len() <= room), "{text:?}");
});
