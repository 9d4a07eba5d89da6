//! What the gateway does by itself, one use case a file. Plain questions to one service (lists, `explain`, usage) go
//! from the HTTP handler straight to the peer.

pub mod add_contact;
pub mod agent_desk;
pub mod authenticate_token;
pub mod consider_visitor;
pub mod edge;
pub mod erase_person;
pub mod forms;
pub mod gate;
pub mod get_channel;
pub mod hub;
pub mod identify_customer;
pub mod ingest_events;
pub mod invitations;
pub mod issue_agent_ticket;
pub mod issue_ticket;
pub mod list_messages;
pub mod mark_read;
pub mod meters;
pub mod open_session;
pub mod post_message;
pub mod redeem_agent_ticket;
pub mod redeem_return_link;
pub mod redeem_ticket;
pub mod request_transcript;
pub mod start_conversation;
pub mod tabs;
