runtime::settings! {
    /// Where routing finds what others own, and its limits.
    pub struct Config {
        /// conversation-service, http://host:port.
        "HOMING_CONVERSATION_URL" conversation_url: String = required;
        /// Agents or requests on a page when the caller names no number; 1 to 500.
        "HOMING_ROUTING_PAGE_SIZE" page_size: u32 = "100";
    }
}
