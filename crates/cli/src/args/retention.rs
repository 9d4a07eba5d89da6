//! How long things are kept.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum RetentionCommand {
    /// Print how long contacts and what was said are kept, and how far that was applied.
    Show {
        #[arg(short, long)]
        workspace: String,
    },
    /// Set how long they are kept. What is over already is erased from now on; there is no way back.
    Set {
        #[arg(short, long)]
        workspace: String,
        /// Days after which a contact goes of which nothing was heard and who has no open conversation; 0: they are kept.
        #[arg(long, required_unless_present = "conversations")]
        contacts: Option<u32>,
        /// Days after the end of a conversation until what was said in it goes; 0: it is kept.
        #[arg(long)]
        conversations: Option<u32>,
        /// Who sets it.
        #[arg(long, default_value = "operator")]
        by: String,
    },
}
