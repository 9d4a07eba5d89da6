//! What conversations of a channel go through by themselves.

use std::path::PathBuf;

use clap::Subcommand;

/// What a workflow's file holds; shown by `workflow set --help`.
const WORKFLOW: &str =
    "The file holds a workflow as `homing workflow list -o json` prints it, without key, version and changed_at:
  {\"channel\": \"web\", \"trigger\": \"first_message\", \"on\": true, \"steps\": [
    {\"kind\": \"greet\", \"text\": \"Hello!\"},
    {\"kind\": \"wait\", \"seconds\": 60},
    {\"kind\": \"message\", \"text\": \"Somebody will be with you.\"},
    {\"kind\": \"ask_form\", \"form\": \"news\", \"seconds\": 600},
    {\"kind\": \"set_tag\", \"tag\": \"asked\"},
    {\"kind\": \"hand_over\", \"team\": \"sales\"}]}
Triggers: first_message (one of a channel that is on), agent. greet may only be first, hand_over only last.";

#[derive(Debug, Subcommand)]
pub enum WorkflowCommand {
    /// Make a workflow or replace it, and print its version; runs that are under way keep their steps.
    #[command(after_help = WORKFLOW)]
    Set {
        #[arg(short, long)]
        workspace: String,
        /// a-z, 0-9 and -, at most 32.
        key: String,
        /// JSON; `-` is standard input.
        file: PathBuf,
        /// Only if it is at this version; 0: whatever it is.
        #[arg(long, default_value_t = 0)]
        version: u64,
    },
    /// Print the workflows of all channels.
    List {
        #[arg(short, long)]
        workspace: String,
    },
    /// Begin a run in an open conversation of the workflow's channel, and print how it stands.
    Start {
        #[arg(short, long)]
        workspace: String,
        /// Its id, or the number that customers and agents see.
        conversation: String,
        /// Key of the workflow.
        key: String,
        /// Your own id of this request: the same again answers the run.
        #[arg(long)]
        request_id: String,
        /// Who starts it.
        #[arg(long, default_value = "", hide_default_value = true)]
        agent: String,
    },
    /// End a run where it stands; one that has ended stays as it is.
    Cancel {
        #[arg(short, long)]
        workspace: String,
        /// Id of the run.
        run: String,
    },
    /// Print how far a run has come.
    Show {
        #[arg(short, long)]
        workspace: String,
        /// Id of the run.
        run: String,
    },
    /// Print runs, newest first.
    Runs {
        #[arg(short, long)]
        workspace: String,
        /// Only of this conversation: its id, or the number that customers and agents see.
        #[arg(long)]
        conversation: Option<String>,
        /// Only those that have not ended.
        #[arg(long)]
        active: bool,
        /// At most this many; 1 to 10000.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
}
