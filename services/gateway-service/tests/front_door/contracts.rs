//! The committed contracts are what the code says. `UPDATE_CONTRACTS=1 cargo nextest run -p gateway-service` rewrites
//! them.

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

/// Asks whether to rewrite the files.
fn update() -> bool {
    std::env::var_os("UPDATE_CONTRACTS").is_some()
}
