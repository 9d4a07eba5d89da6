//! The command line.

mod contacts;
mod forms;
mod money;
mod privacy;
mod queue;
mod retention;
mod roles;
mod workflows;
mod workspaces;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use crate::output::Format;
use crate::stack::DATA_FOLDER;
pub use contacts::*;
pub use forms::*;
pub use money::*;
pub use privacy::*;
pub use queue::*;
pub use retention::*;
pub use roles::*;
pub use workflows::*;
pub use workspaces::*;

/// Homing: brings a customer back to a conversation that the customer has left.
#[derive(Debug, Parser)]
#[command(name = "homing", version, after_help = crate::exit::HELP, disable_help_subcommand = true)]
pub struct Args {
    /// How answers look.
    #[arg(short, long, global = true, value_enum, default_value_t)]
    pub output: Format,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything on this machine, on free ports, until Ctrl-C.
    Dev(DevArgs),
    /// Run the main job against what runs here, or against servers of its own, and print what happened.
    Demo(DemoArgs),
    /// Check that the servers start here, and that what runs here is well.
    Check(CheckArgs),
    /// Say why something was sent, or why nothing was.
    Explain(ExplainArgs),
    /// Publish events as an integration, or watch what happens.
    Events {
        #[command(subcommand)]
        command: EventsCommand,
    },
    /// Replay recorded facts under another policy: what would have been sent, when, and what it would have cost.
    Simulate(SimulateArgs),
    /// What could not be handled.
    Dlq {
        #[command(subcommand)]
        command: DlqCommand,
    },
    /// Tenants.
    Workspace {
        #[command(subcommand)]
        command: WorkspaceCommand,
    },
    /// Entry points of a workspace.
    Channel {
        #[command(subcommand)]
        command: ChannelCommand,
    },
    /// Groups of people who answer.
    Team {
        #[command(subcommand)]
        command: TeamCommand,
    },
    /// People who answer.
    Agent {
        #[command(subcommand)]
        command: AgentCommand,
    },
    /// Chats that somebody is to serve.
    Queue {
        #[command(subcommand)]
        command: QueueCommand,
    },
    /// How a conversation stands, who has it, and who starred it.
    Conversation {
        #[command(subcommand)]
        command: ConversationCommand,
    },
    /// Other systems that publish events or use the API.
    Integration {
        #[command(subcommand)]
        command: IntegrationCommand,
    },
    /// Numbers and names that texts come from, each of one workspace.
    Sender {
        #[command(subcommand)]
        command: SenderCommand,
    },
    /// Forms that agents can offer.
    Form {
        #[command(subcommand)]
        command: FormCommand,
    },
    /// Steps that conversations of a channel go through by themselves.
    Workflow {
        #[command(subcommand)]
        command: WorkflowCommand,
    },
    /// How customers found the help.
    Rating {
        #[command(subcommand)]
        command: RatingCommand,
    },
    /// People, their fields, and who changed them.
    Contact {
        #[command(subcommand)]
        command: ContactCommand,
    },
    /// Who may see and change which fields of contacts.
    Role {
        #[command(subcommand)]
        command: RoleCommand,
    },
    /// How long contacts and what was said are kept.
    Retention {
        #[command(subcommand)]
        command: RetentionCommand,
    },
    /// What people agreed to, and what they took back.
    Consent {
        #[command(subcommand)]
        command: ConsentCommand,
    },
    /// Who wants no messages of a workspace.
    OptOut {
        #[command(subcommand)]
        command: OptOutCommand,
    },
    /// The links and reply addresses in messages that were sent.
    Links {
        #[command(subcommand)]
        command: LinksCommand,
    },
    /// What messages cost.
    Prices {
        #[command(subcommand)]
        command: PricesCommand,
    },
    /// What a workspace pays for, what expires, and when its owner wants to hear of it.
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// Whether what was charged is what was sent.
    Books {
        #[command(subcommand)]
        command: BooksCommand,
    },
    /// Prepaid PU of a workspace.
    Balance {
        #[command(subcommand)]
        command: BalanceCommand,
    },
    /// What a workspace used, by kind and country.
    Usage(UsageArgs),
    /// The log of single messages with state and cost, newest first.
    Charges(ChargesArgs),
    /// Print completions for a shell: source <(homing completions bash)
    Completions(CompletionsArgs),
    /// Run a command with a throw-away PostgreSQL named in HOMING_TEST_DATABASE_URL.
    ServeServers(ServeServersArgs),
}

/// Where `dev`, `demo` and `check` find the servers; shown by their `--help`.
const SERVERS: &str = "Servers, wherever it is started:
  HOMING_NATS_SERVER   nats-server, at least 2.12
  HOMING_POSTGRES_BIN  folder that holds postgres and initdb, at least 15
Without these: what `make setup` left in .tools/, in this folder or above it or above the program; then PATH.
The services' programs are looked for beside this one.";

#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell.
    pub shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
