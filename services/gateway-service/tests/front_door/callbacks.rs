//! What providers and mail servers call: receipts, texts and mails that came in.

use crate::gateway::{PUBLIC, World};
use anyhow::Result;
use serde_json::{Value, json};

/// As long as a setting has to be.
const MAIL_SECRET: &str = "a secret that only the mail server knows";
const MAIL: &str = "/v1/callbacks/mail";

#[tokio::test]
async fn a_callback_is_forwarded_exactly() -> Result<()> {
    let world = World::start().await?;
    let path = "/v1/callbacks/sms/acme/018f4e3a-0000-7000-8000-000000000001/c0de?retry=1&x=%20y";
    let call = |signature: &'static str| {
        let request = world.http.post(world.url(path)).header("x-twilio-signature", signature);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request
            .body("MessageStatus=delivered&To=%2B48600700800&Empty=&MessageStatus=again")
            .send()
    };
    assert_eq!(call("right").await?.status(), 204);
    let refused = call("wrong").await?;
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.json::<Value>().await?["code"].clone()
        ),
        (401, json!("access.signature"))
    );
    let receipt = world.peers.memory().receipts[0].clone();
    assert_eq!(receipt.url, format!("{PUBLIC}{path}"));
    assert_eq!((receipt.workspace.as_str(), receipt.mac.as_str()), ("acme", "c0de"));
    let params: Vec<(&str, &str)> = receipt
        .params
        .iter()
        .map(|one| (one.name.as_str(), one.value.as_str()))
        .collect();
    let expected = [
        ("MessageStatus", "delivered"),
        ("To", "+48600700800"),
        ("Empty", ""),
        ("MessageStatus", "again"),
    ];
    assert_eq!(params, expected);
    Ok(())
}

#[tokio::test]
async fn a_text_that_somebody_wrote_is_forwarded_as_it_came() -> Result<()> {
    let world = World::start().await?;
    let call = |signature: &'static str| {
        let request = world.http.post(world.url("/v1/callbacks/sms/acme/inbound?x=1"));
        let form = [("From", "+48600700800"), ("Body", "Tak & nie"), ("MessageSid", "SM1")];
        request.header("X-Twilio-Signature", signature).form(&form).send()
    };
    let taken = call("right").await?;
    assert_eq!(
        (taken.status().as_u16(), &taken.headers()["content-type"]),
        (200, &"text/xml".parse()?)
    );
    assert!(taken.text().await?.ends_with("<Response/>"));
    assert_eq!(call("wrong").await?.status(), 401);
    let forwarded = world.peers.memory().inbound_texts[0].clone();
    assert_eq!(forwarded.url, format!("{PUBLIC}/v1/callbacks/sms/acme/inbound?x=1"));
    assert_eq!(
        (forwarded.workspace.as_str(), forwarded.params[1].value.as_str()),
        ("acme", "Tak & nie")
    );
    Ok(())
}

/// Kannel's query: escaped in more than one charset, in hex of either case, with `+` for a space, a name twice, and a
/// name without a value. Only the notifier can read it.
const UNDECODED: &str = "text=%00T%01%7c%00+%d8%3D&charset=UTF-16BE&from=%2B48600700800&to=7201&x=a+b%20c&x=&x&z=%zz";

