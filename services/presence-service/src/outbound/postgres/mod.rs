pub(crate) mod shard_lease;
pub(crate) mod visitor_presence;
