//! What a message is beyond its words, and who serves the customer.

use super::automatic::{Carriage, Kind};
use super::call::Call;
use super::card::Card;
use super::form::Answer as Filled;
use domain::{AgentId, FormId, RunId};
use serde::{Deserialize, Serialize};

/// Who serves the customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Served {
    #[default]
    Nobody,
    Bot,
    /// Who of them wrote last, if that is known.
    Agent(Option<AgentId>),
}

impl Served {
    /// The word as stored.
    pub fn word(&self) -> String {
        match self {
            Self::Nobody => String::new(),
            Self::Bot => "bot".to_owned(),
            Self::Agent(None) => "agent".to_owned(),
            Self::Agent(Some(agent)) => format!("agent/{agent}"),
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "" => Some(Self::Nobody),
            "bot" => Some(Self::Bot),
            "agent" => Some(Self::Agent(None)),
            _ => {
                let agent = AgentId::parse(word.strip_prefix("agent/")?).ok()?;
                Some(Self::Agent(Some(agent)))
            }
        }
    }

    /// The agent, if one serves and is known.
    pub fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Agent(agent) => agent.as_ref(),
            _ => None,
        }
    }
}

/// What a message is, beyond its words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// What somebody wrote.
    #[default]
    Words,
    Automatic {
        kind: Kind,
        carriage: Carriage,
    },
    /// The customer's answer to the question for a rating.
    Rating {
        /// 1 to 5.
        rating: u8,
        /// Who had answered last.
        agent: Option<AgentId>,
    },
    /// The customer's answer to the question whether the problem is solved.
    Solved(bool),
    Call(Call),
    /// A page of a form that the customer filled in.
    Form {
        form: FormId,
        answers: Vec<Filled>,
    },
    /// What a workflow says.
    Workflow {
        run: RunId,
        /// 1, 2, ...
        step: u32,
    },
    /// What an agent has a shop act on.
    Card(Card),
}

impl Content {
    /// It answers a question about what is settled, or says who somebody is, and leaves it so.
    pub fn leaves_resolved(&self) -> bool {
        matches!(self, Self::Rating { .. } | Self::Solved(true) | Self::Form { .. })
    }
}
