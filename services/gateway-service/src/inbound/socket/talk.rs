mod cards;

use self::cards::Cards;
use super::proactive::Proactive;
use super::pulse::Pulse;
use super::wire::{End, Outgoing, Trouble};
use super::{FRAMES, UNREADABLE};
use crate::app::add_contact::add_contact;
use crate::app::edge::Edge;
use crate::app::forms::{dismiss_form, get_open_form, submit_form};
use crate::app::gate::Door;
use crate::app::get_channel::check_page;
use crate::app::hub::Seat;
use crate::app::identify_customer::{bind_conversation, identify_customer};
use crate::app::invitations::{answer_invitation, enter_invited, show_invitation};
use crate::app::list_messages::{PAGE, get_conversation, list_messages};
use crate::app::mark_read::mark_read;
use crate::app::open_session::reload_session;
use crate::app::post_message::post_message;
use crate::app::request_transcript::request_transcript;
use crate::app::start_conversation::{enter, start_conversation};
use crate::app::tabs::OpenTab;
use crate::domain::automatic::Kind;
use crate::domain::bucket::Bucket;
use crate::domain::card::CardShown;
use crate::domain::frame::{ClientFrame, ServerFrame, Start, own_names};
use crate::domain::invitation::Invitation;
use crate::domain::session::Session;
use crate::domain::tab::TabReport;
use crate::domain::visit::Page;
use crate::inbound::http::problem;
use domain::{AuthorRole, ConversationId, Invalid};
use events::common::Carriage;
use events::event::TabEnd;
use fault::{Fault, codes};
use rpc::conversation::message::Content;
use rpc::routing::WatchInvitationResponse;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;

/// Hints may be lost; this closes the gap. Spread over ten seconds, so that sockets that opened together do not ask
/// together.
const POLL_EVERY: Duration = Duration::from_secs(25);
const POLL_SPREAD_MS: u128 = 10_000;
/// After a failed fetch.
const POLL_AGAIN: Duration = Duration::from_secs(2);
type Wire = super::wire::Wire<ServerFrame>;

impl Outgoing for ServerFrame {
    fn name(&self) -> &'static str {
        ServerFrame::name(self)
    }

    fn complaint(fault: &Fault, client_id: Option<String>) -> Self {
        Self::Error {
            code: fault.code().name.into(),
            detail: fault.public().into(),
            field: fault.field().map(own_names),
            client_id,
        }
    }
}

/// A greeted socket.
pub struct Talk {
    edge: Arc<Edge>,
    session: Session,
    seat: Seat,
    tab: OpenTab,
    address: IpAddr,
    /// Of the page, as its browser told when the socket was opened.
    origin: Option<String>,
    /// Everything up to this sequence was sent.
    pushed: u64,
    /// Where the client knows its read mark to be.
    read_up_to: u64,
    /// Which form the client was shown, and which page of it; empty and 0: none.
    form: (String, u32),
    cards: Cards,
    proactive: Proactive,
    /// How the visitor's invitation stood when the client was told last.
    invitation: Option<Invitation>,
    /// In which an agent spoke first: still to be entered.
    invited_to: Option<ConversationId>,
    frames: Bucket,
    poll_at: Instant,
}

impl Talk {
    pub fn new(
        edge: Arc<Edge>,
        session: Session,
        seat: Seat,
        tab: OpenTab,
        address: IpAddr,
        pushed: u64,
        read_up_to: u64,
    ) -> Self {
        Self {
            frames: Bucket::full(FRAMES, edge.age()),
            proactive: Proactive::new(edge.clone(), tab.id()),
            invitation: None,
            invited_to: None,
            edge,
            session,
            seat,
            tab,
            address,
            origin: None,
            pushed,
            read_up_to,
            form: Default::default(),
            cards: Cards::default(),
            // At once: what was posted before the socket opened is fetched first.
            poll_at: Instant::now(),
        }
    }

    /// Of a page of this origin; `None`: not opened by a browser.
    pub fn of_origin(mut self, origin: Option<&str>) -> Self {
        self.origin = origin.map(str::to_owned);
        self
    }

