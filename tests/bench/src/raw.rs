//! What disk, NATS and PostgreSQL give by themselves on this machine, now.

use crate::figures::{Latency, latency, rate};
use anyhow::Result;
use async_nats::jetstream;
use futures::StreamExt;
use futures::future::try_join_all;
use sqlx::{Executor, PgPool};
use std::io::Write;
use std::time::{Duration, Instant};

/// Payload of every raw message, bytes.
pub const PAYLOAD: usize = 512;
/// Unacknowledged publishes at once.
const WINDOW: usize = 1_000;
pub const ROWS: usize = 500;

/// Latency of write and fdatasync of 4 KiB in `folder`.
pub fn fsync(folder: &std::path::Path) -> Result<Latency> {
    let mut file = std::fs::File::create(folder.join("fsync"))?;
    let mut samples = Vec::new();
    for _ in 0..300 {
        let began = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        samples.push(began.elapsed());
    }
    Ok(latency(samples))
}

/// JetStream publishes with acknowledgements, asynchronously.
pub async fn publish(js: &jetstream::Context, subject: &str, payload: bytes::Bytes, count: usize) -> Result<f64> {
    let began = Instant::now();
    let mut sent = 0;
    while sent < count {
        let mut acks = Vec::with_capacity(WINDOW);
        for _ in 0..WINDOW.min(count - sent) {
            acks.push(js.publish(subject.to_owned(), payload.clone()).await?);
        }
        sent += acks.len();
        try_join_all(acks.into_iter().map(IntoFuture::into_future)).await?;
    }
    Ok(rate(count, began))
}

/// Latency of one JetStream publish after another.
pub async fn publish_latency(js: &jetstream::Context, subject: &str) -> Result<Latency> {
    let mut samples = Vec::new();
    for _ in 0..300 {
        let began = Instant::now();
        js.publish(subject.to_owned(), vec![7; PAYLOAD].into()).await?.await?;
        samples.push(began.elapsed());
    }
    Ok(latency(samples))
}

/// Core NATS: published and received.
pub async fn core(client: &async_nats::Client, count: usize) -> Result<f64> {
    let mut subscription = client.subscribe("bench.core").await?;
    client.flush().await?;
    let began = Instant::now();
    let publisher = client.clone();
    let sending = tokio::spawn(async move {
        let payload = bytes::Bytes::from(vec![7; PAYLOAD]);
        for sent in 0..count {
            publisher.publish("bench.core", payload.clone()).await?;
            if sent % 1_000 == 0 {
                publisher.flush().await?;
            }
        }
        publisher.flush().await?;
        anyhow::Ok(())
    });
    for _ in 0..count {
        tokio::time::timeout(Duration::from_secs(10), subscription.next()).await?;
    }
    sending.await??;
    Ok(rate(count, began))
}

/// Latency of a request and its answer over core NATS.
pub async fn request_latency(client: &async_nats::Client) -> Result<Latency> {
    let mut requests = client.subscribe("bench.request").await?;
    let answering = client.clone();
    let answers = tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            if let Some(reply) = request.reply {
                let _ = answering.publish(reply, "".into()).await;
            }
        }
    });
    let mut samples = Vec::new();
    for _ in 0..300 {
        let began = Instant::now();
        client.request("bench.request", "".into()).await?;
        samples.push(began.elapsed());
    }
    answers.abort();
    Ok(latency(samples))
}

/// Rows by UNNEST in batches of 500 on two connections, each batch a commit.
pub async fn rows(pool: &PgPool, count: usize) -> Result<f64> {
    pool.execute("CREATE TABLE raw_row (id bigint PRIMARY KEY, key text NOT NULL, body bytea NOT NULL)")
        .await?;
    let began = Instant::now();
    let each = count / 2;
    try_join_all((0..2).map(|half| async move {
        for start in (half * each..(half + 1) * each).step_by(ROWS) {
            let ids: Vec<i64> = (start..start + ROWS).map(|id| id as i64).collect();
            let keys: Vec<String> = ids.iter().map(|id| format!("key-{}", id % 1_000)).collect();
            let bodies = vec![vec![7_u8; PAYLOAD]; ROWS];
            sqlx::query("INSERT INTO raw_row SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::bytea[])")
                .bind(ids)
                .bind(keys)
                .bind(bodies)
                .execute(pool)
                .await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    Ok(rate(each * 2, began))
}

/// Latency of one single-row commit after another.
pub async fn commit_latency(pool: &PgPool) -> Result<Latency> {
    pool.execute("CREATE TABLE raw_commit (id bigserial PRIMARY KEY, body text)")
        .await?;
    let mut samples = Vec::new();
    for _ in 0..300 {
        let began = Instant::now();
        let mut tx = pool.begin().await?;
        sqlx::query("INSERT INTO raw_commit (body) VALUES ('x')")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        samples.push(began.elapsed());
    }
    Ok(latency(samples))
}
