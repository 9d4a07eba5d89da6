use super::edge::{Edge, after};
use super::get_channel::check_origin;
use crate::domain::session::Session;
use crate::domain::token::Token;
use crate::outbound::postgres::session::{extend_session, find_session, insert_session};
use domain::{ChannelId, VisitorId, WorkspaceId};
use fault::{Fault, Kind, Result, codes};

/// Opens a session on a channel, or resumes `resume` where it is still live and of this channel.
pub async fn open_session(
    edge: &Edge,
    workspace: WorkspaceId,
    channel: ChannelId,
    resume: Option<Token>,
    origin: Option<&str>,
) -> Result<(Token, Session)> {
    check_origin(edge, &workspace, &channel, origin)
        .await
        .map_err(neutral)?;
    let now = edge.now();
    let expires_at = after(now, edge.settings.session_life)?;
    let mut tx = edge.store.begin(&workspace).await?;
    if let Some(token) = resume.filter(|token| *token.workspace() == workspace) {
        let known = find_session(&mut tx, &workspace, &token.hash(), now).await?;
        if let Some(mut session) = known.filter(|session| session.channel == channel) {
            // A session out of a return link lives no longer than it was given.
            if session.scope.is_none() {
                session.expires_at = expires_at;
                extend_session(&mut tx, &session).await?;
                tx.commit().await?;
            }
            return Ok((token, session));
        }
    }
    let token = edge.mint(&workspace);
    let session = Session {
        hash: token.hash(),
        visitor: VisitorId::generate(&*edge.entropy),
        workspace,
        channel,
        conversation: None,
        scope: None,
        contact: None,
        expires_at,
    };
    insert_session(&mut tx, &session, now).await?;
    tx.commit().await?;
    Ok((token, session))
}

/// Nobody learns here which workspaces there are.
fn neutral(fault: Fault) -> Fault {
    match fault.kind() {
        Kind::NotFound => Fault::new(&codes::NOT_FOUND, "there is no such workspace or channel").of("channel"),
        _ => fault,
    }
}

/// The live session of a token. UNAUTHENTICATED for anything else.
pub async fn find_live_session(edge: &Edge, token: &Token) -> Result<Session> {
    let mut tx = edge.store.begin(token.workspace()).await?;
    let found = find_session(&mut tx, token.workspace(), &token.hash(), edge.now()).await?;
    found.ok_or_else(|| {
        Fault::new(
            &codes::UNAUTHENTICATED,
            "the session is not known, or has expired; open a new one",
        )
        .of("session")
    })
}

/// The session as it stands now. `None`: it has expired.
pub async fn reload_session(edge: &Edge, session: &Session) -> Result<Option<Session>> {
    let mut tx = edge.store.begin(&session.workspace).await?;
    find_session(&mut tx, &session.workspace, &session.hash, edge.now()).await
}
