//! The host that sends requests.

use functions_bytes::__private::{from_buffer, into_wit, set_upstream};
use functions_bytes::outgoing::{self, milliseconds};

use crate::__private::bindings::functions::http::client;
use crate::{Error, Request, Response};

/// A request on its way.
pub(crate) type Way = outgoing::Way<client::Pending, Result<Response, Error>>;

pub(crate) fn invoke(request: Request) -> Result<Response, Error> {
    finish(client::call(into_request(request)))
}

/// A request that the host refuses has its error at once: however many are refused, none holds a handle.
pub(crate) fn send(request: Request) -> Way {
    match client::Pending::try_get(client::send(into_request(request))) {
        Ok(result) => Way::over(finish(result)),
        Err(pending) => {
            let arrival = pending.subscribe();
            Way::new(pending, arrival, |pending| {
                finish(client::Pending::get(pending))
            })
        }
    }
}

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

fn finish(result: Result<client::Response, client::Error>) -> Result<Response, Error> {
    match result {
        Ok(response) => Ok(Response {
            status: response.status,
            headers: response.headers.into(),
            body: set_upstream(from_buffer(response.body), true),
        }),
        Err(error) => Err(from_wit(error)),
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
