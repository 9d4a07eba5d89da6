//! Bad input through every door of the running system: each is answered with a code of the catalogue, the field to blame
//! and what to do; nothing is half done, and the door stays open.

mod callbacks;
mod frames;
mod front;
mod http;
mod ingest;
mod links;
mod rpcs;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::stack::{Service, Stack};
use front::Front;
use serde_json::Value;
use testkit::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_answered_with_its_field_and_changes_nothing() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = refused(&mut stack).await;
    crate::shown(stack, result).await
}

async fn refused(stack: &mut Stack) -> Result<()> {
    let mut front = Front::open(stack).await?;
    let mut seen = Seen {
        before: settled(stack).await?,
        otherwise: Vec::new(),
    };
    frames::refused(&mut front, &mut seen).await.context("on the socket")?;
    seen.unchanged(stack, "frames").await?;
    http::refused(&front, &mut seen).await.context("over HTTP")?;
    seen.unchanged(stack, "requests").await?;
    rpcs::refused(&front, &mut seen).await.context("over gRPC")?;
    seen.unchanged(stack, "calls").await?;
    callbacks::refused(stack, &front, &mut seen)
        .await
        .context("in callbacks")?;
    seen.unchanged(stack, "callbacks").await?;
    let letters = ingest::refused(&front, &mut seen).await.context("on NATS")?;
    seen.unchanged(stack, "events").await?;
    ingest::repaired(&front, &letters).await.context("after a repair")?;
    front.goes_on().await.context("every door goes on working")?;
    links::lead_home(&mut front).await.context("return links")?;
    stack.check()?;
    ensure!(seen.otherwise.is_empty(), "{}", seen.otherwise.join("\n"));
    Ok(())
}

/// What was seen at the doors; what was not as it should be is told together in the end.
struct Seen {
    before: Counts,
    otherwise: Vec<String>,
}

impl Seen {
    fn otherwise(&mut self, what: String) {
        self.otherwise.push(what);
    }

    /// A refusal has this code, blames this field, and says what to do.
    fn refusal(&mut self, case: &str, answer: &Value, code: &str, field: &str) {
        let told = (answer["code"].as_str(), answer["field"].as_str());
        let remedy = answer["detail"].as_str().unwrap_or_default();
        if told != (Some(code), Some(field)) || !remedy.contains(' ') {
            self.otherwise(format!(
                "{case}: answered {answer}, not {code} of {field} and what to do"
            ));
        }
    }

    /// Nothing was done.
    async fn unchanged(&mut self, stack: &Stack, after: &str) -> Result<()> {
        let now = settled(stack).await?;
        for (what, rows) in &now {
            let before = self.before.get(what).copied().unwrap_or_default();
            if before != *rows {
                self.otherwise
                    .push(format!("after bad {after}, {what} went from {before} to {rows}"));
            }
        }
        self.before = now;
        Ok(())
    }
}

/// Rows of every table, and what arrived outside.
type Counts = BTreeMap<String, i64>;

/// What grows by looking alone: sessions and tickets of the visitors here, and who is present.
fn counts_nothing(database: Service, table: &str) -> bool {
    database == Service::Presence || ["session", "ticket", "presence_view"].contains(&table)
}

async fn count(stack: &Stack) -> Result<Counts> {
    let mut counts = Counts::new();
    for service in Service::ALL {
        for (table, rows) in stack.postgres.rows(service.short()).await? {
            if !counts_nothing(service, &table) {
                counts.insert(format!("{service}.{table}"), rows);
            }
        }
    }
    counts.insert("texts".to_owned(), i64::try_from(stack.sms.messages().len())?);
    counts.insert("mails".to_owned(), i64::try_from(stack.smtp.mails().len())?);
    Ok(counts)
}

/// The counts once nothing moves any more: the same in several readings, one after the other.
async fn settled(stack: &Stack) -> Result<Counts> {
    let mut last = (Counts::new(), 0);
    let still = eventually("nothing moves any more", Duration::from_secs(30), async || {
        let now = count(stack).await.ok()?;
        last = if now == last.0 { (now, last.1 + 1) } else { (now, 0) };
        (last.1 == 6).then(|| last.0.clone())
    });
    Ok(still.await?)
}
