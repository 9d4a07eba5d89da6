use super::edge::lock;
use crate::domain::session::Session;
use crate::domain::token::TokenHash;
use domain::{AgentId, ConversationId, WorkspaceId};
use fault::{Fault, Result, codes};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Every open socket of this process: how many there are of whom, and whom to wake when something is said.
pub struct Hub {
    per_address: u32,
    per_workspace: u32,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    addresses: HashMap<IpAddr, u32>,
    workspaces: HashMap<WorkspaceId, u32>,
    conversations: HashMap<(WorkspaceId, ConversationId), Vec<Arc<Bell>>>,
    sessions: HashMap<(WorkspaceId, TokenHash), Vec<Arc<Bell>>>,
    agents: HashMap<(WorkspaceId, AgentId), Vec<Arc<Bell>>>,
}

/// A socket's bell. A ring is never lost, and two are as good as one.
#[derive(Default)]
pub struct Bell {
    newest: AtomicU64,
    moved: AtomicBool,
    rung: Notify,
}

impl Bell {
    /// Resolves when something may have happened.
    pub async fn rung(&self) {
        self.rung.notified().await;
    }

    /// True if the session entered another conversation, or something else than messages changed in it, since this was last
    /// asked.
    pub fn take_moved(&self) -> bool {
        self.moved.swap(false, Ordering::AcqRel)
    }

    /// Highest sequence that a hint named in the present conversation.
    pub fn newest(&self) -> u64 {
        self.newest.load(Ordering::Acquire)
    }
}

impl Hub {
    pub fn new(per_address: u32, per_workspace: u32) -> Arc<Self> {
        Arc::new(Self {
            per_address,
            per_workspace,
            held: Mutex::default(),
        })
    }

    /// Room for a socket that has not said yet whose it is. RATE_LIMITED where the address has too many.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Slot> {
        count(&mut lock(&self.held).addresses, address, self.per_address, "address")?;
        Ok(Slot {
            hub: self.clone(),
            address,
        })
    }

    /// A place for a session's socket. RATE_LIMITED where the workspace has too many.
    pub fn seat(self: &Arc<Self>, session: &Session) -> Result<Seat> {
        let place = self.place(&session.workspace)?;
        let bell = Arc::new(Bell::default());
        let key = (session.workspace.clone(), session.hash);
        lock(&self.held).sessions.entry(key).or_default().push(bell.clone());
        let mut seat = Seat {
            place,
            session: session.hash,
            conversation: None,
            bell,
        };
        if let Some(conversation) = session.conversation {
            seat.enter(conversation);
        }
        Ok(seat)
    }

    /// A place for an agent's console. RATE_LIMITED where the workspace has too many.
    pub fn chair(self: &Arc<Self>, workspace: &WorkspaceId, agent: &AgentId) -> Result<Chair> {
        let place = self.place(workspace)?;
        let bell = Arc::new(Bell::default());
        let key = (workspace.clone(), agent.clone());
        lock(&self.held).agents.entry(key).or_default().push(bell.clone());
        Ok(Chair {
            place,
            agent: agent.clone(),
            bell,
        })
    }

    fn place(self: &Arc<Self>, workspace: &WorkspaceId) -> Result<Place> {
        let mut held = lock(&self.held);
        count(&mut held.workspaces, workspace.clone(), self.per_workspace, "workspace")?;
        Ok(Place {
            hub: self.clone(),
            workspace: workspace.clone(),
        })
    }

    /// A message of this sequence was posted: wakes the sockets in that conversation.
    pub fn posted(&self, workspace: &WorkspaceId, conversation: ConversationId, seq: u64) {
        let held = lock(&self.held);
        for bell in held
            .conversations
            .get(&(workspace.clone(), conversation))
            .into_iter()
            .flatten()
        {
            bell.newest.fetch_max(seq, Ordering::AcqRel);
            bell.rung.notify_one();
        }
    }

    /// Something other than a message changed in this conversation: its sockets look at everything.
    pub fn changed(&self, workspace: &WorkspaceId, conversation: ConversationId) {
        let held = lock(&self.held);
        let bells = held.conversations.get(&(workspace.clone(), conversation));
        for bell in bells.into_iter().flatten() {
            bell.moved.store(true, Ordering::Release);
            bell.rung.notify_one();
        }
    }

    /// An agent is reminded of something: wakes their consoles.
    pub fn reminded(&self, workspace: &WorkspaceId, agent: &AgentId) {
        let held = lock(&self.held);
        let bells = held.agents.get(&(workspace.clone(), agent.clone()));
        for bell in bells.into_iter().flatten() {
            bell.rung.notify_one();
        }
    }

    /// A session entered another conversation: wakes its other sockets.
    pub fn moved(&self, session: &Session, by: &Seat) {
        let held = lock(&self.held);
        let bells = held.sessions.get(&(session.workspace.clone(), session.hash));
        for bell in bells.into_iter().flatten().filter(|bell| !Arc::ptr_eq(bell, &by.bell)) {
            bell.moved.store(true, Ordering::Release);
            bell.rung.notify_one();
        }
    }
}

