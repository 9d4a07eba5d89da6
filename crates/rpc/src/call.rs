use crate::measure::{called_rpc, code_name};
use crate::{Caller, Connector, from_status, inject};
use fault::{Fault, Result, codes};
use std::future::Future;
use std::time::{Duration, Instant};
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

/// How long a call may take, all tries together.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Duration);

impl Deadline {
    /// For calls that somebody waits for.
    pub const INTERACTIVE: Self = Self(Duration::from_secs(5));
    /// For calls inside a send: shorter than the lease on it.
    pub const DECISION: Self = Self(Duration::from_secs(3));
}

/// First pause before another try; doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const TRIES: u32 = 3;

/// A channel without TLS; see [`Connector::connect`].
pub fn connect(url: &str) -> Result<Channel> {
    Connector::default().connect(url)
}

/// Calls a peer: trace context, metrics, deadline, and up to three tries while it is unavailable. Every rpc of ours is
/// idempotent (by nature or by its request id), so repeating is safe.
///
/// ```ignore
/// let reply = rpc::call(Deadline::DECISION, request, |request| {
///     let mut client = self.client.clone();
///     async move { client.get_presence(request).await }
/// }).await?;
/// ```
pub async fn call<Q, A, F, Fut>(deadline: Deadline, request: Q, send: F) -> Result<A>
where
    Q: Clone + prost::Name,
    F: Fn(Request<Q>) -> Fut,
    Fut: Future<Output = std::result::Result<Response<A>, Status>>,
{
    call_for(None, deadline, request, send).await
}

/// As [`call`], in somebody's name: the peer answers what they may see.
pub async fn call_for<Q, A, F, Fut>(caller: Option<&Caller>, deadline: Deadline, request: Q, send: F) -> Result<A>
where
    Q: Clone + prost::Name,
    F: Fn(Request<Q>) -> Fut,
    Fut: Future<Output = std::result::Result<Response<A>, Status>>,
{
    let began = Instant::now();
    let tries = async {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let mut wrapped = Request::new(request.clone());
            inject(wrapped.metadata_mut());
            if let Some(caller) = caller {
                caller.write(wrapped.metadata_mut())?;
            }
            wrapped.set_timeout(deadline.0);
            match send(wrapped).await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => {
                    let fault = from_status(&status);
                    if attempt >= TRIES || fault.code() != &codes::UNAVAILABLE {
                        return Err(fault);
                    }
                }
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        unreachable!("the loop ends by returning")
    };
    let result = match tokio::time::timeout(deadline.0, tries).await {
        Ok(result) => result,
        Err(elapsed) => Err(Fault::new(&codes::TIMEOUT, "a peer took too long; try again").because(elapsed)),
    };
    let code = result
        .as_ref()
        .map_or_else(|fault| Code::from_i32(fault.kind().grpc()), |_| Code::Ok);
    metrics::rpc_called(called_rpc::<Q>(), code_name(code), began.elapsed());
    result
}
