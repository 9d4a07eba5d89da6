//! One sentence that says what happened and why.

use crate::domain::{End, Status, Step, Why};

/// A follow-up as it is told of.
#[derive(Debug, Clone)]
pub struct Told {
    pub end: Option<End>,
    pub why: Option<Why>,
    /// Steps taken, in order, and where they stand.
    pub sends: Vec<(Step, Status)>,
}

fn because(end: End) -> &'static str {
    match end {
        End::Replied => "the customer replied",
        End::Returned => "the customer returned",
        End::Read => "the customer read the answer",
        End::Exhausted => "every way to reach the customer was taken",
        End::Superseded => "newer answers opened a new follow-up",
        End::NoAddress => "no phone number and no e-mail address was given",
        End::SwitchedOff => "follow-ups are switched off for the channel",
        End::Marked => "the answers are marked as not to be followed up",
        End::AgentOpened => "the agent opened the conversation and the customer never wrote",
    }
}

fn waiting(why: Option<Why>) -> &'static str {
    match why {
        Some(Why::NotStarted) => "the conversation is not known yet",
        Some(Why::Debounce) => "more answers may follow",
        Some(Why::Online) => "the customer is on the page and has not read the answer",
        Some(Why::PresenceUnknown) => "it cannot be told whether the customer is there",
        Some(Why::MassLoss) => "many connections are being lost at once, which may be our own outage",
        Some(Why::UnreadTime) => "the answer has not been unread for long enough",
        Some(Why::InputSinceAnswer) => "the customer was active after the answer came",
        Some(Why::Escalation) => "the customer may still respond to what was sent",
        Some(Why::OwnerAway) => "a service that has to be asked does not answer",
        Some(Why::Gap) => "the last message went out not long ago",
        None => "a message is on its way",
    }
}

fn send((step, status): &(Step, Status)) -> String {
    let name = match step {
        Step::Text => "text",
        Step::Mail => "e-mail",
    };
    format!("{name} {}", status.word())
}

/// Sums up a conversation's follow-ups, the newest first.
pub fn summary(follow_ups: &[Told]) -> String {
    let Some(newest) = follow_ups.first() else {
        return "Nothing was sent: no answer of an agent has been waiting unread.".into();
    };
    let taken: Vec<String> = newest
        .sends
        .iter()
        .filter(|(_, status)| *status != Status::Cancelled)
        .map(send)
        .collect();
    match (taken.is_empty(), newest.end) {
        (true, Some(end)) => format!("Nothing was sent: {}.", because(end)),
        (true, None) => format!("Nothing is sent yet: {}.", waiting(newest.why)),
        (false, Some(end)) => format!("Sent: {}; it ended because {}.", taken.join(", "), because(end)),
        (false, None) => format!("Sent so far: {}; {}.", taken.join(", "), waiting(newest.why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_why_nothing_was_sent() {
        let read = Told {
            end: Some(End::Read),
            why: None,
            sends: vec![(Step::Text, Status::Cancelled)],
        };
        assert_eq!(summary(&[read]), "Nothing was sent: the customer read the answer.");
        assert!(summary(&[]).starts_with("Nothing was sent"));
    }

    #[test]
    fn it_says_what_was_sent_and_how_it_ended() {
        let returned = Told {
            end: Some(End::Returned),
            why: None,
            sends: vec![(Step::Text, Status::Delivered), (Step::Mail, Status::Accepted)],
        };
        assert_eq!(
            summary(&[returned]),
            "Sent: text delivered, e-mail accepted; it ended because the customer returned."
        );
    }
}
