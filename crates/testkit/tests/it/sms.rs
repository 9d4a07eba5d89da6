use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::Value;
use testkit::{ReceiptMode, SmsFault, SmsOptions, SmsSink, eventually};

const TO: &str = "+48600700800";

async fn sink() -> anyhow::Result<SmsSink> {
    SmsSink::start(SmsOptions::default()).await
}

fn client() -> reqwest::Client {
    testkit::install_crypto();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(2))
        .build()
        .expect("a client")
}

fn messages_url(sink: &SmsSink) -> String {
    format!(
        "{}/2010-04-01/Accounts/{}/Messages.json",
        sink.url(),
        sink.options().account_sid
    )
}

async fn send(sink: &SmsSink, fields: &[(&str, &str)]) -> reqwest::Result<(u16, Value)> {
    let options = sink.options();
    let request = client()
        .post(messages_url(sink))
        .basic_auth(&options.account_sid, Some(&options.auth_token));
    let response = request.form(fields).send().await?;
    Ok((response.status().as_u16(), response.json().await?))
}

fn signed_in(request: reqwest::RequestBuilder, options: &SmsOptions) -> reqwest::RequestBuilder {
    request.basic_auth(&options.account_sid, Some(&options.auth_token))
}

#[tokio::test]
async fn a_text_is_accepted_and_can_be_looked_up() -> anyhow::Result<()> {
    let sink = sink().await?;
    let fields = [
        ("To", TO),
        ("From", "+15005550006"),
        ("Body", "Dzień dobry ł"),
        ("ValidityPeriod", "900"),
    ];
    let (status, created) = send(&sink, &fields).await?;
    assert_eq!((status, &created["status"]), (201, &Value::from("queued")), "{created}");
    assert_eq!(created["num_segments"], "1");
    assert_eq!(
        sink.nth(TO, 1, Duration::from_secs(1)).await?.validity_period,
        Some(900)
    );

    let options = sink.options();
    let query = [("To", TO), ("DateSent>", "2026-01-01"), ("PageSize", "5")];
    let found: Value = client()
        .get(messages_url(&sink))
        .basic_auth(&options.account_sid, Some(&options.auth_token))
        .query(&query)
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(found["messages"][0]["sid"], created["sid"]);
    assert_eq!(found["next_page_uri"], Value::Null);
    send(&sink, &fields).await?;
    let first = [("To", TO), ("PageSize", "1")];
    let list = client().get(messages_url(&sink)).query(&first);
    let page: Value = signed_in(list, options).send().await?.json().await?;
    let next = page["next_page_uri"].as_str().expect("another page");
    let list = client().get(format!("{}{next}", sink.url()));
    let page: Value = signed_in(list, options).send().await?.json().await?;
    assert_eq!(page["messages"][0]["sid"], created["sid"], "the newest come first");
    assert_eq!(page["next_page_uri"], Value::Null);
    let one = messages_url(&sink).replace(
        "Messages.json",
        &format!("Messages/{}.json", created["sid"].as_str().expect("a sid")),
    );
    let one = client()
        .get(one)
        .basic_auth(&options.account_sid, Some(&options.auth_token))
        .send()
        .await?;
    assert_eq!(one.status(), 200);
    Ok(())
}

#[tokio::test]
async fn bad_calls_are_answered_as_twilio_does() -> anyhow::Result<()> {
    let sink = sink().await?;
    let (status, refused) = send(&sink, &[("To", "12"), ("From", "+15005550006"), ("Body", "x")]).await?;
    assert_eq!((status, &refused["code"]), (400, &Value::from(21211)));
    let (_, refused) = send(&sink, &[("To", TO), ("From", "+15005550006")]).await?;
    assert_eq!(refused["code"], 21602);
    let wrong = client()
        .post(messages_url(&sink))
        .basic_auth("AC1", Some("no"))
        .form(&[("To", TO)])
        .send()
        .await?;
    assert_eq!(wrong.status(), 401);
    assert!(sink.messages().is_empty());
    Ok(())
}

#[tokio::test]
async fn faults_apply_once_or_always() -> anyhow::Result<()> {
    let sink = sink().await?;
    let text = [("To", TO), ("From", "+15005550006"), ("Body", "hello")];
    sink.fail_next(SmsFault::Refuse(21610));
    assert_eq!(send(&sink, &text).await?.1["code"], 21610);
    sink.fail_next(SmsFault::ServerError);
    assert_eq!(send(&sink, &text).await?.0, 500);
    assert!(sink.messages().is_empty());
    sink.fail_next(SmsFault::AcceptThenDrop);
    assert!(send(&sink, &text).await.is_err(), "no answer");
    sink.fail_next(SmsFault::AcceptThenHang);
    assert!(send(&sink, &text).await.is_err_and(|error| error.is_timeout()));
    assert_eq!(sink.messages().len(), 2, "both were kept");
    sink.fail_always(Some(SmsFault::TooMany));
    assert_eq!(send(&sink, &text).await?.0, 429);
    sink.fail_always(None);
    assert_eq!(send(&sink, &text).await?.0, 201);
    assert_eq!(sink.calls(), 6);
    Ok(())
}

type Seen = Arc<Mutex<Vec<(String, HashMap<String, String>)>>>;

async fn callback(State(seen): State<Seen>, headers: HeaderMap, Form(fields): Form<HashMap<String, String>>) {
    let signature = headers
        .get("x-twilio-signature")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    seen.lock().expect("no panic").push((signature.to_owned(), fields));
}

#[tokio::test]
async fn receipts_are_signed_and_follow_the_mode() -> anyhow::Result<()> {
    let sink = sink().await?;
    let seen = Seen::default();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}/receipts", listener.local_addr()?);
    let app = Router::new()
        .route("/receipts", post(callback))
        .with_state(seen.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let text = [
        ("To", TO),
        ("From", "+15005550006"),
        ("Body", "hello"),
        ("StatusCallback", &url),
    ];
    for (mode, expected) in [
        (ReceiptMode::Delivered, vec!["sent", "delivered"]),
        (ReceiptMode::Undelivered, vec!["sent", "undelivered"]),
        (
            ReceiptMode::ReorderedTwice,
            vec!["delivered", "delivered", "sent", "sent"],
        ),
    ] {
        seen.lock().expect("no panic").clear();
        sink.set_receipts(mode);
        send(&sink, &text).await?;
        eventually("the receipts arrive", Duration::from_secs(5), async || {
            (seen.lock().expect("no panic").len() == expected.len()).then_some(())
        })
        .await?;
        let seen = seen.lock().expect("no panic");
        let statuses: Vec<&str> = seen
            .iter()
            .map(|(_, fields)| fields["MessageStatus"].as_str())
            .collect();
        assert_eq!(statuses, expected);
        assert!(
            seen.iter().all(|(signature, _)| signature.len() == 28),
            "base 64 of 20 bytes"
        );
    }
    Ok(())
}
