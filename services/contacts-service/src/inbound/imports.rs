//! `homing.contacts.v1.ImportService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use super::words::country;
use crate::app::PieceOf;
use crate::domain::import::{Problem, Tally};
use crate::domain::name;
use domain::{ChannelId, Invalid, WorkspaceId};
use fault::{Fault, Result, codes};
use rpc::contacts::import_service_server::ImportService;
use rpc::contacts::{
    GetImportRequest, GetImportResponse, Import, ImportContactsRequest, ImportContactsResponse, ImportProblem,
    ListImportProblemsRequest, ListImportProblemsResponse,
};
use tonic::{Request, Response, Status};

/// Bytes of a piece.
const LARGEST: usize = 4 * 1024 * 1024;
/// The line under the head.
const FIRST: u64 = 2;

impl Server {
    async fn do_import_contacts(&self, request: Request<ImportContactsRequest>) -> Result<ImportContactsResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let import = name("import", &request.import)?;
        let by = name("by", &request.by)?;
        let channel = (!request.channel.is_empty()).then(|| ChannelId::parse(&request.channel));
        let channel = channel.transpose()?;
        if request.csv.len() > LARGEST {
            return Err(Fault::new(&codes::TOO_LARGE, "has more than 4 MiB; send it in pieces").of("csv"));
        }
        let piece = PieceOf {
            import: &import,
            done: request.done,
            first_line: first_line(request.first_line)?,
            csv: &request.csv,
            country: country(&request.default_country)?,
            channel: channel.as_ref().map(ChannelId::as_str),
            by: &by,
        };
        let (tally, problems) = self.contacts.import_contacts(&workspace, &rights, piece).await?;
        Ok(ImportContactsResponse {
            import: Some(told(import, tally)),
            problems: problems.into_iter().map(problem).collect(),
        })
    }

    async fn do_list_import_problems(&self, request: ListImportProblemsRequest) -> Result<ListImportProblemsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let import = name("import", &request.import)?;
        let page = (request.page_size, request.page_token.as_str());
        let (found, next) = self.contacts.list_import_problems(&workspace, &import, page).await?;
        Ok(ListImportProblemsResponse {
            problems: found.into_iter().map(problem).collect(),
            next_page_token: next.map(|place| place.to_string()).unwrap_or_default(),
        })
    }

    async fn do_get_import(&self, request: GetImportRequest) -> Result<GetImportResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let import = name("import", &request.import)?;
        let tally = self.contacts.get_import(&workspace, &import).await?;
        Ok(GetImportResponse {
            import: Some(told(import, tally)),
        })
    }
}

#[tonic::async_trait]
impl ImportService for Server {
    async fn import_contacts(
        &self,
        request: Request<ImportContactsRequest>,
    ) -> Result<Response<ImportContactsResponse>, Status> {
        rpc::answer(self.do_import_contacts(request).await)
    }

    async fn list_import_problems(
        &self,
        request: Request<ListImportProblemsRequest>,
    ) -> Result<Response<ListImportProblemsResponse>, Status> {
        rpc::answer(self.do_list_import_problems(request.into_inner()).await)
    }

    async fn get_import(&self, request: Request<GetImportRequest>) -> Result<Response<GetImportResponse>, Status> {
        rpc::answer(self.do_get_import(request.into_inner()).await)
    }
}

fn told(import: String, tally: Tally) -> Import {
    Import {
        import,
        lines: tally.lines,
        created: tally.created,
        filled: tally.filled,
        unchanged: tally.unchanged,
        refused: tally.refused,
        conflicts: tally.conflicts,
    }
}

fn problem(problem: Problem) -> ImportProblem {
    ImportProblem {
        line: problem.line,
        column: problem.column,
        reason: problem.remedy,
        taken: problem.taken,
    }
}

/// Numbers of JSON are exact up to here; no file has so many lines.
const LAST: u64 = (1 << 53) - 1;

fn first_line(line: u64) -> Result<u64, Invalid> {
    match line.max(FIRST) {
        line if line <= LAST => Ok(line),
        _ => Err(Invalid::new(
            "first_line",
            "is beyond every file; say where this piece begins",
        )),
    }
}