#[tokio::test]
async fn a_report_by_get_is_forwarded_with_its_address_as_it_was_called() -> Result<()> {
    let world = World::start().await?;
    let path = |code: &str| format!("/v1/callbacks/sms/acme/018f4e3a-0000-7000-8000-000000000001/{code}");
    let query = format!("?provider=smsc&status=8&id=%00%c5+7f&{UNDECODED}");
    let taken = world
        .http
        .get(world.url(&(path("c0de") + &query)))
        // The address is ours, whatever a proxy in between says.
        .header("host", "elsewhere.example")
        .header("x-forwarded-host", "elsewhere.example")
        .send()
        .await?;
    assert_eq!((taken.status().as_u16(), taken.text().await?.as_str()), (204, ""));
    let refused = world.http.get(world.url(&(path("wrong") + &query))).send().await?;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json::<Value>().await?["code"], "access.signature");
    let told = world.peers.memory().receipts.clone();
    assert_eq!(told[0].url, format!("{PUBLIC}{}{query}", path("c0de")));
    assert_eq!(
        (
            told[0].workspace.as_str(),
            told[0].delivery.as_str(),
            told[0].mac.as_str()
        ),
        ("acme", "018f4e3a-0000-7000-8000-000000000001", "c0de")
    );
    assert!(told[0].params.is_empty() && told[0].signature.is_empty());
    assert_eq!(told.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_text_by_get_is_forwarded_with_its_address_as_it_was_called() -> Result<()> {
    let world = World::start().await?;
    let path = |token: &str| format!("/v1/callbacks/sms/acme/inbound?provider=smsc&token={token}&id=a1&{UNDECODED}");
    let taken = world.http.get(world.url(&path("right"))).send().await?;
    assert_eq!((taken.status().as_u16(), taken.text().await?.as_str()), (200, ""));
    let refused = world.http.get(world.url(&path("wrong"))).send().await?;
    assert_eq!(refused.status(), 401);
    let problem = refused.text().await?;
    assert!(
        problem.contains("access.signature") && !problem.contains("48600700800"),
        "{problem}"
    );
    let written = world.peers.memory().inbound_texts.clone();
    assert_eq!(written[0].url, format!("{PUBLIC}{}", path("right")));
    assert_eq!((written[0].workspace.as_str(), written.len()), ("acme", 2));
    assert!(written[0].params.is_empty() && written[0].signature.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_callback_by_get_to_no_workspace_or_delivery_is_refused_with_its_field() -> Result<()> {
    let world = World::start().await?;
    for (path, field) in [
        ("/v1/callbacks/sms/A!/inbound?token=right&id=1", "workspace"),
        (
            "/v1/callbacks/sms/A!/018f4e3a-0000-7000-8000-000000000001/c0de?status=1",
            "workspace",
        ),
        ("/v1/callbacks/sms/acme/one/c0de?status=1", "delivery"),
    ] {
        let refused = world.http.get(world.url(path)).send().await?;
        assert_eq!(refused.status(), 400, "{path}");
        assert_eq!(refused.json::<Value>().await?["field"], field, "{path}");
    }
    let memory = world.peers.memory();
    assert!(memory.receipts.is_empty() && memory.inbound_texts.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_mail_is_forwarded_whole_with_its_envelope() -> Result<()> {
    let world = World::start_with(&[("HOMING_GATEWAY_MAIL_SECRET", MAIL_SECRET)]).await?;
    let post = |path: &str| {
        let request = world
            .http
            .post(world.url(path))
            .header("content-type", "message/rfc822");
        request
            .bearer_auth(MAIL_SECRET)
            .body(b"From: a@b.example\r\n\r\n\xff\x00".to_vec())
    };
    let taken = post(MAIL)
        .header("x-envelope-to", "reply+acme.t@homing.example")
        .send()
        .await?;
    assert_eq!(
        (taken.status().as_u16(), taken.json::<Value>().await?),
        (200, json!({"outcome": "posted"}))
    );
    let query = format!("{MAIL}?recipient=reply%2Bacme.t%40homing.example&sender=");
    let basic = world.http.post(world.url(&query)).basic_auth("mail", Some(MAIL_SECRET));
    let basic = basic
        .header("content-type", "message/rfc822")
        .body("From: a@b.example\n\n")
        .send()
        .await?;
    assert_eq!(basic.json::<Value>().await?, json!({"outcome": "automatic"}));
    {
        let memory = world.peers.memory();
        assert_eq!(memory.inbound_mails[0].recipient, "reply+acme.t@homing.example");
        assert_eq!(memory.inbound_mails[0].mail, b"From: a@b.example\r\n\r\n\xff\x00");
        assert_eq!(
            (&memory.inbound_mails[0].sender, &memory.inbound_mails[1].sender),
            (&None, &Some(String::new()))
        );
    }
    for (request, status, field) in [
        (post(MAIL), 400, "recipient"),
        (
            post(MAIL).header("x-envelope-to", "somebody@homing.example"),
            404,
            "recipient",
        ),
        (post(&format!("{MAIL}?to=x")), 400, "to"),
        (
            world.http.post(world.url(MAIL)).bearer_auth(MAIL_SECRET).body("x"),
            400,
            "content-type",
        ),
        (post(MAIL).body(vec![b'x'; 10 * 1024 * 1024 + 1]), 400, "body"),
    ] {
        let refused = request.send().await?;
        assert_eq!(refused.status().as_u16(), status, "{field}");
        assert_eq!(refused.json::<Value>().await?["field"], field);
    }
    let large = post(&query).body(vec![b'x'; 10 * 1024 * 1024]).send().await?;
    assert_eq!(large.status(), 200, "as much as the route takes");
    Ok(())
}

#[tokio::test]
async fn mails_are_taken_from_who_knows_the_secret_only() -> Result<()> {
    let world = World::start_with(&[("HOMING_GATEWAY_MAIL_SECRET", MAIL_SECRET)]).await?;
    let post = |authorization: Option<String>| {
        let request = world
            .http
            .post(world.url(MAIL))
            .header("content-type", "message/rfc822");
        let request = request
            .header("x-envelope-to", "reply+acme.t@homing.example")
            .body("From: a@b.example\n\n");
        match authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        }
    };
    for wrong in [
        None,
        Some(String::new()),
        Some(MAIL_SECRET.to_owned()),
        Some(format!("Bearer {MAIL_SECRET}x")),
        Some("Bearer".to_owned()),
        Some("Basic !".to_owned()),
        Some("Basic YTpi".to_owned()),
    ] {
        let refused = post(wrong.clone()).send().await?;
        assert_eq!(refused.status(), 401, "{wrong:?}");
        assert_eq!(refused.json::<Value>().await?["code"], "access.unauthenticated");
    }
    let large = post(None).body(vec![b'x'; 1024 * 1024]).send().await?;
    assert_eq!(large.status(), 401, "before the body is looked at");
    assert!(world.peers.memory().inbound_mails.is_empty());
    let without = World::start().await?;
    let refused = without
        .http
        .post(without.url(MAIL))
        .bearer_auth(MAIL_SECRET)
        .send()
        .await?;
    assert_eq!(refused.status(), 403);
    let problem: Value = refused.json().await?;
    assert!(
        problem["detail"]
            .as_str()
            .unwrap_or_default()
            .contains("HOMING_GATEWAY_MAIL_SECRET")
    );
    assert!(
        World::start_with(&[("HOMING_GATEWAY_MAIL_SECRET", "short")])
            .await
            .is_err()
    );
    Ok(())
}
