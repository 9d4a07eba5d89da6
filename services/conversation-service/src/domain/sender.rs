//! What makes two senders of texts one.

use domain::TextSender;

/// The sender in lower case and without spaces: `ACME Shop` must not pass for somebody else's `Acme shop`.
pub fn key(sender: &TextSender) -> String {
    sender.as_str().replace(' ', "").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_makes_no_other_sender() {
        let of = |text: &str| key(&TextSender::parse(text).expect("a sender"));
        assert_eq!(of("ACME Shop"), of("AcmeShop"));
        assert_eq!(of("+48732000000"), "+48732000000");
        assert_ne!(of("Acme"), of("Acme2"));
    }
}
