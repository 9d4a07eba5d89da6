//! What the database itself guarantees.

use crate::Tested;
use crate::world::database;
use sqlx::{Connection, PgConnection, Row};

/// What sqlx keeps its own books in, and who reads the ingest stream: neither holds a workspace's data.
const EXEMPT: [&str; 2] = ["_sqlx_migrations", "lease"];

#[tokio::test]
async fn every_table_begins_with_its_workspace_and_is_guarded_by_force() -> Tested {
    let database = database().await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    let tables = sqlx::query(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced, pg_get_userbyid(c.relowner) AS owner,
                (SELECT attname FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum = 1) AS first,
                (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'workspace') AS policies,
                (SELECT bool_and((SELECT attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0])
                                 = 'workspace_id')
                 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique) AS keys
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> ALL ($1)",
    )
    .bind(EXEMPT)
    .fetch_all(&mut admin)
    .await?;
    assert_eq!(tables.len(), 12);
    for table in &tables {
        let name: String = table.try_get("relname")?;
        assert!(
            table.try_get::<bool, _>("forced")?,
            "{name} is not under forced row-level security"
        );
        assert_eq!(
            table.try_get::<i64, _>("policies")?,
            1,
            "{name} has no workspace policy"
        );
        assert_eq!(table.try_get::<String, _>("first")?, "workspace_id", "{name}");
        assert_eq!(table.try_get::<String, _>("owner")?, "conversation_owner", "{name}");
        assert!(
            table.try_get::<bool, _>("keys")?,
            "a unique key of {name} does not begin with workspace_id"
        );
    }
    Ok(())
}

#[tokio::test]
async fn the_login_inherits_nothing_and_sees_nothing_unasked() -> Tested {
    let database = database().await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    let roles = sqlx::query("SELECT rolname, rolcanlogin, rolinherit, rolsuper, rolbypassrls FROM pg_roles WHERE rolname LIKE 'conversation%'")
        .fetch_all(&mut admin)
        .await?;
    assert_eq!(roles.len(), 3);
    for role in &roles {
        let name: String = role.try_get("rolname")?;
        assert_eq!(
            role.try_get::<bool, _>("rolcanlogin")?,
            name == "conversation",
            "{name}"
        );
        for right in ["rolinherit", "rolsuper", "rolbypassrls"] {
            assert!(!role.try_get::<bool, _>(right)?, "{name} has {right}");
        }
    }
    sqlx::query("INSERT INTO workspace VALUES ('acme', 'Acme', 'UTC', 'en', now())")
        .execute(&mut admin)
        .await?;
    let mut login = PgConnection::connect(&database.url()).await?;
    let count = async |login: &mut PgConnection| -> anyhow::Result<i64> {
        Ok(sqlx::query("SELECT count(*) AS n FROM workspace")
            .fetch_one(login)
            .await?
            .try_get("n")?)
    };
    assert_eq!(count(&mut login).await?, 0);
    sqlx::query("SELECT set_config('homing.workspaces', 'bolt,acme', false)")
        .execute(&mut login)
        .await?;
    assert_eq!(count(&mut login).await?, 1);
    sqlx::query("SELECT set_config('homing.workspaces', 'bolt', false)")
        .execute(&mut login)
        .await?;
    assert_eq!(count(&mut login).await?, 0);
    let smuggled = sqlx::query("INSERT INTO workspace VALUES ('acme2', 'Acme', 'UTC', 'en', now())")
        .execute(&mut login)
        .await;
    assert!(smuggled.is_err(), "rows of other workspaces cannot be written");
    sqlx::query("SET ROLE conversation_worker").execute(&mut login).await?;
    for (column, table) in [
        ("text", "message"),
        ("number", "conversation"),
        ("scopes", "integration"),
        ("content_hash", "ingest_event"),
    ] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {column} FROM {table}"));
        assert!(
            sqlx::query(sql).execute(&mut login).await.is_err(),
            "the worker may read {table}.{column}"
        );
    }
    Ok(())
}
