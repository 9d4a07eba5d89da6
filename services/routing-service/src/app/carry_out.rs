//! What follows from a change, in its transaction: whoever comes to wait is placed, and whoever got room is offered what
//! waits. So after every transaction nobody waits whom a fitting agent could take, and each step looks only at what changed.

use super::App;
use super::enqueue::found;
use crate::domain::{Agent, Kind, Moved, Request, State};
use crate::outbound::postgres::{agent, queue, request, staffing};
use ::domain::{AgentId, Timestamp, WorkspaceId};
use events::event::{RequestChanged, RequestState, TeamStaffingChanged};
use fault::{Fault, Result};
use std::collections::BTreeMap;
use store::Tx;

impl App {
    /// Begins a transaction that may change agents and requests of a workspace.
    pub(super) async fn begin_queue(&self, workspace: &WorkspaceId) -> Result<Tx> {
        let mut tx = self.store.begin(workspace).await?;
        queue::lock(&mut tx, workspace).await?;
        Ok(tx)
    }

    /// Commits such a transaction, and tells of which teams a visitor finds somebody now, or nobody any more.
    pub(super) async fn commit_queue(&self, mut tx: Tx, workspace: &WorkspaceId) -> Result<()> {
        for changed in staffing::renew(&mut tx, workspace).await? {
            let fact = TeamStaffingChanged {
                team: changed.team.map_or_else(String::new, |team| team.to_string()),
                is_staffed: changed.is_staffed,
                version: changed.version,
                at: Some(events::stamp(self.now())),
            };
            tx.record(workspace, &fact);
        }
        tx.commit().await
    }

    /// Writes a change and what follows from it. Answers the request as it is then.
    pub(super) async fn carry_out(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        moved: Moved,
        now: Timestamp,
    ) -> Result<Request> {
        self.write(tx, workspace, &moved, now).await?;
        let Some(agent) = moved.freed() else {
            return self.place(tx, workspace, moved.after, now).await;
        };
        // Who got room takes what waits in its order: this request is overtaken by nobody, and overtakes nobody.
        self.offer(tx, workspace, agent, now).await?;
        if moved.after.state != State::Waiting {
            return Ok(moved.after);
        }
        let request = found(tx, workspace, moved.after.id).await?;
        self.place(tx, workspace, request, now).await
    }

    /// Alerts the best agent to a request that waits. Answers it as it is then.
    pub(super) async fn place(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        request: Request,
        now: Timestamp,
    ) -> Result<Request> {
        if request.state != State::Waiting {
            return Ok(request);
        }
        let Some(id) = find_agent(tx, workspace, &request, now).await? else {
            return Ok(request);
        };
        let found = agent::get(tx, workspace, &id).await?;
        let Some(moved) = found.and_then(|agent| request.alert(&agent, now)) else {
            return Ok(request);
        };
        self.write_alerts(tx, workspace, &id, std::slice::from_ref(&moved), now)
            .await?;
        Ok(moved.after)
    }

    /// Alerts an agent to what waits, in its order, as long as they have room.
    pub(super) async fn offer(&self, tx: &mut Tx, workspace: &WorkspaceId, id: &AgentId, now: Timestamp) -> Result<()> {
        let Some(mut agent) = agent::get(tx, workspace, id).await? else {
            return Ok(());
        };
        let mut alerts = Vec::new();
        for request in queue::find_requests(tx, workspace, &agent, now).await? {
            let kind = request.need.kind;
            if !agent.has_room(kind) {
                continue;
            }
            let unfit = || Fault::internal("a request was found for an agent who does not fit");
            alerts.push(request.alert(&agent, now).ok_or_else(unfit)?);
            if let Some(load) = agent.loads.get_mut(&kind) {
                load.in_use += 1;
            }
        }
        self.write_alerts(tx, workspace, id, &alerts, now).await
    }

