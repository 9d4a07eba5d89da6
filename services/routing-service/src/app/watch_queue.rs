use super::App;
use super::board::{Painter, changed};
use crate::domain::QueueView;
use crate::outbound::postgres::{opening, queue};
use ::domain::{TeamId, WorkspaceId};
use fault::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A queue is computed at most so often, whoever watches it.
const PAUSE: Duration = Duration::from_millis(500);

impl App {
    /// A team's queue (empty: the workspace's own) as it is, then each change of it, at most twice a second; `None` until it
    /// was read first. However many watch it, it is computed once.
    pub(crate) fn watch_queue(&self, workspace: &WorkspaceId, team: &str) -> watch::Receiver<Option<Arc<QueueView>>> {
        let (seen, painter) = self.board.watch_queue(workspace, team);
        if let Some(painter) = painter {
            let (app, workspace, team) = (self.clone(), workspace.clone(), team.to_owned());
            tokio::spawn(async move { app.paint(&workspace, &team, painter).await });
        }
        seen
    }

    async fn paint(&self, workspace: &WorkspaceId, team: &str, mut painter: Painter) {
        loop {
            match self.view(workspace, team).await {
                Ok(view) => {
                    painter.view.send_if_modified(|seen| {
                        let is_new = seen.as_deref() != Some(&view);
                        if is_new {
                            *seen = Some(Arc::new(view));
                        }
                        is_new
                    });
                }
                Err(fault) => tracing::warn!(code = fault.code().name, "a queue is not seen: {}", fault.chain()),
            }
            let next = async {
                tokio::time::sleep(PAUSE).await;
                changed(&mut painter.changed).await;
            };
            tokio::select! { () = next => {}, () = self.board.stop().cancelled() => {} }
            if self.board.close_queue(workspace, team, &painter) {
                return;
            }
        }
    }

    async fn view(&self, workspace: &WorkspaceId, team: &str) -> Result<QueueView> {
        let mut tx = self.store.begin(workspace).await?;
        let mut view = queue::view(&mut tx, workspace, team, self.now()).await?;
        if !team.is_empty() {
            let opening = opening::get(&mut tx, workspace, &TeamId::parse(team)?).await?;
            let closed = opening.filter(|opening| !opening.is_open);
            view.is_closed = closed.is_some();
            view.opens_at = closed.and_then(|closed| closed.until);
        }
        Ok(view)
    }
}
