use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use std::fmt;

const KIT: &str = include_str!("../sql/kit.sql");
/// Roles belong to the whole cluster: whoever provisions takes this lock first.
const PROVISION_LOCK: i64 = 0x686f_6d69_6e67;

/// What went wrong while migrating, and where.
#[derive(Debug)]
pub struct MigrateError {
    step: &'static str,
    source: sqlx::migrate::MigrateError,
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}: {}", self.step, self.source)
    }
}

impl std::error::Error for MigrateError {}

fn at(step: &'static str) -> impl Fn(sqlx::Error) -> MigrateError {
    move |error| MigrateError {
        step,
        source: error.into(),
    }
}

/// Brings a service's database up to date. `admin_url` names the service's database and a login that may create roles
/// (a superuser, or one with CREATEROLE that owns the database). Creates what is missing of `<service>_owner` (owns
/// the tables, cannot log in), `<service>` (logs in, inherits nothing) and `<service>_worker` (entered with SET ROLE);
/// applies the kit and then the service's migrations as the owner. Can be repeated.
pub async fn migrate(admin_url: &str, service: &str, migrator: &Migrator) -> Result<(), MigrateError> {
    let options: PgConnectOptions = admin_url.parse().map_err(at("read the admin URL"))?;
    let mut connection = options.connect().await.map_err(at("connect"))?;
    provision(&mut connection, service)
        .await
        .map_err(at("create the roles"))?;
    run(&mut connection, format!("SET ROLE {service}_owner"))
        .await
        .map_err(at("become the owner"))?;
    run(&mut connection, KIT.to_owned())
        .await
        .map_err(at("apply the kit"))?;
    migrator.run(&mut connection).await.map_err(|source| MigrateError {
        step: "apply the service's migrations",
        source,
    })?;
    connection.close().await.map_err(at("disconnect"))
}

async fn run(connection: &mut PgConnection, statements: String) -> Result<(), sqlx::Error> {
    connection
        .execute(sqlx::raw_sql(AssertSqlSafe(statements)))
        .await
        .map(|_| ())
}

async fn provision(connection: &mut PgConnection, service: &str) -> Result<(), sqlx::Error> {
    run(connection, format!("SELECT pg_advisory_lock({PROVISION_LOCK})")).await?;
    let roles = [
        (format!("{service}_owner"), "NOLOGIN NOINHERIT"),
        (service.to_owned(), "LOGIN NOINHERIT"),
        (format!("{service}_worker"), "NOLOGIN NOINHERIT"),
    ];
    for (role, rights) in &roles {
        run(
            connection,
            format!(
                "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}')
                 THEN CREATE ROLE {role} {rights}; END IF; END $$"
            ),
        )
        .await?;
    }
    run(
        connection,
        format!(
            "GRANT {service}_worker TO {service};
             GRANT {service}_owner TO CURRENT_USER;
             REVOKE ALL ON SCHEMA public FROM PUBLIC;
             GRANT USAGE, CREATE ON SCHEMA public TO {service}_owner;
             GRANT USAGE ON SCHEMA public TO {service}, {service}_worker;
             SELECT pg_advisory_unlock({PROVISION_LOCK})"
        ),
    )
    .await
}
