//! One transaction for a batch, in few statements whatever its size.

use crate::app::App;
use crate::app::record::record;
use crate::app::tell_run::record_run;
use crate::domain::conversation::{Change, Conversation};
use crate::domain::form::FormKind;
use crate::domain::ingest::{Action, Begun, Event, Key, Known, Mark, Place, Plan, Refusal, Sent, plan};
use crate::domain::ingest_runs::Runs;
use crate::outbound::postgres::{
    automatic_messages, channel, conversation, counter, ingest, message, rating, run, workflow,
};
use domain::{AuthorRole, ConversationId, Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::{Tenure, Tx};

impl App {
    /// Decides and writes; the outcomes hold once this returns. A fault means that nothing was written.
    pub(super) async fn write(&self, events: &[Event], tenure: Option<&Tenure>) -> Result<Vec<Result<()>>> {
        let workspaces: BTreeSet<&WorkspaceId> = events.iter().map(|event| &event.workspace).collect();
        let mut tx = self
            .store
            .begin_all(&workspaces.into_iter().cloned().collect::<Vec<_>>())
            .await?;
        if let Some(tenure) = tenure
            && !tx.hold(tenure).await?
        {
            return Err(Fault::new(&codes::UNAVAILABLE, "another replica takes events now"));
        }
        let known = load(&mut tx, events, self.now()).await?;
        let mut plan = plan(known, events);
        if plan.outcomes.contains(&Ok(true)) {
            self.save(&mut tx, events, &mut plan).await?;
            let goes_on = self.save_runs(&mut tx, events, &mut plan).await?;
            let form_due = self.close_forms(&mut tx, events, &plan).await?;
            tx.commit().await?;
            self.tell_due(goes_on.or(form_due));
        }
        Ok(plan
            .outcomes
            .into_iter()
            .map(|outcome| outcome.map(|_| ()).map_err(Fault::from))
            .collect())
    }

    async fn save(&self, tx: &mut Tx, events: &[Event], plan: &mut Plan) -> Result<()> {
        if !plan.started.is_empty() {
            let numbers = counter::take(tx, &plan.numbers_needed()).await?;
            plan.number(&numbers);
        }
        self.correct(tx, events, plan).await?;
        // Updates before inserts: of two conversations with one reference, only the newest may bear it.
        let touched = rows(plan, plan.touched.iter());
        if !touched.is_empty() {
            conversation::update(tx, &touched).await?;
        }
        let started = rows(plan, plan.started.iter().map(|begun| &begun.place));
        if !started.is_empty() {
            conversation::insert(tx, &started, None).await?;
        }
        if !plan.messages.is_empty() {
            let messages: Vec<_> = plan
                .messages
                .iter()
                .map(|(workspace, message)| (workspace, message))
                .collect();
            message::insert(tx, &messages).await?;
            rating::insert(tx, &messages).await?;
        }
        for Begun { place, event, reach } in &plan.started {
            let begun = Conversation {
                reach: *reach,
                ..plan.conversations[place].clone()
            };
            let trace = events[*event].trace.as_deref();
            record(tx, &place.0, &Change::Started(Box::new(begun)), trace);
        }
        for (index, change) in &plan.changes {
            record(tx, &events[*index].workspace, change, events[*index].trace.as_deref());
        }
        Ok(())
    }
}

impl App {
    /// Runs of workflows that the batch began or ended, with the forms that these were asking. When the first of them goes on.
    async fn save_runs(&self, tx: &mut Tx, events: &[Event], plan: &mut Plan) -> Result<Option<Timestamp>> {
        let now = self.now();
        let Runs { runs, changed, .. } = &mut plan.runs;
        for place in changed.keys() {
            if let Some(run) = runs.get_mut(place) {
                run.version += 1;
            }
        }
        let written: Vec<_> = changed
            .iter()
            .filter_map(|(place, event)| Some((&place.0, runs.get(place)?, *event)))
            .collect();
        if written.is_empty() {
            return Ok(None);
        }
        let rows: Vec<_> = written.iter().map(|(workspace, run, _)| (*workspace, *run)).collect();
        run::put(tx, &rows, None, now).await?;
        for (workspace, run, event) in &written {
            record_run(tx, workspace, run, now, events[*event].trace.as_deref());
            self.take_back_form_of(tx, workspace, run).await?;
        }
        Ok(written.iter().filter_map(|(_, run, _)| run.due_at(now)).min())
    }

    /// Of conversations with a widget that the batch resolved, or that go on in another one. When a form comes next.
    async fn close_forms(&self, tx: &mut Tx, events: &[Event], plan: &Plan) -> Result<Option<Timestamp>> {
        let mut due = None;
        for (index, change) in &plan.changes {
            if let Change::Resolved { conversation, .. } = change {
                let place = (events[*index].workspace.clone(), *conversation);
                due = self.end_forms(tx, &place.0, &plan.conversations[&place]).await?.or(due);
            }
        }
        for Begun { place, .. } in &plan.started {
            let begun = &plan.conversations[place];
            if let Some(before) = begun.continues.filter(|_| begun.visitor.is_some()) {
                self.withdraw_form(tx, &place.0, before, FormKind::offers_copy).await?;
            }
        }
        Ok(due)
    }

    /// The batch's events were all remembered before it was decided which are accepted: the others are forgotten.
    async fn correct(&self, tx: &mut Tx, events: &[Event], plan: &Plan) -> Result<()> {
        if plan.outcomes.iter().all(Result::is_ok) {
            return Ok(());
        }
        let of = |wanted: fn(&Result<bool, Refusal>) -> bool| -> Vec<Sent<'_>> {
            let events = events.iter().zip(&plan.outcomes);
            events
                .filter(|(_, outcome)| wanted(outcome))
                .map(|(event, _)| event.sent())
                .collect()
        };
        ingest::delete(tx, &of(Result::is_err)).await?;
        // An accepted event may bear the id of one that was refused before it.
        ingest::insert(tx, &of(|outcome| *outcome == Ok(true)), self.now()).await?;
        Ok(())
    }
}

