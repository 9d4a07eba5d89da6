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

    /// Is this one told a setting? Keys, seeds and the accounts of providers are for their one user only.
    pub(super) fn may_know(self, setting: &str) -> bool {
        const OF_THE_NOTIFIER: [&str; 4] = [
            "HOMING_NOTIFIER_LINK_KEY",
            "HOMING_TWILIO_",
            "HOMING_SMTP_",
            "HOMING_SMS_",
        ];
        if setting == "HOMING_CONVERSATION_NATS_ISSUER_SEED" {
            self == Self::Conversation
        } else if setting == "HOMING_GATEWAY_MAIL_SECRET" {
            self == Self::Gateway
        } else if OF_THE_NOTIFIER.iter().any(|secret| setting.starts_with(secret)) {
            self == Self::Notifier
        } else {
            true
        }
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

#[cfg(test)]
mod tests {
    use super::Service;

    #[test]
    fn secrets_go_to_their_one_user() {
        let told = |setting| {
            Service::ALL
                .into_iter()
                .filter(move |one| one.may_know(setting))
                .collect::<Vec<_>>()
        };
        assert_eq!(told("HOMING_CONVERSATION_NATS_ISSUER_SEED"), [Service::Conversation]);
        assert_eq!(told("HOMING_GATEWAY_MAIL_SECRET"), [Service::Gateway]);
        assert_eq!(told("HOMING_NOTIFIER_LINK_KEY"), [Service::Notifier]);
        assert_eq!(told("HOMING_TWILIO_AUTH_TOKEN"), [Service::Notifier]);
        assert_eq!(told("HOMING_SMTP_URL"), [Service::Notifier]);
        assert_eq!(told("HOMING_NATS_URL"), Service::ALL);
    }
}
