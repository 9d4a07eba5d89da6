use super::Billing;
use crate::domain::{Account, Entry};
use crate::outbound::postgres::{account, transfer};
use domain::{Pu, WorkspaceId};
use fault::{Fault, Result, codes};

/// A billion PU: more is a slip of units, and thousands of them stay far below what a balance can hold.
const MAX_TOP_UP: i64 = 1_000_000_000_000_000;
const MAX_REQUEST_ID: usize = 100;

impl Billing {
    /// Adds prepaid PU once per request id, and answers the balance.
    pub async fn top_up(&self, workspace: &WorkspaceId, request_id: &str, micro: i64) -> Result<Account> {
        let characters = request_id.chars().count();
        if !(1..=MAX_REQUEST_ID).contains(&characters) || request_id.contains('\0') {
            return Err(Fault::invalid(
                "request_id",
                "needs 1 to 100 characters, the same for each try of one top-up",
            ));
        }
        let entry = Pu::from_micro(micro)
            .ok()
            .filter(|_| micro <= MAX_TOP_UP)
            .and_then(Entry::of_top_up);
        let Some(entry) = entry else {
            return Err(Fault::invalid(
                "micro_pu",
                "must be 1 to 1,000,000,000,000,000 (a billion PU)",
            ));
        };
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let line = (self.store.entropy().id(), entry);
        match transfer::append_top_up(&mut tx, workspace, request_id, line, now).await? {
            None => {
                let balances = account::add(&mut tx, workspace, entry.amount, now).await?;
                self.arm_audit(&mut tx, workspace).await?;
                tx.commit().await?;
                Ok(balances)
            }
            Some(booked) if booked == entry.amount => account::read(&mut tx, workspace).await,
            Some(_) => {
                let remedy = "this request id was used for another amount; use a new one";
                Err(Fault::new(&codes::EXISTS, remedy).of("request_id"))
            }
        }
    }
}
