//! What arrived outside, read from the sinks' page.

use anyhow::Result;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::expect::soon;

/// A text at the provider.
#[derive(Clone, Debug, Deserialize)]
pub struct ArrivedText {
    pub sid: String,
    pub to: String,
    pub body: String,
    pub status: String,
    pub segments: u32,
}

/// A mail at the mail server.
#[derive(Clone, Debug, Deserialize)]
pub struct ArrivedMail {
    pub envelope_to: Vec<String>,
    pub subject: Option<String>,
    pub message_id: Option<String>,
    pub reply_to: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
}

/// The sinks' page.
#[derive(Clone, Debug)]
pub struct Sinks {
    pub url: String,
    http: reqwest::Client,
}

impl Sinks {
    pub(super) fn new(url: &str, http: reqwest::Client) -> Self {
        Self {
            url: url.to_owned(),
            http,
        }
    }

    /// Texts to one number, oldest first.
    pub async fn texts(&self, to: &str) -> Result<Vec<ArrivedText>> {
        let all: Vec<ArrivedText> = self.get("messages").await?;
        Ok(all.into_iter().filter(|text| text.to == to).collect())
    }

    /// Mails to one address, oldest first.
    pub async fn mails(&self, to: &str) -> Result<Vec<ArrivedMail>> {
        let all: Vec<ArrivedMail> = self.get("mails").await?;
        Ok(all
            .into_iter()
            .filter(|mail| mail.envelope_to.iter().any(|one| one == to))
            .collect())
    }

    /// Waits for the `n`th text (from 1).
    pub async fn nth_text(&self, to: &str, n: usize) -> Result<ArrivedText> {
        soon(&format!("text {n} arrives"), async || {
            Ok(self.texts(to).await?.into_iter().nth(n - 1))
        })
        .await
    }

    /// Waits for the `n`th mail (from 1).
    pub async fn nth_mail(&self, to: &str, n: usize) -> Result<ArrivedMail> {
        soon(&format!("mail {n} arrives"), async || {
            Ok(self.mails(to).await?.into_iter().nth(n - 1))
        })
        .await
    }

    /// Somebody writes a text; the HTTP code that the provider is answered with at `url`.
    pub async fn write(&self, url: &str, sid: &str, from: &str, body: &str) -> Result<u16> {
        let written = json!({ "url": url, "sid": sid, "from": from, "body": body });
        let call = self.http.post(format!("{}/written", self.url)).json(&written);
        Ok(call.send().await?.error_for_status()?.json().await?)
    }

    async fn get<T: DeserializeOwned>(&self, what: &str) -> Result<T> {
        Ok(self
            .http
            .get(format!("{}/{what}", self.url))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }
}

/// The first return link in a text or mail.
pub fn return_link(text: &str) -> Option<&str> {
    let link = text
        .split_whitespace()
        .find(|word| word.starts_with("http") && word.contains("/r/"))?;
    Some(link.trim_end_matches(['.', ',', ')', '>']))
}

#[cfg(test)]
mod tests {
    use super::return_link;

    #[test]
    fn a_link_is_found_among_words() {
        let text = "Shop: answer in #12, see http://localhost:1/r/acme.abc. Reply STOP to end";
        assert_eq!(return_link(text), Some("http://localhost:1/r/acme.abc"));
        assert_eq!(return_link("http://localhost/x"), None);
    }
}
