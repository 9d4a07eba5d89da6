//! What customers are asked, and how they found the help.

use std::path::PathBuf;

use clap::Subcommand;

/// What a form's file holds; shown by `form set --help`.
const FORM: &str =
    "The file holds a form as `homing form list -o json` prints it, without name, version and changed_at:
  {\"title\": \"News\", \"fields\": [
    {\"key\": \"email\", \"kind\": \"email\", \"label\": \"E-mail\", \"required\": true},
    {\"key\": \"size\", \"kind\": \"choice\", \"label\": \"Size\", \"choices\": [\"S\", \"M\"]},
    {\"key\": \"news\", \"kind\": \"consent\", \"label\": \"I agree to get news.\"}]}
Kinds: text, name, email, phone, choice, consent. A consent needs an email or a phone beside it.";

#[derive(Debug, Subcommand)]
pub enum FormCommand {
    /// Make a form that agents can offer, or replace it, and print its version; what is open stays as it was shown.
    #[command(after_help = FORM)]
    Set {
        #[arg(short, long)]
        workspace: String,
        /// a-z, 0-9 and -, at most 32.
        name: String,
        /// JSON; `-` is standard input.
        file: PathBuf,
        /// Only if it is at this version; 0: whatever it is.
        #[arg(long, default_value_t = 0)]
        version: u64,
    },
    /// Print the forms that agents can offer.
    List {
        #[arg(short, long)]
        workspace: String,
    },
    /// Open a form in a conversation, in place of what is open there, and print its id.
    Offer {
        #[arg(short, long)]
        workspace: String,
        /// Its id, or the number that customers and agents see.
        conversation: String,
        /// Name of the form.
        name: String,
        /// Your own id of this request: the same again answers the offered form.
        #[arg(long)]
        request_id: String,
        /// How long it stays open while nobody fills it in; 1 to 2592000.
        #[arg(long, default_value_t = 86_400)]
        seconds: u32,
    },
}

#[derive(Debug, Subcommand)]
pub enum RatingCommand {
    /// Print what customers answered when asked how the help was, newest first.
    List {
        #[arg(short, long)]
        workspace: String,
        /// At most this many; 1 to 10000.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
}
