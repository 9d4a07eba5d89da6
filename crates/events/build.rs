//! Generates the messages of homing.common.v1 and homing.event.v1, once for the whole workspace. Ingest messages also
//! get serde and JSON schema, so that one definition serves protobuf and CloudEvents JSON.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    println!("cargo:rerun-if-changed={}", proto.display());
    let files = [
        "common/v1/words",
        "event/v1/facts",
        "event/v1/ingest",
        "event/v1/signals",
    ]
    .map(|name| proto.join(format!("homing/{name}.proto")));
    let descriptors = protox::compile(files, [&proto])?;

    let mut config = prost_build::Config::new();
    for message in [
        "IngestMessage",
        "IngestAuthor",
        "IngestCustomer",
        "IngestMessageRead",
        "IngestConversationResolved",
        "IngestCallEnded",
        "IngestCardOutcome",
        "IngestOrder",
        "IngestOrderLine",
        "IngestParcel",
    ] {
        let path = format!("homing.event.v1.{message}");
        config.type_attribute(
            &path,
            "#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]",
        );
        config.type_attribute(&path, "#[serde(deny_unknown_fields)]");
    }
    for optional in [
        "IngestMessage.channel",
        "IngestMessage.message_id",
        "IngestMessage.no_follow_up",
        "IngestMessage.customer",
        "IngestAuthor.agent",
        "IngestCustomer.external_id",
        "IngestCustomer.name",
        "IngestCustomer.phone",
        "IngestCustomer.email",
        "IngestCustomer.page_scoped_id",
        "IngestMessageRead.up_to_sequence",
        "IngestMessageRead.up_to_message_id",
        "IngestCallEnded.team",
        "IngestCallEnded.seconds",
        "IngestCardOutcome.reference",
        "IngestCardOutcome.url",
        "IngestCardOutcome.reason",
        "IngestOrder.customer",
        "IngestOrder.country",
        "IngestOrder.channel",
        "IngestOrder.placed_at",
        "IngestOrderLine.sku",
        "IngestParcel.tracking_url",
        "IngestParcel.status",
    ] {
        let path = format!("homing.event.v1.{optional}");
        config.field_attribute(&path, r#"#[serde(default, skip_serializing_if = "Option::is_none")]"#);
    }
    config.field_attribute("homing.event.v1.IngestMessage.author", "#[schemars(required)]");
    config.field_attribute("homing.event.v1.IngestCallEnded.customer", "#[schemars(required)]");
    config.field_attribute("homing.event.v1.IngestOrder.parcels", "#[serde(default)]");
    // In one order, so that the same content always has the same digest.
    let maps = [
        "homing.event.v1.IngestOrder.data",
        "homing.event.v1.IngestCustomer.profile",
    ];
    config.btree_map(maps);
    for map in maps {
        config.field_attribute(
            map,
            r#"#[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]"#,
        );
    }
    config.include_file("all.rs");
    config.compile_fds(descriptors)?;
    Ok(())
}