    /// Takes from an agent what they hold, and what waits for them alone: all of it waits before any of it is placed.
    pub(super) async fn take_away(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        agent: &Agent,
        now: Timestamp,
    ) -> Result<()> {
        let held = request::list_held_by(tx, workspace, &agent.id, None, i64::MAX).await?;
        let kept = request::list_kept_for(tx, workspace, &agent.id).await?;
        let mut lost = Vec::new();
        let moves = held.iter().filter_map(Request::lose);
        for moved in moves.chain(kept.iter().filter_map(Request::let_go)) {
            self.write(tx, workspace, &moved, now).await?;
            lost.push(moved.after);
        }
        lost.sort_by_key(Request::place);
        for request in lost {
            self.place(tx, workspace, request, now).await?;
        }
        Ok(())
    }

    /// Writes a change with its history, its fact, and whose capacity it uses.
    async fn write(&self, tx: &mut Tx, workspace: &WorkspaceId, moved: &Moved, now: Timestamp) -> Result<()> {
        let after = &moved.after;
        request::save(tx, workspace, moved, now).await?;
        let kind = after.need.kind;
        let (had, has) = (moved.before.as_ref().and_then(Request::counts_for), after.counts_for());
        if had != has {
            if let Some(agent) = had {
                agent::count(tx, workspace, (agent, kind), -1, None).await?;
            }
            if let Some(agent) = has {
                agent::count(tx, workspace, (agent, kind), 1, Some(now)).await?;
            }
        }
        self.tell(tx, workspace, moved, now).await
    }

    /// Writes to what an agent is alerted, all of it at once, with its history, its facts, and their capacity.
    async fn write_alerts(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        agent: &AgentId,
        alerts: &[Moved],
        now: Timestamp,
    ) -> Result<()> {
        if alerts.is_empty() {
            return Ok(());
        }
        request::save_alerts(tx, workspace, agent, alerts, now).await?;
        let mut chats: BTreeMap<Kind, i32> = BTreeMap::new();
        for moved in alerts {
            *chats.entry(moved.after.need.kind).or_default() += 1;
        }
        for (kind, more) in chats {
            agent::count(tx, workspace, (agent, kind), more, Some(now)).await?;
        }
        for moved in alerts {
            self.tell(tx, workspace, moved, now).await?;
        }
        Ok(())
    }

    /// Tells of a change that is written, and has its timer and its invitation follow.
    async fn tell(&self, tx: &mut Tx, workspace: &WorkspaceId, moved: &Moved, now: Timestamp) -> Result<()> {
        tx.record(workspace, &fact(moved, now));
        measure(moved);
        if let Some(due) = moved.after.due_at(now) {
            self.store.due_at(due);
        }
        self.follow_request(tx, workspace, &moved.after).await
    }
}

/// The agent to be alerted: who it is kept for, else who was not alerted yet, else who was least often.
async fn find_agent(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    request: &Request,
    now: Timestamp,
) -> Result<Option<AgentId>> {
    if let Some(kept) = request.kept.as_ref().filter(|kept| now < kept.until) {
        return Ok(Some(kept.agent.clone()));
    }
    if let Some(found) = queue::find_agent(tx, workspace, request, None).await? {
        return Ok(Some(found));
    }
    for again in request.tried_before(now) {
        if let Some(found) = queue::find_agent(tx, workspace, request, Some(&again)).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn measure(moved: &Moved) {
    if let Some(cause) = moved.cause {
        metrics::request_assigned(cause.word());
    }
    if let Some(wait) = moved.wait() {
        metrics::request_waited(wait);
    }
}

fn fact(moved: &Moved, now: Timestamp) -> RequestChanged {
    let (after, assignee) = (&moved.after, moved.after.assignee());
    let text = |id: Option<String>| id.unwrap_or_default();
    RequestChanged {
        request: after.id.to_string(),
        channel: after.need.channel.to_string(),
        team: text(after.need.team.as_ref().map(ToString::to_string)),
        state: RequestState::from(&after.state).into(),
        assignee_kind: assignee.wire_kind().into(),
        assignee: assignee.id().to_owned(),
        taken_from: text(moved.taken_from().map(ToString::to_string)),
        cause: moved.wire_cause().into(),
        conversation: text(after.about.conversation.map(|id| id.to_string())),
        visitor: text(after.about.visitor.map(|id| id.to_string())),
        invitation: text(after.about.invitation.map(|id| id.to_string())),
        version: after.version,
        at: Some(events::stamp(now)),
    }
}
