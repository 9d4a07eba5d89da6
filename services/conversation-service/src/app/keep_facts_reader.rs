use super::App;
use crate::outbound::postgres::facts_reader;
use domain::{IntegrationId, Timestamp, WorkspaceId};
use events::FactsReader;
use fault::Result;
use jiff::SignedDuration;
use store::Tx;
use uuid::Uuid;

/// How often it is looked after, wherever nothing changes: so long a server that lost consumers stays without them.
const EVERY: SignedDuration = SignedDuration::from_secs(60);

impl App {
    /// Makes or removes an integration's consumer of facts, as it is wanted by now. Repeated, it changes nothing; who
    /// crashes half-way leaves the row to the next one.
    pub async fn keep_facts_reader(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let Some(wish) = facts_reader::get(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        drop(tx);
        let reader = FactsReader::new(workspace, &wish.integration);
        match wish.wanted {
            true => self.bus.ensure_reader(&reader, wish.since).await?,
            false => self.bus.remove_reader(&reader).await?,
        }
        let next = wish.wanted.then(|| self.now() + EVERY);
        let mut tx = self.store.begin(workspace).await?;
        facts_reader::looked_after(&mut tx, workspace, id, wish.version, next).await?;
        tx.commit().await
    }

    /// Writes down, with the scopes that ask for it, whether the integration is to have a consumer of facts. The time to
    /// tell of when it is committed, if anything is to be done.
    pub(super) async fn want_facts_reader(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        wanted: bool,
    ) -> Result<Option<Timestamp>> {
        let now = self.now();
        if wanted {
            let id = self.store.entropy().id();
            facts_reader::want(tx, workspace, integration, id, now).await?;
            return Ok(Some(now));
        }
        let told = facts_reader::unwant(tx, workspace, integration, now).await?;
        Ok(told.then_some(now))
    }

    /// Wakes who looks after consumers.
    pub(super) fn tell_reader(&self, due: Option<Timestamp>) {
        if let Some(at) = due {
            self.store.due_at(at);
        }
    }
}
