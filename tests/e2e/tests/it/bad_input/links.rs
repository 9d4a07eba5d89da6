//! Anybody can say to be on any page; a return link leads to none but the channel's.

use anyhow::{Context, Result, ensure};
use cli::scenario::{CHANNEL, return_link};
use reqwest::Method;
use reqwest::header::LOCATION;
use serde_json::{Value, json};

use super::front::Front;

const FOREIGN: &str = "https://evil.example/cart";

pub async fn lead_home(front: &mut Front) -> Result<()> {
    let jan = front.world.jan.clone();
    let mut visitor = front.world.visitor(CHANNEL).await?;
    let start = |client_id: &str| {
        let phone = jan.given().phone;
        json!({ "type": "start", "client_id": client_id, "text": "x", "phone": phone, "page_url": FOREIGN })
    };
    let started = visitor.ask(start("foreign").to_string()).await?;
    ensure!(
        started["type"] == "started",
        "without a list, a page is a remark: {started}"
    );
    visitor.conversation = started["conversation"].as_str().unwrap_or_default().to_owned();
    visitor.leave().await?;
    front.world.answer(&visitor, "Yes.").await?;
    let text = front.world.sinks.nth_text(&jan.phone, 2).await?;
    let link = return_link(&text.body).context("no link")?;
    let to = leads_to(front, link).await?;
    let chat = format!("{}/chat#homing=", front.world.endpoints.gateway);
    ensure!(to.starts_with(&chat), "without a list, the link leads to {to}");

    let body = json!({ "settings": { "allowed_origins": ["https://shop.example"] } }).to_string();
    let change = front.send(Method::PATCH, "/v1/channels/web", "application/json", body);
    change.send().await?.error_for_status()?;
    let to = leads_to(front, link).await?;
    ensure!(
        to.starts_with("https://shop.example#homing="),
        "with a list, the link leads to {to}"
    );
    let refused: Value = front.visitor.ask(start("refused").to_string()).await?;
    ensure!(
        refused["field"] == "page_url",
        "with a list, a foreign page is answered {refused}"
    );
    Ok(())
}

async fn leads_to(front: &Front, link: &str) -> Result<String> {
    let answer = front.world.http.get(link).send().await?;
    let to = answer.headers().get(LOCATION).context("the link leads nowhere")?;
    Ok(to.to_str()?.to_owned())
}
