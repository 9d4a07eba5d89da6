//! What other services tell.

use crate::app::{App, Started};
use crate::domain::Membership;
use ::domain::{AgentId, ChannelId, ContactId, ConversationId, TeamId, VisitorId};
use bus::{ConsumerSpec, Handler};
use events::common::{AuthorRole, PresenceCause, PresenceState};
use events::event::{
    ConversationHandedOver, ConversationResolved, ConversationStarted, ConversationTakenOver, MembershipChanged,
    OpeningHoursChanged, VisitorPresenceChanged,
};
use events::{Received, fact_filter, instant};
use fault::{Fault, Result};

/// The consumer of everything that is told to this service.
pub(crate) fn spec() -> ConsumerSpec {
    ConsumerSpec::facts(
        "routing",
        vec![
            fact_filter::<ConversationHandedOver>(),
            fact_filter::<ConversationResolved>(),
            fact_filter::<ConversationStarted>(),
            fact_filter::<ConversationTakenOver>(),
            fact_filter::<MembershipChanged>(),
            fact_filter::<OpeningHoursChanged>(),
            fact_filter::<VisitorPresenceChanged>(),
        ],
    )
}

/// Hands each fact to its use case. Versions and states count, so repetition changes nothing; who took over is remembered by event.
pub(crate) struct Facts(pub(crate) App);

impl Handler for Facts {
    async fn handle(&self, message: Received) -> Result<()> {
        let (app, workspace) = (&self.0, message.workspace());
        if message.is::<VisitorPresenceChanged>() {
            let fact: VisitorPresenceChanged = message.decode()?;
            let visitor = VisitorId::parse(&fact.visitor)?;
            let is_connected = fact.state() != PresenceState::Offline;
            app.note_console(workspace, visitor, is_connected, (fact.epoch, fact.version))
                .await?;
            // Who is only idle, or has the page hidden, is still waiting.
            match fact.cause() {
                PresenceCause::Idle | PresenceCause::Hidden => Ok(()),
                _ if is_connected => Ok(()),
                _ => {
                    let since = instant(fact.since).ok_or_else(|| Fault::invalid("since", "is no moment"))?;
                    app.note_visitor_left(workspace, visitor, since).await
                }
            }
        } else if message.is::<ConversationStarted>() {
            let fact: ConversationStarted = message.decode()?;
            let started = Started {
                conversation: ConversationId::parse(&fact.conversation)?,
                channel: ChannelId::parse(&fact.channel)?,
                visitor: VisitorId::parse_optional(&fact.visitor)?,
                contact: ContactId::parse_optional(&fact.contact)?,
                team: TeamId::parse_optional(&fact.team)?,
                by_customer: fact.opened_by() == AuthorRole::Customer,
            };
            app.note_started(workspace, &started).await
        } else if message.is::<ConversationTakenOver>() {
            let fact: ConversationTakenOver = message.decode()?;
            let (conversation, agent) = (ConversationId::parse(&fact.conversation)?, AgentId::parse(&fact.agent)?);
            app.note_taken_over(workspace, conversation, (&agent, &message.id))
                .await
        } else if message.is::<ConversationHandedOver>() {
            let fact: ConversationHandedOver = message.decode()?;
            let (conversation, team) = (ConversationId::parse(&fact.conversation)?, TeamId::parse(&fact.team)?);
            app.note_handed_over(workspace, conversation, (&team, &message.id))
                .await
        } else if message.is::<MembershipChanged>() {
            let fact: MembershipChanged = message.decode()?;
            let teams = fact.teams.iter().map(|team| Ok(TeamId::parse(team)?));
            let told = Membership {
                teams: teams.collect::<Result<_>>()?,
                version: fact.version,
            };
            app.note_membership(workspace, &AgentId::parse(&fact.agent)?, &told)
                .await
        } else if message.is::<OpeningHoursChanged>() {
            let fact: OpeningHoursChanged = message.decode()?;
            app.note_opening(workspace, &TeamId::parse(&fact.team)?).await
        } else if message.is::<ConversationResolved>() {
            let fact: ConversationResolved = message.decode()?;
            app.note_resolved(workspace, ConversationId::parse(&fact.conversation)?)
                .await
        } else {
            Err(Fault::invalid("subject", "is not a fact that this consumer asked for"))
        }
    }
}
