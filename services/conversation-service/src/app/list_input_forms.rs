use super::App;
use crate::outbound::postgres::input_form::{self, InputForm};
use domain::WorkspaceId;
use fault::Result;

impl App {
    /// The forms that agents can offer, by name.
    pub async fn list_input_forms(&self, workspace: &WorkspaceId) -> Result<Vec<InputForm>> {
        let mut tx = self.store.begin(workspace).await?;
        input_form::list(&mut tx, workspace).await
    }
}
