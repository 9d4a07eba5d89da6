use std::time::Duration;

use serde_json::Value;
use testkit::{OtlpSink, SinkWeb, SmsOptions, SmsSink, SmtpSink};

#[tokio::test]
async fn the_page_shows_what_arrived_and_escapes_it() -> anyhow::Result<()> {
    let (sms, smtp, otlp) = (
        SmsSink::start(SmsOptions::default()).await?,
        SmtpSink::start().await?,
        OtlpSink::start().await?,
    );
    let web = SinkWeb::start(&sms, &smtp, &otlp).await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    assert!(
        client
            .get(web.url())
            .send()
            .await?
            .text()
            .await?
            .contains("Nothing has arrived")
    );
    let options = sms.options();
    let url = format!(
        "{}/2010-04-01/Accounts/{}/Messages.json",
        sms.url(),
        options.account_sid
    );
    let text = [
        ("To", "+48600700800"),
        ("From", "Shop"),
        ("Body", "<b>see</b> http://localhost/r/acme.x"),
    ];
    client
        .post(url)
        .basic_auth(&options.account_sid, Some(&options.auth_token))
        .form(&text)
        .send()
        .await?;
    sms.nth("+48600700800", 1, Duration::from_secs(1)).await?;
    let page = client.get(web.url()).send().await?.text().await?;
    assert!(
        page.contains("&lt;b&gt;see&lt;/b&gt;") && page.contains("href=\"http://localhost/r/acme.x\""),
        "{page}"
    );
    let list: Value = client
        .get(format!("{}/messages", web.url()))
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(list[0]["to"], "+48600700800");
    let mails: Value = client.get(format!("{}/mails", web.url())).send().await?.json().await?;
    assert_eq!(mails, Value::Array(Vec::new()));
    Ok(())
}
