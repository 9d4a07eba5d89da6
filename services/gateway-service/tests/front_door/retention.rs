//! How long things are kept, through the public API.

use crate::gateway::{World, call};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn contacts_and_words_have_a_period_each() -> Result<()> {
    let world = World::start().await?;
    let (status, unset) = call(&world, Method::GET, "/v1/retention/contacts", None).await?;
    assert_eq!((status, unset), (200, json!({"days": 0, "version": 0, "erased": 0})));
    for (kept, days) in [("contacts", 730), ("conversations", 30)] {
        let path = format!("/v1/retention/{kept}");
        let body = json!({"days": days, "version": 4});
        let (status, set) = call(&world, Method::PUT, &path, Some(body)).await?;
        assert_eq!(
            (status, &set["days"], &set["version"], &set["by"]),
            (200, &json!(days), &json!(5), &json!("helpdesk"))
        );
        let (_, found) = call(&world, Method::GET, &path, None).await?;
        assert_eq!((&found["days"], &found["erased"]), (&json!(days), &json!(3)));
    }
    let set = world.peers.memory().retentions.clone();
    let by = || "helpdesk".to_owned();
    assert_eq!(set, [("contacts", 730, 4, by()), ("conversations", 30, 4, by())]);
    for (path, body, field) in [
        ("/v1/retention/contacts", json!({}), "days"),
        ("/v1/retention/contacts", json!({"days": -1}), "days"),
        ("/v1/retention/contacts", json!({"days": 1, "months": 2}), "months"),
        ("/v1/retention/invoices", json!({"days": 1}), "kept"),
    ] {
        let (status, problem) = call(&world, Method::PUT, path, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    assert_eq!(world.peers.memory().retentions.len(), 2);
    let (_, problem): (u16, Value) = call(&world, Method::GET, "/v1/retention/invoices", None).await?;
    assert_eq!(problem["field"], "kept");
    Ok(())
}
