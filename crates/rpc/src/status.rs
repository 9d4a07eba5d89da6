//! Faults on the wire: the status code of the fault's kind, its public sentence, and `google.rpc.ErrorInfo` (domain
//! `homing`, reason = catalogue code, metadata `field`).

use fault::{Fault, Kind, codes};
use prost::Message;
use tonic::{Code, Response, Status};

#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(map = "string, string", tag = "3")]
    metadata: std::collections::HashMap<String, String>,
}

const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";

/// The status that tells a caller of this fault. The private chain stays here.
pub fn to_status(fault: &Fault) -> Status {
    let metadata = fault
        .field()
        .map(|field| ("field".to_owned(), field.to_owned()))
        .into_iter()
        .collect();
    let info = ErrorInfo {
        reason: fault.code().name.into(),
        domain: "homing".into(),
        metadata,
    };
    let any = prost_types::Any {
        type_url: ERROR_INFO.into(),
        value: info.encode_to_vec(),
    };
    let code = fault.kind().grpc();
    let details = RpcStatus {
        code,
        message: fault.public().into(),
        details: vec![any],
    }
    .encode_to_vec();
    Status::with_details(Code::from_i32(code), fault.public(), details.into())
}

/// What a peer's status means to us: its own fault if it is one of ours, else by its code.
pub fn from_status(status: &Status) -> Fault {
    let info = RpcStatus::decode(status.details()).ok().and_then(|rpc| {
        let any = rpc.details.into_iter().find(|any| any.type_url == ERROR_INFO)?;
        ErrorInfo::decode(any.value.as_slice()).ok()
    });
    if let Some((info, code)) = info.and_then(|info| codes::find(&info.reason).map(|code| (info, code))) {
        let fault = Fault::new(code, status.message());
        return match info.metadata.get("field") {
            Some(field) => fault.of(field),
            None => fault,
        };
    }
    let cause = status.message().to_owned();
    match Kind::from_grpc(status.code() as i32) {
        Kind::Timeout => Fault::new(&codes::TIMEOUT, "a peer took too long; try again").because(cause),
        Kind::Unavailable => Fault::unavailable("a peer", cause),
        Kind::InvalidArgument => Fault::new(&codes::INVALID_ARGUMENT, cause),
        _ => Fault::internal(cause),
    }
}

/// Turns a use case's result into the rpc's answer, and logs faults that are ours: the one place a server does so.
pub fn answer<T>(result: fault::Result<T>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(|fault| {
        match fault.kind() {
            Kind::Internal => tracing::error!(code = fault.code().name, "{}", fault.chain()),
            Kind::Unavailable | Kind::Timeout => tracing::warn!(code = fault.code().name, "{}", fault.chain()),
            _ => tracing::debug!(code = fault.code().name, "{}", fault.chain()),
        }
        to_status(&fault)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_survives_the_wire() {
        for code in codes::CATALOGUE {
            let there = Fault::new(code, "say what to do").of("phone").because("private");
            let status = to_status(&there);
            assert!(!status.message().contains("private"));
            let back = from_status(&status);
            assert_eq!(
                (back.code(), back.public(), back.field()),
                (*code, "say what to do", Some("phone"))
            );
        }
    }
}
