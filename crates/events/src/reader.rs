//! How an integration reads the facts of its workspace: through one durable consumer that conversation-service makes for
//! it, and that its user may pull from, acknowledge and look at. It may do nothing else with it, and nothing with others.

use crate::FACTS;
use crate::subject::workspace_facts;
use domain::{IntegrationId, WorkspaceId};

/// The consumer of one integration on [`FACTS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactsReader {
    /// Its durable name.
    pub consumer: String,
    /// What it is given: all facts of its workspace.
    pub filter: String,
}

impl FactsReader {
    /// Names of two readers never meet, nor a service's consumer's: slugs have no `_`.
    pub fn new(workspace: &WorkspaceId, integration: &IntegrationId) -> Self {
        Self {
            consumer: format!("facts_{workspace}_{integration}"),
            filter: workspace_facts(workspace),
        }
    }

    /// Subjects that the integration's user may publish to: ask for the next facts, acknowledge them, see how far it is.
    pub fn publish(&self) -> Vec<String> {
        let (stream, consumer) = (FACTS.name, &self.consumer);
        vec![
            format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"),
            format!("$JS.API.CONSUMER.INFO.{stream}.{consumer}"),
            format!("$JS.ACK.{stream}.{consumer}.>"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_integrations_share_a_consumer() {
        let reader = |workspace: &str, integration: &str| {
            let workspace = WorkspaceId::parse(workspace).expect("a slug");
            FactsReader::new(&workspace, &IntegrationId::parse(integration).expect("a slug"))
        };
        assert_ne!(reader("a-b", "c").consumer, reader("a", "b-c").consumer);
        let services = crate::login::SERVICES.iter().flat_map(|login| login.consumers);
        for (_, durable) in services {
            assert!(!durable.starts_with("facts_"), "{durable}");
        }
    }
}
