//! Settings come from environment variables, are all read before anything starts, and are documented where they are
//! declared: the same declaration parses them and prints the table that people read.

use std::net::SocketAddr;
use std::time::Duration;

/// A kind of value a setting can have.
pub trait Setting: Sized {
    /// What to write, for the table and for errors.
    const FORM: &'static str;
    fn parse(text: &str) -> Option<Self>;
}

/// A setting that is absent or cannot be read. Never repeats the value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    pub name: &'static str,
    pub form: &'static str,
    pub missing: bool,
}

impl std::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verb = if self.missing {
            "is not set; give it"
        } else {
            "cannot be read; it must be"
        };
        write!(f, "{} {verb} {}", self.name, self.form)
    }
}

impl std::error::Error for SettingsError {}

/// One line of the table of settings.
#[derive(Debug, Clone, Copy)]
pub struct SettingDoc {
    pub name: &'static str,
    pub form: &'static str,
    /// `required`, or the default's text.
    pub default: &'static str,
    pub meaning: &'static str,
}

/// Settings that one declaration of [`crate::settings!`] reads.
pub trait Settings: Sized + Send + 'static {
    fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError>;
    fn docs() -> Vec<SettingDoc>;
}

/// Declares a struct of settings:
///
/// ```
/// runtime::settings! {
///     /// What the example needs.
///     pub struct Config {
///         /// How long a call may take.
///         "HOMING_EXAMPLE_TIMEOUT_MS" timeout: runtime::Millis = "5000";
///         /// Where the peer listens.
///         "HOMING_EXAMPLE_URL" url: String = required;
///     }
/// }
/// ```
#[macro_export]
macro_rules! settings {
    ($(#[$doc:meta])* pub struct $config:ident {
        $($(#[doc = $meaning:literal])+ $name:literal $field:ident : $kind:ty = $default:tt;)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $config { $($(#[doc = $meaning])+ pub $field: $kind,)* }

        impl $crate::Settings for $config {
            fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, $crate::SettingsError> {
                Ok(Self { $($field: {
                    let form = <$kind as $crate::Setting>::FORM;
                    let text = lookup($name).filter(|text| !text.is_empty())
                        .or_else(|| $crate::settings!(@default $default).map(str::to_owned))
                        .ok_or($crate::SettingsError { name: $name, form, missing: true })?;
                    <$kind as $crate::Setting>::parse(&text)
                        .ok_or($crate::SettingsError { name: $name, form, missing: false })?
                },)* })
            }

            fn docs() -> Vec<$crate::SettingDoc> {
                vec![$($crate::SettingDoc {
                    name: $name,
                    form: <$kind as $crate::Setting>::FORM,
                    default: $crate::settings!(@default $default).unwrap_or("required"),
                    meaning: concat!($($meaning),+).trim_ascii(),
                },)*]
            }
        }
    };
    (@default required) => { None::<&'static str> };
    (@default $text:expr) => { Some($text) };
}

/// A duration in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Millis(pub Duration);

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub i64);

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

macro_rules! parsed {
    ($($kind:ty, $form:literal;)+) => {$(
        impl Setting for $kind {
            const FORM: &'static str = $form;
            fn parse(text: &str) -> Option<Self> { text.parse().ok() }
        }
    )+};
}

parsed! {
    String, "text";
    u16, "a whole number";
    u32, "a whole number";
    u64, "a whole number";
    i64, "a whole number";
    f64, "a number";
    bool, "true or false";
    SocketAddr, "address:port";
}

impl Setting for Millis {
    const FORM: &'static str = "milliseconds";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(|millis| Self(Duration::from_millis(millis)))
    }
}

impl Setting for Bytes {
    const FORM: &'static str = "a size of at least 1MiB, for example 512MiB or 2GiB";
    fn parse(text: &str) -> Option<Self> {
        const MIB: i64 = 1 << 20;
        let units = [("MiB", MIB), ("GiB", 1 << 30), ("TiB", 1 << 40), ("", 1)];
        let (number, unit) = units
            .iter()
            .find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
        let number: u32 = number.trim_end().parse().ok()?;
        let size = i64::from(number).checked_mul(unit)?;
        (size >= MIB).then_some(Self(size))
    }
}

impl Setting for Secret {
    const FORM: &'static str = "a secret text";
    fn parse(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

impl Setting for domain::TimeScale {
    const FORM: &'static str = "a number from 1 to 10000";
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

/// Optional: the default is the empty text.
impl<T: Setting> Setting for Option<T> {
    const FORM: &'static str = T::FORM;
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            Some(None)
        } else {
            T::parse(text).map(Some)
        }
    }
}

crate::settings! {
    /// Settings that every service has.
    pub struct Base {
        /// The service's own login on its own database.
        "HOMING_DATABASE_URL" database_url: Secret = required;
        /// Connections to the database at most.
        "HOMING_DATABASE_CONNECTIONS" database_connections: u32 = "16";
        /// The service's own login on NATS: nats://user:password@host:port.
        "HOMING_NATS_URL" nats_url: Secret = required;
        /// Largest size of the stream of facts, which keeps them for 7 days (about 600 bytes each). When it is full,
        /// facts wait in the outboxes. The sizes are set the same for all services; conversation-service brings
        /// the streams up to them when it starts.
        "HOMING_FACTS_MAX_BYTES" facts_max_bytes: Bytes = "2GiB";
        /// Largest size of the stream that keeps all facts for 400 days at most, for `homing events export`. When it is full, the oldest
        /// leave: a fact per second needs 50 MiB a day, before compression. conversation-service alone makes it.
        "HOMING_HISTORY_MAX_BYTES" history_max_bytes: Bytes = "2GiB";
        /// Largest size of the stream of what other systems publish, which keeps it until it is handled, at most for 7
        /// days. When it is full, publishers are refused.
        "HOMING_INGEST_MAX_BYTES" ingest_max_bytes: Bytes = "512MiB";
        /// Largest size of the stream of dead letters, which keeps them for 14 days. When it is full, what cannot be
        /// handled comes again.
        "HOMING_DEAD_MAX_BYTES" dead_max_bytes: Bytes = "256MiB";
        /// Where gRPC (with health and reflection) listens. Port 0 takes any free one and prints it.
        "HOMING_GRPC_LISTEN" grpc_listen: SocketAddr = "127.0.0.1:0";
        /// File with this service's certificate (PEM). With it, gRPC speaks TLS in both directions, callers must show a
        /// certificate of HOMING_TLS_CA, and peers' URLs begin with https. Empty: plain text.
        "HOMING_TLS_CERT" tls_cert: Option<String> = "";
        /// File with the certificate's private key (PEM).
        "HOMING_TLS_KEY" tls_key: Option<String> = "";
        /// File with the authority that signs every service's certificate (PEM).
        "HOMING_TLS_CA" tls_ca: Option<String> = "";
        /// Divides the product's own durations; for demonstrations. Never transport, lease or security time-outs.
        "HOMING_TIME_SCALE" time_scale: domain::TimeScale = "1";
        /// OTLP gRPC endpoint for traces, metrics and logs. Empty: none are exported.
        "OTEL_EXPORTER_OTLP_ENDPOINT" otlp_endpoint: Option<String> = "";
        /// What is logged: a tracing filter, for example info,notifier_service=debug.
        "HOMING_LOG" log: String = "info";
        /// How logs look on stderr: text or json.
        "HOMING_LOG_FORMAT" log_format: String = "text";
    }
}

crate::settings! {
    /// Settings of every service's `migrate`, which reads nothing else.
    pub struct Migration {
        /// Only for migrate: a login on the service's own database that may create roles.
        "HOMING_ADMIN_DATABASE_URL" admin_database_url: Secret = required;
        /// Only for migrate: how long it waits for a lock, at least 1, before it lets those through who queue up behind it.
        "HOMING_MIGRATE_LOCK_TIMEOUT_MS" lock_timeout: Millis = "3000";
        /// Only for migrate: how often it tries, at least once, before it gives up and says who holds the lock.
        "HOMING_MIGRATE_TRIES" tries: u32 = "10";
    }
}

impl Migration {
    pub(crate) fn patience(&self) -> store::Patience {
        store::Patience {
            lock_timeout: self.lock_timeout.0,
            tries: self.tries,
        }
    }
}

impl Base {
    /// How large the streams may become.
    pub(crate) fn stream_sizes(&self) -> bus::StreamSizes {
        bus::StreamSizes {
            facts: self.facts_max_bytes.0,
            history: self.history_max_bytes.0,
            ingest: self.ingest_max_bytes.0,
            dead: self.dead_max_bytes.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_default_to_the_catalogue() {
        let mib = |text| Bytes::parse(text).map(|Bytes(size)| size >> 20);
        assert_eq!(mib("512MiB"), Some(512));
        assert_eq!(mib("2 GiB"), Some(2048));
        assert_eq!(mib("1TiB"), Some(1 << 20));
        assert_eq!(mib("1048576"), Some(1));
        for wrong in ["", "0", "1048575", "-1", "2GB", "GiB", "1.5GiB", "4294967296MiB"] {
            assert_eq!(mib(wrong), None, "{wrong}");
        }
        let lookup = |name: &str| name.ends_with("_URL").then(|| "x".to_owned());
        let base = Base::read(&lookup).expect("the rest has defaults");
        assert_eq!(base.stream_sizes(), bus::StreamSizes::default());
    }

    #[test]
    fn a_bad_setting_stops_the_start_by_name_and_shows_no_value() {
        let lookup = |name: &str| match name {
            "HOMING_DATABASE_URL" | "HOMING_NATS_URL" => Some("x".to_owned()),
            "HOMING_DATABASE_CONNECTIONS" => Some("many-secret".to_owned()),
            _ => None,
        };
        let error = Base::read(&lookup).expect_err("many is no number");
        assert_eq!(
            error.to_string(),
            "HOMING_DATABASE_CONNECTIONS cannot be read; it must be a whole number"
        );
        let error = Base::read(&|_| None).expect_err("nothing is set");
        assert_eq!(
            error.to_string(),
            "HOMING_DATABASE_URL is not set; give it a secret text"
        );
    }
}
