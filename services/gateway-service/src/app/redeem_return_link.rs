use super::edge::{Edge, after};
use super::get_channel::check_origin;
use super::list_messages::get_conversation;
use crate::domain::session::Session;
use crate::domain::token::Token;
use crate::outbound::postgres::session::insert_session;
use domain::{ChannelId, ConversationId, VisitorId};
use fault::Result;
use rpc::notifier::{RedeemReturnLinkRequest, ResolveReturnLinkRequest};
use std::time::Duration;

/// A day to talk; the link itself can be opened again while it lives.
const SCOPED_SESSION_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Redeems a return link (which records 'returned' first) for a session that sees its conversation only. An origin
/// that may not use the conversation's channel is refused before anything is recorded.
pub async fn redeem_return_link(edge: &Edge, link: &Token, origin: Option<&str>) -> Result<(Token, Session)> {
    let workspace = link.workspace().clone();
    let request = ResolveReturnLinkRequest {
        workspace: workspace.to_string(),
        token: link.secret().into(),
    };
    let resolved = edge.follow_ups.resolve_return_link(request).await?;
    let conversation = ConversationId::parse(&resolved.conversation)?;
    let channel = ChannelId::parse(&get_conversation(edge, &workspace, conversation).await?.channel)?;
    check_origin(edge, &workspace, &channel, origin).await?;
    let request = RedeemReturnLinkRequest {
        workspace: workspace.to_string(),
        token: link.secret().into(),
    };
    let redeemed = edge.follow_ups.redeem_return_link(request).await?;
    let now = edge.now();
    let token = edge.mint(&workspace);
    let session = Session {
        workspace,
        hash: token.hash(),
        // A conversation that no browser of ours began has no visitor yet.
        visitor: VisitorId::parse_optional(&redeemed.visitor)?.unwrap_or_else(|| VisitorId::generate(&*edge.entropy)),
        channel,
        conversation: Some(conversation),
        scope: Some(conversation),
        contact: None,
        expires_at: after(now, SCOPED_SESSION_LIFE)?,
    };
    let mut tx = edge.store.begin(&session.workspace).await?;
    insert_session(&mut tx, &session, now).await?;
    tx.commit().await?;
    Ok((token, session))
}