fn rows<'a>(plan: &'a Plan, places: impl Iterator<Item = &'a Place>) -> Vec<(&'a WorkspaceId, &'a Conversation)> {
    places.map(|place| (&place.0, &plan.conversations[place])).collect()
}

/// Remembers an event; false if the same came before. One with other content is refused.
pub async fn remember(tx: &mut Tx, sent: Sent<'_>, now: Timestamp) -> Result<bool> {
    if ingest::insert(tx, &[sent], now).await? == 1 {
        return Ok(true);
    }
    let seen = ingest::seen(tx, &[sent]).await?;
    match seen.values().next() {
        Some(digest) if digest == sent.digest => Ok(false),
        _ => Err(Refusal::ReplayDiffers.into()),
    }
}

fn is_customers(event: &Event) -> bool {
    matches!(&event.action, Action::Message(said) if said.author == AuthorRole::Customer)
}

/// Reads and locks everything that the events name.
async fn load(tx: &mut Tx, events: &[Event], now: Timestamp) -> Result<Known> {
    let marks: BTreeSet<Key> = events
        .iter()
        .filter_map(|event| match &event.action {
            Action::Read(Mark::Foreign(id)) => Some(event.key(id)),
            _ => None,
        })
        .collect();
    let foreign = match marks.is_empty() {
        true => HashMap::new(),
        false => message::find_foreign(tx, &Vec::from_iter(marks)).await?,
    };
    let keys: BTreeSet<Key> = events.iter().map(|event| event.key(&event.reference)).collect();
    let mut references = HashMap::with_capacity(keys.len());
    let mut conversations = HashMap::with_capacity(keys.len());
    for (place, conversation) in conversation::lock_by_reference(tx, &Vec::from_iter(keys)).await? {
        if let Some(key) = conversation::key(&place, &conversation) {
            references.insert(key, place.1);
        }
        conversations.insert(place, conversation);
    }
    let mut places: BTreeSet<Place> = foreign
        .iter()
        .map(|(key, (holder, _))| (key.workspace.clone(), *holder))
        .collect();
    places.extend(
        events
            .iter()
            .filter_map(|event| Some((event.workspace.clone(), ConversationId::parse(&event.reference).ok()?))),
    );
    places.retain(|place| !conversations.contains_key(place));
    if !places.is_empty() {
        conversations.extend(conversation::lock_with_chain(tx, &Vec::from_iter(places)).await?);
    }
    let whole = conversations.iter().all(|((workspace, _), conversation)| {
        conversation
            .continued_by
            .is_none_or(|next| conversations.contains_key(&(workspace.clone(), next)))
    });
    if !whole {
        return Err(Fault::new(
            &codes::CONFLICT,
            "a conversation was continued in between; try again",
        ));
    }
    // After the locks: who held them may have accepted the same events.
    let all: Vec<_> = events.iter().map(Event::sent).collect();
    let new = ingest::insert(tx, &all, now).await?;
    let seen = match new == events.len() {
        true => HashMap::new(),
        false => ingest::seen(tx, &all).await?,
    };
    let wanted: BTreeSet<_> = events
        .iter()
        .filter(|event| !references.contains_key(&event.key(&event.reference)))
        .filter_map(|event| match &event.action {
            Action::Message(said) => Some((event.workspace.clone(), said.channel.clone()?)),
            _ => None,
        })
        .collect();
    let channels = match wanted.is_empty() {
        true => HashMap::new(),
        false => channel::get_many(tx, &Vec::from_iter(wanted)).await?,
    };
    let mut places: BTreeSet<_> = channels.keys().cloned().collect();
    let channels_of_known = conversations.iter().map(|((workspace, _), known)| (workspace, known));
    places.extend(channels_of_known.map(|(workspace, known)| (workspace.clone(), known.channel.clone())));
    let channels_named = Vec::from_iter(places);
    let voices = match events.iter().any(is_customers) {
        true => automatic_messages::voices(tx, &channels_named).await?,
        false => HashMap::new(),
    };
    let runs = Runs {
        runs: match conversations.is_empty() {
            true => HashMap::new(),
            false => run::active(tx, &conversations.keys().cloned().collect::<Vec<_>>()).await?,
        },
        workflows: match events.iter().any(is_customers) {
            true => workflow::of_first_messages(tx, &channels_named).await?,
            false => HashMap::new(),
        },
        changed: BTreeMap::new(),
        now,
    };
    Ok(Known {
        voices,
        runs,
        now,
        conversations,
        references,
        seen,
        channels: channels.into_keys().collect(),
        foreign,
    })
}
