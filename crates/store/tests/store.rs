//! The store's promises against a real PostgreSQL and NATS.

#[path = "store/cancelled.rs"]
mod cancelled;
#[path = "store/migrations.rs"]
mod migrations;
#[path = "store/relay.rs"]
mod relay;

use domain::{Clock, Timestamp, WorkspaceId};
use events::event::WorkspaceCreated;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection, Row};
use std::sync::Arc;
use std::time::Duration;
use store::{OrFault, Store, StoreConfig};
use testkit::{ManualClock, SeededEntropy, TestDatabase, eventually};

type Tested = anyhow::Result<()>;

fn workspace(name: &str) -> WorkspaceId {
    WorkspaceId::parse(name).expect("a slug")
}

async fn database() -> anyhow::Result<TestDatabase> {
    let migrate = async |url: String| {
        let none = Migrator::with_migrations(Vec::new());
        Ok(store::migrate(&url, "kit", &none).await?)
    };
    TestDatabase::create("kit", migrate).await
}

fn open(database: &TestDatabase, connections: u32) -> anyhow::Result<Store> {
    let config = StoreConfig {
        service: "kit",
        url: database.url(),
        max_connections: connections,
    };
    Ok(Store::connect(
        &config,
        Arc::new(ManualClock::new()),
        Arc::new(SeededEntropy::new(7)),
    )?)
}

async fn commit_facts(store: &Store, name: &str, count: usize) -> anyhow::Result<()> {
    let workspace = workspace(name);
    let mut tx = store.begin(&workspace).await?;
    for _ in 0..count {
        tx.record(
            &workspace,
            &WorkspaceCreated {
                name: name.into(),
                ..Default::default()
            },
        );
    }
    Ok(tx.commit().await?)
}

/// Facts in the outbox.
const FACTS: &str = "SELECT coalesce(sum(cardinality(ids)), 0)::bigint AS n FROM outbox";

async fn facts_of(store: &Store, name: &str) -> anyhow::Result<i64> {
    let mut tx = store.begin(&workspace(name)).await?;
    let row = sqlx::query(FACTS).fetch_one(&mut *tx).await?;
    Ok(row.try_get("n")?)
}

#[tokio::test]
async fn a_transaction_sees_only_the_workspaces_it_names() -> Tested {
    let database = database().await?;
    let store = open(&database, 4)?;
    commit_facts(&store, "acme", 2).await?;
    commit_facts(&store, "globex", 3).await?;
    assert_eq!(facts_of(&store, "acme").await?, 2);
    assert_eq!(facts_of(&store, "globex").await?, 3);
    assert_eq!(facts_of(&store, "nobody").await?, 0);

    let mut both = store.begin_all(&[workspace("acme"), workspace("globex")]).await?;
    let row = sqlx::query(FACTS).fetch_one(&mut *both).await?;
    assert_eq!(row.try_get::<i64, _>("n")?, 5);

    // A row of a workspace that was not named cannot be written either, and outside a transaction nothing is seen.
    let mut tx = store.begin(&workspace("acme")).await?;
    tx.record(&workspace("globex"), &WorkspaceCreated::default());
    assert!(tx.commit().await.is_err());
    let mut bare = PgConnection::connect(&database.url()).await?;
    let row = sqlx::query(FACTS).fetch_one(&mut bare).await?;
    assert_eq!(row.try_get::<i64, _>("n")?, 0);
    Ok(())
}

#[tokio::test]
async fn the_worker_may_mark_rows_and_nothing_else() -> Tested {
    let database = database().await?;
    let store = open(&database, 4)?;
    commit_facts(&store, "acme", 1).await?;
    let mut worker = store.begin_as_worker().await?;
    let row = sqlx::query("SELECT count(id) AS n FROM outbox")
        .fetch_one(&mut *worker)
        .await?;
    assert_eq!(row.try_get::<i64, _>("n")?, 1);
    let denied = sqlx::query("UPDATE outbox SET payloads = '{}'")
        .execute(&mut *worker)
        .await;
    assert!(
        denied
            .or_fault("rewrite")
            .expect_err("denied")
            .chain()
            .contains("permission denied")
    );

    let mut service = store.begin(&workspace("acme")).await?;
    let denied = sqlx::query("DELETE FROM outbox").execute(&mut *service).await;
    assert!(denied.is_err(), "the service itself cannot take facts back");
    Ok(())
}

