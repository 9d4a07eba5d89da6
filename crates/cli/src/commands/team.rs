//! Groups of agents, by gRPC to conversation-service.

use std::process::ExitCode;

use anyhow::Result;
use rpc::conversation::{CreateTeamRequest, ListTeamsRequest};
use serde_json::{Value, json};

use super::automatic_messages;
use super::channel::client;
use super::opening_hours;
use crate::args::TeamCommand;
use crate::call::call;
use crate::output::Out;

pub(crate) async fn run(command: TeamCommand, out: &Out) -> Result<ExitCode> {
    match command {
        TeamCommand::Create { workspace, team, name } => {
            let request = CreateTeamRequest {
                workspace,
                team: team.clone(),
                name,
            };
            call!(client()?, create_team, request)?;
            if out.json() {
                out.document(&json!({ "team": team }))?;
            } else {
                out.line(team)?;
            }
        }
        TeamCommand::List { workspace } => {
            let teams = call!(client()?, list_teams, ListTeamsRequest { workspace })?.teams;
            if out.json() {
                let told = teams
                    .iter()
                    .map(|one| json!({ "team": one.team, "name": one.name, "agents": one.agents }));
                out.document(&told.collect::<Vec<Value>>())?;
            } else {
                let rows = teams
                    .into_iter()
                    .map(|one| vec![one.team, one.name, one.agents.join(", ")]);
                out.table(&["team", "name", "agents"], &rows.collect::<Vec<_>>())?;
            }
        }
        TeamCommand::Hours {
            workspace,
            team,
            set,
            version,
        } => match set {
            Some(file) => opening_hours::set(out, workspace, team, &file, version).await?,
            None => opening_hours::get(out, workspace, team).await?,
        },
        TeamCommand::Messages {
            workspace,
            team,
            set,
            version,
        } => match set {
            Some(file) => automatic_messages::set(out, workspace, team, &file, version).await?,
            None => automatic_messages::get(out, workspace, team).await?,
        },
        TeamCommand::Preview {
            workspace,
            team,
            kind,
            language,
            by_text,
        } => {
            let text = automatic_messages::preview(workspace, team, &kind, language, by_text).await?;
            if out.json() {
                out.document(&json!({ "text": text }))?;
            } else {
                out.line(text)?;
            }
        }
        TeamCommand::Opening { workspace, team, at } => opening_hours::opening(out, workspace, team, at).await?,
    }
    Ok(ExitCode::SUCCESS)
}
