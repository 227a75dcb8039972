//! Accepts a request that prefers not to be waited for.

use std::time::Duration;

use bytes::Bytes;
use host_harness::{Body, DeferredRequest};
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::answer::{self, Problems};
use super::{PATH, SOURCE};
use crate::queue::{MAX_BODY, Offer, OfferError, Queue, RequestHead};
use crate::store::Digest;
use crate::store::invocations::QueuedId;

/// The longest `Idempotency-Key`, in bytes.
const MAX_KEY: usize = 255;

/// How long a body may take.
const MAX_TIME: Duration = Duration::from_secs(30);

pub(super) async fn accept(
    queue: &Queue,
    deferred: DeferredRequest,
    problems: &Problems,
) -> Response<Body> {
    match accept_inner(queue, deferred, problems).await {
        Ok(id) => accepted(id),
        Err(refused) => refused,
    }
}

async fn accept_inner(
    queue: &Queue,
    deferred: DeferredRequest,
    problems: &Problems,
) -> Result<QueuedId, Response<Body>> {
    let (parts, body) = deferred.request.into_parts();
    let key =
        key(&parts.headers).map_err(|detail| problems.of(StatusCode::BAD_REQUEST, &detail))?;
    let body = read(body, deferred.max_body, problems).await?;
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let mut head = RequestHead::new(&parts.method, target.to_owned(), &parts.headers);
    head.token_metadata = deferred.token_metadata.as_deref().map(str::to_owned);
    head.peer = deferred.peer;
    head.request_id = deferred.request_id.as_deref().map(str::to_owned);
    let offer = Offer {
        source: SOURCE,
        name: None,
        function: deferred.function.to_string(),
        key: key.map(|key| (key, fingerprint(&parts, &body))),
        request: head.store(body),
    };
    queue.accept(offer).await.map_err(|error| match error {
        OfferError::Full(_) => {
            let mut full = problems.of(StatusCode::TOO_MANY_REQUESTS, &error.to_string());
            let second = HeaderValue::from_static("1");
            full.headers_mut().insert(RETRY_AFTER, second);
            full
        }
        OfferError::OtherRequest => {
            problems.of(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string())
        }
        OfferError::Random => problems.of(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        OfferError::Store(error) => problems.of_store(&error),
    })
}

fn accepted(id: QueuedId) -> Response<Body> {
    let document = json!({ "id": id.to_string() });
    let mut response = answer::json(StatusCode::ACCEPTED, &document);
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(&format!("{PATH}{id}")) {
        headers.insert(LOCATION, location);
    }
    headers.insert(
        "preference-applied",
        HeaderValue::from_static("respond-async"),
    );
    response
}

/// The client's key for this request.
fn key(headers: &HeaderMap) -> Result<Option<String>, String> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let key = match (keys.next(), keys.next()) {
        (None, _) => return Ok(None),
        (Some(key), None) => key.to_str().ok(),
        (Some(_), Some(_)) => None,
    };
    let valid = key.filter(|key| (1..=MAX_KEY).contains(&key.len()));
    valid.map(|key| Some(key.to_owned())).ok_or_else(|| {
        format!("invalid Idempotency-Key: expected one of 1 to {MAX_KEY} characters")
    })
}

async fn read(
    body: Body,
    of_function: Option<u64>,
    problems: &Problems,
) -> Result<Bytes, Response<Body>> {
    let of_function = of_function.and_then(|max| usize::try_from(max).ok());
    let max = of_function.map_or(MAX_BODY, |max| max.min(MAX_BODY));
    match timeout(MAX_TIME, Limited::new(body, max).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let detail = format!(
                "the body is longer than the limit of an asynchronous invocation, {max} bytes"
            );
            Err(problems.of(StatusCode::PAYLOAD_TOO_LARGE, &detail))
        }
        Ok(Err(_)) => {
            let detail = "the request's body broke off, or its chunks are malformed";
            Err(problems.of(StatusCode::BAD_REQUEST, detail))
        }
        Err(_) => {
            let detail = format!("the body did not arrive within {} s", MAX_TIME.as_secs());
            Err(problems.of(StatusCode::REQUEST_TIMEOUT, &detail))
        }
    }
}

/// What tells two requests apart that come under one key.
fn fingerprint(parts: &Parts, body: &[u8]) -> Digest {
    let media = parts.headers.get(CONTENT_TYPE);
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let mut hash = Sha256::new();
    for part in [
        parts.method.as_str().as_bytes(),
        target.as_bytes(),
        media.map_or(&[], HeaderValue::as_bytes),
        body,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Digest(hash.finalize().into())
}