fn count<K: Eq + Hash>(counts: &mut HashMap<K, u32>, key: K, most: u32, whose: &str) -> Result<()> {
    let count = counts.entry(key).or_default();
    if *count >= most {
        return Err(Fault::new(
            &codes::RATE_LIMITED,
            format!("this {whose} has {most} open sockets already; close some, or try again later"),
        ));
    }
    *count += 1;
    Ok(())
}

fn discount<K: Eq + Hash>(counts: &mut HashMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

fn forget<K: Eq + Hash>(bells: &mut HashMap<K, Vec<Arc<Bell>>>, key: &K, bell: &Arc<Bell>) {
    if let Some(held) = bells.get_mut(key) {
        held.retain(|other| !Arc::ptr_eq(other, bell));
        if held.is_empty() {
            bells.remove(key);
        }
    }
}

/// Counts a socket against its address until dropped.
pub struct Slot {
    hub: Arc<Hub>,
    address: IpAddr,
}

impl Drop for Slot {
    fn drop(&mut self) {
        discount(&mut lock(&self.hub.held).addresses, &self.address);
    }
}

/// Counts a socket against its workspace until dropped.
struct Place {
    hub: Arc<Hub>,
    workspace: WorkspaceId,
}

impl Drop for Place {
    fn drop(&mut self) {
        discount(&mut lock(&self.hub.held).workspaces, &self.workspace);
    }
}

/// Keeps an agent's console known until dropped.
pub struct Chair {
    place: Place,
    agent: AgentId,
    bell: Arc<Bell>,
}

impl Chair {
    pub fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }
}

impl Drop for Chair {
    fn drop(&mut self) {
        let mut held = lock(&self.place.hub.held);
        let key = (self.place.workspace.clone(), self.agent.clone());
        forget(&mut held.agents, &key, &self.bell);
    }
}

/// Keeps a session's socket known until dropped.
pub struct Seat {
    place: Place,
    session: TokenHash,
    conversation: Option<ConversationId>,
    bell: Arc<Bell>,
}

impl Seat {
    pub fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// From now on rings for this conversation, and for no other.
    pub fn enter(&mut self, conversation: ConversationId) {
        if self.conversation == Some(conversation) {
            return;
        }
        let hub = self.place.hub.clone();
        let mut held = lock(&hub.held);
        self.leave(&mut held);
        self.bell.newest.store(0, Ordering::Release);
        let key = (self.place.workspace.clone(), conversation);
        held.conversations.entry(key).or_default().push(self.bell.clone());
        self.conversation = Some(conversation);
    }