    /// Tells how the tab ended.
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
        let bell = self.seat.bell().clone();
        let drain = self.edge.drain.clone();
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
                () = bell.rung() => {
                    let moved = bell.take_moved();
                    if moved || bell.newest() > self.pushed {
                        self.refresh(wire, moved).await?;
                    }
                }
                told = self.proactive.next(&self.session, self.tab.is_visible()) => self.invited(wire, told).await?,
                () = tokio::time::sleep_until(self.poll_at) => self.refresh(wire, true).await?,
                () = pulse.due() => pulse.beat(wire).await?,
            }
        }
    }

    async fn hear(&mut self, wire: &mut Wire, text: &str) -> Result<(), End> {
        if !self.frames.take(FRAMES, self.edge.age()) {
            let fault = Fault::new(&codes::RATE_LIMITED, "too many frames; slow down");
            wire.complain(&fault, None).await?;
            return Err(End::TOO_FAST);
        }
        let frame = match ClientFrame::read(text) {
            Ok(frame) => frame,
            Err(misfit) => {
                self.edge.meters.heard(UNREADABLE);
                return wire.complain(&Fault::invalid(misfit.field, misfit.remedy), None).await;
            }
        };
        let client_id = frame.client_id().map(str::to_owned);
        let name = frame.name();
        self.edge.meters.heard(name);
        let span = tracing::info_span!(
            "socket",
            otel.name = %format_args!("socket {name}"),
            otel.kind = "server",
            workspace = %self.session.workspace,
        );
        match self.carry_out(wire, frame).instrument(span).await {
            Ok(()) => Ok(()),
            Err(Trouble::End(end)) => Err(end),
            Err(Trouble::Fault(fault)) => wire.complain(&fault, client_id).await,
        }
    }

    async fn carry_out(&mut self, wire: &mut Wire, frame: ClientFrame) -> Result<(), Trouble> {
        frame.check()?;
        match frame {
            ClientFrame::Hello { .. } => Err(Invalid::new("type", "hello is the first frame only").into()),
            ClientFrame::Start(start) => self.start(wire, start).await,
            ClientFrame::Message { client_id, text } => self.message(wire, client_id, text).await,
            ClientFrame::Contact(contact) => {
                add_contact(&self.edge, &self.session, &contact).await?;
                Ok(wire.send(&ServerFrame::ContactAdded {}).await?)
            }
            ClientFrame::Identify { token } => {
                identify_customer(&self.edge, &mut self.session, token).await?;
                Ok(wire.send(&ServerFrame::Identified {}).await?)
            }
            ClientFrame::Copy { client_id, email } => {
                let up_to = request_transcript(&self.edge, &self.session, &client_id, &email).await?;
                Ok(wire.send(&ServerFrame::CopyRequested { client_id, up_to }).await?)
            }
            ClientFrame::Read { up_to } => self.read(wire, up_to).await,
            ClientFrame::Tab {
                visible,
                idle_ms,
                quiet,
                panel_open,
            } => {
                self.tab.report(TabReport {
                    visible,
                    idle_ms,
                    quiet,
                    panel_open,
                });
                Ok(())
            }
            ClientFrame::Form { form, page, values } => self.form(wire, form, page, values).await,
            ClientFrame::DismissForm { form } => {
                dismiss_form(&self.edge, &self.session, form).await?;
                Ok(self.refresh(wire, false).await?)
            }
            ClientFrame::Page(page) => self.page(page).await,
            ClientFrame::Invitation { invitation, answer } => {
                let now = answer_invitation(&self.edge, &self.session, invitation, answer).await?;
                self.proactive.follow(&self.session, &now);
                Ok(())
            }
            ClientFrame::Bye {} => Err(End::Closed.into()),
            ClientFrame::Ping {} => Ok(wire.send(&ServerFrame::Pong {}).await?),
        }
    }

    async fn start(&mut self, wire: &mut Wire, start: Start) -> Result<(), Trouble> {
        let origin = self.origin.as_deref();
        check_page(&self.edge, &self.session, start.page_url.as_deref(), origin).await?;
        self.edge.gate.pass(Door::Start, self.address, self.edge.age())?;
        self.tab.typed();
        let client_id = start.client_id.clone();
        let before = self.session.conversation;
        let (conversation, seq) = start_conversation(&self.edge, &mut self.session, &mut self.seat, start).await?;
        bind_conversation(&self.edge, &self.session).await?;
        let started = ServerFrame::Started {
            client_id,
            conversation: conversation.conversation,
            number: conversation.number,
            seq,
        };
        wire.send(&started).await?;
        if before != self.session.conversation {
            self.begin_anew();
        }
        Ok(self.refresh(wire, false).await?)
    }

    async fn message(&mut self, wire: &mut Wire, client_id: String, text: String) -> Result<(), Trouble> {
        self.tab.typed();
        let posted = post_message(&self.edge, &mut self.session, &mut self.seat, &client_id, text).await?;
        if posted.elsewhere {
            self.begin_anew();
            let conversation = self.session.conversation()?;
            let opened = get_conversation(&self.edge, &self.session.workspace, conversation).await?;
            let started = ServerFrame::Started {
                client_id,
                conversation: opened.conversation,
                number: opened.number,
                seq: posted.seq,
            };
            wire.send(&started).await?;
        } else {
            let seq = posted.seq;
            wire.send(&ServerFrame::Posted { client_id, seq }).await?;
        }
        Ok(self.refresh(wire, false).await?)
    }

    /// A page of a form. What was taken is a message, and what is to be shown then is fetched with it.
    async fn form(
        &mut self,
        wire: &mut Wire,
        form: String,
        page: u32,
        values: BTreeMap<String, String>,
    ) -> Result<(), Trouble> {
        self.tab.typed();
        let told = submit_form(&self.edge, &self.session, form.clone(), page, values).await?;
        if !told.errors.is_empty() {
            let errors = told.errors.into_iter().map(Into::into).collect();
            return Ok(wire.send(&ServerFrame::FormRefused { form, page, errors }).await?);
        }
        let seq = told.message.map_or(0, |message| message.seq);
        wire.send(&ServerFrame::FormTaken { form, page, seq }).await?;
        Ok(self.refresh(wire, false).await?)
    }

    /// Counts only while the tab is visible and its panel open: nobody has read what was not to be seen.
    async fn read(&mut self, wire: &mut Wire, up_to: u64) -> Result<(), Trouble> {
        if !self.tab.shows_messages() {
            return Ok(());
        }
        self.read_up_to = mark_read(&self.edge, &self.session, up_to, self.pushed).await?;
        let up_to = self.read_up_to;
        Ok(wire.send(&ServerFrame::Read { up_to }).await?)
    }

    /// Who came by a return link is not invited.
    async fn page(&mut self, page: Page) -> Result<(), Trouble> {
        let checked = check_page(&self.edge, &self.session, Some(&page.url), self.origin.as_deref()).await;
        checked.map_err(|fault| match fault.field() {
            Some("page_url") => fault.of("url"),
            _ => fault,
        })?;
        if self.session.may_start() {
            self.proactive.open(page);
        }
        Ok(())
    }

    /// Tells how far the visitor's invitation is. Where an agent spoke first, their conversation is entered.
    async fn invited(&mut self, wire: &mut Wire, told: WatchInvitationResponse) -> Result<(), End> {
        let now = match show_invitation(&self.edge, &self.session, told).await {
            Ok(now) => now,
            Err(fault) => {
                problem::log(&fault);
                self.proactive.hear_again();
                return Ok(());
            }
        };
        if self.invitation.as_ref() == Some(&now) {
            return Ok(());
        }
        let named = now.conversation.as_deref().map(ConversationId::parse);
        let spoken = named
            .and_then(Result::ok)
            .filter(|id| self.session.conversation != Some(*id));
        wire.send(&ServerFrame::Invitation(now.clone())).await?;
        self.invitation = Some(now);
        if spoken.is_some() {
            self.invited_to = spoken;
            self.refresh(wire, false).await?;
        }
        Ok(())
    }

    /// Another conversation: nothing of it was sent yet.
    fn begin_anew(&mut self) {
        self.pushed = 0;
        self.read_up_to = 0;
        self.cards = Cards::default();
    }

    /// Fetches and sends what is new. A peer that does not answer is asked again soon; the client is not bothered.
    async fn refresh(&mut self, wire: &mut Wire, reload: bool) -> Result<(), End> {
        let span = tracing::info_span!("socket", otel.name = "socket push", workspace = %self.session.workspace);
        let fetched = self.fetch(wire, reload).instrument(span).await;
        let spread = Duration::from_millis(u64::try_from(self.tab.id().as_u128() % POLL_SPREAD_MS).unwrap_or(0));
        self.poll_at = Instant::now() + POLL_EVERY + spread;
        match fetched {
            Ok(()) => Ok(()),
            Err(Trouble::End(end)) => Err(end),
            Err(Trouble::Fault(fault)) => {
                problem::log(&fault);
                self.poll_at = Instant::now() + POLL_AGAIN;
                Ok(())
            }
        }
    }

    async fn fetch(&mut self, wire: &mut Wire, reload: bool) -> Result<(), Trouble> {
        if reload {
            let Some(now) = reload_session(&self.edge, &self.session).await? else {
                return Err(End::EXPIRED.into());
            };
            if let Some(conversation) = now.conversation.filter(|id| self.session.conversation != Some(*id)) {
                self.session = now;
                enter(&self.edge, &mut self.session, &mut self.seat, conversation).await?;
                self.begin_anew();
            }
        }
        self.enter_invited().await?;
        if self.session.conversation.is_none() {
            return Ok(());
        }
        loop {
            let page = list_messages(&self.edge, &self.session, self.pushed).await?;
            let last = page.messages.len() < PAGE as usize;
            for message in page.messages {
                let seq = message.seq;
                if let Some(frame) = tell(message) {
                    self.cards.note(&frame);
                    wire.send(&frame).await?;
                }
                self.pushed = seq;
            }
            if page.read_up_to > self.read_up_to {
                self.read_up_to = page.read_up_to;
                let up_to = page.read_up_to;
                wire.send(&ServerFrame::Read { up_to }).await?;
            }
            if last {
                self.show_cards(wire, page.card_changes).await?;
                return self.show_form(wire, page.open_form, page.open_form_page).await;
            }
        }
    }

    /// Enters the conversation in which an agent spoke first; one that cannot be looked up now is entered with the next fetch.
    async fn enter_invited(&mut self) -> Result<(), Fault> {
        let Some(id) = self.invited_to else { return Ok(()) };
        match enter_invited(&self.edge, &mut self.session, &mut self.seat, id).await {
            Ok(true) => self.begin_anew(),
            Ok(false) => {
                tracing::warn!(workspace = %self.session.workspace, "an invitation named somebody else's conversation")
            }
            Err(fault) if fault.kind().may_retry() => return Err(fault),
            Err(fault) => problem::log(&fault),
        }
        self.invited_to = None;
        Ok(())
    }

    /// Shows the form that is open, once for each page. Who came by a return link fills in none.
    async fn show_form(&mut self, wire: &mut Wire, form: String, page: u32) -> Result<(), Trouble> {
        let open = (form, page);
        if self.form == open || !self.session.may_add_contact() {
            return Ok(());
        }
        let found = match open.1 {
            0 => None,
            _ => get_open_form(&self.edge, &self.session).await?,
        };
        self.form = found
            .as_ref()
            .map(|form| (form.form.clone(), form.page))
            .unwrap_or_default();
        let frame = found.map_or(ServerFrame::FormClosed {}, |form| ServerFrame::Form(form.into()));
        Ok(wire.send(&frame).await?)
    }
}

/// `None` for notes of the system, which are for agents: they may quote somebody else. What is said by itself is shown.
fn tell(message: rpc::conversation::Message) -> Option<ServerFrame> {
    let automatic = match &message.content {
        // What answers a call went to who called: in a chat anybody may have typed their number.
        Some(Content::Automatic(said)) if said.carriage() != Carriage::Text => Kind::of_wire(said.kind()),
        _ => None,
    };
    let card = match message.content {
        Some(Content::Card(shown)) => CardShown::of_wire(shown).map(Box::new),
        _ => None,
    };
    let author = events::role(message.author).filter(|role| *role != AuthorRole::System || automatic.is_some())?;
    Some(ServerFrame::Message {
        seq: message.seq,
        author: author.word().into(),
        agent: (!message.agent.is_empty()).then_some(message.agent),
        text: message.text,
        at: events::instant(message.at).map(|at| at.to_string()).unwrap_or_default(),
        automatic,
        card,
    })
}
