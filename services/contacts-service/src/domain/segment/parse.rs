//! Reads filters: `stage = customer and (tag in (vip, "new here") or not purchases.total.PLN < 10000)`.

use super::lex::{Token, tokens, wrong};
use super::{Comparison, Currency, DEPTH, Filter, KEYS, Refusal, TERMS, Term};
use crate::domain::{DataKey, DataValue, Purpose, Stage, Tag};
use domain::{ChannelId, Timestamp};
use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// A hundred years.
const DAYS: i64 = 36_500;
/// Numbers of JSON are exact up to here.
const NUMBER: i64 = (1 << 53) - 1;

const FIELDS: &str = "expected stage, tag, source, data.KEY, purchases.count, purchases.total.CURRENCY, purchases.last, \
                      created, captured, changed, consent, not or (";
const TIME: &str = "expected a day (2026-01-31), a time (2026-01-31T12:00:00Z) or days_ago(30)";

/// Reads a filter for a purpose. Nothing in it: everybody. What is wrong is told with its place and never with its words.
pub fn parse(text: &str, purpose: Purpose, now: Timestamp) -> Result<Filter, Refusal> {
    let mut parser = Parser {
        tokens: tokens(text).map_err(Refusal::Unreadable)?,
        at: 0,
        terms: 0,
        keys: BTreeSet::new(),
        purpose,
        now,
    };
    if parser.peek() == &Token::End {
        return Ok(Filter::All(vec![]));
    }
    let filter = parser.either(0)?;
    match parser.peek() {
        Token::End => Ok(filter),
        _ => Err(parser.expected("expected and, or, or the end")),
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    /// Conditions so far.
    terms: usize,
    /// Keys of data so far.
    keys: BTreeSet<DataKey>,
    purpose: Purpose,
    now: Timestamp,
}

impl Parser {
    fn either(&mut self, depth: usize) -> Result<Filter, Refusal> {
        let mut filters = vec![self.both(depth)?];
        while self.takes_word("or") {
            filters.push(self.both(depth)?);
        }
        Ok(one_of(filters, Filter::Any))
    }

    fn both(&mut self, depth: usize) -> Result<Filter, Refusal> {
        let mut filters = vec![self.one(depth)?];
        while self.takes_word("and") {
            filters.push(self.one(depth)?);
        }
        Ok(one_of(filters, Filter::All))
    }

    fn one(&mut self, depth: usize) -> Result<Filter, Refusal> {
        if depth > DEPTH {
            return Err(self.expected("brackets and not stand 16 deep at most; write it flatter"));
        }
        if self.takes_word("not") {
            return Ok(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes(&Token::Open) {
            let filter = self.either(depth + 1)?;
            self.must(&Token::Close, "expected and, or, or )")?;
            return Ok(filter);
        }
        let begin = self.place();
        let (term, meant) = self.term()?;
        if !term.serves(self.purpose) {
            let remedy =
                "this serves support alone; a segment for outreach may ask for stage, tag, created and consent";
            return Err(Refusal::Purpose(wrong(begin, remedy)));
        }
        let term = Filter::Is(term);
        Ok(if meant { term } else { Filter::Not(Box::new(term)) })
    }

    /// A condition, and false where the opposite is meant.
    fn term(&mut self) -> Result<(Term, bool), Refusal> {
        let begin = self.place();
        let name = self.word(FIELDS)?;
        self.count(begin)?;
        match name.as_str() {
            "stage" => {
                let meant = self.is("expected = or !=")?;
                let expected = "expected lead or customer";
                let stage = self.value(expected, |word| Stage::from_word(word).ok_or(expected))?;
                Ok((Term::Stage(stage), meant))
            }
            "tag" => {
                let remedy = "expected a tag of 1 to 50 characters, in double quotes unless it is one word";
                let (tags, meant) = self.values(remedy, |word| Tag::parse(word).map_err(|_| remedy))?;
                Ok((Term::Tag(tags), meant))
            }
            "source" if self.takes_word("exists") => Ok((Term::HasSource, true)),
            "source" => {
                let remedy = "expected the id of a channel";
                let (channels, meant) = self.values(remedy, |word| ChannelId::parse(word).map_err(|_| remedy))?;
                Ok((Term::Source(channels), meant))
            }
            "purchases.count" => {
                let comparison = self.comparison()?;
                Ok((Term::Orders(comparison, self.number()?), true))
            }
            "purchases.last" => self.timed(Term::LastOrder),
            "created" => self.timed(Term::Created),
            "captured" => self.timed(Term::Captured),
            "changed" => self.timed(Term::Changed),
            "consent" => {
                let meant = self.is("expected = or !=")?;
                let expected = "expected outreach; support needs no consent";
                self.value(expected, |word| (word == "outreach").then_some(()).ok_or(expected))?;
                Ok((Term::Consented, meant))
            }
            name => self.keyed(name, begin),
        }
    }

    /// A condition whose field has a name of the workspace's own in it.
    fn keyed(&mut self, name: &str, begin: usize) -> Result<(Term, bool), Refusal> {
        if let Some(key) = name.strip_prefix("data.") {
            let remedy =
                "expected data. and a key of 1 to 40 characters out of a-z, 0-9 and '_' that begins with a letter";
            let key = DataKey::parse(key).map_err(|_| Refusal::Unreadable(wrong(begin, remedy)))?;
            self.keys.insert(key.clone());
            if self.keys.len() > KEYS {
                let remedy = "names more than 8 keys of data; ask for fewer";
                return Err(Refusal::Unreadable(wrong(begin, remedy)));
            }
            if self.takes_word("exists") {
                return Ok((Term::HasData(key), true));
            }
            let remedy = "expected a value of 1 to 1,000 characters, in double quotes unless it is one word";
            let (values, meant) = self.values(remedy, |word| DataValue::parse(word).map_err(|_| remedy))?;
            return Ok((Term::Data(key, values), meant));
        }
        if let Some(currency) = name.strip_prefix("purchases.total.") {
            let remedy =
                "expected purchases.total. and three capital letters of ISO 4217, for example purchases.total.PLN";
            let currency = Currency::parse(currency).ok_or_else(|| Refusal::Unreadable(wrong(begin, remedy)))?;
            let comparison = self.comparison()?;
            return Ok((Term::Spent(currency, comparison, self.number()?), true));
        }
        Err(Refusal::Unreadable(wrong(begin, FIELDS)))
    }

    fn timed(&mut self, term: fn(Comparison, Timestamp) -> Term) -> Result<(Term, bool), Refusal> {
        let place = self.place();
        let comparison = self.comparison()?;
        if matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
            let remedy = "expected <, <=, > or >=: no two things happen at one moment";
            return Err(Refusal::Unreadable(wrong(place, remedy)));
        }
        Ok((term(comparison, self.time()?), true))
    }

    /// One value or a list of them, after `=`, `!=` or `in`; false where none of them is meant.
    fn values<T>(
        &mut self,
        expected: &'static str,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Result<(Vec<T>, bool), Refusal> {
        if !self.takes_word("in") {
            let meant = self.is("expected =, != or in")?;
            return Ok((vec![self.value(expected, &read)?], meant));
        }
        self.must(&Token::Open, "expected ( before the list")?;
        let mut values = vec![self.value(expected, &read)?];
        while self.takes(&Token::Comma) {
            self.count(self.place())?;
            values.push(self.value(expected, &read)?);
        }
        self.must(&Token::Close, "expected , or )")?;
        Ok((values, true))
    }

    fn value<T>(
        &mut self,
        expected: &'static str,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Result<T, Refusal> {
        let place = self.place();
        let value = match self.peek() {
            Token::Word(word) => read(word),
            Token::Quoted(text) => read(text),
            _ => Err(expected),
        };
        let value = value.map_err(|remedy| Refusal::Unreadable(wrong(place, remedy)))?;
        self.at += 1;
        Ok(value)
    }

    fn number(&mut self) -> Result<i64, Refusal> {
        let expected = "expected a whole number from 0 to 9007199254740991; amounts are in minor units";
        let read = |word: &str| {
            let digits = word.bytes().all(|byte| byte.is_ascii_digit());
            let number = word.parse().ok().filter(|number| digits && *number <= NUMBER);
            number.ok_or(expected)
        };
        self.value(expected, read)
    }

    fn time(&mut self) -> Result<Timestamp, Refusal> {
        if self.takes_word("days_ago") {
            self.must(&Token::Open, TIME)?;
            let expected = "expected 0 to 36500 days";
            let days = self.value(expected, |word| {
                let days = word.parse::<i64>().ok().filter(|days| (0..=DAYS).contains(days));
                days.ok_or(expected)
            })?;
            self.must(&Token::Close, "expected )")?;
            return Ok(self.now - SignedDuration::from_hours(24 * days));
        }
        self.value(TIME, |word| instant(word).ok_or(TIME))
    }

    /// True for `=`, false for `!=`.
    fn is(&mut self, expected: &'static str) -> Result<bool, Refusal> {
        match self.peek() {
            Token::Compare(Comparison::Equal) => {
                self.at += 1;
                Ok(true)
            }
            Token::Compare(Comparison::NotEqual) => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.expected(expected)),
        }
    }

    fn comparison(&mut self) -> Result<Comparison, Refusal> {
        match *self.peek() {
            Token::Compare(comparison) => {
                self.at += 1;
                Ok(comparison)
            }
            _ => Err(self.expected("expected =, !=, <, <=, > or >=")),
        }
    }

    fn word(&mut self, expected: &'static str) -> Result<String, Refusal> {
        match self.peek().clone() {
            Token::Word(word) => {
                self.at += 1;
                Ok(word)
            }
            _ => Err(self.expected(expected)),
        }
    }

    /// One condition, or one more value of one.
    fn count(&mut self, place: usize) -> Result<(), Refusal> {
        self.terms += 1;
        match self.terms <= TERMS {
            true => Ok(()),
            false => Err(Refusal::Unreadable(wrong(
                place,
                "a filter has 50 conditions at most, each value of a list counted; make several",
            ))),
        }
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn place(&self) -> usize {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or(1, |(_, place)| *place)
    }

    /// Keywords are taken in any case.
    fn takes_word(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn takes(&mut self, token: &Token) -> bool {
        let found = self.peek() == token;
        self.at += usize::from(found);
        found
    }

    fn must(&mut self, token: &Token, expected: &str) -> Result<(), Refusal> {
        match self.takes(token) {
            true => Ok(()),
            false => Err(self.expected(expected)),
        }
    }

    fn expected(&self, remedy: &str) -> Refusal {
        Refusal::Unreadable(wrong(self.place(), remedy))
    }
}

fn one_of(mut filters: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match (filters.len(), filters.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            filters.extend(last);
            many(filters)
        }
    }
}

/// A time from 1970 on, to the microsecond, or the start of a day in UTC.
fn instant(word: &str) -> Option<Timestamp> {
    let day = |word: &str| -> Option<Timestamp> {
        let date: Date = (word.len() == 10).then(|| word.parse().ok())??;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let at = day(word).or_else(|| word.parse().ok())?;
    let at = Timestamp::from_microsecond(at.as_microsecond()).ok()?;
    (at >= Timestamp::UNIX_EPOCH).then_some(at)
}
