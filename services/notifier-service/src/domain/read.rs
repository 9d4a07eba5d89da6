//! Facts of other services in the words of this one; the service and the simulation read them here.

use super::{Continued, Ended, Presence, Reach, Started};
use domain::{AddressId, ChannelId, ContactId, ConversationId, Invalid, VisitorId};
use events::event::{ConversationReachable, ConversationResolved, ConversationStarted, VisitorPresenceChanged};
use events::{instant, role};

/// How a conversation began, and the contact data it began with.
pub fn read_started(fact: &ConversationStarted) -> Result<(Started, Reach), Invalid> {
    let reach = Reach {
        version: 0,
        at: instant(fact.at).ok_or_else(no_moment)?,
        contact: ContactId::parse_optional(&fact.contact)?,
        phone: AddressId::parse_optional(&fact.phone_address)?,
        email: AddressId::parse_optional(&fact.email_address)?,
    };
    let continues = ConversationId::parse_optional(&fact.continues).map_err(|wrong| wrong.of("continues"))?;
    let started = Started {
        number: fact.number,
        channel: ChannelId::parse(&fact.channel)?,
        visitor: VisitorId::parse_optional(&fact.visitor)?,
        opened_by: role(fact.opened_by).ok_or_else(|| Invalid::new("opened_by", "is not a known role"))?,
        at: reach.at,
        continues: continues.map(|conversation| Continued {
            conversation,
            phone: reach.phone,
        }),
    };
    Ok((started, reach))
}

/// Contact data that the customer gave later.
pub fn read_reach(fact: &ConversationReachable) -> Result<Reach, Invalid> {
    Ok(Reach {
        version: fact.version,
        at: instant(fact.at).ok_or_else(no_moment)?,
        contact: ContactId::parse_optional(&fact.contact)?,
        phone: AddressId::parse_optional(&fact.phone_address)?,
        email: AddressId::parse_optional(&fact.email_address)?,
    })
}

/// How a conversation ended; `None` where that was not told.
pub fn read_end(fact: &ConversationResolved) -> Option<Ended> {
    let up_to = Some(fact.last_seq).filter(|seq| *seq > 0)?;
    Some(Ended {
        up_to,
        at: instant(fact.at)?,
    })
}

/// How a visitor is now.
pub fn read_presence(fact: &VisitorPresenceChanged) -> Result<Presence, Invalid> {
    let state = fact.state().known();
    Ok(Presence {
        state: Some(state.ok_or_else(|| Invalid::new("state", "is not a known state"))?),
        cause: fact.cause().known(),
        since: instant(fact.since),
        epoch: fact.epoch,
        version: fact.version,
    })
}

fn no_moment() -> Invalid {
    Invalid::new("at", "is missing")
}
