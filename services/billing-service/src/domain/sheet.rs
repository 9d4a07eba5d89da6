//! CSV documents that people edit: every line is checked, and what is wrong is named by line and column.

use ::csv::{ReaderBuilder, StringRecord, Trim};
use std::fmt;

/// A cell, or a line, that cannot be what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// As an editor counts them; the head is line 1.
    pub line: u64,
    /// Empty where the whole line is meant.
    pub column: &'static str,
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            "" => write!(f, "line {}: {}", self.line, self.remedy),
            column => write!(f, "line {}, {column}: {}", self.line, self.remedy),
        }
    }
}

/// What is told at once; who has more wrong lines mends these first.
const TOLD: usize = 20;

/// The problems, one a line.
pub fn told(problems: &[Problem]) -> String {
    let mut lines: Vec<String> = problems.iter().take(TOLD).map(ToString::to_string).collect();
    if problems.len() > TOLD {
        lines.push(format!("and {} more", problems.len() - TOLD));
    }
    lines.join("\n")
}

/// One line under the head.
#[derive(Debug, Clone)]
pub struct Line<const N: usize> {
    pub number: u64,
    record: StringRecord,
    columns: [&'static str; N],
    places: [usize; N],
}

impl<const N: usize> Line<N> {
    /// The cell of a column, without spaces around it.
    pub fn cell(&self, column: &str) -> &str {
        let place = self.columns.iter().position(|name| *name == column);
        place
            .and_then(|at| self.record.get(self.places[at]))
            .unwrap_or_default()
    }

    /// A problem with one of its cells.
    pub fn problem(&self, column: &'static str, remedy: impl Into<String>) -> Problem {
        Problem {
            line: self.number,
            column,
            remedy: remedy.into(),
        }
    }
}

/// Reads a document whose head names exactly these columns, in any order, with 1 to `max` lines under it.
pub fn lines<const N: usize>(text: &str, columns: [&'static str; N], max: usize) -> Result<Vec<Line<N>>, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let places = head(reader.headers(), columns)?;
    let (mut lines, mut problems) = (Vec::new(), Vec::new());
    let mut count = Count::new(text);
    for record in reader.records() {
        let broken = |line, remedy: String| Problem {
            line,
            column: "",
            remedy,
        };
        match record {
            Ok(record) => {
                let number = count.line_at(record.position().map_or(0, |position| position.byte()));
                if record.len() == N {
                    lines.push(Line {
                        number,
                        record,
                        columns,
                        places,
                    });
                } else {
                    problems.push(broken(number, format!("has {} cells; {N} are needed", record.len())));
                }
            }
            Err(error) => problems.push(broken(
                count.line_at(error.position().map_or(0, |position| position.byte())),
                "cannot be read as CSV; quote cells that hold commas or quotes".to_owned(),
            )),
        }
        if lines.len() + problems.len() > max {
            let remedy = format!("there are more than {max} lines; import them in several documents");
            return Err(vec![broken(1, remedy)]);
        }
    }
    match (problems.is_empty(), lines.is_empty()) {
        (true, false) => Ok(lines),
        (true, true) => Err(vec![Problem {
            line: 1,
            column: "",
            remedy: "there is no line under the head".to_owned(),
        }]),
        (false, _) => Err(problems),
    }
}

/// Counts lines as editors do. The reader begins a record at the end of the line before, or at empty lines.
struct Count<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Count<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The line of the first character from `byte` on that ends no line. Asked for places that grow.
    fn line_at(&mut self, byte: u64) -> u64 {
        let from = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(character) = self.bytes.get(self.at) {
            if self.at >= from && !matches!(character, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*character == b'\n');
            self.at += 1;
        }
        self.line
    }
}

/// Where each column stands.
fn head<const N: usize>(
    head: Result<&StringRecord, ::csv::Error>,
    columns: [&'static str; N],
) -> Result<[usize; N], Vec<Problem>> {
    let wrong = || {
        let remedy = format!("must be the head: {}", columns.join(","));
        vec![Problem {
            line: 1,
            column: "",
            remedy,
        }]
    };
    let head = head.map_err(|_| wrong())?;
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        *place = head.iter().position(|name| name == column).ok_or_else(wrong)?;
    }
    if head.len() == N { Ok(places) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Line<2>>, Vec<Problem>> {
        lines(text, ["a", "b"], 3)
    }

    #[test]
    fn cells_are_found_by_the_head() {
        let lines = read("\u{feff}b, a\r\n2 ,1\r\n\r\n\"4,5\",3\r\n").expect("a document");
        let cells: Vec<_> = lines
            .iter()
            .map(|line| (line.number, line.cell("a"), line.cell("b")))
            .collect();
        assert_eq!(cells, [(2, "1", "2"), (4, "3", "4,5")]);
    }

    #[test]
    fn what_is_wrong_is_told_by_line() {
        let told = |text| told(&read(text).expect_err("a problem"));
        assert_eq!(told(""), "line 1: must be the head: a,b");
        assert_eq!(told("a,c\n1,2\n"), "line 1: must be the head: a,b");
        assert_eq!(told("a,b,c\n1,2,3\n"), "line 1: must be the head: a,b");
        assert_eq!(told("a,b\n"), "line 1: there is no line under the head");
        assert_eq!(
            told("a,b\n1,2\n1\n1,2,3\n"),
            "line 3: has 1 cells; 2 are needed\nline 4: has 3 cells; 2 are needed"
        );
        assert!(told("a,b\n1,1\n1,1\n1,1\n1,1\n").contains("more than 3 lines"));
    }
}
