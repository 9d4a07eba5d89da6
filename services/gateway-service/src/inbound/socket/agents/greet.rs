use super::super::UNREADABLE;
use super::talk::{Talk, Wire};
use crate::app::agent_desk::find_availability;
use crate::app::edge::Edge;
use crate::app::redeem_agent_ticket::redeem_agent_ticket;
use crate::domain::agent_frame::{AgentClientFrame, AgentServerFrame};
use crate::inbound::http::problem;
use crate::inbound::socket::wire::End;
use fault::{Fault, Result};
use std::sync::Arc;
use tracing::Instrument;

/// The first frame: whose socket this is.
pub async fn greet(edge: &Arc<Edge>, wire: &mut Wire) -> std::result::Result<Talk, End> {
    let text = wire.first().await?;
    let first = AgentClientFrame::read(&text);
    edge.meters
        .heard(first.as_ref().map_or(UNREADABLE, AgentClientFrame::name));
    let ticket = match first {
        Ok(AgentClientFrame::Hello { ticket }) => ticket,
        Ok(_) => return Err(End::NO_HELLO),
        Err(misfit) => {
            wire.complain(&Fault::invalid(misfit.field, misfit.remedy), None)
                .await?;
            return Err(End::NO_HELLO);
        }
    };
    let span = tracing::info_span!("socket", otel.name = "agent socket hello", otel.kind = "server");
    match welcome(edge, &ticket).instrument(span).await {
        Ok((talk, frame)) => {
            wire.send(&frame).await?;
            Ok(talk)
        }
        Err(fault) => {
            wire.complain(&fault, None).await?;
            Err(End::of(&fault))
        }
    }
}

async fn welcome(edge: &Arc<Edge>, ticket: &str) -> Result<(Talk, AgentServerFrame)> {
    let (workspace, agent) = redeem_agent_ticket(edge, ticket).await?;
    // Seated before anything is read: what they are reminded of meanwhile rings the bell.
    let chair = edge.hub.chair(&workspace, &agent)?;
    let availability = match find_availability(edge, &workspace, &agent).await {
        Ok(availability) => availability,
        // Routing-service being away is not the agent's doing: they are here, and are told what there is when it is back.
        Err(fault) if fault.kind().may_retry() => {
            problem::log(&fault);
            None
        }
        Err(fault) => return Err(fault),
    };
    let frame = AgentServerFrame::Welcome {
        agent: agent.to_string(),
        availability,
    };
    Ok((Talk::new(edge.clone(), workspace, agent, chair), frame))
}
