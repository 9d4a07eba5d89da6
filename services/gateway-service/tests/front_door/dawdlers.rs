//! Who opens a connection and dawdles over a request is cut off; the others are served meanwhile.

use crate::gateway::{PATIENCE, World};
use crate::peers::TOKEN;
use anyhow::{Context, Result};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What comes back until the other side closes; it has to, in time.
async fn answer_to(world: &World, sent: &str) -> Result<String> {
    let mut stream = TcpStream::connect(world.gateway.http).await?;
    stream.write_all(sent.as_bytes()).await?;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer));
    // A connection that was cut off may also say so by a reset.
    let _ = read.await.context("the connection is held open")?;
    Ok(String::from_utf8(answer)?)
}

#[tokio::test]
async fn a_request_without_end_is_cut_off() -> Result<()> {
    let settings = [("HOMING_GATEWAY_HEAD_MS", "300"), ("HOMING_GATEWAY_BODY_MS", "300")];
    let world = World::start_with(&settings).await?;
    let started = "POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    for head in [
        "",
        "P",
        "PRI * HTTP/2.0\r\n",
        "GET /healthz HTTP/1.1\r\nhost: x\r\n",
        started,
    ] {
        let answer = answer_to(&world, head).await?;
        assert!(!answer.contains("200 OK"), "{head:?} is answered {answer}");
    }
    let half = format!("{started}connection: close\r\ncontent-length: 50\r\n\r\n{{\"workspace\":");
    let answer = answer_to(&world, &half).await?;
    assert!(
        answer.starts_with("HTTP/1.1 400 "),
        "a body without end is answered {answer}"
    );
    let (_, problem) = answer.split_once("\r\n\r\n").context("no body")?;
    let problem: Value = serde_json::from_str(problem)?;
    assert_eq!(
        (&problem["code"], &problem["field"]),
        (&"request.invalid".into(), &"body".into())
    );

    let callback = "POST /v1/callbacks/sms/acme/018f4e3a-0000-7000-8000-000000000001/x HTTP/1.1\r\nhost: x\r\n\
        connection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\na=";
    assert!(answer_to(&world, callback).await?.starts_with("HTTP/1.1 400 "));

    // A connection that is kept for the next request is cut off too, after having been served.
    let idle = answer_to(&world, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await?;
    assert!(idle.starts_with("HTTP/1.1 200 "), "{idle}");
    let well = world
        .http
        .get(world.url("/v1/balance"))
        .bearer_auth(TOKEN)
        .send()
        .await?;
    assert_eq!(well.status(), 200);
    Ok(())
}

#[tokio::test]
async fn a_socket_outlives_the_time_for_a_request() -> Result<()> {
    let world = World::start_with(&[("HOMING_GATEWAY_HEAD_MS", "200")]).await?;
    let (mut socket, _, _) = world.started().await?;
    let silence = tokio::time::timeout(std::time::Duration::from_millis(600), socket.hear()).await;
    assert!(silence.is_err(), "nothing is said, and nothing ends: {silence:?}");
    socket.say(serde_json::json!({"type": "ping"})).await?;
    socket.expect("pong").await?;
    Ok(())
}
