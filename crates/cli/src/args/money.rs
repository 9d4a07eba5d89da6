//! Prices, accounts and use.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

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
    Whatsapp,
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
    /// Settle by hand the money of a message of which no provider ever told.
    Settle {
        #[arg(short, long)]
        workspace: String,
        /// As `homing charges --state held` prints it.
        #[arg(long)]
        delivery: String,
        /// What became of the message.
        #[arg(long = "as", value_enum)]
        outcome: Outcome,
        /// How that is known, 1 to 200 characters.
        #[arg(long)]
        note: String,
    },
    /// Print lines of the journal, newest first.
    Journal {
        #[arg(short, long)]
        workspace: String,
        /// First day (UTC); thirty days ago where it is not named.
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// The day after the last one (UTC); tomorrow where it is not named.
        #[arg(long, value_name = "DATE")]
        to: Option<String>,
        /// At most this many; 1 to 100000.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
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

/// What became of a message.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Outcome {
    /// A provider took it: it is charged.
    Captured,
    /// Nobody took it: the money is free again.
    Released,
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
