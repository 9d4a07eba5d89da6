//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub use crate::output::Format;
use crate::stack::DATA_FOLDER;

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
    /// People who answer.
    Agent {
        #[command(subcommand)]
        command: AgentCommand,
    },
    /// Other systems that publish events or use the API.
    Integration {
        #[command(subcommand)]
        command: IntegrationCommand,
    },
    /// Who wants no messages of a workspace.
    OptOut {
        #[command(subcommand)]
        command: OptOutCommand,
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
        /// Day (UTC), for example 2026-11-01, or moment, for example 2026-11-01T12:00:00Z; facts are kept for 7 days.
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
unread_mail_ms, texts_per_number_per_day, mails_per_address_per_day. What is not named stays as it was recorded.
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
    },
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

#[derive(Debug, Subcommand)]
pub enum PricesCommand {
    /// Set the price of one text part, or of one mail, from a day on.
    Set {
        #[arg(short, long)]
        workspace: String,
        #[arg(long, value_enum)]
        kind: PriceKind,
        /// ISO 3166 alpha-2; * is every country without a price of its own.
        #[arg(long, default_value = "*")]
        country: String,
        /// For example 0.05; at most six decimals.
        #[arg(long)]
        pu: String,
        /// Day (UTC), for example 2026-11-21; now where it is not named.
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
    },
    /// Add the prices of a CSV file, all or none: kind,country,valid_from,micro_pu.
    Import {
        #[arg(short, long)]
        workspace: String,
        /// `-` is standard input.
        file: PathBuf,
    },
    /// Print the whole list as CSV, as `import` takes it.
    Export {
        #[arg(short, long)]
        workspace: String,
    },
}

/// What has a price.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PriceKind {
    Sms,
    Lms,
    Email,
}

/// What became of the money of a message.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ChargeState {
    Held,
    Captured,
    Released,
    Expired,
}

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Balance, what of it expires when, plan and thresholds.
    Show {
        #[arg(short, long)]
        workspace: String,
    },
    /// Set what a workspace pays for.
    Plan {
        #[arg(short, long)]
        workspace: String,
        /// PU paid in at the beginning of each month and gone at its end, for example 100.
        #[arg(long, value_name = "PU", default_value = "0")]
        allowance: String,
        /// It is no paid plan: nothing can be prepaid.
        #[arg(long)]
        unpaid: bool,
    },
    /// Set when account.balance_low and account.top_up_requested are told; what is not named is never told.
    Thresholds {
        #[arg(short, long)]
        workspace: String,
        /// Less than this available is low.
        #[arg(long, value_name = "PU", default_value = "0")]
        low: String,
        /// At less than this available a top-up is asked for.
        #[arg(long, value_name = "PU", default_value = "0", requires = "top_up")]
        top_up_below: String,
        /// How much is asked for.
        #[arg(long, value_name = "PU", default_value = "0")]
        top_up: String,
    },
    /// Hold and pay in nothing more; what is held is still settled.
    Close {
        #[arg(short, long)]
        workspace: String,
    },
    /// Open it again with what it had.
    Reopen {
        #[arg(short, long)]
        workspace: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum BooksCommand {
    /// Take in what a provider says that it sent on a day: message,parts,micro_pu (which may be empty).
    ImportStatement {
        #[arg(short, long)]
        workspace: String,
        /// As the fact delivery.accepted tells it, for example twilio.
        #[arg(long)]
        provider: String,
        /// UTC.
        #[arg(long, value_name = "DATE")]
        day: String,
        /// `-` is standard input.
        file: PathBuf,
    },
    /// Print where statements and charges, balances and journal, holds and open sends disagree; fails if they do.
    Drift {
        #[arg(short, long)]
        workspace: String,
        /// First day (UTC); 35 days ago where it is not named.
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// The day after the last one (UTC); tomorrow where it is not named.
        #[arg(long, value_name = "DATE")]
        to: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum BalanceCommand {
    /// Add PU; the same request id again adds nothing.
    TopUp {
        #[arg(short, long)]
        workspace: String,
        /// For example 10; at most six decimals.
        #[arg(long)]
        pu: String,
        /// 1 to 100 characters; names this payment.
        #[arg(long)]
        request_id: String,
        /// Day (UTC) at whose beginning what is left of it is gone; never where it is not named.
        #[arg(long, value_name = "DATE")]
        expires: Option<String>,
    },
    /// What is left, and what is reserved.
    Show {
        #[arg(short, long)]
        workspace: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct UsageArgs {
    #[arg(short, long)]
    pub workspace: String,
    #[command(flatten)]
    pub of: OfMessages,
    /// Sum by month, not by day.
    #[arg(long)]
    pub by_month: bool,
}

#[derive(Debug, clap::Args)]
pub struct ChargesArgs {
    #[arg(short, long)]
    pub workspace: String,
    #[command(flatten)]
    pub of: OfMessages,
    #[arg(long, value_enum)]
    pub state: Option<ChargeState>,
    /// At most this many; 1 to 100000.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

/// Which messages, and how they are printed.
#[derive(Debug, clap::Args)]
pub struct OfMessages {
    /// First day (UTC); thirty days ago where it is not named.
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// The day after the last one (UTC); tomorrow where it is not named.
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
    /// Only of this kind.
    #[arg(long, value_enum)]
    pub kind: Option<PriceKind>,
    /// Only to this country: ISO 3166 alpha-2.
    #[arg(long)]
    pub country: Option<String>,
    /// Print CSV; amounts are micro-PU.
    #[arg(long)]
    pub csv: bool,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Scope {
    Ingest,
    Read,
    Write,
    Admin,
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