#[tokio::test]
async fn every_table_is_under_forced_row_level_security_and_the_login_inherits_nothing() -> Tested {
    let database = database().await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    let bare = sqlx::query(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
         AND NOT (relrowsecurity AND relforcerowsecurity) AND relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut admin)
    .await?;
    assert!(bare.is_empty(), "{} tables lack row-level security", bare.len());
    let inherits = sqlx::query("SELECT rolinherit, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'kit'")
        .fetch_one(&mut admin)
        .await?;
    for right in ["rolinherit", "rolsuper", "rolbypassrls"] {
        assert!(!inherits.try_get::<bool, _>(right)?, "{right}");
    }
    Ok(())
}

#[tokio::test]
async fn facts_of_one_transaction_share_rows() -> Tested {
    let database = database().await?;
    let store = open(&database, 1)?;
    let names = ["acme", "globex"].map(workspace);
    let mut tx = store.begin_all(&names).await?;
    for number in 0..120 {
        let name = number.to_string();
        tx.record(
            &names[number % 2],
            &WorkspaceCreated {
                name,
                ..Default::default()
            },
        );
    }
    tx.commit().await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    let rows = sqlx::query("SELECT workspace_id, cardinality(ids) AS n, payloads FROM outbox ORDER BY 1, 2 DESC")
        .fetch_all(&mut admin)
        .await?;
    let mut seen = Vec::new();
    for row in rows {
        seen.push((row.try_get::<String, _>("workspace_id")?, row.try_get::<i32, _>("n")?));
        let payloads: Vec<Vec<u8>> = row.try_get("payloads")?;
        let names = payloads.iter().map(|payload| {
            let fact = <WorkspaceCreated as prost::Message>::decode(payload.as_slice())?;
            anyhow::Ok(fact.name.parse::<u32>()?)
        });
        let names = names.collect::<anyhow::Result<Vec<u32>>>()?;
        assert!(names.is_sorted(), "in the order in which they were recorded: {names:?}");
    }
    let expected = [("acme", 50), ("acme", 10), ("globex", 50), ("globex", 10)];
    assert_eq!(seen, expected.map(|(name, count)| (name.to_owned(), count)));
    Ok(())
}

/// As they were kept before.
const SINGLE_FACTS: &str = "
    DROP TABLE outbox;
    CREATE TABLE outbox (
      workspace_id text NOT NULL CHECK (workspace_id <> ''), id uuid NOT NULL, subject text NOT NULL, headers text[] NOT NULL,
      payload bytea NOT NULL, created_at timestamptz NOT NULL, published_at timestamptz, stream_created text,
      stream_seq bigint, PRIMARY KEY (workspace_id, id));
    CREATE INDEX outbox_unpublished ON outbox (created_at) WHERE published_at IS NULL;
    CREATE INDEX outbox_published ON outbox (stream_seq) WHERE published_at IS NOT NULL;
    CREATE INDEX outbox_age ON outbox USING brin (created_at);
    INSERT INTO outbox SELECT 'acme', gen_random_uuid(), 'homing.acme.fact.workspace.created', '{ce-id,1,ce-type,x}', 'p', now(),
      CASE WHEN n > 1 THEN now() END, CASE WHEN n > 1 THEN 'then' END, CASE WHEN n > 1 THEN n END
      FROM generate_series(1, 3) n";

