use fault::{Fault, Result, codes};
use sqlx::error::ErrorKind;

/// Turns a database error into a fault that names the operation.
pub trait OrFault<T> {
    /// `operation` is a verb with its object, for example `"insert message"`.
    fn or_fault(self, operation: &'static str) -> Result<T>;
}

impl<T> OrFault<T> for Result<T, sqlx::Error> {
    fn or_fault(self, operation: &'static str) -> Result<T> {
        self.map_err(|error| {
            let away = match &error {
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => true,
                // Shutdown, crash, too many connections, lock and statement time-outs, and lost sessions.
                sqlx::Error::Database(database) => database.code().is_some_and(|code| {
                    code.starts_with("57P") || code.starts_with("08") || code == "53300" || code == "55P03"
                }),
                _ => false,
            };
            // A row that was referred to is gone: it was there when it was read.
            let conflict = matches!(&error, sqlx::Error::Database(database)
                if database.code().is_some_and(|code| code == "40001" || code == "40P01")
                    || matches!(database.kind(), ErrorKind::UniqueViolation | ErrorKind::ForeignKeyViolation));
            let context = Operation { operation, error };
            if away {
                Fault::unavailable("the database", context)
            } else if conflict {
                Fault::new(&codes::CONFLICT, "somebody changed it in between; try again").because(context)
            } else {
                Fault::internal(context)
            }
        })
    }
}

/// The constraint that a row would have violated by being the second of its kind.
pub fn unique_violation(error: &sqlx::Error) -> Option<&str> {
    match error {
        sqlx::Error::Database(database) if database.kind() == ErrorKind::UniqueViolation => database.constraint(),
        _ => None,
    }
}

#[derive(Debug)]
struct Operation {
    operation: &'static str,
    error: sqlx::Error,
}

/// PostgreSQL's message without its detail line, which would show values of the row.
impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.error {
            sqlx::Error::Database(database) => {
                write!(
                    f,
                    "{}: {} ({})",
                    self.operation,
                    database.message(),
                    database.code().unwrap_or_default()
                )
            }
            error => write!(f, "{}: {error}", self.operation),
        }
    }
}

impl std::error::Error for Operation {}
