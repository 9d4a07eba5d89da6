use super::tally::{Message, Prices, Sent, Tally};
use crate::app::end_on_wire;
use crate::domain::End;
use domain::{ConversationId, Timestamp};
use events::common::MessageKind;
use events::event::{ChargeCaptured, DeliveryAccepted, DeliveryPurpose, FollowUpEnd, FollowUpEnded, FollowUpStarted};
use events::{Received, instant};
use fault::Result;
use std::collections::{HashMap, HashSet};

/// A fact and when it was recorded.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub at: Timestamp,
    pub fact: Received,
}

/// Facts in the order of their time.
#[derive(Debug, Clone, Default)]
pub struct Recording(Vec<Recorded>);

impl Recording {
    /// In any order.
    pub fn new(mut facts: Vec<Recorded>) -> Self {
        facts.sort_by_key(|recorded| recorded.at);
        Self(facts)
    }

    pub fn facts(&self) -> &[Recorded] {
        &self.0
    }

    /// What a message cost on average, by the charges that were recorded.
    ///
    /// # Errors
    /// A charge that cannot be decoded.
    pub fn prices(&self) -> Result<Prices> {
        let (mut texts, mut mails) = (Mean::default(), Mean::default());
        for charge in self.charges()? {
            match charge.kind() {
                MessageKind::Email => mails.add(charge.micro_pu),
                _ => texts.add(charge.micro_pu),
            }
        }
        Ok(Prices {
            text: texts.mean(),
            mail: mails.mean(),
        })
    }

    /// Micro-PU that were charged.
    ///
    /// # Errors
    /// A charge that cannot be decoded.
    pub fn charged(&self) -> Result<i64> {
        let charges = self.charges()?;
        let sum = charges
            .iter()
            .fold(0_i64, |sum, charge| sum.saturating_add(charge.micro_pu));
        Ok(sum)
    }

    /// Of what can be played: no policy decides on what agents write themselves, on answers to keywords, and on copies.
    fn charges(&self) -> Result<Vec<ChargeCaptured>> {
        let mut left_out = HashSet::new();
        for Recorded { fact, .. } in &self.0 {
            if fact.is::<DeliveryAccepted>() {
                let accepted: DeliveryAccepted = fact.decode()?;
                if !is_played(accepted.purpose()) {
                    left_out.insert(accepted.delivery);
                }
            }
        }
        let mut charges = Vec::new();
        for Recorded { fact, .. } in &self.0 {
            if fact.is::<ChargeCaptured>() {
                let charge: ChargeCaptured = fact.decode()?;
                if !left_out.contains(&charge.delivery) {
                    charges.push(charge);
                }
            }
        }
        Ok(charges)
    }

    /// What was sent, by the notifier's own facts.
    ///
    /// # Errors
    /// A fact that cannot be decoded.
    pub fn tally(&self) -> Result<Tally> {
        let mut tally = Tally::default();
        let mut started = HashMap::new();
        let mut ended: HashMap<String, End> = HashMap::new();
        for Recorded { at, fact } in &self.0 {
            if fact.is::<FollowUpStarted>() {
                let fact: FollowUpStarted = fact.decode()?;
                started.insert(fact.follow_up, (instant(fact.at).unwrap_or(*at), false));
            } else if fact.is::<FollowUpEnded>() {
                let fact: FollowUpEnded = fact.decode()?;
                ended.extend(end_of(fact.reason()).map(|end| (fact.follow_up, end)));
            } else if fact.is::<DeliveryAccepted>() {
                let accepted: DeliveryAccepted = fact.decode()?;
                if !is_played(accepted.purpose()) {
                    continue;
                }
                let message = match (accepted.purpose(), accepted.kind()) {
                    (DeliveryPurpose::Confirmation, _) => Message::Confirmation,
                    (_, MessageKind::Email) => Message::Mail,
                    _ => Message::Text,
                };
                if let Some((began, told)) = started.get_mut(&accepted.follow_up)
                    && !*told
                {
                    *told = true;
                    tally
                        .waits
                        .push(at.duration_since(*began).as_millis().try_into().unwrap_or(i64::MAX));
                }
                tally.sent.push(Sent {
                    at: *at,
                    workspace: fact.workspace().clone(),
                    conversation: ConversationId::parse(&accepted.conversation)?,
                    message,
                });
            }
        }
        tally.follow_ups = started.len() as u64;
        tally.open = started.keys().filter(|id| !ended.contains_key(*id)).count() as u64;
        ended.into_values().for_each(|end| tally.end(end));
        Ok(tally)
    }
}

fn is_played(purpose: DeliveryPurpose) -> bool {
    use DeliveryPurpose::{Keyword, Message, Transcript};
    !matches!(purpose, Message | Keyword | Transcript)
}

/// From the wire's word; none where it is not known.
fn end_of(reason: FollowUpEnd) -> Option<End> {
    End::ALL.into_iter().find(|end| end_on_wire(*end) == reason)
}

#[derive(Default)]
struct Mean {
    sum: i64,
    count: i64,
}

impl Mean {
    fn add(&mut self, value: i64) {
        self.sum = self.sum.saturating_add(value);
        self.count += 1;
    }

    fn mean(&self) -> Option<i64> {
        (self.count > 0).then(|| self.sum / self.count)
    }
}
