//! Everything that changes the roles of a workspace, each change as a version of its own.

use super::Contacts;
use crate::domain::page;
use crate::domain::roles::{Access, FieldGroup, Holder, RoleChange, RoleName, RoleRefused, Roles};
use crate::outbound::postgres::roles;
use domain::WorkspaceId;
use fault::{Fault, Result, codes};
use std::collections::BTreeMap;

impl Contacts {
    /// The roles, and their version.
    pub async fn list_roles(&self, workspace: &WorkspaceId) -> Result<(Roles, u64)> {
        let mut tx = self.store.begin(workspace).await?;
        roles::get(&mut tx, workspace).await
    }

    /// Changes these fields of a role, or makes one.
    pub async fn set_role(
        &self,
        workspace: &WorkspaceId,
        (role, fields): (&RoleName, &BTreeMap<FieldGroup, Access>),
        version: u64,
        by: &str,
    ) -> Result<(Roles, u64)> {
        self.change_roles(workspace, version, by, |roles| roles.set(role, fields))
            .await
    }

    /// Removes a role of the workspace's own, or has a built-in one be as it was at first.
    pub async fn remove_role(
        &self,
        workspace: &WorkspaceId,
        role: &RoleName,
        version: u64,
        by: &str,
    ) -> Result<(Roles, u64)> {
        self.change_roles(workspace, version, by, |roles| roles.remove(role))
            .await
    }

    /// Gives an integration or an agent a role; `None`: takes it away.
    pub async fn assign_role(
        &self,
        workspace: &WorkspaceId,
        (holder, role): (&Holder, Option<&RoleName>),
        version: u64,
        by: &str,
    ) -> Result<(Roles, u64)> {
        self.change_roles(workspace, version, by, |roles| roles.assign(holder, role))
            .await
    }

    /// A page of the versions, the newest first, and where the next one begins.
    pub async fn list_role_changes(
        &self,
        workspace: &WorkspaceId,
        (page_size, page_token): (u32, &str),
    ) -> Result<(Vec<RoleChange>, Option<u64>)> {
        let (size, below) = (page::size(page_size)?, page::after_version(page_token)?);
        let limit = i64::try_from(size + 1).map_err(Fault::internal)?;
        let mut tx = self.store.begin(workspace).await?;
        let mut changes = roles::list(&mut tx, workspace, below, limit).await?;
        let next = page::cut(&mut changes, size).map(|last| last.version);
        Ok((changes, next))
    }

    /// Writes the next version, unless nothing is different in it. `version` is the one the caller has seen; 0: whatever it is.
    async fn change_roles(
        &self,
        workspace: &WorkspaceId,
        version: u64,
        by: &str,
        change: impl Fn(&Roles) -> Result<Roles, RoleRefused>,
    ) -> Result<(Roles, u64)> {
        let mut tx = self.store.begin(workspace).await?;
        let (present, known) = roles::get(&mut tx, workspace).await?;
        if version != 0 && version != known {
            let remedy = format!("is {known} by now; read the roles again and repeat");
            return Err(Fault::new(&codes::CONFLICT, remedy).of("version"));
        }
        let next = change(&present)?;
        let changes = present.changes(&next);
        if next == present {
            return Ok((present, known));
        }
        let change = RoleChange {
            version: known + 1,
            at: self.now(),
            by: by.to_owned(),
            changes,
        };
        if !roles::insert(&mut tx, workspace, &next, &change).await? {
            return Err(Fault::new(
                &codes::CONFLICT,
                "was changed meanwhile; read the roles again and repeat",
            )
            .of("version"));
        }
        tx.commit().await?;
        Ok((next, change.version))
    }
}
