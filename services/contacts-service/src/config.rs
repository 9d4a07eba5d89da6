runtime::settings! {
    /// Where the services are that keep something of people beside this one, and when they are told to erase it.
    pub struct Config {
        /// conversation-service, http://host:port.
        "HOMING_CONVERSATION_URL" conversation_url: String = required;
        /// notifier-service, http://host:port.
        "HOMING_NOTIFIER_URL" notifier_url: String = required;
        /// presence-service, http://host:port.
        "HOMING_PRESENCE_URL" presence_url: String = required;
        /// routing-service, http://host:port.
        "HOMING_ROUTING_URL" routing_url: String = required;
        /// gateway-service's own gRPC listener, http://host:port.
        "HOMING_GATEWAY_URL" gateway_url: String = required;
        /// How long an erasure waits for what was on its way for the person, so that it is stored and erased with the rest:
        /// longer than any call takes. So long it waits, too, before it tries again what failed.
        "HOMING_CONTACTS_ERASURE_WAIT_MS" erasure_wait: runtime::Millis = "10000";
    }
}
