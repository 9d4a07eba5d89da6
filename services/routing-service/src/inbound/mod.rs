pub(crate) mod grpc;
