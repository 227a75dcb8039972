//! What the method and the status of a response leave of its body.

use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Response, StatusCode};

use crate::engine::Reply;
use crate::message::body::Body;

/// Turns a function's reply into the response to `method`.
pub(super) fn answer(method: &Method, reply: Box<Reply>) -> Response<Body> {
    let length = (method == Method::HEAD)
        .then(|| reply.length_for_head())
        .flatten();
    let Reply { head, body } = *reply;
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    if method == Method::HEAD || is_bodiless(head.status) {
        take_body(&mut response, length);
    }
    response
}

/// Turns a response of the host's own into the response to `method`.
pub(super) fn for_method(method: &Method, mut response: Response<Body>) -> Response<Body> {
    if method == Method::HEAD {
        let length = response.body().len();
        take_body(&mut response, length);
    }
    response
}

/// Whether a response of this status never has a body (RFC 9110, sections 15.3.5, 15.3.6 and
/// 15.4.5).
pub(super) fn is_bodiless(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    )
}

/// Drops a body that must not be sent, and with it the function that may still be producing it.
///
/// Over HTTP/2, hyper would send the body. The response declares the length that a GET's would have.
fn take_body(response: &mut Response<Body>, length: Option<u64>) {
    *response.body_mut() = Body::empty();
    if let Some(length) = length.filter(|_| !is_bodiless(response.status())) {
        let length = HeaderValue::from(length);
        response.headers_mut().insert(CONTENT_LENGTH, length);
    }
}
