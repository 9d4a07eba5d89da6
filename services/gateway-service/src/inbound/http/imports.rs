//! Files of contacts, in pieces.

use super::extract::{Contacts, May, Params, Raw, expect_type};
use super::problem::Answer;
use super::wire::optional;
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use fault::Fault;
use rpc::contacts::{self as wire, GetImportRequest, ImportContactsRequest, ListImportProblemsRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportContacts {
    /// Lines of the file before the piece, its head aside.
    #[serde(default)]
    done: u64,
    /// The number of the first line under the head, as an editor counts them; 2 if left out.
    #[serde(default)]
    first_line: u64,
    /// ISO 3166 alpha-2, for numbers without a country code.
    #[serde(default)]
    default_country: String,
    /// Id of the channel in which the addresses were given.
    #[serde(default)]
    channel: String,
}

/// How far a file has come.
#[derive(Serialize, ToSchema)]
pub struct Import {
    import: String,
    /// Lines under the head that are done, from the beginning of the file; the sum of the next four.
    lines: u64,
    /// Made a contact.
    created: u64,
    /// Gave a contact something that it had not.
    filled: u64,
    /// Said what was known.
    unchanged: u64,
    /// Could not be taken.
    refused: u64,
    /// Gave another name than is known, or addresses of two contacts: kept for a person to settle.
    conflicts: u64,
    /// What is wrong with lines that were taken or refused now.
    problems: Vec<ImportProblem>,
}

/// What is wrong with a line.
#[derive(Serialize, ToSchema)]
pub struct ImportProblem {
    /// As an editor counts them; the head is line 1.
    line: u64,
    /// Absent: the whole line.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// What is wrong and how to mend it.
    reason: String,
    /// True: the line was taken, this cell was not.
    taken: bool,
}

/// Takes the next lines of a file: its head, and 1 to 2,000 whole lines in UTF-8, at most 4 MiB. The same name is the same file:
/// lines that were taken before are not taken again. 409 where lines before the piece are missing.
#[utoipa::path(post, path = "/v1/contact-imports/{import}", tag = "contacts",
    params(("import" = String, Path, description = "Names the file, 1 to 100 characters, for example its SHA-256"), ImportContacts),
    request_body(content = String, content_type = "text/csv"), security(("api_token" = ["contacts"])),
    responses((status = 200, body = Import),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn import_contacts(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(import): Path<String>,
    Params(params): Params<ImportContacts>,
    headers: HeaderMap,
    Raw(csv): Raw,
) -> Answer<Json<Import>> {
    expect_type(&headers, &["text/csv"])?;
    let request = ImportContactsRequest {
        workspace: caller.workspace.to_string(),
        import,
        done: params.done,
        first_line: params.first_line,
        csv: csv.into(),
        default_country: params.default_country,
        channel: params.channel,
        by: caller.by(),
    };
    let answer = edge.contacts.import_contacts(&caller, request).await?;
    Ok(Json(Import::of(answer.import, answer.problems)?))
}

/// How far a file has come.
#[utoipa::path(get, path = "/v1/contact-imports/{import}", tag = "contacts",
    params(("import" = String, Path, description = "The name of the file")), security(("api_token" = ["contacts"])),
    responses((status = 200, body = Import),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_import(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(import): Path<String>,
) -> Answer<Json<Import>> {
    let request = GetImportRequest {
        workspace: caller.workspace.to_string(),
        import,
    };
    let answer = edge.contacts.get_import(request).await?;
    Ok(Json(Import::of(answer.import, vec![])?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListImportProblems {
    /// 1 to 1,000; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// A page of what is wrong with lines of a file.
#[derive(Serialize, ToSchema)]
pub struct ImportProblemPage {
    problems: Vec<ImportProblem>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// What is wrong with which lines of a file, as far as it has come, in their order; also of pieces whose answer was lost.
#[utoipa::path(get, path = "/v1/contact-imports/{import}/problems", tag = "contacts",
    params(("import" = String, Path, description = "The name of the file"), ListImportProblems),
    security(("api_token" = ["contacts"])), responses((status = 200, body = ImportProblemPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_import_problems(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(import): Path<String>,
    Params(params): Params<ListImportProblems>,
) -> Answer<Json<ImportProblemPage>> {
    let request = ListImportProblemsRequest {
        workspace: caller.workspace.to_string(),
        import,
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.contacts.list_import_problems(request).await?;
    Ok(Json(ImportProblemPage {
        problems: page.problems.into_iter().map(ImportProblem::of).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

impl ImportProblem {
    fn of(problem: wire::ImportProblem) -> Self {
        Self {
            line: problem.line,
            column: optional(problem.column),
            reason: problem.reason,
            taken: problem.taken,
        }
    }
}

impl Import {
    fn of(import: Option<wire::Import>, problems: Vec<wire::ImportProblem>) -> Result<Self, Fault> {
        let import = import.ok_or_else(|| Fault::not_found("import"))?;
        Ok(Self {
            import: import.import,
            lines: import.lines,
            created: import.created,
            filled: import.filled,
            unchanged: import.unchanged,
            refused: import.refused,
            conflicts: import.conflicts,
            problems: problems.into_iter().map(ImportProblem::of).collect(),
        })
    }
}
