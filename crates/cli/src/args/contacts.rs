//! Looking up and changing contacts.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::PrivacyCommand;

/// What data are read for.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Purpose {
    /// The person's own request.
    #[default]
    Support,
    /// Anything that the workspace starts; shows only whom a consent allows.
    Outreach,
}

/// How far a person has come.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Stage {
    Lead,
    Customer,
}

#[derive(Debug, Subcommand)]
pub enum ContactCommand {
    /// Print the newest contacts that have an address for the purpose.
    List {
        #[arg(short, long)]
        workspace: String,
        #[arg(long, value_enum, default_value_t)]
        purpose: Purpose,
        /// Only in this stage.
        #[arg(long, value_enum)]
        stage: Option<Stage>,
        /// Only with this tag.
        #[arg(long)]
        tag: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Print one contact, as far as the purpose may see it.
    Show {
        #[arg(short, long)]
        workspace: String,
        #[command(flatten)]
        who: ContactWho,
        #[arg(long, value_enum, default_value_t)]
        purpose: Purpose,
    },
    /// Change what is named.
    Update {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact.
        contact: String,
        #[command(flatten)]
        change: ContactFields,
        /// Refuse if the contact has another version by now.
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        version: u64,
        /// Who changes it, as the contact's history will say.
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// Write to a contact first: by a text, with their consent for outreach, and not between 20:00 and 09:00.
    Write {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact.
        contact: String,
        /// Of kind sms.
        #[arg(long)]
        channel: String,
        /// At most 1,600 characters.
        #[arg(long)]
        text: String,
        /// Id of the phone number, where consents name several.
        #[arg(long, default_value = "", hide_default_value = true)]
        address: String,
        /// Who writes.
        #[arg(long, default_value = "", hide_default_value = true)]
        agent: String,
        /// Any name for this message, 1 to 100 characters: the same again writes nothing new.
        #[arg(long)]
        request: String,
    },
    #[command(flatten)]
    Identity(IdentityCommand),
    #[command(flatten)]
    Privacy(PrivacyCommand),
    /// Take contacts out of a CSV file; gaps are filled, nothing is overwritten. The same file again goes on where it was.
    #[command(after_help = COLUMNS)]
    Import(ImportArgs),
    /// Contacts by what is known of them.
    Segment {
        #[command(subcommand)]
        command: SegmentCommand,
    },
    /// Print what a contact bought, as shops tell; the newest order first.
    Purchases {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact.
        contact: String,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Print the conversations of a contact with the agents who talked to them; the newest first.
    Interactions {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact.
        contact: String,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Print what was changed, by whom and when; newest first.
    Changes {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact.
        contact: String,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
}

/// Exactly one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct ContactWho {
    /// Id of the contact.
    pub contact: Option<String>,
    /// International, for example +48600700123.
    #[arg(long)]
    pub phone: Option<String>,
    #[arg(long)]
    pub email: Option<String>,
}

/// At least one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct ContactFields {
    /// Empty: none.
    #[arg(long)]
    pub name: Option<String>,
    #[arg(long, value_enum)]
    pub stage: Option<Stage>,
    /// Zone that the person lives in, for example Europe/Warsaw; empty: not known.
    #[arg(long)]
    pub time_zone: Option<String>,
    /// All tags from now on, with commas between them; empty: none.
    #[arg(long)]
    pub tags: Option<String>,
    /// A custom value, for example size=38; without a value it is removed. May be repeated.
    #[arg(long = "data", value_name = "KEY=VALUE")]
    pub data: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum ConsentCommand {
    /// Record what a contact agreed to in a form; the same again changes nothing.
    Record {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact.
        contact: String,
        /// Id of the form's answer.
        #[arg(long)]
        request_id: String,
        #[arg(long, value_enum, default_value = "outreach")]
        purpose: Purpose,
        /// Id of an address of the contact that it names; may be repeated.
        #[arg(long = "address", required = true)]
        addresses: Vec<String>,
        /// Name of the form.
        #[arg(long)]
        form: String,
        /// The version of the form whose words were shown.
        #[arg(long)]
        form_version: u32,
        /// The language they were shown in, for example pl or pt-BR.
        #[arg(long)]
        language: String,
        /// Id of the conversation in which the form was answered.
        #[arg(long)]
        conversation: Option<String>,
        /// When it was given, for example 2026-11-01T12:00:00Z.
        #[arg(long, value_name = "TIME")]
        given_at: jiff::Timestamp,
    },
    /// Take back every consent for a purpose that was given until then; at once.
    Withdraw {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact.
        contact: String,
        #[arg(long, value_enum, default_value = "outreach")]
        purpose: Purpose,
        /// Now if left out.
        #[arg(long, value_name = "TIME")]
        at: Option<jiff::Timestamp>,
        /// How it was taken back.
        #[arg(long, value_enum, default_value = "agent")]
        by: WithdrawnBy,
    },
    /// Print all that a contact agreed to and took back.
    List {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact.
        contact: String,
    },
}

/// How a consent was taken back.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum WithdrawnBy {
    Form,
    /// A link in a mail.
    Unsubscribe,
    /// Words in a message.
    Message,
    /// An agent who was told.
    Agent,
}

/// One person who was kept as two.
#[derive(Debug, Subcommand)]
pub enum IdentityCommand {
    /// Print what captures could not settle by themselves, oldest first.
    Conflicts {
        #[arg(short, long)]
        workspace: String,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Settle a conflict: it is never raised again.
    Dismiss {
        #[arg(short, long)]
        workspace: String,
        /// Id of the conflict.
        conflict: String,
        /// Who settles it.
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// Make one of two contacts; gaps are filled, nothing is overwritten.
    Merge {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact that stays.
        contact: String,
        /// Id of the contact that goes into it.
        other: String,
        /// Who merges them, as the contact's history will say.
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// Take an identity token, as the workspace's site signs it: who a person is.
    Identify {
        #[arg(short, long)]
        workspace: String,
        /// A JWT; `-` is standard input.
        #[arg(default_value = "-")]
        token: String,
        /// Id of the contact of who presents it.
        #[arg(long)]
        contact: Option<String>,
    },
    /// Public keys whose owners may sign identity tokens.
    IdentityKey {
        #[command(subcommand)]
        command: IdentityKeyCommand,
    },
    /// Take a contact out of the one it went into.
    Unmerge {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact that went into another.
        contact: String,
        /// Who undoes it, as the other's history will say.
        #[arg(long, default_value = "operator")]
        by: String,
    },
}

/// The language of filters; shown by `contact segment count --help` and its neighbours.
const FILTER: &str = "Filters, with and, or, not and brackets between their conditions:
  stage = customer              tag in (vip, \"new here\")     source = web
  data.size = 38                data.size exists             source exists
  purchases.count >= 2          purchases.total.PLN > 10000  purchases.last < days_ago(90)
  created >= 2026-01-31         captured > days_ago(7)       changed < 2026-01-31T12:00:00Z
  consent = outreach
Amounts are in minor units. For outreach only stage, tag, created and consent can be asked for.";

/// Whose segment, and what it is for.
#[derive(Debug, clap::Args)]
pub struct SegmentOf {
    #[arg(short, long)]
    pub workspace: String,
    /// Everybody whom the purpose sees if left out.
    #[arg(default_value = "", hide_default_value = true)]
    pub filter: String,
    #[arg(long, value_enum, default_value_t)]
    pub purpose: Purpose,
}

#[derive(Debug, Subcommand)]
pub enum SegmentCommand {
    /// Print how many contacts a filter means.
    #[command(after_help = FILTER)]
    Count {
        #[command(flatten)]
        of: SegmentOf,
    },
    /// Print the contacts that a filter means, newest first.
    #[command(after_help = FILTER)]
    List {
        #[command(flatten)]
        of: SegmentOf,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Print all contacts that a filter means as CSV, newest first.
    #[command(after_help = FILTER)]
    Export {
        #[command(flatten)]
        of: SegmentOf,
        /// Key of a custom value to have a column; may be repeated. Serves support alone.
        #[arg(long)]
        data: Vec<String>,
    },
}

/// The form of a file; shown by `contact import --help`.
const COLUMNS: &str = "The first line names the columns: phone or email, and any of name, stage, time_zone, tags (with ; between them) and data.KEY.
Commas, semicolons or tabs stand between cells; the file is UTF-8. What is wrong is told by line and column, and the other
lines are taken. No line gives a consent: what it says serves the person's own requests.";

#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    #[arg(short, long)]
    pub workspace: String,
    /// CSV; `-` is standard input.
    pub file: PathBuf,
    /// Country of numbers without a country code, for example PL.
    #[arg(long)]
    pub default_country: Option<String>,
    /// Id of the channel in which the people gave their addresses.
    #[arg(long)]
    pub channel: Option<String>,
    /// Who imports, as the contacts' history will say.
    #[arg(long, default_value = "operator")]
    pub by: String,
}

#[derive(Debug, Subcommand)]
pub enum IdentityKeyCommand {
    /// Keep a public key, two at most; the same again changes nothing.
    Add {
        #[arg(short, long)]
        workspace: String,
        /// A file with a JWK that has a kid: Ed25519 or P-256.
        file: PathBuf,
        /// Who adds it.
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// Print the keys, oldest first.
    List {
        #[arg(short, long)]
        workspace: String,
    },
    /// Remove a key: what it signed proves nothing from now on.
    Remove {
        #[arg(short, long)]
        workspace: String,
        /// Its kid.
        key: String,
    },
}
