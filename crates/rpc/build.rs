//! Generates clients and servers of every service, and the descriptor set that reflection answers from.

use prost::Message;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    println!("cargo:rerun-if-changed={}", proto.display());
    let files = [
        "billing/v1/billing",
        "contacts/v1/consents",
        "contacts/v1/contact_book",
        "contacts/v1/contacts",
        "contacts/v1/identity",
        "contacts/v1/imports",
        "contacts/v1/interactions",
        "contacts/v1/privacy",
        "contacts/v1/purchases",
        "contacts/v1/retention",
        "contacts/v1/roles",
        "contacts/v1/segments",
        "conversation/v1/automatic_messages",
        "conversation/v1/cards",
        "conversation/v1/conversations",
        "conversation/v1/forms",
        "conversation/v1/opening_hours",
        "conversation/v1/persons",
        "conversation/v1/retention",
        "conversation/v1/senders",
        "conversation/v1/stars",
        "conversation/v1/workflows",
        "conversation/v1/workspaces",
        "gateway/v1/persons",
        "notifier/v1/follow_ups",
        "notifier/v1/persons",
        "presence/v1/persons",
        "presence/v1/presence",
        "routing/v1/invitations",
        "routing/v1/persons",
        "routing/v1/queue",
        "routing/v1/routing",
    ]
    .map(|name| proto.join(format!("homing/{name}.proto")));
    let descriptors = protox::compile(files, [&proto])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    let mut named = prost_build::Config::new();
    // Calls are measured by the name of their request.
    named.enable_type_names();
    tonic_prost_build::configure()
        .extern_path(".homing.common.v1", "::events::common")
        .extern_path(".homing.event.v1", "::events::event")
        .include_file("all.rs")
        .compile_fds_with_config(descriptors, named)?;
    Ok(())
}
