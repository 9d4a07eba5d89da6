runtime::settings! {
    /// Limits of routing.
    pub struct Config {
        /// Agents on a page of ListAgents when the caller names no number; 1 to 500.
        "HOMING_ROUTING_PAGE_SIZE" page_size: u32 = "100";
    }
}
