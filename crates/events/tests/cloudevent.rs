//! What is accepted as an ingest document, and how what is not is refused.

use domain::IntegrationId;
use events::cloudevent::{IngestData, OrderData, from_json, is_order};
use fault::codes;
use serde_json::json;

fn helpdesk() -> IntegrationId {
    IntegrationId::parse("helpdesk").expect("a slug")
}

fn document() -> serde_json::Value {
    json!({
        "specversion": "1.0", "id": "e-1", "source": "helpdesk", "type": "homing.message.v1",
        "subject": "ticket-7", "time": "2026-11-21T10:00:00Z", "tenantextension": "ignored",
        "data": {"author": {"role": "agent"}, "text": "Your parcel is on its way."}
    })
}

#[test]
fn a_message_is_read() {
    let event = from_json::<IngestData>(&helpdesk(), document().to_string().as_bytes()).expect("a message");
    assert_eq!((event.id.as_str(), event.reference.as_str()), ("e-1", "ticket-7"));
    let IngestData::Message(data) = event.data else {
        panic!("not a message")
    };
    assert_eq!(data.text, "Your parcel is on its way.");
    assert_eq!(data.no_follow_up, None);
}

#[test]
fn each_mistake_names_its_field() {
    let cases = [
        ("/specversion", json!("0.3"), "specversion"),
        ("/source", json!("other"), "source"),
        ("/type", json!("homing.dance.v1"), "type"),
        ("/subject", json!(""), "subject"),
        ("/subject", json!(null), "subject"),
        ("/time", json!("yesterday"), "time"),
        ("/id", json!("x".repeat(201)), "id"),
        ("/data", json!({"author": {"role": "agent"}}), "data.text"),
        (
            "/data",
            json!({"author": {"role": "agent"}, "text": "x", "tekst": "y"}),
            "data.tekst",
        ),
        ("/data", json!({"author": {"role": "agent"}, "text": 5}), "data.text"),
        ("/data", json!({"author": {"role": 5}, "text": "x"}), "data.author.role"),
        ("/data", json!({"author": {}, "text": "x"}), "data.author.role"),
        (
            "/data",
            json!({"author": {"role": "agent"}, "text": "x", "ann@example.com": "y"}),
            "data",
        ),
        ("/id", json!(5), "id"),
        ("/datacontenttype", json!("text/xml"), "datacontenttype"),
    ];
    for (pointer, value, field) in cases {
        let mut bad = document();
        bad["datacontenttype"] = json!("application/json");
        *bad.pointer_mut(pointer).expect("the field is there") = value.clone();
        let fault = from_json::<IngestData>(&helpdesk(), bad.to_string().as_bytes()).expect_err(field);
        assert_eq!(fault.field(), Some(field), "{value}: {fault}");
        assert_eq!(fault.code(), &codes::MALFORMED);
    }
}

#[test]
fn what_is_too_large_or_no_json_is_refused() {
    let mut large = document();
    large["data"]["text"] = json!("x".repeat(140_000));
    assert_eq!(
        from_json::<IngestData>(&helpdesk(), large.to_string().as_bytes())
            .expect_err("large")
            .code(),
        &codes::TOO_LARGE
    );
    assert_eq!(
        from_json::<IngestData>(&helpdesk(), b"{").expect_err("cut off").code(),
        &codes::MALFORMED
    );
    assert!(from_json::<IngestData>(&helpdesk(), b"\xff\xfe").is_err());
}

#[test]
fn the_same_content_is_recognised_whatever_the_key_order() {
    let text = r#"{"type":"homing.message.v1","id":"e-1","specversion":"1.0","time":"2026-11-21T10:00:00Z","subject":"ticket-7","source":"helpdesk","data":{"text":"Your parcel is on its way.","author":{"role":"agent"}}}"#;
    let one = from_json::<IngestData>(&helpdesk(), text.as_bytes()).expect("a message");
    let other = from_json::<IngestData>(&helpdesk(), document().to_string().as_bytes()).expect("a message");
    assert_eq!(one.content(), other.content());
}

#[test]
fn an_order_is_read_by_who_reads_orders_and_each_mistake_names_its_field() {
    let mut order = document();
    order["type"] = json!("homing.order_placed.v1");
    order["data"] = json!({"version": 1, "status": "placed", "currency": "PLN", "total_minor": 12_900,
        "lines": [{"name": "Shoes", "quantity": 1, "unit_minor": 12_900}]});
    let text = order.to_string();
    assert!(is_order(text.as_bytes()) && !is_order(document().to_string().as_bytes()) && !is_order(b"{"));
    let read = from_json::<OrderData>(&helpdesk(), text.as_bytes()).expect("an order");
    let OrderData::Placed(data) = read.data else {
        panic!("not placed")
    };
    assert_eq!((data.version, data.lines.len(), data.parcels.len()), (1, 1, 0));
    assert!(from_json::<IngestData>(&helpdesk(), text.as_bytes()).is_err());
    for (pointer, value, field) in [
        ("/data/version", json!("1"), "data.version"),
        ("/data/total_minor", json!(129.5), "data.total_minor"),
        ("/data/lines/0/quantity", json!(-1), "data.lines.0.quantity"),
        ("/data/lines/0", json!({"name": "Shoes"}), "data.lines.0.quantity"),
    ] {
        let mut bad = order.clone();
        *bad.pointer_mut(pointer).expect("the field is there") = value;
        let fault = from_json::<OrderData>(&helpdesk(), bad.to_string().as_bytes()).expect_err(field);
        assert_eq!(fault.field(), Some(field), "{fault}");
    }
}
