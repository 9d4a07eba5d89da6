//! The one thing of a gateway that is needed here: a provider's callback, forwarded as it came.

use axum::Router;
use axum::extract::{Form, OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use rpc::notifier::follow_up_service_client::FollowUpServiceClient;
use rpc::notifier::{Parameter, RecordReceiptRequest};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tonic::transport::Channel;

pub type Client = FollowUpServiceClient<Channel>;

#[derive(Clone)]
struct Door {
    url: String,
    client: Arc<Mutex<Option<Client>>>,
}

/// Listens; `client` is set once the service runs.
pub async fn open() -> anyhow::Result<(String, Arc<Mutex<Option<Client>>>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let client = Arc::new(Mutex::new(None));
    let door = Door {
        url: url.clone(),
        client: client.clone(),
    };
    let app = Router::new()
        .route("/v1/callbacks/sms/{workspace}/{delivery}/{mac}", post(callback))
        .with_state(door);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok((url, client))
}

async fn callback(
    State(door): State<Door>,
    Path((workspace, delivery, mac)): Path<(String, String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Form(params): Form<Vec<(String, String)>>,
) -> StatusCode {
    let client = door.client.lock().expect("nobody panics with it").clone();
    let Some(mut client) = client else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    let signature = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok());
    let request = RecordReceiptRequest {
        workspace,
        delivery,
        mac,
        url: format!("{}{uri}", door.url),
        params: params
            .into_iter()
            .map(|(name, value)| Parameter { name, value })
            .collect(),
        signature: signature.unwrap_or_default().to_owned(),
    };
    match client.record_receipt(request).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(status) if status.code() == tonic::Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
