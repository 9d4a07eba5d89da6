//! Migrations of a database in use: they wait for others a bounded time, and say for whom.

use crate::{Tested, database};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqlSafeStr};
use std::time::Duration;
use store::Patience;
use testkit::{TestDatabase, eventually};

const SHORT: Patience = Patience {
    lock_timeout: Duration::from_millis(300),
    tries: 2,
};
const LONG: Patience = Patience {
    lock_timeout: Duration::from_millis(300),
    tries: 100,
};
const CHORES: (i64, &str) = (
    1,
    "CREATE TABLE chore (workspace_id text NOT NULL, id int NOT NULL, PRIMARY KEY (workspace_id, id));
     SELECT homing_protect('chore')",
);
const COLUMN: (i64, &str) = (2, "ALTER TABLE chore ADD COLUMN note text");
const INDEX: (i64, &str) = (
    3,
    "-- no-transaction\nCREATE INDEX CONCURRENTLY chore_note ON chore (note)",
);

#[tokio::test]
async fn policies_of_an_earlier_release_take_their_new_form() -> Tested {
    let database = database().await?;
    apply(&database, &[CHORES], SHORT).await.map_err(anyhow::Error::msg)?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    admin
        .execute("ALTER POLICY workspace ON chore USING (array_position((SELECT homing_workspaces()), workspace_id) IS NOT NULL)")
        .await?;
    apply(&database, &[CHORES], SHORT).await.map_err(anyhow::Error::msg)?;
    let same = "SELECT count(DISTINCT qual) AS forms, count(*) FILTER (WHERE tablename = 'chore') AS chores
                FROM pg_policies WHERE policyname = 'workspace'";
    let row = sqlx::query(same).fetch_one(&mut admin).await?;
    let (forms, chores) = (row.try_get::<i64, _>("forms")?, row.try_get::<i64, _>("chores")?);
    assert_eq!((forms, chores), (1, 1), "as that of a table made now");
    Ok(())
}

fn migrator(all: &[(i64, &'static str)]) -> Migrator {
    let migrations = all.iter().map(|(version, sql)| {
        let no_tx = sql.starts_with("-- no-transaction");
        Migration::new(
            *version,
            "a change".into(),
            MigrationType::Simple,
            AssertSqlSafe(*sql).into_sql_str(),
            no_tx,
        )
    });
    Migrator::with_migrations(migrations.collect())
}

async fn apply(database: &TestDatabase, all: &[(i64, &'static str)], patience: Patience) -> Result<(), String> {
    let done = store::migrate_with(&database.admin_url(), "kit", &migrator(all), patience).await;
    done.map_err(|error| error.to_string())
}

/// Somebody in the middle of a transaction that has written a row, and its process id.
async fn writer(database: &TestDatabase) -> anyhow::Result<(PgConnection, i32)> {
    let mut writer = PgConnection::connect(&database.admin_url()).await?;
    writer
        .execute("BEGIN; INSERT INTO chore (workspace_id, id) VALUES ('acme', 1)")
        .await?;
    let row = sqlx::query("SELECT pg_backend_pid() AS pid")
        .fetch_one(&mut writer)
        .await?;
    let pid = row.try_get("pid")?;
    Ok((writer, pid))
}

#[tokio::test]
async fn a_migration_that_meets_a_lock_gives_up_with_its_holder_and_runs_when_the_lock_is_gone() -> Tested {
    let database = database().await?;
    apply(&database, &[CHORES], SHORT).await.expect("nobody is in the way");
    let (mut holder, pid) = writer(&database).await?;
    let refused = apply(&database, &[CHORES, COLUMN], SHORT)
        .await
        .expect_err("the table is locked");
    for part in [
        "2 times",
        "300 ms",
        "chore",
        &format!("process {pid}"),
        "idle in transaction",
        &format!("pg_terminate_backend({pid})"),
        "run migrate again",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }

    // Between the tries others come through, and once the holder is done the migration runs.
    let running = apply(&database, &[CHORES, COLUMN], LONG);
    let freeing = async {
        let mut other = PgConnection::connect(&database.admin_url()).await?;
        eventually("another writer comes through", Duration::from_secs(20), async || {
            let write = "INSERT INTO chore (workspace_id, id) VALUES ('acme', 2) ON CONFLICT DO NOTHING";
            other.execute(write).await.ok().map(|_| ())
        })
        .await?;
        anyhow::Ok(holder.execute("ROLLBACK").await?)
    };
    let (ran, freed) = tokio::join!(running, freeing);
    freed?;
    ran.expect("the lock is gone");
    Ok(())
}

#[tokio::test]
async fn an_index_made_beside_the_writers_blocks_none_and_is_made_again_after_a_failure() -> Tested {
    let database = database().await?;
    let all = [CHORES, COLUMN, INDEX];
    apply(&database, &all[..2], SHORT).await.expect("nobody is in the way");
    let (mut holder, _) = writer(&database).await?;
    let refused = apply(&database, &all, SHORT).await.expect_err("a writer is not done");
    assert!(refused.contains("waited"), "{refused}");
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'chore_note'::regclass";
    let left: bool = sqlx::query(valid).fetch_one(&mut admin).await?.try_get("indisvalid")?;
    assert!(!left, "the half-made index stays until the next run");

    let running = apply(&database, &all, LONG);
    let freeing = async {
        // Writers go on while the index waits for the one transaction that is older.
        for id in 10..20 {
            let write = format!("INSERT INTO chore (workspace_id, id) VALUES ('acme', {id})");
            admin.execute(AssertSqlSafe(write)).await?;
        }
        anyhow::Ok(holder.execute("COMMIT").await?)
    };
    let (ran, freed) = tokio::join!(running, freeing);
    freed?;
    ran.expect("the writer is done");
    let made: bool = sqlx::query(valid).fetch_one(&mut admin).await?.try_get("indisvalid")?;
    assert!(made);
    Ok(())
}

#[tokio::test]
async fn two_migrations_of_one_database_take_turns() -> Tested {
    let database = database().await?;
    let all = [CHORES, COLUMN, INDEX];
    let (one, other) = tokio::join!(apply(&database, &all, LONG), apply(&database, &all, LONG));
    one.expect("the first, or after it");
    other.expect("the first, or after it");
    Ok(())
}
