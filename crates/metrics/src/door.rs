//! What gateway-service exports. The collector writes the dots in labels as underscores.

use crate::catalogue::{Kind, Metric, metric};

pub const REQUESTS: Metric = metric(
    "http.server.request.duration",
    Kind::Histogram,
    "s",
    &["http_request_method", "http_route", "http_response_status_code"],
    "answered requests; http_route is the pattern, never the path",
);
pub const SOCKETS: Metric = metric(
    "homing.gateway.sockets",
    Kind::Gauge,
    "{socket}",
    &[],
    "sockets that are open",
);
pub const SOCKET_ENDS: Metric = metric(
    "homing.gateway.socket.ends",
    Kind::Counter,
    "{socket}",
    &["reason"],
    "sockets that ended",
);
pub const FRAMES: Metric = metric(
    "homing.gateway.frames",
    Kind::Counter,
    "{frame}",
    &["direction", "type"],
    "frames that came in and went out",
);
