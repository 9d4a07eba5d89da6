//! A price list as a CSV document.

use super::sheet::{Line, Problem, lines};
use super::{Kind, MAX_PRICES, Place, Price};
use ::domain::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

const COLUMNS: [&str; 4] = ["kind", "country", "valid_from", "micro_pu"];

/// The lines of the list, each with where it stands in the document. All of what is wrong is told.
pub fn read_prices(text: &str) -> Result<Vec<(u64, Price)>, Vec<Problem>> {
    let (mut prices, mut problems) = (Vec::new(), Vec::new());
    let mut seen = BTreeMap::new();
    for line in lines(text, COLUMNS, MAX_PRICES)? {
        match read(&line) {
            Ok(price) => {
                let key = (price.kind, price.place, price.valid_from);
                match seen.insert(key, line.number) {
                    Some(other) => problems.push(line.problem(
                        "valid_from",
                        format!("line {other} has the same kind, country and time; keep one of them"),
                    )),
                    None => prices.push((line.number, price)),
                }
            }
            Err(mut found) => problems.append(&mut found),
        }
    }
    if problems.is_empty() { Ok(prices) } else { Err(problems) }
}

/// A price, or everything that is wrong with its cells.
fn read(line: &Line<4>) -> Result<Price, Vec<Problem>> {
    let kind =
        Kind::from_word(line.cell("kind")).ok_or_else(|| line.problem("kind", "must be sms, lms, email or whatsapp"));
    let place = Place::parse(line.cell("country")).and_then(Place::known);
    let place = place.map_err(|invalid| line.problem("country", invalid.remedy));
    let from = moment(line.cell("valid_from")).ok_or_else(|| {
        line.problem(
            "valid_from",
            "must be a day (UTC), for example 2026-11-21, or a time, for example 2026-11-21T00:00:00Z",
        )
    });
    let micro = line.cell("micro_pu").parse::<i64>().map_err(|_| {
        line.problem(
            "micro_pu",
            "must be a whole number of micro-PU without decimals, for example 50000 for 0.05 PU",
        )
    });
    match (kind, place, from, micro) {
        (Ok(kind), Ok(place), Ok(from), Ok(micro)) => Price::new(kind, place, from, micro).map_err(|invalid| {
            let column = COLUMNS.into_iter().find(|column| *column == invalid.field);
            vec![line.problem(column.unwrap_or_default(), invalid.remedy)]
        }),
        (kind, place, from, micro) => Err([kind.err(), place.err(), from.err(), micro.err()]
            .into_iter()
            .flatten()
            .collect()),
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    let day = |text: &str| {
        let date: Date = text.parse().ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    // A day with a time but no zone would be read as a day.
    if text.len() <= "2026-11-21".len() {
        day(text)
    } else {
        text.parse().ok()
    }
}

/// The list as a document that `read_prices` reads.
pub fn write_prices(list: &[Price]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for price in list {
        let (from, micro) = (price.valid_from.to_string(), price.amount.micro().to_string());
        writer.write_record([price.kind.word(), price.place.as_str(), &from, &micro])?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::sheet::told;
    use super::*;

    #[test]
    fn a_list_survives_its_document() {
        let text = "kind,country,valid_from,micro_pu\n\
                    sms,*,2026-01-01,70000\n\
                    sms,PL,2026-01-01,50000\n\
                    sms,PL,2026-02-01T12:30:00Z,60000\n\
                    lms,KR,2026-01-01,30000\n\
                    email,*,2027-01-01,0\n";
        let prices: Vec<Price> = read_prices(text)
            .expect("a list")
            .into_iter()
            .map(|(_, price)| price)
            .collect();
        assert_eq!(prices.len(), 5);
        let written = write_prices(&prices).expect("it can be written");
        assert!(written.contains("sms,PL,2026-02-01T12:30:00Z,60000\n"), "{written}");
        let again: Vec<Price> = read_prices(&written)
            .expect("a list")
            .into_iter()
            .map(|(_, price)| price)
            .collect();
        assert_eq!(again, prices);
    }

    #[test]
    fn everything_that_is_wrong_is_told_by_line_and_column() {
        let of = |lines: &str| {
            let text = format!("kind,country,valid_from,micro_pu\n{lines}");
            told(&read_prices(&text).expect_err("a problem"))
        };
        for (lines, start) in [
            ("fax,PL,2026-01-01,1\n", "line 2, kind: must be sms"),
            ("sms,Poland,2026-01-01,1\n", "line 2, country: "),
            ("sms,UK,2026-01-01,1\n", "line 2, country: "),
            ("email,PL,2026-01-01,1\n", "line 2, country: "),
            ("sms,PL,tomorrow,1\n", "line 2, valid_from: "),
            ("sms,PL,2026-13-01,1\n", "line 2, valid_from: "),
            ("sms,PL,2026-01-01T12:00:00,1\n", "line 2, valid_from: "),
            ("sms,PL,2026-01-01,0.05\n", "line 2, micro_pu: must be a whole number"),
            ("sms,PL,2026-01-01,-1\n", "line 2, micro_pu: must be 0 or more"),
            ("sms,PL,2026-01-01,1000000000001\n", "line 2, micro_pu: must be at most"),
            (
                "sms,PL,2026-01-01,1\nsms,PL,2026-01-01T00:00:00Z,2\n",
                "line 3, valid_from: line 2 has the same",
            ),
        ] {
            assert!(of(lines).starts_with(start), "{lines}: {}", of(lines));
        }
        let two = of("fax,PL,soon,1\nsms,*,2026-01-01,1\nsms,Q,2026-01-01,x\n");
        let columns: Vec<&str> = two.lines().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(
            columns,
            [
                "line 2, kind",
                "line 2, valid_from",
                "line 4, country",
                "line 4, micro_pu"
            ]
        );
    }
}
