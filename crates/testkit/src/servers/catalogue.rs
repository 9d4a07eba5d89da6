//! What every service's database guarantees, whatever its tables are.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::database::TestDatabase;

/// The migrator's own book.
const MIGRATIONS: &str = "_sqlx_migrations";

/// Where any of these texts stands in any column of any table of a database, as it is or as bytes: the table, and which of
/// them it is. `url` is a superuser's.
pub async fn tables_with(url: &str, texts: &[&str]) -> Result<Vec<String>> {
    let mut admin = PgConnection::connect(url).await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
    )
    .fetch_all(&mut admin)
    .await?;
    ensure!(tables.len() > 2, "only {tables:?} were found to be searched");
    let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    let mut found = Vec::new();
    for table in tables {
        let search = AssertSqlSafe(format!(
            "SELECT DISTINCT sought_words.sought FROM {table} row_of_table, UNNEST($1::text[]) AS sought_words (sought)
             WHERE strpos(lower(row_of_table::text), sought_words.sought) > 0
               OR strpos(row_of_table::text, encode(convert_to(sought_words.sought, 'UTF8'), 'hex')) > 0"
        ));
        let here: Vec<String> = sqlx::query_scalar(search).bind(&texts).fetch_all(&mut admin).await?;
        found.extend(here.into_iter().map(|text| format!("{table}: {text}")));
    }
    admin.close().await?;
    Ok(found)
}

impl TestDatabase {
    /// Names of all tables but those in `exempt`, by name, once each is found to begin with `workspace_id`, as do its
    /// unique keys, to be under forced row-level security with a policy by workspace, and to belong to the service's
    /// owner, who cannot log in; nobody of the service's three roles inherits anything or stands above policies. A row
    /// is looked up by its primary key even before there are statistics. The error tells all that is not so.
    pub async fn guarded_tables(&self, exempt: &[&str]) -> Result<Vec<String>> {
        let mut admin = PgConnection::connect(&self.admin_url()).await?;
        let mut wrong = self.wrong_roles(&mut admin).await?;
        let rows = sqlx::query(
            "SELECT c.relname::text AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
                    pg_get_userbyid(c.relowner)::text AS owner,
                    (SELECT attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum = 1) AS first,
                    (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'workspace') AS policies,
                    (SELECT coalesce(bool_and((SELECT attname FROM pg_attribute a
                                               WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0]) = 'workspace_id'), false)
                     FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique) AS keys
             FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1",
        )
        .fetch_all(&mut admin)
        .await?;
        let mut names = Vec::new();
        for row in &rows {
            let name: String = row.try_get("name")?;
            if name == MIGRATIONS || exempt.contains(&name.as_str()) {
                continue;
            }
            for (fine, what) in [
                (row.try_get("forced")?, "is not under forced row-level security"),
                (row.try_get::<i64, _>("policies")? == 1, "has no policy by workspace"),
                (
                    row.try_get::<&str, _>("owner")? == format!("{}_owner", self.service()),
                    "does not belong to the service's owner",
                ),
                (
                    row.try_get::<&str, _>("first")? == "workspace_id",
                    "does not begin with workspace_id",
                ),
                (
                    row.try_get("keys")?,
                    "has a unique key that does not begin with workspace_id",
                ),
            ] {
                if !fine {
                    wrong.push(format!("{name} {what}"));
                }
            }
            if let Some(plan) = plan_without_primary_key(&mut admin, self.service(), &name).await? {
                wrong.push(format!(
                    "{name} is looked up by another index than its primary key: {plan}"
                ));
            }
            names.push(name);
        }
        admin.close().await?;
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(names)
    }

    /// What a workspace has: a digest of its rows, by table. Without outbox and inbox, which change by themselves.
    pub async fn rows_of(&self, workspace: &str) -> Result<BTreeMap<String, String>> {
        let mut admin = PgConnection::connect(&self.admin_url()).await?;
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT table_name::text FROM information_schema.columns
             WHERE table_schema = 'public' AND column_name = 'workspace_id' AND table_name NOT IN ('inbox', 'outbox')",
        )
        .fetch_all(&mut admin)
        .await?;
        let mut digests = BTreeMap::new();
        for table in tables {
            let digest = AssertSqlSafe(format!(
                "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ';' ORDER BY t::text)), '')
                 FROM {table} t WHERE workspace_id = $1"
            ));
            let digest = sqlx::query_scalar(digest).bind(workspace).fetch_one(&mut admin).await?;
            digests.insert(table, digest);
        }
        admin.close().await?;
        Ok(digests)
    }

    /// As [`tables_with`].
    pub async fn tables_with(&self, texts: &[&str]) -> Result<Vec<String>> {
        tables_with(&self.admin_url(), texts).await
    }

    async fn wrong_roles(&self, admin: &mut PgConnection) -> Result<Vec<String>> {
        let service = self.service();
        let names = [
            service.to_owned(),
            format!("{service}_owner"),
            format!("{service}_worker"),
        ];
        let rows = sqlx::query(
            "SELECT rolname::text AS name, rolcanlogin, rolinherit, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = ANY ($1)",
        )
        .bind(&names[..])
        .fetch_all(admin)
        .await?;
        ensure!(rows.len() == names.len(), "not all of {names:?} are there");
        let mut wrong = Vec::new();
        for row in &rows {
            let name: &str = row.try_get("name")?;
            if row.try_get::<bool, _>("rolcanlogin")? != (name == service) {
                wrong.push(format!("{name} is the wrong one to log in"));
            }
            for right in ["rolinherit", "rolsuper", "rolbypassrls"] {
                if row.try_get(right)? {
                    wrong.push(format!("{name} has {right}"));
                }
            }
        }
        Ok(wrong)
    }
}

