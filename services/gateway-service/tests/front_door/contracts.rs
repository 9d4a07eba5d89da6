//! The committed contracts are what the code says. `UPDATE_CONTRACTS=1 cargo nextest run -p gateway-service` rewrites
//! them.

use crate::gateway::{World, call};
use reqwest::Method;
use serde_json::Value;
use std::path::Path;

#[test]
fn the_committed_contracts_are_what_the_code_says() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, content) in gateway_service::contracts::files() {
        let path = folder.join(name);
        if update() {
            std::fs::write(&path, &content)?;
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == content,
            "{name} is not what the code says: run with UPDATE_CONTRACTS=1 and look at it"
        );
    }
    Ok(())
}

#[tokio::test]
async fn each_example_of_a_body_is_taken_by_its_route() -> anyhow::Result<()> {
    let world = World::start().await?;
    world.started().await?;
    let files = gateway_service::contracts::files();
    let (_, document) = files
        .iter()
        .find(|(name, _)| name.contains("openapi"))
        .expect("the document");
    let document: Value = serde_json::from_str(document)?;
    let mut taken = 0;
    for (path, routes) in document["paths"].as_object().into_iter().flatten() {
        for (method, route) in routes.as_object().into_iter().flatten() {
            let body = &route["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = body.as_str().and_then(|body| body.rsplit('/').next()) else {
                continue;
            };
            let Some(example) = document["components"]["schemas"][name].get("example") else {
                continue;
            };
            let names = [
                ("{team}", "sales"),
                ("{name}", "news"),
                ("{key}", "welcome"),
                ("{conversation}", "1"),
            ];
            let path = names
                .iter()
                .fold(path.clone(), |path, (part, value)| path.replace(part, value));
            let method = Method::from_bytes(method.to_uppercase().as_bytes())?;
            let (status, answer) = call(&world, method, &path, Some(example.clone())).await?;
            assert_eq!(status, 200, "{path}: {answer}");
            taken += 1;
        }
    }
    assert!(taken >= 6, "only {taken} bodies have an example");
    Ok(())
}

/// Asks whether to rewrite the files.
fn update() -> bool {
    std::env::var_os("UPDATE_CONTRACTS").is_some()
}
