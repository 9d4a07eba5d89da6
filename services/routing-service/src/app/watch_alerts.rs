use super::App;
use super::board::changed;
use crate::domain::Request;
use crate::outbound::postgres::request;
use ::domain::{AgentId, RequestId, WorkspaceId};
use fault::Result;
use std::collections::HashMap;
use tokio::sync::mpsc;

/// Changes that wait for a slow watcher; then it is not looked again until it took them.
const BUFFER: usize = 32;

impl App {
    /// What an agent is alerted to and serves now, then each change of it. What is theirs no more comes once again, as it is
    /// then. Refuses agents who do not exist.
    pub(crate) async fn watch_alerts(
        &self,
        workspace: &WorkspaceId,
        agent: &AgentId,
    ) -> Result<mpsc::Receiver<Result<Request>>> {
        self.find_agent(workspace, agent).await?;
        let (out, receiver) = mpsc::channel(BUFFER);
        // Watching begins before anything is read, so that no change falls between.
        let mut hints = self.board.watch_agent(workspace, agent);
        let (app, workspace, agent) = (self.clone(), workspace.clone(), agent.clone());
        tokio::spawn(async move {
            let mut sent = HashMap::new();
            let forward = async {
                loop {
                    for request in app.changes(&workspace, &agent, &mut sent).await? {
                        if out.send(Ok(request)).await.is_err() {
                            return Ok(());
                        }
                    }
                    changed(&mut hints).await;
                }
            };
            app.board.look_on(&out, forward).await;
        });
        Ok(receiver)
    }

    /// What is other than when it was `sent`: by version.
    async fn changes(
        &self,
        workspace: &WorkspaceId,
        agent: &AgentId,
        sent: &mut HashMap<RequestId, u64>,
    ) -> Result<Vec<Request>> {
        let mut tx = self.store.begin(workspace).await?;
        let mut changes = request::list_held_by(&mut tx, workspace, agent, None, i64::MAX).await?;
        let held: Vec<RequestId> = changes.iter().map(|request| request.id).collect();
        changes.retain(|request| sent.insert(request.id, request.version) != Some(request.version));
        let gone: Vec<RequestId> = sent.keys().filter(|id| !held.contains(id)).copied().collect();
        for id in gone {
            sent.remove(&id);
            changes.extend(request::get(&mut tx, workspace, id).await?);
        }
        Ok(changes)
    }
}
