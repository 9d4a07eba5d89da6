use super::edge::Edge;
use crate::domain::session::Session;
use fault::Result;
use futures::FutureExt;
use futures::future::BoxFuture;
use rpc::routing::{ConsiderVisitorRequest, ConsiderVisitorResponse, VisitedPage};
use tracing::Instrument;

/// Asks whether the session's visitor is to be invited on this page. The answer holds nothing up: it comes when it comes.
pub fn consider_visitor(
    edge: &Edge,
    session: &Session,
    page: VisitedPage,
) -> BoxFuture<'static, Result<ConsiderVisitorResponse>> {
    let request = ConsiderVisitorRequest {
        workspace: session.workspace.to_string(),
        channel: session.channel.to_string(),
        visitor: session.visitor.to_string(),
        page: Some(page),
    };
    let routing = edge.routing.clone();
    let span = tracing::info_span!("socket", otel.name = "socket consider", workspace = %session.workspace);
    async move { routing.consider_visitor(request).await }
        .instrument(span)
        .boxed()
}
