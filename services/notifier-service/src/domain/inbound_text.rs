//! A text that somebody wrote to us.

use domain::PhoneE164;

/// Where a picture or another file of a text lies at the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Media(pub String);

impl Media {
    /// A text brings at most so many.
    pub const MOST: usize = 10;
}

/// A text as its provider hands it over.
#[derive(Clone, PartialEq, Eq)]
pub struct InboundText {
    /// The provider's own id of it.
    pub provider_id: String,
    pub from: PhoneE164,
    /// Which of our numbers it was written to; empty: not told.
    pub to: String,
    pub body: String,
    pub media: Vec<Media>,
}

/// What begins the client ids of messages that came by text.
const POSTED: &str = "text:";

/// Whether a message with this client id came by text, so that its keyword was obeyed before it was posted.
pub fn is_posted_text(client_id: &str) -> bool {
    client_id.starts_with(POSTED)
}

impl InboundText {
    /// What the agent gets to read: the text, then where its files lie, a line each. `None`: it is empty.
    pub fn words(&self) -> Option<String> {
        let body = Some(self.body.trim_end()).filter(|body| !body.trim().is_empty());
        let media = self.media.iter().map(|media| media.0.as_str());
        let lines: Vec<&str> = body.into_iter().chain(media).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// The name under which it is posted, so that it is posted once.
    pub fn request_id(&self) -> String {
        let id: String = self.provider_id.chars().take(90).collect();
        format!("{POSTED}{id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str, media: &[&str]) -> InboundText {
        InboundText {
            provider_id: "SM1".into(),
            from: PhoneE164::parse("+48600700123").expect("a number"),
            to: "+48732000000".into(),
            body: body.into(),
            media: media.iter().map(|url| Media((*url).to_owned())).collect(),
        }
    }

    #[test]
    fn words_are_the_text_and_where_its_files_lie() {
        assert_eq!(text("Yes please \n", &[]).words().as_deref(), Some("Yes please"));
        assert_eq!(text("  ", &[]).words(), None);
        assert_eq!(text("", &["https://x/1"]).words().as_deref(), Some("https://x/1"));
        let both = text("This one", &["https://x/1", "https://x/2"]);
        assert_eq!(both.words().as_deref(), Some("This one\nhttps://x/1\nhttps://x/2"));
        assert_eq!(both.request_id(), "text:SM1");
        assert!(is_posted_text(&both.request_id()) && !is_posted_text("m-1"));
    }
}
