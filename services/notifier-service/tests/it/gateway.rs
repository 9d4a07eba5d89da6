//! What is needed of a gateway here: a provider's callbacks, forwarded as they came.

use axum::Router;
use axum::extract::{Form, OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use rpc::notifier::follow_up_service_client::FollowUpServiceClient;
use rpc::notifier::{Parameter, RecordInboundTextRequest, RecordReceiptRequest};
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
        .route(
            "/v1/callbacks/sms/{workspace}/{delivery}/{mac}",
            post(receipt).get(receipt_by_get),
        )
        .route(
            "/v1/callbacks/sms/{workspace}/inbound",
            post(inbound_text).get(inbound_text_by_get),
        )
        .with_state(door);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok((url, client))
}

async fn receipt(
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
    let request = RecordReceiptRequest {
        workspace,
        delivery,
        mac,
        url: format!("{}{uri}", door.url),
        params: parameters(params),
        signature: signature(&headers),
    };
    match client.record_receipt(request).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(status) => answer(&status),
    }
}

async fn inbound_text(
    State(door): State<Door>,
    Path(workspace): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Form(params): Form<Vec<(String, String)>>,
) -> StatusCode {
    let client = door.client.lock().expect("nobody panics with it").clone();
    let Some(mut client) = client else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    let request = RecordInboundTextRequest {
        workspace,
        url: format!("{}{uri}", door.url),
        params: parameters(params),
        signature: signature(&headers),
    };
    match client.record_inbound_text(request).await {
        Ok(_) => StatusCode::OK,
        Err(status) => answer(&status),
    }
}

async fn receipt_by_get(
    State(door): State<Door>,
    Path((workspace, delivery, mac)): Path<(String, String, String)>,
    OriginalUri(uri): OriginalUri,
) -> StatusCode {
    let client = door.client.lock().expect("nobody panics with it").clone();
    let Some(mut client) = client else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    let request = RecordReceiptRequest {
        workspace,
        delivery,
        mac,
        url: format!("{}{uri}", door.url),
        ..Default::default()
    };
    match client.record_receipt(request).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(status) => answer(&status),
    }
}

async fn inbound_text_by_get(
    State(door): State<Door>,
    Path(workspace): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> StatusCode {
    let client = door.client.lock().expect("nobody panics with it").clone();
    let Some(mut client) = client else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    let request = RecordInboundTextRequest {
        workspace,
        url: format!("{}{uri}", door.url),
        ..Default::default()
    };
    match client.record_inbound_text(request).await {
        Ok(_) => StatusCode::OK,
        Err(status) => answer(&status),
    }
}

fn parameters(params: Vec<(String, String)>) -> Vec<Parameter> {
    let parameters = params.into_iter().map(|(name, value)| Parameter { name, value });
    parameters.collect()
}

fn signature(headers: &HeaderMap) -> String {
    let value = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

fn answer(refused: &tonic::Status) -> StatusCode {
    match refused.code() {
        tonic::Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        tonic::Code::InvalidArgument => StatusCode::BAD_REQUEST,
        tonic::Code::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}
