use super::App;
use crate::outbound::postgres::person::{self, Whose};
use ::domain::WorkspaceId;
use fault::Result;
use serde_json::json;

const PAGE: u64 = 500;

impl App {
    /// What is kept of these visitors and conversations, from a place on, as JSON objects, and where the next page begins.
    pub(crate) async fn export_person(
        &self,
        workspace: &WorkspaceId,
        whose: &Whose<'_>,
        from: u64,
    ) -> Result<(Vec<String>, Option<u64>)> {
        let mut tx = self.store.begin(workspace).await?;
        let found = person::export(&mut tx, workspace, whose, (from, PAGE)).await?;
        let next = (found.len() as u64 == PAGE).then_some(from + PAGE);
        let entries = found
            .into_iter()
            .map(|(kind, data)| json!({ "kind": kind, "data": data }).to_string());
        Ok((entries.collect(), next))
    }
}
