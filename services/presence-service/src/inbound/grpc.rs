use crate::app::batch_get_presence::batch_get_presence;
use crate::app::get_presence::get_presence;
use crate::app::watch_presence::watch_presence;
use crate::app::{Board, Known};
use crate::domain::Who;
use crate::outbound::postgres::visitor_presence::VisitorPresence;
use ::domain::{VisitorId, WorkspaceId};
use events::common::{PresenceCause, PresenceState};
use fault::Result;
use rpc::presence as wire;
use std::pin::Pin;
use std::sync::Arc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// Answers the rpcs of `homing.presence.v1`.
pub(crate) struct Presence {
    board: Arc<Board>,
    rows: VisitorPresence,
    stop: CancellationToken,
}

impl Presence {
    pub(crate) fn new(board: Arc<Board>, rows: VisitorPresence, stop: CancellationToken) -> Self {
        Self { board, rows, stop }
    }
}

#[tonic::async_trait]
impl wire::presence_service_server::PresenceService for Presence {
    async fn get_presence(
        &self,
        request: Request<wire::GetPresenceRequest>,
    ) -> Result<Response<wire::GetPresenceResponse>, Status> {
        let request = request.into_inner();
        let answer = async {
            let visitor = VisitorId::parse(&request.visitor)?;
            let who = Who {
                workspace: WorkspaceId::parse(&request.workspace)?,
                visitor,
            };
            let known = get_presence(&self.board, &self.rows, who).await?;
            Ok(wire::GetPresenceResponse {
                presence: Some(write_presence(visitor, known)),
            })
        };
        rpc::answer(answer.await)
    }

    async fn batch_get_presence(
        &self,
        request: Request<wire::BatchGetPresenceRequest>,
    ) -> Result<Response<wire::BatchGetPresenceResponse>, Status> {
        let request = request.into_inner();
        let answer = async {
            let visitors = read_visitors(&request.workspace, &request.visitors)?;
            let known = batch_get_presence(&self.board, &self.rows, &visitors).await?;
            let presences = visitors
                .iter()
                .zip(known)
                .map(|(who, known)| write_presence(who.visitor, known));
            Ok(wire::BatchGetPresenceResponse {
                presences: presences.collect(),
            })
        };
        rpc::answer(answer.await)
    }

    type WatchPresenceStream = Pin<Box<dyn Stream<Item = Result<wire::WatchPresenceResponse, Status>> + Send>>;

    async fn watch_presence(
        &self,
        request: Request<wire::WatchPresenceRequest>,
    ) -> Result<Response<Self::WatchPresenceStream>, Status> {
        let request = request.into_inner();
        let answer = async {
            let visitors = read_visitors(&request.workspace, &request.visitors)?;
            let seen = watch_presence(self.board.clone(), self.rows.clone(), visitors, self.stop.clone()).await?;
            let stream = ReceiverStream::new(seen).map(|seen| match seen {
                Ok((visitor, known)) => {
                    let presence = Some(write_presence(visitor, known));
                    Ok(wire::WatchPresenceResponse { presence })
                }
                Err(fault) => Err(rpc::to_status(&fault)),
            });
            Ok(Box::pin(stream) as Self::WatchPresenceStream)
        };
        rpc::answer(answer.await)
    }
}

fn read_visitors(workspace: &str, visitors: &[String]) -> Result<Vec<Who>> {
    let workspace = WorkspaceId::parse(workspace)?;
    let one = |visitor: &String| {
        let visitor = VisitorId::parse(visitor).map_err(|invalid| invalid.of("visitors"))?;
        Ok(Who {
            workspace: workspace.clone(),
            visitor,
        })
    };
    visitors.iter().map(one).collect()
}

/// A visitor that was never seen is offline without a cause.
fn write_presence(visitor: VisitorId, known: Known) -> wire::Presence {
    let mut presence = wire::Presence {
        visitor: visitor.to_string(),
        mass_loss: known.mass_loss,
        ..Default::default()
    };
    presence.set_state(PresenceState::Offline);
    if let Some(view) = known.view {
        presence.set_state(PresenceState::from(view.state));
        presence.set_cause(PresenceCause::from(view.cause));
        presence.since = Some(events::stamp(view.since.timestamp()));
        presence.epoch = view.epoch;
        presence.version = view.version;
        presence.attentive = view.attentive;
        presence.last_input_at = view.last_input_at.map(|at| events::stamp(at.timestamp()));
    }
    presence
}