/// How PostgreSQL looks up a row of an empty table by all columns of its primary key, unless by that key or a part of it.
/// Such a plan is made with the first look-up and kept while the table grows, and costs as much as the workspace has
/// rows.
async fn plan_without_primary_key(admin: &mut PgConnection, service: &str, table: &str) -> Result<Option<String>> {
    let rows = sqlx::query(
        "SELECT i.indexrelid::regclass::text AS name, array_agg(a.attname::text ORDER BY k.place) AS columns
         FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         WHERE i.indrelid = to_regclass($1) GROUP BY i.indisprimary, 1 ORDER BY i.indisprimary DESC",
    )
    .bind(table)
    .fetch_all(&mut *admin)
    .await?;
    let indexes: Vec<(String, Vec<String>)> = rows
        .iter()
        .map(|row| Ok((row.try_get("name")?, row.try_get("columns")?)))
        .collect::<Result<_>>()?;
    let (_, key) = indexes.first().context("a table without an index")?;
    let plan = plan_of_look_up(admin, service, table, key).await?;
    let fine = indexes.iter().any(|(name, columns)| {
        let part_of_key = columns.len() >= key.len().min(2) && columns.iter().all(|column| key.contains(column));
        part_of_key && plan.contains(&format!(" using {name} on "))
    });
    Ok((!fine).then_some(plan))
}

async fn plan_of_look_up(admin: &mut PgConnection, service: &str, table: &str, key: &[String]) -> Result<String> {
    let conditions = key
        .iter()
        .zip(1..)
        .map(|(column, number)| format!("{column} = ${number}"));
    let condition = conditions.collect::<Vec<_>>().join(" AND ");
    let nulls = vec!["NULL"; key.len()].join(", ");
    let mut tx = admin.begin().await?;
    let statements = format!(
        "SET LOCAL ROLE {service}; SET LOCAL plan_cache_mode TO force_generic_plan; SET LOCAL enable_seqscan TO off;
         PREPARE look_up AS SELECT * FROM {table} WHERE {condition}"
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *tx).await?;
    let explain = format!("EXPLAIN (COSTS OFF) EXECUTE look_up ({nulls})");
    let plan = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *tx).await?;
    sqlx::raw_sql("DEALLOCATE look_up").execute(&mut *tx).await?;
    tx.rollback().await?;
    let lines: Vec<String> = plan.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    Ok(lines.join("; "))
}
