use super::{LINE_BYTES, LINES, Problem, Row};
use crate::domain::roles::FieldGroup;
use crate::domain::{DataKey, DataValue, Given, Phone, Stage, Zone, sheet};
use csv::{ReaderBuilder, StringRecord};
use domain::{Country, Email, Invalid, PersonName};
use std::collections::{BTreeMap, BTreeSet};

/// A line under the head, and all that is wrong with it.
#[derive(Debug)]
pub struct Line {
    pub number: u64,
    pub row: Result<Row, Vec<Problem>>,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Name,
    Phone,
    Email,
    Stage,
    TimeZone,
    Tags,
    Data(DataKey),
    /// What an export has and nobody can set.
    PassedOver,
}

impl Column {
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "phone" => Self::Phone,
            "email" => Self::Email,
            "stage" => Self::Stage,
            "time_zone" => Self::TimeZone,
            "tags" => Self::Tags,
            "contact" | "other_addresses" | "created_at" | "source" => Self::PassedOver,
            name => Self::Data(DataKey::parse(name.strip_prefix("data.")?).ok()?),
        })
    }
}

impl Column {
    fn field(&self) -> Option<FieldGroup> {
        match self {
            Self::Name => Some(FieldGroup::Name),
            Self::Phone => Some(FieldGroup::Phones),
            Self::Email => Some(FieldGroup::Emails),
            Self::Stage => Some(FieldGroup::Stage),
            Self::TimeZone => Some(FieldGroup::TimeZone),
            Self::Tags => Some(FieldGroup::Tags),
            Self::Data(_) => Some(FieldGroup::Data),
            Self::PassedOver => None,
        }
    }
}

/// Reads a head and the lines under it, the first of which is `first_line` of its file. Wrong is what no line can be read
/// with: the head, or too many lines.
pub fn lines(text: &str, first_line: u64, country: Option<Country>) -> Result<Vec<Line>, Problem> {
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let unread = |_| Problem::refused(1, "", "cannot be read as the head of a CSV file");
    if let Some(problem) = open_quote(text, first_line) {
        return Err(problem);
    }
    let columns = columns(reader.headers().map_err(unread)?)?;
    let mut count = Count::new(text);
    let mut lines = vec![];
    for record in reader.records() {
        let position = match &record {
            Ok(record) => record.position(),
            Err(error) => error.position(),
        };
        // The head of a piece is one line.
        let number = first_line + count.line_at(position.map_or(0, csv::Position::byte)).saturating_sub(2);
        let row = match record {
            Ok(record) => row(&record, &columns, number, country),
            Err(_) => Err(vec![Problem::refused(
                number,
                "",
                "cannot be read as CSV; put cells with commas or quotes into quotes",
            )]),
        };
        lines.push(Line { number, row });
        if lines.len() > LINES {
            let remedy = "there are more than 2,000 lines; send them in several pieces";
            return Err(Problem::refused(number, "", remedy));
        }
    }
    Ok(lines)
}

/// The first line; lines end with a line feed, a carriage return, or both.
pub(super) fn head(text: &str) -> &str {
    text.split(['\r', '\n']).next().unwrap_or_default()
}

/// The line of a quote that a cell begins with and that has no end, if there is one: whatever comes after it would be that cell.
pub fn open_quote(text: &str, first_line: u64) -> Option<Problem> {
    let delimiter = delimiter(text);
    let bytes = text.as_bytes();
    let (mut begins, mut quote) = (true, None);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (quote, *byte) {
            (None, b'"') if begins => quote = Some(at),
            (None, other) => begins = other == delimiter || matches!(other, b'\r' | b'\n'),
            // Two stand for one.
            (Some(_), b'"') if bytes.get(at + 1) == Some(&b'"') => at += 1,
            (Some(_), b'"') => (begins, quote) = (false, None),
            (Some(_), _) => {}
        }
        at += 1;
    }
    let line = Count::new(text).line_at(u64::try_from(quote?).unwrap_or(u64::MAX));
    let number = if line == 1 {
        1
    } else {
        first_line + line.saturating_sub(2)
    };
    let remedy = "has a quote that has no end; close it, or write two where one is meant";
    Some(Problem::refused(number, "", remedy))
}

/// The fields that a file with this head may change; of one that cannot be read: none, as none of its lines is taken.
pub fn fields(text: &str) -> BTreeSet<FieldGroup> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let head = reader.headers().ok();
    let columns = head.and_then(|head| columns(head).ok()).unwrap_or_default();
    columns.iter().filter_map(Column::field).collect()
}

