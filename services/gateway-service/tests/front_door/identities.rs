//! Identities of contacts through the public API.

use crate::gateway::{World, call};
use crate::peers::TOKEN;
use crate::peers::contacts::ANN;
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_token_is_handed_over_and_keys_are_kept_and_removed() -> Result<()> {
    let world = World::start().await?;
    let path = "/v1/contact-identities";
    let (status, ann) = call(&world, Method::POST, path, Some(json!({"token": "t", "contact": ANN}))).await?;
    assert_eq!((status, &ann["contact"]), (200, &json!(ANN)));
    let asked = world.peers.memory().identities[0].clone();
    assert_eq!(
        (asked.workspace.as_str(), asked.token.as_str(), asked.contact.as_str()),
        ("acme", "t", ANN)
    );
    let (status, problem) = call(&world, Method::POST, path, Some(json!({"token": "old"}))).await?;
    assert_eq!(
        (status, &problem["field"], &problem["detail"]),
        (401, &json!("token"), &json!("is expired"))
    );
    let (status, problem) = call(&world, Method::POST, path, Some(json!({}))).await?;
    assert_eq!((status, &problem["field"]), (400, &json!("token")));

    let keys = world.url("/v1/identity-keys");
    let jwk = json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": "AA"}});
    let added = world.http.post(&keys).bearer_auth(TOKEN).json(&jwk).send().await?;
    assert_eq!(added.status(), 204);
    let asked = world.peers.memory().identity_keys[0].clone();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&asked.jwk)?, jwk["jwk"]);
    assert_eq!(asked.by, "helpdesk");
    let (_, listed) = call(&world, Method::GET, "/v1/identity-keys", None).await?;
    let key = json!({"key": "k1", "algorithm": "EdDSA", "added_at": "1970-01-01T00:00:00Z", "by": "helpdesk"});
    assert_eq!(listed, json!({ "keys": [key] }));
    let gone = world
        .http
        .delete(format!("{keys}/k1"))
        .bearer_auth(TOKEN)
        .send()
        .await?;
    assert_eq!(gone.status(), 204);
    let (status, problem) = call(&world, Method::DELETE, "/v1/identity-keys/k2", None).await?;
    assert_eq!((status, &problem["field"]), (404, &json!("key")));
    Ok(())
}
