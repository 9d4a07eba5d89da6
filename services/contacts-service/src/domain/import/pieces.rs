use super::lines::{Count, delimiter, head};
use csv::{ByteRecord, Reader, ReaderBuilder};

/// Lines of a piece that [`Pieces`] cuts, unless they are long.
const LINES: u64 = 1_000;
/// Bytes of a piece at most, its last line aside.
const BYTES: usize = 1 << 20;

/// Lines of a file that go together, under the file's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Lines of the file before it, its head aside.
    pub done: u64,
    pub lines: u64,
    /// As an editor counts them.
    pub first_line: u64,
    pub csv: String,
}

/// Cuts a file into pieces, after so many lines that are done. A line may have line ends within its quotes.
pub struct Pieces<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    count: Count<'a>,
    done: u64,
}

impl<'a> Pieces<'a> {
    /// What cannot be read as CSV stays in its piece, for who reads it to complain of.
    pub fn after(text: &'a str, done: u64) -> Self {
        let mut pieces = Self {
            text,
            reader: ReaderBuilder::new()
                .flexible(true)
                .delimiter(delimiter(text))
                .from_reader(text.as_bytes()),
            count: Count::new(text),
            done: 0,
        };
        let _ = pieces.reader.byte_headers();
        while pieces.done < done && pieces.next_line().is_some() {}
        pieces
    }

    /// Where the next line begins and ends.
    fn next_line(&mut self) -> Option<(usize, usize)> {
        let begin = self.place();
        let mut record = ByteRecord::new();
        match self.reader.read_byte_record(&mut record) {
            Ok(false) | Err(_) => None,
            Ok(true) => {
                self.done += 1;
                Some((begin, self.place()))
            }
        }
    }

    fn place(&self) -> usize {
        let byte = self.reader.position().byte();
        usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len())
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let done = self.done;
        let (begin, mut end) = self.next_line()?;
        while self.done - done < LINES && end - begin < BYTES {
            match self.next_line() {
                Some((_, next)) => end = next,
                None => break,
            }
        }
        let head = head(self.text);
        let first_line = self.count.line_at(u64::try_from(begin).unwrap_or(u64::MAX));
        // Empty lines before the first one are left out: it is told by its own number.
        let lines = self.text.get(begin..end).unwrap_or_default();
        let lines = lines.trim_start_matches(['\r', '\n']);
        Some(Piece {
            done,
            lines: self.done - done,
            first_line,
            csv: format!("{head}\n{lines}"),
        })
    }
}
