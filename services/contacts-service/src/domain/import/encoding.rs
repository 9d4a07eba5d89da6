//! Files are UTF-8. What spreadsheets write otherwise is recognised.

use super::Problem;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The text of a file, or of a piece of one whose first line under the head is `first_line`, without the mark that some
/// programs begin UTF-8 with.
pub fn text(bytes: &[u8], first_line: u64) -> Result<&str, Problem> {
    let wrong = |at: usize, remedy: &str| {
        let before = bytes.get(..at).unwrap_or_default();
        let next = before.iter().skip(1).map(Some).chain([None]);
        let is_end = |(byte, next): &(&u8, Option<&u8>)| **byte == b'\n' || (**byte == b'\r' && *next != Some(&b'\n'));
        let lines = before.iter().zip(next).filter(is_end).count();
        let is_mark = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let begin = before.iter().rposition(is_mark).map_or(0, |end| end + 1);
        let line = match u64::try_from(lines) {
            Ok(0) | Err(_) => 1,
            Ok(under) => first_line + under - 1,
        };
        Problem::refused(line, "", format!("byte {} of the line: {remedy}", at - begin + 1))
    };
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(wrong(0, "the file is UTF-16; save it as CSV in UTF-8"));
    }
    let body = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let skipped = bytes.len() - body.len();
    if let Some(at) = body.iter().position(|byte| *byte == 0) {
        return Err(wrong(
            at + skipped,
            "a zero byte; the file is UTF-16, or no text: save it as CSV in UTF-8",
        ));
    }
    std::str::from_utf8(body).map_err(|error| {
        let remedy = "is no UTF-8; the file may be Latin-1 or Windows-1250: save it as CSV in UTF-8";
        wrong(error.valid_up_to() + skipped, remedy)
    })
}
