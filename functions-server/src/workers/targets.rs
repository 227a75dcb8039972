//! Calls of workers through the binding: by functions, and by other workers.
//!
//! The target is `worker:COMPONENT/NAME`, the path is the function, and the body an array of untyped parameters.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use host_harness::{Body, CallTargets, TargetCall, TargetFuture};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::check::Parameter;
use super::error::WorkerError;
use super::front::{WeakWorkers, WorkerInvocation, Workers};
use super::name::{check_name, key};

const SCHEME: &str = "worker:";

/// The longest body of a call, in bytes.
const MAX_BODY: usize = 16 << 20;

/// Answers calls of workers, once there are some. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct WorkerTargets {
    workers: Arc<OnceLock<WeakWorkers>>,
}

impl WorkerTargets {
    /// Says which workers there are.
    pub(crate) fn set(&self, workers: &Workers) {
        // Called once, by the server that was just opened.
        let _ = self.workers.set(workers.downgrade());
    }
}

impl CallTargets for WorkerTargets {
    fn call(&self, call: TargetCall) -> TargetFuture {
        let workers = self.workers.get().and_then(WeakWorkers::upgrade);
        Box::pin(async move {
            let target = call.target.strip_prefix(SCHEME)?;
            let (component, name) = target.split_once('/')?;
            let answer = match workers {
                Some(workers) => {
                    let (component, name) = (component.to_owned(), name.to_owned());
                    answer(&workers, &component, &name, call.request, call.origin).await
                }
                None => Err(WorkerError::stopping()),
            };
            Some(answer.unwrap_or_else(|error| problem(&error)))
        })
    }
}

async fn answer(
    workers: &Workers,
    component: &str,
    name: &str,
    request: Request<Body>,
    origin: Option<Arc<str>>,
) -> Result<Response<Body>, WorkerError> {
    let (head, body) = request.into_parts();
    let bad = |why: String| WorkerError::BadCall(vec![why]);
    let function = head.uri.path().trim_start_matches('/');
    let function = percent_decode_str(function).decode_utf8();
    let function = function.map_err(|_| bad("the path is not UTF-8".to_owned()))?;
    let given = match head.headers.get("idempotency-key") {
        Some(header) => Some(key(header.as_bytes()).map_err(bad)?.to_owned()),
        None => None,
    };
    let body = Limited::new(body, MAX_BODY).collect().await;
    let body = body.map_err(|error| bad(format!("no whole body of at most 16 MiB: {error}")))?;
    let invocation = WorkerInvocation {
        parameters: parameters(&body.to_bytes())?,
        function: function.into_owned(),
        key: given,
        origin,
    };
    let component = workers.component_id(component).await?;
    check_name(name).map_err(|_| bad(format!("invalid worker name: {name}")))?;
    let returned = workers
        .invoke_and_await(&component, name, invocation)
        .await?;
    Ok(response(StatusCode::OK, "application/json", returned.value))
}

/// The parameters in a body; an empty body has none.
fn parameters(body: &Bytes) -> Result<Vec<Parameter>, WorkerError> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    Parameter::of_array(body).map_err(|bad| WorkerError::BadCall(bad.errors))
}

fn problem(error: &WorkerError) -> Response<Body> {
    let status = error.status();
    let document = json!({
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": error.to_string(),
    });
    response(status, "application/problem+json", document.to_string())
}

fn response(status: StatusCode, media: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(body)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}
