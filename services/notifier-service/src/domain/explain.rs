//! One sentence that says what happened and why.

use crate::domain::{End, Status, Step, Why};
use jiff::Timestamp;

/// A follow-up as it is told of.
#[derive(Debug, Clone)]
pub struct Told {
    pub end: Option<End>,
    pub why: Option<Why>,
    /// When what waits is tried next.
    pub next_try: Option<Timestamp>,
    /// Steps taken, in order, and where they stand.
    pub sends: Vec<Send>,
}

/// A step as it is told of.
#[derive(Debug, Clone)]
pub struct Send {
    pub step: Step,
    pub status: Status,
    /// The provider was called.
    pub attempted: bool,
    /// Meaning of its failure's code, a sentence; empty without one.
    pub reason: String,
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
        End::TooOld => "the answers were already old when they were first heard of",
        End::NoPresence => {
            "no presence is told for this customer, so texts are not used, and no e-mail address was given"
        }
        End::Erased => "what is kept of the customer was erased",
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
        Some(Why::QuietHours) => "these are the channel's quiet hours where the customer is",
        Some(Why::ProviderDown) => "no provider of texts can be reached",
        Some(Why::YoungSession) => "the conversation has only just begun",
        Some(Why::EarlierMessage) => "an earlier message goes out first",
        Some(Why::Gap) => "the last message went out not long ago",
        None => "a message is on its way",
    }
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Text => "text",
        Step::Mail => "e-mail",
    }
}

fn list(sends: &[&Send], told: impl Fn(&Send) -> String) -> String {
    sends.iter().map(|send| told(send)).collect::<Vec<_>>().join(", ")
}

/// What was not sent, and why, as sentences with a space before each.
fn refused(sends: &[Send]) -> String {
    sends
        .iter()
        .filter(|send| !send.attempted && send.status == Status::Failed)
        .map(|send| {
            let reason = send.reason.trim_end_matches('.');
            format!(" The {} was not sent: {reason}.", name(send.step))
        })
        .collect()
}

/// A message that its channel carries, as it is told of.
#[derive(Debug, Clone)]
pub struct Carried {
    pub seq: u64,
    pub status: Status,
    /// Meaning of its failure's code, a sentence; empty without one.
    pub reason: String,
}

/// What became of the messages of a conversation whose channel carries them; the oldest first.
fn carried(messages: &[Carried]) -> String {
    let counts = Status::ALL.iter().filter_map(|status| {
        let count = messages.iter().filter(|message| message.status == *status).count();
        (count > 0).then(|| format!("{count} {}", status.word()))
    });
    let told = format!(
        "Messages go out as they are written: {}.",
        counts.collect::<Vec<_>>().join(", ")
    );
    let failed = messages.iter().rev().find(|message| message.status == Status::Failed);
    let failed = failed.map(|message| {
        let reason = message.reason.trim_end_matches('.');
        format!(" Message {} was not sent: {reason}.", message.seq)
    });
    told + &failed.unwrap_or_default()
}

/// Sums up a conversation's follow-ups, the newest first, and where its channel carries messages, these.
pub fn summary(follow_ups: &[Told], messages: &[Carried]) -> String {
    let Some(newest) = follow_ups.first() else {
        return match messages {
            [] => "Nothing was sent: no answer of an agent has been waiting unread.".into(),
            messages => carried(messages),
        };
    };
    let sent: Vec<&Send> = newest.sends.iter().filter(|send| send.attempted).collect();
    let taken = list(&sent, |send| format!("{} {}", name(send.step), send.status.word()));
    let waits = match (newest.why, newest.next_try) {
        (Some(Why::ProviderDown), Some(at)) => format!("{}; the next try is at {at}", waiting(newest.why)),
        _ => waiting(newest.why).to_owned(),
    };
    let told = match (sent.is_empty(), newest.end) {
        (true, Some(end)) => format!("Nothing was sent: {}.", because(end)),
        (true, None) => format!("Nothing is sent yet: {waits}."),
        (false, Some(end)) => format!("Sent: {taken}; it ended because {}.", because(end)),
        (false, None) => format!("Sent so far: {taken}; {waits}."),
    };
    told + &refused(&newest.sends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(step: Step, status: Status, attempted: bool) -> Send {
        Send {
            step,
            status,
            attempted,
            reason: String::new(),
        }
    }

    #[test]
    fn what_was_refused_does_not_read_as_sent() {
        let refused = Send {
            reason: "The recipient opted out.".into(),
            ..send(Step::Text, Status::Failed, false)
        };
        let told = Told {
            end: Some(End::Exhausted),
            why: None,
            next_try: None,
            sends: vec![refused],
        };
        assert_eq!(
            summary(&[told], &[]),
            "Nothing was sent: every way to reach the customer was taken. The text was not sent: The recipient opted out."
        );
    }

    #[test]
    fn it_says_why_nothing_was_sent() {
        let read = Told {
            end: Some(End::Read),
            why: None,
            next_try: None,
            sends: vec![send(Step::Text, Status::Cancelled, false)],
        };
        assert_eq!(summary(&[read], &[]), "Nothing was sent: the customer read the answer.");
        assert!(summary(&[], &[]).starts_with("Nothing was sent"));
    }

    #[test]
    fn it_says_what_became_of_messages_that_go_out_as_they_are() {
        let message = |seq, status| Carried {
            seq,
            status,
            reason: "The recipient opted out.".into(),
        };
        let messages = [
            message(2, Status::Delivered),
            message(3, Status::Failed),
            message(5, Status::Delivered),
        ];
        assert_eq!(
            summary(&[], &messages),
            "Messages go out as they are written: 2 delivered, 1 failed. Message 3 was not sent: The recipient opted out."
        );
    }

    #[test]
    fn it_says_what_was_sent_and_how_it_ended() {
        let returned = Told {
            end: Some(End::Returned),
            why: None,
            next_try: None,
            sends: vec![
                send(Step::Text, Status::Delivered, true),
                send(Step::Mail, Status::Accepted, true),
            ],
        };
        assert_eq!(
            summary(&[returned], &[]),
            "Sent: text delivered, e-mail accepted; it ended because the customer returned."
        );
    }
}
