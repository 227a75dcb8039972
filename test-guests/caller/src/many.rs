//! Repeats one call in one invocation, so that the cost of a single call can be measured.

use functions_binding::__private::bindings::functions::binding::invoker::{self, Request};
use functions_bytes::__private::bindings::functions::bytes::bytes::{Buffer, Data};
use functions_guest_web::__private::bindings::exports::functions::web::handler::Reply;

use crate::{reply, request};

pub(crate) fn by_binding(to: &str) -> Reply {
    let mut last = Vec::new();
    let request = request::to(to, None);
    // The request is built from values that exist already, so that the measurement is of the host.
    let again = || Request {
        target: request.target.clone(),
        method: request.method.clone(),
        path: request.path.clone(),
        headers: request.headers.clone(),
        body: None,
        timeout_milliseconds: request.timeout_milliseconds,
    };
    for _ in 0..request::count() {
        let Ok(response) = invoker::call(again()) else {
            panic!("{to} did not answer");
        };
        last = Buffer::into_bytes(response.body, None).unwrap_or_default();
    }
    reply(200, Vec::new(), Data::Value(last))
}

pub(crate) fn over_http() -> Reply {
    let url = request::told("x-call-url").unwrap_or_default();
    let mut last = Vec::new();
    for _ in 0..request::count() {
        let request = functions_http::Request::get(url.as_str());
        let Ok(response) = functions_http::invoke(request) else {
            panic!("{url} did not answer");
        };
        last = response.into_bytes().unwrap_or_default();
    }
    reply(200, Vec::new(), Data::Value(last))
}
