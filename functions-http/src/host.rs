//! The host that sends requests.

use functions_bytes::__private::into_wit;
use functions_bytes::outgoing::{self, milliseconds};

use crate::__private::bindings::functions::http::client;
use crate::{Error, Request, Response};

outgoing::host_requests!(client, Request, Error);

fn into_request(request: Request) -> client::Request {
    client::Request {
        method: request.method,
        url: request.url,
        headers: request.headers.into(),
        body: request.body.map(into_wit),
        timeout_milliseconds: request.timeout.map(milliseconds),
        redirects: request.redirects,
        response_limit: request.response_limit,
    }
}

fn from_wit(error: client::Error) -> Error {
    match error {
        client::Error::InvalidUrl(what) => Error::InvalidUrl(what),
        client::Error::InvalidMethod(method) => Error::InvalidMethod(method),
        client::Error::InvalidHeader(name) => Error::InvalidHeader(name),
        client::Error::NotAllowed(why) => Error::NotAllowed(why),
        client::Error::Dns(what) => Error::Dns(what),
        client::Error::Connect(what) => Error::Connect(what),
        client::Error::Tls(what) => Error::Tls(what),
        client::Error::Timeout => Error::Timeout,
        client::Error::TooLarge(limit) => Error::TooLarge { limit },
        client::Error::TooManyRedirects(to) => Error::TooManyRedirects(to),
        client::Error::Protocol(what) => Error::Protocol(what),
        client::Error::Overloaded => Error::Overloaded,
        client::Error::Other(what) => Error::Other(what),
    }
}
