//! Errors above the domain. A [`Fault`] has a kind (what the caller can do about it), a code from one catalogue (what
//! happened), a public sentence (what to do), and a private chain (why).
//!
//! Does not own: the wire forms (`rpc` turns a fault into a gRPC status and back, the gateway into problem+json, `bus`
//! into an acknowledgement); it owns the table they all follow.

pub mod codes;
mod kind;

pub use codes::Code;
pub use kind::{Ack, Kind};

use std::error::Error;
use std::fmt;

/// What went wrong, for whom, and why.
pub struct Fault {
    code: &'static Code,
    public: String,
    field: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// `public` tells the caller what is wrong and what to do; it never holds personal data or internals.
    pub fn new(code: &'static Code, public: impl Into<String>) -> Self {
        Self {
            code,
            public: public.into(),
            field: None,
            source: None,
        }
    }

    /// Something that must not happen. The caller learns only that it was our fault.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(&codes::INTERNAL, "something went wrong here; try again").because(source)
    }

    /// A dependency that does not answer.
    pub fn unavailable(what: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(&codes::UNAVAILABLE, format!("{what} does not answer; try again")).because(source)
    }

    /// A field that cannot be what it is.
    pub fn invalid(field: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(&codes::INVALID_ARGUMENT, remedy).of(field)
    }

    /// Nothing by that id in this workspace.
    pub fn not_found(what: &str) -> Self {
        Self::new(&codes::NOT_FOUND, format!("there is no such {what} in this workspace")).of(what)
    }

    #[must_use]
    pub fn of(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub fn code(&self) -> &'static Code {
        self.code
    }

    pub fn kind(&self) -> Kind {
        self.code.kind
    }

    pub fn public(&self) -> &str {
        &self.public
    }

    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The whole chain on one line, for the one log entry at the boundary that handles it.
    pub fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut next = self.source();
        while let Some(error) = next {
            line.push_str(": ");
            line.push_str(&error.to_string());
            next = error.source();
        }
        line
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] ", self.code.name)?;
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.public)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|error| error as _)
    }
}

impl From<domain::Invalid> for Fault {
    fn from(invalid: domain::Invalid) -> Self {
        Self::invalid(invalid.field, invalid.remedy)
    }
}
