use super::App;
use crate::outbound::contacts::{Recipient, Serves};
use domain::WorkspaceId;
use fault::{Kind, Result};
use rpc::contacts::{AddressKind, WithdrawnBy};

impl App {
    /// Opts out the address that the mail with this link went to. An address that was erased meanwhile is written to by
    /// nobody.
    pub async fn redeem_unsubscribe_link(&self, workspace: &WorkspaceId, token: &str) -> Result<()> {
        let mail = self.unsubscribing(workspace, token).await?;
        let Some(address) = mail.attempted_address else {
            return Ok(());
        };
        let recipient = match self.contacts.get_address(workspace, address, Serves::Support).await {
            Ok((recipient, _)) => recipient,
            Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::PermissionDenied) => return Ok(()),
            Err(fault) => return Err(fault),
        };
        let Recipient::Email(email) = recipient else {
            return Ok(());
        };
        let mac = self.keys.address_mac(workspace, &email.normalised());
        self.set_opt_out(workspace, &mac, true).await?;
        let since = (self.now(), WithdrawnBy::Unsubscribe);
        let of = (AddressKind::Email, email.expose());
        self.contacts.withdraw_outreach(workspace, of, since).await
    }
}
