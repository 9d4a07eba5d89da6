//! A pipeline without any domain: JetStream -> batches of 500 into PostgreSQL with outbox rows -> relay -> JetStream.
//! What a careful hand would write if messages meant nothing.

use crate::figures::rate;
use crate::raw::{PAYLOAD, ROWS};
use anyhow::Result;
use async_nats::jetstream::{self, consumer::pull, stream};
use bytes::Bytes;
use futures::StreamExt;
use futures::future::try_join_all;
use sqlx::{Executor, PgPool, Row};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const WRITERS: usize = 2;

/// Messages a second from the source stream, which is filled beforehand, until the last is in the target stream.
pub async fn run(js: &jetstream::Context, pool: &PgPool, count: usize) -> Result<f64> {
    pool.execute(
        "CREATE TABLE ref_message (id bigint PRIMARY KEY, body bytea NOT NULL);
         CREATE TABLE ref_outbox (id bigint PRIMARY KEY, body bytea NOT NULL, published_at timestamptz);
         CREATE INDEX ref_unpublished ON ref_outbox (id) WHERE published_at IS NULL",
    )
    .await?;
    let config = |name: &str, subject: &str| stream::Config {
        name: name.into(),
        subjects: vec![subject.into()],
        ..Default::default()
    };
    let source = js.create_stream(config("REF_IN", "ref.in")).await?;
    js.create_stream(config("REF_OUT", "ref.out")).await?;
    crate::raw::publish(js, "ref.in", vec![7; PAYLOAD].into(), count).await?;
    let consumer = source
        .create_consumer(pull::Config {
            durable_name: Some("ref".into()),
            max_ack_pending: 20_000,
            ..Default::default()
        })
        .await?;

    let began = Instant::now();
    let (mut senders, mut tasks) = (Vec::new(), Vec::new());
    for _ in 0..WRITERS {
        let (sender, receiver) = mpsc::channel::<jetstream::Message>(ROWS * 2);
        senders.push(sender);
        tasks.push(tokio::spawn(write(pool.clone(), receiver)));
    }
    let relay = tokio::spawn(relay(js.clone(), pool.clone(), count));
    let mut messages = consumer.stream().max_messages_per_batch(5_000).messages().await?;
    for index in 0..count {
        let Some(message) = messages.next().await else { break };
        senders[index % WRITERS].send(message?).await?;
    }
    drop(senders);
    for task in tasks {
        task.await??;
    }
    relay.await??;
    Ok(rate(count, began))
}

async fn write(pool: PgPool, mut receiver: mpsc::Receiver<jetstream::Message>) -> Result<()> {
    let mut batch = Vec::with_capacity(ROWS);
    while receiver.recv_many(&mut batch, ROWS).await > 0 {
        let mut ids = Vec::with_capacity(batch.len());
        for message in &batch {
            let info = message.info().map_err(anyhow::Error::from_boxed)?;
            ids.push(info.stream_sequence as i64);
        }
        let bodies: Vec<Vec<u8>> = batch.iter().map(|message| message.payload.to_vec()).collect();
        let mut tx = pool.begin().await?;
        for table in ["ref_message", "ref_outbox"] {
            let statement = format!("INSERT INTO {table} (id, body) SELECT * FROM UNNEST($1::bigint[], $2::bytea[])");
            sqlx::query(sqlx::AssertSqlSafe(statement))
                .bind(&ids)
                .bind(&bodies)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        for message in batch.drain(..) {
            message.ack().await.map_err(anyhow::Error::from_boxed)?;
        }
    }
    Ok(())
}

async fn relay(js: jetstream::Context, pool: PgPool, count: usize) -> Result<()> {
    let mut done = 0;
    while done < count {
        let mut tx = pool.begin().await?;
        let rows = sqlx::query(
            "SELECT id, body FROM ref_outbox WHERE published_at IS NULL ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED",
        )
        .fetch_all(&mut *tx)
        .await?;
        if rows.is_empty() {
            tx.rollback().await?;
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        }
        let mut acks = Vec::with_capacity(rows.len());
        let mut ids: Vec<i64> = Vec::with_capacity(rows.len());
        for row in rows {
            ids.push(row.try_get("id")?);
            let body: Vec<u8> = row.try_get("body")?;
            acks.push(js.publish("ref.out", Bytes::from(body)).await?);
        }
        try_join_all(acks.into_iter().map(IntoFuture::into_future)).await?;
        sqlx::query("UPDATE ref_outbox SET published_at = now() WHERE id = ANY ($1)")
            .bind(&ids)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        done += ids.len();
    }
    Ok(())
}
