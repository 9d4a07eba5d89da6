//! Who waits, who serves, and who answers.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Kind;

/// Whether an agent takes chats.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Availability {
    Available,
    /// Serves what they have, and takes nothing more.
    Busy,
    Away,
    /// Loses what they hold to the front of the queue.
    Offline,
}

#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Create an agent.
    Create {
        #[arg(short, long)]
        workspace: String,
        /// a-z, 0-9 and -, at most 32.
        agent: String,
        /// Shown to customers.
        #[arg(long)]
        name: String,
        /// Teams to join; may be repeated.
        #[arg(long = "team")]
        teams: Vec<String>,
        /// For reminders while they are not at their console.
        #[arg(long, default_value = "")]
        email: String,
    },
    /// Change what is named of an agent, and print them.
    Update {
        #[arg(short, long)]
        workspace: String,
        agent: String,
        /// Shown to customers.
        #[arg(long)]
        name: Option<String>,
        /// Their teams, in place of those they have; may be repeated.
        #[arg(long = "team", conflicts_with = "no_team")]
        teams: Vec<String>,
        /// In no team any more.
        #[arg(long)]
        no_team: bool,
        /// For reminders while they are not at their console; an empty one: none.
        #[arg(long)]
        email: Option<String>,
    },
    /// Print an agent's name, teams and address.
    Show {
        #[arg(short, long)]
        workspace: String,
        agent: String,
    },
    /// Print the agents whom the queue knows, their status and what they hold.
    List {
        #[arg(short, long)]
        workspace: String,
    },
    /// Set what an agent can take, as a whole: what is not named gets its default.
    Profile {
        #[arg(short, long)]
        workspace: String,
        agent: String,
        /// en, pl or fr; may be repeated. Without any: all.
        #[arg(long = "language")]
        languages: Vec<String>,
        /// Chats at once on channels of a kind, for example web=4; may be repeated. A kind that is not named: 3.
        #[arg(long = "capacity", value_name = "KIND=CHATS")]
        capacity: Vec<String>,
    },
    /// Print an agent's status, or set it; the same again changes nothing.
    Status {
        #[arg(short, long)]
        workspace: String,
        agent: String,
        #[arg(value_enum)]
        availability: Option<Availability>,
    },
}

