//! Heads and bodies, which both interfaces have alike.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use wasmtime::Result;
use wasmtime::component::Resource;

use super::buffer::Buffer;
use crate::workers::runtime::request_outcome::{RequestFailure, RequestResult};
use crate::workers::runtime::state::InstanceState;

/// A response as the guest gets it.
pub(super) struct ReceivedResponse {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Resource<Buffer>,
}

impl InstanceState {
    /// Gives the guest the outcome of a request or call.
    pub(super) fn received(
        &mut self,
        sent: RequestResult,
    ) -> Result<std::result::Result<ReceivedResponse, RequestFailure>> {
        let response = match sent {
            Ok(response) => response,
            Err(failure) => return Ok(Err(failure)),
        };
        let (head, body) = response.into_parts();
        Ok(Ok(ReceivedResponse {
            status: head.status.as_u16(),
            headers: listed(&head.headers),
            body: self.push_buffer(body)?,
        }))
    }
}

/// Reads a method as a guest gives it.
pub(super) fn method(given: String) -> std::result::Result<Method, RequestFailure> {
    match Method::from_bytes(given.as_bytes()) {
        Ok(method) if method != Method::CONNECT => Ok(method),
        _ => Err(RequestFailure("method".to_owned(), given)),
    }
}

/// Makes a request of what a guest gives.
pub(super) fn request(
    method: Method,
    uri: Uri,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
) -> std::result::Result<Request<Bytes>, RequestFailure> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = read(headers)?;
    Ok(request)
}

fn read(given: Vec<(String, Vec<u8>)>) -> std::result::Result<HeaderMap, RequestFailure> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let parsed = HeaderName::from_bytes(name.as_bytes());
        let (Ok(parsed), Ok(value)) = (parsed, HeaderValue::from_bytes(&value)) else {
            return Err(RequestFailure("header".to_owned(), name));
        };
        headers.append(parsed, value);
    }
    Ok(headers)
}

fn listed(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect()
}
