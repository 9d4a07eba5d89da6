pub(crate) mod grpc;
pub(crate) mod persons;
pub(crate) mod signals;