#[command(after_help = SERVERS)]
pub struct DevArgs {
    /// Product durations (debounce, escalation, presence) pass this many times faster; 1 to 10000.
    #[arg(long, default_value_t = 1.0, value_parser = time_scale)]
    pub time_scale: f64,
    /// Folder for data, ports and logs; kept.
    #[arg(long, default_value = DATA_FOLDER)]
    pub data: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = SERVERS)]
pub struct DemoArgs {
    /// Product durations pass this many times faster; 1 to 10000. Used when nothing runs here yet.
    #[arg(long, default_value_t = 30.0, value_parser = time_scale)]
    pub time_scale: f64,
    /// Keep servers of its own running afterwards, until Ctrl-C.
    #[arg(long)]
    pub keep: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = SERVERS)]
pub struct CheckArgs {
    /// Also check that this workspace has funds.
    #[arg(short, long)]
    pub workspace: Option<String>,
    /// Folder of `homing dev`.
    #[arg(long, default_value = DATA_FOLDER)]
    pub data: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct ServeServersArgs {
    /// Also make a database per service from its migrations, named in <SERVICE>_CHECK_DATABASE_URL.
    #[arg(long)]
    pub check_databases: bool,
    /// The command and its arguments.
    #[arg(trailing_var_arg = true, required = true)]
    pub command: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// Workspace of the follow-up.
    #[arg(short, long)]
    pub workspace: String,
    #[command(flatten)]
    pub of: ExplainOf,
}

/// Exactly one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct ExplainOf {
    /// Id of one follow-up.
    #[arg(long)]
    pub follow_up: Option<String>,
    /// Id of a conversation: all its follow-ups.
    #[arg(long)]
    pub conversation: Option<String>,
    /// The number that customers and agents see.
    #[arg(long)]
    pub number: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Publish CloudEvents documents, one a line, from a file or standard input, and wait for the stream's answer.
    Publish {
        #[arg(short, long)]
        workspace: String,
        #[arg(short, long)]
        integration: String,
        /// JSON lines; `-` is standard input.
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Print recorded facts, one JSON document a line, with the channels' settings: what `simulate` reads.
    Export {
        #[arg(short, long)]
        workspace: String,
        /// Day (UTC), for example 2026-11-01, or moment, for example 2026-11-01T12:00:00Z; facts are kept for 400 days at most.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
    },
    /// Print what happens as it happens, one JSON document a line.
    Tail {
        /// Of this workspace only.
        #[arg(short, long)]
        workspace: Option<String>,
        /// End after this many.
        #[arg(short = 'n', long)]
        count: Option<usize>,
    },
}

#[derive(Debug, clap::Args)]
#[command(after_help = POLICY)]
pub struct SimulateArgs {
    /// What `homing events export` printed; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,
    /// JSON: settings to try, by channel; without it the recorded settings are replayed.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Price of a text; the mean of the recorded charges where it is not named.
    #[arg(long, value_name = "PU")]
    pub text_pu: Option<String>,
    /// Price of a mail; the mean of the recorded charges where it is not named.
    #[arg(long, value_name = "PU")]
    pub mail_pu: Option<String>,
    /// Also print every message: when, and in which conversation.
    #[arg(long)]
    pub list: bool,
    /// How much faster product durations passed in the recording; 1 to 10000.
    #[arg(long, default_value_t = 1.0, value_parser = time_scale)]
    pub time_scale: f64,
}

/// The form of a policy file; shown by `simulate --help`.
const POLICY: &str = "A policy file names channels, or * for the others, and what to change of their settings:
  {\"*\": {\"debounce_ms\": 60000}, \"help\": {\"policy\": \"email_on_unread\", \"unread_mail_ms\": 3600000}}
A channel that is named takes nothing from *, which means the other web channels.
Settings: follow_up, policy, bot_answers_follow_up, confirmation_text, debounce_ms, ceiling_ms, escalation_ms,
unread_mail_ms, texts_per_number_per_day, mails_per_address_per_day, text_quiet_hours, mail_quiet_hours. What is not named stays as it was recorded.
Customers are taken to have behaved as recorded; providers take everything.";

#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// List the newest dead letters, the oldest of them first. Without a workspace also what the server gave up after
    /// too many deliveries.
    List {
        #[arg(short, long)]
        workspace: Option<String>,
        /// At most this many; 1 to 1000.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// Only what is older than this sequence: the page before one that begins with it.
        #[arg(long, value_name = "SEQUENCE")]
        before: Option<u64>,
        /// Also print the payloads, which may hold personal data.
        #[arg(long)]
        payload: bool,
    },
    /// Publish dead letters again under their own event ids, and remove them from the list.
    Replay {
        /// As `list` shows them.
        #[arg(required = true)]
        sequences: Vec<u64>,
    },
}

fn time_scale(text: &str) -> Result<f64, String> {
    domain::TimeScale::parse(text).map_err(|error| error.to_string())?;
    text.parse().map_err(|_| "must be a number".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }
}
