use super::Contacts;
use crate::domain::{Erasure, page};
use crate::outbound::postgres::erasure;
use domain::WorkspaceId;
use fault::{Fault, Result};
use uuid::Uuid;

impl Contacts {
    /// A page of erasures, newest first, and where the next one begins.
    pub async fn list_erasures(
        &self,
        workspace: &WorkspaceId,
        (page_size, page_token): (u32, &str),
    ) -> Result<(Vec<Erasure>, Option<Uuid>)> {
        let (size, after) = (page::size(page_size)?, page::after_contact(page_token)?);
        let limit = i64::try_from(size + 1).map_err(Fault::internal)?;
        let mut tx = self.store.begin(workspace).await?;
        let mut found = erasure::list(&mut tx, workspace, after.map(|id| id.0), limit).await?;
        let next = page::cut(&mut found, size).map(|last| last.id);
        Ok((found, next))
    }
}
