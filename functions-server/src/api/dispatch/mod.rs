//! Dispatch's API: Connect unary over HTTP, in binary and JSON. See docs/dispatch.md.

mod access;
mod error;
mod json;
mod request;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use prost::Message as _;
use tower_layer::Layer as _;

use super::{Service, drain};
use crate::Server;
use crate::auth::FailureLimit;
use crate::dispatch::{AllowedFunctions, DispatchRequest, DispatchResponse, Scheduler};
use error::{ConnectCode, ConnectError};
use request::Codec;

/// The state that all requests to Dispatch's API share.
#[derive(Clone)]
struct DispatchApi {
    server: Server,
    scheduler: Scheduler,
    failures: Arc<FailureLimit>,
}

/// The API.
pub(crate) fn service(server: Server, scheduler: Scheduler) -> impl Service {
    let api = DispatchApi {
        server,
        scheduler,
        failures: Arc::default(),
    };
    let routes = Router::new()
        .route("/dispatch.sdk.v1.DispatchService/Dispatch", post(dispatch))
        .fallback(async || {
            ConnectError::new(
                ConnectCode::Unimplemented,
                "unknown path: expected /dispatch.sdk.v1.DispatchService/Dispatch",
            )
            .with_status(StatusCode::NOT_FOUND)
        })
        .method_not_allowed_fallback(async || {
            ConnectError::new(ConnectCode::Unimplemented, "expected POST")
                .with_status(StatusCode::METHOD_NOT_ALLOWED)
        })
        .with_state(api);
    from_fn(drain::refused).layer(routes)
}

async fn dispatch(State(api): State<DispatchApi>, request: Request) -> Response {
    match accepted(&api, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn accepted(api: &DispatchApi, request: Request) -> Result<Response, ConnectError> {
    let token = access::token(api, &request)?;
    let codec = request::codec(request.headers())?;
    let timeout = request::check(request.headers())?;
    let body = request::read(request.into_body()).await?;
    let calls = match codec {
        Codec::Proto => DispatchRequest::decode(body).map_err(|error| {
            ConnectError::new(
                ConnectCode::InvalidArgument,
                format!("invalid message: {error}"),
            )
        })?,
        Codec::Json => json::decode(&body)?,
    };
    let functions = AllowedFunctions::of(token.functions());
    let accepting = api.scheduler.dispatch(calls.calls, &functions);
    let ids = match timeout {
        None => accepting.await,
        Some(timeout) => tokio::time::timeout(timeout, accepting)
            .await
            .map_err(|_| {
                ConnectError::new(
                    ConnectCode::DeadlineExceeded,
                    "the time of connect-timeout-ms is over: the calls may have been stored",
                )
            })?,
    };
    let response = DispatchResponse { dispatch_ids: ids? };
    let body = match codec {
        Codec::Proto => response.encode_to_vec(),
        Codec::Json => json::encode(&response),
    };
    let mut response = Response::new(Body::from(body));
    let content_type = HeaderValue::from_static(codec.content_type());
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}