#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// Print the chats that somebody is to serve: those that wait in their order, then the others.
    List {
        #[arg(short, long)]
        workspace: String,
        /// Only those of this team's queue; empty: of the workspace's own.
        #[arg(long)]
        team: Option<String>,
        /// Only those that this agent is alerted to or serves.
        #[arg(long)]
        agent: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Print how many wait for a team, are alerted and are served, who is free, and since when the first waits.
    Show {
        #[arg(short, long)]
        workspace: String,
        /// Of this team's queue; without it of the workspace's own.
        #[arg(long, default_value = "", hide_default_value = true)]
        team: String,
    },
    /// Print which visitors were invited, and what became of it, the newest first.
    Invitations {
        #[arg(short, long)]
        workspace: String,
        /// Only on this channel.
        #[arg(long, default_value = "", hide_default_value = true)]
        channel: String,
        /// Only this visitor, by UUID.
        #[arg(long, default_value = "", hide_default_value = true)]
        visitor: String,
        /// At most this many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Take what an agent is alerted to.
    Accept(AnswerArgs),
    /// Do not take it: the next agent is alerted.
    Decline(AnswerArgs),
    /// Speak first to the visitor whom an agent is alerted to, and print the number of the conversation.
    Start {
        #[command(flatten)]
        answer: AnswerArgs,
        #[arg(long)]
        text: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct AnswerArgs {
    #[arg(short, long)]
    pub workspace: String,
    /// As `list` shows it.
    pub request: String,
    /// Who is alerted.
    #[arg(long)]
    pub agent: String,
}

#[derive(Debug, Subcommand)]
pub enum ConversationCommand {
    /// Print how a conversation stands.
    Show {
        #[arg(short, long)]
        workspace: String,
        /// Its id, or the number that customers and agents see.
        conversation: String,
    },
    /// Give a conversation to somebody at once, whatever they hold; the same again changes nothing.
    Assign {
        #[arg(short, long)]
        workspace: String,
        /// Its id, or the number that customers and agents see.
        conversation: String,
        #[command(flatten)]
        to: AssignTo,
        /// The agent who does it.
        #[arg(long)]
        by: Option<String>,
    },
    /// Pass on a conversation that an agent serves: to the front of a team's queue, or to another agent first.
    Transfer {
        #[arg(short, long)]
        workspace: String,
        /// Its id, or the number that customers and agents see.
        conversation: String,
        /// Who serves it now.
        #[arg(long)]
        from: String,
        #[command(flatten)]
        to: TransferTo,
    },
    /// Print who a conversation was assigned to, oldest first.
    Assignments {
        #[arg(short, long)]
        workspace: String,
        /// Its id, or the number that customers and agents see.
        conversation: String,
    },
    #[command(flatten)]
    Stars(StarCommand),
    #[command(flatten)]
    Cards(CardCommand),
}

/// Structured messages of agents that a shop acts on.
#[derive(Debug, Subcommand)]
pub enum CardCommand {
    /// Say a card as an agent: a product, an order to put together, or a request to pay. Prints its id.
    SendCard {
        #[arg(short, long)]
        workspace: String,
        /// Its id, or the number that customers and agents see.
        conversation: String,
        #[arg(long)]
        agent: String,
        /// The same again answers the card that was said.
        #[arg(long)]
        client_id: String,
        /// product, order or payment.
        #[arg(long)]
        kind: String,
        /// 1 to 200 characters.
        #[arg(long)]
        title: String,
        /// The shop's own id of the product, or of what is to be paid.
        #[arg(long, default_value = "", hide_default_value = true)]
        reference: String,
        /// Of an order, for example '2 Shoes', or '2 sh-38=Shoes' with the shop's own id; may be repeated.
        #[arg(long = "line", value_name = "QUANTITY [SKU=]TITLE")]
        lines: Vec<String>,
        /// In minor units of the currency.
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        amount_minor: i64,
        /// ISO 4217.
        #[arg(long, default_value = "", hide_default_value = true)]
        currency: String,
        /// Where to look, or to pay.
        #[arg(long, default_value = "", hide_default_value = true)]
        url: String,
    },
    /// Print a card, and what came of it.
    Card {
        #[arg(short, long)]
        workspace: String,
        card: String,
    },
}

/// Agents' stars on conversations.
#[derive(Debug, Subcommand)]
pub enum StarCommand {
    /// Star a conversation for an agent, or change their star: reminder and note are replaced.
    Star {
        #[arg(short, long)]
        workspace: String,
        /// Its id, or the number that customers and agents see.
        conversation: String,
        #[arg(long)]
        agent: String,
        /// RFC 3339, in the future by 400 days at most: told then, once, as the fact reminder.due.
        #[arg(long, value_name = "TIME")]
        remind_at: Option<jiff::Timestamp>,
        /// At most 200 characters.
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
    /// Take an agent's star from a conversation, and with it reminder and note.
    Unstar {
        #[arg(short, long)]
        workspace: String,
        /// Its id, or the number that customers and agents see.
        conversation: String,
        #[arg(long)]
        agent: String,
    },
    /// Print what an agent has starred, the newest conversation first.
    Starred {
        #[arg(short, long)]
        workspace: String,
        agent: String,
        /// At most this many; 1 to 10000.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
}

/// Exactly one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct AssignTo {
    #[arg(long)]
    pub agent: Option<String>,
    /// An agent who gets it as an admin: it does not count against their capacity.
    #[arg(long)]
    pub admin: Option<String>,
    /// Into this team's queue.
    #[arg(long)]
    pub team: Option<String>,
    /// Nobody has it any more.
    #[arg(long)]
    pub nobody: bool,
}

/// Exactly one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct TransferTo {
    #[arg(long)]
    pub agent: Option<String>,
    #[arg(long)]
    pub team: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum ChannelCommand {
    /// Create a channel; settings that are not named get their defaults.
    Create {
        #[arg(short, long)]
        workspace: String,
        /// a-z, 0-9 and -, at most 32.
        channel: String,
        #[arg(long, value_enum, default_value = "web")]
        kind: Kind,
        /// A setting, for example debounce_ms=5000 or phone=required; may be repeated.
        #[arg(long = "set", value_name = "NAME=VALUE")]
        settings: Vec<String>,
    },
    /// Print how a channel starts chats by itself and gives them to agents, as JSON, or set it.
    Routing {
        #[arg(short, long)]
        workspace: String,
        channel: String,
        /// Replace it by what this file says (- for standard input), as it is printed; what is left out gets its default.
        #[arg(long, value_name = "FILE")]
        set: Option<PathBuf>,
        /// Only if it is at this version; 0: whatever it is.
        #[arg(long, default_value_t = 0, requires = "set")]
        version: u64,
    },
}