#[tokio::test]
async fn rows_of_single_facts_are_kept_when_the_outbox_takes_its_new_shape() -> Tested {
    let database = database().await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    for statement in std::iter::once("SET ROLE kit_owner").chain(SINGLE_FACTS.split(';')) {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await?;
    }
    let none = Migrator::with_migrations(Vec::new());
    let running = PgConnection::connect(&database.url()).await?;
    let refused = store::migrate(&database.admin_url(), "kit", &none).await;
    let why = refused.expect_err("a process of then runs").to_string();
    assert!(why.contains("stop all of kit and migrate again"), "{why}");
    running.close().await?;
    eventually("the process is gone", Duration::from_secs(10), async || {
        store::migrate(&database.admin_url(), "kit", &none).await.ok()
    })
    .await?;
    store::migrate(&database.admin_url(), "kit", &none).await?;
    let rows = sqlx::query(
        "SELECT count(*) AS n, count(*) FILTER (WHERE stream_id = id AND stream_seq IS NOT NULL) AS published,
           min(headers[1]) AS headers FROM outbox WHERE ids = ARRAY[id] AND payloads = ARRAY['p'::bytea]",
    )
    .fetch_one(&mut admin)
    .await?;
    let counts = (rows.try_get::<i64, _>("n")?, rows.try_get::<i64, _>("published")?);
    assert_eq!(counts, (3, 2));
    assert_eq!(rows.try_get::<String, _>("headers")?, "ce-id\n1\nce-type\nx");
    Ok(())
}

#[tokio::test]
async fn an_event_is_new_once() -> Tested {
    let database = database().await?;
    let store = open(&database, 4)?;
    let acme = workspace("acme");
    let mut tx = store.begin(&acme).await?;
    assert!(tx.first_time(&acme, "billing", "e-1").await?);
    assert!(!tx.first_time(&acme, "billing", "e-1").await?);
    assert!(tx.first_time(&acme, "notifier", "e-1").await?);
    tx.commit().await?;
    let mut tx = store.begin(&acme).await?;
    assert!(!tx.first_time(&acme, "billing", "e-1").await?);
    Ok(())
}

#[tokio::test]
async fn due_rows_are_claimed_once_until_their_lease_ends() -> Tested {
    let database = database().await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    for statement in [
        "SET ROLE kit_owner",
        "CREATE TABLE chore (workspace_id text NOT NULL, id uuid NOT NULL, due_at timestamptz, leased_until timestamptz,
         PRIMARY KEY (workspace_id, id))",
        "SELECT homing_protect('chore')",
        "SELECT homing_worker('chore', 'workspace_id, id, due_at, leased_until', 'leased_until')",
        "INSERT INTO chore SELECT 'w' || n % 3, gen_random_uuid(), '2026-01-05T12:00:10Z' FROM generate_series(1, 9) n",
    ] {
        sqlx::query(statement).execute(&mut admin).await?;
    }
    let clock = ManualClock::new();
    let config = StoreConfig {
        service: "kit",
        url: database.url(),
        max_connections: 4,
    };
    let store = Store::connect(&config, Arc::new(clock.clone()), Arc::new(SeededEntropy::new(1)))?;
    let lease = Duration::from_secs(30);
    let due: Timestamp = "2026-01-05T12:00:10Z".parse()?;
    assert!(
        store::due::claim(&store, "chore", 100, lease).await?.is_empty(),
        "nothing is due yet"
    );
    assert_eq!(store::due::next(&store, "chore").await?, Some(due));
    clock.set(due);
    assert_eq!(store::due::claim(&store, "chore", 5, lease).await?.len(), 5);
    assert_eq!(store::due::claim(&store, "chore", 100, lease).await?.len(), 4);
    assert!(
        store::due::claim(&store, "chore", 100, lease).await?.is_empty(),
        "all are leased"
    );
    assert_eq!(
        store::due::next(&store, "chore").await?,
        Some(clock.now() + jiff::SignedDuration::from_secs(30))
    );
    clock.advance(lease);
    assert_eq!(
        store::due::claim(&store, "chore", 100, lease).await?.len(),
        9,
        "their workers died"
    );
    Ok(())
}
