//! The public contracts that this service's code declares, as the files that are committed beside it.

use crate::domain::agent_frame::{AgentClientFrame, AgentServerFrame};
use crate::domain::frame::{ClientFrame, ServerFrame};
use crate::inbound::http::openapi;
use schemars::{JsonSchema, schema_for};

/// Name of each file below the service's folder, and its content.
pub fn files() -> [(&'static str, String); 5] {
    [
        ("openapi.json", openapi::document()),
        ("schemas/client-frame.json", schema::<ClientFrame>()),
        ("schemas/server-frame.json", schema::<ServerFrame>()),
        ("schemas/agent-client-frame.json", schema::<AgentClientFrame>()),
        ("schemas/agent-server-frame.json", schema::<AgentServerFrame>()),
    ]
}

fn schema<T: JsonSchema>() -> String {
    let mut text = serde_json::to_string_pretty(&schema_for!(T)).expect("a schema is plain data");
    text.push('\n');
    text
}
