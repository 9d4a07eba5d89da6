pub(crate) mod grpc;
pub(crate) mod signals;
