//! The two JSON Web Tokens of NATS's auth callout: the user that may connect, and the answer that carries it. Their
//! signature is ed25519 by the key of the account that the server's configuration names as issuer.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Timestamp;
use fault::{Fault, Result};
use nkeys::KeyPair;
use serde::{Deserialize, Serialize};

/// Who asks, out of the server's request.
#[derive(Debug, Deserialize)]
pub struct LoginRequest {
    pub nats: Login,
}

/// The server's question.
#[derive(Debug, Deserialize)]
pub struct Login {
    pub server_id: Server,
    /// The key that the user's token must be made out to.
    pub user_nkey: String,
    pub connect_opts: Credentials,
}

/// The server that asks; the answer is made out to it.
#[derive(Debug, Deserialize)]
pub struct Server {
    pub id: String,
}

/// What the client presented.
#[derive(Deserialize)]
pub struct Credentials {
    #[serde(default)]
    pub user: String,
    #[serde(default)]
    pub pass: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({:?}, redacted)", self.user)
    }
}

#[derive(Serialize)]
struct Header {
    typ: &'static str,
    alg: &'static str,
}

#[derive(Serialize)]
struct Claims<'a, N> {
    jti: String,
    iat: i64,
    iss: String,
    aud: &'a str,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    nats: N,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    jwt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    version: u8,
}

#[derive(Serialize)]
struct User {
    #[serde(rename = "pub")]
    publish: Subjects,
    sub: Subjects,
    subs: i64,
    data: i64,
    payload: i64,
    #[serde(rename = "type")]
    kind: &'static str,
    version: u8,
}

#[derive(Serialize)]
struct Subjects {
    allow: Vec<String>,
}

/// What one user may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    pub publish: Vec<String>,
    pub subscribe: Vec<String>,
    /// Subscriptions at once.
    pub subscriptions: i64,
    /// Bytes of one message.
    pub payload: i64,
}

/// Reads the server's request: a token whose claims are the question. The subject that it arrives on is the server's
/// own, so its signature proves nothing more.
pub fn read(token: &[u8]) -> Result<Login> {
    let wrong = || Fault::invalid("request", "is not a NATS authorization request");
    let text = std::str::from_utf8(token).map_err(|error| wrong().because(error))?;
    let claims = text.split('.').nth(1).ok_or_else(wrong)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|error| wrong().because(error))?;
    let request: LoginRequest = serde_json::from_slice(&claims).map_err(|error| wrong().because(error))?;
    Ok(request.nats)
}

/// The user token: who connects, into which account, with which rights.
pub fn user(
    issuer: &KeyPair,
    login: &Login,
    account: &str,
    rights: Rights,
    id: String,
    now: Timestamp,
) -> Result<String> {
    let claims = Claims {
        jti: id,
        iat: now.as_second(),
        iss: issuer.public_key(),
        aud: account,
        sub: &login.user_nkey,
        name: Some(&login.connect_opts.user),
        nats: User {
            publish: Subjects { allow: rights.publish },
            sub: Subjects {
                allow: rights.subscribe,
            },
            subs: rights.subscriptions,
            data: -1,
            payload: rights.payload,
            kind: "user",
            version: 2,
        },
    };
    sign(issuer, &claims)
}

/// The answer to the server: a user token, or why not.
pub fn answer(
    issuer: &KeyPair,
    login: &Login,
    result: Result<&str, &str>,
    id: String,
    now: Timestamp,
) -> Result<String> {
    let claims = Claims {
        jti: id,
        iat: now.as_second(),
        iss: issuer.public_key(),
        aud: &login.server_id.id,
        sub: &login.user_nkey,
        name: None,
        nats: Answer {
            jwt: result.ok(),
            error: result.err(),
            kind: "authorization_response",
            version: 2,
        },
    };
    sign(issuer, &claims)
}

fn sign<N: Serialize>(issuer: &KeyPair, claims: &Claims<'_, N>) -> Result<String> {
    let header = Header {
        typ: "JWT",
        alg: "ed25519-nkey",
    };
    let part =
        |json: serde_json::Result<Vec<u8>>| json.map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(Fault::internal);
    let text = format!(
        "{}.{}",
        part(serde_json::to_vec(&header))?,
        part(serde_json::to_vec(claims))?
    );
    let signature = issuer.sign(text.as_bytes()).map_err(Fault::internal)?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
