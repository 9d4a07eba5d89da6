//! Handing out what is kept of people, and erasing it.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

/// Why a person is erased.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ErasureReason {
    /// They asked for it.
    Requested,
    /// Their data are needed no more for what they were given for.
    NoLongerNeeded,
    /// The data should not have been kept.
    Unlawful,
    /// A law says so.
    Obligation,
}

#[derive(Debug, Subcommand)]
pub enum PrivacyCommand {
    /// Print everything that is kept of a contact, and of all that went into it, in every service, as one JSON document.
    Export {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact.
        contact: String,
        /// Where to write it, a file that is not there yet; standard output if left out.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Erase a contact, and all that went into it, from every service. There is no way back.
    Erase {
        #[arg(short, long)]
        workspace: String,
        /// Id of the contact.
        contact: String,
        /// Any name for this erasure, 1 to 100 characters: the same again shows how far it is.
        #[arg(long)]
        request: String,
        #[arg(long, value_enum)]
        reason: ErasureReason,
        /// Who asks for it to be done; no data of the person.
        #[arg(long, default_value = "operator")]
        by: String,
        /// Show what is done as it is done, until all is.
        #[arg(long)]
        wait: bool,
    },
    /// Print how far an erasure is, and what it erased.
    Erasure {
        #[arg(short, long)]
        workspace: String,
        /// Id of the erasure.
        erasure: String,
    },
    /// Print the newest erasures.
    Erasures {
        #[arg(short, long)]
        workspace: String,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
}
