//! What every service's database guarantees, whatever its tables are.

use anyhow::{Result, ensure};
use sqlx::{Connection, PgConnection, Row};

use super::database::TestDatabase;

/// The migrator's own book.
const MIGRATIONS: &str = "_sqlx_migrations";

impl TestDatabase {
    /// Names of all tables but those in `exempt`, by name, once each is found to begin with `workspace_id`, as do its
    /// unique keys, to be under forced row-level security with a policy by workspace, and to belong to the service's
    /// owner, who cannot log in; nobody of the service's three roles inherits anything or stands above policies. The
    /// error tells all that is not so.
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
            names.push(name);
        }
        admin.close().await?;
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(names)
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
