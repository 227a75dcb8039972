//! Natively there is no host: a test's stand-in responds at once.

use functions_bytes::outgoing::InFlight;

use crate::{Error, Request, Response, testing};

/// The future of a request that was sent. A stand-in needs none.
pub(crate) type Sent = std::future::Pending<Result<Response, Error>>;

pub(crate) fn invoke(request: Request) -> Result<Response, Error> {
    testing::respond(request).map(Response::of_upstream)
}

pub(crate) fn send(request: Request) -> InFlight<Sent> {
    InFlight::Ready(invoke(request))
}
