//! Segments: the one place whose statement is put together while running, because a filter may ask for anything in any order.
//! Put together are fixed fragments alone and the numbers by which joins are told apart; every value is a parameter.

use crate::domain::segment::{Comparison, Currency, Filter, Term};
use crate::domain::{DataKey, DataValue, Purpose, Tag};
use domain::{ChannelId, ContactId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use store::OrFault;

/// Whose segment: the workspace, what it is for and which contacts are meant.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    pub workspace: &'a WorkspaceId,
    pub purpose: Purpose,
    pub filter: &'a Filter,
}

/// How many contacts a segment has.
pub async fn count(db: &mut PgConnection, segment: Segment<'_>) -> Result<i64> {
    plan_for_many(db).await?;
    let mut builder = found(segment, " NOT MATERIALIZED ");
    builder.push(" SELECT count(*) FROM found");
    let query = builder.build_query_scalar().persistent(false);
    query.fetch_one(db).await.or_fault("count segment")
}

/// Ids of contacts of a segment, newest first.
pub async fn page(
    db: &mut PgConnection,
    segment: Segment<'_>,
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactId>> {
    plan_for_many(db).await?;
    // What stands in the contact itself is looked at from the newest one on, until the page is full. With anything joined
    // that would be a look-up for each, and the page may never be full: then all are found first.
    let joined = segment.purpose == Purpose::Outreach || segment.filter.terms().into_iter().any(is_joined);
    let mut builder = found(segment, if joined { " MATERIALIZED " } else { " NOT MATERIALIZED " });
    builder.push(" SELECT f.id FROM found f WHERE true");
    if let Some(after) = after {
        builder.push(" AND f.id < ").push_bind(after.0);
    }
    builder.push(" ORDER BY f.id DESC LIMIT ").push_bind(limit);
    let query = builder.build_query_scalar().persistent(false);
    let ids = query.fetch_all(db).await.or_fault("list segment")?;
    Ok(ids.into_iter().map(ContactId).collect())
}

fn is_joined(term: &Term) -> bool {
    match term {
        Term::Stage(_) | Term::Tag(_) | Term::Source(_) | Term::HasSource | Term::Created(..) | Term::Changed(..) => {
            false
        }
        Term::Data(..)
        | Term::HasData(_)
        | Term::Orders(..)
        | Term::Spent(..)
        | Term::LastOrder(..)
        | Term::Captured(..)
        | Term::Consented => true,
    }
}

/// Until the transaction ends PostgreSQL may plan as for a report: connections of ours allow only look-ups by key, with one
/// plan for all parameters. The memory is for each hash or sort of the statement. What is summed up by contact is read in the order of
/// an index, or sorted: a hash of a million groups does not fit, and took twice as long.
async fn plan_for_many(db: &mut PgConnection) -> Result<()> {
    sqlx::query_scalar!(
        "SELECT set_config(s.name, s.value, true) FROM (VALUES ('plan_cache_mode', 'force_custom_plan'),
           ('enable_seqscan', 'on'), ('enable_hashjoin', 'on'), ('enable_mergejoin', 'on'), ('enable_hashagg', 'off'),
           ('work_mem', '32MB'))
           AS s(name, value)"
    )
    .fetch_all(db)
    .await
    .or_fault("plan for many rows")?;
    Ok(())
}

struct Statement<'a> {
    builder: QueryBuilder<Postgres>,
    segment: Segment<'a>,
    /// Each is joined once, in this order.
    keys: Vec<&'a DataKey>,
    /// Each has its sum, in this order.
    currencies: Vec<&'a Currency>,
}

/// `found`: the contacts of a segment.
fn found(segment: Segment<'_>, how: &'static str) -> QueryBuilder<Postgres> {
    let workspace = segment.workspace.as_str();
    let mut builder = QueryBuilder::new("WITH RECURSIVE ");
    builder.push(PART[0]).push_bind(workspace);
    builder.push(PART[1]).push_bind(workspace);
    builder
        .push("), found AS")
        .push(how)
        .push("(SELECT c.id FROM contact c");
    let mut statement = Statement {
        builder,
        segment,
        keys: vec![],
        currencies: vec![],
    };
    statement.join(&segment.filter.terms());
    let builder = &mut statement.builder;
    builder.push(" WHERE c.workspace_id = ").push_bind(workspace);
    builder.push(" AND c.merged_into IS NULL AND ");
    if segment.purpose == Purpose::Outreach {
        builder.push(CONSENTED).push(" AND ");
    }
    statement.filter(segment.filter);
    statement.builder.push(")");
    statement.builder
}

