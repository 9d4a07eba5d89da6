runtime::settings! {
    /// None beyond those that every service has.
    pub struct Config {}
}
