//! The seven services and what each is told.

/// One of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Conversation,
    Contacts,
    Presence,
    Routing,
    Billing,
    Notifier,
    Gateway,
}

impl Service {
    /// In the order in which they start; the gateway opens the door last.
    pub const ALL: [Self; 7] = [
        Self::Conversation,
        Self::Contacts,
        Self::Presence,
        Self::Routing,
        Self::Billing,
        Self::Notifier,
        Self::Gateway,
    ];

    /// Name of its database and its login.
    pub fn short(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Contacts => "contacts",
            Self::Presence => "presence",
            Self::Routing => "routing",
            Self::Billing => "billing",
            Self::Notifier => "notifier",
            Self::Gateway => "gateway",
        }
    }

    /// Name of its executable and of its folder.
    pub fn binary(self) -> String {
        format!("{}-service", self.short())
    }

    /// The variable under which the others are told its gRPC address.
    pub fn url_variable(self) -> String {
        format!("HOMING_{}_URL", self.short().to_uppercase())
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.short())
    }
}