impl<'a> Statement<'a> {
    /// Joins what the terms look at: at most one row for each contact.
    fn join(&mut self, terms: &[&'a Term]) {
        let workspace = self.segment.workspace.as_str();
        for term in terms {
            match term {
                Term::Data(key, _) | Term::HasData(key) if !self.keys.contains(&key) => {
                    let number = self.keys.len();
                    self.keys.push(key);
                    let alias = format!("d{number}");
                    self.builder.push(format_args!(
                        " LEFT JOIN contact_data {alias} ON {alias}.workspace_id = c.workspace_id
                         AND {alias}.contact_id = c.id AND {alias}.key = "
                    ));
                    self.builder.push_bind(key.as_str());
                    // Values that are not asked for hold as much as none, and are not read.
                    if let Some(values) = asked(key, terms) {
                        self.builder
                            .push(format_args!(" AND {alias}.value = ANY ("))
                            .push_bind(values);
                        self.builder.push(")");
                    }
                }
                Term::Spent(currency, ..) if !self.currencies.contains(&currency) => self.currencies.push(currency),
                _ => {}
            }
        }
        let any = |wanted: fn(&Term) -> bool| terms.iter().any(|term| wanted(term));
        if any(|term| matches!(term, Term::Orders(..) | Term::Spent(..) | Term::LastOrder(..))) {
            self.join_orders();
        }
        if any(|term| matches!(term, Term::Captured(..))) {
            self.builder.push(CAPTURED[0]).push_bind(workspace);
            self.builder.push(CAPTURED[1]).push_bind(workspace);
            self.builder.push(CAPTURED[2]);
        }
        if self.segment.purpose == Purpose::Outreach || any(|term| matches!(term, Term::Consented)) {
            self.builder.push(STANDING[0]).push_bind(workspace).push(STANDING[1]);
        }
        if any(|term| matches!(term, Term::Changed(..))) {
            self.builder.push(
                " LEFT JOIN contact_change h ON h.workspace_id = c.workspace_id AND h.contact_id = c.id
                  AND h.version = c.version",
            );
        }
    }

    /// Orders that came to nothing count as none.
    fn join_orders(&mut self) {
        let builder = &mut self.builder;
        builder.push(" LEFT JOIN (SELECT p.owner_id, count(*) AS orders, max(p.placed_at) AS last");
        for (number, currency) in self.currencies.iter().enumerate() {
            builder.push(", sum(p.total_minor) FILTER (WHERE p.currency = ");
            builder.push_bind(currency.as_str());
            builder.push(format_args!(") AS spent{number}"));
        }
        builder.push(" FROM purchase p WHERE p.workspace_id = ");
        builder.push_bind(self.segment.workspace.as_str());
        builder.push(
            " AND p.owner_id IS NOT NULL AND p.status NOT IN ('cancelled', 'returned', 'refunded') GROUP BY p.owner_id) b ON b.owner_id = c.id",
        );
    }

    /// A condition that is true or false, never null.
    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::All(filters) => self.each(filters, " AND ", "true"),
            Filter::Any(filters) => self.each(filters, " OR ", "false"),
            Filter::Not(filter) => {
                self.builder.push("NOT ");
                self.filter(filter);
            }
            Filter::Is(term) => {
                self.builder.push("(");
                self.term(term);
                self.builder.push(")");
            }
        }
    }

    fn each(&mut self, filters: &[Filter], between: &'static str, of_none: &'static str) {
        self.builder.push("(");
        for (number, filter) in filters.iter().enumerate() {
            if number > 0 {
                self.builder.push(between);
            }
            self.filter(filter);
        }
        if filters.is_empty() {
            self.builder.push(of_none);
        }
        self.builder.push(")");
    }

    fn term(&mut self, term: &Term) {
        let builder = &mut self.builder;
        match term {
            Term::Stage(stage) => {
                builder.push("c.stage = ").push_bind(stage.word());
            }
            Term::Tag(tags) => {
                let tags: Vec<String> = tags.iter().map(|tag| Tag::expose(tag).to_owned()).collect();
                builder.push("c.tags && ").push_bind(tags);
            }
            Term::Source(channels) => {
                let channels: Vec<String> = channels.iter().map(ChannelId::to_string).collect();
                builder.push("coalesce(c.source = ANY (").push_bind(channels);
                builder.push("), false)");
            }
            Term::HasSource => {
                builder.push("c.source IS NOT NULL");
            }
            Term::Data(key, values) => {
                let values: Vec<String> = values.iter().map(|value| DataValue::expose(value).to_owned()).collect();
                let number = place(&self.keys, key);
                builder
                    .push(format_args!("coalesce(d{number}.value = ANY ("))
                    .push_bind(values);
                builder.push("), false)");
            }
            Term::HasData(key) => {
                let number = place(&self.keys, key);
                builder.push(format_args!("d{number}.key IS NOT NULL"));
            }
            Term::Orders(comparison, count) => {
                builder
                    .push("coalesce(b.orders, 0)")
                    .push(sign(*comparison))
                    .push_bind(*count);
            }
            Term::Spent(currency, comparison, total) => {
                let number = place(&self.currencies, currency);
                builder.push(format_args!("coalesce(b.spent{number}, 0)"));
                builder.push(sign(*comparison)).push_bind(*total);
            }
            Term::LastOrder(comparison, at) => self.time("b.last", *comparison, *at),
            Term::Created(comparison, at) => self.time("c.created_at", *comparison, *at),
            Term::Captured(comparison, at) => self.time("greatest(g.at, o.at)", *comparison, *at),
            Term::Changed(comparison, at) => self.time("h.at", *comparison, *at),
            Term::Consented => {
                builder.push(CONSENTED);
            }
        }
    }

    fn time(&mut self, column: &'static str, comparison: Comparison, at: Timestamp) {
        self.builder.push("coalesce(").push(column).push(sign(comparison));
        self.builder.push_bind(at.to_sqlx()).push(", false)");
    }
}

