use super::settings::check_name;
use domain::{AgentId, Email, Invalid, TeamId};

/// Who answers customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    pub id: AgentId,
    /// Shown to customers.
    pub display_name: String,
    /// By id, each once.
    pub teams: Vec<TeamId>,
    /// For reminders while they are not at their console.
    pub email: Option<Email>,
    /// 1, 2, 3 ... with each change of the teams.
    pub teams_version: u64,
}

/// What to change; `None`: as it is.
#[derive(Debug, Clone, Default)]
pub struct AgentChange {
    pub display_name: Option<String>,
    pub teams: Option<Vec<TeamId>>,
    pub email: Option<Option<Email>>,
}

impl Agent {
    /// Checks the name, and puts the teams in order.
    pub fn new(
        id: AgentId,
        display_name: String,
        mut teams: Vec<TeamId>,
        email: Option<Email>,
    ) -> Result<Self, Invalid> {
        check_name("display_name", &display_name)?;
        teams.sort_unstable();
        teams.dedup();
        Ok(Self {
            id,
            display_name,
            teams,
            email,
            teams_version: 1,
        })
    }

    /// The agent after a change.
    pub fn change(self, change: AgentChange) -> Result<Self, Invalid> {
        let teams = change.teams.unwrap_or_else(|| self.teams.clone());
        let next = Self::new(
            self.id,
            change.display_name.unwrap_or(self.display_name),
            teams,
            change.email.unwrap_or(self.email),
        )?;
        let teams_version = self.teams_version + u64::from(next.teams != self.teams);
        Ok(Self { teams_version, ..next })
    }
}
