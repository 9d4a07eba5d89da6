use super::{Contacts, denied};
use crate::domain::{DataKey, Purpose, PurposeDenied, sheet};
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};

impl Contacts {
    /// A page of a segment as lines of CSV, the first one with its head, and where the next page begins. Custom values
    /// serve support alone.
    pub async fn export_segment(
        &self,
        workspace: &WorkspaceId,
        purpose: Purpose,
        (filter, data): (&str, &[DataKey]),
        page: (u32, &str),
    ) -> Result<(Vec<u8>, Option<ContactId>)> {
        if purpose == Purpose::Outreach && !data.is_empty() {
            return Err(denied(PurposeDenied).of("data"));
        }
        let (found, next) = self.list_segment(workspace, purpose, filter, page).await?;
        let head = page.1.is_empty().then(|| sheet::head(purpose, data));
        let lines = found.iter().map(|contact| sheet::cells(contact, data));
        let csv = sheet::written(head.into_iter().chain(lines)).map_err(Fault::internal)?;
        Ok((csv, next))
    }
}
