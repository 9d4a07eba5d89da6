use super::{Contacts, denied};
use crate::domain::roles::{FieldGroup, Rights};
use crate::domain::sheet::{self, Column};
use crate::domain::{DataKey, Purpose, PurposeDenied, page};
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};

/// Custom values on a page: what the longest of them take has to fit into an answer. A page with more columns has fewer lines.
const VALUES: usize = 8_000;

impl Contacts {
    /// A page of a segment as lines of CSV, the first one with its head, and where the next page begins. Custom values
    /// serve support alone.
    pub async fn export_segment(
        &self,
        workspace: &WorkspaceId,
        (purpose, rights): (Purpose, &Rights),
        (filter, data): (&str, &[DataKey]),
        (page_size, page_token): (u32, &str),
    ) -> Result<(Vec<u8>, Option<ContactId>)> {
        if purpose == Purpose::Outreach && !data.is_empty() {
            return Err(denied(PurposeDenied).of("data"));
        }
        if !data.is_empty() {
            rights.must_see(FieldGroup::Data)?;
        }
        let lines = u32::try_from(page::large(page_size)?).map_err(Fault::internal)?;
        let most = u32::try_from(VALUES / data.len().max(1)).map_err(Fault::internal)?;
        let page = (lines.min(most), page_token);
        let (found, next) = self.list_segment(workspace, (purpose, rights), filter, page).await?;
        let columns = Column::seen(purpose, rights, data);
        let head = page_token
            .is_empty()
            .then(|| columns.iter().map(Column::name).collect());
        let lines = found
            .into_iter()
            .map(|contact| sheet::cells(&rights.show(contact), &columns));
        let csv = sheet::written(head.into_iter().chain(lines)).map_err(Fault::internal)?;
        Ok((csv, next))
    }
}
