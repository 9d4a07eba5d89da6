use std::time::Duration;

use sqlx::{Connection, Executor, Row, postgres::PgConnection};
use testkit::servers::Spawn;
use testkit::{Nats, NatsOptions, Postgres, PostgresOptions, TestDatabase, TestNats, eventually};

#[tokio::test]
async fn a_template_is_migrated_once_and_each_test_gets_a_copy() -> anyhow::Result<()> {
    let mut migrated = 0;
    let mut names = Vec::new();
    for _ in 0..2 {
        let database = TestDatabase::create("kit_sample", async |url: String| {
            migrated += 1;
            let mut admin = PgConnection::connect(&url).await?;
            admin.execute("CREATE TABLE sample (id int PRIMARY KEY)").await?;
            Ok(admin.close().await?)
        })
        .await?;
        let mut connection = PgConnection::connect(&database.admin_url()).await?;
        connection.execute("INSERT INTO sample VALUES (1)").await?;
        assert!(
            database.url().contains("kit_sample@"),
            "the service's own login: {}",
            database.url()
        );
        names.push(database.name().to_owned());
        let server = database.admin_url().replace(database.name(), "postgres");
        connection.close().await?;
        let private = std::env::var_os(testkit::servers::DATABASE_URL_VARIABLE).is_none();
        drop(database);
        if private {
            return Ok(());
        }
        let mut admin = PgConnection::connect(&server).await?;
        let query =
            sqlx::query_scalar("SELECT count(*) FROM pg_database WHERE datname = $1").bind(&names[names.len() - 1]);
        let left: i64 = query.fetch_one(&mut admin).await?;
        assert_eq!(left, 0, "dropped at the end");
    }
    assert!(migrated <= 1, "the second test finds the template");
    assert_ne!(names[0], names[1]);
    Ok(())
}

#[tokio::test]
async fn a_throw_away_postgres_does_without_fsync() -> anyhow::Result<()> {
    let server = Postgres::start(PostgresOptions::default()).await?;
    let mut admin = PgConnection::connect(&server.url("postgres")).await?;
    let version: String = admin.fetch_one("SHOW server_version").await?.get(0);
    assert!(!version.is_empty());
    let fsync: String = admin.fetch_one("SHOW fsync").await?.get(0);
    assert_eq!(fsync, "off");
    Ok(())
}

#[tokio::test]
async fn a_durable_postgres_keeps_its_data_over_a_restart() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let options = PostgresOptions {
        data: Some(folder.path().to_owned()),
        durable: true,
        ..Default::default()
    };
    let mut first = Postgres::start(options.clone()).await?;
    let mut admin = PgConnection::connect(&first.url("postgres")).await?;
    admin.execute("CREATE TABLE kept (id int)").await?;
    let fsync: String = admin.fetch_one("SHOW fsync").await?.get(0);
    assert_eq!(fsync, "on");
    first.stop().await?;
    let second = Postgres::start(options).await?;
    let mut admin = PgConnection::connect(&second.url("postgres")).await?;
    admin.execute("INSERT INTO kept VALUES (1)").await?;
    Ok(())
}

#[tokio::test]
async fn nats_keeps_its_streams_over_a_kill() -> anyhow::Result<()> {
    let mut nats = TestNats::start().await?;
    let client = async_nats::connect(nats.url()).await?;
    let config = async_nats::jetstream::stream::Config {
        name: "KEPT".to_owned(),
        subjects: vec!["kept".to_owned()],
        ..Default::default()
    };
    async_nats::jetstream::new(client).create_stream(config).await?;
    nats.server().kill().await?;
    nats.server().restart().await?;
    let client = async_nats::connect(nats.url()).await?;
    async_nats::jetstream::new(client).get_stream("KEPT").await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() -> anyhow::Result<()> {
    let taken = TestNats::start().await?;
    let port = taken.url().rsplit(':').next().and_then(|port| port.parse().ok());
    let error = Nats::start(NatsOptions {
        port,
        ..Default::default()
    })
    .await
    .expect_err("the port is taken");
    assert!(format!("{error:#}").contains("address already in use"), "{error:#}");
    Ok(())
}

#[tokio::test]
async fn children_die_with_a_killed_parent() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("child");
    // setpriv watches its parent, here a shell that is killed without a chance to clean up.
    let script = format!(
        "setpriv --pdeathsig KILL -- sleep 60 & echo $! > {}; wait",
        file.display()
    );
    let shell = Spawn::new(&[], "bash").args(["-c", &script]);
    let mut parent = testkit::servers::Process::spawn("shell", shell, &folder.path().join("log"))?;
    let child = eventually("the child starts", Duration::from_secs(5), async || {
        let child = std::fs::read_to_string(&file).ok()?.trim().parse::<u32>().ok()?;
        let running = std::fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
        (running.trim() == "sleep").then_some(child)
    })
    .await?;
    parent.kill().await?;
    eventually("the child ends", Duration::from_secs(5), async || {
        let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        (state.is_empty() || state.contains(") Z ")).then_some(())
    })
    .await?;
    Ok(())
}
