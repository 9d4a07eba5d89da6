//! A whole queue in memory, moved by chance: what the service does with indexes is done here by looking at everybody.

use super::request::seconds;
use super::*;
use ::domain::{AgentId, ChannelId, Language, RequestId, TeamId, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

const ALERT_SECONDS: u32 = 30;

#[derive(Debug, Clone)]
enum Step {
    /// Team, language, priority; which agent served them last, if any.
    Come(usize, usize, u8, usize),
    Say(usize, usize),
    Connect(usize, bool),
    Capacity(usize, u32),
    Accept(usize),
    Decline(usize),
    Answer(usize, usize),
    Assign(usize, usize),
    Transfer(usize, usize),
    Resolve(usize),
    Leave(usize),
    Pass(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..1_000usize;
    prop_oneof![
        4 => (0..3usize, 0..3usize, 1..4u8, number.clone()).prop_map(|(team, language, priority, last)| Step::Come(team, language, priority, last)),
        3 => (number.clone(), 0..4usize).prop_map(|(agent, word)| Step::Say(agent, word)),
        1 => (number.clone(), any::<bool>()).prop_map(|(agent, is)| Step::Connect(agent, is)),
        1 => (number.clone(), 0..4u32).prop_map(|(agent, chats)| Step::Capacity(agent, chats)),
        4 => number.clone().prop_map(Step::Accept),
        2 => number.clone().prop_map(Step::Decline),
        1 => (number.clone(), number.clone()).prop_map(|(request, agent)| Step::Answer(request, agent)),
        1 => (number.clone(), number.clone()).prop_map(|(request, to)| Step::Assign(request, to)),
        1 => (number.clone(), number.clone()).prop_map(|(request, to)| Step::Transfer(request, to)),
        2 => number.clone().prop_map(Step::Resolve),
        1 => number.prop_map(Step::Leave),
        3 => (0..40u32).prop_map(Step::Pass),
    ]
}

struct Model {
    now: Timestamp,
    agents: Vec<Agent>,
    requests: Vec<Request>,
}

impl Model {
    fn new() -> Self {
        let team = |slug: &str| TeamId::parse(slug).expect("a slug");
        let agent = |slug: &str, teams: &[&str], languages: &[Language]| Agent {
            teams: teams.iter().map(|slug| team(slug)).collect(),
            languages: languages.to_vec(),
            loads: [(Kind::Web, Load { capacity: 2, in_use: 0 })].into(),
            ..Agent::first(
                AgentId::parse(slug).expect("a slug"),
                Availability::Offline,
                Timestamp::UNIX_EPOCH,
            )
        };
        Self {
            now: Timestamp::UNIX_EPOCH,
            agents: vec![
                agent("ann", &["sales"], &[]),
                agent("bob", &["sales", "support"], &[Language::English]),
                agent("cat", &["support"], &[Language::English, Language::Polish]),
                agent("dan", &[], &[Language::Polish]),
            ],
            requests: Vec::new(),
        }
    }

    /// Agents by id, so that what they hold is counted from the requests and nothing else.
    fn count(&mut self) {
        for agent in &mut self.agents {
            let held = self
                .requests
                .iter()
                .filter(|one| one.counts_for() == Some(&agent.id))
                .count();
            if let Some(load) = agent.loads.get_mut(&Kind::Web) {
                load.in_use = u32::try_from(held).expect("few");
            }
        }
    }

    fn write(&mut self, moved: &Moved) {
        let alerted = matches!(moved.after.state, State::Alerted { .. });
        if let Some(agent) = moved.after.agent().filter(|_| alerted) {
            let agent = self.agents.iter().find(|one| one.id == *agent).expect("known");
            // Of those whose time ends at this very moment some are looked at before others.
            let overtaken = self.requests.iter().find(|one| {
                one.place() < moved.after.place() && one.alert(agent, self.now).is_some() && !one.is_due_since(self.now)
            });
            assert_eq!(overtaken, None, "overtaken by {:?}", moved.after);
        }
        match self.requests.iter().position(|one| one.id == moved.after.id) {
            Some(index) => {
                assert_eq!(
                    self.requests[index].version + 1,
                    moved.after.version,
                    "each version once"
                );
                self.requests[index] = moved.after.clone();
            }
            None => self.requests.push(moved.after.clone()),
        }
        self.count();
        let over = |agent: &&Agent| agent.loads[&Kind::Web].in_use > agent.loads[&Kind::Web].capacity;
        if let Some(agent) = moved.after.agent().filter(|_| alerted) {
            let agent = self.agents.iter().find(|one| one.id == *agent).expect("known");
            assert!(!over(&agent) && agent.is_open(), "alerted beyond capacity: {agent:?}");
        }
    }

    fn carry_out(&mut self, moved: Option<Moved>) {
        let Some(moved) = moved else { return };
        self.write(&moved);
        if let Some(agent) = moved.freed() {
            self.offer(agent);
        }
        self.place(moved.after.id);
    }

    fn place(&mut self, id: RequestId) {
        let request = self.requests.iter().find(|one| one.id == id).expect("known").clone();
        if let Some(moved) = self.agents.iter().find_map(|agent| request.alert(agent, self.now)) {
            self.write(&moved);
        }
    }

    fn offer(&mut self, id: &AgentId) {
        loop {
            let agent = self.agents.iter().find(|one| one.id == *id).expect("known").clone();
            let mut fitting: Vec<&Request> = self
                .requests
                .iter()
                .filter(|one| one.alert(&agent, self.now).is_some())
                .collect();
            fitting.sort_by_key(|one| one.place());
            let Some(moved) = fitting.first().and_then(|one| one.alert(&agent, self.now)) else {
                return;
            };
            self.write(&moved);
        }
    }

    fn follow(&mut self, index: usize) {
        let agent = self.agents[index].clone();
        if !agent.is_gone() {
            return self.offer(&agent.id);
        }
        let held: Vec<Request> = self
            .requests
            .iter()
            .filter(|one| one.agent() == Some(&agent.id))
            .cloned()
            .collect();
        let is_kept = |one: &&Request| {
            one.state == State::Waiting && one.kept.as_ref().is_some_and(|kept| kept.agent == agent.id)
        };
        let kept: Vec<Request> = self.requests.iter().filter(is_kept).cloned().collect();
        let mut lost: Vec<Request> = Vec::new();
        let moves = held.iter().filter_map(Request::lose);
        for moved in moves.chain(kept.iter().filter_map(Request::let_go)) {
            self.write(&moved);
            lost.push(moved.after);
        }
        lost.sort_by_key(Request::place);
        lost.iter().for_each(|one| self.place(one.id));
    }

    fn take(&mut self, step: Step) {
        let (now, count) = (self.now, self.agents.len());
        let pick =
            |number: usize| (!self.requests.is_empty()).then(|| self.requests[number % self.requests.len()].clone());
        let agent = |number: usize| self.agents[number % count].id.clone();
        match step {
            Step::Come(team, language, priority, last) => self.come(team, language, priority, last),
            Step::Say(number, word) => {
                let said = [
                    Availability::Available,
                    Availability::Busy,
                    Availability::Away,
                    Availability::Offline,
                ][word];
                if let Some(after) = self.agents[number % count].set_availability(said, now) {
                    self.agents[number % count] = after;
                    self.follow(number % count);
                }
            }
            Step::Connect(number, is_connected) => {
                if self.agents[number % count].is_connected != is_connected {
                    self.agents[number % count].is_connected = is_connected;
                    self.follow(number % count);
                }
            }
            Step::Capacity(number, capacity) => {
                let id = agent(number);
                self.agents[number % count]
                    .loads
                    .get_mut(&Kind::Web)
                    .expect("known")
                    .capacity = capacity;
                self.offer(&id);
            }
            Step::Accept(number) => {
                let moved = pick(number).and_then(|one| one.accept(one.agent()?, now).ok().flatten());
                self.carry_out(moved);
            }
            Step::Decline(number) => {
                let moved = pick(number).and_then(|one| one.decline(one.agent()?, now).ok().flatten());
                self.carry_out(moved);
            }
            Step::Answer(number, by) => {
                let moved = pick(number).and_then(|one| one.answer(&agent(by), now));
                self.carry_out(moved);
            }
            Step::Assign(number, to) => {
                let to = match to % 4 {
                    0 => Assignee::Nobody,
                    1 => Assignee::Team(TeamId::parse("sales").expect("a slug")),
                    2 => Assignee::Admin(agent(to)),
                    _ => Assignee::Agent(agent(to)),
                };
                let moved = pick(number).and_then(|one| one.assign(to, None, now).ok().flatten());
                self.carry_out(moved);
            }
            Step::Transfer(number, to) => {
                let to = agent(to);
                let moved = pick(number).and_then(|one| {
                    let from = one.agent()?;
                    (to != *from)
                        .then(|| one.transfer(from, Recipient::Agent(to.clone()), now).ok())
                        .flatten()
                });
                self.carry_out(moved);
            }
            Step::Resolve(number) => self.carry_out(pick(number).and_then(|one| one.resolve())),
            Step::Leave(number) => self.carry_out(pick(number).and_then(|one| one.withdraw(Cause::VisitorLeft))),
            Step::Pass(time) => self.pass(time),
        }
    }

    fn come(&mut self, team: usize, language: usize, priority: u8, last: usize) {
        let id = RequestId(Uuid::from_u128(self.requests.len() as u128));
        let teams = [None, Some("sales"), Some("support")];
        let new = NewRequest {
            need: Need {
                channel: ChannelId::parse("web").expect("a slug"),
                kind: Kind::Web,
                team: teams[team].map(|slug| TeamId::parse(slug).expect("a slug")),
                language: [None, Some(Language::English), Some(Language::Polish)][language],
            },
            about: About::default(),
            priority,
            alert_seconds: ALERT_SECONDS,
            last_agent_seconds: 0,
        };
        // One in five knows somebody.
        let kept = last.is_multiple_of(5).then(|| Kept {
            agent: self.agents[last % self.agents.len()].id.clone(),
            until: self.now + seconds(20),
        });
        self.carry_out(Some(Request::queued(id, new, kept, self.now)));
    }

    /// Time goes from timer to timer, as each is armed.
    fn pass(&mut self, time: u32) {
        let end = self.now + seconds(time);
        loop {
            let due = self
                .requests
                .iter()
                .filter_map(|one| Some((one.due_at(self.now)?, one.id)));
            let Some((at, id)) = due.filter(|(at, _)| *at <= end).min() else {
                break;
            };
            self.now = at;
            let ids: Vec<RequestId> = self
                .requests
                .iter()
                .filter(|one| one.is_due_since(at))
                .map(|one| one.id)
                .collect();
            debug_assert!(ids.contains(&id));
            for id in ids {
                let request = self.requests.iter().find(|one| one.id == id).expect("known").clone();
                match request.miss(at) {
                    Some(moved) => self.carry_out(Some(moved)),
                    None => self.place(id),
                }
            }
        }
        self.now = end;
    }

    /// What holds whenever nothing is going on.
    fn check(&self) {
        for request in self.requests.iter().filter(|one| one.state == State::Waiting) {
            let free = self.agents.iter().find(|agent| request.fits(agent, self.now));
            assert_eq!(free, None, "waits while somebody is free: {request:?}");
        }
        for agent in self.agents.iter().filter(|agent| agent.is_gone()) {
            let alerted = self
                .requests
                .iter()
                .find(|one| matches!(&one.state, State::Alerted { agent: alerted, .. } if *alerted == agent.id));
            assert_eq!(alerted, None, "asked of who is gone");
        }
    }
}

impl Request {
    fn is_due_since(&self, at: Timestamp) -> bool {
        let ends = self
            .passes
            .iter()
            .map(|pass| pass.until)
            .chain(self.kept.iter().map(|kept| kept.until));
        match &self.state {
            State::Alerted { until, .. } => *until <= at,
            State::Waiting => ends.into_iter().any(|end| end == at),
            State::Serving(_) | State::Done | State::Resolved => false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn nobody_waits_while_somebody_free_fits_and_nobody_is_asked_beyond_capacity(steps in prop::collection::vec(step(), 1..80)) {
        let mut model = Model::new();
        for step in steps {
            model.take(step);
            model.check();
        }
    }

    #[test]
    fn an_agent_who_gets_room_is_given_the_first_of_those_who_fit(steps in prop::collection::vec(step(), 1..60), number in 0..4usize) {
        let mut model = Model::new();
        for step in steps {
            model.take(step);
        }
        let index = number % model.agents.len();
        let before = model.requests.clone();
        model.agents[index].is_connected = true;
        model.agents[index].availability = Availability::Available;
        model.agents[index].loads.insert(Kind::Web, Load { capacity: 100, in_use: 0 });
        model.count();
        let agent = model.agents[index].clone();
        model.offer(&agent.id);
        let given = |one: &&Request| model.requests.iter().any(|after| after.id == one.id && after.version > one.version);
        let mut fitting: Vec<&Request> = before.iter().filter(|one| one.alert(&agent, model.now).is_some()).collect();
        fitting.sort_by_key(|one| one.place());
        let room = usize::try_from(100 - agent.loads[&Kind::Web].in_use).expect("few");
        prop_assert!(fitting.iter().take(room).all(given));
        prop_assert_eq!(before.iter().filter(given).count(), fitting.len().min(room));
    }
}
