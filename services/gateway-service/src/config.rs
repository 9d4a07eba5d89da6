use runtime::Secret;
use std::net::SocketAddr;

runtime::settings! {
    /// What the gateway can be told, beside what every service can.
    pub struct Config {
        /// Where the public HTTP API and the sockets listen.
        "HOMING_HTTP_LISTEN" http_listen: SocketAddr = "127.0.0.1:8080";
        /// This door as browsers and providers see it, scheme://host[:port]; callback signatures cover it.
        "HOMING_PUBLIC_URL" public_url: String = required;
        /// conversation-service, http://host:port.
        "HOMING_CONVERSATION_URL" conversation_url: String = required;
        /// contacts-service, http://host:port.
        "HOMING_CONTACTS_URL" contacts_url: String = required;
        /// notifier-service, http://host:port.
        "HOMING_NOTIFIER_URL" notifier_url: String = required;
        /// billing-service, http://host:port.
        "HOMING_BILLING_URL" billing_url: String = required;
        /// routing-service, http://host:port.
        "HOMING_ROUTING_URL" routing_url: String = required;
        /// Proxies of ours in front, whose X-Forwarded-For entries are believed. 0: the peer is the caller.
        "HOMING_GATEWAY_FORWARDED_HOPS" forwarded_hops: u32 = "0";
        /// Days that a widget's session lives after it was last resumed.
        "HOMING_GATEWAY_SESSION_DAYS" session_days: u32 = "30";
        /// Open sockets of one address at most.
        "HOMING_GATEWAY_SOCKETS_PER_ADDRESS" sockets_per_address: u32 = "1000";
        /// Open sockets of one workspace at most, in this process.
        "HOMING_GATEWAY_SOCKETS_PER_WORKSPACE" sockets_per_workspace: u32 = "15000";
        /// Requests a second of one address; twice as many at once.
        "HOMING_GATEWAY_REQUESTS_PER_SECOND" requests_per_second: u32 = "200";
        /// New sessions a minute of one address; as many at once.
        "HOMING_GATEWAY_SESSIONS_PER_MINUTE" sessions_per_minute: u32 = "120";
        /// New conversations a minute of one address; as many at once. Each may cost a text.
        "HOMING_GATEWAY_STARTS_PER_MINUTE" starts_per_minute: u32 = "60";
        /// A connection whose next request's head is not complete after this long is cut off; idle ones too.
        "HOMING_GATEWAY_HEAD_MS" head_within: runtime::Millis = "30000";
        /// A request whose body is not complete after this long is refused.
        "HOMING_GATEWAY_BODY_MS" body_within: runtime::Millis = "10000";
        /// A socket whose other side takes longer over one frame is cut off.
        "HOMING_GATEWAY_WRITE_MS" write_within: runtime::Millis = "10000";
        /// Secret that a mail server hands answers to mails over with (POST /v1/callbacks/mail): as a bearer token, or as the password of HTTP's basic authentication. At least 32 characters. Empty: no mails are taken.
        "HOMING_GATEWAY_MAIL_SECRET" mail_secret: Option<Secret> = "";
        /// Pace of the leases that tell presence-service that this gateway lives.
        "HOMING_GATEWAY_LEASE_MS" lease: runtime::Millis = "5000";
    }
}
