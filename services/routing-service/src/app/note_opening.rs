//! Opening hours: what came in by channels that keep to them is offered while its team is open.

use super::App;
use crate::domain::State;
use crate::outbound::postgres::{opening, queue};
use ::domain::{TeamId, Timestamp, WorkspaceId};
use fault::{Kind, Result};
use store::Tx;
use uuid::Uuid;

/// Of a team that opens so many are placed one by one, so that its agents get even shares; the rest by agents.
const ONE_BY_ONE: i64 = 100;

impl App {
    /// Asks conversation-service whether a team is open: what waits there is offered at once when it opens. When it closes,
    /// nothing new is offered, and who has something keeps it.
    pub(crate) async fn note_opening(&self, workspace: &WorkspaceId, team: &TeamId) -> Result<()> {
        let now = self.now();
        let told = match self.conversations.get_opening(workspace, team, now).await {
            // There is no such team: nobody waits for it.
            Err(fault) if fault.kind() == Kind::NotFound => return Ok(()),
            told => told?,
        };
        let mut tx = self.begin_queue(workspace).await?;
        let before = opening::get(&mut tx, workspace, team).await?;
        let id = self.store.entropy().id();
        if !opening::set(&mut tx, workspace, (id, team), &told, now).await? {
            return Ok(());
        }
        if told.is_open && before.is_some_and(|before| !before.is_open) {
            self.offer_queue(&mut tx, workspace, team, now).await?;
        }
        self.commit_queue(tx, workspace).await?;
        told.until.into_iter().for_each(|at| self.store.due_at(at));
        self.board.touch(workspace);
        Ok(())
    }

    /// A team opens or closes now.
    pub(crate) async fn tend_opening(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let team = opening::team_of(&mut tx, workspace, id).await?;
        drop(tx);
        match team {
            Some(team) => self.note_opening(workspace, &team).await,
            None => Ok(()),
        }
    }

    /// Offers what waits for a team, in its order, to whoever of it has room.
    pub(super) async fn offer_queue(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        team: &TeamId,
        now: Timestamp,
    ) -> Result<()> {
        for request in queue::list_waiting_of(tx, workspace, team.as_str(), None, ONE_BY_ONE).await? {
            if self.place(tx, workspace, request, now).await?.state == State::Waiting {
                break;
            }
        }
        for agent in queue::list_free_agents(tx, workspace, team).await? {
            self.offer(tx, workspace, &agent, now).await?;
        }
        Ok(())
    }
}
