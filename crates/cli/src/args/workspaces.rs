//! Setting up a workspace.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use jiff::Timestamp;

/// What a token may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Scope {
    /// Publish events.
    Ingest,
    /// Read conversations, follow-ups and usage.
    Read,
    /// Post answers, resolve, mark.
    Write,
    /// Change settings.
    Admin,
    /// Read and change contacts: their addresses, data, consents and merges.
    Contacts,
    /// Read the workspace's facts on NATS.
    Facts,
    /// Export all that is kept of people, and erase them.
    Privacy,
}

#[derive(Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// Create a tenant; the same again changes nothing.
    Create {
        /// a-z, 0-9 and -, at most 32.
        workspace: String,
        /// Business name in texts and mails.
        #[arg(long)]
        name: String,
        /// IANA name.
        #[arg(long, default_value = "UTC")]
        time_zone: String,
        #[arg(long, default_value = "en")]
        language: String,
        /// Where agents open a conversation; see `update`.
        #[arg(long, default_value = "")]
        console_url: String,
    },
    /// Change what is named; channels keep the business name that they were created with.
    Update {
        workspace: String,
        #[command(flatten)]
        change: WorkspaceChange,
    },
}

/// At least one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct WorkspaceChange {
    /// Business name of channels that are created from now on.
    #[arg(long)]
    pub name: Option<String>,
    /// IANA name.
    #[arg(long)]
    pub time_zone: Option<String>,
    /// en, pl or fr.
    #[arg(long)]
    pub language: Option<String>,
    /// Where mails to agents lead, for example https://desk.example.com/conversations/{conversation}; {number} stands for its number.
    /// Empty: nowhere.
    #[arg(long)]
    pub console_url: Option<String>,
}

/// What a channel is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    Web,
    Sms,
    Email,
    Whatsapp,
    Facebook,
    Instagram,
    Voice,
}

#[derive(Debug, Subcommand)]
pub enum TeamCommand {
    /// Create a team; the same again changes nothing.
    Create {
        #[arg(short, long)]
        workspace: String,
        /// a-z, 0-9 and -, at most 32.
        team: String,
        #[arg(long)]
        name: String,
    },
    /// Print the teams and who is in them.
    List {
        #[arg(short, long)]
        workspace: String,
    },
    /// Print when a team can be reached, as JSON, or set it.
    Hours {
        #[arg(short, long)]
        workspace: String,
        team: String,
        /// Replace them by those of this file (- for standard input), as they are printed; null: always open.
        #[arg(long, value_name = "FILE")]
        set: Option<PathBuf>,
        /// Only if they are at this version; 0: whatever it is.
        #[arg(long, default_value_t = 0, requires = "set")]
        version: u64,
    },
    /// Print what a team says by itself, as JSON, or set it.
    Messages {
        #[arg(short, long)]
        workspace: String,
        team: String,
        /// Replace it by what this file says (- for standard input), as it is printed; what is left out is off.
        #[arg(long, value_name = "FILE")]
        set: Option<PathBuf>,
        /// Only if it is at this version; 0: whatever it is.
        #[arg(long, default_value_t = 0, requires = "set")]
        version: u64,
    },
    /// Print the words of a team's automatic message as they would go out, on or off.
    Preview {
        #[arg(short, long)]
        workspace: String,
        team: String,
        /// missed_call, voicemail, call_ended, ask_rating, ask_solved, first_message, ask_media, contact_page, call_out_of_hours,
        /// call_given_up, ask_approval, ask_payment, text_out_of_hours or chat_out_of_hours.
        kind: String,
        /// en, pl or fr; the workspace's if left out.
        #[arg(long)]
        language: Option<String>,
        /// As it goes out by text.
        #[arg(long)]
        by_text: bool,
    },
    /// Print whether a team is open, and until when that stays so.
    Opening {
        #[arg(short, long)]
        workspace: String,
        team: String,
        /// RFC 3339; now if left out.
        #[arg(long)]
        at: Option<Timestamp>,
    },
}

#[derive(Debug, Subcommand)]
pub enum IntegrationCommand {
    /// Create an integration and print its API token, which is shown this once. NATS takes it as password.
    Create {
        #[arg(short, long)]
        workspace: String,
        /// a-z, 0-9 and -, at most 32.
        integration: String,
        /// What the token may do; may be repeated.
        #[arg(long = "scope", value_enum, default_values = ["ingest", "read"])]
        scopes: Vec<Scope>,
    },
    /// Print the integrations and what their tokens may do; nobody can print the tokens.
    List {
        #[arg(short, long)]
        workspace: String,
    },
    /// Change what an integration's token may do; within seconds every door knows.
    Update {
        #[arg(short, long)]
        workspace: String,
        integration: String,
        /// All that the token may do from now on; may be repeated.
        #[arg(
            long = "scope",
            value_enum,
            required_unless_present = "revoke",
            conflicts_with = "revoke"
        )]
        scopes: Vec<Scope>,
        /// Nothing: its token is no valid one any more, until it is given scopes again.
        #[arg(long)]
        revoke: bool,
    },
    /// Give an integration a new API token and print it, this once; the old one stops working.
    Rotate {
        #[arg(short, long)]
        workspace: String,
        integration: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum SenderCommand {
    /// Give a sender to a workspace: its channels may name it as their text_from, and nobody else's.
    Assign {
        #[arg(short, long)]
        workspace: String,
        /// A number (+48732000000, or 3 to 8 digits), or a name of at most 11 letters, digits and spaces.
        sender: String,
    },
    /// Take a sender from a workspace none of whose channels names it any more.
    Release {
        #[arg(short, long)]
        workspace: String,
        sender: String,
    },
    /// Print the senders of a workspace.
    List {
        #[arg(short, long)]
        workspace: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum LinksCommand {
    /// Make a conversation's return links and reply addresses void, and print how many still worked.
    Revoke {
        #[arg(short, long)]
        workspace: String,
        /// Its id.
        conversation: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum OptOutCommand {
    /// Send nothing more to an address; takes effect for everything that is not yet with a provider.
    Set(OptOutArgs),
    /// Write to it again.
    Clear(OptOutArgs),
    /// Print whether it is opted out, and since when.
    Show(OptOutArgs),
}

#[derive(Debug, clap::Args)]
pub struct OptOutArgs {
    #[arg(short, long)]
    pub workspace: String,
    #[command(flatten)]
    pub address: OptOutAddress,
}

/// Exactly one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct OptOutAddress {
    /// International, for example +48600700123.
    #[arg(long)]
    pub phone: Option<String>,
    #[arg(long)]
    pub email: Option<String>,
}
