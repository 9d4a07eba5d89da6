use domain::{IntegrationId, WorkspaceId};

const FACT: &str = "homing.v1.fact";
const INGEST: &str = "homing.v1.ingest";
const DEAD: &str = "homing.v1.dead";
/// All facts, all ingest, all dead letters.
pub const FACT_SUBJECTS: &str = "homing.v1.fact.>";
pub const INGEST_SUBJECTS: &str = "homing.v1.ingest.>";
pub const DEAD_SUBJECTS: &str = "homing.v1.dead.>";

/// A subject of ours, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// `homing.v1.fact.<workspace>.<aggregate>.<event>`
    Fact {
        workspace: WorkspaceId,
        aggregate: String,
        event: String,
    },
    /// `homing.v1.ingest.<workspace>.<integration>.<event>`
    Ingest {
        workspace: WorkspaceId,
        integration: IntegrationId,
        event: String,
    },
}

impl Subject {
    /// `None` for anything that is not a fact or ingest subject of this version.
    pub fn parse(subject: &str) -> Option<Self> {
        let tokens: Vec<&str> = subject.split('.').collect();
        let [_, _, family, workspace, second, event] = tokens.as_slice() else {
            return None;
        };
        let workspace = WorkspaceId::parse(workspace).ok()?;
        match subject {
            s if s.starts_with(FACT) && *family == "fact" => Some(Self::Fact {
                workspace,
                aggregate: (*second).into(),
                event: (*event).into(),
            }),
            s if s.starts_with(INGEST) && *family == "ingest" => Some(Self::Ingest {
                workspace,
                integration: IntegrationId::parse(second).ok()?,
                event: (*event).into(),
            }),
            _ => None,
        }
    }

    pub fn workspace(&self) -> &WorkspaceId {
        match self {
            Self::Fact { workspace, .. } | Self::Ingest { workspace, .. } => workspace,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fact {
                workspace,
                aggregate,
                event,
            } => write!(f, "{FACT}.{workspace}.{aggregate}.{event}"),
            Self::Ingest {
                workspace,
                integration,
                event,
            } => write!(f, "{INGEST}.{workspace}.{integration}.{event}"),
        }
    }
}

/// Filter for one kind of fact in all workspaces.
pub fn fact_filter<F: crate::Fact>() -> String {
    format!("{FACT}.*.{}.{}", F::AGGREGATE, F::EVENT)
}

/// All facts of one workspace.
pub fn workspace_facts(workspace: &WorkspaceId) -> String {
    format!("{FACT}.{workspace}.>")
}

/// The facts of one kind in one workspace.
pub fn workspace_fact<F: crate::Fact>(workspace: &WorkspaceId) -> String {
    format!("{FACT}.{workspace}.{}.{}", F::AGGREGATE, F::EVENT)
}

/// What [`workspace_facts`] is for any workspace.
pub(crate) fn facts_of_any_workspace() -> String {
    format!("{FACT}.*.>")
}

/// All facts about one kind of thing, in all workspaces.
pub(crate) fn facts_about(aggregate: &str) -> String {
    format!("{FACT}.*.{aggregate}.*")
}

/// Dead letters of one consumer, in all workspaces.
pub(crate) fn dead_letters_of(consumer: &str) -> String {
    format!("{DEAD}.*.{consumer}")
}

/// What an integration may publish to: its prefix and everything below.
pub fn ingest_prefix(workspace: &WorkspaceId, integration: &IntegrationId) -> String {
    format!("{INGEST}.{workspace}.{integration}.>")
}

/// Where a consumer's dead letters go. `workspace` is `_` where the message does not tell.
pub fn dead_letter(workspace: Option<&WorkspaceId>, consumer: &str) -> String {
    format!("{DEAD}.{}.{consumer}", workspace.map_or("_", WorkspaceId::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_survive_their_text() {
        for text in [
            "homing.v1.fact.acme.message.posted",
            "homing.v1.ingest.acme.helpdesk.message_read",
        ] {
            assert_eq!(Subject::parse(text).expect("a subject").to_string(), text);
        }
        for bad in [
            "homing.v1.fact.acme.message",
            "homing.v1.fact.AC.message.posted",
            "other.v1.fact.a.b.c",
            "",
        ] {
            assert_eq!(Subject::parse(bad), None, "{bad}");
        }
    }
}
