//! The legs of an export of a person, and the token that says where one is.

use domain::{ConversationId, Invalid};
use std::fmt;

/// Where an export is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leg {
    /// What is kept here, from a place on.
    Contacts(u32),
    /// What the person's addresses opted out of.
    OptOuts,
    /// Of the conversations after one (none: the first ones) what was said, at a page of their owner's.
    Words(Option<ConversationId>, String),
    /// Of the same conversations what was sent because of them.
    FollowUps(Option<ConversationId>, String),
    /// Of the same conversations who had them, and what their visitors were asked.
    Requests(Option<ConversationId>, String),
    /// Of the same conversations when their visitors were last there.
    Visits(Option<ConversationId>),
}

impl Leg {
    /// Reads the token of a page.
    pub fn parse(token: &str) -> Result<Self, Invalid> {
        let foreign = || Invalid::new("page_token", "is not one that an export answered");
        let mut parts = token.splitn(3, '/');
        let leg = parts.next().unwrap_or_default();
        let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let after = || ConversationId::parse_optional(first).map_err(|_| foreign());
        match leg {
            "" => Ok(Self::Contacts(0)),
            "contacts" => first.parse().map(Self::Contacts).map_err(|_| foreign()),
            "opt_outs" => Ok(Self::OptOuts),
            "words" => Ok(Self::Words(after()?, second.to_owned())),
            "follow_ups" => Ok(Self::FollowUps(after()?, second.to_owned())),
            "requests" => Ok(Self::Requests(after()?, second.to_owned())),
            "visits" => Ok(Self::Visits(after()?)),
            _ => Err(foreign()),
        }
    }
}

/// The token of the page that begins there.
impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |after: &Option<ConversationId>| after.map(|id| id.to_string()).unwrap_or_default();
        match self {
            Self::Contacts(from) => write!(f, "contacts/{from}"),
            Self::OptOuts => f.write_str("opt_outs"),
            Self::Words(after, page) => write!(f, "words/{}/{page}", text(after)),
            Self::FollowUps(after, page) => write!(f, "follow_ups/{}/{page}", text(after)),
            Self::Requests(after, page) => write!(f, "requests/{}/{page}", text(after)),
            Self::Visits(after) => write!(f, "visits/{}", text(after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn tokens_say_where_an_export_is() {
        let after = Some(ConversationId(Uuid::from_u128(7)));
        for leg in [
            Leg::Contacts(100),
            Leg::OptOuts,
            Leg::Words(None, String::new()),
            Leg::Words(after, "25".into()),
            Leg::FollowUps(after, "a/b".into()),
            Leg::Requests(after, "500".into()),
            Leg::Visits(after),
        ] {
            assert_eq!(Leg::parse(&leg.to_string()), Ok(leg));
        }
        assert_eq!(Leg::parse(""), Ok(Leg::Contacts(0)));
        for foreign in ["x", "contacts/-1", "contacts/", "words/7/"] {
            assert_eq!(Leg::parse(foreign).expect_err(foreign).field, "page_token");
        }
    }
}
