use super::authenticate_token::Caller;
use super::gate::Gate;
use super::hub::Hub;
use super::meters::Meters;
use super::tabs::Tabs;
use crate::domain::recent::Recent;
use crate::domain::token::{Token, TokenHash};
use crate::outbound::billing::Billing;
use crate::outbound::contacts::Contacts;
use crate::outbound::conversation::Conversations;
use crate::outbound::notifier::FollowUps;
use crate::outbound::routing::Routing;
use domain::{ChannelId, Clock, Entropy, TimeScale, Timestamp, WorkspaceId};
use fault::Result;
use jiff::SignedDuration;
use rpc::conversation::Channel;
use runtime::Secret;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long an integration's token is believed without asking again: a revoked one works so long at most.
const TOKEN_LIFE: Duration = Duration::from_secs(10);
/// How long a channel's settings are believed; only its list of origins is used from here.
const CHANNEL_LIFE: Duration = Duration::from_secs(5);
/// More than the integrations, or channels, that talk to one process within seconds.
const MOST_REMEMBERED: usize = 10_000;

/// What may be set about the edge itself.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// As browsers and providers see us, without a slash at the end.
    pub public_url: String,
    /// Proxies of ours in front, whose `X-Forwarded-For` entries are believed.
    pub forwarded_hops: u32,
    /// How long a session lives after it was last resumed.
    pub session_life: Duration,
    pub sockets_per_address: u32,
    pub sockets_per_workspace: u32,
    /// What a mail server shows to hand mails over; `None`: none are taken.
    pub mail_secret: Option<Secret>,
    /// A request whose body takes longer is refused.
    pub body_within: Duration,
    /// A socket whose other side takes longer over one frame is cut off.
    pub write_within: Duration,
}

/// What every request and every socket works with.
pub struct Edge {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Divides the product's durations.
    pub time_scale: TimeScale,
    pub conversations: Conversations,
    pub contacts: Contacts,
    pub follow_ups: FollowUps,
    pub billing: Billing,
    pub routing: Routing,
    pub tabs: Arc<Tabs>,
    pub hub: Arc<Hub>,
    pub gate: Gate,
    pub meters: Meters,
    pub settings: EdgeSettings,
    /// Cancelled when the process begins to stop: not ready, and every socket closes.
    pub drain: CancellationToken,
    /// Every open socket.
    pub sockets: TaskTracker,
    pub(super) callers: Mutex<Recent<TokenHash, Caller>>,
    pub(super) channels: Mutex<Recent<(WorkspaceId, ChannelId), Arc<Channel>>>,
    pub(super) started: Instant,
}

/// Peers and state that [`Edge::new`] takes as they are.
pub struct Parts {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub time_scale: TimeScale,
    pub conversations: Conversations,
    pub contacts: Contacts,
    pub follow_ups: FollowUps,
    pub billing: Billing,
    pub routing: Routing,
    pub tabs: Arc<Tabs>,
    pub gate: Gate,
    pub meters: Meters,
    pub settings: EdgeSettings,
    pub drain: CancellationToken,
}

impl Edge {
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            hub: Hub::new(parts.settings.sockets_per_address, parts.settings.sockets_per_workspace),
            store: parts.store,
            clock: parts.clock,
            entropy: parts.entropy,
            time_scale: parts.time_scale,
            conversations: parts.conversations,
            contacts: parts.contacts,
            follow_ups: parts.follow_ups,
            billing: parts.billing,
            routing: parts.routing,
            tabs: parts.tabs,
            gate: parts.gate,
            meters: parts.meters,
            settings: parts.settings,
            drain: parts.drain,
            sockets: TaskTracker::new(),
            callers: Mutex::new(Recent::new(TOKEN_LIFE, MOST_REMEMBERED)),
            channels: Mutex::new(Recent::new(CHANNEL_LIFE, MOST_REMEMBERED)),
            started: Instant::now(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Age of this process, for rates and short memories: it never jumps.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    pub fn mint(&self, workspace: &WorkspaceId) -> Token {
        Token::mint(workspace.clone(), self.entropy.secret())
    }

    pub fn is_draining(&self) -> bool {
        self.drain.is_cancelled()
    }
}

/// A short critical section; what a panicking holder left behind is whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `now` plus a span of ours.
pub(super) fn after(now: Timestamp, span: Duration) -> Result<Timestamp> {
    let span = SignedDuration::try_from(span).map_err(fault::Fault::internal)?;
    now.checked_add(span).map_err(fault::Fault::internal)
}
