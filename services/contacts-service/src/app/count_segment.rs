use super::Contacts;
use crate::domain::roles::Rights;
use crate::domain::segment::Refusal;
use crate::domain::{Purpose, Reading, segment as filters};
use crate::outbound::postgres::segment::{self, Segment};
use domain::WorkspaceId;
use fault::{Fault, Result, codes};

impl Contacts {
    /// How many contacts a filter means, among those that the purpose sees. Refused where it asks for what the caller does not see.
    pub async fn count_segment(
        &self,
        workspace: &WorkspaceId,
        (purpose, rights): (Purpose, &Rights),
        filter: &str,
    ) -> Result<u64> {
        let filter = filters::parse(filter, purpose, self.now()).map_err(refused)?;
        filter.check(rights)?;
        let segment = Segment {
            workspace,
            purpose,
            filter: &filter,
        };
        // A number is all that comes out.
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        Ok(segment::count(&mut tx, segment).await?.unsigned_abs())
    }
}

pub(super) fn refused(refusal: Refusal) -> Fault {
    match refusal {
        Refusal::Unreadable(invalid) => invalid.into(),
        Refusal::Purpose(invalid) => Fault::new(&codes::PURPOSE_DENIED, invalid.remedy).of(invalid.field),
    }
}
