use runtime::Millis;

runtime::settings! {
    /// Settings of billing-service.
    pub struct Config {
        /// How long a hold waits for its delivery to be attempted; then it is given back.
        "HOMING_BILLING_HOLD_EXPIRY_MS" hold_expiry: Millis = "900000";
        /// How often the balances of each workspace are compared with its journal and open holds.
        "HOMING_BILLING_AUDIT_INTERVAL_MS" audit_interval: Millis = "86400000";
    }
}
