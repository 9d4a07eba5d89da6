use super::App;
use crate::domain::keys::token_hash;
use crate::outbound::postgres::return_link;
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};
use reqwest::Url;

impl App {
    /// Which conversation and page a link leads to; changes nothing, since mail scanners open links too. The page's
    /// origin is one of the channel's, or ours; empty where there is none.
    pub async fn resolve_return_link(&self, workspace: &WorkspaceId, token: &str) -> Result<(ConversationId, String)> {
        let mut tx = self.store.begin(workspace).await?;
        let found = return_link::find_return_link(&mut tx, workspace, &token_hash(token), self.now()).await?;
        tx.commit().await?;
        let (conversation, _) = found.ok_or_else(|| Fault::not_found("return link"))?;
        let context = self
            .conversations
            .get_follow_up_context(workspace, conversation, 1)
            .await?;
        let origins = context
            .settings
            .map(|settings| settings.allowed_origins)
            .unwrap_or_default();
        Ok((conversation, page(&context.page_url, &origins, &self.public_url)))
    }
}

/// Without a list only this machine and our own pages are gone to: anybody can start a conversation and say that it was
/// on a page of theirs.
fn page(page_url: &str, origins: &[String], public_url: &str) -> String {
    let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin().ascii_serialization());
    let ours = || {
        let host = Url::parse(page_url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        host.is_some_and(|host| host == "localhost" || host == "127.0.0.1") || origin(page_url) == origin(public_url)
    };
    let allowed = (origins.is_empty() && ours()) || origins.iter().any(|allowed| origin(allowed) == origin(page_url));
    let web = Url::parse(page_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    match origins.first() {
        _ if allowed && web => page_url.to_owned(),
        Some(first) => first.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::page;

    const PUBLIC: &str = "https://chat.example";

    #[test]
    fn only_pages_of_the_channel_are_gone_to() {
        let origins = ["https://shop.example".to_owned()];
        let good = "https://shop.example/cart?x=1";
        assert_eq!(page(good, &origins, PUBLIC), good);
        assert_eq!(page("https://evil.example/", &origins, PUBLIC), origins[0]);
        assert_eq!(page("javascript:alert(1)", &[], PUBLIC), "");
        assert_eq!(page("", &origins, PUBLIC), origins[0]);
        assert_eq!(page(good, &[], PUBLIC), "", "no list, no foreign page");
        for near in [
            "http://localhost:8080/shop",
            "http://127.0.0.1/",
            "https://chat.example/x",
        ] {
            assert_eq!(page(near, &[], PUBLIC), near);
        }
        assert_eq!(page("https://localhost.evil.example/", &[], PUBLIC), "");
    }
}
