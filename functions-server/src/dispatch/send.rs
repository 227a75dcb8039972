//! Sends a run to its endpoint.

use std::time::Duration;

use bytes::Bytes;
use host_harness::{Fetcher, Harness, InvokeOptions};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};

use super::endpoint::Endpoint;
use super::response::MAX_ERROR;
use super::signature::SigningKey;
use super::status;
use crate::store::Time;

const PROTO: &str = "application/proto";

/// The longest response, in bytes.
const MAX_RESPONSE: usize = 16 << 20;

/// Why a run has no response that counts: the status and a text.
type RunFailure = (i32, String);

/// What sends runs.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) harness: Harness,
    pub(super) fetcher: Fetcher,
    pub(super) key: Option<SigningKey>,
    pub(super) timeout: Duration,
}

impl Sender {
    /// Sends an encoded run, and returns the body of a successful response.
    pub(super) async fn send(
        &self,
        endpoint: &Endpoint,
        body: Vec<u8>,
    ) -> Result<Bytes, RunFailure> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROTO));
        let version = HeaderName::from_static("connect-protocol-version");
        headers.insert(version, HeaderValue::from_static("1"));
        if let Some(key) = &self.key {
            key.sign(endpoint.url(), PROTO, &body, Time::now(), &mut headers);
        }
        let sending = self.exchange(endpoint, headers, body.into());
        let response = tokio::time::timeout(self.timeout, sending).await;
        let response = response.unwrap_or_else(|_| {
            let why = format!("the endpoint did not answer within {:?}", self.timeout);
            Err((status::TIMEOUT, why))
        })?;
        match response.status() {
            StatusCode::OK => Ok(response.into_body()),
            other => Err(of_status(other, response.body())),
        }
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>, RunFailure> {
        match endpoint {
            Endpoint::Server { url } => {
                let request = request(url.clone(), headers, body);
                let response = self.fetcher.fetch(request, MAX_RESPONSE).await;
                response.map_err(|error| (status::of_failure(&error), error.to_string()))
            }
            Endpoint::Function { name, path, url } => {
                self.invoke(name, path, url, headers, body).await
            }
        }
    }

    async fn invoke(
        &self,
        name: &str,
        path: &str,
        url: &Uri,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>, RunFailure> {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        let authority = url.authority().map(http::uri::Authority::as_str);
        if let Some(Ok(host)) = authority.map(HeaderValue::from_str) {
            headers.insert(HOST, host);
        }
        let path = path.parse().map_err(|_| {
            (
                status::INVALID_ARGUMENT,
                format!("invalid path {path:?} of the endpoint"),
            )
        })?;
        let request = request(path, headers, body).map(Full::new);
        let invoked = self.harness.invoke(name, request, InvokeOptions::default());
        let response = invoked
            .await
            .map_err(|error| (status::of_http(error.status()), error.to_string()))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_RESPONSE).collect().await;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => {
                let why = format!("the response is longer than {MAX_RESPONSE} bytes");
                (status::INVALID_RESPONSE, why)
            }
            false => (
                status::HTTP_ERROR,
                format!("the response broke off: {error}"),
            ),
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

fn request(uri: Uri, headers: HeaderMap, body: Bytes) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request
}

/// The failure of a response without success: the text of Connect's error, if the body is one.
fn of_status(status: StatusCode, body: &[u8]) -> RunFailure {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let message = json.as_ref().and_then(|json| json.get("message")?.as_str());
    let mut text = match message {
        Some(message) => format!("{status}: {message}"),
        None => format!("the endpoint answered with {status}"),
    };
    text.truncate(text.floor_char_boundary(MAX_ERROR));
    match status::of_http(status) {
        // Only 200 has a message of Dispatch.
        status::OK => (status::INVALID_RESPONSE, text),
        status => (status, text),
    }
}
