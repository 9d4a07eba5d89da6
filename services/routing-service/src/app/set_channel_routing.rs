use super::App;
use crate::domain::Kind;
use crate::domain::channel_routing::{ChannelRouting, Mode};
use crate::outbound::postgres::{channel_routing, opening};
use ::domain::{ChannelId, WorkspaceId};
use fault::{Fault, Result, codes};

impl App {
    /// Replaces how a channel starts chats and gives them out. Its version then. `version` is the one the caller has seen; 0:
    /// whatever it is. Where it keeps to opening hours no more, what waited for them is offered at once.
    pub(crate) async fn set_channel_routing(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
        routing: &ChannelRouting,
        version: u64,
    ) -> Result<u64> {
        let misfit = routing.check();
        misfit.map_err(|misfit| Fault::invalid(format!("routing.{}", misfit.field), misfit.remedy))?;
        let entrance = self.conversations.get_channel(workspace, channel).await?;
        if routing.mode != Mode::Off && entrance.kind != Kind::Web {
            let remedy = "needs a channel of kind web: nobody else's visitors are seen before they write";
            return Err(Fault::invalid("routing.mode", remedy));
        }
        if routing.keep_opening_hours {
            for team in self.conversations.list_teams(workspace).await? {
                self.note_opening(workspace, &team).await?;
            }
        }
        let mut tx = self.begin_queue(workspace).await?;
        let (before, present) = channel_routing::get(&mut tx, workspace, channel).await?;
        if version != 0 && version != present {
            let remedy = format!("is {present} by now; read the channel's routing again and repeat");
            return Err(Fault::new(&codes::ROUTING_VERSION, remedy).of("version"));
        }
        if before == *routing && present > 0 {
            return Ok(present);
        }
        let next = present + 1;
        let now = self.now();
        channel_routing::set(&mut tx, workspace, channel, (routing, next), now).await?;
        if before.keep_opening_hours && !routing.keep_opening_hours {
            for team in opening::list_closed(&mut tx, workspace).await? {
                self.offer_queue(&mut tx, workspace, &team, now).await?;
            }
        }
        self.commit_queue(tx, workspace).await?;
        Ok(next)
    }
}