/// Contacts that went into others, each with every one that it is part of; between these stands the workspace.
const PART: [&str; 2] = [
    "part AS (
       SELECT m.id, m.merged_into AS whole FROM contact m WHERE m.merged_into IS NOT NULL AND m.workspace_id = ",
    " UNION ALL
       SELECT part.id, m.merged_into FROM part JOIN contact m ON m.id = part.whole AND m.merged_into IS NOT NULL
         AND m.workspace_id = ",
];

/// When each contact (`g`), and what went into it (`o`), was last captured; between these stands the workspace. Apart, so that the many
/// are read in the order of an index, whose condition `at IS NOT NULL` is.
const CAPTURED: [&str; 3] = [
    " LEFT JOIN (SELECT k.contact_id AS id, max(k.at) AS at FROM captured k WHERE k.at IS NOT NULL AND k.workspace_id = ",
    " GROUP BY k.contact_id) g ON g.id = c.id
      LEFT JOIN (SELECT part.whole AS id, max(k.at) AS at FROM part
        JOIN captured k ON k.contact_id = part.id AND k.at IS NOT NULL AND k.workspace_id = ",
    " GROUP BY part.whole) o ON o.id = c.id",
];

/// Who has an address that a consent opens for outreach: what `address_purposes` says of one address, for all of them at
/// once. Between these stands the workspace.
const STANDING: [&str; 2] = [
    " LEFT JOIN (SELECT DISTINCT a.contact_id FROM consent k
        JOIN consent_address n ON n.workspace_id = k.workspace_id AND n.consent_id = k.id
        JOIN address a ON a.workspace_id = k.workspace_id AND a.id = n.address_id
        WHERE k.workspace_id = ",
    " AND k.purpose = 'outreach'
          AND (k.contact_id = a.contact_id OR (k.contact_id, a.contact_id) IN (SELECT part.id, part.whole FROM part))
          AND NOT EXISTS (SELECT FROM withdrawal w WHERE w.workspace_id = k.workspace_id AND w.contact_id = k.contact_id
            AND w.purpose = k.purpose AND w.at >= k.given_at)
          AND NOT EXISTS (SELECT FROM withdrawal w WHERE w.workspace_id = k.workspace_id AND w.contact_id = a.contact_id
            AND w.purpose = k.purpose AND w.at >= k.given_at)) s ON s.contact_id = c.id",
];

/// See [`STANDING`].
const CONSENTED: &str = "s.contact_id IS NOT NULL";

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => " = ",
        Comparison::NotEqual => " <> ",
        Comparison::Below => " < ",
        Comparison::AtMost => " <= ",
        Comparison::Above => " > ",
        Comparison::AtLeast => " >= ",
    }
}

/// The values that a filter asks for under a key; `None`: it asks whether there is any.
fn asked(key: &DataKey, terms: &[&Term]) -> Option<Vec<String>> {
    let mut all = vec![];
    for term in terms {
        match term {
            Term::HasData(wanted) if wanted == key => return None,
            Term::Data(wanted, values) if wanted == key => {
                all.extend(values.iter().map(|value| value.expose().to_owned()));
            }
            _ => {}
        }
    }
    Some(all)
}

/// The number of what was joined.
fn place<T: PartialEq>(joined: &[&T], wanted: &T) -> usize {
    joined.iter().position(|known| *known == wanted).unwrap_or_default()
}
