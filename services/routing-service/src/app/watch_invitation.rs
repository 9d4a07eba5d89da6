use super::App;
use super::board::changed;
use super::get_request::seen;
use crate::domain::QueueView;
use crate::domain::invitation::Invitation;
use crate::outbound::postgres::{invitation, request};
use ::domain::{InvitationId, VisitorId, WorkspaceId};
use fault::{Fault, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Views that wait for a slow watcher; then nothing more is looked at until it took them.
const BUFFER: usize = 8;
/// A visitor is told at most so often.
const PAUSE: Duration = Duration::from_millis(500);

/// An invitation as its visitor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) invitation: Invitation,
    /// 1 is the next one; 0 unless it waits in the queue.
    pub(crate) position: u32,
    /// 0: not known.
    pub(crate) wait_seconds: u32,
}

/// The queue in which an invitation waits.
struct Queue {
    team: String,
    seen: watch::Receiver<Option<Arc<QueueView>>>,
}

impl App {
    /// An invitation as it is, then each change of it and of its place in the queue, at most twice a second; ends when it is over.
    pub(crate) async fn watch_invitation(
        &self,
        workspace: &WorkspaceId,
        id: InvitationId,
        visitor: VisitorId,
    ) -> Result<mpsc::Receiver<Result<View>>> {
        // Watching begins before anything is read, so that no change falls between.
        let mut hints = self.board.watch_invitation(workspace, id);
        let mut tx = self.store.begin(workspace).await?;
        let found = invitation::get(&mut tx, workspace, id).await?;
        drop(tx);
        found
            .filter(|found| found.visitor == visitor)
            .ok_or_else(|| Fault::not_found("invitation"))?;
        let (out, receiver) = mpsc::channel(BUFFER);
        let (app, workspace) = (self.clone(), workspace.clone());
        tokio::spawn(async move {
            let forward = async {
                let (mut sent, mut queue) = (None, None);
                loop {
                    let view = app.view_invitation(&workspace, id, &mut queue).await?;
                    let is_over = view.invitation.state.is_over();
                    if sent.as_ref() != Some(&view) {
                        sent = Some(view.clone());
                        if out.send(Ok(view)).await.is_err() || is_over {
                            return Ok(());
                        }
                    }
                    tokio::time::sleep(PAUSE).await;
                    tokio::select! { () = changed(&mut hints) => {}, () = moved(&mut queue) => {} }
                }
            };
            app.board.look_on(&out, forward).await;
        });
        Ok(receiver)
    }

    /// The invitation and its place; watches the queue for as long as it waits there.
    async fn view_invitation(
        &self,
        workspace: &WorkspaceId,
        id: InvitationId,
        queue: &mut Option<Queue>,
    ) -> Result<View> {
        let mut tx = self.store.begin(workspace).await?;
        let found = invitation::get(&mut tx, workspace, id).await?;
        let found = found.ok_or_else(|| Fault::not_found("invitation"))?;
        let waiting = match found.request.filter(|_| found.waits()) {
            Some(request) => request::get(&mut tx, workspace, request).await?,
            None => None,
        };
        let Some(waiting) = waiting else {
            *queue = None;
            return Ok(View {
                invitation: found,
                position: 0,
                wait_seconds: 0,
            });
        };
        let team = waiting.need.queue().to_owned();
        let watched = match queue.take().filter(|watched| watched.team == team) {
            Some(watched) => watched,
            None => Queue {
                seen: self.watch_queue(workspace, &team),
                team,
            },
        };
        let shown = queue.insert(watched).seen.borrow_and_update().clone();
        let position = match shown.as_ref().and_then(|shown| shown.position(waiting.id)) {
            Some(position) => position,
            // It came into the queue since that was last seen.
            None => seen(&mut tx, workspace, waiting).await?.position,
        };
        Ok(View {
            invitation: found,
            position,
            wait_seconds: shown.as_ref().map_or(0, |shown| shown.pace.wait(position)),
        })
    }
}

/// Until the queue is another one; never, if none is watched.
async fn moved(queue: &mut Option<Queue>) {
    let Some(queue) = queue else {
        return std::future::pending().await;
    };
    if queue.seen.changed().await.is_err() {
        // It goes only with the process.
        std::future::pending().await
    }
}
