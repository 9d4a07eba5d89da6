//! In whose name a call is made, in gRPC metadata: whoever asks for an integration, and for the agent in front of its console,
//! says so, and the service that is asked decides by it what they may see.

use fault::{Fault, Result};
use tonic::metadata::{AsciiMetadataValue, MetadataMap};

const INTEGRATION: &str = "homing-integration";
const AGENT: &str = "homing-agent";
const ROLE: &str = "homing-role";

/// Who asks. A call of a service's own has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Slug; its token was shown.
    pub integration: String,
    /// Slug; the integration says that it asks for them.
    pub agent: Option<String>,
    /// The integration says that they have it; it never adds to its own.
    pub role: Option<String>,
}

impl Caller {
    /// INVALID_ARGUMENT of what no metadata can hold.
    pub(crate) fn write(&self, metadata: &mut MetadataMap) -> Result<()> {
        let named = [
            (INTEGRATION, Some(&self.integration)),
            (AGENT, self.agent.as_ref()),
            (ROLE, self.role.as_ref()),
        ];
        for (key, value) in named {
            if let Some(value) = value {
                let wrong = |_| Fault::invalid(key, "needs letters, digits, '-' and '_' only");
                metadata.insert(key, AsciiMetadataValue::try_from(value.as_str()).map_err(wrong)?);
            }
        }
        Ok(())
    }

    /// `None`: a service's own call. Refused where an agent or a role is named and no integration: nobody answers for them.
    pub fn read(metadata: &MetadataMap) -> Result<Option<Self>> {
        let value = |key: &'static str| {
            let text = metadata.get(key).map(|value| value.to_str().map(str::to_owned));
            text.transpose()
                .map_err(|_| Fault::invalid(key, "needs letters, digits, '-' and '_' only"))
        };
        let (integration, agent, role) = (value(INTEGRATION)?, value(AGENT)?, value(ROLE)?);
        match integration {
            Some(integration) => Ok(Some(Self {
                integration,
                agent,
                role,
            })),
            None if agent.is_none() && role.is_none() => Ok(None),
            None => Err(Fault::invalid(
                INTEGRATION,
                "is missing beside homing-agent or homing-role",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_read_as_it_was_written() {
        for (agent, role) in [
            (None, None),
            (Some("maria"), None),
            (Some("maria"), Some("limited_agent")),
        ] {
            let caller = Caller {
                integration: "console".into(),
                agent: agent.map(str::to_owned),
                role: role.map(str::to_owned),
            };
            let mut metadata = MetadataMap::new();
            caller.write(&mut metadata).expect("text");
            assert_eq!(Caller::read(&metadata).expect("readable"), Some(caller));
        }
        assert_eq!(Caller::read(&MetadataMap::new()).expect("readable"), None);
    }

    #[test]
    fn a_role_without_an_integration_is_refused_and_not_taken_for_a_call_of_our_own() {
        let mut metadata = MetadataMap::new();
        metadata.insert(ROLE, "owner".parse().expect("text"));
        assert_eq!(Caller::read(&metadata).expect_err("refused").field(), Some(INTEGRATION));
    }
}
