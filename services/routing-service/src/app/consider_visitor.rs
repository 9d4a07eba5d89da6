use super::App;
use crate::domain::channel_routing::{ChannelRouting, Mode};
use crate::domain::invitation::{Invitation, Offer};
use crate::domain::launch::{Launch, LaunchRule};
use crate::domain::{About, VisitedPage};
use crate::outbound::Entrance;
use crate::outbound::postgres::{agent, channel_routing, invitation, visitor_conversation};
use ::domain::{ChannelId, InvitationId, Timestamp, VisitorId, WorkspaceId};
use fault::Result;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::time::Duration;
use store::Tx;

/// Who cannot be served now may be later: nobody is told when an agent comes.
const NOBODY_THERE: Duration = Duration::from_secs(30);
/// Opening hours may be changed while a page is open.
const CLOSED_AT_MOST: Duration = Duration::from_secs(300);
/// Those who asked for help come before those who did not.
const UNASKED: u8 = 8;
/// Longer ago than any rule looks back.
const LONG_AGO: SignedDuration = SignedDuration::from_hours(24 * 366);

/// What to do about a visitor.
#[derive(Debug)]
pub(crate) enum Considered {
    Invited(Box<Invitation>),
    /// Look again after so long on the same page.
    After(Duration),
    /// Not on this page.
    Never,
}

/// A visitor on a page of a channel.
pub(crate) struct Visitor<'a> {
    pub(crate) channel: &'a ChannelId,
    pub(crate) id: VisitorId,
    pub(crate) page: &'a VisitedPage,
}

impl App {
    /// The invitation that a visitor has, or gets by this.
    pub(crate) async fn consider_visitor(&self, workspace: &WorkspaceId, visitor: &Visitor<'_>) -> Result<Considered> {
        visitor.page.check()?;
        let mut tx = self.store.begin(workspace).await?;
        let decided = self.decide(&mut tx, workspace, visitor).await?;
        drop(tx);
        if let Err(considered) = decided {
            return Ok(considered);
        }
        if self.is_in_conversation(workspace, visitor.id).await? {
            return Ok(Considered::Never);
        }
        let entrance = self.conversations.get_channel(workspace, visitor.channel).await?;
        if let Some(wait) = self.closed_for(workspace, &entrance).await? {
            return Ok(Considered::After(wait));
        }
        // Not under the queue's lock: while nobody is there, every visitor of a page asks.
        let mut tx = self.store.begin(workspace).await?;
        if !agent::is_anybody_available(&mut tx, workspace, entrance.team.as_ref(), entrance.language).await? {
            return Ok(Considered::After(NOBODY_THERE));
        }
        drop(tx);
        self.invite(workspace, visitor, entrance).await
    }

    /// Makes the invitation, unless something else was decided meanwhile.
    async fn invite(&self, workspace: &WorkspaceId, visitor: &Visitor<'_>, entrance: Entrance) -> Result<Considered> {
        let mut tx = self.begin_queue(workspace).await?;
        let (routing, rule) = match self.decide(&mut tx, workspace, visitor).await? {
            Ok(decided) => decided,
            Err(considered) => return Ok(considered),
        };
        if visitor_conversation::exists(&mut tx, workspace, visitor.id).await? {
            return Ok(Considered::Never);
        }
        let mut made = Invitation::offer(Offer {
            id: InvitationId::generate(self.store.entropy()),
            channel: visitor.channel.clone(),
            visitor: visitor.id,
            mode: routing.mode,
            rule: rule.name,
            greeting: rule.greeting,
            answer_within: SignedDuration::from_secs(routing.answer_seconds.into()),
            at: self.now(),
        });
        invitation::insert(&mut tx, workspace, &mut made).await?;
        if made.mode == Mode::WithoutInvitation {
            let about = About {
                visitor: Some(visitor.id),
                invitation: Some(made.id),
                page: Some(visitor.page.clone()),
                ..About::default()
            };
            let request = entrance.request(about, UNASKED, &routing);
            self.enqueue(&mut tx, workspace, request).await?;
            // Its request moved it on.
            made = invitation::get(&mut tx, workspace, made.id).await?.unwrap_or(made);
        }
        self.commit_queue(tx, workspace).await?;
        made.expires_at.into_iter().for_each(|at| self.store.due_at(at));
        Ok(Considered::Invited(Box::new(made)))
    }

    /// The rule that asks the visitor now; otherwise what else there is to do.
    async fn decide(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        visitor: &Visitor<'_>,
    ) -> Result<std::result::Result<(ChannelRouting, LaunchRule), Considered>> {
        let (routing, _) = channel_routing::get(tx, workspace, visitor.channel).await?;
        let is_off = routing.mode == Mode::Off;
        if let Some(open) = invitation::get_open(tx, workspace, visitor.id).await?
            && !(is_off && open.is_question())
        {
            return Ok(Err(Considered::Invited(Box::new(open))));
        }
        if is_off {
            return Ok(Err(Considered::Never));
        }
        let now = self.now();
        let since = now.checked_sub(LONG_AGO).unwrap_or(Timestamp::MIN);
        let whom = (visitor.channel, visitor.id);
        let asked = invitation::asked(tx, workspace, whom, (since, day_of(now))).await?;
        let launch = match routing.launch(&visitor.page.visit(), &asked, now) {
            Launch::Now(rule) => Ok(rule.clone()),
            Launch::After(wait) => Err(Considered::After(wait)),
            Launch::Never => Err(Considered::Never),
        };
        Ok(launch.map(|rule| (routing, rule)))
    }

    /// Is the visitor in a conversation that is not resolved? One that was is forgotten, if nobody told so.
    async fn is_in_conversation(&self, workspace: &WorkspaceId, visitor: VisitorId) -> Result<bool> {
        let mut tx = self.store.begin(workspace).await?;
        let open = visitor_conversation::list(&mut tx, workspace, visitor).await?;
        drop(tx);
        for conversation in open {
            let found = self.conversations.get_conversation(workspace, conversation).await?;
            if !found.is_resolved {
                return Ok(true);
            }
            let mut tx = self.store.begin(workspace).await?;
            visitor_conversation::delete(&mut tx, workspace, conversation).await?;
            tx.commit().await?;
        }
        Ok(false)
    }

    /// How long the team of a channel stays closed; `None`: it is open.
    async fn closed_for(&self, workspace: &WorkspaceId, entrance: &Entrance) -> Result<Option<Duration>> {
        let Some(team) = &entrance.team else { return Ok(None) };
        let opening = self.conversations.get_opening(workspace, team, self.now()).await?;
        if opening.is_open {
            return Ok(None);
        }
        let until = opening.until.map(|until| until.duration_since(self.now()));
        let wait = until.and_then(|wait| Duration::try_from(wait).ok());
        Ok(Some(wait.map_or(CLOSED_AT_MOST, |wait| {
            wait.clamp(NOBODY_THERE, CLOSED_AT_MOST)
        })))
    }
}

/// The beginning of a UTC day.
fn day_of(now: Timestamp) -> Timestamp {
    let day = now.to_zoned(TimeZone::UTC).start_of_day();
    day.map_or(now, |day| day.timestamp())
}
