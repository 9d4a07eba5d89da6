//! A file of contacts through contacts-service's door, piece after piece as `homing contact import` sends it.

use crate::figures::rate;
use crate::homing::Homing;
use anyhow::{Context, Result, ensure};
use rpc::contacts::ImportContactsRequest;
use rpc::contacts::import_service_client::ImportServiceClient;
use std::fmt::Write;
use std::time::Instant;
use tonic::transport::Channel;

pub const LINES: usize = 100_000;
/// Of a piece.
const TOGETHER: usize = 1_000;
const WORKSPACE: &str = "import";

/// Lines a second.
pub struct Measured {
    /// Each makes a contact with two addresses, a name and a tag.
    pub new: f64,
    /// The same lines in another file: each says what is known.
    pub known: f64,
}

pub async fn measure(homing: &Homing) -> Result<Measured> {
    let mut client = ImportServiceClient::new(homing.contacts()?);
    let pieces: Vec<String> = (0..LINES).step_by(TOGETHER).map(piece).collect::<Result<_>>()?;
    let new = take(&mut client, "new", &pieces).await?;
    homing.analyse().await?;
    let known = take(&mut client, "known", &pieces).await?;
    Ok(Measured { new, known })
}

/// A head and the lines from `first` on.
fn piece(first: usize) -> Result<String> {
    let mut csv = String::from("phone,email,name,tags\n");
    for number in first..first + TOGETHER {
        writeln!(csv, "+4860{number:07},p{number}@example.com,Ann {number},vip")?;
    }
    Ok(csv)
}

async fn take(client: &mut ImportServiceClient<Channel>, file: &str, pieces: &[String]) -> Result<f64> {
    let since = Instant::now();
    let mut done = 0;
    for csv in pieces {
        let request = ImportContactsRequest {
            workspace: WORKSPACE.into(),
            import: file.into(),
            done,
            first_line: done + 2,
            csv: csv.clone().into(),
            by: "bench".into(),
            ..Default::default()
        };
        let answer = client.import_contacts(request).await?.into_inner();
        let far = answer.import.context("how far the file has come")?;
        ensure!(far.refused == 0, "{} lines were refused", far.refused);
        done = far.lines;
    }
    ensure!(done == LINES as u64, "{done} lines were taken");
    Ok(rate(LINES, since))
}