/// Programs of some countries write semicolons, and some write tabs. The head tells, as no column has one in its name.
pub(super) fn delimiter(text: &str) -> u8 {
    let head = head(text);
    [b',', b';', b'\t']
        .into_iter()
        .find(|delimiter| head.as_bytes().contains(delimiter))
        .unwrap_or(b',')
}

/// Of a file at most: those of a contact, and some that are passed over.
const COLUMNS: usize = 200;

fn columns(head: &StringRecord) -> Result<Vec<Column>, Problem> {
    let wrong = |remedy: String| Problem::refused(1, "", remedy);
    let mut columns: Vec<Column> = vec![];
    if head.len() > COLUMNS {
        return Err(wrong(format!(
            "has a head of more than {COLUMNS} columns; leave some out"
        )));
    }
    for (number, name) in head.iter().enumerate() {
        let column = Column::read(name.trim()).ok_or_else(|| {
            wrong(format!(
                "column {} of the head is none of name, phone, email, stage, time_zone, tags and data.KEY; rename it, or leave it out",
                number + 1
            ))
        })?;
        if column != Column::PassedOver && columns.contains(&column) {
            return Err(wrong(format!(
                "column {} of the head is there twice; keep one",
                number + 1
            )));
        }
        columns.push(column);
    }
    match columns.contains(&Column::Phone) || columns.contains(&Column::Email) {
        true => Ok(columns),
        false => Err(wrong(
            "needs a column phone or email in its head: nobody can be found by less".into(),
        )),
    }
}

fn row(record: &StringRecord, columns: &[Column], line: u64, country: Option<Country>) -> Result<Row, Vec<Problem>> {
    let whole = |remedy: String| Err(vec![Problem::refused(line, "", remedy)]);
    if record.as_slice().len() > LINE_BYTES {
        return whole("is longer than 65,536 bytes; has a quote in it another end than it should?".into());
    }
    if record.len() != columns.len() {
        return whole(format!("has {} cells; the head has {}", record.len(), columns.len()));
    }
    let (mut name, mut phone, mut email, mut stage, mut time_zone) = (None, None, None, None, None);
    let (mut tags, mut data, mut problems) = (BTreeSet::new(), BTreeMap::new(), vec![]);
    for (column, cell) in columns.iter().zip(record) {
        let cell = sheet::plain(cell.trim());
        if cell.is_empty() {
            continue;
        }
        let read: Result<(), Invalid> = match column {
            Column::Name => PersonName::parse(cell).map(|read| name = Some(read)),
            Column::Phone => Phone::parse(cell, country).map(|read| phone = Some(read)),
            Column::Email => Email::parse(cell).map(|read| email = Some(read)),
            Column::Stage => {
                stage = Stage::from_word(cell);
                stage
                    .map(|_| ())
                    .ok_or_else(|| Invalid::new("stage", "must be lead or customer"))
            }
            Column::TimeZone => Zone::parse(cell).map(|read| time_zone = Some(read)),
            Column::Tags => sheet::parted(cell).map(|read| tags = read.into_iter().collect()),
            Column::Data(key) => DataValue::parse(cell).map(|read| {
                data.insert(key.clone(), read);
            }),
            Column::PassedOver => Ok(()),
        };
        if let Err(invalid) = read {
            problems.push(Problem::refused(line, named(column), invalid.remedy));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let given = Given::new(name, phone, email, None);
    let given = given.map_err(|invalid| vec![Problem::refused(line, invalid.field, invalid.remedy)])?;
    Ok(Row {
        given,
        stage,
        time_zone,
        tags,
        data,
    })
}

fn named(column: &Column) -> String {
    match column {
        Column::Name => "name".into(),
        Column::Phone => "phone".into(),
        Column::Email => "email".into(),
        Column::Stage => "stage".into(),
        Column::TimeZone => "time_zone".into(),
        Column::Tags => "tags".into(),
        Column::Data(key) => format!("data.{}", key.as_str()),
        Column::PassedOver => String::new(),
    }
}

/// Counts lines as editors do. The reader begins a record at the end of the line before, or at empty lines.
pub(super) struct Count<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Count<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The line of the first character from `byte` on that ends no line. Asked for places that grow.
    pub(super) fn line_at(&mut self, byte: u64) -> u64 {
        let from = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(character) = self.bytes.get(self.at) {
            if self.at >= from && !matches!(character, b'\r' | b'\n') {
                break;
            }
            let is_half = *character == b'\r' && self.bytes.get(self.at + 1) == Some(&b'\n');
            self.line += u64::from(matches!(character, b'\r' | b'\n') && !is_half);
            self.at += 1;
        }
        self.line
    }
}
