//! What is needed of a gateway here: a provider's callbacks, forwarded as they came.

use axum::Router;
use axum::extract::{Form, OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
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

/// Of a delivery's callback.
type Callback = (String, String, String);

impl Door {
    fn url(&self, uri: &Uri) -> String {
        format!("{}{uri}", self.url)
    }

    async fn record_receipt(&self, request: RecordReceiptRequest) -> StatusCode {
        let client = self.client.lock().expect("nobody panics with it").clone();
        let Some(mut client) = client else {
            return StatusCode::SERVICE_UNAVAILABLE;
        };
        let answered = client.record_receipt(request).await;
        answered.map_or_else(|status| refused(&status), |_| StatusCode::NO_CONTENT)
    }

    async fn record_inbound_text(&self, request: RecordInboundTextRequest) -> StatusCode {
        let client = self.client.lock().expect("nobody panics with it").clone();
        let Some(mut client) = client else {
            return StatusCode::SERVICE_UNAVAILABLE;
        };
        let answered = client.record_inbound_text(request).await;
        answered.map_or_else(|status| refused(&status), |_| StatusCode::OK)
    }
}

async fn receipt(
    State(door): State<Door>,
    Path((workspace, delivery, mac)): Path<Callback>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Form(params): Form<Vec<(String, String)>>,
) -> StatusCode {
    let request = RecordReceiptRequest {
        workspace,
        delivery,
        mac,
        url: door.url(&uri),
        params: parameters(params),
        signature: signature(&headers),
    };
    door.record_receipt(request).await
}

async fn receipt_by_get(
    State(door): State<Door>,
    Path((workspace, delivery, mac)): Path<Callback>,
    OriginalUri(uri): OriginalUri,
) -> StatusCode {
    let request = RecordReceiptRequest {
        workspace,
        delivery,
        mac,
        url: door.url(&uri),
        ..Default::default()
    };
    door.record_receipt(request).await
}

async fn inbound_text(
    State(door): State<Door>,
    Path(workspace): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Form(params): Form<Vec<(String, String)>>,
) -> StatusCode {
    let request = RecordInboundTextRequest {
        workspace,
        url: door.url(&uri),
        params: parameters(params),
        signature: signature(&headers),
    };
    door.record_inbound_text(request).await
}

async fn inbound_text_by_get(
    State(door): State<Door>,
    Path(workspace): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> StatusCode {
    let request = RecordInboundTextRequest {
        workspace,
        url: door.url(&uri),
        ..Default::default()
    };
    door.record_inbound_text(request).await
}

fn parameters(params: Vec<(String, String)>) -> Vec<Parameter> {
    let parameters = params.into_iter().map(|(name, value)| Parameter { name, value });
    parameters.collect()
}

fn signature(headers: &HeaderMap) -> String {
    let value = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

fn refused(status: &tonic::Status) -> StatusCode {
    match status.code() {
        tonic::Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        tonic::Code::InvalidArgument => StatusCode::BAD_REQUEST,
        tonic::Code::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}
