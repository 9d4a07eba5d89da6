use super::Contacts;
use crate::domain::import::Problem;
use crate::domain::page;
use crate::outbound::postgres::import;
use domain::WorkspaceId;
use fault::{Fault, Result};

impl Contacts {
    /// A page of what is wrong with lines of a file, in their order, and the place after which the next one begins.
    pub async fn list_import_problems(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        (page_size, page_token): (u32, &str),
    ) -> Result<(Vec<Problem>, Option<u64>)> {
        let (size, after) = (page::large(page_size)?, page::after_version(page_token)?);
        let limit = i64::try_from(size + 1).map_err(Fault::internal)?;
        let mut tx = self.store.begin(workspace).await?;
        let begun = import::find(&mut tx, workspace, name).await?;
        begun.ok_or_else(|| Fault::not_found("import"))?;
        let mut found = import::problems(&mut tx, workspace, (name, after.unwrap_or_default()), limit).await?;
        let next = page::cut(&mut found, size).map(|(place, _)| *place);
        Ok((found.into_iter().map(|(_, problem)| problem).collect(), next))
    }
}
