//! Forms, for customers in their sockets and for consoles.

use crate::gateway::{World, call, text};
use crate::peers::forms::{FORM, page};
use anyhow::Result;
use reqwest::Method;
use rpc::conversation::{Form, FormFieldKind, FormKind};
use serde_json::json;

#[tokio::test]
async fn a_form_is_shown_filled_in_and_closed() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, session, started) = world.started().await?;
    let conversation = text(&started, "conversation")?;
    world.peers.open_form(&conversation, Some(page(1))).await;
    let shown = socket.expect("form").await?;
    assert_eq!(
        (&shown["kind"], &shown["page"]),
        (&json!("introduce_yourself"), &json!(1))
    );
    assert_eq!(
        shown["fields"],
        json!([{"key": "email", "kind": "email", "label": "E-mail", "required": true}])
    );
    // A tab that opens later is shown it too.
    let (mut other, _) = world.socket(&session, None).await?;
    other.expect("message").await?;
    assert_eq!(other.expect("form").await?["form"], FORM);

    let filled = |value: &str| json!({"type": "form", "form": FORM, "page": 1, "values": {"email": value}});
    socket.say(filled("ann")).await?;
    let refused = socket.expect("form_refused").await?;
    let errors = json!([{"key": "email", "message": "This cannot be an e-mail address."}]);
    assert_eq!((&refused["errors"], &refused["page"]), (&errors, &json!(1)));
    socket.say(filled("ann@example.com")).await?;
    assert_eq!(socket.expect("form_taken").await?["seq"], 7);
    socket.expect("form_closed").await?;
    let submitted = world.peers.memory().submitted.clone();
    assert_eq!(submitted[1].values["email"], "ann@example.com");
    assert_eq!(submitted[1].conversation, conversation);

    world.peers.open_form(&conversation, Some(page(2))).await;
    assert_eq!(socket.expect("form").await?["page"], 2);
    socket.say(json!({"type": "dismiss_form", "form": FORM})).await?;
    socket.expect("form_closed").await?;

    let offer = Form {
        kind: FormKind::OfferCopy.into(),
        ..page(1)
    };
    world.peers.open_form(&conversation, Some(offer)).await;
    assert_eq!(socket.expect("form").await?["kind"], "offer_copy");
    socket.say(filled("ann@example.com")).await?;
    assert_eq!(socket.expect("form_taken").await?["seq"], 0, "it is no message");
    socket.expect("form_closed").await?;
    Ok(())
}

#[tokio::test]
async fn forms_are_set_listed_and_offered() -> Result<()> {
    let world = World::start().await?;
    world.started().await?;
    let fields = json!([{"key": "email", "kind": "email", "label": "E-mail", "required": true},
        {"key": "news", "kind": "consent", "label": "I agree to get news.", "required": false}]);
    let body = json!({"title": "News", "fields": fields, "version": 2});
    let path = "/v1/input-forms/news";
    assert_eq!(
        call(&world, Method::PUT, path, Some(body)).await?,
        (200, json!({"version": 3}))
    );
    let set = world.peers.memory().input_forms[0].clone();
    let form = set.form.unwrap_or_default();
    assert_eq!(
        (form.name.as_str(), form.fields[1].kind()),
        ("news", FormFieldKind::Consent)
    );
    let (_, listed) = call(&world, Method::GET, "/v1/input-forms", None).await?;
    assert_eq!(
        (&listed["forms"][0]["title"], &listed["forms"][0]["fields"]),
        (&json!("News"), &fields)
    );
    let offer = json!({"name": "news", "client_id": "o-1"});
    let (status, offered) = call(&world, Method::POST, "/v1/conversations/1/forms", Some(offer)).await?;
    assert_eq!((status, offered), (200, json!({"form": FORM})));
    assert_eq!(world.peers.memory().offered[0].request_id, "o-1");
    for (method, path, body, field) in [
        (Method::PUT, path, json!({"title": "News"}), "fields"),
        (
            Method::PUT,
            path,
            json!({"title": "News", "fields": [{"key": "a", "kind": "color", "label": "A"}]}),
            "fields[0].kind",
        ),
        (
            Method::POST,
            "/v1/conversations/1/forms",
            json!({"name": "news"}),
            "client_id",
        ),
    ] {
        let (status, problem) = call(&world, method, path, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    Ok(())
}
