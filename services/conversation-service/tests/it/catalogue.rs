//! What the database itself guarantees.

use crate::Tested;
use crate::world::database;
use sqlx::{Connection, Executor, PgConnection, Row};

/// Who reads the ingest stream: holds nothing of a workspace. And senders of texts: of each row one workspace sees its own
/// only, but their key reaches across workspaces, so that no two have the same one.
const EXEMPT: &[&str] = &["lease", "text_sender"];

#[tokio::test]
async fn every_table_begins_with_its_workspace_and_is_guarded_by_force() -> Tested {
    let tables = database().await?.guarded_tables(EXEMPT).await?;
    let expected = "agent agent_availability assignee automatic_messages card channel conversation counter facts_reader form inbox ingest_event input_form integration member message message_delivery opening_hours outbox rating retention star team team_staffing transcript workflow workflow_run workspace";
    assert_eq!(tables.join(" "), expected);
    Ok(())
}

#[tokio::test]
async fn a_sender_of_another_workspace_cannot_be_seen_taken_or_changed() -> Tested {
    let database = database().await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    let there =
        "INSERT INTO workspace VALUES ('acme', 'Acme', 'UTC', 'en', now()), ('bolt', 'Bolt', 'UTC', 'en', now());
        INSERT INTO text_sender VALUES ('acme', '72001', '72001', now())";
    admin.execute(there).await?;
    let mut login = PgConnection::connect(&database.url()).await?;
    for workspaces in ["", "bolt"] {
        sqlx::query("SELECT set_config('homing.workspaces', $1, false)")
            .bind(workspaces)
            .execute(&mut login)
            .await?;
        for (sql, wanted) in [
            ("SELECT * FROM text_sender", 0),
            ("UPDATE text_sender SET sender = 'mine'", 0),
            ("DELETE FROM text_sender", 0),
        ] {
            let done = sqlx::query(sql).execute(&mut login).await?;
            assert_eq!(done.rows_affected(), wanted, "{sql}");
        }
        let smuggled = "INSERT INTO text_sender VALUES ('acme', '72002', '72002', now())";
        assert!(sqlx::query(smuggled).execute(&mut login).await.is_err());
    }
    let taken = "INSERT INTO text_sender VALUES ('bolt', '72001', '72001', now()) ON CONFLICT DO NOTHING";
    assert_eq!(sqlx::query(taken).execute(&mut login).await?.rows_affected(), 0);
    let owners: Vec<String> = sqlx::query_scalar("SELECT workspace_id FROM text_sender")
        .fetch_all(&mut admin)
        .await?;
    assert_eq!(owners, ["acme"]);
    Ok(())
}

#[tokio::test]
async fn the_login_sees_nothing_unasked() -> Tested {
    let database = database().await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
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
        ("integration_id", "facts_reader"),
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
