//! What a channel does by itself about the visitor of one socket: when they are considered, and what becomes of their
//! invitation. None of it holds up the chat: it is asked for beside it, and asked again later where nobody answers.

use crate::app::consider_visitor::consider_visitor;
use crate::app::edge::Edge;
use crate::app::invitations::watch_invitation;
use crate::domain::invitation::is_last;
use crate::domain::session::Session;
use crate::domain::visit::{Page, Visit};
use crate::inbound::http::problem;
use crate::outbound::watch::{Heard, Watch};
use fault::Result;
use futures::future::BoxFuture;
use rpc::routing::{ConsiderVisitorResponse, Invitation, WatchInvitationResponse};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// A visitor is considered no more often, however fast their pages change.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// After a question that nobody answered.
const ASK_AGAIN: Duration = Duration::from_secs(15);

/// See the module.
pub struct Proactive {
    edge: Arc<Edge>,
    tab: Uuid,
    visit: Option<Visit>,
    /// When the visitor is considered next; `None`: not on this page.
    ask_at: Option<Instant>,
    asked_at: Option<Instant>,
    asking: Option<BoxFuture<'static, Result<ConsiderVisitorResponse>>>,
    followed: Option<Followed>,
}

struct Followed {
    invitation: String,
    watch: Watch<WatchInvitationResponse>,
}

impl Proactive {
    /// Of a socket with this tab. Costs nothing before a page is told.
    pub fn new(edge: Arc<Edge>, tab: Uuid) -> Self {
        Self {
            edge,
            tab,
            visit: None,
            ask_at: None,
            asked_at: None,
            asking: None,
            followed: None,
        }
    }

    /// The tab shows this page now.
    pub fn open(&mut self, page: Page) {
        self.visit = Some(Visit::new(page, self.edge.now()));
        self.asking = None;
        let now = Instant::now();
        self.ask_at = Some(self.asked_at.map_or(now, |asked| now.max(asked + ASK_EVERY)));
    }

    /// The visitor's invitation is this one from now on.
    pub fn follow(&mut self, session: &Session, invitation: &Invitation) {
        let id = &invitation.invitation;
        if self
            .followed
            .as_ref()
            .is_some_and(|followed| followed.invitation == *id)
        {
            return;
        }
        self.followed = Some(Followed {
            invitation: id.clone(),
            watch: watch_invitation(&self.edge, session, self.tab, id),
        });
    }

    /// What was told last could not be passed on: it is to be told again.
    pub fn hear_again(&mut self) {
        if let Some(followed) = &mut self.followed {
            followed.watch.again();
        }
    }

    /// The next change of the visitor's invitation. Nobody is considered while their tab is not visible. Safe to cancel.
    pub async fn next(&mut self, session: &Session, is_visible: bool) -> WatchInvitationResponse {
        loop {
            let may_ask = is_visible && self.asking.is_none();
            tokio::select! {
                answer = answered(&mut self.asking) => self.considered(session, answer),
                heard = heard(&mut self.followed) => {
                    if let Some(told) = self.learn(heard) {
                        return told;
                    }
                }
                () = due(self.ask_at), if may_ask => self.ask(session),
            }
        }
    }

    fn ask(&mut self, session: &Session) {
        self.ask_at = None;
        let Some(visit) = &self.visit else { return };
        let page = visit.on_wire(self.edge.now(), self.edge.time_scale);
        self.asked_at = Some(Instant::now());
        self.asking = Some(consider_visitor(&self.edge, session, page));
    }

    fn considered(&mut self, session: &Session, answer: Result<ConsiderVisitorResponse>) {
        self.asking = None;
        match answer {
            Ok(ConsiderVisitorResponse {
                invitation: Some(invitation),
                ..
            }) => self.follow(session, &invitation),
            Ok(ConsiderVisitorResponse { again_ms: 0, .. }) => {}
            Ok(ConsiderVisitorResponse { again_ms, .. }) => {
                let wait = self.edge.time_scale.apply(Duration::from_millis(again_ms));
                // No instant is so far away as a peer may say.
                self.ask_at = Instant::now().checked_add(wait.max(ASK_EVERY));
            }
            Err(fault) => {
                problem::log(&fault);
                self.ask_at = fault.kind().may_retry().then(|| Instant::now() + ASK_AGAIN);
            }
        }
    }

    fn learn(&mut self, heard: Heard<WatchInvitationResponse>) -> Option<WatchInvitationResponse> {
        match heard {
            Heard::Opened => None,
            Heard::News(told) => {
                let state = told.invitation.as_ref()?.state();
                if is_last(state) {
                    self.followed = None;
                }
                Some(told)
            }
            Heard::Lost(fault) => {
                problem::log(&fault);
                if !fault.kind().may_retry() {
                    self.followed = None;
                }
                None
            }
        }
    }
}

async fn answered(
    asking: &mut Option<BoxFuture<'static, Result<ConsiderVisitorResponse>>>,
) -> Result<ConsiderVisitorResponse> {
    match asking {
        Some(asking) => asking.await,
        None => pending().await,
    }
}

async fn heard(followed: &mut Option<Followed>) -> Heard<WatchInvitationResponse> {
    match followed {
        Some(followed) => followed.watch.next().await,
        None => pending().await,
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}
