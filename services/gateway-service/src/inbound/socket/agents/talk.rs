mod reminders;

use self::reminders::Reminders;
use super::super::{FRAMES, UNREADABLE};
use crate::app::agent_desk::{Desk, accept_alert, decline_alert, get_request, set_availability, start_chat};
use crate::app::edge::Edge;
use crate::app::hub::Chair;
use crate::app::tabs::OpenTab;
use crate::domain::agent_frame::{AgentClientFrame, AgentServerFrame, Queue};
use crate::domain::bucket::Bucket;
use crate::domain::request::Request;
use crate::domain::tab::TabReport;
use crate::inbound::http::problem;
use crate::inbound::socket::pulse::Pulse;
use crate::inbound::socket::wire::{self, End, Outgoing, Trouble};
use crate::outbound::watch::{Heard, Watch};
use domain::{AgentId, Invalid, VisitorId, WorkspaceId};
use events::event::TabEnd;
use fault::{Fault, Kind, codes};
use rpc::routing::{WatchAlertsResponse, WatchQueueResponse};
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;

/// So long may a console stay whose token was taken back: then it needs a new ticket.
const LIFE: Duration = Duration::from_secs(3600);
/// A console is used as long as it is open: presence never takes its agent for idle.
const IN_USE: TabReport = TabReport {
    visible: true,
    idle_ms: 0,
    quiet: false,
    panel_open: true,
};

pub type Wire = wire::Wire<AgentServerFrame>;

impl Outgoing for AgentServerFrame {
    fn name(&self) -> &'static str {
        AgentServerFrame::name(self)
    }

    fn complaint(fault: &Fault, request: Option<String>) -> Self {
        Self::Error {
            code: fault.code().name.into(),
            detail: fault.public().into(),
            field: fault.field().map(str::to_owned),
            request,
        }
    }
}

/// A greeted socket of an agent's.
pub struct Talk {
    desk: Desk,
    tab: OpenTab,
    frames: Bucket,
    until: Instant,
    alerts: Watch<WatchAlertsResponse>,
    /// The stream of alerts was opened before: what it does not name any more may have gone meanwhile.
    is_reopened: bool,
    /// What the agent was told that they are alerted to and serve, by id.
    held: BTreeMap<String, Request>,
    queue: Option<Watched>,
    reminders: Reminders,
    chair: Chair,
}

/// A queue that the agent looks at.
struct Watched {
    team: String,
    watch: Watch<WatchQueueResponse>,
    told: Option<Queue>,
}

impl Talk {
    pub fn new(edge: Arc<Edge>, workspace: WorkspaceId, agent: AgentId, chair: Chair) -> Self {
        let console = edge.entropy.id();
        let tab = edge
            .tabs
            .open(&workspace, VisitorId::of_agent(&workspace, &agent), console);
        tab.report(IN_USE);
        let frames = Bucket::full(FRAMES, edge.age());
        let desk = Desk {
            edge,
            workspace,
            agent,
            console,
        };
        Self {
            alerts: desk.watch_alerts(),
            desk,
            tab,
            frames,
            until: Instant::now() + LIFE,
            is_reopened: false,
            held: BTreeMap::new(),
            queue: None,
            reminders: Reminders::new(),
            chair,
        }
    }

    /// Tells how the console ended.
    pub fn end(self, end: TabEnd) {
        self.tab.end(end);
    }

