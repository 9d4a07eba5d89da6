use crate::Bus;
use events::StreamSpec;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Makes a stream that is a copy of another one, makes it again where it was lost, and keeps its limits, until stopped; `every` so
/// often. Nothing else waits for it: a server that has no room for it is asked again, and the log says what it answered.
pub async fn keep_copy(bus: Bus, spec: StreamSpec, every: Duration, stop: CancellationToken) {
    loop {
        if let Err(fault) = bus.ensure_stream(&spec).await {
            let code = fault.code().name;
            tracing::error!(code, "{} is not kept, asked again soon: {}", spec.name, fault.chain());
        }
        tokio::select! { () = tokio::time::sleep(every) => {}, () = stop.cancelled() => return }
    }
}
