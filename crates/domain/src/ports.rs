use jiff::Timestamp;
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;

/// Where time comes from. Real in services, set by hand in tests.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
    /// Resolves once `now()` has reached `at`; at once if it has.
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Where chance comes from. Real in services, seeded in tests.
pub trait Entropy: Send + Sync {
    /// A UUID v7.
    fn id(&self) -> Uuid;
    /// 256 bits that nobody can guess, for tokens.
    fn secret(&self) -> [u8; 32];
}
