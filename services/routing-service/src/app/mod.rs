//! Use cases: one file each, named like the rpc. They load, decide with `domain`, and write state and facts in one
//! transaction.

mod accept_alert;
mod answer_invitation;
mod assign;
mod board;
mod carry_out;
mod check_assignee;
mod consider_visitor;
mod decline_alert;
mod enqueue;
mod erase_person;
mod export_person;
mod follow_request;
mod forget_requests;
mod get_agent;
mod get_channel_routing;
mod get_request;
mod list_agents;
mod list_assignments;
mod list_invitations;
mod list_requests;
mod move_invitation;
mod note_console;
mod note_handed_over;
mod note_membership;
mod note_opening;
mod note_resolved;
mod note_started;
mod note_taken_over;
mod note_visitor_left;
mod set_agent_availability;
mod set_agent_profile;
mod set_channel_routing;
mod start_chat;
mod tend_invitation;
mod tend_request;
mod watch_alerts;
mod watch_invitation;
mod watch_queue;
mod watch_waiting;

pub(crate) use board::Board;
pub(crate) use consider_visitor::{Considered, Visitor};
pub(crate) use get_request::{By, Seen};
pub(crate) use list_requests::Cursor;
pub(crate) use note_started::Started;

use crate::domain::{PageSize, Refused};
use crate::outbound::Conversations;
use ::domain::Timestamp;
use fault::{Fault, Result, codes};
use store::Store;

/// Everything a use case needs of the outside.
#[derive(Debug, Clone)]
pub(crate) struct App {
    store: Store,
    conversations: Conversations,
    page_size: PageSize,
    board: Board,
}

impl App {
    pub(crate) fn new(store: Store, conversations: Conversations, page_size: PageSize, board: Board) -> Self {
        Self {
            store,
            conversations,
            page_size,
            board,
        }
    }

    /// The size of a page as the caller named it; 0: as it is set.
    pub(crate) fn page_size(&self, asked: u32) -> Result<PageSize> {
        match asked {
            0 => Ok(self.page_size),
            size => Ok(PageSize::new(size)?),
        }
    }

    /// The present, as exactly as the database keeps it: what is answered now and what is read later are equal.
    fn now(&self) -> Timestamp {
        let now = self.store.clock().now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

fn refuse(refused: Refused) -> Fault {
    match refused {
        Refused::AlertOver => {
            let remedy =
                "somebody else is alerted or has it by now, or the time for it is over; wait for the next alert";
            Fault::new(&codes::ALERT_OVER, remedy).of("request")
        }
        Refused::NotYours => {
            Fault::new(&codes::NOT_YOURS, "is not served by this agent; have it assigned first").of("agent")
        }
        Refused::Done => {
            Fault::new(&codes::REQUEST_DONE, "is resolved; who writes again opens another one").of("conversation")
        }
    }
}