    /// Reads, works and writes until the end.
    pub async fn run(&mut self, wire: &mut Wire) -> End {
        match self.go_on(wire).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn go_on(&mut self, wire: &mut Wire) -> Result<std::convert::Infallible, End> {
        let drain = self.desk.edge.drain.clone();
        let bell = self.chair.bell().clone();
        let mut pulse = Pulse::new();
        loop {
            tokio::select! {
                // A sign of life that has arrived is read before the time is found to be up.
                biased;
                text = wire.next() => {
                    let text = text?;
                    pulse.felt();
                    if let Some(text) = text {
                        self.hear(wire, &text).await?;
                    }
                }
                () = drain.cancelled() => return Err(End::Restart),
                heard = self.alerts.next() => self.alerted(wire, heard).await?,
                heard = queued(&mut self.queue) => self.queued(wire, heard).await?,
                () = bell.rung() => self.remind(wire).await?,
                () = tokio::time::sleep_until(self.reminders.look_at()) => self.remind(wire).await?,
                () = pulse.due() => pulse.beat(wire).await?,
                () = tokio::time::sleep_until(self.until) => return Err(End::Restart),
            }
        }
    }

    async fn hear(&mut self, wire: &mut Wire, text: &str) -> Result<(), End> {
        if !self.frames.take(FRAMES, self.desk.edge.age()) {
            let fault = Fault::new(&codes::RATE_LIMITED, "too many frames; slow down");
            wire.complain(&fault, None).await?;
            return Err(End::TOO_FAST);
        }
        let frame = match AgentClientFrame::read(text) {
            Ok(frame) => frame,
            Err(misfit) => {
                self.desk.edge.meters.heard(UNREADABLE);
                return wire.complain(&Fault::invalid(misfit.field, misfit.remedy), None).await;
            }
        };
        let request = frame.request().map(str::to_owned);
        let name = frame.name();
        self.desk.edge.meters.heard(name);
        let span = tracing::info_span!(
            "socket",
            otel.name = %format_args!("agent socket {name}"),
            otel.kind = "server",
            workspace = %self.desk.workspace,
        );
        match self.carry_out(wire, frame).instrument(span).await {
            Ok(()) => Ok(()),
            Err(Trouble::End(end)) => Err(end),
            Err(Trouble::Fault(fault)) => wire.complain(&fault, request).await,
        }
    }

    async fn carry_out(&mut self, wire: &mut Wire, frame: AgentClientFrame) -> Result<(), Trouble> {
        frame.check()?;
        let answer = match frame {
            AgentClientFrame::Hello { .. } => return Err(Invalid::new("type", "hello is the first frame only").into()),
            AgentClientFrame::Status { availability } => AgentServerFrame::Status {
                availability: set_availability(&self.desk, availability).await?,
            },
            AgentClientFrame::Accept { request } => {
                let taken = accept_alert(&self.desk, request.clone()).await?;
                self.tell(wire, taken).await?;
                AgentServerFrame::Accepted { request }
            }
            AgentClientFrame::Decline { request } => {
                decline_alert(&self.desk, request.clone()).await?;
                AgentServerFrame::Declined { request }
            }
            AgentClientFrame::Start { request, text } => {
                let (started, number) = start_chat(&self.desk, request.clone(), text).await?;
                let conversation = started.conversation.clone();
                self.tell(wire, started).await?;
                AgentServerFrame::Started {
                    request,
                    conversation,
                    number,
                }
            }
            AgentClientFrame::WatchQueue { team } => {
                self.queue = Some(Watched {
                    watch: self.desk.watch_queue(&team),
                    team,
                    told: None,
                });
                return Ok(());
            }
            AgentClientFrame::Bye {} => return Err(End::Closed.into()),
            AgentClientFrame::Ping {} => AgentServerFrame::Pong {},
        };
        Ok(wire.send(&answer).await?)
    }

    async fn alerted(&mut self, wire: &mut Wire, heard: Heard<WatchAlertsResponse>) -> Result<(), End> {
        match heard {
            Heard::Opened if !self.is_reopened => {
                self.is_reopened = true;
                Ok(())
            }
            Heard::Opened => self.look_again(wire).await,
            Heard::News(told) => match told.request {
                Some(request) => self.tell(wire, request.into()).await,
                None => Ok(()),
            },
            Heard::Lost(fault) => {
                problem::log(&fault);
                if fault.kind().may_retry() {
                    return Ok(());
                }
                wire.complain(&fault, None).await?;
                Err(End::of(&fault))
            }
        }
    }

    /// What went while nothing was heard is told now: the stream names only what there is.
    async fn look_again(&mut self, wire: &mut Wire) -> Result<(), End> {
        for held in self.held.values().cloned().collect::<Vec<_>>() {
            match get_request(&self.desk, &held.request).await {
                Ok(now) => self.tell(wire, now).await?,
                Err(fault) if fault.kind() == Kind::NotFound => self.tell(wire, held.done()).await?,
                Err(fault) => {
                    problem::log(&fault);
                    self.alerts.again();
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Tells each version of a request once, and the last time when it is the agent's no more.
    async fn tell(&mut self, wire: &mut Wire, request: Request) -> Result<(), End> {
        let known = self.held.get(&request.request);
        if known.is_some_and(|known| request.version <= known.version) {
            return Ok(());
        }
        wire.send(&AgentServerFrame::Request(Box::new(request.clone()))).await?;
        if request.is_of(self.desk.agent.as_str()) {
            self.held.insert(request.request.clone(), request);
        } else {
            self.held.remove(&request.request);
        }
        Ok(())
    }

    async fn queued(&mut self, wire: &mut Wire, heard: Heard<WatchQueueResponse>) -> Result<(), End> {
        let Some(watched) = &mut self.queue else { return Ok(()) };
        match heard {
            Heard::Opened => Ok(()),
            Heard::News(told) => {
                let now = Queue::new(&watched.team, told);
                if watched.told.as_ref() == Some(&now) {
                    return Ok(());
                }
                watched.told = Some(now.clone());
                wire.send(&AgentServerFrame::Queue(now)).await
            }
            Heard::Lost(fault) if fault.kind().may_retry() => {
                problem::log(&fault);
                Ok(())
            }
            Heard::Lost(fault) => {
                self.queue = None;
                wire.complain(&fault, None).await
            }
        }
    }
}

async fn queued(queue: &mut Option<Watched>) -> Heard<WatchQueueResponse> {
    match queue {
        Some(watched) => watched.watch.next().await,
        None => pending().await,
    }
}
