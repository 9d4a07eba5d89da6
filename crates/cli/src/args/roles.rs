//! Who may see and change what of contacts.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum RoleCommand {
    /// Print all roles, what each may do with which field, and who has which.
    List {
        #[arg(short, long)]
        workspace: String,
    },
    /// Make a role, or change what it may do with the fields that are named.
    Set {
        #[arg(short, long)]
        workspace: String,
        /// For example limited_agent, or a name of your own.
        role: String,
        /// FIELD=hidden, FIELD=see or FIELD=edit; may be repeated. Of a new role, fields that are not named are hidden.
        #[arg(short, long = "field", required = true)]
        fields: Vec<String>,
        /// The version that was read; 0: whatever it is.
        #[arg(long, default_value_t = 0)]
        version: u64,
        /// Who changes it.
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// Remove a role of the workspace's own, or have a built-in one be as it was at first.
    Remove {
        #[arg(short, long)]
        workspace: String,
        role: String,
        /// The version that was read; 0: whatever it is.
        #[arg(long, default_value_t = 0)]
        version: u64,
        /// Who removes it.
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// Give an integration a role.
    Assign {
        #[arg(short, long)]
        workspace: String,
        /// Slug of the integration.
        integration: String,
        /// Left out: none of its own, so the role integration.
        role: Option<String>,
        /// The version that was read; 0: whatever it is.
        #[arg(long, default_value_t = 0)]
        version: u64,
        /// Who gives it.
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// Give an agent a role: in it whoever calls for them sees and changes contacts, whether the call names it or not.
    AssignAgent {
        #[arg(short, long)]
        workspace: String,
        /// Slug of the agent.
        agent: String,
        /// Left out: none of their own, so the one that a call names.
        role: Option<String>,
        /// The version that was read; 0: whatever it is.
        #[arg(long, default_value_t = 0)]
        version: u64,
        /// Who gives it.
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// Print what was changed of the roles, by whom and when, newest first.
    Changes {
        #[arg(short, long)]
        workspace: String,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
}
