use jiff::SignedDuration;
use runtime::{Millis, Secret};

const ANSWER_MAX_AGE_MS: &str = "86400000";
/// Older answers are not followed up where no other age is set.
pub(crate) const ANSWER_MAX_AGE: SignedDuration = match i64::from_str_radix(ANSWER_MAX_AGE_MS, 10) {
    Ok(millis) => SignedDuration::from_millis(millis),
    Err(_) => panic!("milliseconds"),
};

const TEXT_VALIDITY_MS: &str = "900000";
/// How long a provider tries where no other time is set.
pub(crate) const TEXT_VALIDITY: SignedDuration = match i64::from_str_radix(TEXT_VALIDITY_MS, 10) {
    Ok(millis) => SignedDuration::from_millis(millis),
    Err(_) => panic!("milliseconds"),
};

runtime::settings! {
    /// What the notifier needs beyond the settings that every service has.
    pub struct Config {
        /// Where return links and provider callbacks point: the gateway as the outside sees it, without a slash at the end.
        "HOMING_PUBLIC_URL" public_url: String = required;
        /// conversation-service.
        "HOMING_CONVERSATION_URL" conversation_url: String = required;
        /// presence-service.
        "HOMING_PRESENCE_URL" presence_url: String = required;
        /// contacts-service.
        "HOMING_CONTACTS_URL" contacts_url: String = required;
        /// billing-service.
        "HOMING_BILLING_URL" billing_url: String = required;
        /// routing-service.
        "HOMING_ROUTING_URL" routing_url: String = required;
        /// A JSON file that names several providers of texts and the countries that go through each, instead of HOMING_SMS_PROVIDER and HOMING_TWILIO_ACCOUNT_SID.
        "HOMING_NOTIFIER_TEXT_PROVIDERS" text_providers: Option<String> = "";
        /// Who sends texts: twilio, or anything with its HTTP API (see HOMING_TWILIO_BASE_URL).
        "HOMING_SMS_PROVIDER" sms_provider: String = "twilio";
        /// Base of the provider's HTTP API.
        "HOMING_TWILIO_BASE_URL" twilio_base_url: String = "https://api.twilio.com";
        /// Account at the provider of texts. Needed unless HOMING_NOTIFIER_TEXT_PROVIDERS is set.
        "HOMING_TWILIO_ACCOUNT_SID" twilio_account_sid: Option<String> = "";
        /// The account's token; also signs its callbacks. Needed unless HOMING_NOTIFIER_TEXT_PROVIDERS is set.
        "HOMING_TWILIO_AUTH_TOKEN" twilio_auth_token: Option<Secret> = "";
        /// The account's WhatsApp sender: a number in E.164. Empty: messages of channels of kind whatsapp are not sent.
        "HOMING_NOTIFIER_WHATSAPP_FROM" whatsapp_from: Option<String> = "";
        /// Mail server: smtp://[user:password@]host[:port][?tls=required] or smtps://... With a user, TLS is needed unless the server is on this machine.
        "HOMING_SMTP_URL" smtp_url: Secret = required;
        /// File with the certificates (PEM) that the mail server's has to lead back to. Empty: the public authorities.
        "HOMING_NOTIFIER_SMTP_CA" smtp_ca: Option<String> = "";
        /// Domain that mails are signed for (DKIM), for example shop.example. Empty: they are not signed here.
        "HOMING_NOTIFIER_DKIM_DOMAIN" dkim_domain: Option<String> = "";
        /// Name under which the public key stands in the DNS: <selector>._domainkey.<domain>.
        "HOMING_NOTIFIER_DKIM_SELECTOR" dkim_selector: String = "";
        /// File with the private key (PEM): RSA of at least 2048 bit, or Ed25519.
        "HOMING_NOTIFIER_DKIM_KEY" dkim_key: String = "";
        /// At least 32 characters. Return links, callback codes and the hashes of opt-outs are made from it: another secret makes all earlier ones void.
        "HOMING_NOTIFIER_LINK_KEY" link_key: Secret = required;
        /// Sender of texts of channels that set no text_from: a number, or a name of at most 11 letters, which nobody can answer.
        "HOMING_NOTIFIER_TEXT_FROM" text_from: String = "Homing";
        /// Sender of mails. Answers go to reply+...@ the same domain.
        "HOMING_NOTIFIER_MAIL_FROM" mail_from: String = "notify@homing.example";
        /// How long a provider call, or one stage of a mail, may take. At most 5000.
        "HOMING_NOTIFIER_PROVIDER_TIMEOUT_MS" provider_timeout: Millis = "5000";
        /// After this the provider gives up delivering a text: a late one would be out of place. 1000 to 900000.
        "HOMING_NOTIFIER_TEXT_VALIDITY_MS" text_validity: Millis = TEXT_VALIDITY_MS;
        /// A text with a lost answer that the provider does not show after this long was never taken. A real provider needs minutes.
        "HOMING_NOTIFIER_TEXT_SETTLE_MS" text_settle: Millis = "300000";
        /// Micro-PU that a workspace may spend on texts in a day (UTC); what is beyond goes by mail.
        "HOMING_NOTIFIER_DAILY_MICRO_PU_CEILING" daily_micro_pu: u64 = "1000000000";
        /// Texts of a workspace in a day (UTC) to numbers that differ in their last four digits only: whoever pumps texts has numbers in blocks.
        "HOMING_NOTIFIER_TEXTS_PER_PREFIX_PER_DAY" texts_per_prefix: u32 = "100";
        /// Texts of a workspace in a day (UTC) that one visitor may cause, whatever numbers they give.
        "HOMING_NOTIFIER_TEXTS_PER_VISITOR_PER_DAY" texts_per_visitor: u32 = "10";
        /// Texts of a workspace in a day (UTC).
        "HOMING_NOTIFIER_TEXTS_PER_WORKSPACE_PER_DAY" texts_per_workspace: u32 = "100000";
        /// Copies of conversations of a workspace in a day (UTC) that are asked for: whoever opens chats could have them mailed to strangers.
        "HOMING_NOTIFIER_COPIES_PER_WORKSPACE_PER_DAY" copies_per_workspace: u32 = "1000";
        /// A conversation, and so its visitor's session, has to be this old before it may cause a text. Divided by the time scale. At most 600000.
        "HOMING_NOTIFIER_SESSION_AGE_MS" session_age: Millis = "2000";
        /// An answer whose time is longer ago when it is first heard of is not followed up, so that bringing in old conversations sends nothing. Measured by the clock, not divided by the time scale. At least 60000.
        "HOMING_NOTIFIER_ANSWER_MAX_AGE_MS" answer_max_age: Millis = ANSWER_MAX_AGE_MS;
        /// Days for which the history of decisions, the providers' receipts, and what was told of a visitor's presence are kept. 1 to 36500.
        "HOMING_NOTIFIER_RETENTION_DAYS" retention_days: u32 = "400";
    }
}
