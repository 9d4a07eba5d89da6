//! How answers look: aligned tables for people, JSON for programs.

use std::io::{IsTerminal, Write};

use anyhow::Result;
use clap::ValueEnum;
use fault::Fault;
use serde::Serialize;

/// What `-o` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns.
    #[default]
    Table,
    /// JSON, one document.
    Json,
}

/// Where answers go.
#[derive(Debug)]
pub(crate) struct Out {
    format: Format,
    colour: bool,
}

impl Out {
    pub(crate) fn new(format: Format) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            format,
            colour: wanted && std::io::stdout().is_terminal(),
        }
    }

    pub(crate) fn json(&self) -> bool {
        self.format == Format::Json
    }

    /// A line of an answer meant for people.
    pub(crate) fn line(&self, line: impl AsRef<str>) -> Result<()> {
        Ok(writeln!(std::io::stdout().lock(), "{}", line.as_ref())?)
    }

    /// One JSON document.
    pub(crate) fn document(&self, value: &impl Serialize) -> Result<()> {
        self.line(serde_json::to_string_pretty(value)?)
    }

    /// Rows under a head, columns aligned; the last column may be of any length.
    pub(crate) fn table(&self, head: &[&str], rows: &[Vec<String>]) -> Result<()> {
        let width = |column: usize| {
            let cells = rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count());
            cells
                .chain(head.get(column).map(|title| title.chars().count()))
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        if !head.iter().all(|title| title.is_empty()) {
            let titles: Vec<String> = head.iter().map(|title| (*title).to_owned()).collect();
            self.line(self.dim(&aligned(&titles, &widths)))?;
        }
        rows.iter().try_for_each(|row| self.line(aligned(row, &widths)))
    }

    /// The same for spreadsheets: CSV, with its head.
    pub(crate) fn csv(&self, head: &[&str], rows: &[Vec<String>]) -> Result<()> {
        let mut writer = csv::Writer::from_writer(std::io::stdout().lock());
        writer.write_record(head)?;
        for row in rows {
            writer.write_record(row)?;
        }
        Ok(writer.flush()?)
    }

    pub(crate) fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

fn aligned(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
    }
    line.trim_end().to_owned()
}

/// What is going on, for people, on stderr.
pub(crate) fn say(message: impl AsRef<str>) {
    eprintln!("{}", message.as_ref());
}

/// What happened, why, and what to do, with its code.
pub(crate) fn error(error: &anyhow::Error) {
    let fault = error.chain().find_map(|cause| cause.downcast_ref::<Fault>());
    match fault {
        Some(fault) => say(format!("homing: {}", fault.chain())),
        None => say(format!("homing: {error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn columns_line_up_by_characters() {
        let cells = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        assert_eq!(aligned(&cells("zażółć", "x"), &[8, 1]), "zażółć    x");
        assert_eq!(aligned(&cells("a", ""), &[3, 0]), "a");
    }
}