    fn leave(&mut self, held: &mut Held) {
        if let Some(conversation) = self.conversation.take() {
            forget(
                &mut held.conversations,
                &(self.place.workspace.clone(), conversation),
                &self.bell,
            );
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let hub = self.place.hub.clone();
        let mut held = lock(&hub.held);
        self.leave(&mut held);
        let key = (self.place.workspace.clone(), self.session);
        forget(&mut held.sessions, &key, &self.bell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{ChannelId, Timestamp, VisitorId};
    use futures::FutureExt;
    use uuid::Uuid;

    fn session(n: u8, conversation: Option<u128>) -> Session {
        Session {
            workspace: WorkspaceId::parse("acme").expect("a slug"),
            hash: [n; 32],
            visitor: VisitorId(Uuid::nil()),
            channel: ChannelId::parse("web").expect("a slug"),
            conversation: conversation.map(|id| ConversationId(Uuid::from_u128(id))),
            scope: None,
            contact: None,
            expires_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn room_is_bounded_and_given_back() {
        let hub = Hub::new(2, 1);
        let address = IpAddr::from([127, 0, 0, 1]);
        let slots = [hub.admit(address), hub.admit(address)];
        assert!(slots.iter().all(Result::is_ok) && hub.admit(address).is_err());
        drop(slots);
        assert!(hub.admit(address).is_ok());
        let seat = hub.seat(&session(1, None)).expect("room");
        assert!(hub.seat(&session(2, None)).is_err());
        drop(seat);
        assert!(hub.seat(&session(2, Some(1))).is_ok());
        let held = lock(&hub.held);
        assert!(held.addresses.is_empty() && held.workspaces.is_empty());
        assert!(held.sessions.is_empty() && held.conversations.is_empty());
    }

    #[test]
    fn a_hint_reaches_the_conversation_it_names() {
        let hub = Hub::new(9, 9);
        let workspace = session(1, None).workspace;
        let id = |n| ConversationId(Uuid::from_u128(n));
        let (mut a, b) = (
            hub.seat(&session(1, Some(1))).expect("room"),
            hub.seat(&session(2, Some(2))).expect("room"),
        );
        hub.posted(&workspace, id(1), 5);
        hub.posted(&workspace, id(1), 4);
        assert_eq!((a.bell().newest(), b.bell().newest()), (5, 0));
        a.enter(id(2));
        hub.posted(&workspace, id(1), 9);
        hub.posted(&workspace, id(2), 1);
        assert_eq!((a.bell().newest(), b.bell().newest()), (1, 1));
    }

    #[test]
    fn a_change_reaches_every_socket_of_the_conversation() {
        let hub = Hub::new(9, 9);
        let workspace = session(1, None).workspace;
        let seats = [1, 2].map(|n| hub.seat(&session(n, Some(1))).expect("room"));
        let other = hub.seat(&session(3, Some(2))).expect("room");
        hub.changed(&workspace, ConversationId(Uuid::from_u128(1)));
        assert!(seats.iter().all(|seat| seat.bell().take_moved()) && !other.bell().take_moved());
    }

    #[tokio::test]
    async fn a_reminder_reaches_the_agents_own_consoles() {
        let hub = Hub::new(9, 9);
        let workspace = session(1, None).workspace;
        let agent = |slug| AgentId::parse(slug).expect("a slug");
        let chairs = ["ann", "ann", "bob"].map(|slug| hub.chair(&workspace, &agent(slug)).expect("room"));
        hub.reminded(&workspace, &agent("ann"));
        let mut rung = Vec::new();
        for chair in &chairs {
            rung.push(chair.bell().rung().now_or_never().is_some());
        }
        assert_eq!(rung, [true, true, false]);
        drop(chairs);
        let held = lock(&hub.held);
        assert!(held.agents.is_empty() && held.workspaces.is_empty());
    }

    #[test]
    fn a_move_reaches_the_other_tabs_of_the_session() {
        let hub = Hub::new(9, 9);
        let of = session(1, None);
        let (a, b) = (hub.seat(&of).expect("room"), hub.seat(&of).expect("room"));
        let other = hub.seat(&session(2, None)).expect("room");
        hub.moved(&of, &a);
        assert!(!a.bell().take_moved() && b.bell().take_moved() && !other.bell().take_moved());
        assert!(!b.bell().take_moved(), "asked once");
    }
}
